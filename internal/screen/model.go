package screen

import (
	"fmt"
	"slices"
	"time"

	"webdyno/internal/evidence"
	"webdyno/internal/lab"
	"webdyno/internal/plan"
	"webdyno/internal/report"
)

// A Model is what is known of a run while it lasts: it changes with events,
// readings and keys, and Frame says what is to be seen of it. It reads no clock,
// and does no input or output.
type Model struct {
	Title    string
	Names    []string // of the entries, in the plan's order
	Rounds   plan.Rounds
	Expected time.Duration // of the whole run
	Keys     bool          // somebody can press some

	// Running is where measurements are held against each other. Results taken in
	// before the run, of a record that is gone on with, are in it already.
	Running *report.Running

	began    time.Time
	now      time.Time
	round    int
	trials   int // of this round, still to do when it began
	done     int // of them
	doing    string
	paused   bool
	subjects []*subject
	chosen   int // of the subjects, by hand; -1: the one under way
	current  int // the subject under way; -1: none
	trial    *underWay

	standings []report.Row
	found     []report.Capacity    // of a plan that searches, so far
	narrowing map[string][]float64 // half-widths round by round, by variant and setting
	settings  []string             // of the standings, in their order
	setting   int                  // shown, by hand; -1: that of the trial under way
	last      string               // setting of the newest trial
	ended     int                  // rounds that the standings are of

	troubles []trouble
	rounds   int       // there will be, as forecast; 0: nobody knows
	ends     time.Time // the run, as forecast

	question Key // that is to be answered with y: s or q; 0: none
	stopping bool
	wanted   bool // a pause is asked for
}

// A subject is a row of the table.
type subject struct {
	name    string
	state   state
	figures figures
}

// A state is what a subject is doing.
type state uint8

const (
	down     state = iota // not started yet, or stopped between rounds
	starting              // or being warmed
	ready                 // warm, and waiting for its turn
	loaded                // under load
	failed                // it is not up, and was to be
	skipped               // by hand
)

// figures are what is shown of a trial: of the one under way, or the newest.
type figures struct {
	any            bool // there are some
	rate           float64
	p50, p99       string
	errors, due    uint64
	server, engine float64 // CPUs; negative if not known
	lag            time.Duration
	trend          []float64 // rates, as they were looked at
	invalid        bool

	used   time.Duration // CPU of the server at the moment read, 0 before
	readAt time.Time
}

// underWay is the trial whose load is on at this moment, or the warm-up of a subject.
type underWay struct {
	trial  evidence.Trial
	began  time.Time
	lasts  time.Duration
	used   func() (time.Duration, error)
	first  Reading // when the window opened; its time is zero before
	before Reading
}

// A trouble is something that went wrong, with what it was.
type trouble struct {
	round int
	text  string
}

// mostTroubles is how many troubles are kept: far more than a terminal shows.
const mostTroubles = 100

// NewModel returns a Model at the start of a run.
func NewModel(m Model, now time.Time) *Model {
	m.began, m.now, m.doing = now, now, "starting"
	m.current, m.chosen, m.setting = -1, -1, -1
	m.narrowing = map[string][]float64{}
	for _, n := range m.Names {
		m.subjects = append(m.subjects, &subject{name: n, figures: figures{server: -1, engine: -1}})
	}
	m.stand()
	return &m
}

// Observe takes in an event.
func (m *Model) Observe(now time.Time, e lab.Event) {
	m.now = now
	switch e := e.(type) {
	case lab.RoundStarted:
		m.round, m.trials, m.done = e.Round, e.Trials, 0
		m.doing = "starting"
		m.all(down)
	case lab.ServiceStarting:
		m.doing = "starting service " + e.Name
	case lab.ServiceFailed:
		m.trouble(e.Name + ": " + e.Failure.Text)
	case lab.SubjectStarting:
		m.begin(e.Name, starting, &underWay{began: now})
		m.doing = "starting and warming"
	case lab.SubjectReady:
		m.rest(e.Name, ready)
	case lab.SubjectFailed:
		m.rest(e.Name, failed)
		m.trouble(e.Name + ": " + e.Failure.Text)
	case lab.TrialStarted:
		m.last = report.SettingName(e.Trial)
		m.begin(report.VariantName(e.Trial), loaded, &underWay{trial: e.Trial, began: now, lasts: e.Lasts, used: e.Used})
		m.doing = "under load"
	case lab.TrialDone:
		m.take(e.Measurement)
	case lab.RoundDone:
		m.ended = e.Round
		m.stand()
		m.doing = "round over: stopping all"
	case lab.Forecast:
		m.rounds, m.ends = e.Rounds, now.Add(e.Left)
	case lab.BlockSpoilt:
		if e.Again {
			m.trouble(fmt.Sprintf("block %d is repeated", e.Block))
		}
	case lab.Paused:
		m.paused, m.doing = true, "paused"
	case lab.Resumed:
		m.paused = false
	case lab.SubjectSkipped:
		m.rest(e.Name, skipped)
		m.trouble(e.Name + ": skipped by hand")
	case lab.StoppedByHand:
		m.doing = "stopped by hand"
	case lab.PrecisionReached:
		m.doing = fmt.Sprintf("precise enough: every interval within %.3g %%", e.Until*100)
	case lab.BudgetSpent:
		m.doing = fmt.Sprintf("the budget of %v is spent", e.Budget)
	case lab.Finished:
		m.all(down)
	}
}

// all puts every subject that is still in the run into a state.
func (m *Model) all(st state) {
	m.current, m.trial = -1, nil
	for _, s := range m.subjects {
		if s.state != skipped {
			s.state = st
		}
	}
}

