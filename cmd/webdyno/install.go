package main

import (
	"cmp"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"webdyno/internal/evidence"
	"webdyno/internal/host"
	"webdyno/internal/plan"
	"webdyno/subjects"
)

// An order is what would make the subjects of a plan run here.
type order struct {
	debian map[string]bool // packages
	locked map[string]bool // folders whose package-lock.json says it all
	npm    map[string][]string
	others []string // "cyclone: git clone …"
}

// printInstall prints the commands that install what the subjects of a plan
// need and this machine lacks: a script for sh. Those that the plan defines and
// does not take are among them.
func printInstall(cmd *cobra.Command, con console, name string) error {
	src, err := openPlan(name)
	if err != nil {
		return err
	}
	p, err := src.read(runFlags{})
	if err != nil {
		return err
	}
	p.Take = nil
	b, err := newBench(cmd.Context(), p, src.dir, nil)
	if err != nil {
		return err
	}
	defer b.close()
	o := order{debian: map[string]bool{}, locked: map[string]bool{}, npm: map[string][]string{}}
	there := host.DebianPackages(b.equip.Root)
	for i, v := range p.Variants() {
		if err := b.order(&o, v, b.prepared.Subjects[i], there); err != nil {
			return err
		}
	}
	for i, s := range b.prepared.Services {
		if s.Skipped != "" {
			o.packages(p.Services[i].Needs, there)
		}
	}
	o.print(con.out)
	return nil
}

// order adds what a variant lacks.
func (b *bench) order(o *order, v plan.Variant, s evidence.Subject, there map[string]bool) error {
	if s.Skipped == "" {
		return nil
	}
	needs := v.Subject.Needs
	lacking := o.packages(needs, there)
	if pypy := "pypy3"; s.Variant["python"] == "pypy" && !there[pypy] {
		o.debian[pypy], lacking = true, true
	}
	if len(needs.Npm) > 0 {
		return b.orderNpm(o, v.Subject)
	}
	if !lacking {
		o.others = append(o.others, s.Name+": "+strings.ReplaceAll(cmp.Or(s.Hint, s.Skipped), "\n", " "))
	}
	return nil
}

// packages adds those that are not there, and tells whether there are any.
func (o *order) packages(needs plan.Needs, there map[string]bool) bool {
	lacking := false
	for _, name := range needs.Debian {
		if !there[name] {
			o.debian[name], lacking = true, true
		}
	}
	return lacking
}

// orderNpm adds the packages of a subject of node: as they are locked, where
// there is a lock. For a folder that ships, the lock is written to where its
// packages belong.
func (b *bench) orderNpm(o *order, s *plan.Subject) error {
	const lock = "package-lock.json"
	if _, _, err := b.equip.Finder.Command("npm"); err != nil {
		o.debian["npm"] = true
	}
	at, err := filepath.Abs(filepath.Join(b.planDir, s.In))
	if err != nil {
		return err
	}
	if folder, err := subjects.Folder(s.In); err == nil && !exists(filepath.Join(at, lock)) {
		at = filepath.Join(b.equip.NodeModules, s.In)
		if err := unpack(folder, at, "package.json", lock); err != nil {
			return fmt.Errorf("what npm is to install for %s: %w", s.Name, err)
		}
	}
	if exists(filepath.Join(at, lock)) {
		o.locked[at] = true
		return nil
	}
	o.npm[at] = append(o.npm[at], s.Needs.Npm...)
	return nil
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// unpack writes those of the files that folder has below dir.
func unpack(folder fs.FS, dir string, files ...string) error {
	for _, name := range files {
		content, err := fs.ReadFile(folder, name)
		if err != nil {
			continue
		}
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// print writes the order as a script. What no command installs is a comment.
func (o *order) print(w io.Writer) {
	var lines []string
	if len(o.debian) > 0 {
		lines = append(lines, "apt-get install -y --no-install-recommends "+strings.Join(slices.Sorted(maps.Keys(o.debian)), " "))
	}
	for _, dir := range slices.Sorted(maps.Keys(o.locked)) {
		lines = append(lines, "npm ci --ignore-scripts --no-audit --no-fund --prefix "+quoted(dir))
	}
	for _, dir := range slices.Sorted(maps.Keys(o.npm)) {
		slices.Sort(o.npm[dir])
		lines = append(lines, "npm install --ignore-scripts --no-audit --no-fund --prefix "+quoted(dir)+" "+strings.Join(slices.Compact(o.npm[dir]), " "))
	}
	if len(lines) > 0 {
		fmt.Fprintln(w, strings.Join(lines, " &&\n"))
	} else {
		fmt.Fprintln(w, "# there is nothing to install")
	}
	slices.Sort(o.others)
	for _, line := range slices.Compact(o.others) {
		fmt.Fprintln(w, "# "+line)
	}
}

// quoted is a path as sh takes it for one word.
func quoted(path string) string {
	if strings.Trim(path, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-+") == "" {
		return path
	}
	return "'" + strings.ReplaceAll(path, "'", `'\''`) + "'"
}
