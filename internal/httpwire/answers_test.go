package httpwire

// goAnswer and chunkedAnswer are what net/http sends, with 83 bytes of body.
const (
	goAnswer = "HTTP/1.1 200 OK\r\nDate: Thu, 05 Jul 2018 10:00:00 GMT\r\nContent-Length: 83\r\n" +
		"Content-Type: text/plain; charset=utf-8\r\n\r\n" + body83
	chunkedAnswer = "HTTP/1.1 200 OK\r\nDate: Thu, 05 Jul 2018 10:00:00 GMT\r\n" +
		"Content-Type: text/plain; charset=utf-8\r\nTransfer-Encoding: chunked\r\n\r\n" +
		"53\r\n" + body83 + "\r\n0\r\n\r\n"
	body83 = "navytux.spb.ru:\t5\nwww.nexedi.com:\t10\nlab.nexedi.com:\t10\nwww.erp5.com:\t10\ntotal:\t11\n"
)

// An answer is a stranger's bytes, after which he ends the connection, and what
// is to be made of them.
type answer struct {
	name string
	text string
	head bool // asked by HEAD
	want outcome
}

// answers covers every line of the tables in the package's comment. They are
// short, so that every pair of cuts can be tried.
func answers() []answer {
	var all []answer
	all = append(all, lengths()...)
	all = append(all, codings()...)
	all = append(all, bodiless()...)
	all = append(all, keeping()...)
	all = append(all, faulty()...)
	return append(all, cutShort()...)
}

// ok is the outcome of a complete HTTP/1.1 answer.
func ok(status int, body string, length int64) outcome {
	return outcome{
		Status: status, Version: HTTP11, Body: body, Done: true, KeepAlive: true,
		Started: true, Length: length,
	}
}

// with changes an outcome.
func (o outcome) with(change func(*outcome)) outcome {
	change(&o)
	return o
}

func dropped(o *outcome) { o.KeepAlive = false }
func dated(o *outcome)   { o.HasDate = true }
func old(o *outcome)     { o.Version = HTTP10 }

func left(text string) func(*outcome) { return func(o *outcome) { o.Left = text } }
func interim(n int) func(*outcome)    { return func(o *outcome) { o.Interim = n } }

