package subjects_test

import (
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
)

// page is what every implementation answers.
var page = strings.Repeat("Hello world\n", 5000)

func TestTornadoHTTP(t *testing.T) {
	wanted(t)
	for _, c := range []struct{ name, program, modules string }{
		{"plain", "", "none"},
		{"compiled", "", "httpserver"},
		{"pypy", "pypy3", "none"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			python, err := interpreter(c.program, "tornado, Cython")
			if err != nil {
				missing(t, err)
			}
			from, env := materialized(t, "tornado_http"), ""
			if c.modules != "none" {
				env = from.build(t, python, c.modules)
			}
			measuresItself(t, from, python, c.modules, env, c.program != "pypy3")
			s := from.start(t, python, []string{"tornado_http.py", "--modules=" + c.modules}, env)
			sendsPage(t, s.addr)
			s.ends(t)
			refusesOthers(t, from, python, env)
		})
	}
}

// measuresItself checks that the benchmark prints a line for each loop, and
// nothing else; under the profiler as well, where that is sound: PyPy's ends, now
// and then, in a segmentation fault, and no plan profiles it.
func measuresItself(t *testing.T, from source, python, modules, env string, profiled bool) {
	t.Helper()
	ways := [][]string{nil}
	if profiled {
		ways = append(ways, []string{"--profile"})
	}
	for _, more := range ways {
		args := append([]string{"bm_tornado_http.py", "--modules=" + modules, "--loops=2", "--warmup=0"}, more...)
		out, err := from.command(t, python, args, env).CombinedOutput()
		if err != nil || !regexp.MustCompile(`^(loop: \d+\.\d{6}\n){2}$`).Match(out) {
			t.Errorf("%q: %v:\n%s", args, err, out)
		}
	}
}

// sendsPage checks the page over the wire: in chunks, and on a kept connection.
func sendsPage(t *testing.T, addr string) {
	t.Helper()
	c := dial(t, addr)
	for range 2 {
		c.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
		r, err := http.ReadResponse(c.reader, &http.Request{Method: "GET"})
		if err != nil {
			t.Fatal(err)
		}
		var b strings.Builder
		if _, err := io.Copy(&b, r.Body); err != nil || b.String() != page {
			t.Fatalf("%d bytes, %v", b.Len(), err)
		}
		if r.StatusCode != 200 || len(r.TransferEncoding) != 1 || r.Header.Get("Etag") != "" {
			t.Errorf("status %d, transfer encoding %q, fields %q", r.StatusCode, r.TransferEncoding, r.Header)
		}
	}
}

// refusesOthers checks that neither measures other modules than it is asked for.
func refusesOthers(t *testing.T, from source, python, env string) {
	t.Helper()
	for _, script := range []string{"bm_tornado_http.py", "tornado_http.py"} {
		cmd := from.command(t, python, []string{script, "--modules=iostream"}, env)
		if script == "tornado_http.py" {
			cmd.Args = append(cmd.Args, "--port=0")
		}
		out, err := cmd.CombinedOutput()
		if err == nil || !strings.Contains(string(out), "want iostream; build.py") {
			t.Errorf("%s: %v, saying %q", script, err, out)
		}
	}
}
