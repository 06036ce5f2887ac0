package report

import (
	"strings"

	"webdyno/internal/unit"
)

// An advice says what a cause of failure means, and what to do about it.
type advice struct{ cause, means, remedy string }

// advices are the causes that are known: errnos by name, and the words of the
// engine and of its parser of answers. One that ends with "…" stands for every
// cause that begins so and is not there itself. A cause that is not among them is
// told by its name alone.
var advices = [...]advice{
	// No connection could be made.
	{"ECONNREFUSED", "nothing listens there", "start the server, or correct the host and the port"},
	{"EADDRNOTAVAIL", "this machine had no port left for another connection",
		"keep connections (--per-connection 0), end them with --close reset, which leaves no port waiting, or ask more slowly; to 127.0.0.1, do not forbid further addresses (--sources)"},
	{"EADDRINUSE", "this machine had no port left for another connection", "see EADDRNOTAVAIL: keep connections, or --close reset"},
	{"EMFILE", "webdyno may not have more files open", "raise the limit in this shell (ulimit -n), or use fewer connections"},
	{"ENFILE", "the whole machine may not have more files open", "raise fs.file-max, or use fewer connections"},
	{"ENOBUFS", "the kernel had no room for another connection", "use fewer connections, or give the machine more memory"},
	{"ENOMEM", "the kernel had no memory for another connection", "use fewer connections, or give the machine more memory"},
	{"ETIMEDOUT", "the other end did not react at all",
		"look whether the host is up, a firewall drops packets, or the server's queue of new connections is full (ss -lnt shows it)"},
	{"ENETUNREACH", "there is no way to that network", "correct the address, or the routes of this machine"},
	{"EHOSTUNREACH", "that host cannot be reached", "correct the address, or look whether the host is up"},
	{"ENETDOWN", "the network interface is down", "bring it up"},
	{"EAFNOSUPPORT", "this machine does not speak that family of addresses", "give an IPv4 address instead of an IPv6 one, or the other way round"},
	{"EPERM", "this machine forbids the connection", "look at its firewall rules, or at what its sandbox allows"},
	{"EACCES", "no permission to connect", "look at the permissions of the Unix socket, or at the firewall rules"},
	{"ENOENT", "there is no such Unix socket", "start the server, or correct --unix-socket"},
	{"ENOTSOCK", "that path is no socket", "correct --unix-socket"},
	{"EPROTOTYPE", "that Unix socket is not a stream socket", "correct --unix-socket"},
	{"EAGAIN", "the Unix socket's queue of new connections is full", "raise the server's backlog, or use fewer connections"},
	{"no connection in time", "no connection was to be had before the timeout of the request",
		"the server is behind: ask more slowly, or give it more connections (-c, --max-connections)"},

	{"connection failed", "the system gave no reason", "look into the server's log; --backend epoll may know more"},

	// No TLS connection could be made.
	{"tls: certificate not trusted", "nobody this machine trusts has signed the server's certificate",
		"install its authority's certificate, or do without the check (--insecure)"},
	{"tls: certificate of another name", "the server's certificate is for another host", "ask by the name it was made for, or do without the check (--insecure)"},
	{"tls: certificate expired", "the server's certificate has run out", "renew it, or do without the check (--insecure)"},
	{"tls: certificate not valid yet", "the server's certificate begins later", "look at the clocks of both machines, or do without the check (--insecure)"},
	{"tls: certificate not valid", "the server's certificate is not in order", "correct it (openssl s_client shows it), or do without the check (--insecure)"},
	{"tls: no trusted certificates on this system", "this machine trusts no authority at all",
		"install its certificates (ca-certificates), or do without the check (--insecure)"},
	{"tls: not TLS what the server says", "what listens there speaks no TLS", "ask with http:// instead, or correct the port"},
	{"tls: ended within the handshake", "the server ended the connection before TLS was agreed", "look into its log, and whether TLS is on at that port"},
	{"tls: reset within the handshake", "the server reset the connection before TLS was agreed", "look into its log, and whether TLS is on at that port"},
	{"tls: server says …", "the server refused the TLS handshake", "look into its log: it wants another version, cipher or name"},
	{"tls: …", "the TLS handshake failed", "openssl s_client shows it step by step"},

	// The connection ended.
	{"ECONNRESET", "the server reset the connection",
		"look into its log: it crashed, closed without reading the request, or its queue of new connections overflowed"},
	{"ECONNABORTED", "the connection was given up", "look into the server's log"},
	{"EPIPE", "the server had ended the connection when the request was sent", "look into its log: it takes no request there"},
	{"ended before the answer", "the server ended the connection instead of answering", "look into its log: it crashed or refused the request"},
	{"ended within the answer", "the server ended the connection before its answer was complete",
		"look into its log: it crashed, or announced more bytes than it sent"},

	// Time ran out.
	{"no answer in time", "not one byte of an answer before the timeout", "ask more slowly, or allow more time (--timeout)"},
	{"answer incomplete in time", "only a part of the answer before the timeout",
		"ask more slowly, allow more time (--timeout), or look whether the server sends the length it announces"},
	{"behind a request that timed out", "it stood behind another request on its connection (--pipeline), and that one timed out",
		"use --pipeline 1 if a slow request must not take others with it"},
	{"interrupted", "webdyno was stopped before the answer came", "nothing: it was asked to stop"},

	// The answer was no HTTP.
	{"bad status line", "the answer does not begin as an HTTP/1 answer does", "look whether it is an HTTP server, and without TLS, that listens there"},
	{"unsupported version", "an answer in a version of HTTP other than 1.0 and 1.1", "let the server speak HTTP/1.1 there"},
	{"header too large", "the header of the answer is longer than webdyno reads", "let the server send fewer or smaller header fields, cookies for instance"},
	{"bad header line", "a line in the header of the answer is no field", "correct what the server writes there; curl -i shows it"},
	{"folded length header", "a field about the length of the answer goes on in a second line", "let the server write it in one line"},
	{"bad content length", "Content-Length is no number", "correct what the server writes there; curl -i shows it"},
	{"two content lengths", "Content-Length is there twice, and the two differ", "let the server, or what stands before it, write it once"},
	{"bad transfer coding", "a Transfer-Encoding other than chunked", "let the server send chunked, or a Content-Length"},
	{"content length and transfer coding", "both Content-Length and Transfer-Encoding, of which only one can hold", "let the server send one of them"},
	{"protocol switched unasked", "status 101, though nothing else was asked for", "ask for another path: webdyno speaks HTTP/1.1 only"},
	{"too many interim answers", "one 1xx answer after another and never the final one", "look into the server's log"},
	{"bad chunk size", "a chunk of the body does not begin with its size", "correct what the server writes there; curl --raw shows it"},
	{"chunk size line too long", "a chunk's size has an overlong line", "correct what the server writes there; curl --raw shows it"},
	{"bad chunk end", "a chunk of the body is not as long as it says", "correct what the server writes there; curl --raw shows it"},
	{"bytes after the answer", "the server sent more than its answer",
		"look whether Content-Length is that of the body, and that an answer to HEAD or with status 204 or 304 has none"},
}

// adviceOn returns the advice on a cause, and whether there is any.
func adviceOn(cause string) (advice, bool) {
	for _, a := range advices {
		if a.cause == cause {
			return a, true
		}
	}
	for _, a := range advices {
		if begin, ok := strings.CutSuffix(a.cause, "…"); ok && strings.HasPrefix(cause, begin) {
			return a, true
		}
	}
	return advice{}, false
}

// causeText tells a cause, how often it was one, what it means and what to do.
func causeText(cause string, n uint64) string {
	s := printable(cause) + " × " + unit.Count(int64(n))
	if a, ok := adviceOn(cause); ok {
		s += ": " + a.means + "; " + a.remedy
	}
	return s
}
