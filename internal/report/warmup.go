package report

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"webdyno/internal/plan"
	"webdyno/internal/stat"
	"webdyno/internal/unit"
)

// A Warming is how one variant got going in its starts: a process of it, from
// exec to its last trial.
type Warming struct {
	Who

	// Class is the course that most of its starts took; of several, the worse.
	Class  stat.Course    `json:"class"`
	Starts int            `json:"n"`
	Took   map[string]int `json:"starts"` // how many took which course
	Late   int            `json:"late"`   // how many had trials before they were steady

	Warm Spread `json:"t_warm_s"` // load until it was steady: of the starts that were
	Lo   Number `json:"t_warm_least_s"`
	Hi   Number `json:"t_warm_most_s"`

	Warmed Spread `json:"warmed_s"` // how long the warm-up lasted

	Listens     Spread `json:"listens_ms"`      // from exec until its own socket listened
	FirstAnswer Spread `json:"first_answer_ms"` // how long its first right answer took, connecting included
	Ready       Spread `json:"ready_ms"`        // from exec to that answer
	Steady      Spread `json:"steady_ms"`       // that and the load until it was steady

	Pilot *PilotSeen `json:"pilot,omitempty"` // nil: there was none

	Trajectory *WarmupCourse `json:"trajectory,omitempty"` // of the start whose t_warm is the median
}

// A Spread is a figure over starts or rounds: the median, and the interval where
// there are enough.
type Spread struct {
	Value Number `json:"value"`
	Lo    Number `json:"lo"`
	Hi    Number `json:"hi"`
	N     int    `json:"n"`
}

// A PilotSeen is what the pilot of a variant has shown.
type PilotSeen struct {
	Class  string    `json:"class"`
	Warm   float64   `json:"t_warm_s"`
	Lasted float64   `json:"lasted_s"`
	Began  time.Time `json:"began,omitzero"`
	Kept   bool      `json:"kept"` // it is an earlier run's
}

// A WarmupCourse is one warm-up, slice by slice.
type WarmupCourse struct {
	Round   int       `json:"round"`
	Slice   float64   `json:"slice_s"` // how long each lasted
	Cycle   int       `json:"cycle"`   // different settings that the slices go round
	Rates   []float64 `json:"rate,omitempty"`
	Service []float64 `json:"service_ms,omitempty"`
	CPU     []float64 `json:"cpu_us,omitempty"`
}

// stays returns what the trials tell of the processes they were of, in the order
// of the trials.
func (t *table) stays() []Stay {
	var all []Stay
	for _, tr := range t.trials {
		s := tr.stay
		s.Variant, s.Setting = tr.variant.name, settingName(t.factorNames, tr.setting.factors)
		all = append(all, s)
	}
	return all
}

// fewestUnsteady is how many starts of a variant must not have come to rest for
// that to be told of it: one of them may be the machine's doing.
const fewestUnsteady = 2

// steadiness reads the signals that need whole starts: trials before a process was
// steady, and variants whose processes do not become so.
func (t *table) steadiness() {
	t.lives = Lives(t.stays())
	at, s, l := t.limitsBy("late_warm")
	for _, life := range t.lives {
		if life.Course == stat.Untold {
			continue
		}
		for k, i := range life.Stays {
			late := 0.0
			if k < life.Late {
				late = 1
			}
			t.trials[i].see(at, l, late, s.kinds[0], fmt.Sprintf("its process became steady %s of load after its start, in the middle of the round's trials: this one was before that",
				unit.Duration(life.Warm)))
		}
	}
	at, s, l = t.limitsBy("no_steady_state")
	for _, v := range t.variants {
		told, not := t.restless(v)
		if told == 0 || not < fewestUnsteady {
			not = 0
		}
		for _, tr := range t.trials {
			if tr.variant != v || told == 0 {
				continue
			}
			tr.see(at, l, float64(not)/float64(told), s.kinds[0],
				fmt.Sprintf("no steady state in %d of %s: its times still changed at the end, or all along", not, plural(told, "start")))
		}
	}
}

// restless returns of how many starts of a variant the course is told, and in how
// many of them it came to no rest.
func (t *table) restless(v *variant) (told, not int) {
	for _, l := range t.lives {
		if l.Variant != v.name || l.Course == stat.Untold {
			continue
		}
		if told++; !l.Course.Steady() {
			not++
		}
	}
	return told, not
}

// warmings tells of every variant that was started how it got going.
func (t *table) warmings() []Warming {
	all := []Warming{}
	for _, v := range t.variants {
		var own []Life
		for _, l := range t.lives {
			if l.Variant == v.name {
				own = append(own, l)
			}
		}
		if len(own) > 0 {
			all = append(all, t.warming(v, own))
		}
	}
	return all
}

