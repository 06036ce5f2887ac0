package stat

import (
	"math"
	"math/rand/v2"
	"testing"
)

// The courses that servers take are told in at least 95 of 100 runs with noise of
// 0.5 %, whether neighbours are alike or not, and in 85 with noise of 3 %, at 10 s
// of slices of 200 ms and at 60.
func TestSettle(t *testing.T) {
	shapes := []struct {
		name  string
		of    func(x float64) float64 // x from 0 to 1
		want  Course
		after [2]float64 // where the last stretch may begin
	}{
		{"flat", func(float64) float64 { return 1 }, Flat, [2]float64{0, 0}},
		{"exponential", func(x float64) float64 { return 1 + math.Exp(-12*x) }, WarmsUp, [2]float64{.15, .6}},
		{"step", func(x float64) float64 { return pick(x < .2, 1.3, 1) }, WarmsUp, [2]float64{.19, .21}},
		{"slow-down", func(x float64) float64 { return pick(x < .33, .8, 1) }, SlowsDown, [2]float64{.32, .35}},
		{"late step", func(x float64) float64 { return pick(x < .83, 1.3, 1) }, NeverSteady, [2]float64{.8, .85}},
		{"ramp", func(x float64) float64 { return 1 + x }, Drifting, [2]float64{0, 1}},
	}
	for seconds, runs := range map[float64]int{10: 100, 60: 20} {
		for _, noise := range []struct{ cv, alike float64 }{{.005, 0}, {.005, .3}, {.03, 0}} {
			for _, s := range shapes {
				right, placed := 0, 0
				n := int(seconds * 5)
				for run := range runs {
					got := Settle(seededCourse(s.of, n, noise.cv, noise.alike, uint64(run)), nil, Alike)
					if got.Course == s.want {
						right++
					}
					if x := float64(got.From) / float64(n); x >= s.after[0] && x <= s.after[1] {
						placed++
					}
				}
				if 100*right < 85*runs || noise.cv < .01 && 100*right < 95*runs || 100*placed < 80*runs {
					t.Errorf("%s over %v s, noise %+v: %d told, %d placed right of %d", s.name, seconds, noise, right, placed, runs)
				}
			}
		}
	}
}

func pick(first bool, a, b float64) float64 {
	if first {
		return a
	}
	return b
}

func seededCourse(of func(float64) float64, n int, cv, alike float64, seed uint64) []float64 {
	rng := rand.New(rand.NewPCG(seed, 7))
	e := 0.0
	var y []float64
	for i := range n {
		e = alike*e + math.Sqrt(1-alike*alike)*rng.NormFloat64()
		y = append(y, math.Log(of(float64(i)/float64(n))*(1+cv*e)))
	}
	return y
}

// A collector that runs every ten slices belongs to the steady state, and so
// does one that runs seldom.
func TestSettleWithACollector(t *testing.T) {
	for _, period := range []int{5, 10, 25, 60} {
		flat := 0
		for run := range 100 {
			y := seededCourse(func(float64) float64 { return 1 }, 300, .01, 0, uint64(run))
			for i := period - 1; i < len(y); i += period {
				y[i] += .4
			}
			if Settle(y, nil, Alike).Course == Flat {
				flat++
			}
		}
		if flat < 95 {
			t.Errorf("every %d slices: flat in %d of 100", period, flat)
		}
	}
}

// What cannot be told is not told, and what is no number is passed over.
func TestSettleOfLittle(t *testing.T) {
	gone := math.Inf(-1)
	if s := Settle([]float64{1, 1, 1, 1, 1, 1, 1, 1, 1}, nil, Alike); s.Course != Untold || s.From != 0 {
		t.Errorf("nine values: %+v", s)
	}
	if s := Settle([]float64{gone, gone, gone, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1}, nil, Alike); s.Course != Flat {
		t.Errorf("three of thirteen no numbers: %+v", s)
	}
	many := make([]float64, 30)
	for i := range many {
		many[i] = math.NaN()
	}
	if s := Settle(many, nil, Alike); s.Course != Untold {
		t.Errorf("no numbers: %+v", s)
	}
	// Weights: the last stretch is few values, and most of the time.
	y, w := make([]float64, 50), make([]float64, 50)
	for i := range y {
		y[i], w[i] = 1, 1
		if i >= 44 {
			y[i], w[i] = 0, 30
		}
	}
	if s := Settle(y, w, Alike); s.Course != WarmsUp || s.From != 44 {
		t.Errorf("with weights: %+v", s)
	}
	if s := Settle(y, nil, Alike); s.Course != NeverSteady {
		t.Errorf("without: %+v", s)
	}
}
