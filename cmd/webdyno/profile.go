package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"

	"github.com/spf13/cobra"

	"webdyno/internal/profile"
	"webdyno/internal/report"
	"webdyno/internal/unit"
)

// profileFlags are what is asked of one profile or of two.
type profileFlags struct {
	format, file, order, focus string
	requests                   []string
	top                        int
	callers                    bool
	propose                    bool
	html                       string
	by, at                     string // which of a record's profiles of one subject
}

func profileCommand(con console) *cobra.Command {
	f := profileFlags{format: "text", order: "tottime", top: 20}
	cmd := &cobra.Command{
		Use:   "profile FILE [AFTER] | RECORD [SUBJECT [SUBJECT]]",
		Short: "Read profiles, in files of any known format or in a record; of two, say what changed",
		Long: `Reads what profilers write, whatever wrote it: pprof (Go and many others),
cProfile's dumps and the listings that pstats prints (CPython, PyPy), V8's
.cpuprofile (node --cpu-prof), the text of perf script, collapsed stacks, and
speedscope's JSON. One file is printed as a table by function or converted; of two,
what changed between them is said, by function.

Two profiles are compared per request where --requests says how many each stands
for: --requests 600, or --requests 600,450. Functions are joined by name and file.
Two folders of profiles are compared as rounds, the first file of one with the first
of the other, each for so many requests: then it is said which changes are shown.

Of a record, the folder that "webdyno run" wrote, its profiles are listed; with a
subject its profile is printed, with two what changed between them, for one request
and over rounds, as the record has them.

--propose says which modules of Python might be compiled next, by what their own
code costs, and what that could gain at most.

Time under a profiler is not time: how much a change gains, plain timing tells
("webdyno run", "webdyno versus"); a profile tells where.`,
		Example: `  webdyno profile app.prof
  webdyno profile cpu.pb.gz --sort cumtime --top 30
  perf script -F +period | webdyno profile -
  webdyno profile before.prof after.prof --requests 10k
  webdyno profile app.cpuprofile --format pprof -o app.pb.gz
  webdyno profile app.prof --propose
  webdyno profile before.pb.gz after.pb.gz --requests 10k --html page.html
  webdyno profile webdyno-records/tornado-cython-2026-03-04T050607Z
  webdyno profile RECORD 'profiled[modules=none]' 'profiled[modules=hot]'`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) < 1 || len(args) > 3 {
				return usageError{errors.New("profile wants a file, or two to compare, - being standard input; or a record and one or two of its subjects")}
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error {
			if f.html != "" {
				f.format, f.file = "html", f.html
			}
			if folder, record := folderKind(args[0]); folder {
				write, err := f.ofFolder(con, args, record)
				if err != nil {
					return err
				}
				return written(con, f.file, write)
			}
			if len(args) > 2 {
				return usageError{fmt.Errorf("%s is no record: profile compares two files", args[0])}
			}
			var all []*profile.Profile
			for _, name := range args {
				p, err := profileFrom(con, name, f.focus)
				if err != nil {
					return err
				}
				all = append(all, p)
			}
			write, err := f.writer(all, args)
			if err != nil {
				return err
			}
			return written(con, f.file, write)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.format, "format", f.format, "text, json, html, pstats, pprof, collapsed or speedscope; of two: text, json, html or collapsed")
	flags.StringVar(&f.html, "html", "", "write a page to `FILE`: flame graph and table; short for --format html -o FILE")
	flags.StringVarP(&f.file, "output", "o", "", "write it to `FILE`")
	flags.StringVar(&f.order, "sort", f.order, "what rows are sorted by: tottime, cumtime, ncalls or name")
	flags.IntVar(&f.top, "top", f.top, "how many rows are shown; 0: all")
	flags.StringVar(&f.focus, "focus", "", "count only stacks with a function that the regular `EXPRESSION` matches")
	flags.BoolVar(&f.callers, "callers", false, "show who called each function, and what for")
	flags.StringSliceVar(&f.requests, "requests", nil, "how many requests the profiles stand for: `N`, or N,M of two")
	flags.BoolVar(&f.propose, "propose", false, "say which modules of Python might be compiled next")
	flags.StringVar(&f.by, "by", "", "of a record: the `PROFILER`, where several were used")
	flags.StringVar(&f.at, "at", "", "of a record: the `SETTING`, where there are several, such as 'rate = 200'")
	return cmd
}

// profileFrom reads one profile from a file or, as "-", from standard input.
func profileFrom(con console, name, focus string) (*profile.Profile, error) {
	data, err := os.ReadFile(name)
	if name == "-" {
		data, err = io.ReadAll(con.in)
	}
	if err != nil {
		return nil, err
	}
	p, err := profile.Read(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if focus == "" {
		return p, nil
	}
	e, err := regexp.Compile(focus)
	if err != nil {
		return nil, usageError{fmt.Errorf("--focus: %w", err)}
	}
	return p.Focus(e), nil
}

// writer returns what writes the answer.
func (f profileFlags) writer(all []*profile.Profile, names []string) (func(io.Writer) error, error) {
	order, err := profile.OrderNamed(f.order)
	if err != nil {
		return nil, usageError{fmt.Errorf("--sort: %w", err)}
	}
	requests, err := f.requestsOf(len(all))
	if err != nil {
		return nil, usageError{fmt.Errorf("--requests: %w", err)}
	}
	if len(all) == 2 {
		if f.format == "json" || f.format == "html" {
			return f.ofTwo(&report.Report{}, report.ProfiledFrom(names[0], []profile.Side{{Profile: all[0], Requests: requests[0]}}),
				report.ProfiledFrom(names[1], []profile.Side{{Profile: all[1], Requests: requests[1]}}))
		}
		return f.difference(profile.Side{Profile: all[0], Requests: requests[0]}, profile.Side{Profile: all[1], Requests: requests[1]})
	}
	p := all[0]
	one := report.ProfiledFrom(names[0], []profile.Side{{Profile: p, Requests: requests[0]}})
	if f.propose {
		return func(w io.Writer) error { return propose(w, one) }, nil
	}
	switch f.format {
	case "json":
		return func(w io.Writer) error { return one.JSON(w, order, f.top) }, nil
	case "html":
		return pageOfOne(&report.Report{}, one)
	case "text":
		return func(w io.Writer) error { return f.table(w, p, order, requests[0]) }, nil
	case "pstats":
		return func(w io.Writer) error { return p.Table().WriteListing(w, order, f.top) }, nil
	case "pprof":
		return p.WritePprof, nil
	case "collapsed":
		return p.WriteCollapsed, nil
	case "speedscope":
		return func(w io.Writer) error { return p.WriteSpeedscope(w, names[0]) }, nil
	}
	return nil, usageError{fmt.Errorf("--format %q: want text, json, html, pstats, pprof, collapsed or speedscope", f.format)}
}

func (f profileFlags) requestsOf(profiles int) ([]float64, error) {
	ns := make([]float64, profiles)
	if len(f.requests) > profiles {
		return nil, fmt.Errorf("%d numbers for %d profiles", len(f.requests), profiles)
	}
	for i := range ns {
		if len(f.requests) == 0 {
			break
		}
		n, err := unit.ParseCount(f.requests[min(i, len(f.requests)-1)])
		if err != nil {
			return nil, err
		}
		if n <= 0 {
			return nil, fmt.Errorf("%d is no number of requests", n)
		}
		ns[i] = float64(n)
	}
	return ns, nil
}

func (f profileFlags) table(w io.Writer, p *profile.Profile, order profile.Order, requests float64) error {
	t := p.Table()
	if f.callers {
		return t.CallersText(w, order, f.top)
	}
	if err := t.WriteListing(w, order, f.top); err != nil {
		return err
	}
	says := p.Says
	if requests > 0 {
		says = append(says, t.PerRequest(requests))
	}
	if len(says) == 0 {
		return nil
	}
	_, err := fmt.Fprintf(w, "\n%s\n", strings.Join(says, "\n"))
	return err
}

func (f profileFlags) difference(before, after profile.Side) (func(io.Writer) error, error) {
	d, err := profile.Compare(before, after)
	if err != nil {
		return nil, err
	}
	switch cmp.Or(f.format, "text") {
	case "text":
		return func(w io.Writer) error { return d.Text(w, f.top) }, nil
	case "collapsed":
		return func(w io.Writer) error { return profile.WriteDifference(w, before, after) }, nil
	}
	return nil, usageError{fmt.Errorf("--format %q: of two profiles, text, json, html or collapsed", f.format)}
}
