package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"webdyno/internal/calibrate"
	"webdyno/internal/engine"
	"webdyno/internal/evidence"
	"webdyno/internal/host"
	"webdyno/internal/lab"
	"webdyno/internal/plan"
	"webdyno/internal/record"
	"webdyno/internal/supervise"
	"webdyno/internal/sys"
	"webdyno/internal/workload"
)

// A bench is a plan and all that is needed to carry it out here.
type bench struct {
	plan     *plan.Plan
	planDir  string
	equip    *lab.Equipment
	prepared *lab.Prepared
	settings []plan.Setting
	scratch  *scratch
	plain    bool // lines instead of a screen
}

// newBench finds out what of p can run on this machine.
func newBench(ctx context.Context, p *plan.Plan, planDir string, pythonPath []string) (*bench, error) {
	settings, err := p.Settings()
	if err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	scratch, err := newScratch()
	if err != nil {
		return nil, err
	}
	b := &bench{plan: p, planDir: planDir, settings: settings, scratch: scratch}
	root := os.DirFS("/")
	topology, err := host.ReadTopology(root)
	if err != nil {
		b.close()
		return nil, err
	}
	want, all := widest(p, topology)
	b.equip = &lab.Equipment{
		Finder:     &host.Finder{Path: os.Getenv("PATH")},
		Supervisor: &supervise.Supervisor{Keeper: []string{self, hiddenKeeper}, Exec: []string{self, hiddenExec}, Subreaper: true},
		Ports:      &supervise.Ports{},
		CPUs:       host.Assign(topology, want, all),
		Machine:    ids(topology),
		Root:       root,
		Interrupts: host.ReadInterrupts(root),
		Scratch:    scratch.dir,
		Webdyno:    self,
		PlanDir:    planDir,
		PythonPath: pythonPath,
	}
	b.equip.Builds, b.equip.NodeModules = keptFolders()
	b.prepared, err = b.equip.Prepare(ctx, p)
	if err != nil {
		b.close()
		return nil, err
	}
	return b, nil
}

// close removes what was unpacked for the run. It may be called twice.
func (b *bench) close() { b.scratch.remove() }

func ids(t host.Topology) []int {
	var all []int
	for _, cpu := range t {
		all = append(all, cpu.ID)
	}
	return all
}

// widest returns the most CPUs that a variant of p wants beside the engine's, and
// whether one wants all of the machine's. Of the levels of a factor only those
// count that the machine can give without taking the engine's: the others are
// skipped, so that the engine is the same for all levels.
func widest(p *plan.Plan, topology host.Topology) (n int, all bool) {
	n = 1
	var levels []int
	for _, v := range p.Variants() {
		c := p.CPUsOf(v)
		all = all || c.All
		if v.Subject.CPUs.Factor != "" {
			levels = append(levels, c.N)
			continue
		}
		n = max(n, c.N)
	}
	slices.Sort(levels)
	for _, level := range levels {
		if level > n && !host.Assign(topology, level, false).Shared {
			n = level
		}
	}
	for _, s := range p.Services {
		if beside := n + s.CPUs.N; beside > n && !host.Assign(topology, beside, false).Shared {
			n = beside // else the service has the subjects' CPUs
		}
	}
	return n, all
}

// setup is what was true before the first trial, what this machine's last
// calibration found included.
func (b *bench) setup() *evidence.Setup {
	facts := host.Facts(b.equip.Root)
	maps.Copy(facts, host.Own())
	maps.Copy(facts, calibrate.LastFacts())
	kernel, notes := host.Kernel(b.equip.Root, b.plan.Kernel)
	maps.Copy(facts, kernel)
	return &evidence.Setup{
		Version:  1,
		Began:    time.Now(),
		Webdyno:  build(),
		Command:  commandLine(),
		PlanDir:  b.planDir,
		Facts:    facts,
		CPUs:     b.equip.CPUs,
		Subjects: b.prepared.Subjects,
		Notes:    slices.Concat(notes, b.portNotes()),
		Services: b.prepared.Services,
	}
}

