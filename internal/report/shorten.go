package report

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"

	"webdyno/internal/plan"
)

// Tables of a factor with more levels than mostLevels are shortened to that many:
// the ends, the levels around knees and crossings, and others evenly between.
const (
	mostLevels = 12
	endLevels  = 2 // at either end
)

// thinned are the levels of a report's long factors that its tables show.
type thinned struct {
	keep map[string]map[string]bool // by factor and level; none of a factor that is shown whole
	told []string                   // "12 of 100 levels of rate"
}

// thin decides which levels are shown.
func (r *Report) thin(all bool) thinned {
	t := thinned{keep: map[string]map[string]bool{}}
	if all {
		return t
	}
	for _, factor := range r.factors {
		levels, ok := r.numericLevels(factor)
		if !ok || len(levels) <= mostLevels {
			continue
		}
		kept := r.thinnedLevels(factor, levels)
		t.keep[factor] = kept
		t.told = append(t.told, fmt.Sprintf("%d of the %d levels of %s", len(kept), len(levels), factor))
	}
	return t
}

// shows tells whether figures at these factors are among those shown.
func (t thinned) shows(f Factors) bool {
	for factor, kept := range t.keep {
		if level, ok := f[factor]; ok && !kept[level.String()] {
			return false
		}
	}
	return true
}

// lines says what was left out.
func (t thinned) lines(p *page) {
	if len(t.told) > 0 {
		p.paragraph("  ", "Shown are "+list(t.told)+": the ends, those around knees and crossings, and some between; "+
			"--all shows every one, and report.json has them.")
	}
}

// numericLevels returns the levels of a factor that rows have, ascending; false if
// they are not all numbers.
func (r *Report) numericLevels(factor string) ([]plan.Level, bool) {
	byName := map[string]plan.Level{}
	for i := range r.Rows {
		if level, ok := r.Rows[i].Factors[factor]; ok {
			if _, number := level.Number(); !number {
				return nil, false
			}
			byName[level.String()] = level
		}
	}
	return slices.SortedFunc(maps.Values(byName), func(a, b plan.Level) int {
		return cmp.Compare(numberOf(a), numberOf(b))
	}), true
}

func numberOf(l plan.Level) float64 {
	x, _ := l.Number()
	return x
}

// thinnedLevels chooses. What tells most comes first, and as long as there is room
// the largest gap is halved.
func (r *Report) thinnedLevels(factor string, levels []plan.Level) map[string]bool {
	chosen := map[int]bool{}
	for i := range endLevels {
		chosen[i], chosen[len(levels)-1-i] = true, true
	}
	for _, x := range r.telling(factor) {
		i := slices.IndexFunc(levels, func(l plan.Level) bool { return numberOf(l) == x })
		if i >= 0 && len(chosen) < mostLevels {
			chosen[i] = true
		}
	}
	for len(chosen) < mostLevels {
		at := slices.Sorted(maps.Keys(chosen))
		widest := 0
		for i := range len(at) - 1 {
			if at[i+1]-at[i] > at[widest+1]-at[widest] {
				widest = i
			}
		}
		chosen[(at[widest]+at[widest+1])/2] = true
	}
	kept := map[string]bool{}
	for i := range chosen {
		kept[levels[i].String()] = true
	}
	return kept
}

// telling returns the levels between which something happens, knees first.
func (r *Report) telling(factor string) []float64 {
	var all []float64
	for i := range r.Knees {
		if k := &r.Knees[i]; k.Factor == factor {
			all = append(all, k.Kept.X, k.At.X)
		}
	}
	for i := range r.Crossings {
		if c := &r.Crossings[i]; c.Factor == factor {
			all = append(all, c.Between[0], c.Between[1])
		}
	}
	return slices.DeleteFunc(all, math.IsNaN)
}
