package lab

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"webdyno/internal/engine"
	"webdyno/internal/evidence"
	"webdyno/internal/load"
	"webdyno/internal/plan"
)

// trial carries out one trial and records it. Whatever happens to the subject
// is in the record; the error is for what ends the run.
func (r *round) trial(ctx context.Context, b plan.Block, s *seat) error {
	waited, err := r.pause(ctx)
	if err != nil {
		return err
	}
	if gone, err := r.excuse(s); gone || err != nil {
		return err
	}
	suspended := r.lab.Control.suspended()
	lost := r.without(s.entry.Subject.Uses)
	if lost == nil {
		if err := r.rouse(ctx, s); err != nil {
			return err
		}
	}
	m := &evidence.Measurement{Trial: r.describe(b, s), Mode: r.conduct.settled(), Began: time.Now(), Host: unwatched}
	if r.leg != nil {
		r.leg.left, m.Notes = m, r.leg.notes
	}
	switch {
	case lost != nil:
		m.Failure = lost
	case s.entry.Subject.Measures():
		r.lab.observe(TrialStarted{Trial: m.Trial, Lasts: s.entry.Subject.Timeout})
		r.measureItself(ctx, b, s, m)
	case s.up == nil:
		m.Failure = s.last
	default:
		r.lab.observe(TrialStarted{Trial: m.Trial, Lasts: r.rewarm() + r.windowFor(), Used: s.up.used()})
		m.Start = &s.up.start
		r.lookAgain(ctx, s.up)
		canaries := r.canaries()
		r.measure(ctx, b, s, m)
		m.Host.Speed.Canaries = canaries
	}
	if waited > 0 && b.Order[0] != s.entry.Index {
		m.Notes = append(m.Notes, pausedNote(waited))
	}
	if r.lab.Control.suspended() > suspended && m.Failure == nil {
		m.Failure = suspension()
	}
	if err := r.rec.Append(m); err != nil {
		return fmt.Errorf("trial %s: %w", m.Trial.ID, err)
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	r.pilots.add(m)
	if err := r.precise.add(m); err != nil {
		return err
	}
	r.inspect(m)
	r.lab.observe(TrialDone{Measurement: m})
	if err := r.afterwards(s, m.Failure); err != nil {
		return err
	}
	if r.leg != nil {
		return nil // it is asked a little more before it rests
	}
	return r.rest(s)
}

// afterwards takes a subject down that is not what it was.
func (r *round) afterwards(s *seat, f *evidence.Failure) error {
	if s.up == nil || f == nil {
		return nil
	}
	if f.Kind != evidence.Died && f.Kind != evidence.NotItself {
		return nil
	}
	s.last = f
	s.failed++
	r.lab.observe(SubjectFailed{Name: s.entry.Name, Failure: *f})
	return r.takeDown(s)
}

// unwatched is what is known of a machine that nobody watched.
var unwatched = evidence.Activity{Foreign: -1, Steal: -1}

func (r *round) describe(b plan.Block, s *seat) evidence.Trial {
	t := r.identify(s.entry)
	t.ID = r.trialID(b, s.entry)
	t.Block = b.Number
	t.Attempt = r.attempts[b.Number]
	t.LoadSeed = b.Seed
	t.Factors = map[string]plan.Level{}
	for _, c := range r.x.Settings[b.Setting].Choice {
		t.Factors[c.Factor] = c.Level
	}
	if r.leg != nil {
		r.leg.mark(&t)
	}
	return t
}

// measure puts the load of block b on the subject of s and fills m.
func (r *round) measure(ctx context.Context, b plan.Block, s *seat, m *evidence.Measurement) {
	g, uses := s.up, s.entry.Subject.Uses
	needed := []Server{g}
	for _, h := range r.helpersOf(uses) {
		needed = append(needed, h.up)
	}
	loaded, cancel := untilDone(ctx, needed...)
	defer cancel()
	w := &witness{lab: r.lab, server: g, beside: func() others { return r.others(s) }}
	r.attend(ctx, uses, w)
	began := time.Now()
	tally, err := r.lab.Generate.Run(loaded, engine.Job{
		Address:  g.Address().TCP,
		Unix:     g.Address().Unix,
		TLS:      g.Address().TLS,
		Requests: g.sets[b.Setting],
		Load:     r.loadFor(b),
		Warmup:   load.Extent{Time: r.rewarm()},
		Window:   load.Extent{Time: r.windowFor()},
		Seed:     b.Seed,
		Edge:     w.edge,
	})
	m.Tally = tally
	lasted := time.Since(began)
	w.count(ctx, tally)
	if r.lab.Progress != nil && tally != nil {
		all := r.lab.Progress()
		r.givenUp = all.Due > all.Answered
	}
	w.testify(m)
	m.Failure = r.whatFailed(ctx, s, err, lasted)
}

// whatFailed asks, in the order of their weight, what may have spoilt a trial.
func (r *round) whatFailed(ctx context.Context, s *seat, err error, after time.Duration) *evidence.Failure {
	g := s.up
	if ctx.Err() != nil {
		return &evidence.Failure{Kind: evidence.Abandoned, Text: context.Cause(ctx).Error()}
	}
	if lost := r.without(s.entry.Subject.Uses); lost != nil {
		return lost // whatever the subject did then is not its doing
	}
	if died := ended(g); died != nil {
		f := failure(died)
		f.Exit, f.After = g.How(), after
		f.Text = fmt.Sprintf("%s after %.1f s of load", f.Exit, after.Seconds())
		f.Last = g.LastLines(lastLines)
		return &f
	}
	if err != nil {
		f := failure(fmt.Errorf("load: %w", err))
		return &f
	}
	if err := g.Check(); err != nil {
		f := failure(&Trouble{evidence.NotItself, err})
		return &f
	}
	return nil
}

// A witness reads, at the edges of the window, what the server and webdyno
// used and what the machine did. It is called from the engine's goroutine;
// testify is called once that has ended.
type witness struct {
	lab    *Lab
	server Server

	readServer, readSelf func() (*evidence.Usage, error)
	endWatch             func(ours time.Duration) evidence.Activity

	usage, self *evidence.Usage
	before, now uint64 // answers when the meters began and ended
	activity    evidence.Activity
	errs        []error

	beside func() others // begins to watch the subjects that are up beside this one
	others others

	services []*attendance
	attended []evidence.Service
	notes    []evidence.Note
}

func (w *witness) edge(e engine.Edge) {
	switch e {
	case engine.WindowOpened:
		w.open()
	case engine.WindowClosed:
		w.close()
	}
}

func (w *witness) open() {
	if w.lab.Watch != nil {
		w.endWatch = w.lab.Watch()
	}
	if w.lab.MeterSelf != nil {
		w.readSelf = w.begin(w.lab.MeterSelf)
	}
	w.readServer = w.begin(w.server.Meter)
	for _, a := range w.services {
		a.read = w.begin(a.helper.up.Meter)
	}
	w.others = w.beside()
	w.before = w.answered()
}

func (w *witness) answered() uint64 {
	if w.lab.Progress == nil {
		return 0
	}
	return w.lab.Progress().Answered
}

func (w *witness) begin(meter func() (func() (*evidence.Usage, error), error)) func() (*evidence.Usage, error) {
	read, err := meter()
	w.fault(err)
	return read
}

// close reads in the opposite order, so that the watch spans the meters and
// what they read is never more than what passed.
func (w *witness) close() {
	w.usage = w.end(w.readServer)
	w.now = w.answered() // after the reading, as it was when the window opened
	for _, a := range w.services {
		a.usage = w.end(a.read)
	}
	ours, neighbours := w.others.end()
	w.self = w.end(w.readSelf)
	if w.endWatch == nil {
		return
	}
	for _, u := range w.used() {
		if u != nil {
			ours += u.CPU
		}
	}
	w.activity = w.endWatch(ours)
	w.activity.Neighbours = neighbours
}

func (w *witness) end(read func() (*evidence.Usage, error)) *evidence.Usage {
	if read == nil {
		return nil
	}
	u, err := read()
	w.fault(err)
	return u
}

// used is what was read of all process trees that are ours.
func (w *witness) used() []*evidence.Usage {
	all := []*evidence.Usage{w.usage, w.self}
	for _, a := range w.services {
		all = append(all, a.usage)
	}
	return all
}

func (w *witness) fault(err error) {
	if err != nil {
		w.errs = append(w.errs, err)
	}
}

// testify adds to m what was read. CPU per request divides what was used
// between the readings by what was answered between them.
func (w *witness) testify(m *evidence.Measurement) {
	m.Server, m.Client, m.Services = w.usage, w.self, w.attended
	m.Notes = append(m.Notes, w.notes...)
	if w.endWatch != nil {
		m.Host = w.activity
	}
	if err := errors.Join(w.errs...); err != nil {
		m.Notes = append(m.Notes, evidence.Note{
			Kind: "usage-unread", Grade: evidence.B,
			Text: fmt.Sprintf("what was used could not be read: %v", err),
		})
	}
	for _, u := range w.used() {
		if u != nil {
			u.Answered = w.between(u, m.Tally)
		}
	}
}

// between is how many answers came between the two readings of u. Where nobody
// counted them, those of the window are scaled to the time between the readings,
// which lie a little outside its edges.
func (w *witness) between(u *evidence.Usage, t *evidence.Tally) uint64 {
	switch {
	case w.lab.Progress != nil:
		return w.now - w.before
	case t == nil || t.Window <= 0:
		return 0
	}
	return uint64(float64(t.InWindow+t.WrongIn)*float64(u.Span)/float64(t.Window) + 0.5)
}

// untilDone returns a context that also ends when one of the servers does.
func untilDone(ctx context.Context, servers ...Server) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	stop := make(chan struct{})
	var watching sync.WaitGroup
	for _, s := range servers {
		watching.Go(func() {
			select {
			case <-s.Done():
				cancel()
			case <-stop:
			}
		})
	}
	return ctx, func() {
		close(stop)
		watching.Wait()
		cancel()
	}
}

// ended returns the trouble of a server that is no longer up, or nil.
func ended(s Server) error {
	select {
	case <-s.Done():
		return &Trouble{evidence.Died, errors.New(s.Exit())}
	default:
		return nil
	}
}
