package report

import (
	"math"
	"time"

	"webdyno/internal/evidence"
	"webdyno/internal/latency"
	"webdyno/internal/plan"
)

// A digest is what of a measurement figures are made of. A report keeps it for
// every trial, and not the measurement, which is ten times as large.
type digest struct {
	loaded   bool // the subject was under load; without it, what follows is zero
	outcomes [evidence.NumOutcomes]uint64
	wrong    uint64
	causes   map[string]uint64 // of the failed
	inWindow uint64
	window   time.Duration

	throughput, deviation, serverCPU, memory, startUp Number
	perCPU, busy                                      Number // answers per CPU second; processors kept busy

	own      plan.Metric // what the subject measured of itself; empty: nothing
	ownValue Number

	beside []beside // the services

	response, responseWrong, service, lag latency.Packed

	engineCPU Number // of its loops' CPUs, as a share
	backend   string
	loops     int
}

func digestOf(m *evidence.Measurement) *digest {
	d := &digest{throughput: throughput(m), serverCPU: serverCPU(m), memory: memory(m), startUp: startUp(m)}
	d.perCPU, d.busy = perCPU(m), occupied(m)
	d.own, d.ownValue = ownValue(m)
	d.beside = besideOf(m)
	t := m.Tally
	if t == nil {
		return d
	}
	d.loaded = true
	d.deviation = deviation(t)
	d.causes = t.Causes
	d.outcomes, d.wrong, d.inWindow, d.window = t.Outcomes, t.Wrong, t.InWindow, t.Window
	d.response, d.responseWrong = t.Response.Pack(), t.ResponseWrong.Pack()
	d.service, d.lag = t.Service.Pack(), t.Lag.Pack()
	d.engineCPU = loopShare(t)
	d.backend, d.loops = t.Backend, t.Loops
	return d
}

// due and failed count as a tally does.
func (d *digest) due() (n uint64) {
	for _, c := range d.outcomes {
		n += c
	}
	return n
}

func (d *digest) right() uint64  { return d.outcomes[evidence.Answered] - d.wrong }
func (d *digest) failed() uint64 { return d.due() - d.right() }

// merged returns the histograms of several blocks as one; nil of none.
func merged(blocks []*digest, of func(*digest) latency.Packed) *latency.Histogram {
	all := make([]latency.Packed, len(blocks))
	for i, b := range blocks {
		all[i] = of(b)
	}
	return latency.Sum(all...)
}

func response(d *digest) latency.Packed { return d.response }
func service(d *digest) latency.Packed  { return d.service }

// meanLog averages the blocks that have a value: by logarithms, or as they are
// if one of them is zero.
func meanLog(blocks []*digest, of func(*digest) Number) Number {
	var sum, logs, n float64
	for _, b := range blocks {
		v := of(b)
		if !v.Known() {
			continue
		}
		sum += v.X
		logs += math.Log(v.X) // -Inf of zero
		n++
	}
	switch {
	case n == 0:
		return Number{}
	case math.IsInf(logs, -1) || n == 1:
		return exactly(sum / n)
	}
	return exactly(math.Exp(logs / n))
}

func requests(blocks []*digest) (due, failed uint64) {
	for _, b := range blocks {
		due += b.due()
		failed += b.failed()
	}
	return due, failed
}

// tally returns as much of a tally of the blocks as objectives are held against.
func tally(blocks []*digest) *evidence.Tally {
	t := evidence.NewTally()
	for _, b := range blocks {
		for o, n := range b.outcomes {
			t.Outcomes[o] += n
		}
		t.Wrong += b.wrong
		t.InWindow += b.inWindow
		t.Window += b.window // blocks follow each other
		b.response.AddTo(t.Response)
		b.responseWrong.AddTo(t.ResponseWrong)
	}
	return t
}
