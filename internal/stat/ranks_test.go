package stat

import "testing"

// Hollander and Wolfe 1973, p. 140: 22 baseball players round first base in
// three ways. Computed with R 4.2 (friedman.test).
func TestFriedman(t *testing.T) {
	got := Friedman([][]float64{
		{5.40, 5.50, 5.55}, {5.85, 5.70, 5.75}, {5.20, 5.60, 5.50}, {5.55, 5.50, 5.40}, {5.90, 5.85, 5.70},
		{5.45, 5.55, 5.60}, {5.40, 5.40, 5.35}, {5.45, 5.50, 5.35}, {5.25, 5.15, 5.00}, {5.85, 5.80, 5.70},
		{5.25, 5.20, 5.10}, {5.65, 5.55, 5.45}, {5.60, 5.35, 5.45}, {5.05, 5.00, 4.95}, {5.50, 5.50, 5.40},
		{5.45, 5.55, 5.50}, {5.55, 5.55, 5.35}, {5.45, 5.50, 5.55}, {5.50, 5.45, 5.25}, {5.65, 5.60, 5.40},
		{5.70, 5.65, 5.55}, {6.30, 6.30, 6.25},
	})
	near(t, "chi²", got.Chi2, 11.1428571429, 1e-11)
	near(t, "p", got.P, 0.00380504077551, 1e-11)
	if got.DF != 2 {
		t.Errorf("got %d degrees of freedom, want 2", got.DF)
	}
}

// R's data set "airquality": ozone in New York by month, days without a reading
// left out. Computed with R 4.2 (kruskal.test).
func TestKruskalWallis(t *testing.T) {
	got := KruskalWallis(
		[]float64{41, 36, 12, 18, 28, 23, 19, 8, 7, 16, 11, 14, 18, 14, 34, 6, 30, 11, 1, 11, 4, 32, 23, 45, 115, 37},
		[]float64{29, 71, 39, 23, 21, 37, 20, 12, 13},
		[]float64{135, 49, 32, 64, 40, 77, 97, 97, 85, 10, 27, 7, 48, 35, 61, 79, 63, 16, 80, 108, 20, 52, 82, 50, 64, 59},
		[]float64{39, 9, 16, 78, 35, 66, 122, 89, 110, 44, 28, 65, 22, 59, 23, 31, 44, 21, 9, 45, 168, 73, 76, 118, 84, 85},
		[]float64{96, 78, 73, 91, 47, 32, 20, 23, 21, 24, 44, 21, 28, 9, 13, 46, 18, 13, 24, 16, 13, 23, 36, 7, 14, 30, 14, 18, 20},
	)
	near(t, "chi²", got.Chi2, 29.2665763061, 1e-11)
	near(t, "p", got.P, 6.90071411855e-06, 1e-10)
	if got.DF != 4 {
		t.Errorf("got %d degrees of freedom, want 4", got.DF)
	}
}

func TestNothingToTell(t *testing.T) {
	for name, got := range map[string]GlobalTest{
		"one block":   Friedman([][]float64{{1, 2, 3}}),
		"one of each": Friedman([][]float64{{1}, {2}}),
		"equals":      Friedman([][]float64{{1, 1}, {2, 2}}),
		"nothing":     Friedman(nil),
		"one sample":  KruskalWallis([]float64{1, 2}, nil),
		"all equal":   KruskalWallis([]float64{1, 1}, []float64{1}),
	} {
		if got.P != 1 {
			t.Errorf("%s: got p %g, want 1", name, got.P)
		}
	}
}