func (t *table) warming(v *variant, own []Life) Warming {
	w := Warming{Who: v.Who, Starts: len(own), Took: map[string]int{}}
	var warm, warmed, listens, ready, first, steady []Number
	for i := range own {
		l := &own[i]
		w.Took[l.Course.String()]++
		if l.Late > 0 {
			w.Late++
		}
		s := l.Start
		warmed = append(warmed, exactly(s.Warmup.Lasted.Seconds()))
		listens = append(listens, positiveMillis(s.Listens))
		ready = append(ready, positiveMillis(s.Ready))
		first = append(first, positiveMillis(s.FirstAnswer))
		if l.Course.Steady() {
			warm = append(warm, exactly(l.Warm.Seconds()))
			if s.Ready > 0 {
				steady = append(steady, exactly(ms(s.Ready+l.Warm)))
			}
		}
	}
	w.Class = commonest(w.Took)
	if len(warm) > 0 {
		w.Lo, w.Hi = slices.MinFunc(warm, Number.compare), slices.MaxFunc(warm, Number.compare)
	}
	for _, s := range []struct {
		into *Spread
		of   []Number
	}{{&w.Warm, warm}, {&w.Warmed, warmed}, {&w.Listens, listens}, {&w.Ready, ready}, {&w.FirstAnswer, first}, {&w.Steady, steady}} {
		*s.into = t.spreadOf(s.of)
	}
	w.Pilot, w.Trajectory = pilotOf(own), trajectoryOf(own)
	return w
}

func positiveMillis(d time.Duration) Number {
	if d <= 0 {
		return Number{}
	}
	return exactly(ms(d))
}

func (t *table) spreadOf(values []Number) Spread {
	s := Spread{N: known(values)}
	s.Value, s.Lo, s.Hi = summary(values, plan.StartUp, t.confidence())
	return s
}

// commonest returns the course that was taken most often, of several the worst.
func commonest(took map[string]int) stat.Course {
	best, most := stat.Untold, 0
	for c := stat.Drifting; c > stat.Untold; c-- {
		if n := took[c.String()]; n > most {
			best, most = c, n
		}
	}
	return best
}

func pilotOf(own []Life) *PilotSeen {
	for _, l := range own {
		if p := l.Start.Warmup.Pilot; p != nil {
			return &PilotSeen{Class: p.Course, Warm: p.Warm.Seconds(), Lasted: p.Lasted.Seconds(), Began: p.Began.UTC(), Kept: p.Kept}
		}
	}
	return nil
}

// trajectoryOf returns the warm-up whose t_warm is the median, of those that have
// one; the pilot aside, if there are others: it is longer.
func trajectoryOf(own []Life) *WarmupCourse {
	var told []Life
	for _, l := range own {
		if p := l.Start.Warmup.Pilot; len(l.Start.Warmup.Service) > 0 && (p == nil || !p.Here) {
			told = append(told, l)
		}
	}
	if len(told) == 0 {
		for _, l := range own {
			if len(l.Start.Warmup.Service) > 0 {
				told = append(told, l)
			}
		}
	}
	if len(told) == 0 {
		return nil
	}
	slices.SortStableFunc(told, func(a, b Life) int { return int(a.Warm/time.Millisecond) - int(b.Warm/time.Millisecond) })
	l := told[(len(told)-1)/2]
	w := &l.Start.Warmup
	c := &WarmupCourse{Round: l.Round, Cycle: max(1, w.Cycle), Rates: w.Rates, Service: w.Service, CPU: w.CPU}
	c.Slice = w.Lasted.Seconds() / float64(len(w.Service))
	return c
}

// warmingTable shows how variants got going. Where none was warmed it says
// nothing.
func (r *Report) warmingTable(p *page) {
	if !slices.ContainsFunc(r.Warmups, func(w Warming) bool { return w.Class != stat.Untold || w.Ready.Value.Known() }) {
		return
	}
	p.title("From a cold start")
	const longest = 24
	rows := [][]string{{"", "listens", "answers", "first answer", "under load", "steady after", "starts"}}
	for _, w := range r.Warmups {
		rows = append(rows, []string{shorten(w.name(), longest), w.Listens.text(), w.Ready.text(), w.FirstAnswer.text(),
			w.course(), w.warmText(), fmt.Sprint(w.Starts)})
	}
	p.columns([]align{left, right, right, right, left, right, right}, rows)
	text := "Medians over starts. Listens, answers: from exec. Steady after: so much load, with the least and the most of any start; at once is within a second. What came before is in no figure."
	if pilots := r.pilots(); pilots != "" {
		text += " " + pilots
	}
	p.paragraph("  ", text)
}

// course says what course the starts took, and how many of them another.
func (w *Warming) course() string {
	s := strings.ReplaceAll(w.Class.String(), "-", " ")
	if w.Class == stat.Untold {
		return "–"
	}
	if n := w.Took[w.Class.String()]; n < w.Starts {
		s += fmt.Sprintf(" (%d of %d)", n, w.Starts)
	}
	return s
}

func (w *Warming) warmText() string {
	if !w.Warm.Value.Known() {
		return "–"
	}
	if w.Hi.X == 0 {
		return "at once"
	}
	s := w.Warm.Value.in("s")
	if w.Lo.X != w.Hi.X {
		s += fmt.Sprintf(" (%s)", span(w.Lo, w.Hi, "s"))
	}
	return s
}

func (s Spread) text() string {
	if !s.Value.Known() {
		return "–"
	}
	return s.Value.in("ms")
}

// pilots says how long pilots were.
func (r *Report) pilots() string {
	var longest float64
	seen, kept := 0, 0
	for _, w := range r.Warmups {
		if w.Pilot != nil {
			seen++
			longest = max(longest, w.Pilot.Lasted)
			if w.Pilot.Kept {
				kept++
			}
		}
	}
	if seen == 0 {
		return ""
	}
	s := fmt.Sprintf("How long to warm up was learned from %s of up to %s", plural(seen, "pilot"), unit.Duration(time.Duration(longest*float64(time.Second))))
	if kept > 0 {
		s += fmt.Sprintf(", %d of them kept from earlier runs", kept)
	}
	return s + "."
}
