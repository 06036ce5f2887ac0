package screen

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"webdyno/internal/engine"
	"webdyno/internal/evidence"
	"webdyno/internal/load"
	"webdyno/internal/unit"
)

// A Reading is how far a load has come at some moment.
type Reading struct {
	At  time.Time
	CPU time.Duration // that webdyno itself has used so far

	// Server is what the subject's process tree has used so far; 0: not known.
	Server time.Duration

	engine.Snapshot

	// Second is what ended in the newest second of the window that is over; its
	// Response is nil before there is one.
	Second evidence.Second
}

// A Gauge tells how far a load has come while it lasts: in a line per reading,
// or, by way of a [Single], on a terminal. Percentiles are those of the newest
// whole second: a loop hands a second over when it is done with it, and shares
// nothing before that.
type Gauge struct {
	Out    io.Writer // of the lines
	Warmup load.Extent
	Window load.Extent
	Limit  time.Duration // a request's timeout

	first, opened Reading   // at the load's start; at the window's opening
	recent        []Reading // of the last second, the newest last
}

// Follow takes a reading at once and then at every interval, and writes a line of
// each. The function it returns ends that; when it has returned, nothing more is
// written.
func (g *Gauge) Follow(read func() Reading, every time.Duration) (stop func()) {
	g.begin(read())
	end, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(every)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				r := read()
				g.take(r)
				g.tell(r)
			case <-end:
				return
			}
		}
	}()
	return sync.OnceFunc(func() { close(end); <-ended })
}

func (g *Gauge) begin(r Reading) {
	g.first = r
	g.recent = []Reading{r}
	if g.Warmup.IsZero() {
		g.opened = r
	}
}

// take takes in a reading.
func (g *Gauge) take(r Reading) {
	if g.opened.At.IsZero() && r.Window {
		g.opened = r
	}
	for len(g.recent) > 1 && r.At.Sub(g.recent[0].At) > time.Second {
		g.recent = append(g.recent[:0], g.recent[1:]...)
	}
	g.recent = append(g.recent, r)
}

// before is the reading that the newest one is set against.
func (g *Gauge) before() Reading { return g.recent[0] }

// tell writes a line.
func (g *Gauge) tell(r Reading) {
	before := g.before()
	fmt.Fprintf(g.Out, "%s: %s\n", g.stage(r), strings.Join([]string{
		"answered " + pace(r, before) + ", " + total(r.Answered),
		responses(r), troubles(r), open(r), "webdyno " + cpus(r, before) + lateness(r, before)}, "; "))
}

// lines are what a terminal shows of the newest reading, each with its label.
func (g *Gauge) lines(r Reading) [][2]string {
	before := g.before()
	return [][2]string{
		{"answered", pace(r, before) + g.average(r) + ", " + total(r.Answered)},
		{"response", responses(r)},
		{"requests", open(r) + ", " + troubles(r)},
		{"webdyno", cpus(r, before) + perAnswer(r, before) + lateness(r, before)},
	}
}

// stage says what is going on, and how much of it is done.
func (g *Gauge) stage(r Reading) string {
	if detail := g.detail(r); detail != "" {
		return g.name(r) + g.joint(r) + detail
	}
	return g.name(r)
}

// name says what is going on.
func (g *Gauge) name(r Reading) string {
	switch {
	case r.Window:
		return "window"
	case g.warming(r):
		return "warm-up"
	}
	return "window over"
}

func (g *Gauge) warming(r Reading) bool { return g.opened.At.IsZero() || r.At.Equal(g.opened.At) }

func (g *Gauge) joint(r Reading) string {
	if r.Window || g.warming(r) {
		return ", "
	}
	return "; "
}

// detail says how much of it is done, or what it waits for.
func (g *Gauge) detail(r Reading) string {
	switch {
	case r.Window:
		return g.done(r)
	case g.warming(r):
		return tenths(r.At.Sub(g.first.At))
	case r.Due > r.Answered+r.Failed:
		return "awaiting the last answers, " + g.Limit.String() + " at most"
	}
	return ""
}

// share is how much of the window is done, from 0 to 1; -1 while it is not open.
func (g *Gauge) share(r Reading) float64 {
	if !r.Window || g.opened.At.IsZero() {
		return -1
	}
	share := 0.0
	if t := g.Window.Time; t > 0 {
		share = r.At.Sub(g.opened.At).Seconds() / t.Seconds()
	}
	if n := g.Window.Count; n > 0 {
		share = max(share, float64(r.Due-g.opened.Due)/float64(n))
	}
	return min(share, 1)
}

func (g *Gauge) done(r Reading) string {
	var parts []string
	if t := g.Window.Time; t > 0 {
		parts = append(parts, tenths(min(r.At.Sub(g.opened.At), t))+" of "+t.String())
	}
	if n := g.Window.Count; n > 0 {
		due := min(int64(r.Due-g.opened.Due), n)
		parts = append(parts, unit.Count(due)+" of "+unit.Count(n)+" requests")
	}
	return strings.Join(parts, ", ")
}

// average is the rate since the window opened, where that is long enough ago.
func (g *Gauge) average(r Reading) string {
	if g.opened.At.IsZero() || !r.Window || r.At.Sub(g.opened.At) < 2*time.Second {
		return ""
	}
	return " last second, " + pace(r, g.opened) + " since the window opened"
}

func pace(r, before Reading) string {
	passed := r.At.Sub(before.At).Seconds()
	if passed <= 0 {
		return unit.Rate(0)
	}
	return unit.Rate(float64(r.Answered-before.Answered) / passed)
}

func total(n uint64) string { return unit.Count(int64(n)) + " in all" }

// open is how many requests wait for a connection or for their answer. In an
// open load this is what grows when the server does not keep up.
func open(r Reading) string {
	// The counters of several loops are not read in one instant.
	return unit.Count(int64(max(r.Due, r.Answered+r.Failed)-r.Answered-r.Failed)) + " not answered yet"
}

func troubles(r Reading) string {
	return unit.Count(int64(r.Failed)) + " failed, " + unit.Count(int64(r.Wrong)) + " wrong"
}

func cpus(r, before Reading) string {
	passed := r.At.Sub(before.At).Seconds()
	if passed <= 0 {
		return "0 CPUs"
	}
	return unit.Number((r.CPU-before.CPU).Seconds()/passed) + " CPUs"
}

func perAnswer(r, before Reading) string {
	if r.Answered <= before.Answered {
		return ""
	}
	each := (r.CPU - before.CPU) / time.Duration(r.Answered-before.Answered)
	return ", " + unit.Duration(each) + " per answer"
}

// responses is what people waited for in the newest second that is over.
func responses(r Reading) string {
	h := r.Second.Response
	if h == nil {
		return "no response times yet"
	}
	if h.Count() == 0 {
		return "nothing answered rightly in the last second"
	}
	return fmt.Sprintf("p50 %s, p99 %s, max %s",
		unit.Duration(h.Quantile(.5)), unit.Duration(h.Quantile(.99)), unit.Duration(h.Max()))
}

// lateness is the engine's own lag, of the mean request since the reading before.
func lateness(r, before Reading) string {
	if r.Sent <= before.Sent {
		return ""
	}
	return ", lag " + unit.Duration((r.Lag-before.Lag)/time.Duration(r.Sent-before.Sent))
}

func tenths(d time.Duration) string { return fmt.Sprintf("%.1fs", d.Seconds()) }
