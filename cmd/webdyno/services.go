package main

import (
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"webdyno/internal/host"
	"webdyno/internal/lab"
	"webdyno/internal/plan"
)

// adjust applies to a plan what the command line says of its surroundings.
func (f *runFlags) adjust(p *plan.Plan) error {
	if err := f.redesign(p); err != nil {
		return err
	}
	for _, s := range f.services {
		name, address, found := strings.Cut(s, "=")
		if !found {
			return usageError{fmt.Errorf("--service %q: want NAME=URL, such as store=redis://127.0.0.1:6379", s)}
		}
		if err := p.Replace(name, address); err != nil {
			return usageError{fmt.Errorf("--service %s: %w", name, err)}
		}
	}
	for _, s := range p.Services {
		if u, err := url.Parse(s.URL); err == nil && u.User != nil {
			if password, _ := u.User.Password(); password == hiddenPassword {
				return hinted{
					usageError{fmt.Errorf("service %s: a record holds no passwords, and its address had one", s.Name)},
					"give the address again: --service " + s.Name + "=URL",
				}
			}
		}
	}
	for i, dir := range f.pythonPath {
		abs, err := filepath.Abs(dir)
		if err != nil {
			return err
		}
		if info, err := os.Stat(abs); err != nil || !info.IsDir() {
			return usageError{fmt.Errorf("--python-path %s: want a folder: a virtual environment, or one that \"pip install --target\" has filled", dir)}
		}
		f.pythonPath[i] = abs
	}
	return nil
}

// hiddenPassword is what url.URL.Redacted puts in a password's place.
const hiddenPassword = "xxxxx"

// withoutPasswords returns the plan as it may be written down.
func withoutPasswords(p *plan.Plan) *plan.Plan {
	c := *p
	c.Services = slices.Clone(p.Services)
	for i := range c.Services {
		if u, err := url.Parse(c.Services[i].URL); err == nil && u.User != nil {
			c.Services[i].URL = u.Redacted()
		}
	}
	return &c
}

// announceServices says what runs beside the subjects, and on which CPUs.
func (b *bench) announceServices(w io.Writer) {
	for _, s := range b.prepared.Services {
		switch {
		case s.Skipped != "":
			fmt.Fprintf(w, "  without service %s: %s\n", s.Name, s.Skipped)
		case s.URL != "":
			fmt.Fprintf(w, "  service %s: running already at %s\n", s.Name, s.URL)
		case len(s.CPUs) == 0:
			fmt.Fprintf(w, "  service %s: on any CPU\n", s.Name)
		default:
			fmt.Fprintf(w, "  service %s: on CPU %s%s\n", s.Name, host.FormatList(s.CPUs), b.whoseElse(s.CPUs))
		}
	}
}

// whoseElse says who shares CPUs with a service.
func (b *bench) whoseElse(cpus []int) string {
	var others []string
	shares := func(with []int) bool {
		return slices.ContainsFunc(cpus, func(c int) bool { return slices.Contains(with, c) })
	}
	if slices.ContainsFunc(b.prepared.Entries, func(e lab.Entry) bool { return shares(b.prepared.Subjects[e.Index].CPUs) }) {
		others = append(others, "the subjects'")
	}
	if shares(b.equip.CPUs.Engine) {
		others = append(others, "the engine's")
	}
	if len(others) == 0 {
		return ", its own"
	}
	return ", which is " + strings.Join(others, " and ") + " too"
}

// listBuilds says what would be built, and what has been.
func (b *bench) listBuilds(w io.Writer) {
	for _, step := range b.equip.Pending(b.prepared) {
		fmt.Fprintf(w, "  %s\n", step)
	}
}

// commandLine is what started this process, as it may be written down.
func commandLine() []string {
	password := regexp.MustCompile(`(://[^:/@]*):[^@/]+@`)
	args := slices.Clone(os.Args)
	for i := range args {
		args[i] = password.ReplaceAllString(args[i], "$1:"+hiddenPassword+"@")
	}
	return args
}

// keptPilots is where it is kept how long variants take to warm up; empty for
// whoever has no home. It is made when there is something to keep.
func keptPilots() string {
	cache, err := os.UserCacheDir()
	if err != nil {
		return ""
	}
	return filepath.Join(cache, programName, "pilots")
}

// keptFolders are where builds and node's packages are kept from run to run;
// both empty for whoever has no home that can be written to.
func keptFolders() (builds, nodeModules string) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", ""
	}
	builds = filepath.Join(cache, programName, "builds")
	if err := os.MkdirAll(builds, 0o755); err != nil {
		return "", ""
	}
	probe, err := os.MkdirTemp(builds, ".probe-") // it may be there and be another's
	if err != nil {
		return "", ""
	}
	os.Remove(probe)
	return builds, filepath.Join(cache, programName, "npm")
}
