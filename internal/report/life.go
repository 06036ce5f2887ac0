package report

import (
	"cmp"
	"math"
	"slices"
	"time"

	"webdyno/internal/evidence"
	"webdyno/internal/stat"
)

// A Stay is what one trial tells of how a subject's process was doing.
type Stay struct {
	Variant, Setting string
	Round            int
	Start            *evidence.Start // of the process; nil: it was not up
	Began            time.Time
	Served           float64 // mean service time, in ms; 0: not known
	CPU              float64 // the subject's for each answer, in us; 0: not known
	Lasted           time.Duration
}

// StayOf reduces a measurement to that.
func StayOf(m *evidence.Measurement) Stay {
	s := Stay{
		Variant: VariantName(m.Trial), Setting: SettingName(m.Trial), Round: m.Trial.Round,
		Start: m.Start, Began: m.Began,
	}
	// Trials of a search have rates of their own, and none to be compared with.
	if t := m.Tally; t != nil && m.Failure == nil && m.Trial.Step == nil && t.Service != nil && t.Service.Count() > 0 {
		s.Served, s.Lasted = ms(t.Service.Mean()), t.Window
		s.CPU = serverCPU(m).X
	}
	return s
}

// A Life is the time of one process, from its start to its last trial: how long
// it took to answer in its warm-up, slice by slice, and then in trial after trial.
// The times between, when others were measured, are left out.
type Life struct {
	Variant string
	Round   int
	Start   *evidence.Start
	Stays   []int // its trials in order, as places in what Lives was given

	stat.Settling

	Warm time.Duration // of load, until it was steady; meaningless where it never was
	Late int           // of Stays, how many of the first were before that
}

// A birth tells processes apart.
type birth struct {
	variant string
	round   int
	pid     int
	address string
}

// Lives puts trials together by the process that they were trials of, and finds
// out of each whether and when it was steady. It depends on all of them: what is
// usual at a setting is the median over the trials there.
func Lives(stays []Stay) []Life {
	at := map[birth]int{}
	var all []Life
	for i, s := range stays {
		if s.Start == nil {
			continue
		}
		b := birth{s.Variant, s.Round, s.Start.PID, s.Start.Address}
		k, known := at[b]
		if !known {
			k = len(all)
			at[b] = k
			all = append(all, Life{Variant: s.Variant, Round: s.Round, Start: s.Start})
		}
		all[k].Stays = append(all[k].Stays, i)
	}
	for i := range all {
		slices.SortStableFunc(all[i].Stays, func(a, b int) int { return stays[a].Began.Compare(stays[b].Began) })
	}
	served, cpu := sounding{of: func(s Stay) float64 { return s.Served }, slices: serviceOf}, sounding{of: func(s Stay) float64 { return s.CPU }, slices: cpuOf}
	served.take(stays, all)
	cpu.take(stays, all)
	for i := range all {
		v := all[i].Variant
		s := &served
		if blind(served.noise[v], cpu.noise[v]) {
			s = &cpu
		}
		all[i].look(stays, s)
	}
	slices.SortStableFunc(all, func(a, b Life) int {
		return cmp.Or(cmp.Compare(a.Variant, b.Variant), cmp.Compare(a.Round, b.Round))
	})
	return all
}

// A sounding is one of the two figures that tell how a process is doing.
type sounding struct {
	of     func(Stay) float64
	slices func(*evidence.Warmup) []float64

	off   []float64          // by how much a trial's logarithm differs from what is usual there; -Inf: not known
	noise map[string]float64 // by variant: the standard deviation of single trials; -1: not known
}

func serviceOf(w *evidence.Warmup) []float64 { return w.Service }
func cpuOf(w *evidence.Warmup) []float64     { return w.CPU }

// deaf is the noise from which on service times are too noisy to listen to, if the
// CPU time of an answer is less so: beside busy neighbours they are.
const deaf = 0.1

// blind tells whether to go by CPU time instead of service times, by the noise of
// both.
func blind(service, cpu float64) bool { return service > deaf && cpu >= 0 && cpu < service }

func (s *sounding) take(stays []Stay, lives []Life) {
	s.off = fromUsual(stays, s.of)
	steps := map[string][]float64{}
	for _, l := range lives {
		var own []float64
		for _, i := range l.Stays {
			own = append(own, s.off[i])
		}
		steps[l.Variant] = append(steps[l.Variant], stepsOf(own)...)
	}
	s.noise = map[string]float64{}
	for v, all := range steps {
		s.noise[v] = scatterOf(all)
	}
}

// scatterOf returns the standard deviation of values that are normal, by the steps
// between them; -1 of none.
func scatterOf(steps []float64) float64 {
	if len(steps) == 0 {
		return -1
	}
	return stat.Median(steps) / (0.6745 * math.Sqrt2)
}

// stepsOf returns how far apart values are that follow each other. Neither a step
// nor a ramp makes their median larger.
func stepsOf(values []float64) []float64 {
	var steps []float64
	for i := 1; i < len(values); i++ {
		if d := math.Abs(values[i] - values[i-1]); !math.IsNaN(d) && !math.IsInf(d, 0) {
			steps = append(steps, d)
		}
	}
	return steps
}

