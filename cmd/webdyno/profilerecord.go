package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"webdyno/internal/profile"
	"webdyno/internal/report"
)

// folderKind tells whether a name is that of a folder; a record if it holds trials.
func folderKind(name string) (folder, record bool) {
	info, err := os.Stat(name)
	if err != nil || !info.IsDir() {
		return false, false
	}
	_, err = os.Stat(filepath.Join(name, "trials.ndjson"))
	return true, err == nil
}

// ofFolder answers what is asked of a record, or of folders of profiles.
func (f profileFlags) ofFolder(con console, args []string, record bool) (func(io.Writer) error, error) {
	if record {
		return f.ofRecord(args[0], args[1:])
	}
	for _, name := range args {
		if folder, isRecord := folderKind(name); !folder || isRecord || len(args) > 2 {
			return nil, usageError{fmt.Errorf("%s is a folder without trials: it is compared with another folder of profiles", args[0])}
		}
	}
	return f.ofFolders(con, args)
}

// ofRecord answers what is asked of the profiles of a record: which there are, one
// of them, or what changed from one to another.
func (f profileFlags) ofRecord(dir string, names []string) (func(io.Writer) error, error) {
	if len(f.requests) > 0 {
		return nil, usageError{errors.New("--requests: the record says itself for how many requests its profiles stand")}
	}
	if f.focus != "" || f.callers {
		return nil, usageError{errors.New("--focus and --callers are for a file: name one of the record's, in its folder profiles")}
	}
	in, err := inputOf(dir)
	if err != nil {
		return nil, err
	}
	rep, err := report.Build(in)
	if err != nil {
		return nil, err
	}
	if len(rep.Profiles) == 0 {
		return nil, hinted{fmt.Errorf("%s holds no profiles", dir), "webdyno run PLAN --profile takes them"}
	}
	if len(names) == 0 {
		return f.list(rep)
	}
	var chosen []*report.Profiled
	for _, name := range names {
		p, err := f.choose(rep, name)
		if err != nil {
			return nil, err
		}
		chosen = append(chosen, p)
	}
	if len(chosen) == 1 {
		return f.ofOne(rep, chosen[0])
	}
	return f.ofTwo(rep, chosen[0], chosen[1])
}

// list says which profiles a record holds.
func (f profileFlags) list(rep *report.Report) (func(io.Writer) error, error) {
	switch f.format {
	case "text":
		return func(w io.Writer) error { return rep.ListProfiles(w, widthOf(w)) }, nil
	case "json":
		return func(w io.Writer) error { return rep.ProfilesJSON(w) }, nil
	}
	return nil, usageError{fmt.Errorf("--format %q: name the subject whose profile it is", f.format)}
}

// choose returns the one profile of a record that is meant.
func (f profileFlags) choose(rep *report.Report, name string) (*report.Profiled, error) {
	var known []string
	var fit []*report.Profiled
	for _, p := range rep.Profiles {
		if !slices.Contains(known, p.Name()) {
			known = append(known, p.Name())
		}
		if p.Name() == name && (f.by == "" || p.By == f.by) && (f.at == "" || p.Setting() == f.at) {
			fit = append(fit, p)
		}
	}
	switch {
	case !slices.Contains(known, name):
		return nil, usageError{fmt.Errorf("%s is none of what was profiled: %s", name, strings.Join(known, ", "))}
	case len(fit) == 0:
		return nil, usageError{fmt.Errorf("%s has no profile by %q at %q", name, f.by, f.at)}
	case len(fit) > 1:
		return nil, hinted{usageError{fmt.Errorf("%s was profiled %d times", name, len(fit))}, "choose: " + f.choices(fit)}
	case fit[0].N == 0:
		return nil, fmt.Errorf("%s has no profile: %s", name, strings.Join(fit[0].Lost, "; "))
	}
	return fit[0], nil
}

func (f profileFlags) choices(fit []*report.Profiled) string {
	var all []string
	for _, p := range fit {
		choice := "--by " + p.By
		if at := p.Setting(); at != "" {
			choice += fmt.Sprintf(" --at '%s'", at)
		}
		all = append(all, choice)
	}
	return strings.Join(all, ", or ")
}

