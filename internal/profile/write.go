package profile

import (
	"bufio"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	pprof "github.com/google/pprof/profile"
)

// WritePprof writes profile.proto, compressed.
func (p *Profile) WritePprof(w io.Writer) error {
	if err := p.Data.Write(w); err != nil {
		return fmt.Errorf("write pprof profile: %w", err)
	}
	return nil
}

// WriteCollapsed writes a line for each stack that weighs something, sorted:
// frames root first, joined by semicolons, a space, the weight in the profile's
// unit.
func (p *Profile) WriteCollapsed(w io.Writer) error {
	sums := map[string]int64{}
	for _, s := range p.Data.Sample {
		sums[collapse(s)] += s.Value[p.weight()]
	}
	b := bufio.NewWriter(w)
	for _, stack := range slices.Sorted(mapKeys(sums)) {
		if sums[stack] != 0 {
			fmt.Fprintf(b, "%s %d\n", stack, sums[stack])
		}
	}
	if err := b.Flush(); err != nil {
		return fmt.Errorf("write collapsed stacks: %w", err)
	}
	return nil
}

func mapKeys(m map[string]int64) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

// collapse writes a stack as one text. What would part frames or lines in a name
// becomes a comma or a space.
func collapse(s *pprof.Sample) string {
	var names []string
	for _, f := range slices.Backward(frames(s)) {
		names = append(names, strings.NewReplacer(";", ",", "\n", " ", "\r", " ").Replace(f.String()))
	}
	return cmp.Or(strings.Join(names, ";"), "(nothing)")
}

// WriteDifference writes collapsed stacks with two weights each, before and
// after, which is what red and blue flame graphs are drawn from
// (FlameGraph's difffolded). Weights are per request, in thousandths of the
// unit, where requests are known, so that they stay whole numbers.
func WriteDifference(w io.Writer, before, after Side) error {
	sums := map[string]*[2]float64{}
	for i, side := range []Side{before, after} {
		scale := 1.0
		if before.Requests > 0 && after.Requests > 0 {
			scale = 1000 / side.Requests
		}
		for _, s := range side.Data.Sample {
			stack := collapse(s)
			if sums[stack] == nil {
				sums[stack] = &[2]float64{}
			}
			sums[stack][i] += scale * float64(s.Value[side.weight()])
		}
	}
	var stacks []string
	for stack := range sums {
		stacks = append(stacks, stack)
	}
	slices.Sort(stacks)
	b := bufio.NewWriter(w)
	for _, stack := range stacks {
		fmt.Fprintf(b, "%s %.0f %.0f\n", stack, sums[stack][0], sums[stack][1])
	}
	if err := b.Flush(); err != nil {
		return fmt.Errorf("write collapsed stacks: %w", err)
	}
	return nil
}

// WriteSpeedscope writes speedscope's JSON: one sampled profile.
func (p *Profile) WriteSpeedscope(w io.Writer, name string) error {
	var f speedscopeFile
	f.Schema = "https://www.speedscope.app/file-format-schema.json"
	f.Name, f.Exporter = name, "webdyno"
	units := map[string]string{"nanoseconds": "nanoseconds", "microseconds": "microseconds", "bytes": "bytes"}
	out := speedscopeProfile{Type: "sampled", Name: name, Unit: cmp.Or(units[p.Unit()], "none")}
	index := map[Function]int{}
	for _, s := range p.Data.Sample {
		weight := s.Value[p.weight()]
		if weight == 0 {
			continue
		}
		var stack []int
		for _, fn := range slices.Backward(frames(s)) {
			i, ok := index[fn]
			if !ok {
				i = len(f.Shared.Frames)
				index[fn] = i
				f.Shared.Frames = append(f.Shared.Frames, speedscopeFrame{Name: fn.Name, File: cmp.Or(fn.File, fn.Module), Line: fn.Line})
			}
			stack = append(stack, i)
		}
		out.Samples = append(out.Samples, stack)
		out.Weights = append(out.Weights, float64(weight))
		out.EndValue += float64(weight)
	}
	f.Profiles = []speedscopeProfile{out}
	if err := json.NewEncoder(w).Encode(f); err != nil {
		return fmt.Errorf("write speedscope profile: %w", err)
	}
	return nil
}

// WriteListing writes the table as pstats prints it: the first top rows, or all
// where top is 0. Of a sampler the first column is samples, and what is per call
// is missing. Weights that are no times are written as they are.
func (t Table) WriteListing(w io.Writer, o Order, top int) error {
	b := bufio.NewWriter(w)
	t.listingHead(b, o, top)
	rows := slices.Clone(t.Rows)
	slices.SortFunc(rows, o.compare)
	if top > 0 {
		rows = rows[:min(top, len(rows))]
	}
	for _, r := range rows {
		t.listingRow(b, r)
	}
	if err := b.Flush(); err != nil {
		return fmt.Errorf("write listing: %w", err)
	}
	return nil
}

func (t Table) listingHead(b *bufio.Writer, o Order, top int) {
	what := t.Counted
	if t.Deterministic {
		what = "function calls"
	}
	fmt.Fprintf(b, "         %d %s", t.Calls, what)
	if t.Deterministic && t.Primitive != t.Calls {
		fmt.Fprintf(b, " (%d primitive calls)", t.Primitive)
	}
	if t.timed() {
		fmt.Fprintf(b, " in %.3f seconds\n\n", float64(t.Total)/1e9)
	} else {
		fmt.Fprintf(b, ", %d %s in all\n\n", t.Total, t.Unit)
	}
	order := map[Order]string{BySelf: "internal time", ByCumulative: "cumulative time", ByCalls: "call count", ByName: "function name"}
	fmt.Fprintf(b, "   Ordered by: %s\n", order[o])
	if top > 0 && top < len(t.Rows) {
		fmt.Fprintf(b, "   List reduced from %d to %d due to restriction <%d>\n", len(t.Rows), top, top)
	}
	first := "ncalls"
	if !t.Deterministic {
		first = t.Counted
	}
	own, cumulative := "tottime", "cumtime"
	if !t.timed() {
		own, cumulative = "self", "cum"
	}
	fmt.Fprintf(b, "\n%9s %8s  percall %8s  percall filename:lineno(function)\n", first, own, cumulative)
}

func (t Table) timed() bool { return t.Unit == "nanoseconds" }

func (t Table) listingRow(b *bufio.Writer, r Row) {
	calls := fmt.Sprint(r.Samples)
	if r.Calls != Unknown {
		calls = fmt.Sprint(r.Calls)
		if r.Primitive != r.Calls {
			calls += fmt.Sprintf("/%d", r.Primitive)
		}
	}
	fmt.Fprintf(b, "%9s %8s %8s %8s %8s %s\n", calls,
		t.amount(r.Self), t.perCall(r.Self, r.Calls), t.amount(r.Cumulative), t.perCall(r.Cumulative, r.Primitive), r.Function)
}

func (t Table) amount(n int64) string {
	if t.timed() {
		return fmt.Sprintf("%.3f", float64(n)/1e9)
	}
	return fmt.Sprint(n)
}

func (t Table) perCall(n, calls int64) string {
	switch {
	case calls <= 0:
		return "-"
	case t.timed():
		return fmt.Sprintf("%.3f", float64(n)/1e9/float64(calls))
	}
	return fmt.Sprintf("%.3g", float64(n)/float64(calls))
}
