package lab

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"webdyno/internal/engine"
	"webdyno/internal/evidence"
	"webdyno/internal/plan"
	"webdyno/internal/probe"
)

// A Service is a Server that runs beside the subjects, for them. Nobody loads it
// but they.
type Service interface {
	Server
	// Words stand for it in what starts those who use it: "store.url", ….
	Words() map[string]string
	// CPUs is how many it may run on, and whether they are the subjects' too; 0
	// if that is not known.
	CPUs() (n int, shared bool)
	// Ask returns what it says of itself, and how often each command has been
	// called; nothing of a service that cannot be asked.
	Ask(ctx context.Context) (probe.Store, error)
}

// A helper is a service's place in a round: it is up, or it is known why not.
type helper struct {
	service *plan.Service
	up      Service // nil while it is down
	last    *evidence.Failure
	says    string // what it says of itself
}

// startServices starts the services that entries use, in the plan's order, and
// those that these use in turn, which stand above them. What goes wrong with one
// is kept in its helper; the error is for what ends the run.
func (r *round) startServices(ctx context.Context) error {
	needed := map[string]bool{}
	for _, e := range r.x.Entries {
		for _, name := range e.Subject.Uses {
			needed[name] = true
		}
	}
	all := r.x.Plan.Services
	for i := range slices.Backward(all) {
		for _, name := range all[i].Uses {
			needed[name] = needed[name] || needed[all[i].Name]
		}
	}
	for i := range all {
		if !needed[all[i].Name] {
			continue
		}
		h := &helper{service: &all[i]}
		r.helpers = append(r.helpers, h)
		if err := r.startService(ctx, h); err != nil {
			return err
		}
	}
	return nil
}

func (r *round) startService(ctx context.Context, h *helper) error {
	if h.last = r.without(h.service.Uses); h.last != nil {
		return nil // said already
	}
	r.lab.observe(ServiceStarting{Name: h.service.Name})
	log := r.rec.LogPath(fmt.Sprintf("r%02d-service-%s", r.n, h.service.Name))
	up, err := r.lab.StartService(ctx, h.service, r.wordsOf(h.service.Uses), log)
	if ctx.Err() != nil {
		h.up = up
		return errors.Join(context.Cause(ctx), r.stopService(h))
	}
	if err != nil {
		r.lose(h, fmt.Sprintf("did not come up: %v", err), nil)
		return nil
	}
	h.up = up
	if asked, err := up.Ask(ctx); err == nil {
		h.says = asked.Says
	}
	return nil
}

// lose notes that a service is not there, and why.
func (r *round) lose(h *helper, why string, last []string) {
	h.last = &evidence.Failure{
		Kind: evidence.NoService,
		Text: fmt.Sprintf("service %s %s", h.service.Name, why),
		Last: last,
	}
	r.lab.observe(ServiceFailed{Name: h.service.Name, Failure: *h.last})
}

// wordsOf are the words that stand for the services named, all of which are up.
func (r *round) wordsOf(names []string) map[string]string {
	words := map[string]string{}
	for _, h := range r.helpersOf(names) {
		for name, value := range h.up.Words() {
			words[name] = value
		}
	}
	return words
}

func (r *round) helpersOf(names []string) []*helper {
	var hs []*helper
	for _, h := range r.helpers {
		if slices.Contains(names, h.service.Name) {
			hs = append(hs, h)
		}
	}
	return hs
}

// without returns why one of the services named is not there, or nil if all are.
// One that has ended, or whose address another process has taken, is down for
// the rest of the round: whoever was connected to it is not what it was.
func (r *round) without(names []string) *evidence.Failure {
	for _, h := range r.helpersOf(names) {
		if h.up != nil && ended(h.up) != nil {
			r.lose(h, "ended when it was needed: "+h.up.Exit(), h.up.LastLines(lastLines))
			r.errs = errors.Join(r.errs, r.stopService(h))
		} else if h.up != nil {
			if err := h.up.Check(); err != nil {
				r.lose(h, fmt.Sprintf("is not the one that answers: %v", err), nil)
				r.errs = errors.Join(r.errs, r.stopService(h))
			}
		}
		if h.last != nil {
			return h.last
		}
	}
	return nil
}

