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

	Builds      string   // folder where what was built is kept from run to run; empty: below Scratch
	PythonPath  []string // virtual environments and folders of modules that Pythons are looked for in first
	NodeModules string   // where the packages are of subjects of node that ship, in a folder for each of theirs; empty: nowhere
}

// A launch is how one variant, or a service, is started here: everything but
// the port and the addresses of services.
type launch struct {
	subject *plan.Subject
	scheme  string            // of its address
	words   map[string]string // what stands for {python}, {dir}, …: all but {port}
	program string            // the path of the first argument, where it is a bare name
	command supervise.Command // all but what holds the port
	url     *url.URL          // already running, instead of the rest

	pythonPath []string  // what PYTHONPATH holds behind the subject's own
	build      *building // what is built into a folder of its own; nil: nothing
}

// Prepared is what came of preparing a plan: what can run and how, and every
// variant's facts, those of the skipped included.
type Prepared struct {
	Entries  []Entry
	Subjects []evidence.Subject
	Services []evidence.Subject
	launches map[int]*launch // by variant
	helpers  map[string]*helperLaunch
}

// Prepare finds out which variants of p can run here. It starts nothing but what
// asks interpreters for their modules. A variant that cannot run is no error:
// its facts say why and what would mend it.
func (q *Equipment) Prepare(ctx context.Context, p *plan.Plan) (*Prepared, error) {
	out := &Prepared{launches: map[int]*launch{}, helpers: map[string]*helperLaunch{}}
	if err := q.prepareServices(ctx, p, out); err != nil {
		return nil, err
	}
	q.settle(ctx, p.Variants())
	for i, v := range p.Variants() {
		facts := evidence.Subject{Name: v.Subject.Name, Bound: v.Subject.Bound, URL: v.Subject.URL, Uses: v.Subject.Uses}
		for _, c := range v.Choice {
			if facts.Variant == nil {
				facts.Variant = map[string]string{}
			}
			facts.Variant[c.Factor] = c.Level.String()
		}
		err := out.broken(v.Subject.Uses)
		var l *launch
		if err == nil {
			l, err = q.prepare(ctx, p, v, &facts)
		}
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		if err != nil {
			facts.Skipped, facts.Hint = err.Error(), hintOf(err)
		} else {
			out.Entries = append(out.Entries, Entry{Variant: v, Index: i, Name: v.Name(), JIT: compilesLate(&facts)})
			out.launches[i] = l
		}
		out.Subjects = append(out.Subjects, facts)
	}
	return out, nil
}

// canLimitMemory tells whether a subject's memory can be limited here, before
// anything is started.
func canLimitMemory() error {
	if err := supervise.CanLimitMemory(); err != nil {
		return &host.MissingError{
			What: "limits.memory cannot be kept", Reason: err.Error(),
			Hint: "run webdyno as root, or leave limits.memory out",
		}
	}
	return nil
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
		return &launch{subject: s, scheme: "http", url: u}, err
	}
	cpus, err := q.cpusOf(p.CPUsOf(v), s.CPUs.Factor != "")
	if err != nil {
		return nil, err
	}
	unknown := placeholders(p)
	unknown[profileWord] = "{" + profileWord + "}"
	if s.Measures() {
		unknown = unmade(p, unknown)
	}
	return q.lay(ctx, v, "http", cpus, unknown, facts)
}

// lay works out how a variant, or a service, is started, and writes down what it
// is. What is not known before the start is shown as the name of it.
func (q *Equipment) lay(ctx context.Context, v plan.Variant, scheme string, cpus []int, unknown map[string]string, facts *evidence.Subject) (*launch, error) {
	s := v.Subject
	dir, err := q.folder(s)
	if err != nil {
		return nil, err
	}
	if s.Limits.Memory > 0 {
		if err := canLimitMemory(); err != nil {
			return nil, err
		}
	}
	facts.Tools = map[string]string{}
	l := &launch{subject: s, scheme: scheme, command: supervise.Command{
		Dir:    dir,
		CPUs:   cpus,
		Files:  s.Limits.Files,
		Memory: s.Limits.Memory,
		Signal: signalNamed(s.Stop.Signal),
		Grace:  s.Stop.Grace,
	}}
	l.words = map[string]string{
		"host": loopback.String(), "dir": dir, "webdyno": q.Webdyno,
		"cpus": strconv.Itoa(len(cpus)),
	}
	for _, c := range v.Choice {
		l.words[c.Factor] = c.Level.String()
	}
	if err := q.tools(ctx, l, v, facts); err != nil {
		return nil, err
	}
	if err := q.prepareBuild(ctx, l, v, unknown, facts); err != nil {
		return nil, err
	}
	if err := q.locate(l); err != nil {
		return nil, err
	}
	shown, err := q.on(l, "{port}", unknown)
	if err != nil {
		return nil, err
	}
	facts.Command, facts.Dir, facts.CPUs = shown.Argv, dir, cpus
	facts.Env, facts.EnvBytes = toldOf(shown.Env), bytesOf(shown.Env)
	q.hashProgram(shown, facts)
	l.command.Env = shown.Env // for building; each start has its own, with its port
	return l, nil
}

