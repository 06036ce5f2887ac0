package subjects_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"webdyno/internal/serve"
)

// An implementation of the classifier, as the test starts it.
type classifierCase struct {
	name    string
	command []string // after the interpreter
	python  string   // modules that a CPython must have; or
	program string   // the interpreter, found on the PATH
	cython  string   // what build.py is to build first
	bytes   int      // head and body of the answer to /helloworld

	// departs names what its framework does otherwise, as README.md tells.
	departs []string
}

func classifiers() []classifierCase {
	httptools := func(more ...string) []string { return append([]string{"classifier_httptools.py"}, more...) }
	tornado := func(style string) []string { return []string{"classifier_tornado.py", "--style=" + style} }
	return []classifierCase{
		{name: "httptools-asyncio", python: "httptools", command: httptools("--loop=asyncio"), bytes: 148},
		{name: "httptools-uvloop", python: "httptools, uvloop", command: httptools("--loop=uvloop"), bytes: 148},
		{name: "httptools-workers", python: "httptools, uvloop", command: httptools("--loop=uvloop", "--workers=2"), bytes: 148},
		{name: "httptools-plain", python: "httptools, uvloop, Cython", command: httptools("--loop=uvloop"), cython: "plain", bytes: 148},
		{name: "httptools-typed", python: "httptools, uvloop, Cython", command: httptools("--loop=uvloop"), cython: "typed", bytes: 148},
		{name: "httptools-nogil", python: "httptools, uvloop, Cython", command: httptools("--loop=uvloop", "--threads=2"), cython: "nogil", bytes: 148},
		{name: "h11", python: "h11", command: []string{"classifier_h11.py"}, bytes: 148, departs: []string{"HTTP/1.0 kept"}},
		{name: "h11-pypy", program: "pypy3", command: []string{"classifier_h11.py"}, bytes: 148, departs: []string{"HTTP/1.0 kept"}},
		{name: "streams-cpython", python: "asyncio", command: []string{"classifier_streams.py"}, bytes: 148},
		{name: "streams-pypy", program: "pypy3", command: []string{"classifier_streams.py"}, bytes: 148},
		{name: "streams-pypy-workers", program: "pypy3", command: []string{"classifier_streams.py", "--workers=2"}, bytes: 148},
		{name: "tornado-callback", python: "tornado", command: tornado("callback"), bytes: 148},
		{name: "tornado-handler", python: "tornado", command: tornado("handler"), bytes: 212},
		{name: "tornado-coroutine", python: "tornado", command: tornado("coroutine"), bytes: 212},
		{name: "tornado-pypy", program: "pypy3", command: tornado("coroutine"), bytes: 212},
		{name: "gevent", python: "gevent", command: []string{"classifier_gevent.py"}, bytes: 185},
		{name: "gevent-workers", python: "gevent", command: []string{"classifier_gevent.py", "--workers=2"}, bytes: 185},
		{name: "gevent-typed", python: "gevent, Cython", command: []string{"classifier_gevent.py"}, cython: "typed", bytes: 185},
		{name: "node", program: "node", command: []string{"classifier.js"}, bytes: 209},
		{name: "node-workers", program: "node", command: []string{"classifier.js", "--workers=2"}, bytes: 209},
	}
}

// Every implementation must answer alike, or comparing them compares nothing.
func TestClassifier(t *testing.T) {
	for _, impl := range classifiers() {
		t.Run(impl.name, func(t *testing.T) {
			wanted(t)
			t.Parallel()
			program, err := interpreter(impl.program, impl.python)
			if err != nil {
				missing(t, err)
			}
			from, env := materialized(t, "classifier"), ""
			if impl.cython != "" {
				env = from.build(t, program, impl.cython)
				impl.command = append(impl.command, "--cython="+impl.cython)
			}
			s := from.start(t, program, impl.command, env)
			conforms(t, s.addr, impl.bytes, impl.departs)
			stopsClassifier(t, s)
		})
	}
	for _, args := range [][]string{nil, {"--table"}, {"--lock"}} {
		t.Run("go"+strings.Join(args, ""), func(t *testing.T) {
			t.Parallel()
			conforms(t, startOurs(t, "classifier", args...), 185, nil)
		})
	}
}