// fromUsual returns by how much the logarithm of each trial's value differs from
// the median of its variant's at that setting.
func fromUsual(stays []Stay, of func(Stay) float64) []float64 {
	type place struct{ variant, setting string }
	logs := map[place][]float64{}
	for _, s := range stays {
		if x := of(s); x > 0 {
			at := place{s.Variant, s.Setting}
			logs[at] = append(logs[at], math.Log(x))
		}
	}
	usual := map[place]float64{}
	for at, all := range logs {
		usual[at] = stat.Median(all)
	}
	off := make([]float64, len(stays))
	for i, s := range stays {
		off[i] = math.Log(max(of(s), 0)) - usual[place{s.Variant, s.Setting}] // -Inf of what is not known
	}
	return off
}

// fewestToDrift is of how many trials a trend can be shown.
const fewestToDrift = 5

// look finds out whether and when the process was steady. Slices of a warm-up are
// short and have connections of their own; how their times relate to those of
// trials is not known beforehand. They are moved so that the end of the warm-up
// meets the first trial, and count for what changed among them. Two stretches
// are alike that differ by less than 2 %, or than three times what single trials
// differ by anyhow.
func (l *Life) look(stays []Stay, s *sounding) {
	w := &l.Start.Warmup
	logs, weights := level(s.slices(w), w.Cycle), slicesLast(w)
	if len(logs) != len(weights) { // the figure was not read while it was warmed
		logs, weights = nil, nil
	}
	n := len(logs)
	var trials []float64
	for _, i := range l.Stays {
		trials = append(trials, s.off[i])
		weights = append(weights, stays[i].Lasted.Seconds())
	}
	meet(logs, trials)
	alike := max(stat.Alike, 3*s.noise[l.Variant])
	l.Settling = stat.Settle(append(logs, trials...), weights, alike)
	if l.Course == stat.Untold {
		return
	}
	known := slices.DeleteFunc(trials[max(0, l.From-n):], func(x float64) bool { return math.IsInf(x, 0) })
	if l.Course.Steady() && len(known) >= fewestToDrift {
		if change, p := stat.Drift(known); p < stat.TrendLevel && math.Abs(change) > alike {
			l.Course, l.Change, l.P = stat.Drifting, change, p
		}
	}
	if l.Course.Steady() {
		l.Late = max(0, l.From-n)
	}
	for _, w := range weights[:l.From] {
		l.Warm += time.Duration(w * float64(time.Second))
	}
	// How it came there the slices tell by themselves, without what trials scatter.
	if course, warm := SettleWarmup(w); l.Course.Steady() && l.Late == 0 && course.Steady() {
		l.Course, l.Warm = course, warm
	}
}

// meet moves the logarithms of slices so that the median of their last quarter is
// that of the first trial.
func meet(logs, trials []float64) {
	if len(logs) == 0 {
		return
	}
	first := 0.0
	for _, x := range trials {
		if !math.IsInf(x, 0) {
			first = x
			break
		}
	}
	var end []float64
	for _, x := range logs[len(logs)-max(1, len(logs)/4):] {
		if !math.IsInf(x, 0) && !math.IsNaN(x) {
			end = append(end, x)
		}
	}
	if len(end) == 0 {
		return
	}
	by := first - stat.Median(end)
	for i := range logs {
		logs[i] += by
	}
}

// slicesLast returns how long each slice of a warm-up lasted, in seconds.
func slicesLast(w *evidence.Warmup) []float64 {
	n := len(w.Service)
	seconds := make([]float64, n)
	for i := range seconds {
		seconds[i] = w.Lasted.Seconds() / float64(n)
	}
	return seconds
}

// level returns the logarithms of values that go round cycle different settings,
// each less the median of its setting's later half.
func level(values []float64, cycle int) []float64 {
	cycle = max(cycle, 1)
	logs := make([]float64, len(values))
	for s := range min(cycle, len(values)) {
		var own []float64
		for i := s; i < len(values); i += cycle {
			own = append(own, math.Log(values[i]))
		}
		usual := stat.Median(own[len(own)/2:])
		for k, i := 0, s; i < len(values); k, i = k+1, i+cycle {
			logs[i] = own[k] - usual
		}
	}
	return logs
}

// SettleWarmup tells how a warm-up went by its slices alone, and after how much of
// it the subject was steady. Where its CPU time for an answer took longer to
// settle than its service times, that counts; where these are too noisy, it counts
// alone.
func SettleWarmup(w *evidence.Warmup) (stat.Course, time.Duration) {
	seconds := slicesLast(w)
	logs := level(w.Service, w.Cycle)
	s := stat.Settle(logs, seconds, stat.Alike)
	if len(w.CPU) == len(w.Service) {
		used := level(w.CPU, w.Cycle)
		cpu := stat.Settle(used, seconds, stat.Alike)
		later := s.Course.Steady() && cpu.Course.Steady() && cpu.From > s.From
		if later || cpu.Course != stat.Untold && blind(scatterOf(stepsOf(logs)), scatterOf(stepsOf(used))) {
			s = cpu
		}
	}
	warm := 0.0
	for _, x := range seconds[:s.From] {
		warm += x
	}
	return s.Course, time.Duration(warm * float64(time.Second)).Round(time.Millisecond)
}
