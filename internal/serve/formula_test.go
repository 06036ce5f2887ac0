package serve

import (
	"math"
	"testing"
	"time"
)

type sojourn interface {
	Mean() float64
	Quantile(p float64) float64
}

// The table of the queueing literature, in units of the mean service time,
// evaluated independently in 120-digit decimal arithmetic.
func TestSojournTimes(t *testing.T) {
	at := []float64{.5, .9, .95, .99, .999}
	for _, c := range []struct {
		name  string
		queue sojourn
		mean  float64
		want  [5]float64
	}{
		{"M/M/1 .5", MM1(.5), 2, [5]float64{1.386294, 4.605170, 5.991465, 9.210340, 13.815511}},
		{"M/M/1 .8", MM1(.8), 5, [5]float64{3.465736, 11.512925, 14.978661, 23.025851, 34.538776}},
		{"M/M/1 .9", MM1(.9), 10, [5]float64{6.931472, 23.025851, 29.957323, 46.051702, 69.077553}},
		{"D/M/1 .5", DM1(.5), 1.255000975, [5]float64{0.869900387, 2.889746537, 3.759646924, 5.779493073, 8.669239610}},
		{"D/M/1 .8", DM1(.8), 2.692730840, [5]float64{1.866458790, 6.200241891, 8.066700681, 12.400483783, 18.600725674}},
		{"D/M/1 .9", DM1(.9), 5.178659422, [5]float64{3.589573178, 11.924303987, 15.513877165, 23.848607974, 35.772911961}},
		{"M/D/1 .5", MD1(.5), 1.5, [5]float64{1, 2.515744841, 3.050638407, 4.336255957, 6.168385031}},
		{"M/D/1 .7", MD1(.7), 2.166667, [5]float64{1.729750891, 4.077086873, 5.102897965, 7.485499429, 10.894353824}},
		{"M/D/1 .8", MD1(.8), 3, [5]float64{2.275939873, 6.011511498, 7.620324997, 11.355886792, 16.700268194}},
		{"M/D/1 .9", MD1(.9), 5.5, [5]float64{4.013047519, 11.782504956, 15.128673830, 22.898237350, 34.013969743}},
	} {
		near(t, c.name+" mean", c.queue.Mean(), c.mean, 1e-6)
		for i, p := range at {
			// The M/M/1 row is given to six digits, the others to nine.
			near(t, c.name, c.queue.Quantile(p), c.want[i], 1e-6)
			if _, ok := c.queue.(MM1); !ok {
				near(t, c.name, c.queue.Quantile(p), c.want[i], 2e-9)
			}
		}
	}
}

func TestSigma(t *testing.T) {
	for rho, want := range map[DM1]float64{.5: 0.203187869980, .8: 0.628629796497, .9: 0.806899832856} {
		near(t, "sigma", rho.Sigma(), want, 1e-12)
	}
}

func TestErlangWaits(t *testing.T) {
	for _, c := range []struct{ rho, x, want float64 }{
		{.5, 0, .5}, {.5, 1, 0.824360635350}, {.5, 5, 0.998764270269},
		{.8, 1, 0.445108185698}, {.8, 5, 0.899502761753}, {.8, -1, 0},
	} {
		near(t, "P(W ≤ x)", MD1(c.rho).Waits(c.x), c.want, 1e-12)
	}
}

// Far out, where the terms are large and their sum is not, the share must still
// rise to 1 and never beyond.
func TestErlangWaitsFarOut(t *testing.T) {
	before := 0.0
	for x := 0.0; x < 80; x += 2.5 {
		w := MD1(.9).Waits(x)
		if w < before || w > 1 {
			t.Fatalf("P(W ≤ %g) = %v after %v", x, w, before)
		}
		before = w
	}
	near(t, "P(W ≤ 77.5)", before, 1, 1e-6)
}

// The reference case of a stalled server: 1000 arrivals a second, half a
// millisecond each, frozen for 200 ms every 2 s.
func TestStallQuantiles(t *testing.T) {
	s := Stall{For: 200 * time.Millisecond, Every: 2 * time.Second}
	near(t, "delayed", s.Delayed(.5), .2, 1e-12)
	for p, want := range map[float64]time.Duration{
		.5: 500, .8: 500, .9: 100_500, .95: 150_500, .99: 190_500, .999: 199_500, 1: 200_500,
	} {
		if got := s.Quantile(500*time.Microsecond, .5, p); got != want*time.Microsecond {
			t.Errorf("Q(%g) = %v, want %v", p, got, want*time.Microsecond)
		}
	}
}

func near(t *testing.T, what string, got, want, within float64) {
	t.Helper()
	if math.Abs(got-want) > within*max(1, math.Abs(want)) {
		t.Errorf("%s = %.12g, want %.12g", what, got, want)
	}
}
