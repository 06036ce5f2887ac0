package lab

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"strings"
	"time"

	"webdyno/internal/evidence"
	"webdyno/internal/plan"
	"webdyno/internal/workload"
)

// A guest is a server that is up, verified and warm.
type guest struct {
	Server
	sets  []*workload.Set // what it is asked, one for each setting
	start evidence.Start
	dated *dated // nil: it gave no date yet
}

const (
	// askAgain is the pause between two questions to a server that is not ready.
	askAgain = 5 * time.Millisecond
	// wrongPatience is how long a starting server may answer wrongly before
	// that is held against it: some answer 503 until they are up.
	wrongPatience = 2 * time.Second
)

// bringUp starts the subject of s, has it answer, and warms it. What goes wrong
// with the subject is kept in s; the error is for what ends the run.
func (r *round) bringUp(ctx context.Context, s *seat) error {
	if gone, err := r.excuse(s); gone || err != nil {
		return err
	}
	if lost := r.without(s.entry.Subject.Uses); lost != nil {
		s.last = lost
		return nil
	}
	if s.entry.Subject.Measures() {
		return nil // it is run in each trial, and is not up in between
	}
	r.lab.observe(SubjectStarting{Name: s.entry.Name})
	s.starts++
	g, err := r.invite(ctx, s)
	if ctx.Err() != nil {
		return errors.Join(context.Cause(ctx), r.takeDown(s))
	}
	if err == nil {
		s.up, s.last = g, nil
		if r.x.Plan.Searches() {
			r.idle(ctx, s)
		}
		r.lab.observe(SubjectReady{Name: s.entry.Name, Start: g.start})
		return nil
	}
	f := failure(err)
	if lost := r.without(s.entry.Subject.Uses); lost != nil {
		f = *lost
	} else if s.up != nil {
		f.Last = s.up.LastLines(lastLines)
	}
	s.last = &f
	s.failed++
	r.lab.observe(SubjectFailed{Name: s.entry.Name, Failure: f})
	return r.takeDown(s)
}

// lastLines is how much of a failed subject's output goes into the record's
// line; the whole is in its log.
const lastLines = 10

// failure puts err among the kinds of failure.
func failure(err error) evidence.Failure {
	f := evidence.Failure{Kind: evidence.Instrument, Text: err.Error()}
	if t := new(Trouble); errors.As(err, &t) {
		f.Kind = t.Kind
	}
	return f
}

// invite leaves the server in s.up as soon as there is one, so that it is
// taken down whatever comes after.
func (r *round) invite(ctx context.Context, s *seat) (*guest, error) {
	log := fmt.Sprintf("r%02d-%s", r.n, s.entry.Name)
	if s.starts > 1 {
		log = fmt.Sprintf("%s-%d", log, s.starts)
	}
	srv, err := r.lab.Start(ctx, s.entry, r.wordsOf(s.entry.Subject.Uses), r.rec.LogPath(log))
	if err != nil {
		return nil, err
	}
	g, err := r.receive(ctx, s, srv)
	if err != nil {
		return nil, err
	}
	r.hold(ctx, g)
	g.start.Warmup, err = r.warm(ctx, s.entry, g)
	return g, err
}

// receive has a server that listens show that it answers rightly.
func (r *round) receive(ctx context.Context, s *seat, srv Server) (*guest, error) {
	up := time.Now()
	g := &guest{Server: srv, start: srv.Start()}
	s.up = g
	if err := r.prepare(g); err != nil {
		return nil, err
	}
	if err := r.awaitAnswer(ctx, g, s.entry.Subject.Ready); err != nil {
		return nil, err
	}
	g.start.Ready = g.start.Listens + time.Since(up)
	return g, r.verify(ctx, g)
}

// prepare lays out the requests, which hold the server's address.
func (r *round) prepare(g *guest) error {
	for _, st := range r.x.Settings {
		set, err := workload.Build(st.Workload, g.Address().Host)
		if err != nil {
			return fmt.Errorf("requests: %w", err)
		}
		g.sets = append(g.sets, set)
	}
	return nil
}

// awaitAnswer asks until the server answers rightly, or its time is up.
func (r *round) awaitAnswer(ctx context.Context, g *guest, ready plan.Ready) error {
	ctx, cancel := context.WithTimeout(ctx, ready.Timeout)
	defer cancel()
	ask, err := r.readyRequest(g, ready.Path)
	if err != nil {
		return err
	}
	var firstWrong time.Time
	var wrongly error // the last wrong answer: it tells more than a later silence
	for {
		asked := time.Now()
		_, err := r.lab.Ask(ctx, g.Address(), ask)
		if err == nil {
			g.start.FirstAnswer = time.Since(asked)
			return nil
		}
		if stranger := new(tls.CertificateVerificationError); errors.As(err, &stranger) {
			// Waiting makes no certificate better.
			return &Trouble{evidence.NotReady, fmt.Errorf("%w; insecure: true in the plan, or versus -k, takes any certificate", err)}
		}
		if wrong := new(workload.WrongError); errors.As(err, &wrong) {
			wrongly = err
			if firstWrong.IsZero() {
				firstWrong = time.Now()
			}
			if time.Since(firstWrong) > wrongPatience {
				return &Trouble{evidence.NotReady, fmt.Errorf("answers wrongly: %w", err)}
			}
		}
		select {
		case <-g.Done():
			return &Trouble{evidence.Died, fmt.Errorf("%s, before it answered", g.Exit())}
		case <-ctx.Done():
			if wrongly != nil {
				err = wrongly
			}
			return &Trouble{evidence.NotReady, fmt.Errorf("no right answer within %v: %w", ready.Timeout, err)}
		case <-time.After(askAgain):
		}
	}
}

// readyRequest is the workload's first request, or, where the plan names
// another path, a GET of that, for which any status from 200 to 399 will do.
func (r *round) readyRequest(g *guest, path string) (*workload.Request, error) {
	if path == "" {
		return &g.sets[0].Requests[0], nil
	}
	x := r.x.Settings[0].Workload
	set, err := workload.Build(plan.Exact{
		Method: "GET", Path: path, Headers: x.Headers, Expect: plan.ExactExpect{Bytes: -1},
	}, g.Address().Host)
	if err != nil {
		return nil, fmt.Errorf("ready: %w", err)
	}
	return &set.Requests[0], nil
}

// verify asks every request of every setting once. A server that answers one
// of them wrongly is not loaded with any.
func (r *round) verify(ctx context.Context, g *guest) error {
	for i, set := range g.sets {
		for _, ask := range set.Distinct() {
			answer, err := r.lab.Ask(ctx, g.Address(), ask)
			if err == nil {
				g.keep(ask, answer)
				g.keepBody(ask, answer)
				g.noteDate(ask, answer)
				continue
			}
			kind := evidence.NotReady
			if wrong := new(workload.WrongError); errors.As(err, &wrong) {
				kind = evidence.WrongBytes
			}
			return &Trouble{kind, fmt.Errorf("asked %s: %w", r.asked(i, ask), err)}
		}
	}
	return nil
}

// asked names a request of a setting: by its path, or, where there are several
// requests, by its method too.
func (r *round) asked(setting int, ask *workload.Request) string {
	if x := r.x.Settings[setting].Workload; len(x.Mix) == 0 {
		return x.Path
	}
	line, _, _ := strings.Cut(string(ask.Bytes), " HTTP/")
	return line
}