// ofOne writes one profile, the sum of its rounds.
func (f profileFlags) ofOne(rep *report.Report, p *report.Profiled) (func(io.Writer) error, error) {
	order, err := profile.OrderNamed(f.order)
	if err != nil {
		return nil, usageError{fmt.Errorf("--sort: %w", err)}
	}
	if f.propose {
		return func(w io.Writer) error { return propose(w, p) }, nil
	}
	sum := p.Sum().Profile
	switch f.format {
	case "text":
		return func(w io.Writer) error { return p.Text(w, rep, order, f.top) }, nil
	case "json":
		return func(w io.Writer) error { return p.JSON(w, order, f.top) }, nil
	case "html":
		return pageOfOne(rep, p)
	case "pstats":
		return func(w io.Writer) error { return sum.Table().WriteListing(w, order, f.top) }, nil
	case "pprof":
		return sum.WritePprof, nil
	case "collapsed":
		return sum.WriteCollapsed, nil
	case "speedscope":
		return func(w io.Writer) error { return sum.WriteSpeedscope(w, p.Name()) }, nil
	}
	return nil, usageError{fmt.Errorf("--format %q: want text, json, html, pstats, pprof, collapsed or speedscope", f.format)}
}

// ofTwo writes what changed from one profile to another. Where the report sets a
// plain effect beside it, so does this.
func (f profileFlags) ofTwo(rep *report.Report, a, b *report.Profiled) (func(io.Writer) error, error) {
	d := rep.DifferenceOf(a, b)
	if d == nil {
		var err error
		if d, err = report.CompareProfiles(a, b); err != nil {
			return nil, err
		}
	}
	before, after := d.Sides()
	switch f.format {
	case "text":
		return func(w io.Writer) error { return d.Text(w, f.top) }, nil
	case "json":
		return d.JSON, nil
	case "html":
		return pageOfTwo(d)
	case "collapsed":
		return func(w io.Writer) error { return profile.WriteDifference(w, before, after) }, nil
	}
	return nil, usageError{fmt.Errorf("--format %q: of two profiles, text, json, html or collapsed", f.format)}
}

// propose says which modules might be compiled next.
func propose(w io.Writer, p *report.Profiled) error {
	s := p.Proposal()
	if s == "" {
		s = "No source file of Python's takes a hundredth of the cost: there is nothing to compile."
	}
	_, err := fmt.Fprintln(w, s)
	return err
}

// ofFolders compares two folders of profiles, of which each is a round: the first
// of one, by name, with the first of the other.
func (f profileFlags) ofFolders(con console, names []string) (func(io.Writer) error, error) {
	requests, err := f.requestsOf(len(names))
	if err != nil {
		return nil, usageError{fmt.Errorf("--requests: %w", err)}
	}
	var all []*report.Profiled
	for i, name := range names {
		p, err := f.folder(con, name, requests[i])
		if err != nil {
			return nil, err
		}
		all = append(all, p)
	}
	if len(all) == 2 {
		return f.ofTwo(&report.Report{}, all[0], all[1])
	}
	return f.ofOne(&report.Report{}, all[0])
}

// folder reads every file of a folder as the profile of a round.
func (f profileFlags) folder(con console, name string, requests float64) (*report.Profiled, error) {
	entries, err := os.ReadDir(name) // sorted by name
	if err != nil {
		return nil, err
	}
	var rounds []profile.Side
	for _, e := range entries {
		if !e.Type().IsRegular() || strings.HasPrefix(e.Name(), ".") {
			continue
		}
		p, err := profileFrom(con, filepath.Join(name, e.Name()), f.focus)
		if err != nil {
			return nil, err
		}
		rounds = append(rounds, profile.Side{Profile: p, Requests: requests})
	}
	if len(rounds) == 0 {
		return nil, fmt.Errorf("%s: there is no profile in this folder", name)
	}
	return report.ProfiledFrom(filepath.Base(name), rounds), nil
}