// pygolang is in no package of Debian's. A stand-in for the one function that is
// used shows that the rest of the file does what it should; where pygolang is
// installed, it is used.
func TestClassifierOnPygolang(t *testing.T) {
	wanted(t)
	python, err := pythonWith("gevent")
	if err != nil {
		missing(t, err)
	}
	env := ""
	if _, err := pythonWith("golang"); err != nil {
		stand := t.TempDir()
		if err := os.WriteFile(filepath.Join(stand, "golang.py"), []byte("from gevent import spawn as go\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		env = "PYTHONPATH=" + stand
	}
	s := materialized(t, "classifier").start(t, python, []string{"classifier_pygolang.py"}, env)
	conforms(t, s.addr, 185, nil)
	stopsClassifier(t, s)
}

// A handler that is not the one asked for must not be measured under its name.
func TestClassifierRefusesAnotherHandler(t *testing.T) {
	wanted(t)
	python, err := pythonWith("asyncio")
	if err != nil {
		missing(t, err)
	}
	from := materialized(t, "classifier")
	impostor := t.TempDir()
	if err := os.WriteFile(filepath.Join(impostor, "classifier_typed.py"), []byte("def classify(target): return b''"), 0o644); err != nil {
		t.Fatal(err)
	}
	for env, want := range map[string]string{
		"":                       "No module named 'classifier_typed'",
		"PYTHONPATH=" + impostor: "classifier_typed.py was loaded",
	} {
		cmd := from.command(t, python, []string{"classifier_streams.py", "--cython=typed", "--port=1"}, env)
		out, err := cmd.CombinedOutput()
		if err == nil || !strings.Contains(string(out), want) {
			t.Errorf("%q: %v, saying %q; want %q", env, err, out, want)
		}
	}
}

// stopsClassifier ends a server while connections are open, one of them in the
// middle of a request.
func stopsClassifier(t *testing.T, s *process) {
	t.Helper()
	idle, half := dial(t, s.addr), dial(t, s.addr)
	idle.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
	idle.answer("GET", answerTo("/"))
	half.send("GET /hello")
	s.ends(t)
}

// startOurs runs one of webdyno's own servers in this process.
func startOurs(t *testing.T, name string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	r, w := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		ended <- serve.Run(ctx, name, serve.Options{Addr: "127.0.0.1:0", Args: args, Out: w})
		w.Close()
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	line, err := bufio.NewReader(r).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(strings.TrimPrefix(line, "listening on "))
}

// conforms puts everything that README.md promises to the server at addr, but
// for what it says of the framework.
func conforms(t *testing.T, addr string, bytes int, departs []string) {
	get := func(target, version, fields string) string {
		return "GET " + target + " HTTP/" + version + "\r\nHost: a\r\n" + fields + "\r\n"
	}
	long := "/" + strings.Repeat("x", 9999)
	for _, c := range []struct {
		name    string
		send    string
		method  string // GET if empty
		answers []string
		ends    bool
	}{
		{name: "check values", send: get("/", "1.1", ""), answers: []string{
			"navytux.spb.ru:\t1\nwww.nexedi.com:\t1\nlab.nexedi.com:\t1\nwww.erp5.com:\t1\ntotal:\t1\n"}},
		{name: "pipelined", send: get("/", "1.1", "") + get("/helloworld", "1.1", "") + get(hello(10), "1.1", "") + get(hello(100), "1.1", ""),
			answers: []string{answerTo("/"), answerTo("/helloworld"), answerTo(hello(10)), answerTo(hello(100))}},
		{name: "pipelined to the end", send: get("/a", "1.1", "") + get("/b", "1.1", "Connection: close\r\n"),
			answers: []string{answerTo("/a"), answerTo("/b")}, ends: true},
		{name: "close", send: get("/helloworld", "1.1", "Connection: close\r\n"), answers: []string{answerTo("/helloworld")}, ends: true},
		{name: "HTTP/1.0", send: get("/helloworld", "1.0", ""), answers: []string{answerTo("/helloworld")}, ends: true},
		{name: "HTTP/1.0 kept", send: get("/a", "1.0", "Connection: keep-alive\r\n") + get("/b", "1.0", "Connection: keep-alive\r\n"),
			answers: []string{answerTo("/a"), answerTo("/b")}},
		{name: "long", send: get(long, "1.1", ""), answers: []string{answerTo(long)}},
		{name: "as sent", send: get("/a%20b//../c?d=%7e", "1.1", ""), answers: []string{answerTo("/a%20b//../c?d=%7e")}},
		{name: "HEAD", method: "HEAD", send: "HEAD /helloworld HTTP/1.1\r\nHost: a\r\n\r\nHEAD / HTTP/1.1\r\nHost: a\r\n\r\n", answers: []string{"", ""}},
		{name: "POST", method: "POST", send: "POST /helloworld HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n12345" + get("/", "1.1", ""),
			answers: []string{answerTo("/helloworld"), answerTo("/")}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if slices.Contains(departs, c.name) {
				t.Skip("its framework does otherwise, as README.md tells")
			}
			client := dial(t, addr)
			client.send(c.send)
			for _, want := range c.answers {
				client.answer(max(c.method, "GET"), want)
			}
			if c.ends {
				client.ended()
				return
			}
			client.send(get("/again", "1.1", ""))
			client.answer("GET", answerTo("/again"))
		})
	}
	t.Run("in pieces", func(t *testing.T) {
		client := dial(t, addr)
		for _, b := range []byte(get("/helloworld", "1.1", "")) {
			client.send(string(b))
		}
		client.answer("GET", answerTo("/helloworld"))
	})
	t.Run("no HTTP", func(t *testing.T) { dial(t, addr).refused() })
	t.Run("size", func(t *testing.T) {
		client := dial(t, addr)
		client.send(get("/helloworld", "1.1", ""))
		client.answer("GET", answerTo("/helloworld"))
		if client.received != bytes {
			t.Errorf("%d bytes in all, want %d as README.md says", client.received, bytes)
		}
	})
}

func hello(n int) string { return "/" + strings.Repeat("helloworld", n) }

// answerTo is the answer by another way than any implementation's: how often
// each byte occurs, summed over those next to a byte of the string.
func answerTo(target string) string {
	var b strings.Builder
	for _, s := range []string{"navytux.spb.ru", "www.nexedi.com", "lab.nexedi.com", "www.erp5.com"} {
		n := 0
		for c := range 256 {
			if strings.ContainsFunc(s, func(r rune) bool { return c-1 <= int(r) && int(r) <= c+1 }) {
				n += strings.Count(target, string([]byte{byte(c)}))
			}
		}
		fmt.Fprintf(&b, "%s:\t%d\n", s, n)
	}
	fmt.Fprintf(&b, "total:\t%d\n", len(target))
	return b.String()
}

// The oracle above must itself give the values that the study left us.
func TestCheckValues(t *testing.T) {
	for target, want := range map[string]int{"/": 79, "/helloworld": 83, hello(10): 85, hello(100): 90} {
		if got := len(answerTo(target)); got != want {
			t.Errorf("answer to %d bytes has %d, want %d", len(target), got, want)
		}
	}
	if got := answerTo(hello(10)); !strings.Contains(got, "ru:\t41\n") || !strings.Contains(got, "p5.com:\t91\n") {
		t.Errorf("counts for 101 bytes:\n%swant 41, 91, 91, 91", got)
	}
}
