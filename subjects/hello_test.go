package subjects_test

import (
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
	"sync"
	"syscall"
	"testing"
	"time"

	"webdyno/internal/host"
	"webdyno/internal/plan"
	"webdyno/internal/supervise"
	"webdyno/plans"
	"webdyno/subjects"
)

// Every implementation is started as the plan starts it, under each interpreter
// that it runs on, and must answer alike: comparing them compares nothing else.
func TestHello(t *testing.T) {
	wanted(t)
	src, err := plans.Open("wsgi-survey")
	if err != nil {
		t.Fatal(err)
	}
	p, err := plan.Read("wsgi-survey", src, plan.Options{Subjects: subjects.Files(), Preset: "complete"})
	if err != nil {
		t.Fatal(err)
	}
	finder := &host.Finder{Path: os.Getenv("PATH")}
	for _, v := range p.Variants() {
		t.Run(v.Name(), func(t *testing.T) {
			t.Parallel()
			if why := leftOut(v.Name()); why != "" {
				t.Skip(why)
			}
			if v.Subject.Serve != "" {
				helloes(t, startOurs(t, v.Subject.Serve, v.Subject.Args...), true, many)
				return
			}
			s := startVariant(t, finder, v)
			awaken(t, s.addr)
			keeps := keepsOpen(v.Subject.Name)
			load := many
			if strings.Contains(v.Name(), "python=pypy") {
				load = few
			}
			helloes(t, s.addr, keeps, load)
			if keeps {
				used(t, s.addr)
				s.goes(t)
				return
			}
			s.leaves(t)
		})
	}
}

// leftOut says why a variant is not tested; nothing for most.
func leftOut(name string) string {
	switch {
	case name == "gunicorn-eventlet[python=pypy]":
		return "it takes a minute to start and no file of its own: gunicorn-eventlet under CPython and eventlet under PyPy are tested"
	case strings.HasSuffix(name, "[python=pypy,workers=2]"):
		return "one worker under PyPy and two under CPython are enough here"
	}
	return ""
}

// How many requests each client of a burden sends. Before a JIT has compiled
// anything, each takes several times as long as under CPython.
const (
	many = 25
	few  = 10
)

// keepsOpen tells whether a server keeps connections, as README.md has it.
func keepsOpen(name string) bool {
	switch name {
	case "gunicorn", "uwsgi", "uwsgi-gevent", "wsgiref", "hypercorn":
		return false
	}
	return true
}

// startVariant starts what the plan says, from a folder written for it and in
// the environment that it will be measured in.
func startVariant(t *testing.T, finder *host.Finder, v plan.Variant) *process {
	t.Helper()
	addr := freeAddress(t)
	hostname, port, _ := net.SplitHostPort(addr)
	words := map[string]string{"host": hostname, "port": port, "cpus": "1"}
	kind := "cpython"
	for _, c := range v.Choice {
		words[c.Factor] = c.Level.String()
		if c.Factor == "python" {
			kind = c.Level.String()
		}
	}
	needs := v.Subject.Needs
	for _, name := range needs.Commands {
		if _, _, err := finder.Command(name); err != nil {
			missing(t, err)
		}
	}
	if v.Subject.Start[0] == "{python}" {
		words["python"] = pythonFor(t, finder, kind, needs.Modules)
	}
	var argv []string
	for _, arg := range v.Subject.Start {
		filled, err := plan.Substitute(arg, words)
		if err != nil {
			t.Fatal(err)
		}
		argv = append(argv, filled)
	}
	at := materialized(t, v.Subject.In)
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Dir = string(at)
	cmd.Env = supervise.CleanEnv(t.TempDir(), nil)
	if len(needs.Npm) > 0 {
		cmd.Env = append(cmd.Env, "NODE_PATH="+nodeModules(t, v.Subject.In))
	}
	return launch(t, cmd, addr)
}

// pythonFor finds an interpreter. What Debian has in no package is missing on
// every machine, and no reason to fail.
func pythonFor(t *testing.T, finder *host.Finder, kind string, modules []string) string {
	t.Helper()
	py, err := finder.Python(t.Context(), kind, modules)
	if err == nil {
		return py.Path
	}
	for _, absent := range []string{"cyclone", "gevent.core"} {
		if strings.Contains(err.Error(), absent+" (") {
			t.Skip(err)
		}
	}
	missing(t, err)
	return ""
}

