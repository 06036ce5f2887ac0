package lab

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"webdyno/internal/engine"
	"webdyno/internal/evidence"
	"webdyno/internal/plan"
)

// The warm-up of a shortened run goes on while a subject still gets faster, ends
// soon after it has settled, and gives up in the end, saying so.
func TestQuickWarmUp(t *testing.T) {
	for _, c := range []struct {
		name         string
		service      func(age time.Duration) time.Duration
		steady       bool
		least, worst time.Duration
	}{
		{"at once", func(time.Duration) time.Duration { return time.Millisecond }, true, 0, 2 * time.Second},
		{"after one second", func(age time.Duration) time.Duration {
			return time.Millisecond + max(0, time.Second-age)/100
		}, true, time.Second, 3 * time.Second},
		{"never", func(age time.Duration) time.Duration {
			return time.Second - age/8
		}, false, warmQuick, warmQuick + time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				th, rec := newTheatre(), new(paper)
				began := map[string]time.Time{}
				th.lab.Generate = aging{th, began, c.service}
				x := experiment(t, "a")
				x.Plan.Warmup, x.Plan.Quick = plan.Warmup{Auto: true}, true
				x.Plan.Rounds = plan.Rounds{Min: 1, Max: 1}

				if err := th.lab.Run(t.Context(), x, rec); err != nil {
					t.Fatal(err)
				}

				saw := rec.lines[0].Start.Warmup
				if saw.Steady != c.steady || saw.Lasted < c.least || saw.Lasted > c.worst {
					t.Errorf("steady %v after %v; want %v after %v to %v",
						saw.Steady, saw.Lasted, c.steady, c.least, c.worst)
				}
				if len(saw.Service) != len(saw.Rates) || len(saw.Service) == 0 {
					t.Errorf("%d service times, %d rates", len(saw.Service), len(saw.Rates))
				}
			})
		})
	}
}

// aging answers with a service time that depends on how long a subject has been
// loaded, at a rate that does not.
type aging struct {
	*theatre
	began   map[string]time.Time
	service func(age time.Duration) time.Duration
}

func (g aging) Run(ctx context.Context, job engine.Job) (*evidence.Tally, error) {
	name := hostOf(job)
	if g.began[name].IsZero() {
		g.began[name] = time.Now()
	}
	tally, err := g.theatre.Run(ctx, job)
	tally.Service.Record(int64(g.service(time.Since(g.began[name]))))
	return tally, err
}

// A fixed warm-up is shared out among the different requests.
func TestFixedWarmUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		th, rec := newTheatre(), new(paper)

		if err := th.lab.Run(t.Context(), experiment(t, "a"), rec); err != nil {
			t.Fatal(err)
		}

		saw := rec.lines[0].Start.Warmup
		if saw.Lasted != time.Second || len(saw.Rates) != 2 || !saw.Steady {
			t.Errorf("warmed for %v in %d stretches; want 1s in 2, one for each request", saw.Lasted, len(saw.Rates))
		}
	})
}
