package main

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"webdyno/internal/plan"
)

const someRequests = `# what users do
GET /a weight=3
X-User: 7
  Accept:  text/plain

# a comment does not end a request
POST http://127.0.0.1:8080/orders
Content-Type: application/json
# not even here
@order.json
HEAD /a?next=http://elsewhere/
`

func TestReadList(t *testing.T) {
	got, troubles := readList("some", strings.NewReader(someRequests))
	want := []listed{
		{line: 2, method: "GET", address: "/a", weight: 3, headers: []plan.Var{{Name: "X-User", Value: "7"}, {Name: "Accept", Value: "text/plain"}}},
		{line: 7, method: "POST", address: "http://127.0.0.1:8080/orders", weight: 1,
			headers: []plan.Var{{Name: "Content-Type", Value: "application/json"}}, file: "order.json"},
		{line: 11, method: "HEAD", address: "/a?next=http://elsewhere/", weight: 1},
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(listed{})); diff != "" || troubles != nil {
		t.Errorf("%v; (-want +got)\n%s", troubles, diff)
	}
}

func TestReadListComplains(t *testing.T) {
	for text, want := range map[string]string{
		"":                               "f: no request in it",
		"# only a comment":               "f: no request in it",
		"GET":                            `f:1: "GET": want a method and a path`,
		"\nGET / weight=0":               `f:2: "weight=0": want weight=N, with N from 1 to 10000`,
		"GET / weight=x":                 `want weight=N`,
		"GET / HTTP/1.1":                 `"HTTP/1.1": want weight=N`,
		"A: b":                           `f:1: "A: b": a header without a request`,
		"GET /\n\nA: b":                  `f:3: "A: b": a header without a request`,
		"@x":                             "f:1: @x: a body without a request",
		"GET /\n@x\n@y":                  "f:3: @y: a second body",
		"GET /\n@":                       "f:2: @: want the name of a file",
		"GET /\n@x\nA: b":                `f:3: "A: b": a header behind the body`,
		"GET /{seq:4}":                   "f:1: {seq:…} and {random:…} are not known",
		"GET /\nX-Id: {random}":          `f:2: "X-Id: {random}": {seq} and {random} can stand in the path and in the body`,
		strings.Repeat("GET /\n", 20000): "f:10001: more than 10000 requests",
		"GET /" + strings.Repeat("a", longestLine): "f:1: bufio.Scanner: token too long",
	} {
		_, troubles := readList("f", strings.NewReader(text))
		if !strings.Contains(strings.Join(troubles, "\n"), want) {
			t.Errorf("%.30q: %q, want %q", text, troubles, want)
		}
	}
	if _, troubles := readList("f", strings.NewReader(strings.Repeat("x\n", 500))); len(troubles) != mostComplaints {
		t.Errorf("%d complaints about a file that is none of ours, want %d", len(troubles), mostComplaints)
	}
}

// built makes the requests of a list for a server, nil for one it is to name.
func built(t *testing.T, text, server string) (requests []string, l *listing) {
	t.Helper()
	all, troubles := readList("f", strings.NewReader(text))
	if troubles != nil {
		t.Fatal(troubles)
	}
	l = &listing{name: "f", common: plan.Exact{Expect: plan.ExactExpect{Bytes: -1}}}
	l.common.Headers.Add = []plan.Var{{Name: "X-User", Value: "common"}}
	if server != "" {
		l.base = &url.URL{Scheme: "http", Host: server, Path: "/"}
	}
	if set := l.build(all); set != nil {
		for _, r := range set.Requests {
			requests = append(requests, string(r.Bytes))
		}
	}
	return requests, l
}