// nodeModules returns where tools/install-subjects puts what a folder's
// package-lock.json holds.
func nodeModules(t *testing.T, folder string) string {
	t.Helper()
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	at := filepath.Join(cache, "webdyno", "npm", folder, "node_modules")
	if _, err := os.Stat(at); err != nil {
		missing(t, fmt.Errorf("%w: tools/install-subjects makes it", err))
	}
	return at
}

// awaken waits for a first answer. A process that starts others listens long
// before those are ready, under PyPy with eventlet half a minute.
func awaken(t *testing.T, addr string) {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 3 * limit}
	if err := ask(client, "http://"+addr+"/"); err != nil {
		t.Fatal(err)
	}
}

// helloes puts everything that README.md promises to the server at addr, and
// then a burden of so many requests from each client.
func helloes(t *testing.T, addr string, keeps bool, each int) {
	t.Helper()
	const plain = "GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive\r\n\r\n"
	c := dial(t, addr)
	c.send(plain)
	c.answer("GET", "hello")
	if keeps {
		c.send(plain)
		c.answer("GET", "hello")
	} else {
		c.ended()
	}
	for _, last := range []string{
		"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
		"GET / HTTP/1.0\r\nHost: a\r\nUser-Agent: ApacheBench/2.3\r\nAccept: */*\r\n\r\n",
	} {
		c := dial(t, addr)
		c.send(last)
		c.answer("GET", "hello")
		c.ended()
	}
	burden(t, addr, false, each)
	if keeps {
		burden(t, addr, true, each)
	}
}

// burden asks from eight clients at once, in a browser's words, so many times
// each.
func burden(t *testing.T, addr string, keep bool, each int) {
	t.Helper()
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			transport := &http.Transport{DisableKeepAlives: !keep}
			defer transport.CloseIdleConnections()
			client := &http.Client{Transport: transport, Timeout: limit}
			for range each {
				if err := ask(client, "http://"+addr+"/"); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
}

func ask(client *http.Client, url string) error {
	req, err := http.NewRequestWithContext(context.Background(), http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	req.Header.Set("Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8")
	req.Header.Set("Accept-Encoding", "gzip,deflate,sdch")
	req.Header.Set("Accept-Language", "en-US,en;q=0.8")
	r, err := client.Do(req)
	if err != nil {
		return err
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return err
	}
	if r.StatusCode != 200 || string(body) != "hello" || r.ContentLength != 5 || r.Header.Get("Content-Encoding") != "" {
		return fmt.Errorf("answered %s %v %q", r.Status, r.Header, body)
	}
	return nil
}

// used opens a connection that has had its answer and stays open. For one that
// never asked anything Go's servers wait 5 s as they end.
func used(t *testing.T, addr string) {
	t.Helper()
	c := dial(t, addr)
	c.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive\r\n\r\n")
	c.answer("GET", "hello")
}

// leaves is goes with a connection that has asked for nothing.
func (s *process) leaves(t *testing.T) {
	t.Helper()
	dial(t, s.addr)
	s.goes(t)
}

// goes asks the process group to end, as webdyno does, while connections are
// open, and checks that all of it is gone.
func (s *process) goes(t *testing.T) {
	t.Helper()
	group := -s.cmd.Process.Pid
	syscall.Kill(group, syscall.SIGTERM)
	select {
	case <-s.done:
	case <-time.After(limit):
		t.Fatalf("it runs on after SIGTERM, having said:\n%s", s.out.String())
	}
	if state := s.cmd.ProcessState; state.ExitCode() > 0 && state.ExitCode() != 128+int(syscall.SIGTERM) {
		t.Errorf("ended with %v, having said:\n%s", state, s.out.String())
	}
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	giveUp := time.After(limit)
	for !errors.Is(syscall.Kill(group, 0), syscall.ESRCH) {
		select {
		case <-tick.C:
		case <-giveUp:
			t.Fatal("something of its process group is left")
		}
	}
	if c, err := net.Dial("tcp", s.addr); err == nil {
		c.Close()
		t.Errorf("%s still listens", s.addr)
	}
}