// announce says what is going to be done and how long it takes.
func (b *bench) announce(w io.Writer) {
	p := b.plan
	var names []string
	for _, e := range b.prepared.Entries {
		names = append(names, e.Name)
	}
	fmt.Fprintf(w, "%s\n", p.Title)
	fmt.Fprintf(w, "  %s, at %s\n", strings.Join(names, ", "), count(len(b.settings), "setting"))
	rounds := count(p.Rounds.Max, "round")
	if p.Rounds.Until > 0 && p.Rounds.Min < p.Rounds.Max {
		rounds = fmt.Sprintf("%d to %d rounds", p.Rounds.Min, p.Rounds.Max)
	}
	jits := lab.JITs(b.prepared.Entries)
	trials, most := p.Rounds.Max*len(p.Round(1))*len(names), " at most"
	if p.Searches() {
		trials = p.SearchLength() * len(names)
		most = "" // nobody knows how many find the brackets
	}
	if p.Measures() {
		fmt.Fprintf(w, "  %s, %s at most, each as long as it takes", rounds, count(trials, "run"))
		if p.Budget > 0 {
			fmt.Fprintf(w, "; no round begins after %s", about(p.Budget))
		}
		fmt.Fprintln(w)
	} else {
		fmt.Fprintf(w, "  %s, %s of %v%s; about %s\n", rounds, searched(p, count(trials, "trial")), p.Window, most, aboutFrom(p.Shortest(len(names), jits), p.Estimate(len(names), jits)))
	}
	fmt.Fprintf(w, "  %s\n", strings.ReplaceAll(b.equip.CPUs.Why, "; ", ";\n  "))
	_, notes := host.Kernel(b.equip.Root, p.Kernel)
	for _, n := range slices.Concat(notes, b.portNotes()) {
		fmt.Fprintf(w, "  %s\n", n.Text)
	}
	b.announceServices(w)
	for _, tool := range b.tools() {
		fmt.Fprintf(w, "  %s\n", tool)
	}
	b.explainSkipped(w)
	fmt.Fprintln(w)
}

// searched says of a number of trials that it is about right, where a search has as
// many as it takes.
func searched(p *plan.Plan, trials string) string {
	if p.Searches() {
		return "about " + trials
	}
	return trials
}

// tools are the interpreters and programs that were found for the subjects,
// each with those that it serves: "uvloop, python: /usr/bin/python3 (…)".
func (b *bench) tools() []string {
	users := map[string][]string{}
	for _, s := range b.prepared.Subjects {
		for _, tool := range s.Tools {
			if s.Skipped == "" && !slices.Contains(users[tool], s.Name) {
				users[tool] = append(users[tool], s.Name)
			}
		}
	}
	var out []string
	for _, tool := range slices.Sorted(maps.Keys(users)) {
		out = append(out, strings.Join(users[tool], ", ")+": "+tool)
	}
	return out
}

// build carries out the subjects' build steps.
func (b *bench) build(ctx context.Context, w io.Writer) error {
	before := len(b.prepared.Entries)
	tell := func(step string) { fmt.Fprintf(w, "  %s\n", step) }
	if err := b.equip.Build(ctx, b.prepared, tell); err != nil {
		return err
	}
	if len(b.prepared.Entries) < before {
		b.explainSkipped(w)
	}
	if len(b.prepared.Entries) == 0 {
		return errors.New("no subject of the plan could be built")
	}
	return nil
}

// explainSkipped says which variants are left out, and what would mend it: one
// command for all of them. Those with the same reason are told together.
func (b *bench) explainSkipped(w io.Writer) {
	why := func(s evidence.Subject) string {
		if s.Hint != "" {
			return fmt.Sprintf("%s (%s)", s.Skipped, s.Hint)
		}
		return s.Skipped
	}
	names := map[string][]string{}
	for _, s := range b.prepared.Subjects {
		names[why(s)] = append(names[why(s)], plan.VariantName(s.Name, s.Variant))
	}
	for _, s := range b.prepared.Subjects {
		if all := names[why(s)]; s.Skipped != "" && all != nil {
			fmt.Fprintf(w, "  without %s: %s\n", strings.Join(all, ", "), why(s))
			for _, line := range s.Last {
				fmt.Fprintf(w, "      %s\n", line)
			}
			names[why(s)] = nil
		}
	}
}

// listTrials prints every trial that is not done, in the order it would be
// carried out.
func (b *bench) listTrials(w io.Writer, done func(trialID string) bool) error {
	if b.plan.Searches() {
		return b.listSearch(w)
	}
	variants := b.plan.Variants()
	var present []int
	for _, e := range b.prepared.Entries {
		present = append(present, e.Index)
	}
	for n := 1; n <= b.plan.Rounds.Max; n++ {
		for _, blk := range b.plan.RoundAmong(n, present) {
			for _, v := range blk.Order {
				id := plan.TrialID(n, blk, variants[v])
				if done(id) {
					continue
				}
				_, err := fmt.Fprintf(w, "%s\t%s\n", id, choices(b.settings[blk.Setting]))
				if err != nil {
					return err
				}
			}
		}
		if err := b.listProfiles(w, n, done); err != nil {
			return err
		}
	}
	return nil
}

func choices(s plan.Setting) string {
	var out []string
	for _, c := range s.Choice {
		out = append(out, c.Factor+"="+c.Level.String())
	}
	return strings.Join(out, " ")
}

