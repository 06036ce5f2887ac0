package main

import (
	"os"
	"time"

	"webdyno/internal/engine"
	"webdyno/internal/screen"
	"webdyno/internal/sys"
)

// How often a load is looked at: often enough for a screen to seem alive, and
// seldom enough to cost the engine nothing that could be measured.
const (
	redrawEvery = 250 * time.Millisecond
	lineEvery   = time.Second
)

// watch shows the load while it lasts: on a terminal, or line by line where that
// was asked for. The function returned takes everything away again.
func (l *loadJob) watch(eng *engine.Engine, con console) (stop func()) {
	redraw := isTerminal(con.err) && !l.progress
	if l.quiet || !redraw && !l.progress {
		return func() {}
	}
	g := &screen.Gauge{
		Out: con.err, Redraw: redraw,
		Width:  func() int { return widthOf(con.err) },
		Faint:  os.Getenv("NO_COLOR") == "",
		Warmup: l.job.Warmup, Window: l.job.Window, Limit: l.job.Load.Usage().Limit(),
	}
	every := lineEvery
	if redraw {
		every = redrawEvery
	}
	return g.Follow(func() screen.Reading { return readingOf(eng) }, every)
}

func readingOf(eng *engine.Engine) screen.Reading {
	r := screen.Reading{At: time.Now(), Snapshot: eng.Progress()}
	if cpu, err := sys.ProcessCPU(os.Getpid()); err == nil {
		r.CPU = cpu
	}
	if sec, ok := eng.LastSecond(); ok {
		r.Second = sec
	}
	return r
}
