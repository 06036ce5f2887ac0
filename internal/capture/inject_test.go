package capture

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"slices"
	"strings"
	"testing"
)

// An actor is a process that says hello and answers what it is told with what a
// test has for it.
type actor struct {
	conn net.Conn
	dir  string
}

func act(t *testing.T, c *Injected, answers map[string]string) *actor {
	t.Helper()
	vars := map[string]string{}
	for _, v := range c.Env() {
		name, value, _ := strings.Cut(v, "=")
		vars[name] = value
	}
	conn, err := net.Dial("unix", vars["WEBDYNO_CONTROL"])
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	a := &actor{conn, vars["WEBDYNO_PROFILES"]}
	fmt.Fprintln(conn, "hello 812 3.11.2")
	go func() {
		for lines := bufio.NewScanner(conn); lines.Scan(); {
			answer, ok := answers[lines.Text()]
			if !ok {
				conn.Close()
				return
			}
			fmt.Fprint(conn, strings.ReplaceAll(answer, "DIR", a.dir))
		}
	}()
	return a
}

func (a *actor) write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(a.dir+"/"+name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// What all processes wrote is added up; one that ended is told, and what lies
// elsewhere is not read.
func TestProcessesAreAddedUp(t *testing.T) {
	c := inject(t, Sampler)
	defer c.Close()
	a := act(t, c, map[string]string{"start": "started\n", "stop": "file DIR/1.txt\nfile /etc/passwd\ndone\n"})
	act(t, c, map[string]string{"start": "started\n", "stop": "file DIR/2.txt\ndone\n"})
	act(t, c, map[string]string{"start": "started\n"}) // and ends
	a.write(t, "1.txt", "main;work 10\n")
	a.write(t, "2.txt", "main;work 5\nmain 1\n")
	for { // until all have said hello
		c.mu.Lock()
		n := 0
		for _, p := range c.all {
			if p.name != "" {
				n++
			}
		}
		c.mu.Unlock()
		if n == 3 {
			break
		}
		<-c.moved
	}

	if err := c.Begin(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if err := c.End(t.Context()); err != nil {
		t.Fatal(err)
	}
	got, err := c.Read()
	if err != nil {
		t.Fatal(err)
	}
	if got.Total() != 16 || got.Processes != 2 || !slices.ContainsFunc(got.Says, func(s string) bool { return strings.HasPrefix(s, "1 more of its processes") }) {
		t.Errorf("%d of %d processes, %q; want 16 of 2, and one told lost", got.Total(), got.Processes, got.Says)
	}
}

// A process that cannot says why.
func TestProcessThatCannot(t *testing.T) {
	c := inject(t, CProfile)
	defer c.Close()
	act(t, c, map[string]string{"start": "cannot ImportError: no _lsprof\n"})
	if err := c.Begin(t.Context(), nil); err == nil || !strings.Contains(err.Error(), "no _lsprof") {
		t.Errorf("%v; want the reason", err)
	}
}

// Search paths that are there stay, behind ours.
func TestWith(t *testing.T) {
	got := With([]string{"PYTHONPATH=/a:/b", "NODE_OPTIONS=--x", "A=1"}, []string{"PYTHONPATH=/ours", "NODE_OPTIONS=--require=y", "A=2", "B=3"})
	want := []string{"PYTHONPATH=/ours:/a:/b", "NODE_OPTIONS=--require=y --x", "A=2", "B=3"}
	if !slices.Equal(got, want) {
		t.Errorf("%q; want %q", got, want)
	}
}
