package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"webdyno/internal/plan"
	"webdyno/internal/record"
	"webdyno/internal/report"
	"webdyno/internal/report/html"
	"webdyno/internal/serve"
	"webdyno/internal/workload"
	"webdyno/plans"
	"webdyno/subjects"
)

// runFlags are the choices common to run and versus.
type runFlags struct {
	out    string
	preset string
	quick  bool
	dryRun bool
	plain  bool
	resume string

	versus bool // every subject was named to be compared

	against string // a record that the subjects are held against
	old     string // the folder with the old code

	budget  string // no round begins after it
	profile string // which profiler, at the ends of rounds; "": as the plan says
	aa      bool   // every subject against itself

	services   []string // NAME=URL
	pythonPath []string
}

func runCommand(con console) *cobra.Command {
	var f runFlags
	cmd := &cobra.Command{
		Use:   "run PLAN",
		Short: "Carry out a plan: start, load and compare its subjects",
		Long: `Carries out a plan, a YAML file or one that ships with webdyno (see "webdyno
plans"), and writes a record and its report.

A plan runs commands on this machine. Read one before you run it.`,
		Example: `  webdyno run first-look
  webdyno run handler-work --quick
  webdyno run mine.yaml --dry-run
  webdyno run mine.yaml --old ../main
  webdyno run --resume webdyno-records/handler-work-20261120-181502`,
		Args: func(cmd *cobra.Command, args []string) error {
			if f.resume == "" && len(args) != 1 {
				return usageError{errors.New("run wants one plan: a file, or a name from \"webdyno plans\"")}
			}
			if f.resume != "" && len(args) != 0 {
				return usageError{errors.New("--resume takes its plan from the record: leave PLAN out")}
			}
			if f.resume != "" && (f.against != "" || f.old != "") {
				return usageError{errors.New("--resume goes on as the record's plan says, with its old builds: leave --against and --old out")}
			}
			if err := f.checkAA(); err != nil {
				return err
			}
			if f.resume != "" && f.profile != "" {
				return usageError{errors.New("--resume goes on as the record's plan says, with its profiles or without: leave --profile out")}
			}
			if f.resume != "" && (f.quick || f.preset != "" || f.out != "") {
				return usageError{errors.New("--resume goes on as the record's plan says: leave --out, --preset and --quick out")}
			}
			return nil
		},
		ValidArgsFunction: completePlans,
		RunE: func(cmd *cobra.Command, args []string) error {
			if f.resume != "" {
				return resumeRun(cmd.Context(), con, f)
			}
			src, err := openPlan(args[0])
			if err != nil {
				return err
			}
			if src.besides != "" {
				fmt.Fprintf(con.err, "%s: %s\n", programName, src.besides)
			}
			return startRun(cmd.Context(), con, src, f)
		},
	}
	addRunFlags(cmd, &f)
	cmd.Flags().StringArrayVar(&f.services, "service", nil, "use the service that runs at `NAME=URL` instead of starting the plan's NAME; repeatable")
	cmd.Flags().StringArrayVar(&f.pythonPath, "python-path", nil, "look for Python's modules in `DIR` first, a virtual environment or a folder of pip install --target; repeatable")
	cmd.Flags().StringVar(&f.against, "against", "", "hold the subjects against the `RECORD` of an old build, measured again in the same rounds where it can be started")
	cmd.Flags().StringVar(&f.old, "old", "", "find the old code in `FOLDER`, a checkout beside that of the plan; each subject is measured as it was there and as it is here")
	cmd.Flags().BoolVar(&f.aa, "aa", false, "measure every subject against itself; one that differs from itself: exit status 3")
	cmd.Flags().StringVar(&f.resume, "resume", "", "go on with the record in `DIR` where it stopped")
	return cmd
}

func addRunFlags(cmd *cobra.Command, f *runFlags) {
	cmd.Flags().StringVar(&f.out, "out", "", "write the record into `DIR` (default webdyno-records/NAME-TIME)")
	cmd.Flags().StringVar(&f.preset, "preset", "", "apply the plan's preset `NAME`")
	cmd.Flags().BoolVar(&f.quick, "quick", false, "shorter rounds and windows; the report is not publishable")
	cmd.Flags().StringVar(&f.budget, "budget", "", "begin no round after `D`, such as 20m, instead of the plan's budget; 0: no limit")
	cmd.Flags().StringVar(&f.profile, "profile", "", "take profiles too, in trials of their own: with `auto`, cprofile, sampler, pprof, v8 or perf; off: none")
	cmd.Flags().Lookup("profile").NoOptDefVal = string(plan.AutoProfiler)
	cmd.Flags().BoolVar(&f.dryRun, "dry-run", false, "list every trial in order and stop")
	cmd.Flags().BoolVar(&f.plain, "plain", false, "plain lines while it runs, on a terminal too")
}

