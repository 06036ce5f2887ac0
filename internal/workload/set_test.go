package workload

import (
	"bufio"
	"bytes"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"webdyno/internal/plan"
)

// host has a port of five digits, as the ones that captured requests went to.
const host = "127.0.0.1:25000"

// asked is the plan's way of asking for path and expecting nothing special.
func asked(path string, change ...func(*plan.Exact)) plan.Exact {
	x := plan.Exact{Path: path, Expect: plan.ExactExpect{Bytes: -1}}
	for _, c := range change {
		c(&x)
	}
	return x
}

func withSet(name string) func(*plan.Exact) {
	return func(x *plan.Exact) { x.Headers.Set = name }
}

func withHeader(name, value string) func(*plan.Exact) {
	return func(x *plan.Exact) {
		x.Headers.Add = append(x.Headers.Add, plan.Var{Name: name, Value: value})
	}
}

func build(t *testing.T, x plan.Exact) Request {
	t.Helper()
	set, err := Build(x, host)
	if err != nil {
		t.Fatal(err)
	}
	return set.Requests[0]
}

// The sets must have the bytes of the clients they are named for: what a
// server does with a request depends on them.
func TestHeaderSetsAsCaptured(t *testing.T) {
	for _, tc := range []struct {
		set         string
		bytes, last int
		begins      string
	}{
		{"minimal", 41, 60, "GET / HTTP/1.1\r\nHost: 127.0.0.1:25000\r\n\r\n"},
		{"wrk", 41, 60, "GET / HTTP/1.1\r\nHost: 127.0.0.1:25000\r\n\r\n"},
		{"httperf", 62, 81, "GET / HTTP/1.1\r\nUser-Agent: httperf/0.9.0\r\nHost: 127.0.0.1\r\n\r\n"},
		{"ab", 83, 83, "GET / HTTP/1.0\r\nHost: 127.0.0.1:25000\r\nUser-Agent: ApacheBench/2.3\r\nAccept: */*\r\n\r\n"},
		{"curl", 79, 98, "GET / HTTP/1.1\r\nHost: 127.0.0.1:25000\r\nUser-Agent: curl/7.88.1\r\nAccept: */*\r\n\r\n"},
		{"chrome-2013", 399, 394, "GET / HTTP/1.1\r\nHost: 127.0.0.1:25000\r\nConnection: keep-alive\r\nCache-Control: max-age=0\r\nAccept: text/html,"},
		{"chrome", 653, 648, "GET / HTTP/1.1\r\nHost: 127.0.0.1:25000\r\nConnection: keep-alive\r\nsec-ch-ua: "},
	} {
		r := build(t, asked("/", withSet(tc.set)))
		if len(r.Bytes) != tc.bytes || len(r.Last) != tc.last {
			t.Errorf("%s: %d bytes, the last %d; want %d, %d", tc.set, len(r.Bytes), len(r.Last), tc.bytes, tc.last)
		}
		if !strings.HasPrefix(string(r.Bytes), tc.begins) {
			t.Errorf("%s: %q, want it to begin %q", tc.set, r.Bytes, tc.begins)
		}
	}
}

// Every set must be listed, be found, make a request that net/http takes, and
// in its last form ask for the end of the connection.
func TestEverySet(t *testing.T) {
	names := HeaderSets()
	want := []string{"minimal", "wrk", "ab", "httperf", "curl", "chrome-2013", "chrome"}
	if slices.Sort(want); !slices.Equal(slices.Sorted(slices.Values(names)), want) {
		t.Errorf("sets %q, want %q", names, want)
	}
	for _, name := range names {
		if _, ok := Headers(name); !ok {
			t.Errorf("%s is listed but not found", name)
		}
		r := build(t, asked("/x", withSet(name)))
		parse(t, r.Bytes)
		if last := parse(t, r.Last); !last.Close {
			t.Errorf("%s: %q does not ask for the end of the connection", name, r.Last)
		}
	}
	if _, ok := Headers("netscape"); ok {
		t.Error("an unknown set was found")
	}
}

// A caller may do with a set what it likes without changing it for others.
func TestHeadersAreOnesOwn(t *testing.T) {
	set, _ := Headers("curl")
	set.Headers[1].Value = "spoiled"
	if again, _ := Headers("curl"); again.Headers[1].Value == "spoiled" {
		t.Error("the set changed for the next caller")
	}
}