// What is in the list is what is sent, in turn, each as often as it weighs.
func TestListIsSent(t *testing.T) {
	body := filepath.Join(t.TempDir(), "body")
	if err := os.WriteFile(body, []byte("hello"), 0o600); err != nil {
		t.Fatal(err)
	}
	text := "GET /a weight=4\nx-user: 7\n\nPOST http://h:80/b weight=2\n@" + body + "\n"
	a := "GET /a HTTP/1.1\r\nHost: h\r\nx-user: 7\r\n\r\n"
	b := "POST /b HTTP/1.1\r\nHost: h\r\nX-User: common\r\nContent-Length: 5\r\n\r\nhello"
	got, l := built(t, text, "h")
	if diff := cmp.Diff([]string{a, b, a}, got); diff != "" || l.err() != nil {
		t.Errorf("%v; (-want +got)\n%s", l.err(), diff)
	}
}

// The server is that of the first URL, wherever it stands.
func TestListNamesServer(t *testing.T) {
	_, l := built(t, "GET /a\nGET http://h:81/b\nGET http://H:81/c", "")
	if l.err() != nil || l.base.String() != "http://h:81/" {
		t.Errorf("%v, %v", l.err(), l.base)
	}
}

func TestListComplains(t *testing.T) {
	folder := t.TempDir()
	big := filepath.Join(folder, "big")
	if err := os.WriteFile(big, make([]byte, 10_000), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct{ text, server, want string }{
		{"GET /a", "", "f:1: /a is on no host: write webdyno load --targets f http://HOST:PORT"},
		{"GET a", "h", `f:1: path "a": must begin with "/"`},
		{"get /", "h", ""},
		{"G(T /", "h", `f:1: method "G(T"`},
		{"GET http://other/", "h", "f:1: http://other is another server than http://h"},
		{"GET http://h:81/", "h", "f:1: http://h:81 is another server than http://h"},
		{"GET https://h/", "h", "f:1: https://h is another server than http://h"},
		{"GET http://a:b@h/", "h", "f:1: a name and a password in a URL"},
		{"GET http://[/", "h", "f:1: missing ']' in host"},
		{"GET /\nA\x01: b", "h", "f:1: header"},
		{"GET /\n@/no/such/file", "h", "f:1: @/no/such/file: no such file or directory"},
		{"GET /\n@/dev/zero", "h", "f:1: @/dev/zero: more than 16.0 MiB"},
		{"GET /\n@" + folder, "h", "is a directory"},
		{"GET /a weight=9999\nGET /b weight=9998", "h", "f: a turn of 19997 requests"},
		{"GET /a weight=9997\n@" + big + "\nGET /b weight=2", "h", "f: the requests of one turn take 192 MiB, more than 64.0 MiB"},
	} {
		requests, l := built(t, tc.text, tc.server)
		if got := fmt.Sprint(l.err()); !strings.Contains(got, tc.want) || (tc.want == "") != (requests != nil) {
			t.Errorf("%q: %s, %d requests; want %q", tc.text, got, len(requests), tc.want)
		}
	}
}

// Whatever a file holds, it is read or refused, with where and why; and what is
// read can be laid out or is refused in the same way.
func FuzzTargets(f *testing.F) {
	f.Add(someRequests)
	f.Add("GET /\r\nA: b\r\n\r\n@x")
	f.Add("GET http://a:b@[::1]:80/%zz weight=10000\nGET //x://y weight=1")
	f.Add("\x00\n:\n@\n*\nOPTIONS *\nCONNECT h:1")
	f.Fuzz(func(t *testing.T, text string) {
		all, troubles := readList("f", strings.NewReader(text))
		if len(all) == 0 && len(troubles) == 0 {
			t.Fatal("nothing was read, and nothing complained about")
		}
		for _, trouble := range troubles {
			if !strings.HasPrefix(trouble, "f") {
				t.Fatalf("a complaint that says not where: %q", trouble)
			}
		}
		if len(troubles) > 0 {
			return
		}
		for i := range all {
			if all[i].weight < 1 || all[i].weight > mostListed || all[i].line < 1 {
				t.Fatalf("read %+v", all[i])
			}
			all[i].file = "" // the fuzzer has no business among the files of this machine
		}
		l := listing{name: "f", common: plan.Exact{Expect: plan.ExactExpect{Bytes: -1}}}
		set := l.build(all)
		if (set == nil) != (len(l.complaints) > 0) {
			t.Fatalf("%v, %q", set, l.complaints)
		}
	})
}
