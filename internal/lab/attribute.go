package lab

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"webdyno/internal/capture"
	"webdyno/internal/evidence"
	"webdyno/internal/plan"
)

// A Profiler is set on a subject that is up.
type Profiler struct {
	By string // as the record calls it: "sampler"
	capture.Capture

	// PIDs returns the processes of the subject.
	PIDs func() ([]int, error)
}

// NoProfile is why no profiler can be set on a subject here, and what would mend
// it.
type NoProfile struct {
	By  string // which was wanted
	Why string
}

func (n *NoProfile) Error() string { return n.Why }

// How long a subject is warmed before a profile is taken of it, where no pilot has
// told how long it takes.
const (
	profiledWarm    = time.Second
	profiledWarmJIT = 5 * time.Second
	profiledWarmest = 10 * time.Second // in any case
)

// unprofiled returns the variants of which the round is still to take a profile.
func (r *round) unprofiled() []*Entry {
	p := r.x.Plan
	if !p.Profiles() || r.n > p.Profile.Rounds || r.lab.StartProfiled == nil {
		return nil
	}
	var left []*Entry
	for i := range r.x.Entries {
		e := &r.x.Entries[i]
		if p.ProfileOf(e.Subject).With != plan.NoProfiler && !r.profiled(e) {
			left = append(left, e)
		}
	}
	return left
}

// profiled tells whether the round's profile of e is on record.
func (r *round) profiled(e *Entry) bool {
	id := plan.ProfileID(r.n, e.Variant)
	for _, past := range r.x.Past {
		if past.Whole && strings.HasPrefix(past.Trial.ID+"-again", id+"-again") {
			return true
		}
	}
	return false
}

// attribute takes the profiles of a round, after its blocks: the subject of each
// is started anew with a profiler, warmed, put under the load of the plain trials
// at one setting, and stopped. The others are what the mode has them be.
func (r *round) attribute(ctx context.Context, which []*Entry) error {
	for _, s := range r.shuffled() {
		if !slices.Contains(which, s.entry) || r.lab.Control.Skipped(s.entry.Name) {
			continue
		}
		if _, err := r.pause(ctx); err != nil {
			return err
		}
		if err := r.takeDown(s); err != nil {
			return err
		}
		if err := r.takeProfile(ctx, s.entry); err != nil {
			return err
		}
	}
	return nil
}