// stopServices stops whatever is up, the last started first.
func (r *round) stopServices() error {
	errs := r.errs
	for _, h := range slices.Backward(r.helpers) {
		errs = errors.Join(errs, r.stopService(h))
	}
	return errs
}

func (r *round) stopService(h *helper) error {
	if h.up == nil {
		return nil
	}
	problem, err := h.up.Stop()
	h.up = nil
	if problem != "" {
		r.lab.observe(ServiceFailed{Name: h.service.Name, Failure: evidence.Failure{
			Kind: evidence.Lingered, Text: "service " + h.service.Name + " " + problem}})
	}
	return err
}

// An attendance is what a service does during one trial.
type attendance struct {
	helper *helper
	read   func() (*evidence.Usage, error)
	usage  *evidence.Usage
	before map[string]uint64 // calls; nil if they could not be read
}

// attend prepares to witness the services that a trial needs: it reads their
// counters before the first request.
func (r *round) attend(ctx context.Context, names []string, w *witness) {
	for _, h := range r.helpersOf(names) {
		a := &attendance{helper: h}
		w.services = append(w.services, a)
		if len(h.service.Counts) == 0 {
			continue
		}
		var err error
		still := settleStill
		if r.givenUp {
			still = settleAfter
		}
		if a.before, err = settled(ctx, h, still); err != nil {
			w.uncounted(h, err)
		} else if a.before == nil {
			w.uncounted(h, errNoCounters)
		}
	}
}

// errNoCounters is what a service says that is no store, or keeps its counters to
// itself, as MongoDB does.
var errNoCounters = errors.New("it has no counters that webdyno can read")

const (
	settleAgain = 10 * time.Millisecond
	settleStill = 50 * time.Millisecond
	settleLimit = 10 * time.Second

	// settleAfter is for a subject whose clients have given requests up: it
	// works on those it had accepted, and accepts others for long stretches
	// before it asks its store for them.
	settleAfter = time.Second
)

// settled reads a service's counters once they have stood still for so long:
// what an earlier trial asked too late for its own books must not get into this
// one's, nor the work into its time.
func settled(ctx context.Context, h *helper, still time.Duration) (map[string]uint64, error) {
	store, err := h.up.Ask(ctx)
	began := time.Now()
	for since := began; err == nil && time.Since(began) < settleLimit; {
		time.Sleep(settleAgain)
		var next probe.Store
		if next, err = h.up.Ask(ctx); err != nil {
			break
		}
		if made(next.Calls, h) != made(store.Calls, h) {
			since = time.Now()
		} else if time.Since(since) >= still {
			return next.Calls, nil
		}
		store = next
	}
	return store.Calls, err
}

// made is how often the commands that are counted have been called.
func made(calls map[string]uint64, h *helper) uint64 {
	var n uint64
	for _, c := range h.service.Counts {
		n += calls[c]
	}
	return n
}

func (w *witness) uncounted(h *helper, err error) {
	w.notes = append(w.notes, evidence.Note{
		Kind: "calls-unread", Grade: evidence.B,
		Text: fmt.Sprintf("the calls of %s could not be counted: %v", h.service.Name, err),
	})
}

// count reads the services' counters after the last answer.
func (w *witness) count(ctx context.Context, t *evidence.Tally) {
	for _, a := range w.services {
		h := a.helper
		s := evidence.Service{Name: h.service.Name, Says: h.says, Usage: a.usage}
		s.CPUs, s.Shared = 0, false
		if h.up != nil {
			s.CPUs, s.Shared = h.up.CPUs()
		}
		if a.before != nil && h.up != nil && t != nil && w.lab.Progress != nil {
			after, err := settled(ctx, h, settleStill)
			if err == nil {
				s.Calls = callsBetween(made(a.before, h), made(after, h), h.service.Counts, w.lab.Progress(), t)
			} else {
				w.uncounted(h, err)
			}
		}
		w.attended = append(w.attended, s)
	}
}

func callsBetween(before, after uint64, commands []string, all engine.Snapshot, t *evidence.Tally) *evidence.Calls {
	return &evidence.Calls{
		Commands: commands,
		Made:     after - min(before, after),
		Due:      all.Due,
		Answered: all.Answered,
		Wrong:    all.Wrong,
		Resent:   t.Connections.Stale,
	}
}