// A source is a plan's text and where it is from.
type source struct {
	name string // shown in complaints: a path, or "handler-work (shipped)"
	text []byte
	dir  string // the folder its relative paths start from; empty if it ships

	besides string // what else the name could have meant, for people; mostly empty
}

// openPlan finds a plan: a file, or the name of one that ships. A file goes
// before a plan that ships, a folder of that name does not.
func openPlan(arg string) (source, error) {
	text, err := os.ReadFile(arg)
	ships := slices.Contains(plans.Names(), arg)
	if err == nil {
		s := source{name: arg, text: text, dir: filepath.Dir(arg)}
		if ships {
			s.besides = "this is the file " + arg + " in this folder, and not the plan of that name that ships"
		}
		return s, nil
	}
	if errors.Is(err, syscall.EISDIR) {
		if !ships {
			return source{}, usageError{fmt.Errorf("plan %s: that is a folder: want a file, or the name of a plan that ships", arg)}
		}
		s, err := shippedPlan(arg)
		s.besides = "this is the plan " + arg + " that ships; the folder of that name is no plan"
		return s, err
	}
	looksLikePath := strings.ContainsAny(arg, "/.")
	if !errors.Is(err, fs.ErrNotExist) || looksLikePath {
		return source{}, usageError{fmt.Errorf("plan %w", err)}
	}
	return shippedPlan(arg)
}

func shippedPlan(name string) (source, error) {
	text, err := plans.Open(name)
	if err != nil {
		return source{}, hinted{
			usageError{fmt.Errorf("no plan %q: neither a file here nor one that ships", name)},
			"those that ship are " + strings.Join(plans.Names(), ", "),
		}
	}
	return source{name: name + ".yaml", text: text}, nil
}

// read checks the plan whole.
func (s source) read(f runFlags) (*plan.Plan, error) {
	opt := plan.Options{
		Subjects:   subjects.Files(),
		Preset:     f.preset,
		Quick:      f.quick,
		HeaderSets: workload.HeaderSets(),
		Oracles:    workload.Oracles(),
		Serves:     serve.Names(),
		Plans:      plans.Names(),
		Signals:    report.SignalNames(),
	}
	if s.dir != "" {
		opt.Files = os.DirFS(s.dir)
	}
	return plan.Read(s.name, s.text, opt)
}

// startRun carries out a plan from its beginning.
func startRun(ctx context.Context, con console, src source, f runFlags) error {
	p, err := src.read(f)
	if err != nil {
		return err
	}
	was, err := openAgainst(f)
	if err != nil {
		return err
	}
	if was != nil {
		if p, err = was.extend(p, src, con.err); err != nil {
			return err
		}
	}
	if err := f.adjust(p); err != nil {
		return err
	}
	b, err := newBench(ctx, p, src.dir, f.pythonPath)
	if err != nil {
		return err
	}
	defer b.close()
	b.plain = f.plain
	if len(b.prepared.Entries) < 2 && p.Fallback != "" {
		b.explainSkipped(con.err)
		fmt.Fprintf(con.err, "Fewer than two subjects of %s run here; %s is carried out instead.\n\n", p.Name, p.Fallback)
		alt, err := shippedPlan(p.Fallback)
		if err != nil {
			return err
		}
		b.close()
		f.preset, f.services = "", nil
		return startRun(ctx, con, alt, f)
	}
	if len(b.prepared.Entries) == 0 {
		b.explainSkipped(con.err)
		return errors.New("no subject of the plan runs on this machine; \"webdyno subjects\" tells what would mend it")
	}
	if f.versus && len(b.prepared.Entries) == 1 {
		b.explainSkipped(con.err)
		return fmt.Errorf("only %s runs here: there is nothing to compare it with", b.prepared.Entries[0].Name)
	}
	b.announce(con.err)
	if f.dryRun {
		b.listBuilds(con.err)
		return b.listTrials(con.out, func(string) bool { return false })
	}
	if err := b.build(ctx, con.err); err != nil {
		return err
	}
	f.out = f.recordDir(p)
	return was.conclude(con, f.out, b.record(ctx, con, f))
}

