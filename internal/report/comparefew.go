package report

// mostPairs is how many comparisons a text has in full.
const mostPairs = 60

// comparedShown tells which comparisons a page has: all, or where they are many
// those of the best at each setting with each of the others, which the answer is
// made of.
func (r *Report) comparedShown(p *page) func(*Comparison) bool {
	many := 0
	for i := range r.Comparisons {
		if p.few.shows(r.Comparisons[i].Factors) {
			many++
		}
	}
	if p.all || p.kept != nil || many <= mostPairs {
		return func(*Comparison) bool { return true }
	}
	best := r.bestByWins()
	return func(c *Comparison) bool {
		b := best[settingName(r.factors, c.Factors)]
		return c.A.name() == b || c.B.name() == b
	}
}

// bestByWins returns, by setting, the variant that the estimates put before most
// of the others, as the answer orders them.
func (r *Report) bestByWins() map[string]string {
	wins := map[string]map[string]int{}
	best := map[string]string{}
	for i := range r.Comparisons {
		c := &r.Comparisons[i]
		at := settingName(r.factors, c.Factors)
		if wins[at] == nil {
			wins[at], best[at] = map[string]int{}, c.A.name()
		}
		if !c.Ratio.Known() {
			continue
		}
		first := c.B.name()
		if (c.Ratio.X > 1) == (c.Metric == r.Primary && r.higher || c.Metric.HigherIsBetter()) {
			first = c.A.name()
		}
		wins[at][first]++
		if wins[at][first] > wins[at][best[at]] {
			best[at] = first
		}
	}
	return best
}

// moreOf counts what is left out: "1 more pair is", "1,740 more pairs are".
func moreOf(n int, thing string) string {
	if n == 1 {
		return "1 more " + thing + " is shown"
	}
	return counted(n) + " more " + thing + "s are shown"
}