func (m *Model) index(name string) int {
	return slices.IndexFunc(m.subjects, func(s *subject) bool { return s.name == name })
}

// begin has the subject of that name be under way.
func (m *Model) begin(name string, st state, w *underWay) {
	m.current, m.trial = m.index(name), w
	if m.current < 0 {
		return
	}
	s := m.subjects[m.current]
	s.state = st
	if st == loaded {
		s.figures = figures{server: -1, engine: -1, trend: s.figures.trend[:0]}
	}
}

// rest has the subject of that name be under way no more.
func (m *Model) rest(name string, st state) {
	if i := m.index(name); i >= 0 {
		m.subjects[i].state = st
	}
	m.current, m.trial = -1, nil
}

// take takes in what a trial left.
func (m *Model) take(x *evidence.Measurement) {
	m.done++
	name := report.VariantName(x.Trial)
	m.last = report.SettingName(x.Trial)
	tried := m.trial != nil && m.current == m.index(name)
	if tried {
		m.rest(name, ready)
	}
	g, err := m.Running.Take(x)
	if err != nil {
		m.trouble(err.Error())
		return
	}
	if i := m.index(name); i >= 0 && tried {
		m.subjects[i].figures.settle(x, g)
	}
	if why := invalid(x, g); why != "" {
		m.trouble(trialName(x.Trial) + ": invalid: " + why)
	}
}

// invalid says why a trial counts in no figure; "" if it does, and where it is
// told already that the subject failed.
func invalid(x *evidence.Measurement, g report.Glance) string {
	if g.Grade < evidence.X {
		return ""
	}
	if f := x.Failure; f != nil {
		if f.Kind == evidence.Instrument && x.Start != nil {
			return f.Text
		}
		return ""
	}
	for _, n := range g.Notes {
		if n.Grade == evidence.X {
			return n.Text
		}
	}
	return ""
}

// settle puts the figures of a trial that is over in the place of those that were
// read while it lasted.
func (f *figures) settle(x *evidence.Measurement, g report.Glance) {
	f.invalid = g.Grade == evidence.X
	if x.Tally == nil {
		return
	}
	f.any = true
	f.rate, f.p50, f.p99 = g.Rate.X, millis(g.P50), millis(g.P99)
	f.due = x.Tally.Due()
	f.errors = f.due - x.Tally.Right()
	f.server, f.engine = cpusOf(x.Server), cpusOf(x.Client)
	f.lag = x.Tally.Lag.Mean()
}

func cpusOf(u *evidence.Usage) float64 {
	if u == nil || u.Span <= 0 {
		return -1
	}
	return u.CPU.Seconds() / u.Span.Seconds()
}

// stand computes where the subjects stand.
func (m *Model) stand() {
	m.found = m.Running.Capacities()
	if len(m.found) > 0 {
		return // the rates of its trials are no settings, and nothing stands at them
	}
	m.standings = m.Running.Standings()
	m.settings = m.settings[:0]
	for _, r := range m.standings {
		name := r.Setting()
		if !slices.Contains(m.settings, name) {
			m.settings = append(m.settings, name)
		}
		width, ok := r.HalfWidth()
		if !ok {
			width = -1
		}
		key := r.Name() + " " + name
		m.narrowing[key] = append(m.narrowing[key], width)
	}
	m.setting = min(m.setting, len(m.settings)-1)
}

func (m *Model) trouble(text string) {
	if len(m.troubles) == mostTroubles {
		m.troubles = m.troubles[1:]
	}
	m.troubles = append(m.troubles, trouble{m.round, text})
}

// Loading tells whether there is load at this moment: a frame now takes the
// engine's time.
func (m *Model) Loading() bool { return m.trial != nil }

// Used is what tells how much CPU time the subject under load has used; nil if
// nothing does.
func (m *Model) Used() func() (time.Duration, error) {
	if m.trial == nil {
		return nil
	}
	return m.trial.used
}

// Read takes in how far the load under way has come.
func (m *Model) Read(r Reading) {
	m.now = r.At
	w := m.trial
	if w == nil || m.current < 0 {
		return
	}
	if !r.Window && w.first.At.IsZero() || m.subjects[m.current].state != loaded {
		w.before = r
		return
	}
	if w.first.At.IsZero() {
		w.first = r
		if w.before.At.IsZero() {
			w.before = r
		}
	}
	passed := r.At.Sub(w.before.At).Seconds()
	if passed <= 0 || r.Answered < w.before.Answered {
		w.before = r
		return
	}
	m.subjects[m.current].figures.read(r, w.before, w.first, passed)
	w.before = r
}

// serve takes in what the server has used, which is looked at more seldom than
// all else.
func (f *figures) serve(r Reading) {
	if r.Server == f.used || r.Server == 0 {
		return
	}
	if f.used > 0 {
		f.server = (r.Server - f.used).Seconds() / r.At.Sub(f.readAt).Seconds()
	}
	f.used, f.readAt = r.Server, r.At
}

// read takes in what happened between two readings.
func (f *figures) read(r, before, first Reading, passed float64) {
	f.any = true
	f.rate = float64(r.Answered-before.Answered) / passed
	f.trend = append(f.trend, f.rate)
	f.errors = r.Failed + r.Wrong - min(first.Failed+first.Wrong, r.Failed+r.Wrong)
	f.due = r.Due - min(first.Due, r.Due)
	f.engine = (r.CPU - before.CPU).Seconds() / passed
	f.serve(r)
	if r.Sent > before.Sent {
		f.lag = (r.Lag - before.Lag) / time.Duration(r.Sent-before.Sent)
	}
	if h := r.Second.Response; h != nil && h.Count() > 0 {
		f.p50, f.p99 = duration(h.Quantile(.5)), duration(h.Quantile(.99))
	}
}
