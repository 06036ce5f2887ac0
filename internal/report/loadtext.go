package report

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"webdyno/internal/unit"
)

// Text lays the result out for a terminal, its answer first. Percentiles are
// over the requests that were due.
func (r *LoadResult) Text(w io.Writer, o TextOptions) error {
	p := newPage(o)
	p.paragraph("", r.headline())
	p.line("")
	r.timesTable(p)
	p.line("")
	r.countLines(p)
	for _, o := range r.Objectives {
		p.paragraph("  objective  ", o.Text)
	}
	if len(r.Notes) > 0 {
		p.line("")
		writeNotes(p, r.Notes)
	}
	for _, s := range wrongLines(r.WrongAnswers) {
		p.line("  wrong: " + shorten(printable(s.text), p.width-9-len(s.often)) + s.often)
	}
	if err := p.flush(w); err != nil {
		return fmt.Errorf("write result: %w", err)
	}
	return nil
}

// headline answers what was asked: in an open load how long people waited, in a
// closed one how much was done.
func (r *LoadResult) headline() string {
	if r.Requests.Due == 0 {
		return fmt.Sprintf("%s: nothing was asked in %s.", r.URL, seconds(r.WindowS))
	}
	if r.Requests.Answered == 0 {
		return fmt.Sprintf("%s: nothing was answered: %s.", r.URL, r.failures())
	}
	rate := r.Rate.Answered.in("req/s")
	if slices.ContainsFunc(r.Notes, isLimit) {
		rate = "at least " + rate
	}
	var s string
	if r.Load.Kind == "open" {
		s = fmt.Sprintf("%s: of %s offered %s were answered in %s; response time p50 %s, p99 %s",
			r.URL, r.Rate.Offered.in("req/s"), rate, seconds(r.WindowS), r.Response.P50.in("ms"), r.Response.P99.in("ms"))
	} else {
		s = fmt.Sprintf("%s: %s in %s with %s; response time p50 %s, p99 %s",
			r.URL, rate, seconds(r.WindowS), r.inFlight(), r.Response.P50.in("ms"), r.Response.P99.in("ms"))
	}
	if f := r.failures(); f != "" {
		s += "; " + f
	}
	return s + ". Grade " + r.Grade.String() + "."
}

func seconds(s float64) string { return unit.Duration(time.Duration(s * float64(time.Second))) }

func (r *LoadResult) inFlight() string {
	s := plural(r.Load.Connections, "connection")
	if r.Load.Pipeline > 1 {
		s += fmt.Sprintf(", %d in flight on each", r.Load.Pipeline)
	}
	return s + r.Load.thinking()
}

// thinking says in words how long users think, and how many connections lie idle
// beside theirs.
func (a *LoadAsked) thinking() string {
	idle := ""
	if a.Idle > 0 {
		idle = ", " + plural(a.Idle, "idle connection") + " beside"
	}
	if a.ThinkMS == 0 {
		return idle
	}
	return idle + fmt.Sprintf(", thinking %s, %s", unit.Duration(time.Duration(a.ThinkMS*float64(time.Millisecond))), a.ThinkTime)
}

// failures says how many requests were not rightly answered; "" if none.
func (r *LoadResult) failures() string {
	failed := r.Requests.Due - r.right
	if failed == 0 {
		return ""
	}
	return fmt.Sprintf("%s of %s not rightly answered (%s)", unit.Count(int64(failed)),
		requestsWere(r.Requests.Due), unit.Share(float64(failed)/float64(r.Requests.Due)))
}