func TestBuild(t *testing.T) {
	for _, tc := range []struct {
		name       string
		x          plan.Exact
		want, last string
	}{
		{"nothing said", asked("/"),
			"GET / HTTP/1.1\r\nHost: 127.0.0.1:25000\r\n\r\n",
			"GET / HTTP/1.1\r\nHost: 127.0.0.1:25000\r\nConnection: close\r\n\r\n"},
		{"a body", asked("/", func(x *plan.Exact) { x.Method, x.Body = "POST", []byte("hello") }),
			"POST / HTTP/1.1\r\nHost: 127.0.0.1:25000\r\nContent-Length: 5\r\n\r\nhello",
			"POST / HTTP/1.1\r\nHost: 127.0.0.1:25000\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello"},
		{"headers added in order", asked("/", withHeader("B", "1"), withHeader("A", "2"), withHeader("B", "3")),
			"GET / HTTP/1.1\r\nHost: 127.0.0.1:25000\r\nB: 1\r\nA: 2\r\nB: 3\r\n\r\n",
			"GET / HTTP/1.1\r\nHost: 127.0.0.1:25000\r\nB: 1\r\nA: 2\r\nB: 3\r\nConnection: close\r\n\r\n"},
		{"one of the set's replaced", asked("/", withSet("curl"), withHeader("user-agent", "me"), withHeader("X", "y")),
			"GET / HTTP/1.1\r\nHost: 127.0.0.1:25000\r\nuser-agent: me\r\nAccept: */*\r\nX: y\r\n\r\n",
			"GET / HTTP/1.1\r\nHost: 127.0.0.1:25000\r\nuser-agent: me\r\nAccept: */*\r\nX: y\r\nConnection: close\r\n\r\n"},
		{"ab, kept", asked("/", withSet("ab"), withHeader("Connection", "Keep-Alive")),
			"GET / HTTP/1.0\r\nHost: 127.0.0.1:25000\r\nUser-Agent: ApacheBench/2.3\r\nAccept: */*\r\nConnection: Keep-Alive\r\n\r\n",
			"GET / HTTP/1.0\r\nHost: 127.0.0.1:25000\r\nUser-Agent: ApacheBench/2.3\r\nAccept: */*\r\nConnection: close\r\n\r\n"},
		{"another host", asked("/", withHeader("Host", "example.org")),
			"GET / HTTP/1.1\r\nHost: example.org\r\n\r\n",
			"GET / HTTP/1.1\r\nHost: example.org\r\nConnection: close\r\n\r\n"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := build(t, tc.x)
			if diff := cmp.Diff(tc.want, string(r.Bytes)); diff != "" {
				t.Errorf("request (- want, + got):\n%s", diff)
			}
			if diff := cmp.Diff(tc.last, string(r.Last)); diff != "" {
				t.Errorf("last request (- want, + got):\n%s", diff)
			}
		})
	}
}

// Extra headers add exactly as many bytes as the plan says, whatever their number.
func TestExtraHeadersAddTheirBytes(t *testing.T) {
	const src = `
subjects: [{name: a, serve: hello}]
factors: {n: [0, 1, 7, 100]}
workload: {headers: {set: chrome-2013, extra: {count: n, bytes: 33}}}
load: {closed: {}}`
	p, err := plan.Read("headers.yaml", []byte(src), plan.Options{HeaderSets: HeaderSets()})
	if err != nil {
		t.Fatal(err)
	}
	settings, err := p.Settings()
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range settings {
		n, _ := s.Choice[0].Level.Number()
		if r, want := build(t, s.Workload), 399+33*int(n); len(r.Bytes) != want || len(r.Last) != want-5 {
			t.Errorf("with %v headers of 33 bytes: %d bytes, the last %d; want %d, %d", n, len(r.Bytes), len(r.Last), want, want-5)
		}
	}
}

func TestBuildHead(t *testing.T) {
	r := build(t, asked("/", func(x *plan.Exact) { x.Method = "HEAD" }))
	if !r.Head || !r.Expect.WholeOK(0) {
		t.Errorf("got %+v, want a HEAD that expects any body", r)
	}
}

// Host without its port, in whatever way an address is written.
func TestBareHost(t *testing.T) {
	for host, want := range map[string]string{
		"127.0.0.1:8080": "127.0.0.1",
		"localhost:80":   "localhost",
		"example.org":    "example.org",
		"[::1]:8080":     "[::1]",
		"[::1]":          "[::1]",
	} {
		if got := withoutPort(host); got != want {
			t.Errorf("%s without its port is %s, want %s", host, got, want)
		}
	}
}

// A fault in a plan is told where it is, and what would be right.
func TestBuildComplains(t *testing.T) {
	for _, tc := range []struct {
		x    plan.Exact
		want string
	}{
		{asked(""), `workload: path "": must begin with "/"`},
		{asked("hello"), `workload: path "hello": must begin with "/"`},
		{asked("/a\r\nEvil: yes"), `byte 2 is '\r': write it as %0D`},
		{asked("/ HTTP/1.0"), `byte 1 is ' '`},
		{asked("/", withSet("netscape")), `"netscape" is no set of headers: want one of minimal, wrk,`},
		{asked("/", withHeader("A", "b\r\nEvil: yes")), "header A: byte 1 of its value"},
		{asked("/", withHeader("A: b\r\nEvil", "yes")), "its name must consist of"},
		{asked("/", withHeader("Transfer-Encoding", "chunked")), "leave it out"},
		{asked("/", withHeader("Content-Length", "5")), "the body has 0 bytes"},
		{asked("/", func(x *plan.Exact) { x.Method = "GE T" }), `method "GE T"`},
		{asked("/", func(x *plan.Exact) { x.Expect.Oracle = "delphi" }), `"delphi" is no oracle: want one of classifier`},
		{asked("/", func(x *plan.Exact) { x.Expect.Oracle, x.Expect.Body = "classifier", []byte("x") }), "both a body and an oracle"},
		{asked("/", func(x *plan.Exact) { x.Expect.Oracle, x.Expect.Bytes = "classifier", 80 }), "80 bytes, but the body expected has 79"},
		{asked("/", func(x *plan.Exact) { x.Expect.Status = []int{100} }), "status 100: want a final status"},
		{asked("/", func(x *plan.Exact) { x.Expect.Bytes = -2 }), "-2 bytes"},
		{asked("/", func(x *plan.Exact) { x.Method, x.Expect.Bytes = "HEAD", 5 }), "the answer to HEAD has none"},
	} {
		set, err := Build(tc.x, host)
		if err == nil || set != nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%+v: error %v, want one with %q", tc.x, err, tc.want)
		}
	}
}

func parse(t *testing.T, request []byte) *http.Request {
	t.Helper()
	r, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(request)))
	if err != nil {
		t.Fatalf("%q: %v", request, err)
	}
	return r
}
