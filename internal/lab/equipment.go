package lab

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"webdyno/internal/evidence"
	"webdyno/internal/host"
	"webdyno/internal/plan"
	"webdyno/internal/supervise"
	"webdyno/subjects"
)

// Equipment is what this machine has to carry out plans with. All fields are
// required.
type Equipment struct {
	Finder     *host.Finder
	Supervisor *supervise.Supervisor
	Ports      *supervise.Ports
	CPUs       evidence.CPUs
	Machine    []int // every CPU that may be used
	Root       fs.FS // the machine's root folder, to watch it
	Interrupts host.Interrupts
	Scratch    string // a folder of the run's own: unpacked subjects, home and temporary files
	Webdyno    string // path of this program
	PlanDir    string // folder that a plan's relative paths start from; empty for a shipped plan
}

// A launch is how one variant is started here: everything but the port.
type launch struct {
	subject *plan.Subject
	words   map[string]string // what stands for {python}, {dir}, …: all but {port}
	program string            // the path of the first argument, where it is a bare name
	command supervise.Command // all but what holds the port
	url     *url.URL          // already running, instead of the rest
}

// Prepared is what came of preparing a plan: what can run and how, and every
// variant's facts, those of the skipped included.
type Prepared struct {
	Entries  []Entry
	Subjects []evidence.Subject
	launches map[int]*launch // by variant
}

// Prepare finds out which variants of p can run here. It starts nothing but what
// asks interpreters for their modules. A variant that cannot run is no error:
// its facts say why and what would mend it.
func (q *Equipment) Prepare(ctx context.Context, p *plan.Plan) (*Prepared, error) {
	out := &Prepared{launches: map[int]*launch{}}
	for i, v := range p.Variants() {
		facts := evidence.Subject{Name: v.Subject.Name, Bound: v.Subject.Bound, URL: v.Subject.URL}
		for _, c := range v.Choice {
			if facts.Variant == nil {
				facts.Variant = map[string]string{}
			}
			facts.Variant[c.Factor] = c.Level.String()
		}
		l, err := q.prepare(ctx, p, v, &facts)
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		if err != nil {
			facts.Skipped, facts.Hint = err.Error(), hintOf(err)
		} else {
			out.Entries = append(out.Entries, Entry{Variant: v, Index: i, Name: v.Name()})
			out.launches[i] = l
		}
		out.Subjects = append(out.Subjects, facts)
	}
	return out, nil
}

// hintOf returns what an error of package host knows to mend it.
func hintOf(err error) string {
	if m := new(host.MissingError); errors.As(err, &m) {
		return m.Hint
	}
	return ""
}

func (q *Equipment) prepare(ctx context.Context, p *plan.Plan, v plan.Variant, facts *evidence.Subject) (*launch, error) {
	s := v.Subject
	if s.URL != "" {
		u, err := url.Parse(s.URL)
		return &launch{subject: s, url: u}, err
	}
	cpus, err := q.cpusOf(p, s)
	if err != nil {
		return nil, err
	}
	dir, err := q.folder(s)
	if err != nil {
		return nil, err
	}
	facts.Tools = map[string]string{}
	words := map[string]string{
		"host": loopback.String(), "dir": dir, "webdyno": q.Webdyno,
		"cpus": strconv.Itoa(len(cpus)),
	}
	for _, c := range v.Choice {
		words[c.Factor] = c.Level.String()
	}
	if err := q.tools(ctx, s, v, words, facts.Tools); err != nil {
		return nil, err
	}
	l := &launch{subject: s, words: words, command: supervise.Command{
		Dir:    dir,
		CPUs:   cpus,
		Files:  s.Limits.Files,
		Memory: s.Limits.Memory,
		Signal: signalNamed(s.Stop.Signal),
		Grace:  s.Stop.Grace,
	}}
	if err := q.locate(l); err != nil {
		return nil, err
	}
	shown, err := q.on(l, "{port}")
	if err != nil {
		return nil, err
	}
	facts.Command, facts.Dir, facts.Env, facts.CPUs = shown.Argv, dir, shown.Env, cpus
	l.command.Env = shown.Env // for building; each start has its own, with its port
	return l, nil
}

// on returns the command that starts l on a port.
func (q *Equipment) on(l *launch, port string) (supervise.Command, error) {
	words := maps.Clone(l.words)
	words["port"] = port
	words["url"] = "http://" + words["host"] + ":" + port
	cmd := l.command
	var err error
	if cmd.Argv, err = fill(arguments(l.subject), words); err != nil {
		return cmd, err
	}
	if l.program != "" {
		cmd.Argv[0] = l.program
	}
	var extra []string
	for _, v := range l.subject.Env {
		value, err := plan.Substitute(v.Value, words)
		if err != nil {
			return cmd, fmt.Errorf("env %s: %w", v.Name, err)
		}
		extra = append(extra, v.Name+"="+value)
	}
	cmd.Env = supervise.CleanEnv(q.Scratch, extra)
	return cmd, nil
}