// carryOut runs the plan into w, goes on where rec left off if there is one,
// and concludes whatever came of it.
func (b *bench) carryOut(ctx context.Context, con console, w *record.Writer, rec *record.Record) error {
	if err := sys.SetProcessAffinity(b.equip.CPUs.Engine); err != nil {
		return fmt.Errorf("confine webdyno to CPUs %v: %w", b.equip.CPUs.Engine, err)
	}
	eng, err := engine.Open(engine.Config{Loops: max(1, len(b.equip.CPUs.Engine)), Backend: backendOf(b.plan)})
	if err != nil {
		return err
	}
	defer eng.Close()
	look, err := b.look(ctx, con, eng, rec)
	if err != nil {
		return err
	}
	defer look.end() // whatever happens, the terminal is given back
	l := &lab.Lab{
		Generate: eng,
		Start:    b.equip.Start(b.prepared),

		StartProfiled: b.equip.StartProfiled(b.prepared, b.plan),

		StartService: b.equip.StartService(b.prepared),

		Measure:   b.equip.Measure(b.prepared),
		Ask:       ask,
		Hold:      hold,
		Canaries:  b.equip.Canaries,
		Watch:     b.equip.WatchMachine,
		Progress:  eng.Progress,
		MeterSelf: lab.MeterSelf,
		Observe:   look.observe,
		Control:   look.control,
		Pilots:    b.equip.Pilots(keptPilots(), b.plan, b.prepared, host.Facts(b.equip.Root)),
	}
	x := lab.Experiment{Plan: b.plan, Entries: b.prepared.Entries, Settings: b.settings, Setup: b.setup()}
	if rec != nil {
		x.Before, x.Skipped = rec.Each, look.skipped
		for _, t := range rec.Trials() {
			x.Past = append(x.Past, lab.Past{Trial: t, Whole: rec.Done(t.ID)})
		}
	}
	runErr := l.Run(ctx, x, w)
	look.end()
	rep, err := conclude(con, w, true)
	if runErr != nil {
		fmt.Fprintf(con.err, "\nWhat was measured is in %s; go on with: webdyno run --resume %s\n", w.Dir(), w.Dir())
		return runErr
	}
	if err != nil {
		return err
	}
	b.nextStep(con.out, w.Dir())
	return outcome(rep)
}

// nextStep says where the record is and what to try now.
func (b *bench) nextStep(w io.Writer, dir string) {
	fmt.Fprintf(w, "\nThe record is in %s.\n", dir)
	fmt.Fprintf(w, "All of it: webdyno report %s\n", dir)
	if strings.HasPrefix(b.plan.Name, "first-look") {
		fmt.Fprintf(w, "Next: webdyno run handler-work --quick, or your own: webdyno versus './a {port}' './b {port}'\n")
	}
}

// ask sends one request apart from any load.
func ask(ctx context.Context, to lab.Address, r *workload.Request) (*workload.Answer, error) {
	var a workload.Answer
	var err error
	if to.TLS == nil {
		a, err = workload.Ask(ctx, to.Network(), to.String(), r)
	} else {
		a, err = askOverTLS(ctx, to, r)
	}
	if err == nil {
		err = r.Expect.Check(&a)
	}
	if err != nil {
		return nil, err
	}
	return &a, nil
}

func askOverTLS(ctx context.Context, to lab.Address, r *workload.Request) (workload.Answer, error) {
	conn, err := to.TLS.Dial(ctx, to.Network(), to.String())
	if err != nil {
		return workload.Answer{}, err
	}
	defer conn.Close()
	return workload.AskOn(ctx, conn, r)
}

// backendOf is what sends a plan's load: the best there is, or, where one of its
// subjects is asked over TLS, net for all of them. Subjects that are compared are
// asked by the same engine.
func backendOf(p *plan.Plan) engine.Backend {
	for _, v := range p.Variants() {
		if v.Subject.TLS() {
			return engine.Net
		}
	}
	return engine.Auto
}

// count says how many of something there are.
func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// aboutFrom says what lies between the shortest and the longest estimate.
func aboutFrom(least, most time.Duration) string {
	a, b := about(least), about(most)
	n, unit, _ := strings.Cut(a, " ")
	switch m, same, _ := strings.Cut(b, " "); {
	case a == b:
		return b
	case unit == same:
		return n + " to " + m + " " + unit
	}
	return a + " to " + b
}

// about rounds an estimate to what it is worth.
func about(d time.Duration) string {
	if d < 90*time.Second {
		return fmt.Sprintf("%d seconds", int(d.Round(5*time.Second).Seconds()))
	}
	if d < 3*time.Hour {
		return fmt.Sprintf("%d minutes", int(d.Round(time.Minute).Minutes()))
	}
	return fmt.Sprintf("%d hours", int(d.Round(time.Hour).Hours()))
}