// on returns the command that starts l on a port, beside services that the words
// stand for.
func (q *Equipment) on(l *launch, port string, beside map[string]string) (supervise.Command, error) {
	words := l.filled(port, beside)
	cmd := l.command
	var err error
	if cmd.Argv, err = fill(arguments(l.subject), words); err != nil {
		return cmd, err
	}
	if l.program != "" {
		cmd.Argv[0] = l.program
	}
	extra, err := q.variables(l, words)
	if err != nil {
		return cmd, err
	}
	cmd.Env = supervise.CleanEnv(q.Scratch, extra)
	return cmd, nil
}

// filled are all words that stand for something in what starts l.
func (l *launch) filled(port string, beside map[string]string) map[string]string {
	words := maps.Clone(l.words)
	words[profileWord] = "" // it is to write none
	maps.Copy(words, beside)
	words["port"] = port
	words["url"] = l.scheme + "://" + words["host"] + ":" + port
	return words
}

// cpusOf chooses a variant's CPUs from those that subjects are given from. The
// engine's are among them where another variant takes all of the machine's: they
// are given only to that one, and to a subject that wants more than there are
// beside them, but to no level of a factor, which would mean another thing
// according to what else takes part.
func (q *Equipment) cpusOf(want plan.CPUs, level bool) ([]int, error) {
	if want.All {
		return q.Machine, nil
	}
	if len(q.CPUs.Subjects) == 0 {
		return nil, nil // nothing is confined: see CPUs.Why
	}
	beside := slices.DeleteFunc(slices.Clone(q.CPUs.Subjects), func(c int) bool { return slices.Contains(q.CPUs.Engine, c) })
	if len(beside) == 0 {
		beside = q.CPUs.Subjects // a single core, which all share
	}
	n := max(want.N, 1)
	switch {
	case n <= len(beside):
		return beside[:n], nil
	case level || n > len(q.CPUs.Subjects):
		return nil, fmt.Errorf("wants %d CPUs; beside the engine's this machine has %d", n, len(beside))
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

// arguments is the subject's command line, unfilled.
func arguments(s *plan.Subject) []string {
	switch {
	case s.Serve != "":
		return append([]string{"{webdyno}", "serve", s.Serve, "--addr={host}:{port}"}, s.Args...)
	case s.Shell != "":
		return []string{"/bin/sh", "-c", s.Shell}
	case s.Measures():
		return s.Measure
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
	argv := arguments(l.subject)
	if len(argv) == 0 {
		return nil // it runs already
	}
	argv, err := fill(argv[:1], l.words)
	if err != nil {
		return err
	}
	if strings.ContainsRune(argv[0], '/') {
		return nil
	}
	l.program, err = q.programOf(l.subject, argv[0])
	return err
}

// programOf returns the path of a program.
func (q *Equipment) programOf(s *plan.Subject, name string) (string, error) {
	if strings.ContainsRune(name, '/') {
		return name, nil
	}
	path, _, err := q.command(s, name)
	return path, better(err, s.Needs)
}

var signals = map[string]syscall.Signal{
	"TERM": syscall.SIGTERM, "INT": syscall.SIGINT, "QUIT": syscall.SIGQUIT,
}

func signalNamed(name string) syscall.Signal { return signals[name] }

// loopback is where every subject is asked to listen.
var loopback = netip.AddrFrom4([4]byte{127, 0, 0, 1})
