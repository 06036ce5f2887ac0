package report

import (
	"bytes"
	"encoding/binary"
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

	response, responseWrong, service, lag packed

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
	d.response, d.responseWrong = pack(t.Response), pack(t.ResponseWrong)
	d.service, d.lag = pack(t.Service), pack(t.Lag)
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

// A packed is a histogram in as few bytes as serve: of each filled bucket the
// distance from the one before, and its count. The zero packed is of nothing.
type packed struct {
	empty *latency.Histogram // of the same precision
	cells []byte
}

func pack(h *latency.Histogram) packed {
	if h == nil || h.Count() == 0 {
		return packed{}
	}
	p := packed{empty: h.Clone()}
	p.empty.Reset()
	var last time.Duration
	for b := range h.Buckets() {
		p.cells = binary.AppendUvarint(p.cells, uint64(b.Low-last))
		p.cells = binary.AppendUvarint(p.cells, b.Count)
		last = b.Low
	}
	p.cells = bytes.Clone(p.cells) // without the room that it grew into
	return p
}

// into adds what is packed to h, which may be nil; it returns the sum.
func (p packed) into(h *latency.Histogram) *latency.Histogram {
	if p.empty == nil {
		return h
	}
	if h == nil {
		h = p.empty.Clone()
	}
	low := int64(0)
	for cells := p.cells; len(cells) > 0; {
		step, n := binary.Uvarint(cells)
		count, k := binary.Uvarint(cells[n:])
		cells = cells[n+k:]
		low += int64(step)
		h.RecordN(low, count)
	}
	return h
}

// merged returns the histograms of several blocks as one; nil of none.
func merged(blocks []*digest, of func(*digest) packed) *latency.Histogram {
	var all *latency.Histogram
	for _, b := range blocks {
		all = of(b).into(all)
	}
	if all != nil {
		all.Compact() // it will be asked more than once
	}
	return all
}

func response(d *digest) packed { return d.response }
func service(d *digest) packed  { return d.service }

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
		b.response.into(t.Response)
		b.responseWrong.into(t.ResponseWrong)
	}
	return t
}
