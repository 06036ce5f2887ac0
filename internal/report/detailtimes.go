package report

import (
	"cmp"
	"math"
	"slices"
	"time"

	"webdyno/internal/evidence"
	"webdyno/internal/latency"
	"webdyno/internal/stat"
	"webdyno/internal/unit"
)

// A Distribution is the times of one variant at one setting, over all its sound
// trials: their merged histogram, asked at percentiles that are evenly spaced on
// a logarithmic axis. Point i is at p = 1 − 10^(−i/PerDecade), in ms, as far as
// ten requests lie beyond it; the curve ends early where failures begin.
type Distribution struct {
	W      int    `json:"w"`
	S      int    `json:"s"`
	What   string `json:"what"` // "response" or "service"
	Due    uint64 `json:"due"`
	Failed uint64 `json:"failed,omitempty"` // beyond the curve's end
	Points Briefs `json:"ms"`
	Table  []Pair `json:"table"` // the percentiles people ask for, as printed
}

// PerDecade is how many points of a Distribution lie between p and 1 − (1−p)/10.
const PerDecade = 10

// A Heat is how response times were distributed second by second, over all sound
// trials of a cell: in each second of the window, how many right answers fell
// into each of the bins, and how many requests failed or were answered wrongly.
// Bin b holds times from 10^(b/HeatBins) ms.
type Heat struct {
	W      int      `json:"w"`
	S      int      `json:"s"`
	Low    int      `json:"low"`    // the first bin
	Counts [][]uint `json:"counts"` // second by second, from Low
	Errors []uint64 `json:"errors,omitempty"`
}

// HeatBins is how many bins of a Heat there are to a power of ten.
const HeatBins = 8

// fewestHeat is of how many whole seconds a heat map is worth drawing.
const fewestHeat = 3

// A Trajectory is a warm-up of a freshly started variant: slice by slice.
type Trajectory struct {
	W       int    `json:"w"`
	Round   int    `json:"round"`
	Steady  bool   `json:"steady"`
	Seconds Brief  `json:"s"` // how long it lasted
	Rates   Briefs `json:"rates,omitempty"`
	Service Briefs `json:"ms,omitempty"`
	Lasted  string `json:"t"`
	Cycle   int    `json:"cycle,omitempty"` // slices go round so many settings, if more than one
	Pilot   bool   `json:"pilot,omitempty"` // it is the long one, that others were planned by
}

// An OwnTime is the instrument's part in the times of one cell: how late it was
// itself, how busy, and what share of the response time its lateness is at p99.
type OwnTime struct {
	W     int   `json:"w"`
	S     int   `json:"s"`
	Lag   Brief `json:"lag"`   // p99 over all trials, in us
	Share Brief `json:"share"` // of the p99 response time
	Busy  Brief `json:"busy"`  // of its CPUs: the median trial

	LagText   string `json:"lagText"`
	ShareText string `json:"shareText"`
	BusyText  string `json:"busyText"`
	Response  string `json:"response"` // p99, as printed
	Grade     string `json:"q"`
}

// sights are what pictures need of a trial beyond its digest.
type sights struct {
	seconds []sightSecond
	warmup  *evidence.Warmup
}

type sightSecond struct {
	errors uint64
	cells  []sightCell
}

type sightCell struct {
	bin int16
	n   uint32
}

func sightsOf(m *evidence.Measurement) sights {
	var s sights
	if m.Start != nil && m.Start.Warmup.Lasted > 0 {
		w := m.Start.Warmup
		s.warmup = &w
	}
	if m.Tally == nil {
		return s
	}
	whole := min(int(m.Tally.Window/time.Second), len(m.Tally.Seconds))
	if whole < fewestHeat {
		return s
	}
	for _, sec := range m.Tally.Seconds[:whole] {
		s.seconds = append(s.seconds, sightSecond{sec.Errors, binned(sec.Response)})
	}
	return s
}

// binned sums a histogram into the bins of a heat map.
func binned(h *latency.Histogram) []sightCell {
	if h == nil {
		return nil
	}
	var cells []sightCell
	for b := range h.Buckets() {
		bin := int16(math.Floor(HeatBins * math.Log10(max(ms(b.Low), 1e-6))))
		if n := len(cells); n > 0 && cells[n-1].bin == bin {
			cells[n-1].n += uint32(b.Count)
			continue
		}
		cells = append(cells, sightCell{bin, uint32(b.Count)})
	}
	return slices.Clip(cells)
}

// cells makes what there is for each cell: distributions, heat, the instrument.
func (b *detailer) cells() {
	for _, s := range b.t.settings {
		for _, v := range b.t.variants {
			trials := b.t.at(v, s).trials()
			if !slices.ContainsFunc(trials, func(tr *trial) bool { return tr.loaded }) {
				continue
			}
			b.timesOf(v, s, trials)
			if h, ok := heatOf(trials); ok {
				h.W, h.S = v.index, s.index
				b.d.Heats = append(b.d.Heats, h)
			}
		}
	}
}

