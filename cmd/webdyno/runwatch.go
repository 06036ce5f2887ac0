package main

import (
	"context"
	"os"
	"sync"
	"syscall"
	"time"

	"webdyno/internal/engine"
	"webdyno/internal/evidence"
	"webdyno/internal/lab"
	"webdyno/internal/plan"
	"webdyno/internal/record"
	"webdyno/internal/report"
	"webdyno/internal/screen"
)

// An onlooker is what somebody sees of a run while it is carried out, and what
// they ask for meanwhile.
type onlooker struct {
	observe func(lab.Event)
	control *lab.Control
	skipped []string // on record already
	end     func()   // gives the terminal back; may be called more than once
}

// look begins to look on: with a screen on a terminal, in lines elsewhere.
func (b *bench) look(ctx context.Context, con console, eng *engine.Engine, rec *record.Record) (*onlooker, error) {
	o := &onlooker{control: new(lab.Control)}
	running := report.NewRunning(b.plan, b.setup())
	if rec != nil {
		if err := rec.Each(func(m *evidence.Measurement) error { return o.recall(running, m) }); err != nil {
			return nil, err
		}
	}
	var names []string
	for _, e := range b.prepared.Entries {
		names = append(names, e.Name)
	}
	expected := b.plan.Estimate(len(names), lab.JITs(b.prepared.Entries))
	term := terminalOf(con, b.plain)
	if term == nil {
		lines := &screen.Lines{Out: con.err, Rounds: b.plan.Rounds.Max, Running: running}
		o.observe, o.end = lines.Observe, func() {}
		return o, nil
	}
	w := &screen.Watch{
		Terminal: term, Style: styleOfTerminal(), Control: o.control, Quit: interruptSelf,
		Progress: func() screen.Reading { return progressOf(eng) },
		Second:   eng.LastSecond,
	}
	forget := beforeExit(ctx, term.Leave)
	w.Begin(screen.NewModel(screen.Model{
		Title: b.plan.Title, Names: names, Rounds: b.plan.Rounds, Expected: expected, Running: running,
	}, time.Now()))
	o.observe = w.Observe
	o.end = sync.OnceFunc(func() { w.End(); forget() })
	return o, nil
}

// recall takes in what is on record already.
func (o *onlooker) recall(running *report.Running, m *evidence.Measurement) error {
	if m.Failure != nil && m.Failure.Kind == evidence.ByHand {
		name := plan.VariantName(m.Trial.Subject, m.Trial.Variant)
		o.skipped = append(o.skipped, name)
		o.control.Skip(name)
	}
	_, err := running.Take(m)
	return err
}

// terminalOf returns the terminal that somebody is looking at, or nil if there is
// none, if it is another program's at this moment, or if lines are asked for.
func terminalOf(con console, plain bool) *screen.Terminal {
	if plain || !isTerminal(con.err) {
		return nil
	}
	in, _ := con.in.(*os.File)
	t, err := screen.OpenTerminal(in, con.err.(*os.File))
	if err != nil || !t.InFront() {
		return nil
	}
	return t
}

// styleOfTerminal follows the convention of no-color.org.
func styleOfTerminal() screen.Style { return screen.Style{Color: os.Getenv("NO_COLOR") == ""} }

// interruptSelf ends what is under way as Ctrl-C does: what was measured until
// then is kept.
func interruptSelf() { syscall.Kill(os.Getpid(), syscall.SIGINT) }
