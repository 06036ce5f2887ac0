// Package httpwire is HTTP/1.0 and HTTP/1.1 as bytes: a writer of requests and
// an incremental parser of answers. It opens no connection and reads no clock.
//
// A [Parser] belongs to one connection and is used for one answer at a time.
// The bytes it is fed stay the caller's; it keeps at most the part of a header
// line that was cut by the end of a read. Whatever way an answer is cut into
// reads, the result is the same. Neither the parser nor the writer allocates
// on the way of a well-formed answer, once a line cut by a read has been seen.
//
// # How the end of an answer is found
//
// The rules are those of RFC 9112, the first that fits:
//
//	answer                                    body                       section
//	101                                       malformed: never asked for  9110 15.2.2
//	other 1xx                                 none; the answer follows    9110 15.2
//	Content-Length and Transfer-Encoding      malformed                   6.3 (3)
//	to HEAD; 204; 304                         none                        6.3 (1)
//	Transfer-Encoding, last coding chunked    chunks, then trailers       6.3 (4), 7.1
//	Transfer-Encoding, another last coding    until the connection ends   6.3 (4)
//	Content-Length                            so many bytes               6.3 (6)
//	neither                                   until the connection ends   6.3 (8)
//
// What is taken, and what is refused:
//
//	line ends with LF alone                   taken in the head and trailers  2.2
//	the same in and after a chunk             malformed                       7.1
//	bytes before the status line              malformed                       2.2
//	HTTP/1.2 and up                           read as 1.1                     9110 2.5
//	HTTP/0.9, HTTP/2, anything else           malformed                       2.3
//	no reason, and no space before it         taken                           4
//	space between field name and colon        malformed                       5.1
//	a folded field line                       taken, but malformed where it   5.2
//	                                          says how long the body is
//	space before the first field line         malformed                       2.2
//	equal Content-Lengths, in one line or     taken as one                    9110 8.6
//	several
//	unequal ones, signs, spaces, overflow     malformed                       6.3 (5)
//	a coding after chunked, or none named      malformed                       6.1
//	Transfer-Encoding in an HTTP/1.0 answer   obeyed, connection not kept     6.1
//	chunk extensions, space after the size    taken                           7.1.1
//	the connection's end inside an answer     cut                             8
//
// A connection may be used again (section 9.3) if its answer was complete
// without the connection's end, and no Connection field lists close, and it was
// an HTTP/1.1 answer or a Connection field lists keep-alive. The lists are read
// without regard to case.
//
// # Limits
//
// All heads and trailers of one answer together have at most [HeaderLimit]
// bytes, a chunk's size line at most 4 KiB, and an answer at most 100 interim
// answers before it. Bodies have no limit and take no memory.
//
// It does not decode content codings, and does not look at field values that
// say nothing about framing.
package httpwire
