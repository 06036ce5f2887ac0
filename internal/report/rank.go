package report

import (
	"slices"
	"strings"
)

// rank gives the rows of the primary metric the places and the letters that the
// pairs of their setting leave them.
func (t *table) rank(rows []Row, pairs []*pair) {
	bySetting := map[*setting][]*pair{}
	for _, p := range pairs {
		if p.metric == t.primary() {
			bySetting[p.setting] = append(bySetting[p.setting], p)
		}
	}
	for _, s := range t.settings {
		standing := standingsOf(bySetting[s])
		name := settingName(t.factorNames, s.factors)
		for i := range rows {
			r := &rows[i]
			if r.Metric != t.primary() || settingName(t.factorNames, r.Factors) != name {
				continue
			}
			if place, ok := standing[r.name()]; ok {
				r.Rank, r.Group = place.rank, place.group
			}
		}
	}
}

// A standing is where the verdicts leave a variant.
type standing struct {
	rank  []int
	group string
}

// standingsOf returns, by name, each variant's interval of ranks, from one more
// than are shown to be better to all but those shown to be worse, and its letters:
// variants that share one cannot be told apart.
func standingsOf(pairs []*pair) map[string]standing {
	var names []string
	add := func(v *variant) {
		if !slices.Contains(names, v.name) {
			names = append(names, v.name)
		}
	}
	better, worse := map[string]int{}, map[string]int{}
	var apart [][2]string
	for _, p := range pairs {
		add(p.a)
		add(p.b)
		if p.sign() == 0 {
			continue
		}
		up, down := p.a.name, p.b.name
		if p.sign() < 0 {
			up, down = down, up
		}
		better[down]++
		worse[up]++
		apart = append(apart, [2]string{up, down})
	}
	slices.SortStableFunc(names, func(a, b string) int { return (better[a] - worse[a]) - (better[b] - worse[b]) })
	groups := letters(names, apart)
	all := map[string]standing{}
	for _, n := range names {
		all[n] = standing{[]int{1 + better[n], len(names) - worse[n]}, groups[n]}
	}
	return all
}

// letters returns a compact letter display by insertion and absorption (Piepho
// 2004): begin with one column of all; for every pair that is apart, split each
// column that holds both; drop columns that lie inside others. Names come best
// first, so that the first letter is the best group's.
func letters(names []string, apart [][2]string) map[string]string {
	columns := [][]string{names}
	for _, pair := range apart {
		var next [][]string
		for _, c := range columns {
			if !slices.Contains(c, pair[0]) || !slices.Contains(c, pair[1]) {
				next = append(next, c)
				continue
			}
			next = append(next, without(c, pair[0]), without(c, pair[1]))
		}
		columns = absorb(next)
	}
	slices.SortStableFunc(columns, func(a, b []string) int {
		return slices.Compare(places(names, a), places(names, b))
	})
	groups := map[string]string{}
	for i, c := range columns {
		for _, n := range c {
			groups[n] += letter(i)
		}
	}
	return groups
}

// letter returns a to z, then a' to z', and so on.
func letter(i int) string {
	l := string(rune('a' + i%26))
	return l + strings.Repeat("'", i/26)
}

func without(column []string, name string) []string {
	var rest []string
	for _, n := range column {
		if n != name {
			rest = append(rest, n)
		}
	}
	return rest
}

// absorb drops the columns that are contained in another, and all but the first
// of equal ones.
func absorb(columns [][]string) [][]string {
	var kept [][]string
	for i, c := range columns {
		inside := len(c) == 0
		for j, other := range columns {
			if i != j && contains(other, c) && (len(other) > len(c) || j < i) {
				inside = true
			}
		}
		if !inside {
			kept = append(kept, c)
		}
	}
	return kept
}

func contains(column, part []string) bool {
	for _, n := range part {
		if !slices.Contains(column, n) {
			return false
		}
	}
	return true
}

func places(names, column []string) []int {
	var at []int
	for _, n := range column {
		at = append(at, slices.Index(names, n))
	}
	slices.Sort(at)
	return at
}