func lengths() []answer {
	return []answer{
		{"length", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", false, ok(200, "hello", 5)},
		{"length, go", goAnswer, false, ok(200, body83, 83).with(dated)},
		{"length 0", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", false, ok(200, "", 0)},
		{"length of zeros", "HTTP/1.1 200 OK\r\nContent-Length: 000000000000000000000002\r\n\r\nab", false, ok(200, "ab", 2)},
		{"length, any case, no space", "HTTP/1.1 200 OK\r\ncOnTeNt-lEnGtH:2\r\n\r\nab", false, ok(200, "ab", 2)},
		{"length, much space", "HTTP/1.1 200 OK\r\nContent-Length: \t 2 \t\r\n\r\nab", false, ok(200, "ab", 2)},
		{"equal lengths", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 02\r\n\r\nab", false, ok(200, "ab", 2)},
		{"equal lengths in a list", "HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\n\r\nab", false, ok(200, "ab", 2)},
		{"more than the length", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nabcd", false, ok(200, "ab", 2).with(left("cd"))},
		{"the next answer", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\naHTTP/1.1 2", false, ok(200, "a", 1).with(left("HTTP/1.1 2"))},
		{"LF alone", "HTTP/1.1 200 OK\nContent-Length: 2\n\nab", false, ok(200, "ab", 2)},
		{"LF and CRLF", "HTTP/1.1 200 OK\r\nContent-Length: 2\n\r\nab", false, ok(200, "ab", 2)},
		{"no reason", "HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nab", false, ok(200, "ab", 2)},
		{"no reason but a space", "HTTP/1.1 200 \r\nContent-Length: 2\r\n\r\nab", false, ok(200, "ab", 2)},
		{"a reason in UTF-8", "HTTP/1.1 404 Nö\r\nContent-Length: 2\r\n\r\nab", false, ok(404, "ab", 2)},
		{"HTTP/1.2", "HTTP/1.2 200 OK\r\nContent-Length: 2\r\n\r\nab", false, ok(200, "ab", 2)},
		{"status 999", "HTTP/1.1 999 Go Away\r\nContent-Length: 2\r\n\r\nab", false, ok(999, "ab", 2)},
		{"status 500", "HTTP/1.1 500 Oops\r\nContent-Length: 2\r\n\r\nab", false, ok(500, "ab", 2)},
		{"a fold", "HTTP/1.1 200 OK\r\nX: a\r\n b\r\n\tc\r\nContent-Length: 2\r\n\r\nab", false, ok(200, "ab", 2)},
		{"a fold that looks like a length", "HTTP/1.1 200 OK\r\nX: a\r\n Content-Length: 9\r\nContent-Length: 2\r\n\r\nab", false, ok(200, "ab", 2)},
		{"an empty value", "HTTP/1.1 200 OK\r\nX:\r\nContent-Length: 2\r\n\r\nab", false, ok(200, "ab", 2)},
		{"names that only begin right", "HTTP/1.1 200 OK\r\nContent-Length-X: 7\r\nDat: 1\r\nDates: 2\r\nContent-Length: 2\r\n\r\nab", false, ok(200, "ab", 2)},
		{"until the end", "HTTP/1.1 200 OK\r\n\r\nhello", false, ok(200, "hello", -1).with(dropped)},
		{"until the end, nothing", "HTTP/1.1 200 OK\r\n\r\n", false, ok(200, "", -1).with(dropped)},
		{"until the end, with zeros", "HTTP/1.1 200 OK\r\n\r\n\x00\r\n\r\n0", false, ok(200, "\x00\r\n\r\n0", -1).with(dropped)},
		{"until the end, in vain kept", "HTTP/1.1 200 OK\r\nConnection: keep-alive\r\n\r\nab", false, ok(200, "ab", -1).with(dropped)},
	}
}

func codings() []answer {
	const te = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
	return []answer{
		{"chunks", te + "2\r\nab\r\n3\r\ncde\r\n0\r\n\r\n", false, ok(200, "abcde", -1)},
		{"chunks, go", chunkedAnswer, false, ok(200, body83, -1).with(dated)},
		{"no chunk", te + "0\r\n\r\n", false, ok(200, "", -1)},
		{"chunks with trailers", te + "1\r\na\r\n0\r\nExpires: never\r\nX: y\r\n\r\n", false, ok(200, "a", -1)},
		{"trailers that say lies", te + "1\r\na\r\n0\r\nContent-Length: 9\r\nConnection: close\r\nDate: x\r\n\r\n", false, ok(200, "a", -1)},
		{"trailers, folded and LF", te + "0\r\nX: y\n z\n\n", false, ok(200, "", -1)},
		{"chunk extensions", te + "1;name=value\r\na\r\n1 ; x=\"y\"\r\nb\r\n0;last\r\n\r\n", false, ok(200, "ab", -1)},
		{"padded sizes", te + "1   \r\na\r\n0\t\r\n\r\n", false, ok(200, "a", -1)},
		{"sizes in any case, with zeros", te + "00000000000000000000A\r\n0123456789\r\n000b\r\n0123456789a\r\n00\r\n\r\n", false, ok(200, "01234567890123456789a", -1)},
		{"chunks that hold line ends", te + "4\r\n\r\n\r\n\r\n5\r\n0\r\n\r\n\r\n0\r\n\r\n", false, ok(200, "\r\n\r\n0\r\n\r\n", -1)},
		{"more than the chunks", te + "1\r\na\r\n0\r\n\r\n\r\n", false, ok(200, "a", -1).with(left("\r\n"))},
		{"a coding before chunked", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, Chunked\r\n\r\n1\r\na\r\n0\r\n\r\n", false, ok(200, "a", -1)},
		{"codings in two lines", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\nTransfer-Encoding: ,chunked,\r\n\r\n1\r\na\r\n0\r\n\r\n", false, ok(200, "a", -1)},
		{"a coding that is not chunked", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nab", false, ok(200, "ab", -1).with(dropped)},
		{"chunks of 1.0", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: keep-alive\r\n\r\n1\r\na\r\n0\r\n\r\n", false, ok(200, "a", -1).with(old).with(dropped)},
	}
}

func bodiless() []answer {
	return []answer{
		{"HEAD with length", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", true, ok(200, "", 5)},
		{"HEAD with chunked", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", true, ok(200, "", -1)},
		{"HEAD with neither", "HTTP/1.1 200 OK\r\n\r\n", true, ok(200, "", -1)},
		{"HEAD with a body all the same", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab", true, ok(200, "", 2).with(left("ab"))},
		{"204", "HTTP/1.1 204 No Content\r\n\r\n", false, ok(204, "", -1)},
		{"204 with length", "HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\nHT", false, ok(204, "", 2).with(left("HT"))},
		{"304 with length", "HTTP/1.1 304 Not Modified\r\nContent-Length: 99\r\n\r\n", false, ok(304, "", 99)},
		{"304 with chunked", "HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n", false, ok(304, "", -1)},
		{"205 has one", "HTTP/1.1 205 Reset Content\r\nContent-Length: 2\r\n\r\nab", false, ok(205, "ab", 2)},
		{"continue", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab", false, ok(200, "ab", 2).with(interim(1))},
		{"hints that say lies", "HTTP/1.1 103 Early Hints\r\nContent-Length: 9\r\nConnection: close\r\nDate: x\r\n\r\n" +
			"HTTP/1.1 102 P\r\nTransfer-Encoding: chunked\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab", false, ok(200, "ab", 2).with(interim(2))},
		{"continue, then HEAD", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", true, ok(200, "", 2).with(interim(1))},
	}
}

func keeping() []answer {
	type row struct {
		version, connection string
		kept                bool
	}
	var all []answer
	for _, r := range []row{
		{"1.1", "", true},
		{"1.1", "Connection: close\r\n", false},
		{"1.1", "Connection: CLOSE\r\n", false},
		{"1.1", "connection:Close\r\n", false},
		{"1.1", "Connection: keep-alive\r\n", true},
		{"1.1", "Connection: Upgrade , close\t,x\r\n", false},
		{"1.1", "Connection: keep-alive\r\nConnection: close\r\n", false},
		{"1.1", "Connection: closed, not-close, x close\r\n", true},
		{"1.1", "Connection:\r\n", true},
		{"1.1", "Connection: x,\r\n close\r\n", false},
		{"1.1", "Connection-X: close\r\n", true},
		{"1.0", "", false},
		{"1.0", "Connection: keep-alive\r\n", true},
		{"1.0", "Connection: Keep-Alive, x\r\n", true},
		{"1.0", "Connection: keep-alive, close\r\n", false},
		{"1.0", "Connection: close\r\n", false},
		{"1.2", "", true},
	} {
		want := ok(200, "a", 1)
		want.KeepAlive = r.kept
		if r.version == "1.0" {
			want.Version = HTTP10
		}
		all = append(all, answer{
			name: "kept: " + r.version + " " + r.connection,
			text: "HTTP/" + r.version + " 200 OK\r\n" + r.connection + "Content-Length: 1\r\n\r\na",
			want: want,
		})
	}
	return all
}

// bad200 is the outcome of an answer that is malformed after its status line.
func bad200(cause, body string) outcome {
	return outcome{Status: 200, Version: HTTP11, Body: body, Started: true, Length: -1, Err: "malformed answer: " + cause}
}

// garbage is the outcome of an answer without a status line.
func garbage(cause string) outcome {
	return outcome{Started: true, Length: -1, Err: "malformed answer: " + cause}
}

func (o outcome) long(length int64) outcome {
	o.Length = length
	return o
}

func faulty() []answer {
	const status = "HTTP/1.1 200 OK\r\n"
	const te = status + "Transfer-Encoding: chunked\r\n\r\n"
	return []answer{
		{"no HTTP", "SSH-2.0-OpenSSH_9.2\r\n", false, garbage("bad status line")},
		{"no HTTP, no line", "\x15\x03\x01\x00\x02\x02\x16", false, garbage("bad status line")},
		{"HTTP/0.9", "<html>hello</html>", false, garbage("bad status line")},
		{"a line end first", "\r\nHTTP/1.1 200 OK\r\n\r\n", false, garbage("bad status line")},
		{"lower case", "http/1.1 200 OK\r\n\r\n", false, garbage("bad status line")},
		{"HTTP/2", "HTTP/2 200\r\n\r\n", false, garbage("unsupported version")},
		{"HTTP/0.9 said", "HTTP/0.9 200 OK\r\n\r\n", false, garbage("unsupported version")},
		{"HTTP/x", "HTTP/x.1 200 OK\r\n\r\n", false, garbage("bad status line")},
		{"HTTP/1.x", "HTTP/1.x 200 OK\r\n\r\n", false, garbage("bad status line")},
		{"HTTP/1.10", "HTTP/1.10 200 OK\r\n\r\n", false, garbage("bad status line")},
		{"two spaces", "HTTP/1.1  200 OK\r\n\r\n", false, garbage("bad status line")},
		{"a tab", "HTTP/1.1\t200 OK\r\n\r\n", false, garbage("bad status line")},
		{"no status", "HTTP/1.1 \r\n\r\n", false, garbage("bad status line")},
		{"a short status", "HTTP/1.1 20\r\n\r\n", false, garbage("bad status line")},
		{"a long status", "HTTP/1.1 2000 OK\r\n\r\n", false, garbage("bad status line")},
		{"status 099", "HTTP/1.1 099 OK\r\n\r\n", false, garbage("bad status line")},
		{"a status of letters", "HTTP/1.1 2OO OK\r\n\r\n", false, garbage("bad status line")},
		{"a short line", "HTTP/1.1\n", false, garbage("bad status line")},
		{"a very short line", "HTTP\n", false, garbage("bad status line")},

		{"no colon", status + "Content-Length 5\r\n\r\nhello", false, bad200("bad header line", "")},
		{"no name", status + ": 5\r\n\r\nhello", false, bad200("bad header line", "")},
		{"space before the colon", status + "Content-Length : 5\r\n\r\nhello", false, bad200("bad header line", "")},
		{"space in a name", status + "Content Length: 5\r\n\r\nhello", false, bad200("bad header line", "")},
		{"a zero in a name", status + "Con\x00tent: 5\r\n\r\nhello", false, bad200("bad header line", "")},
		{"space before the first field", status + " X: y\r\n\r\n", false, bad200("bad header line", "")},
		{"CR alone", status + "\rX: y\r\n\r\n", false, bad200("bad header line", "")},
		{"the body instead of a head", status + "hello\n", false, bad200("bad header line", "")},

		{"a negative length", status + "Content-Length: -1\r\n\r\n", false, bad200("bad content length", "")},
		{"a length with a sign", status + "Content-Length: +1\r\n\r\na", false, bad200("bad content length", "")},
		{"a length in hexadecimal", status + "Content-Length: 0x1\r\n\r\na", false, bad200("bad content length", "")},
		{"a length in two words", status + "Content-Length: 1 1\r\n\r\na", false, bad200("bad content length", "")},
		{"an empty length", status + "Content-Length:\r\n\r\n", false, bad200("bad content length", "")},
		{"the largest length", status + "Content-Length: 9223372036854775807\r\n\r\na", false,
			outcome{Status: 200, Version: HTTP11, Body: "a", Started: true, Length: 1<<63 - 1, Err: ErrCut.Error()}},
		{"one more", status + "Content-Length: 9223372036854775808\r\n\r\na", false, bad200("bad content length", "")},
		{"many more", status + "Content-Length: 99999999999999999999999\r\n\r\na", false, bad200("bad content length", "")},
		{"two lengths", status + "Content-Length: 1\r\nContent-Length: 2\r\n\r\nab", false, bad200("two content lengths", "").long(1)},
		{"two lengths in a list", status + "Content-Length: 1, 2\r\n\r\nab", false, bad200("two content lengths", "").long(1)},
		{"a length and a gap", status + "Content-Length: 1,,1\r\n\r\nab", false, bad200("bad content length", "").long(1)},
		{"two lengths, to HEAD", status + "Content-Length: 1\r\nContent-Length: 2\r\n\r\n", true, bad200("two content lengths", "").long(1)},
		{"a folded length", status + "Content-Length:\r\n 1\r\n\r\na", false, bad200("bad content length", "")},
		{"a length folded after a digit", status + "Content-Length: 1\r\n 1\r\n\r\na", false, bad200("folded length header", "").long(1)},

		{"length and chunked", status + "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", false, bad200("content length and transfer coding", "").long(1)},
		{"chunked and length", status + "Transfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n0\r\n\r\n", false, bad200("content length and transfer coding", "").long(1)},
		{"chunked twice", status + "Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n", false, bad200("bad transfer coding", "")},
		{"chunked first", status + "Transfer-Encoding: chunked\r\nTransfer-Encoding: gzip\r\n\r\n0\r\n\r\n", false, bad200("bad transfer coding", "")},
		{"no coding", status + "Transfer-Encoding: ,\r\n\r\n", false, bad200("bad transfer coding", "")},
		{"a folded coding", status + "Transfer-Encoding: gzip,\r\n chunked\r\n\r\n0\r\n\r\n", false, bad200("folded length header", "")},

		{"a size of nothing", te + "\r\na\r\n", false, bad200("bad chunk size", "")},
		{"a size of letters", te + "g\r\na\r\n", false, bad200("bad chunk size", "")},
		{"a negative size", te + "-1\r\na\r\n", false, bad200("bad chunk size", "")},
		{"a size with 0x", te + "0x1\r\na\r\n", false, bad200("bad chunk size", "")},
		{"space before a size", te + " 1\r\na\r\n", false, bad200("bad chunk size", "")},
		{"the largest size", te + "7fffffffffffffff\r\na", false,
			outcome{Status: 200, Version: HTTP11, Body: "a", Started: true, Length: -1, Err: ErrCut.Error()}},
		{"a larger size", te + "8000000000000000\r\na", false, bad200("bad chunk size", "")},
		{"a much larger size", te + "10000000000000001\r\na", false, bad200("bad chunk size", "")},
		{"LF after a size", te + "1\na\r\n0\r\n\r\n", false, bad200("bad chunk size", "")},
		{"LF after an extension", te + "1;x\na\r\n0\r\n\r\n", false, bad200("bad chunk size", "")},
		{"CR and no LF after a size", te + "1\r\ra\r\n0\r\n\r\n", false, bad200("bad chunk size", "")},
		{"a chunk too long", te + "1\r\nab\r\n0\r\n\r\n", false, bad200("bad chunk end", "a")},
		{"LF after a chunk", te + "1\r\na\n0\r\n\r\n", false, bad200("bad chunk end", "a")},
		{"CR after a chunk", te + "1\r\na\r0\r\n\r\n", false, bad200("bad chunk end", "a")},
		{"a second chunk too long", te + "1\r\na\r\n1\r\nbc\r\n", false, bad200("bad chunk end", "ab")},
		{"trailers that are none", te + "0\r\nhello\r\n\r\n", false, bad200("bad header line", "")},
		{"space before the first trailer", te + "0\r\n x: y\r\n\r\n", false, bad200("bad header line", "")},

		{"switched", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n", false,
			outcome{Status: 101, Version: HTTP11, Started: true, Length: -1, Err: "malformed answer: protocol switched unasked"}},
	}
}

func cutShort() []answer {
	gone := func(status int, body string, length int64) outcome {
		return outcome{Status: status, Version: HTTP11, Body: body, Started: status > 0, Length: length, Err: ErrCut.Error()}
	}
	nothing := gone(0, "", -1)
	nothing.Version = HTTP10
	begun := nothing
	begun.Started = true
	return []answer{
		{"nothing", "", false, nothing},
		{"in the status line", "HTTP/1.1 20", false, begun},
		{"before the status line's end", "HTTP/1.1 200 OK\r", false, begun},
		{"in the head", "HTTP/1.1 200 OK\r\nContent-Le", false, gone(200, "", -1)},
		{"before the body", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", false, gone(200, "", 2)},
		{"in the body", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\na", false, gone(200, "a", 2)},
		{"in a chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nab", false, gone(200, "ab", -1)},
		{"after a chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n", false, gone(200, "ab", -1)},
		{"before the trailers' end", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", false, gone(200, "", -1)},
		{"after a continue", "HTTP/1.1 100 Continue\r\n\r\n", false,
			outcome{Status: 100, Version: HTTP10, Started: true, Length: -1, Interim: 1, Err: ErrCut.Error()}},
	}
}
