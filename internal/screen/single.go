package screen

import (
	"fmt"
	"sync"
	"time"

	"webdyno/internal/unit"
)

// A Single shows one load on a terminal while it lasts. All of its exported fields
// but Quit are required.
type Single struct {
	Terminal *Terminal
	Style    Style
	Title    string // what is loaded: its URL
	How      string // how: "open, 1000/s; uring"
	Gauge    *Gauge // what the load is to be, and how far it has come
	Read     func() Reading
	Quit     func() // ends the load at once, as Ctrl-C does; may be nil

	show *Show
	mu   sync.Mutex

	last              Reading
	seen              time.Time // when the newest of the values that follow were added
	before            Reading   // then
	rates, errs, p99s []float64 // second by second
	question          bool
}

// Begin begins to show the load.
func (w *Single) Begin() {
	r := w.Read()
	w.Gauge.begin(r)
	w.last, w.before, w.seen = r, r, r.At
	w.show = begin(w.Terminal, w.Style, w, nil)
}

// End gives the terminal back. Nothing is drawn when it has returned.
func (w *Single) End() { w.show.End() }

// Leave gives the terminal back at once, for when the process is about to end.
func (w *Single) Leave() { w.Terminal.Leave() }

func (w *Single) look(time.Time) time.Duration {
	r := w.Read()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.take(r)
	return loadedEvery
}

// longestSeries is for how many seconds a sparkline reaches back: more than a
// terminal is wide.
const longestSeries = 600

// take takes in a reading.
func (w *Single) take(r Reading) {
	w.Gauge.take(r)
	w.last = r
	passed := r.At.Sub(w.seen)
	if passed < secondEvery {
		return
	}
	p99 := -1.0
	if h := r.Second.Response; h != nil && h.Count() > 0 {
		p99 = float64(h.Quantile(.99))
	}
	each := passed.Seconds()
	w.rates = appendSeries(w.rates, float64(r.Answered-w.before.Answered)/each)
	w.errs = appendSeries(w.errs, float64(r.Failed+r.Wrong-w.before.Failed-w.before.Wrong)/each)
	w.p99s = appendSeries(w.p99s, p99)
	w.seen, w.before = r.At, r
}

// appendSeries appends x, and drops the oldest value where there are many.
func appendSeries(xs []float64, x float64) []float64 {
	if len(xs) == longestSeries {
		copy(xs, xs[1:])
		xs = xs[:len(xs)-1]
	}
	return append(xs, x)
}

func (w *Single) press(k Key) {
	w.mu.Lock()
	asked := w.question
	w.question = !asked && k == 'q'
	w.mu.Unlock()
	if asked && (k == 'y' || k == 'q') && w.Quit != nil {
		w.Quit()
	}
}

func (w *Single) draw(s *sheet, size Size, style Style) {
	w.mu.Lock()
	defer w.mu.Unlock()
	s.begin(size, style)
	roomy := size.Lines >= 14
	gap := func() {
		if roomy {
			s.line()
		}
	}
	s.line()
	s.put(strong, w.Title)
	s.end(faint, w.How)
	gap()
	w.stage(s)
	gap()
	for _, l := range w.Gauge.lines(w.last) {
		s.line()
		s.left(faint, "  "+l[0], labelWidth)
		s.put(plain, l[1])
	}
	gap()
	w.series(s)
	for s.n < size.Lines-1 {
		s.line()
	}
	s.line()
	switch {
	case w.Terminal == nil || w.Terminal.in == nil:
	case w.question:
		s.put(turned, " end the load now, and print what there is? y, or any other key ")
	default:
		s.put(strong, "q")
		s.put(faint, " quit")
	}
}

const labelWidth = 13

// stage writes what is going on and how much of it is done.
func (w *Single) stage(s *sheet) {
	s.line()
	s.left(marked, "  "+w.Gauge.name(w.last), labelWidth)
	if share := w.Gauge.share(w.last); share >= 0 {
		n := min(max(s.room()-34, 8), 40)
		s.bar(share, n)
		s.right(plain, percent(share), 6)
		s.put(plain, "  ")
	}
	s.put(plain, w.Gauge.detail(w.last))
}

// series writes the last seconds as bars, as many as there is room for.
func (w *Single) series(s *sheet) {
	row := func(name string, values []float64, how ink, newest string) {
		if len(values) == 0 {
			return
		}
		s.line()
		s.left(faint, "  "+name, labelWidth)
		n := min(max(s.room()-10, 0), 60)
		s.spark(how, values, n)
		s.put(plain, "  "+newest)
	}
	row("answered/s", w.rates, marked, unit.Rate(latest(w.rates)))
	if p := latest(w.p99s); p >= 0 {
		row("p99", w.p99s, doubt, duration(time.Duration(p)))
	}
	if latest(w.errs) > 0 || w.last.Failed+w.last.Wrong > 0 {
		row("errors/s", w.errs, bad, fmt.Sprintf("%.3g/s", latest(w.errs)))
	}
}

func latest(xs []float64) float64 {
	if len(xs) == 0 {
		return -1
	}
	return xs[len(xs)-1]
}