// cpusOf chooses a subject's CPUs from those that subjects are given from.
func (q *Equipment) cpusOf(p *plan.Plan, s *plan.Subject) ([]int, error) {
	want := s.CPUs
	if want == (plan.CPUs{}) {
		want = p.CPUs
	}
	if want.All {
		return q.Machine, nil
	}
	if len(q.CPUs.Subjects) == 0 {
		return nil, nil // nothing is confined: see CPUs.Why
	}
	n := max(want.N, 1)
	if n > len(q.CPUs.Subjects) {
		return nil, fmt.Errorf("wants %d CPUs; beside the engine's this machine has %d", n, len(q.CPUs.Subjects))
	}
	return q.CPUs.Subjects[:n], nil
}

// folder returns where the subject starts: one of the folders that ship with
// webdyno, unpacked, or a path.
func (q *Equipment) folder(s *plan.Subject) (string, error) {
	if s.In == "" {
		if q.PlanDir != "" {
			return filepath.Abs(q.PlanDir)
		}
		return q.Scratch, nil
	}
	if q.PlanDir != "" || filepath.IsAbs(s.In) {
		dir := s.In
		if !filepath.IsAbs(dir) {
			dir = filepath.Join(q.PlanDir, dir)
		}
		if info, err := os.Stat(dir); err == nil && info.IsDir() {
			return filepath.Abs(dir)
		}
	}
	dir, err := subjects.Materialize(s.In, q.Scratch)
	if errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("no folder %q, neither beside the plan nor among the shipped subjects", s.In)
	}
	return dir, err
}

// tools finds the interpreter and the programs the subject needs.
func (q *Equipment) tools(ctx context.Context, s *plan.Subject, v plan.Variant, words, found map[string]string) error {
	if mentions(s, "{python}") || len(s.Needs.Modules) > 0 {
		py, err := q.Finder.Python(ctx, interpreterKind(v), s.Needs.Modules)
		if err != nil {
			return better(err, s.Needs)
		}
		words["python"] = py.Path
		found["python"] = py.String()
	}
	for _, name := range s.Needs.Commands {
		path, version, err := q.Finder.Command(name)
		if err != nil {
			return better(err, s.Needs)
		}
		found[name] = strings.TrimSpace(path + " " + version)
	}
	return nil
}

// better replaces the finder's general hint by the packages the plan names.
func better(err error, n plan.Needs) error {
	m := new(host.MissingError)
	if errors.As(err, &m) && len(n.Debian) > 0 {
		m.Hint = "apt-get install -y --no-install-recommends " + strings.Join(n.Debian, " ")
	}
	return err
}

// interpreterKind is the variant's own choice, where it has one.
func interpreterKind(v plan.Variant) string {
	for _, c := range v.Choice {
		if c.Factor == "python" {
			return c.Level.String()
		}
	}
	return "cpython"
}

func mentions(s *plan.Subject, word string) bool {
	texts := slices.Concat(slices.Concat(s.Build...), s.Start, s.Args, []string{s.Shell})
	for _, v := range s.Env {
		texts = append(texts, v.Value)
	}
	return slices.ContainsFunc(texts, func(t string) bool { return strings.Contains(t, word) })
}

// arguments is the subject's command line, unfilled.
func arguments(s *plan.Subject) []string {
	switch {
	case s.Serve != "":
		return append([]string{"{webdyno}", "serve", s.Serve, "--addr={host}:{port}"}, s.Args...)
	case s.Shell != "":
		return []string{"/bin/sh", "-c", s.Shell}
	}
	return s.Start
}

func fill(args []string, words map[string]string) ([]string, error) {
	var out []string
	for _, a := range args {
		w, err := plan.Substitute(a, words)
		if err != nil {
			return nil, err
		}
		out = append(out, w)
	}
	return out, nil
}

// locate makes the program's name a path, so that what the record says is what
// was run.
func (q *Equipment) locate(l *launch) error {
	argv, err := fill(arguments(l.subject)[:1], l.words)
	if err != nil {
		return err
	}
	if strings.ContainsRune(argv[0], '/') {
		return nil
	}
	l.program, _, err = q.Finder.Command(argv[0])
	return better(err, l.subject.Needs)
}

var signals = map[string]syscall.Signal{
	"TERM": syscall.SIGTERM, "INT": syscall.SIGINT, "QUIT": syscall.SIGQUIT,
}

func signalNamed(name string) syscall.Signal { return signals[name] }

// loopback is where every subject is asked to listen.
var loopback = netip.AddrFrom4([4]byte{127, 0, 0, 1})
