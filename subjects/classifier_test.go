package subjects_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"webdyno/internal/serve"
	"webdyno/subjects"
)

// limit is how long anything here may take before it counts as hanging. A JIT
// on a machine busy with other tests needs its time.
const limit = 20 * time.Second

// Every implementation must answer alike, or comparing them compares nothing.
func TestClassifier(t *testing.T) {
	for _, impl := range []struct {
		name    string
		command []string // after the interpreter
		python  string   // modules that a CPython must have; or
		program string   // the interpreter, found on the PATH
		bytes   int      // head and body of the answer to /helloworld
	}{
		{name: "httptools-asyncio", python: "httptools", command: []string{"classifier_httptools.py", "--loop=asyncio"}, bytes: 148},
		{name: "httptools-uvloop", python: "httptools, uvloop", command: []string{"classifier_httptools.py", "--loop=uvloop"}, bytes: 148},
		{name: "streams-cpython", python: "asyncio", command: []string{"classifier_streams.py"}, bytes: 148},
		{name: "streams-pypy", program: "pypy3", command: []string{"classifier_streams.py"}, bytes: 148},
		{name: "node", program: "node", command: []string{"classifier.js"}, bytes: 209},
	} {
		t.Run(impl.name, func(t *testing.T) {
			t.Parallel()
			program, err := exec.LookPath(impl.program)
			if impl.program == "" {
				program, err = pythonWith(impl.python)
			}
			if err != nil {
				missing(t, err)
			}
			s := start(t, program, impl.command)
			conforms(t, s.addr, impl.bytes)
			s.stop(t)
		})
	}
	t.Run("go", func(t *testing.T) {
		t.Parallel()
		conforms(t, startOurs(t), 185)
	})
}

// pythonWith returns a CPython that can import the modules.
func pythonWith(modules string) (string, error) {
	var tried []string
	for _, name := range []string{"/usr/bin/python3", "python3"} {
		out, err := exec.Command(name, "-c", "import "+modules).CombinedOutput()
		if err == nil {
			return name, nil
		}
		tried = append(tried, fmt.Sprintf("%s: %v %s", name, err, lastLine(out)))
	}
	return "", errors.New(strings.Join(tried, "; "))
}

func lastLine(out []byte) string {
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	return lines[len(lines)-1]
}

// A process is an implementation that runs in a process group of its own.
type process struct {
	cmd  *exec.Cmd
	addr string
	out  bytes.Buffer
	done chan struct{}
}

// start runs an implementation from a folder written for it, in a directory
// that is not that folder and without our environment.
func start(t *testing.T, program string, command []string) *process {
	t.Helper()
	at, err := subjects.Materialize("classifier", t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	s := &process{addr: freeAddress(t), done: make(chan struct{})}
	_, port, _ := net.SplitHostPort(s.addr)
	args := append([]string{filepath.Join(at, command[0])}, command[1:]...)
	s.cmd = exec.Command(program, append(args, "--port="+port)...)
	s.cmd.Dir = t.TempDir()
	s.cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + s.cmd.Dir, "PYTHONDONTWRITEBYTECODE=1", "PYPY_GC_NURSERY=4M"}
	s.cmd.Stdout, s.cmd.Stderr = &s.out, &s.out
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { defer close(s.done); s.cmd.Wait() }()
	t.Cleanup(func() { syscall.Kill(-s.cmd.Process.Pid, syscall.SIGKILL); <-s.done })
	s.await(t)
	return s
}

// freeAddress returns an address of this machine that nobody listens on.
func freeAddress(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	return ln.Addr().String()
}

// await waits until the process listens. It can only be asked again and again:
// servers have no common way of saying so.
func (s *process) await(t *testing.T) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	giveUp := time.After(limit)
	for {
		if c, err := net.Dial("tcp", s.addr); err == nil {
			c.Close()
			return
		}
		select {
		case <-tick.C:
		case <-s.done:
			t.Fatalf("it ended by itself:\n%s", s.out.String())
		case <-giveUp:
			t.Fatalf("it does not listen after %v", limit)
		}
	}
}

