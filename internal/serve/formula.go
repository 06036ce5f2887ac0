package serve

import (
	"math"
	"math/big"
	"sort"
	"time"
)

// Delayed returns the share of constant arrivals that a stall delays, at a
// server that they keep busy for the share rho of the time (0 if servers are
// endless): For / ((1-ρ)·Every). It is 1 where the queue never empties.
func (s Stall) Delayed(rho float64) float64 {
	if s.For == 0 {
		return 0
	}
	return min(1, float64(s.For)/((1-rho)*float64(s.Every)))
}

// Quantile returns the p-quantile, 0 ≤ p ≤ 1, of the response times of constant
// arrivals at a server whose service takes the constant time service, no
// longer than the time between arrivals, under the stall. rho is as in
// [Stall.Delayed], and the stall's delays must be over before the next begins.
//
// The delayed share f of the arrivals sees delays spread evenly from 0 to For:
// Q(p) = s for p ≤ 1-f, and s + For·(1 - (1-p)/f) beyond.
func (s Stall) Quantile(service time.Duration, rho, p float64) time.Duration {
	f := s.Delayed(rho)
	if p <= 1-f {
		return service
	}
	return service + time.Duration(math.Round(float64(s.For)*(1-(1-p)/f)))
}

// The queues below have one server, first come first served, and a mean service
// time of 1; multiply by another. Their value is the share ρ of the time that
// the server is busy, 0 < ρ < 1. Quantiles and means are of the response time,
// waiting and service together; p lies in [0, 1).

// MM1 is the queue with Poisson arrivals and exponential service times. Its
// response time is exponential, of rate 1-ρ.
type MM1 float64

// Mean returns 1/(1-ρ).
func (rho MM1) Mean() float64 { return 1 / (1 - float64(rho)) }

// Quantile returns the p-quantile.
func (rho MM1) Quantile(p float64) float64 { return -math.Log1p(-p) / (1 - float64(rho)) }

// DM1 is the queue with constant arrivals and exponential service times. Its
// response time is exponential, of rate 1-σ, where σ is the root below 1 of
// σ = exp(-(1-σ)/ρ).
type DM1 float64

// Sigma returns σ, the chance that an arrival finds the server busy.
func (rho DM1) Sigma() float64 {
	// The other root is 1, and the curve is convex: below the wanted root
	// exp(-(1-σ)/ρ) lies above σ, between the two below it.
	lo, hi := 0.0, 1-1e-9
	for range 100 {
		mid := (lo + hi) / 2
		if math.Exp(-(1-mid)/float64(rho)) > mid {
			lo = mid
		} else {
			hi = mid
		}
	}
	return lo
}

// Mean returns 1/(1-σ).
func (rho DM1) Mean() float64 { return 1 / (1 - rho.Sigma()) }

// Quantile returns the p-quantile.
func (rho DM1) Quantile(p float64) float64 { return -math.Log1p(-p) / (1 - rho.Sigma()) }

// MD1 is the queue with Poisson arrivals and constant service times: every
// response is 1 longer than its wait.
type MD1 float64

// Mean returns 1 + ρ/(2(1-ρ)).
func (rho MD1) Mean() float64 { return 1 + float64(rho)/(2*(1-float64(rho))) }

// Quantile returns the p-quantile, by halving intervals of [MD1.Waits].
func (rho MD1) Quantile(p float64) float64 {
	if p <= 1-float64(rho) {
		return 1 // the share 1-ρ finds nobody before it
	}
	hi := 1.0
	for rho.Waits(hi) < p {
		hi *= 2
	}
	const steps = 1 << 40
	n := sort.Search(steps, func(i int) bool { return rho.Waits(hi*float64(i)/steps) >= p })
	return 1 + hi*float64(n)/steps
}

// Waits returns the share of requests that wait no longer than x (Erlang 1909):
//
//	P(W ≤ x) = (1-ρ) Σ (-ρ(x-k))ᵏ/k! · exp(ρ(x-k)),  k = 0 … ⌊x⌋
//
// The terms alternate and grow far beyond their sum, in which a float64 would
// keep no digit at x = 30. They are added with digits to spare: none exceeds
// exp(2ρx), and the sum is at least 1-ρ.
func (rho MD1) Waits(x float64) float64 {
	if x < 0 {
		return 0
	}
	prec := uint(96 + 4*math.Ceil(x))
	num := func(f float64) *big.Float { return new(big.Float).SetPrec(prec).SetFloat64(f) }
	r := num(float64(rho))
	sum := num(0)
	power := exp(num(0).Mul(r, num(x))) // exp(ρ(x-k)), here of k = 0
	step := exp(num(0).Neg(r))
	for k := 0; float64(k) <= x; k++ {
		base := num(0).Mul(r, num(0).Sub(num(float64(k)), num(x)))
		term := num(0).Set(power)
		for j := 1; j <= k; j++ {
			term.Mul(term, base)
			term.Quo(term, num(float64(j)))
		}
		sum.Add(sum, term)
		power.Mul(power, step)
	}
	sum.Mul(sum, num(1-float64(rho)))
	share, _ := sum.Float64()
	return share
}

// exp returns e to the power x, to x's precision: the series at x/2ⁿ, where few
// terms do, squared n times.
func exp(x *big.Float) *big.Float {
	prec := x.Prec() + 64
	y := new(big.Float).SetPrec(prec).Set(x)
	halvings := max(0, y.MantExp(nil)+8)
	y.SetMantExp(y, -halvings)
	sum := new(big.Float).SetPrec(prec).SetInt64(1)
	term := new(big.Float).SetPrec(prec).SetInt64(1)
	for n := int64(1); term.Sign() != 0 && term.MantExp(nil) > -int(prec); n++ {
		term.Mul(term, y)
		term.Quo(term, new(big.Float).SetInt64(n))
		sum.Add(sum, term)
	}
	for range halvings {
		sum.Mul(sum, sum)
	}
	return sum.SetPrec(x.Prec())
}
