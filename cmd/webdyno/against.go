package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"webdyno/internal/evidence"
	"webdyno/internal/lab"
	"webdyno/internal/plan"
	"webdyno/internal/record"
	"webdyno/internal/report"
)

// An against is what a run holds its subjects against: a record, a folder with
// the old code, or both.
type against struct {
	dir   string         // the record's
	rec   *record.Record // nil: none was given
	plan  *plan.Plan     // the record's
	old   string         // the folder with the old code; empty: where the record says
	pairs int            // subjects whose old build is measured too
}

// openAgainst reads the record that the flags name, before anything is started.
func openAgainst(f runFlags) (*against, error) {
	if f.against == "" && f.old == "" {
		return nil, nil
	}
	a := &against{dir: f.against, old: f.old}
	if f.old != "" {
		if info, err := os.Stat(f.old); err != nil || !info.IsDir() {
			return nil, hinted{
				usageError{fmt.Errorf("--old %s: that is no folder", f.old)},
				"a checkout of the old code is made by: git worktree add " + f.old + " origin/main",
			}
		}
	}
	if f.against == "" {
		return a, nil
	}
	var err error
	if a.rec, err = record.Open(f.against); err != nil {
		return nil, err
	}
	a.plan, err = source{name: filepath.Join(f.against, "plan.yaml"), text: a.rec.Plan}.recorded()
	return a, err
}

// extend adds to the plan the old build of every subject that can still be
// started, and says what becomes of each. The plan is read again from what it then
// says, so that it is checked whole like any other.
func (a *against) extend(p *plan.Plan, src source, w io.Writer) (*plan.Plan, error) {
	longer := *p
	longer.Subjects = slices.Clone(p.Subjects)
	longer.Take = slices.Clone(p.Take)
	for i := range p.Subjects {
		s := &p.Subjects[i]
		if s.OldOf != "" || s.Bound {
			continue
		}
		old, why := a.oldBuild(p, s, src)
		if why != "" {
			fmt.Fprintf(w, "  %s is not measured beside its old build: %s\n", s.Name, why)
			continue
		}
		fmt.Fprintf(w, "  %s: the old build is started in %s, in the same rounds\n", s.Name, old.In)
		a.pairs++
		longer.Subjects = append(longer.Subjects, old)
		for _, pick := range p.Take {
			if pick.Subject == s.Name {
				longer.Take = append(longer.Take, plan.Pick{Subject: old.Name, Levels: pick.Levels})
			}
		}
	}
	if a.pairs == 0 {
		return p, a.nothingToStart(w)
	}
	text, err := longer.YAML()
	if err != nil {
		return nil, err
	}
	again := src
	again.text = text
	return again.read(runFlags{})
}

// nothingToStart says what a run without any old build comes to: with a record,
// the weaker comparison; without one, nothing.
func (a *against) nothingToStart(w io.Writer) error {
	if a.rec == nil {
		return hinted{
			usageError{fmt.Errorf("--old %s: no subject of the plan has an old build there", a.old)},
			"the folder must hold what the plan's own folder holds: a checkout of the same repository",
		}
	}
	fmt.Fprintf(w, `
  NO OLD BUILD CAN BE STARTED. The new figures are set against the record, which was
  measured at another time: drift of the machine is in the difference, and two records
  of the same build may differ by more than the margin. To have both measured in the
  same rounds, give the old code with --old, such as
      git worktree add ../old origin/main
      webdyno run PLAN --old ../old

`)
	return nil
}

// oldBuild returns the old build of a subject as one of its own, or why there is
// none.
func (a *against) oldBuild(p *plan.Plan, s *plan.Subject, src source) (old plan.Subject, why string) {
	switch {
	case s.URL != "":
		return old, "it runs already, and webdyno does not start it"
	case s.Serve != "":
		return old, "it is part of webdyno"
	case src.dir == "":
		return old, "it ships with webdyno"
	}
	old = *s
	if was := a.recordedSubject(s); was != nil {
		old = *was
	}
	old.Name, old.OldOf = freeName(p, s.Name), s.Name
	if a.old != "" {
		return a.fromFolder(old, s, src)
	}
	return a.fromRecord(old, s, src)
}

// recordedSubject returns the subject as the record's plan has it, where that
// starts the same variants.
func (a *against) recordedSubject(s *plan.Subject) *plan.Subject {
	if a.plan == nil {
		return nil
	}
	for i := range a.plan.Subjects {
		was := &a.plan.Subjects[i]
		if was.Name == s.Name && was.URL == "" && was.Serve == "" && sameFactors(was.Variants, s.Variants) {
			return was
		}
	}
	return nil
}

func sameFactors(a, b []plan.Factor) bool {
	return slices.EqualFunc(a, b, func(x, y plan.Factor) bool {
		return x.Name == y.Name && slices.EqualFunc(x.Levels, y.Levels, func(l, m plan.Level) bool { return l.String() == m.String() })
	})
}

