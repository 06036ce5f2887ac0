package stat

import "math"

// A Truncation is where a series had best be cut off at its beginning.
type Truncation struct {
	At    int       // values to leave out; a multiple of the batch
	Found bool      // false where it lies at the middle of the series, and nothing is known
	G     []float64 // of each number of batches left out: the squared error of the mean of the rest
}

// MSER is the marginal standard error rule (White 1997) on means of batches:
// leave out the d batches, no more than half, for which
// Σ_{i>d}(z_i − mean)² / (n−d)² is least. MSER-5 has batches of five. It is blind
// to a change that comes late; no report uses it, and it stands as a second opinion
// on where Settle cuts.
func MSER(y []float64, batch int) Truncation {
	batch = max(batch, 1)
	var z []float64
	for i := 0; i+batch <= len(y); i += batch {
		z = append(z, Mean(y[i:i+batch]))
	}
	t := Truncation{}
	best, at := math.Inf(1), 0
	for d := 0; d <= len(z)/2 && d < len(z); d++ {
		rest := z[d:]
		mean, sum := Mean(rest), 0.0
		for _, v := range rest {
			sum += (v - mean) * (v - mean)
		}
		n := float64(len(rest))
		g := sum / (n * n)
		t.G = append(t.G, g)
		if g < best {
			best, at = g, d
		}
	}
	t.At, t.Found = at*batch, len(z) > 1 && at < len(z)/2
	return t
}
