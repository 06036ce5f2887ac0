package plan

import (
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"

	"webdyno/internal/load"
)

// Options says what Read knows of the world beyond the plan's text. The zero
// Options checks nothing outside of it.
type Options struct {
	Files    fs.FS // the plan's folder, to find `in:` and `file:`; nil: they are not looked for
	Subjects fs.FS // the folders of subjects that ship, where `in:` is looked for second

	Preset string // to apply; "": none
	Quick  bool   // apply the preset "quick", or shorten the plan where it has none

	// Names known elsewhere; nil: not checked.
	HeaderSets, Oracles, Serves, Plans, Signals []string

	// Recorded says that the plan comes from a record: what it names need not
	// exist any more.
	Recorded bool
}

// Read reads a plan. Name is shown in complaints, and its last part, without
// ".yaml", is the plan's name.
//
// An error is Complaints: everything that is wrong, in the plan itself and in
// each of its presets, applied or not. Read never runs anything and opens no
// files but those of opt. It takes a bounded time for any input.
func Read(name string, src []byte, opt Options) (*Plan, error) {
	if opt.Recorded {
		opt = Options{Recorded: true}
	}
	r := newReader(name, src, opt)
	root := r.parse(src)
	if root == nil {
		return nil, r.complaints.sorted()
	}
	presets := lookup(root, "presets")
	base := without(root, "presets")
	plain := r.understand(name, base)
	all := slices.Concat(r.complaints, plain.complaints)

	var chosen *reader
	wanted := r.wanted(presets)
	all = append(all, r.checkPresets(presets)...)
	for _, p := range entries(presets) {
		with := r.applied(name, base, p.value)
		all = append(all, with.only(plain, p.name)...)
		if slices.Equal(wanted, []string{p.name}) {
			chosen = with
		}
	}
	if len(r.complaints) > 0 {
		all = append(all, r.complaints...)
	}
	switch {
	case len(wanted) == 0:
		chosen = plain
	case chosen == nil && len(all) == 0:
		chosen = r.appliedBoth(name, base, presets, wanted)
		all = append(all, chosen.complaints...)
	}
	if len(all) > 0 {
		return nil, all.sorted()
	}
	return chosen.finish(wanted), nil
}

// understand reads a tree as a plan, defaults filled in.
func (r *reader) understand(name string, root *yaml.Node) *reader {
	u := r.again()
	u.values[""] = root
	p := u.plan
	*p = defaults()
	p.Name = strings.TrimSuffix(strings.TrimSuffix(path.Base(name), ".yml"), ".yaml")
	p.Title = p.Name
	grammar(p).read(u, "", root)
	u.fillIn()
	u.check()
	return u
}

// defaults is the plan of someone who has only named the subjects, before what
// depends on other parts of it is filled in.
func defaults() Plan {
	return Plan{
		Workload: Workload{Method: "GET", Headers: Headers{Set: "minimal"}},
		Warmup:   Warmup{Auto: true},
		Rewarm:   500 * time.Millisecond,
		Window:   5 * time.Second,
		Blocks:   1,
		Budget:   30 * time.Minute,
		CPUs:     CPUs{N: 1},
		Mode:     AutoMode,
		Margin:   Margins{Others: DefaultMargin},
		Seed:     1,
	}
}

// fillIn fills in the defaults that depend on what the plan says elsewhere.
func (r *reader) fillIn() {
	p := r.plan
	if !r.written("workload.path") {
		p.Workload.Path = Text{Literal: "/"}
	}
	r.fillCapacity()
	p.Profile.fill()
	r.fillLoad()
	if !r.written("compare") {
		p.Compare = usualMetric(p)
	}
	p.Rounds = fillRounds(p.Rounds, r.written("rounds.until"))
	r.fillServices()
	for i := range p.Subjects {
		p.Subjects[i].Control = p.Subjects[i].Control || p.AA && !p.Subjects[i].Bound
		fillSubject(&p.Subjects[i], r.written(join(item("subjects", i), "needs.modules")))
	}
}

// usualMetric is what subjects are compared by where the plan does not say. In an
// open load throughput is the schedule's as long as a server keeps up, and says
// nothing of it; response times do. p90 is far enough out to see queues, and
// takes no more than a hundred requests. Subjects that measure themselves are
// compared by what they measure.
func usualMetric(p *Plan) Metric {
	for _, s := range p.Subjects {
		if s.Measures() && p.takesAnyOf(&s) {
			return s.Metric.Name
		}
	}
	if p.Load.Open {
		return ResponseP90
	}
	return Throughput
}

// What rounds are where the plan does not say.
const (
	leastRounds = 10
	mostRounds  = 40
	untilShare  = 0.02
)

func fillRounds(n Rounds, hasUntil bool) Rounds {
	given := n
	if n.Max == 0 {
		n.Max = max(mostRounds, n.Min)
	}
	if n.Min == 0 {
		n.Min = min(leastRounds, n.Max)
	}
	if !hasUntil && n.Min < n.Max || given == (Rounds{}) {
		n.Until = untilShare
	}
	return n
}

func fillSubject(s *Subject, hasModules bool) {
	if s.Measures() {
		fillMeasured(s)
	} else {
		fillReady(s)
	}
	if s.URL != "" {
		return
	}
	if !hasModules {
		s.Needs.Modules = modulesOf(s.Needs.Debian)
	}
}

// fillReady fills in how a server is awaited, and, where webdyno starts it, how
// it is ended.
func fillReady(s *Subject) {
	if s.Ready.Timeout == 0 {
		s.Ready.Timeout = load.DefaultTimeout
	}
	if s.URL != "" {
		return
	}
	if s.Stop.Signal == "" {
		s.Stop.Signal = "TERM"
	}
	if s.Stop.Grace == 0 {
		s.Stop.Grace = 5 * time.Second
	}
}

// modulesOf returns the Python modules that Debian packages are named after:
// python3-X brings X, with '_' for '-'. Where that is not so, a plan says
// modules: itself.
func modulesOf(packages []string) []string {
	var modules []string
	for _, p := range packages {
		if m, ok := strings.CutPrefix(p, "python3-"); ok && m != "" && !slices.Contains([]string{"dev", "minimal", "venv", "pip"}, m) {
			modules = append(modules, strings.ReplaceAll(m, "-", "_"))
		}
	}
	return modules
}

// finish marks what the plan is the outcome of.
func (r *reader) finish(wanted []string) *Plan {
	p := r.plan
	if len(wanted) > 0 {
		p.Preset = wanted[0]
	}
	if slices.Contains(wanted, quickPreset) {
		p.Quick = true
	} else if r.opt.Quick && !p.Quick {
		shorten(p)
	}
	return p
}
