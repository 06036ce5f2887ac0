package report

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"webdyno/internal/unit"
)

// Causes are what became of the requests that failed, of one variant at one
// setting, over all rounds. There is one only where requests failed.
type Causes struct {
	Who
	Factors Factors `json:"factors"`
	Due     uint64  `json:"due"`
	Failed  uint64  `json:"failed"` // wrong answers among them

	By     map[string]float64 `json:"by"`               // how they ended, each in % of those due
	Errnos map[string]uint64  `json:"errnos,omitempty"` // what the kernel said of them, or a few words
}

func (t *table) causes() []Causes {
	var all []Causes
	for _, s := range t.settings {
		for _, v := range t.variants {
			if c := causesOf(t.at(v, s)); c.Failed > 0 {
				all = append(all, c)
			}
		}
	}
	return all
}

func causesOf(cell *cell) Causes {
	c := Causes{Who: cell.variant.Who, Factors: cell.setting.factors, By: map[string]float64{}, Errnos: map[string]uint64{}}
	counts := map[string]uint64{}
	for _, tr := range cell.trials() {
		c.Due += tr.due()
		c.Failed += tr.failed()
		for how, n := range failures(tr.outcomes, tr.wrong) {
			counts[how] += n
		}
		for what, n := range tr.causes {
			c.Errnos[what] += n
		}
	}
	for how, n := range counts {
		c.By[how] = tidy(100 * float64(n) / float64(c.Due))
	}
	return c
}

// mostCauses is how many lines the text has of them; all are in report.json.
const mostCauses = 12

// causeLines say how requests failed, the worst first.
func (r *Report) causeLines(p *page) {
	if len(r.Causes) == 0 {
		return
	}
	worst := slices.Clone(r.Causes)
	slices.SortStableFunc(worst, func(a, b Causes) int {
		return cmp.Compare(float64(b.Failed)/float64(b.Due), float64(a.Failed)/float64(a.Due))
	})
	p.title("Failed requests, by cause")
	for _, c := range worst[:min(len(worst), mostCauses)] {
		p.paragraph("  ", c.name()+space(phrase(r.factors, c.Factors))+": "+causesWords(c.By)+errnoWords(c.Errnos)+".")
	}
	if n := len(worst) - mostCauses; n > 0 {
		p.paragraph("  ", fmt.Sprintf("and %d more in report.json", n))
	}
}

// causesWords write shares in %, the largest first: "timed out 12.0%, reset 1.00%".
func causesWords(by map[string]float64) string {
	var parts []string
	for _, how := range causesInOrder(by) {
		parts = append(parts, strings.ReplaceAll(how, "_", " ")+" "+unit.Number(by[how])+"%")
	}
	return strings.Join(parts, ", ")
}

func causesInOrder(by map[string]float64) []string {
	order := slices.Sorted(maps.Keys(by))
	slices.SortStableFunc(order, func(a, b string) int { return cmp.Compare(by[b], by[a]) })
	return order
}

func errnoWords(errnos map[string]uint64) string {
	if len(errnos) == 0 {
		return ""
	}
	var parts []string
	for _, what := range slices.Sorted(maps.Keys(errnos)) {
		parts = append(parts, what+" "+unit.Count(int64(errnos[what])))
	}
	return " (" + strings.Join(parts, ", ") + ")"
}
