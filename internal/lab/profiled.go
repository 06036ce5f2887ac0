package lab

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"webdyno/internal/capture"
	"webdyno/internal/evidence"
	"webdyno/internal/plan"
)

const (
	// profileWord stands for the file that a subject writes a profile of itself to;
	// for none where none is wanted.
	profileWord = "profile"

	// PprofVariable is the variable of the environment by which one of webdyno's own
	// servers is told where to hand out profiles of itself.
	PprofVariable = "WEBDYNO_PPROF"
)

// StartProfiled starts an entry with the profiler that p has for it. It is what
// Lab.StartProfiled wants.
func (q *Equipment) StartProfiled(prepared *Prepared, p *plan.Plan) func(context.Context, *Entry, time.Duration, map[string]string, string) (Server, *Profiler, error) {
	return func(ctx context.Context, e *Entry, load time.Duration, beside map[string]string, log string) (Server, *Profiler, error) {
		s := &profiledStart{equip: q, launch: prepared.launches[e.Index], how: p.ProfileOf(e.Subject), load: load, log: log}
		if s.launch.url != nil {
			return s.neighbour(ctx)
		}
		way, err := s.way()
		if err != nil {
			return nil, nil, err
		}
		return s.start(ctx, way, beside)
	}
}

// A profiledStart is one start of a launch with a profiler.
type profiledStart struct {
	equip  *Equipment
	launch *launch
	how    plan.SubjectProfile
	load   time.Duration
	log    string
}

func (s *profiledStart) no(by string, format string, args ...any) error {
	return &NoProfile{By: by, Why: fmt.Sprintf(format, args...)}
}

// neighbour is a server that runs already: only Go's can be asked for a profile.
func (s *profiledStart) neighbour(ctx context.Context) (Server, *Profiler, error) {
	u := s.launch.url
	if s.how.URL == "" {
		return nil, nil, s.no(string(s.how.With), "it runs already, and cannot be started anew with a profiler; one of Go that serves net/http/pprof is asked with profile: {pprof: %s/debug/pprof/profile}", u)
	}
	at, err := plan.Substitute(s.how.URL, map[string]string{"url": u.String(), "host": u.Hostname(), "port": u.Port()})
	if err != nil {
		return nil, nil, s.no(string(plan.Pprof), "%v", err)
	}
	srv, err := newNeighbour(ctx, s.launch)
	return srv, &Profiler{By: string(capture.Pprof), Capture: capture.Fetch(at, s.load, nil)}, err
}

// way settles how a profile is taken.
func (s *profiledStart) way() (capture.Way, error) {
	if s.launch.subject.WritesProfile() {
		return capture.Itself, nil
	}
	on, err := s.runsOn()
	if err != nil {
		return "", s.no(string(s.how.With), "%v", err)
	}
	switch with := s.how.With; with {
	case plan.AutoProfiler:
		return map[string]capture.Way{"go": capture.Pprof, "python": capture.Sampler, "pypy": capture.Sampler, "node": capture.V8, "": capture.Perf}[on], nil
	case plan.CProfile, plan.Sampler:
		// A program that holds a Python, such as uWSGI, is none by its name: where the
		// subject itself says so, that is tried.
		if own := s.launch.subject.Profile.With != ""; on != "python" && on != "pypy" && !own {
			return "", s.no(string(with), "%s is for Python, and it is not Python that runs it", with)
		}
		if on == "pypy" && with == plan.CProfile {
			return capture.PyPy, nil
		}
	case plan.V8:
		if on != "node" {
			return "", s.no(string(with), "v8 is for node, and it is not node that runs it")
		}
	case plan.Pprof:
		if on != "go" && s.how.URL == "" {
			return "", s.no(string(with), `nothing says where it answers with a profile of Go's: profile: {pprof: "{url}/debug/pprof/profile"}`)
		}
	}
	return capture.Way(s.how.With), nil
}

// runsOn tells what runs the subject: "go" for one of our own, "python", "pypy",
// "node", or "" for anything else. A script is run by what its first line names.
func (s *profiledStart) runsOn() (string, error) {
	l := s.launch
	if l.subject.Serve != "" {
		return "go", nil
	}
	argv, err := fill(arguments(l.subject)[:1], l.filled("", nil))
	if err != nil {
		return "", err
	}
	program := argv[0]
	if l.program != "" {
		program = l.program
	}
	if on := interpreterOf(program); on != "" {
		return on, nil
	}
	if real, err := filepath.EvalSymlinks(program); err == nil {
		program = real
	}
	return interpreterOf(shebangOf(program)), nil
}