func (b *detailer) timesOf(v *variant, s *setting, trials []*trial) {
	var blocks []*digest
	own := OwnTime{W: v.index, S: s.index}
	var grade evidence.Grade
	for _, tr := range trials {
		blocks = append(blocks, tr.digest)
		grade = max(grade, tr.grade)
	}
	due, failed := requests(blocks)
	for _, what := range []struct {
		name string
		of   func(*digest) latency.Packed
	}{{"response", response}, {"service", service}} {
		h := merged(blocks, what.of)
		d := distributionOf(h, due, b.t.timeout(s))
		d.W, d.S, d.What, d.Due, d.Failed = v.index, s.index, what.name, due, failed
		b.d.Distributions = append(b.d.Distributions, d)
		if what.name == "response" {
			own.judge(blocks, dueQuantile(h, due, 0.99, b.t.timeout(s)))
		}
	}
	own.Grade = grade.String()
	b.d.Instrument = append(b.d.Instrument, own)
}

// judge fills in what the instrument did while the blocks were measured, of which
// p99 is the response time.
func (o *OwnTime) judge(blocks []*digest, p99 Number) {
	var lag, share, busy Number
	h := merged(blocks, func(d *digest) latency.Packed { return d.lag })
	if h != nil && tellable(h.Count(), 0.99) {
		lag = exactly(1000 * ms(h.Quantile(0.99)))
	}
	if lag.Known() && p99.Kind == Exactly && p99.X > 0 {
		share = exactly(lag.X / 1000 / p99.X)
	}
	var used []float64
	for _, d := range blocks {
		if d.engineCPU.Known() {
			used = append(used, d.engineCPU.X)
		}
	}
	if len(used) > 0 {
		busy = exactly(stat.Median(used))
	}
	o.Lag, o.Share, o.Busy = Brief(lag), Brief(share), Brief(busy)
	o.LagText, o.ShareText, o.BusyText, o.Response = lag.in("us"), shareText(share), shareText(busy), p99.in("ms")
}

func shareText(v Number) string {
	if !v.Known() {
		return "–"
	}
	return unit.Share(v.X)
}

func distributionOf(h *latency.Histogram, due uint64, timeout time.Duration) Distribution {
	d := Distribution{Points: Briefs{}, Table: []Pair{}}
	for i := 0; ; i++ {
		p := 1 - math.Pow(10, -float64(i)/PerDecade)
		v := dueQuantile(h, due, p, timeout)
		if v.Kind != Exactly {
			break
		}
		d.Points = append(d.Points, v.X)
	}
	for _, p := range []float64{0.5, 0.9, 0.95, 0.99, 0.999, 0.9999} {
		if v := dueQuantile(h, due, p, timeout); v.Known() {
			d.Table = append(d.Table, Pair{"p" + plainNumber(100*p), v.in("ms")})
		}
	}
	return d
}

// heatOf adds up the seconds of trials; false if none has enough of them.
func heatOf(trials []*trial) (Heat, bool) {
	low, high, seconds := math.MaxInt16, math.MinInt16, 0
	for _, tr := range trials {
		seconds = max(seconds, len(tr.seconds))
		for _, s := range tr.seconds {
			for _, c := range s.cells {
				low, high = min(low, int(c.bin)), max(high, int(c.bin))
			}
		}
	}
	if seconds < fewestHeat || high < low {
		return Heat{}, false
	}
	h := Heat{Low: low, Errors: make([]uint64, seconds)}
	for range seconds {
		h.Counts = append(h.Counts, make([]uint, high-low+1))
	}
	failed := false
	for _, tr := range trials {
		for i, s := range tr.seconds {
			h.Errors[i] += s.errors
			failed = failed || s.errors > 0
			for _, c := range s.cells {
				h.Counts[i][int(c.bin)-low] += uint(c.n)
			}
		}
	}
	if !failed {
		h.Errors = nil
	}
	return h, true
}

// warmups lists the warm-up of every start: of all trials of a variant in a round,
// one that tells of it.
func (b *detailer) warmups() {
	type start struct{ who, round int }
	seen := map[start]bool{}
	for _, tr := range b.t.trials {
		at := start{tr.variant.index, tr.Trial.Round}
		if tr.warmup == nil || seen[at] || len(tr.warmup.Rates)+len(tr.warmup.Service) == 0 {
			continue
		}
		seen[at] = true
		w := tr.warmup
		b.d.Warmups = append(b.d.Warmups, Trajectory{
			W: at.who, Round: at.round, Steady: w.Steady, Seconds: Brief(exactly(w.Lasted.Seconds())),
			Rates: w.Rates, Service: w.Service, Lasted: unit.Duration(w.Lasted), Pilot: w.Pilot != nil && w.Pilot.Here,
		})
		if w.Cycle > 1 {
			b.d.Warmups[len(b.d.Warmups)-1].Cycle = w.Cycle
		}
	}
	slices.SortStableFunc(b.d.Warmups, func(x, y Trajectory) int { return cmp.Or(cmp.Compare(x.W, y.W), cmp.Compare(x.Round, y.Round)) })
}
