package stat

import (
	"math"
	"slices"
)

// A Scalability is the Universal Scalability Law (Gunther, Guerrilla Capacity
// Planning, 2007): X(N) = γN / (1 + α(N−1) + βN(N−1)), N the processors.
type Scalability struct {
	Gamma float64 // what one processor does
	Alpha float64 // contention: the share of the work that waits its turn; 0 or more
	Beta  float64 // coherency: what keeping each other up to date costs a pair; 0 or more

	SE    [3]float64 // standard errors of the three; NaN of one that lies on its bound
	RSS   float64
	N     int
	Bound bool // α or β came out as zero because it may not be less
}

// At returns the throughput of n processors.
func (s Scalability) At(n float64) float64 { return s.Gamma * n / s.delay(n) }

// delay returns by how much n processors fall behind n times one.
func (s Scalability) delay(n float64) float64 { return 1 + s.Alpha*(n-1) + s.Beta*n*(n-1) }

// Peak returns the number of processors beyond which more of them do less,
// √((1−α)/β): infinite where β is zero, and 1 at least.
func (s Scalability) Peak() float64 { return math.Sqrt(max(1, (1-s.Alpha)/s.Beta)) }

// Limit returns what no number of processors exceeds if β is zero: γ/α (Amdahl).
func (s Scalability) Limit() float64 { return s.Gamma / s.Alpha }

// fewestScales is the least number of different N that the law is fitted to.
// Three parameters go through any three points, and with four or five the fit
// says more of their noise than of the server.
const fewestScales = 6

// FitScalability fits the law by least squares, with α and β not below zero. It
// takes six different N; with fewer the error is a *TooFewError.
//
// Each of the four ways of letting α and β be free or zero is fitted by
// Levenberg and Marquardt's method, and the one of least squares that keeps the
// bounds is taken: where the free fit keeps them, that is the free one.
func FitScalability(n, x []float64) (Scalability, error) {
	if err := sameLength(n, x, nil); err != nil {
		return Scalability{}, err
	}
	if have := len(slices.Compact(sorted(n))); have < fewestScales {
		return Scalability{}, &TooFewError{What: "the Universal Scalability Law (different numbers of processors)", Have: have, Need: fewestScales}
	}
	start := gunther(n, x)
	best := Scalability{RSS: math.Inf(1)}
	for _, free := range [][3]bool{{true, true, true}, {true, true, false}, {true, false, true}, {true, false, false}} {
		s := marquardt(n, x, start, free)
		if s.Alpha >= 0 && s.Beta >= 0 && s.RSS < best.RSS {
			s.Bound = !free[1] || !free[2]
			best = s
		}
		if best.RSS < math.Inf(1) && free[1] && free[2] {
			break
		}
	}
	if math.IsInf(best.RSS, 1) || math.IsNaN(best.Gamma) {
		return Scalability{}, ErrNoLine
	}
	return best, nil
}

// gunther returns where to start: with γ from the smallest N, N/C − 1 is the
// parabola βm² + (α+β)m over m = N − 1, if C = X/γ.
func gunther(n, x []float64) [3]float64 {
	first := 0
	for i := range n {
		if n[i] < n[first] {
			first = i
		}
	}
	gamma := x[first] / n[first]
	var m, squares, y []float64
	for i := range n {
		if n[i] != n[first] && x[i] > 0 {
			d := n[i] - 1
			m, squares, y = append(m, d), append(squares, d*d), append(y, gamma*n[i]/x[i]-1)
		}
	}
	start := [3]float64{gamma, .01, 1e-4}
	if s, err := LeastSquares([][]float64{m, squares}, y, nil); err == nil {
		start[1], start[2] = max(s.Coef[0]-s.Coef[1], 1e-3), max(s.Coef[1], 1e-6)
	}
	return start
}

// marquardt fits the parameters that are free, the others being zero. A step that
// makes the sum of squares smaller is taken and lets the next be bolder; one that
// does not is tried again, more cautiously. Near its minimum the sum is flat, and
// rounding hides the last half of the digits in it; there the undamped steps are
// followed until they are nothing.
func marquardt(n, x []float64, start [3]float64, free [3]bool) Scalability {
	at := start
	for j := range at {
		if !free[j] {
			at[j] = 0
		}
	}
	const rounding = 1 + 1e-9
	caution, rss := 1e-3, squaresOf(n, x, at)
	for range 200 {
		step, _, ok := lawStep(n, x, at, free, caution)
		if !ok || caution > 1e12 {
			break
		}
		if next := plus(at, step); squaresOf(n, x, next) < rss {
			at, rss, caution = next, squaresOf(n, x, next), caution/10
		} else {
			caution *= 10
		}
	}
	for range 20 {
		step, _, ok := lawStep(n, x, at, free, 0)
		if next := plus(at, step); ok && squaresOf(n, x, next) <= rss*rounding {
			at = next
		}
	}
	s := Scalability{Gamma: at[0], Alpha: at[1], Beta: at[2], RSS: squaresOf(n, x, at), N: len(n)}
	_, s.SE, _ = lawStep(n, x, at, free, 0)
	return s
}

func plus(a, b [3]float64) [3]float64 { return [3]float64{a[0] + b[0], a[1] + b[1], a[2] + b[2]} }

// squaresOf returns the sum of squares that parameters leave; infinite where the
// law has a pole among the points.
func squaresOf(n, x []float64, at [3]float64) float64 {
	s := Scalability{Gamma: at[0], Alpha: at[1], Beta: at[2]}
	var sum float64
	for i := range n {
		if !(s.delay(n[i]) > 0) {
			return math.Inf(1)
		}
		d := x[i] - s.At(n[i])
		sum += d * d
	}
	return sum
}

// lawStep returns the step that the linearised law asks for, and the standard
// errors of the parameters; zero and NaN of those not free. Caution damps it: each
// free parameter has a further row that holds its step near zero.
func lawStep(n, x []float64, at [3]float64, free [3]bool, caution float64) (step, se [3]float64, ok bool) {
	s := Scalability{Gamma: at[0], Alpha: at[1], Beta: at[2]}
	se = [3]float64{math.NaN(), math.NaN(), math.NaN()}
	rows := len(n)
	if caution > 0 {
		rows += len(at)
	}
	y := make([]float64, rows)
	for i := range n {
		y[i] = x[i] - s.At(n[i])
	}
	var columns [][]float64
	var which []int
	for j := range at {
		if !free[j] {
			continue
		}
		c, size := make([]float64, rows), 0.0
		for i := range n {
			c[i] = s.slopes(n[i])[j]
			size = math.Hypot(size, c[i])
		}
		if caution > 0 {
			c[len(n)+j] = size * math.Sqrt(caution)
		}
		columns, which = append(columns, c), append(which, j)
	}
	fit, err := LeastSquares(columns, y, nil)
	if err != nil {
		return step, se, false
	}
	for k, j := range which {
		step[j], se[j] = fit.Coef[k], fit.SE[k]
	}
	return step, se, true
}

// slopes returns what the throughput of n processors gains by each parameter.
func (s Scalability) slopes(n float64) [3]float64 {
	d := s.delay(n)
	waits := -s.Gamma * n * (n - 1) / (d * d)
	return [3]float64{n / d, waits, waits * n}
}