// interpreterOf tells an interpreter by its program's name.
func interpreterOf(program string) string {
	base := filepath.Base(program)
	for _, known := range []string{"python", "pypy", "node"} {
		rest, ok := strings.CutPrefix(base, known)
		if ok && strings.Trim(rest, "0123456789.js") == "" {
			return known
		}
	}
	return ""
}

// shebangOf returns the interpreter that the first line of a script names; ""
// if it is none.
func shebangOf(file string) string {
	f, err := os.Open(file)
	if err != nil {
		return ""
	}
	defer f.Close()
	b := make([]byte, 256)
	n, _ := f.Read(b)
	line, _, _ := bytes.Cut(b[:n], []byte("\n"))
	words := strings.Fields(strings.TrimPrefix(string(line), "#!"))
	if !bytes.HasPrefix(line, []byte("#!")) || len(words) == 0 {
		return ""
	}
	if filepath.Base(words[0]) == "env" && len(words) > 1 {
		return words[len(words)-1]
	}
	return words[0]
}

// start sets the profiler and starts the server.
func (s *profiledStart) start(ctx context.Context, way capture.Way, beside map[string]string) (Server, *Profiler, error) {
	q, words := s.equip, maps.Clone(beside)
	if words == nil {
		words = map[string]string{}
	}
	port, err := q.Ports.Free()
	if err != nil {
		return nil, nil, &Trouble{evidence.Instrument, err}
	}
	c, err := s.capture(ctx, way, strconv.Itoa(int(port)), words)
	if err != nil {
		return nil, nil, s.no(string(way), "%v", err)
	}
	by := &Profiler{By: string(way), Capture: named{c, s.homes()}}
	srv, err := q.startAt(ctx, s.launch, port, words, c.Env(), s.log)
	if err != nil {
		return nil, by, err
	}
	by.PIDs = srv.Tree
	return srv, by, nil
}

func (s *profiledStart) capture(ctx context.Context, way capture.Way, port string, words map[string]string) (capture.Capture, error) {
	q := s.equip
	switch way {
	case capture.Itself:
		file, err := profileFile(s.log)
		words[profileWord] = file
		return capture.Written{File: file}, err
	case capture.Perf:
		return capture.NewPerf(ctx, q.Scratch)
	case capture.Pprof:
		return s.fetch(port)
	}
	return capture.Inject(way, q.Scratch)
}

// fetch is for Go: at the address that the plan says, or, of our own servers, at
// one that they are told.
func (s *profiledStart) fetch(port string) (capture.Capture, error) {
	if s.how.URL != "" {
		words := s.launch.filled(port, nil)
		at, err := plan.Substitute(s.how.URL, map[string]string{"url": words["url"], "host": words["host"], "port": port})
		if err == nil {
			_, err = url.Parse(at)
		}
		return capture.Fetch(at, s.load, nil), err
	}
	own, err := s.equip.Ports.Free()
	if err != nil {
		return nil, err
	}
	addr := loopback.String() + ":" + strconv.Itoa(int(own))
	return capture.Fetch("http://"+addr+"/debug/pprof/profile", s.load, []string{PprofVariable + "=" + addr}), nil
}

// profileFile is where a subject writes a profile of itself: beside its log, from
// where it is taken into the record.
func profileFile(log string) (string, error) {
	file, err := filepath.Abs(strings.TrimSuffix(log, ".log") + ".profile")
	if err != nil {
		return "", err
	}
	if err := os.Remove(file); err != nil && !errors.Is(err, os.ErrNotExist) {
		return "", err // what is there is another trial's
	}
	return file, nil
}

// named is a capture in whose profiles files are called as they are on every
// machine and in every run, so that functions of two profiles can be told to be
// the same: what webdyno unpacks lies in a folder with another name each time.
type named struct {
	capture.Capture

	homes *strings.Replacer
}

// homes replaces the folders that go with the run.
func (s *profiledStart) homes() *strings.Replacer {
	var pairs []string
	if dir := s.launch.command.Dir; s.launch.subject.In != "" && s.equip.unpacked(dir) {
		pairs = append(pairs, dir+"/", s.launch.subject.In+"/")
	}
	return strings.NewReplacer(append(pairs, s.equip.Scratch+"/", "")...)
}

func (n named) Read() (*capture.Taken, error) {
	t, err := n.Capture.Read()
	if err != nil {
		return nil, err
	}
	for _, f := range t.Data.Function {
		f.Filename = n.homes.Replace(strings.TrimPrefix(f.Filename, "file://"))
	}
	return t, nil
}