// fromFolder places the old build in the folder that --old names.
func (a *against) fromFolder(old plan.Subject, s *plan.Subject, src source) (plan.Subject, string) {
	if filepath.IsAbs(s.In) {
		return old, fmt.Sprintf("its folder, %s, is not given relative to the plan", s.In)
	}
	here, err := filepath.Abs(src.dir)
	if err != nil {
		return old, err.Error()
	}
	if s.In != "" && !isDir(filepath.Join(here, s.In)) {
		return old, "it ships with webdyno"
	}
	there, err := filepath.Abs(planFolderIn(a.old, here, filepath.Base(src.name)))
	if err != nil {
		return old, err.Error()
	}
	old.In = filepath.Join(there, s.In)
	if !isDir(old.In) {
		return old, fmt.Sprintf("there is no folder %s", old.In)
	}
	if sameFolder(old.In, filepath.Join(here, s.In)) {
		return old, fmt.Sprintf("--old names the folder of the new build, %s", old.In)
	}
	if old.Venv != "" && !filepath.IsAbs(old.Venv) {
		old.Venv = nearest(filepath.Join(there, old.Venv), filepath.Join(here, old.Venv))
	}
	return old, ""
}

// planFolderIn returns which folder of a checkout is the plan's: the one that has
// the plan, be it as far down as the plan's own lies; else, for a plan that is
// new, the one in the place that the plan's has in its repository; else the
// checkout itself.
func planFolderIn(checkout, planDir, planFile string) string {
	for root := planDir; ; root = filepath.Dir(root) {
		below, err := filepath.Rel(root, planDir)
		if err != nil {
			return checkout
		}
		there := filepath.Join(checkout, below)
		if exists(filepath.Join(there, planFile)) || exists(filepath.Join(root, ".git")) && isDir(there) {
			return there
		}
		if root == filepath.Dir(root) {
			return checkout
		}
	}
}

// fromRecord places the old build where the record found it, if what was there is
// there still.
func (a *against) fromRecord(old plan.Subject, s *plan.Subject, src source) (plan.Subject, string) {
	was := a.recordedFacts(s.Name)
	switch {
	case was == nil:
		return old, "the record does not have it"
	case was.Skipped != "":
		return old, "it did not run when the record was made: " + was.Skipped
	case was.Dir == "" || was.Content["folder"] == "":
		return old, "the record does not say where it was, or what it was"
	case !isDir(was.Dir):
		return old, fmt.Sprintf("its old folder, %s, is gone (--old gives another)", was.Dir)
	}
	now, err := lab.FolderContent(was.Dir)
	if err != nil {
		return old, err.Error()
	}
	here := filepath.Join(src.dir, s.In)
	switch {
	case sameFolder(was.Dir, here) && now == was.Content["folder"]:
		return old, "it has not changed since the record was made"
	case sameFolder(was.Dir, here):
		return old, fmt.Sprintf("its old code was in %s, where the new code is now (--old gives the folder of a checkout of it)", was.Dir)
	case now != was.Content["folder"]:
		return old, fmt.Sprintf("its old folder, %s, has changed since (--old gives another)", was.Dir)
	}
	old.In = was.Dir
	if old.Venv != "" && !filepath.IsAbs(old.Venv) {
		old.Venv = filepath.Join(a.rec.Setup.PlanDir, old.Venv)
	}
	return old, ""
}

func (a *against) recordedFacts(subject string) *evidence.Subject {
	for i := range a.rec.Setup.Subjects {
		if s := &a.rec.Setup.Subjects[i]; s.Name == subject {
			return s
		}
	}
	return nil
}

// freeName returns what the old build of a subject is called.
func freeName(p *plan.Plan, name string) string {
	const longest = 56 // of the 64 characters that a name may have
	base := name[:min(len(name), longest)] + "-old"
	for n, free := 2, base; ; n++ {
		if !slices.ContainsFunc(p.Subjects, func(s plan.Subject) bool { return s.Name == free }) {
			return free
		}
		free = fmt.Sprintf("%s-%d", base, n)
	}
}

func isDir(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.IsDir()
}

// nearest returns the first of two folders if it is there, else the second.
func nearest(a, b string) string {
	if isDir(a) {
		return a
	}
	return b
}

// conclude sets the new record against the old one where no old build could be
// started, and prints what came of it. Err is how the run ended.
func (a *against) conclude(con console, dir string, err error) error {
	if a == nil || a.pairs > 0 || err != nil {
		return err
	}
	c, err := changesOf([]string{a.dir, dir}, report.ChangeOptions{})
	if err != nil {
		return err
	}
	fmt.Fprintln(con.out)
	if err := c.Text(con.out, report.TextOptions{Width: widthOf(con.out)}); err != nil {
		return err
	}
	return verdictOf(c)
}

// recordDir is where a run's record goes.
func (f runFlags) recordDir(p *plan.Plan) string {
	if f.out != "" {
		return f.out
	}
	return filepath.Join("webdyno-records", p.Name+"-"+time.Now().Format("20060102-150405"))
}