// takeProfile carries out an attribution trial and records it. Whatever happens to
// the subject or the profiler is in the record; the error is for what ends the
// run.
func (r *round) takeProfile(ctx context.Context, e *Entry) error {
	b := r.profiledBlock()
	s := &seat{entry: e}
	m := &evidence.Measurement{Trial: r.describe(b, s), Mode: r.conduct.settled(), Began: time.Now(), Host: unwatched}
	m.Trial.ID = r.profileAttempt(e)
	m.Trial.Attribution = string(r.x.Plan.ProfileOf(e.Subject).With)
	load := r.rewarm() + r.x.Plan.Profile.Window
	r.lab.observe(ProfileStarted{Trial: m.Trial, Lasts: load})

	taken := r.traceOne(ctx, b, s, load, m)
	down := r.takeDown(s)
	var err error
	if taken != nil && ctx.Err() == nil {
		err = r.keepProfile(m, taken.Read)
	}
	if taken != nil {
		lost(m, taken.Close())
	}
	if down != nil || err != nil {
		return errors.Join(err, down)
	}
	if err := r.rec.Append(m); err != nil {
		return fmt.Errorf("trial %s: %w", m.Trial.ID, err)
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	r.lab.observe(ProfileDone{Measurement: m})
	return nil
}

// profiledBlock is the block whose load the round's attribution trials carry: the
// first at their setting. They are of no block themselves.
func (r *round) profiledBlock() plan.Block {
	setting := r.x.Plan.ProfiledSetting()
	for _, b := range r.x.Plan.RoundAmong(r.n, r.present()) {
		if b.Setting == setting {
			return plan.Block{Setting: setting, Seed: b.Seed}
		}
	}
	return plan.Block{Setting: setting}
}

// profileAttempt names the trial: an earlier one may have been cut off.
func (r *round) profileAttempt(e *Entry) string {
	id, n := plan.ProfileID(r.n, e.Variant), 0
	for _, past := range r.x.Past {
		if strings.HasPrefix(past.Trial.ID+"-again", id+"-again") {
			n++
		}
	}
	if n > 0 {
		return fmt.Sprintf("%s-again%d", id, n)
	}
	return id
}

// traceOne starts the subject of s with its profiler and loads it. It fills m, and
// returns the profiler if there is anything to read of it.
func (r *round) traceOne(ctx context.Context, b plan.Block, s *seat, load time.Duration, m *evidence.Measurement) *Profiler {
	m.Profile = &evidence.Profile{By: m.Trial.Attribution}
	if lost := r.without(s.entry.Subject.Uses); lost != nil {
		m.Failure, m.Profile.Unavailable = lost, lost.Text
		return nil
	}
	log := r.rec.LogPath(m.Trial.ID)
	srv, tracer, err := r.lab.StartProfiled(ctx, s.entry, load, r.wordsOf(s.entry.Subject.Uses), log)
	if no := new(NoProfile); errors.As(err, &no) {
		m.Trial.Attribution, m.Profile.By, m.Profile.Unavailable = no.By, no.By, no.Why
		return nil
	}
	if tracer != nil {
		m.Trial.Attribution, m.Profile.By = tracer.By, tracer.By
	}
	if err == nil {
		err = r.trace(ctx, b, s, srv, tracer, m)
	}
	if err != nil && m.Profile.Unavailable == "" {
		f := failure(err)
		if s.up != nil {
			f.Last = s.up.LastLines(lastLines)
		}
		if ctx.Err() != nil {
			f.Kind = evidence.Abandoned
		}
		m.Failure, m.Profile.Unavailable = &f, "the subject failed with the profiler: "+f.Text
	}
	return tracer
}

// trace warms the subject, and loads it while the profiler is on.
func (r *round) trace(ctx context.Context, b plan.Block, s *seat, srv Server, by *Profiler, m *evidence.Measurement) error {
	g, err := r.receive(ctx, s, srv)
	if err != nil {
		return err
	}
	m.Start = &g.start
	if g.start.Warmup, err = r.warmFor(ctx, g, []int{b.Setting}, r.profiledWarmth(s.entry)); err != nil {
		return err
	}
	if err := by.Begin(ctx, by.PIDs); err != nil {
		m.Profile.Unavailable = err.Error()
		return nil
	}
	began := time.Now()
	r.traced = by
	r.measure(ctx, b, s, m)
	r.traced = nil
	m.Profile.Span = time.Since(began)
	m.Profile.Requests = r.answeredInAll(m.Tally)
	if err := by.End(ctx); err != nil {
		m.Profile.Unavailable = err.Error()
	}
	if f := m.Failure; f != nil && m.Profile.Unavailable == "" {
		m.Profile.Says = append(m.Profile.Says, "The load went wrong: "+f.Text)
	}
	return nil
}

// profiledWarmth is how long e is warmed.
func (r *round) profiledWarmth(e *Entry) time.Duration {
	d := profiledWarm
	if e.JIT {
		d = profiledWarmJIT
	}
	if known := r.pilots.of(e); known != nil {
		d = max(profiledWarm, known.wanted)
	}
	return min(d, profiledWarmest)
}

// answeredInAll is how many answers the last load had, what came before the
// window included.
func (r *round) answeredInAll(t *evidence.Tally) uint64 {
	switch {
	case r.lab.Progress != nil:
		return r.lab.Progress().Answered
	case t == nil:
		return 0
	}
	return t.WarmupRequests + t.Outcomes[evidence.Answered]
}

// keepProfile reads a profile and puts it into the record. What the profiler got
// wrong stands in m; the error is the record's.
func (r *round) keepProfile(m *evidence.Measurement, read func() (*capture.Taken, error)) error {
	if m.Profile.Unavailable != "" {
		return nil
	}
	t, err := read()
	if err != nil {
		m.Profile.Unavailable = err.Error()
		return nil
	}
	m.Profile.Processes = t.Processes
	m.Profile.Says = append(t.Says, m.Profile.Says...)
	m.Profile.File, err = r.rec.AddProfile(m.Trial.ID, func(w io.Writer) error { return t.WritePprof(w) })
	return err
}

// lost notes a profiler that could not be cleared away: no reason to end a run.
func lost(m *evidence.Measurement, err error) {
	if err != nil {
		m.Notes = append(m.Notes, evidence.Note{Kind: "profiler-left", Text: fmt.Sprintf("what the profiler needed could not be cleared away: %v", err)})
	}
}

// toWrite settles where a command that measures itself writes a profile of
// itself, if it does. Each such trial is its own attribution: it keeps its
// figure, since what it measured is what its author means.
func (r *round) toWrite(s *seat, m *evidence.Measurement, words map[string]string) (file string, err error) {
	if !s.entry.Subject.WritesProfile() {
		return "", nil
	}
	file, err = profileFile(r.rec.LogPath(m.Trial.ID))
	words[profileWord] = file
	return file, err
}

// takeWritten takes what it wrote into the record.
func (r *round) takeWritten(m *evidence.Measurement, file string) error {
	if file == "" {
		return nil
	}
	w := capture.Written{File: file}
	m.Profile = &evidence.Profile{By: string(capture.Itself)}
	if m.Measured != nil {
		m.Profile.Span = m.Measured.Lasted
	}
	if err := r.keepProfile(m, w.Read); err != nil {
		return err
	}
	lost(m, w.Close())
	return nil
}
