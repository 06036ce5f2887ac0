package main

import (
	"os"
	"strings"
	"time"

	"webdyno/internal/engine"
	"webdyno/internal/load"
	"webdyno/internal/screen"
	"webdyno/internal/sys"
	"webdyno/internal/unit"
)

// lineEvery is how often a line is written where lines are asked for.
const lineEvery = time.Second

// watch shows the load while it lasts: on a terminal, or line by line where that
// was asked for. The functions returned take everything away again: once it is
// over, and, from beside, if the process is to end at once.
func (l *loadJob) watch(eng *engine.Engine, con console) (stop, leave func()) {
	g := &screen.Gauge{
		Out:    con.err,
		Warmup: l.job.Warmup, Window: l.job.Window, Limit: l.job.Load.Usage().Limit(),
	}
	read := func() screen.Reading { return readingOf(eng) }
	nothing := func() {}
	switch {
	case l.quiet:
		return nothing, nothing
	case l.progress:
		return g.Follow(read, lineEvery), nothing
	}
	term := terminalOf(con, false)
	if term == nil {
		return nothing, nothing
	}
	s := &screen.Single{
		Terminal: term, Style: styleOfTerminal(), Gauge: g, Read: read, Quit: interruptSelf,
		Title: l.url, How: howLoaded(l.job.Load),
	}
	s.Begin()
	return s.End, s.Leave
}

// howLoaded says in a few words what kind of load it is.
func howLoaded(ld load.Load) string {
	var parts []string
	switch ld := ld.(type) {
	case load.Open:
		parts = append(parts, "open, "+unit.Rate(ld.Rate), ld.Arrivals.String())
		if ld.Connections > 0 {
			parts = append(parts, count(ld.Connections, "connection"))
		}
	case load.Closed:
		parts = append(parts, "closed", count(ld.Connections, "connection"))
	}
	return strings.Join(parts, ", ")
}

// progressOf is how far the load is, and what webdyno has used.
func progressOf(eng *engine.Engine) screen.Reading {
	r := screen.Reading{At: time.Now(), Snapshot: eng.Progress()}
	if cpu, err := sys.ProcessCPU(os.Getpid()); err == nil {
		r.CPU = cpu
	}
	return r
}

// readingOf is progressOf and the newest second that is over.
func readingOf(eng *engine.Engine) screen.Reading {
	r := progressOf(eng)
	if sec, ok := eng.LastSecond(); ok {
		r.Second = sec
	}
	return r
}