func (r *LoadResult) timesTable(p *page) {
	rows := [][]string{{"", "response", "service", "wait", "lag"}}
	of := []Times{r.Response, r.Service, r.Wait, r.Lag}
	for _, line := range []struct {
		name string
		get  func(Times) Number
	}{
		{"mean", func(t Times) Number { return t.Mean }},
		{"stdev", func(t Times) Number { return t.StdDev }},
		{"min", func(t Times) Number { return t.Min }},
		{"p50", func(t Times) Number { return t.P50 }},
		{"p75", func(t Times) Number { return t.P75 }},
		{"p90", func(t Times) Number { return t.P90 }},
		{"p95", func(t Times) Number { return t.P95 }},
		{"p99", func(t Times) Number { return t.P99 }},
		{"p99.9", func(t Times) Number { return t.P999 }},
		{"max", func(t Times) Number { return t.Max }},
	} {
		row := []string{line.name}
		for _, t := range of {
			row = append(row, line.get(t).in("ms"))
		}
		rows = append(rows, row)
	}
	p.columns([]align{left, right, right, right, right}, rows)
	p.line(p.styled("2", "  response = wait for a connection + lag of the engine + service"))
	if k := r.ReceiveLag; k.P50.Known() {
		for _, s := range wrapped(fmt.Sprintf("service contains the time that answers lay here before webdyno read them: p50 %s, p99 %s",
			k.P50.in("ms"), k.P99.in("ms")), p.width-2) {
			p.line(p.styled("2", "  "+s))
		}
	}
}

func (r *LoadResult) countLines(p *page) {
	q := r.Requests
	p.paragraph("  requests  ", fmt.Sprintf("%s due, %s answered%s", unit.Count(int64(q.Due)), unit.Count(int64(q.Answered)),
		countsText([]tallied{{"wrong", q.Wrong}, {"timed out", q.TimedOut}, {"refused", q.Refused}, {"reset", q.Reset},
			{"cut", q.Cut}, {"malformed", q.Malformed}, {"unsent", q.Unsent}, {"unfinished", q.Unfinished}})))
	if len(r.Statuses) > 0 {
		p.paragraph("  statuses  ", mapText(r.Statuses))
	}
	for _, cause := range byFrequency(r.Causes) {
		p.paragraph("  cause  ", causeText(cause, r.Causes[cause]))
	}
	c := r.Connections
	p.paragraph("  connections  ", unit.Count(int64(c.Opened))+" opened"+
		countsText([]tallied{{"failed", c.Failed}, {"stale", c.Stale},
			{"closed by the server", c.ClosedByServer}, {"closed by us", c.ClosedByUs}}))
	p.paragraph("  bytes  ", fmt.Sprintf("%s in, %s out", unit.Bytes(int64(r.Bytes.In)), unit.Bytes(int64(r.Bytes.Out))))
	p.paragraph("  engine  ", fmt.Sprintf("%s, %s, %s of CPU per request",
		r.Client.Backend, plural(r.Client.Threads, "loop"), r.Client.CPUUSPerRequest.in("us")))
}

// requestsWere begins what is said of so many requests.
func requestsWere(n uint64) string {
	if n == 1 {
		return "1 request was"
	}
	return unit.Count(int64(n)) + " requests were"
}

// A wrongLine is what was wrong with an answer, and with how many of the first few.
type wrongLine struct{ text, often string }

// wrongLines tells each of the first few wrong answers once, in the order in which
// they came.
func wrongLines(lines []string) []wrongLine {
	count := map[string]int{}
	for _, s := range lines {
		count[s]++
	}
	var all []wrongLine
	for _, s := range lines {
		n := count[s]
		if n == 0 {
			continue // told before
		}
		count[s] = 0
		f := wrongLine{text: s}
		if n > 1 {
			f.often = fmt.Sprintf(" (%d of the first %d)", n, len(lines))
		}
		all = append(all, f)
	}
	return all
}

type tallied struct {
	name string
	n    uint64
}

// countsText writes the counts that are not zero: ", 3 reset, 1 cut".
func countsText(all []tallied) string {
	var b strings.Builder
	for _, c := range all {
		if c.n > 0 {
			fmt.Fprintf(&b, ", %s %s", unit.Count(int64(c.n)), c.name)
		}
	}
	return b.String()
}

// mapText writes counts by name, the most frequent first.
func mapText(m map[string]uint64) string {
	var parts []string
	for _, n := range byFrequency(m) {
		parts = append(parts, printable(n)+" × "+unit.Count(int64(m[n])))
	}
	return strings.Join(parts, ", ")
}

// byFrequency returns the names of counts, the most frequent first.
func byFrequency(m map[string]uint64) []string {
	return slices.SortedFunc(maps.Keys(m), func(a, b string) int {
		return cmp.Or(cmp.Compare(m[b], m[a]), cmp.Compare(a, b))
	})
}