// stop ends the process while connections are open, one of them in the middle
// of a request, and checks that nothing of it is left.
func (s *process) stop(t *testing.T) {
	t.Helper()
	idle, half := dial(t, s.addr), dial(t, s.addr)
	idle.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
	idle.answer("GET", answerTo("/"))
	half.send("GET /hello")
	s.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-s.done:
	case <-time.After(limit):
		t.Fatalf("it runs on after SIGTERM")
	}
	if !s.cmd.ProcessState.Success() || s.out.Len() > 0 {
		t.Errorf("ended with %v, having said %q; want status 0 and nothing", s.cmd.ProcessState, s.out.String())
	}
	if err := syscall.Kill(-s.cmd.Process.Pid, 0); err != syscall.ESRCH {
		t.Errorf("something of its process group is left: %v", err)
	}
	if c, err := net.Dial("tcp", s.addr); err == nil {
		c.Close()
		t.Errorf("%s still listens", s.addr)
	}
}

// startOurs runs the Go implementation in this process.
func startOurs(t *testing.T) string {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	r, w := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		ended <- serve.Run(ctx, "classifier", serve.Options{Addr: "127.0.0.1:0", Out: w})
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

// conforms puts everything that README.md promises to the server at addr.
func conforms(t *testing.T, addr string, bytes int) {
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
			client := dial(t, addr)
			client.send(c.send)
			for _, want := range c.answers {
				client.answer(max(c.method, "GET"), want)
			}
			client.ends(c.ends)
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

// A client is one connection to a server under test.
type client struct {
	t        *testing.T
	conn     net.Conn
	reader   *bufio.Reader
	received int
}

func dial(t *testing.T, addr string) *client {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(limit))
	c := &client{t: t, conn: conn}
	c.reader = bufio.NewReader(c)
	return c
}

func (c *client) Read(p []byte) (int, error) {
	n, err := c.conn.Read(p)
	c.received += n
	return n, err
}

func (c *client) send(text string) {
	c.t.Helper()
	if _, err := io.WriteString(c.conn, text); err != nil {
		c.t.Fatal(err)
	}
}

// answer reads an answer and checks it.
func (c *client) answer(method, body string) {
	c.t.Helper()
	r, err := http.ReadResponse(c.reader, &http.Request{Method: method})
	if err != nil {
		c.t.Fatal(err)
	}
	defer r.Body.Close()
	got, err := io.ReadAll(r.Body)
	if err != nil || string(got) != body {
		c.t.Fatalf("body %q, error %v; want %q", got, err, body)
	}
	if kind := r.Header.Get("Content-Type"); r.StatusCode != 200 || kind != "text/plain" {
		c.t.Errorf("status %d, %q; want 200, text/plain", r.StatusCode, kind)
	}
	if r.TransferEncoding != nil || r.ContentLength < 79 {
		c.t.Errorf("transfer encoding %q, length %d; want a length only", r.TransferEncoding, r.ContentLength)
	}
}

// ends checks that the server ends the connection, or that it goes on with it.
func (c *client) ends(want bool) {
	c.t.Helper()
	if want {
		if b, err := c.reader.ReadByte(); !errors.Is(err, io.EOF) && !errors.Is(err, syscall.ECONNRESET) {
			c.t.Errorf("read %q, %v after the last answer; want the end", b, err)
		}
		return
	}
	c.send("GET /again HTTP/1.1\r\nHost: a\r\n\r\n")
	c.answer("GET", answerTo("/again"))
}

// refused sends what is no HTTP and checks that it is not answered as if it were.
func (c *client) refused() {
	c.t.Helper()
	c.send("\x16\x03\x01 no HTTP at all\r\n\r\n")
	all, err := io.ReadAll(c.reader)
	if err != nil && !errors.Is(err, syscall.ECONNRESET) {
		c.t.Fatalf("%v: want the connection ended", err)
	}
	if len(all) > 0 && !bytes.HasPrefix(all, []byte("HTTP/1.1 400 ")) {
		c.t.Errorf("answered %q, want 400 or nothing", all)
	}
}

// missing skips a test of a system that this machine does not have, unless all
// of them were promised: "make test-subjects" installs them.
func missing(t *testing.T, err error) {
	t.Helper()
	if os.Getenv("WEBDYNO_SUBJECTS") == "all" {
		t.Fatal(err)
	}
	t.Skip(err)
}
