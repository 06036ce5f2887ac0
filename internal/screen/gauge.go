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
	engine.Snapshot

	// Second is what ended in the newest second of the window that is over; its
	// Response is nil before there is one.
	Second evidence.Second
}

// A Gauge shows a load while it lasts: on a terminal a few lines that it
// rewrites and at last takes away, elsewhere a line per reading, which stays.
// Percentiles are those of the newest whole second: a loop hands a second over when
// it is done with it, and shares nothing before that.
type Gauge struct {
	Out    io.Writer
	Redraw bool       // Out is a terminal, whose lines may be rewritten
	Width  func() int // of the terminal, asked for at every drawing; nil: 80
	Faint  bool       // labels in a faint style
	Warmup load.Extent
	Window load.Extent
	Limit  time.Duration // a request's timeout

	first, opened Reading   // at the load's start; at the window's opening
	recent        []Reading // of the last second, the newest last
	drawn         int       // lines that are on the terminal
}

// Follow takes a reading at once and then at every interval, and shows it. The
// function it returns ends that and clears the terminal; when it has returned,
// nothing more is written.
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
				g.show(read())
			case <-end:
				g.clear()
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

func (g *Gauge) show(r Reading) {
	if g.opened.At.IsZero() && r.Window {
		g.opened = r
	}
	for len(g.recent) > 1 && r.At.Sub(g.recent[0].At) > time.Second {
		g.recent = g.recent[1:]
	}
	before := g.recent[0]
	g.recent = append(g.recent, r)
	if g.Redraw {
		g.redraw(r, before)
		return
	}
	fmt.Fprintf(g.Out, "%s: %s\n", g.stage(r), strings.Join([]string{
		"answered " + pace(r, before) + ", " + total(r.Answered),
		responses(r), troubles(r), open(r), "webdyno " + cpus(r, before) + lateness(r, before)}, "; "))
}

// redraw writes five lines over the ones written before.
func (g *Gauge) redraw(r, before Reading) {
	lines := [][2]string{
		{"load", g.stage(r)},
		{"answered", pace(r, before) + g.average(r) + ", " + total(r.Answered)},
		{"response", responses(r)},
		{"requests", open(r) + ", " + troubles(r)},
		{"webdyno", cpus(r, before) + perAnswer(r, before) + lateness(r, before)},
	}
	width := 80
	if g.Width != nil {
		width = g.Width()
	}
	var b strings.Builder
	b.WriteString(g.home())
	for _, l := range lines {
		b.WriteString(g.label(l[0], l[1], width) + "\x1b[K\n")
	}
	g.drawn = len(lines)
	io.WriteString(g.Out, b.String())
}

// label lays out a line. It is never as wide as the terminal: a line that wraps
// would be two, and stay behind.
func (g *Gauge) label(name, text string, width int) string {
	name = fmt.Sprintf("  %-10s", name)
	line := []rune(name + text)
	if len(line) >= width {
		line = append(line[:max(width-2, 0)], '…')
	}
	if n := len([]rune(name)); g.Faint && len(line) > n {
		return "\x1b[2m" + name + "\x1b[0m" + string(line[n:])
	}
	return string(line)
}

// home moves to where the first line was drawn.
func (g *Gauge) home() string {
	if g.drawn == 0 {
		return "\r"
	}
	return fmt.Sprintf("\r\x1b[%dA", g.drawn)
}

// clear takes the lines away.
func (g *Gauge) clear() {
	if g.drawn > 0 {
		io.WriteString(g.Out, g.home()+"\x1b[J")
		g.drawn = 0
	}
}

// stage says what is going on, and how much of it is done.
func (g *Gauge) stage(r Reading) string {
	switch {
	case r.Window:
		return "window, " + g.done(r)
	case g.opened.At.IsZero() || r.At.Equal(g.opened.At):
		return "warm-up, " + tenths(r.At.Sub(g.first.At))
	case r.Due > r.Answered+r.Failed:
		return "window over; awaiting the last answers, " + g.Limit.String() + " at most"
	}
	return "window over"
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
	return " now, " + pace(r, g.opened) + " since the window opened"
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
