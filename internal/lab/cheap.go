package lab

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"time"

	"webdyno/internal/evidence"
	"webdyno/internal/workload"
)

// What is looked at beside the load, to find out answers that cost less than they
// should, and CPUs that are not as fast as they were.

const (
	// mostBodies is how many answers are kept to be compared with those of the
	// other subjects.
	mostBodies = 32

	// dateStandsAfter is how long a Date may stay the same before it is no
	// clock's: it has whole seconds, and servers may keep one for another.
	dateStandsAfter = 3 * time.Second

	// canaryEvery is the least time between two canaries: they cost 20 ms.
	canaryEvery = 2 * time.Second
)

// keepBody notes what a subject answered to a request of which the plan does not
// say what a right body is.
func (g *guest) keepBody(ask *workload.Request, a *workload.Answer) {
	if ask.Head || ask.Expect.Body != nil || len(g.start.Bodies) >= mostBodies {
		return
	}
	sum := sha256.Sum256(a.Body)
	g.start.Bodies = append(g.start.Bodies, evidence.Body{
		Asked: shapeOf(ask, a).Asked, Bytes: a.Bytes, SHA256: hex.EncodeToString(sum[:8]),
	})
}

// noteDate notes the first Date that a subject gave.
func (g *guest) noteDate(ask *workload.Request, a *workload.Answer) {
	if date := dateOf(a.Header); date != "" && g.dated == nil {
		g.dated = &dated{ask: ask, date: date, at: time.Now()}
	}
}

// A dated is a Date that a subject gave, and for what.
type dated struct {
	ask  *workload.Request
	date string
	at   time.Time
}

// lookAgain asks a subject once more, before a trial and as soon as its clock must
// have moved on, what the date is.
func (r *round) lookAgain(ctx context.Context, g *guest) {
	d := g.dated
	if d == nil || g.start.Date != evidence.DateUnasked || time.Since(d.at) < dateStandsAfter {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	a, err := r.lab.Ask(ctx, g.Address(), d.ask)
	if err != nil {
		return // the trial will tell
	}
	switch dateOf(a.Header) {
	case "":
	case d.date:
		g.start.Date = evidence.DateStands
	default:
		g.start.Date = evidence.DateAdvances
	}
}

// dateOf returns the value of the field Date in a head; "" if it has none.
func dateOf(head []byte) string {
	for line := range bytes.Lines(head) {
		name, value, ok := strings.Cut(string(line), ":")
		if ok && strings.EqualFold(name, "Date") {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// hold finds out whether a subject answers before the body of a request has
// reached it, where the plan sends any.
func (r *round) hold(ctx context.Context, g *guest) {
	if r.lab.Hold == nil {
		return
	}
	for _, set := range g.sets {
		i := slices.IndexFunc(set.Distinct(), hasBody)
		if i < 0 {
			continue
		}
		unread, err := r.lab.Hold(ctx, g.Address(), set.Distinct()[i])
		g.start.Unread = err == nil && unread
		return
	}
}

func hasBody(r *workload.Request) bool {
	head, body, ok := bytes.Cut(r.Bytes, []byte("\r\n\r\n"))
	return ok && len(head) > 0 && len(body) > 1
}

// canaries returns how fast the subjects' CPUs are now, or were two seconds ago.
func (r *round) canaries() []evidence.Canary {
	if r.lab.Canaries == nil {
		return nil
	}
	if r.sung.at.IsZero() || time.Since(r.sung.at) >= canaryEvery {
		r.sung.canaries, r.sung.at = r.lab.Canaries(), time.Now()
	}
	return r.sung.canaries
}

// A song is the last that was heard of the canaries.
type song struct {
	canaries []evidence.Canary
	at       time.Time
}