// record creates the record and carries out the plan into it.
func (b *bench) record(ctx context.Context, con console, f runFlags) error {
	text, err := withoutPasswords(b.plan).YAML()
	if err != nil {
		return err
	}
	w, err := record.Create(f.out, text, b.setup())
	if err != nil {
		return err
	}
	err = b.carryOut(ctx, con, w, nil)
	return errors.Join(err, w.Close())
}

// resumeRun goes on with a record.
func resumeRun(ctx context.Context, con console, f runFlags) error {
	w, rec, err := record.Resume(f.resume)
	if err != nil {
		return err
	}
	src := source{name: filepath.Join(f.resume, "plan.yaml"), text: rec.Plan, dir: rec.Setup.PlanDir}
	p, err := src.read(runFlags{})
	if err != nil {
		return errors.Join(err, w.Close())
	}
	if err := f.adjust(p); err != nil {
		return errors.Join(err, w.Close())
	}
	b, err := newBench(ctx, p, src.dir, f.pythonPath)
	if err != nil {
		return errors.Join(err, w.Close())
	}
	defer b.close()
	b.plain = f.plain
	b.announce(con.err)
	if f.dryRun {
		return errors.Join(b.listTrials(con.out, done(rec)), w.Close())
	}
	if err := b.build(ctx, con.err); err != nil {
		return errors.Join(err, w.Close())
	}
	return errors.Join(b.carryOut(ctx, con, w, rec), w.Close())
}

// done returns a function that tells whether a trial is on record, in whatever
// attempt.
func done(rec *record.Record) func(trialID string) bool {
	whole := map[string]bool{}
	for _, t := range rec.Trials() {
		if rec.Done(t.ID) {
			id, _, _ := strings.Cut(t.ID, "-again")
			whole[id] = true
		}
	}
	return func(id string) bool { return whole[id] }
}

// conclude builds the report of a record, writes it beside the evidence, and
// prints its short form.
func conclude(con console, w *record.Writer, short bool) (*report.Report, error) {
	rep, detail, err := detailedReportOf(w.Dir())
	if err != nil {
		return nil, err
	}
	if err := w.WriteReport("report.json", rep.JSON); err != nil {
		return nil, err
	}
	page := func(out io.Writer) error { return html.Write(out, rep, detail) }
	if err := w.WriteReport("report.html", page); err != nil {
		return nil, err
	}
	full := func(out io.Writer) error { return rep.Text(out, report.TextOptions{Width: 80}) }
	if err := w.WriteReport("report.txt", full); err != nil {
		return nil, err
	}
	var text bytes.Buffer
	if err := rep.Text(&text, report.TextOptions{Width: widthOf(con.out), Short: short}); err != nil {
		return nil, err
	}
	_, err = con.out.Write(text.Bytes())
	return rep, err
}

// detailedReportOf draws conclusions from the record in dir, and returns what the
// page is drawn from beside them.
func detailedReportOf(dir string) (*report.Report, *report.Detail, error) {
	in, err := inputOf(dir)
	if err != nil {
		return nil, nil, err
	}
	return report.Detailed(in)
}

// inputOf opens the record in dir.
func inputOf(dir string) (report.Input, error) {
	rec, err := record.Open(dir)
	if err != nil {
		return report.Input{}, err
	}
	return inputFrom(rec)
}

// inputFrom is what a report is made of.
func inputFrom(rec *record.Record) (report.Input, error) {
	p, err := source{name: filepath.Join(rec.Dir, "plan.yaml"), text: rec.Plan, dir: ""}.recorded()
	if err != nil {
		return report.Input{}, err
	}
	return report.Input{Plan: p, Setup: rec.Setup, Each: rec.Each, Profiles: rec.ReadProfile}, nil
}

// recorded reads a plan from a record, where the folders it names need not
// exist any more.
func (s source) recorded() (*plan.Plan, error) {
	return plan.Read(s.name, s.text, plan.Options{Recorded: true})
}

// outcome is the exit status of a plan that was carried out, as an error. One
// that measured nothing did not do its work.
func outcome(rep *report.Report) error {
	switch {
	case len(rep.Rows)+len(rep.Capacities) == 0:
		return errors.New("nothing was measured: the report says why")
	case rep.Missed():
		return errMissed
	case rep.AA.Differs() && rep.AA.Run:
		return errItself
	case rep.Worse():
		return errWorse
	case len(rep.Untold()) > 0:
		return untoldError(rep.Untold())
	}
	return nil
}
