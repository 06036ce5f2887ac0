package stat

import "math"

// A FitTest says how well a sample agrees with a law that was known beforehand.
type FitTest struct {
	D float64 // largest distance between the sample's distribution function and the law's
	P float64 // probability of a distance as large or larger, if the law holds
}

// KolmogorovSmirnov tests whether xs are drawn from a continuous law, none of
// whose parameters were taken from xs. P is exact to about seven digits
// (Marsaglia, Tsang and Wang, Evaluating Kolmogorov's Distribution, Journal of
// Statistical Software 8 (18), 2003), and from thousands of values or distances
// far beyond all tables on the usual bound of the tail. Of an empty sample it
// tells nothing: P is 1.
func KolmogorovSmirnov(xs []float64, cdf func(float64) float64) FitTest {
	asc := sorted(xs)
	n := float64(len(asc))
	var d float64
	for i, x := range asc {
		p := cdf(x)
		d = max(d, p-float64(i)/n, float64(i+1)/n-p)
	}
	if len(asc) == 0 {
		return FitTest{P: 1}
	}
	return FitTest{D: d, P: 1 - kolmogorov(len(asc), d)}
}

// kolmogorov returns P(D < d) for samples of n. Durbin's matrix is raised to the
// n-th power by squaring, its size kept in range by powers of ten beside it.
func kolmogorov(n int, d float64) float64 {
	s := d * d * float64(n)
	if s > 7.24 || s > 3.76 && n > 99 || n > 100_000 {
		tail := 2 * math.Exp(-(2.000071+.331/math.Sqrt(float64(n))+1.409/float64(n))*s)
		return max(0, 1-tail)
	}
	k := int(float64(n)*d) + 1
	m := 2*k - 1
	q, exponent := durbin(k, m, float64(n)*d).power(n)
	p := q.at(k-1, k-1)
	for i := 1; i <= n; i++ {
		p *= float64(i) / float64(n)
		if p < 1e-140 {
			p *= 1e140
			exponent -= 140
		}
	}
	return p * math.Pow(10, float64(exponent))
}

// durbin is the matrix of the paper cited, for a distance of nd/n.
func durbin(k, m int, nd float64) square {
	h := float64(k) - nd
	a := newSquare(m)
	for i := range m {
		for j := range m {
			if i-j+1 >= 0 {
				a.set(i, j, 1)
			}
		}
	}
	for i := range m {
		a.add(i, 0, -math.Pow(h, float64(i+1)))
		a.add(m-1, i, -math.Pow(h, float64(m-i)))
	}
	if 2*h-1 > 0 {
		a.add(m-1, 0, math.Pow(2*h-1, float64(m)))
	}
	for i := range m {
		for j := range min(i+1, m) {
			for g := 1; g <= i-j+1; g++ {
				a.set(i, j, a.at(i, j)/float64(g))
			}
		}
	}
	return a
}

// A square matrix, row by row.
type square struct {
	m    int
	cell []float64
}

func newSquare(m int) square { return square{m, make([]float64, m*m)} }

func (a square) at(i, j int) float64     { return a.cell[i*a.m+j] }
func (a square) set(i, j int, v float64) { a.cell[i*a.m+j] = v }
func (a square) add(i, j int, v float64) { a.cell[i*a.m+j] += v }

func (a square) times(b square) square {
	c := newSquare(a.m)
	for i := range a.m {
		for k := range a.m {
			x := a.at(i, k)
			if x == 0 {
				continue
			}
			for j := range a.m {
				c.add(i, j, x*b.at(k, j))
			}
		}
	}
	return c
}

// power returns a to the n-th, n ≥ 1, as a matrix and a power of ten.
func (a square) power(n int) (square, int) {
	if n == 1 {
		return a, 0
	}
	half, exponent := a.power(n / 2)
	v := half.times(half)
	exponent *= 2
	if n%2 == 1 {
		v = a.times(v)
	}
	if centre := v.at(a.m/2, a.m/2); centre > 1e140 {
		for i := range v.cell {
			v.cell[i] *= 1e-140
		}
		exponent += 140
	}
	return v, exponent
}
