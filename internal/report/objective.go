package report

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"webdyno/internal/evidence"
	"webdyno/internal/latency"
	"webdyno/internal/plan"
	"webdyno/internal/unit"
)

// An ObjectiveResult is an objective and what was found.
type ObjectiveResult struct {
	Objective string `json:"objective"`       // as written
	Figure    Number `json:"figure"`          // in ms, as a share, or per second
	Met       bool   `json:"met"`             // false as well where it cannot be told
	Told      bool   `json:"told"`            // false: neither met nor missed, because the figure is missing
	Needs     uint64 `json:"needs,omitempty"` // requests that would tell, in each round of a plan
	Text      string `json:"text"`            // one sentence
}

// missed tells whether the objective was decided, and not met.
func (r *ObjectiveResult) missed() bool { return r.Told && !r.Met }

// An ObjectiveRow is an objective of the plan, held against one variant at one
// setting.
type ObjectiveRow struct {
	Who
	Factors Factors `json:"factors"`
	ObjectiveResult
	N int `json:"n"` // rounds; the figure is their median
}

// CheckObjectives holds objectives against what was counted. Timeout is the
// load's. Percentiles are over the requests that were due; "max" likewise lies
// beyond the timeout as soon as one request failed; "mean" is over answers.
// What cannot be told, for too few requests, is neither met nor missed.
func CheckObjectives(objectives []plan.Objective, t *evidence.Tally, timeout time.Duration) []ObjectiveResult {
	var results []ObjectiveResult
	for _, o := range objectives {
		results = append(results, check(o, objectiveFigure(o, t, timeout), t.Due()))
	}
	return results
}

// quantileCalled returns the share that a percentile's name stands for: 0.999
// of "p99.9".
func quantileCalled(name string) (p float64, ok bool) {
	digits, ok := strings.CutPrefix(name, "p")
	if !ok {
		return 0, false
	}
	percent, err := strconv.ParseFloat(digits+"e-2", 64)
	return percent, err == nil && percent > 0 && percent < 1
}

func objectiveFigure(o plan.Objective, t *evidence.Tally, timeout time.Duration) Number {
	if p, ok := quantileCalled(o.What); ok {
		return dueQuantile(t.Response, t.Due(), p, timeout)
	}
	switch o.What {
	case "mean":
		return millis(answeredTimes(t), (*latency.Histogram).Mean)
	case "max":
		if t.Failed() > 0 {
			return atLeast(ms(timeout))
		}
		return millis(t.Response, (*latency.Histogram).Max)
	case "errors":
		return share(float64(t.Failed()), float64(t.Due()))
	case "rate":
		return share(float64(t.InWindow), t.Window.Seconds())
	}
	return Number{}
}

// check decides an objective by its figure. A figure known only from below can
// miss an upper bound and meet a lower one.
func check(o plan.Objective, figure Number, due uint64) ObjectiveResult {
	r := ObjectiveResult{Objective: o.Text, Figure: figure, Told: figure.Known()}
	switch {
	case !r.Told:
		return untold(r, o, due)
	case o.Less:
		r.Met = figure.Kind == Exactly && figure.X < o.Bound
	default:
		r.Met = figure.X > o.Bound
	}
	word := "missed"
	if r.Met {
		word = "met"
	}
	r.Text = fmt.Sprintf("%s: %s, %s", o.Text, word, objectiveText(o, figure))
	return r
}

// untold is the result where there is no figure: how many requests it would take,
// and how many there were.
func untold(r ObjectiveResult, o plan.Objective, due uint64) ObjectiveResult {
	r.Text = fmt.Sprintf("%s: cannot be told from %s", o.Text, plural(int(due), "request"))
	if p, ok := quantileCalled(o.What); ok {
		r.Needs = needed(p)
		r.Text = fmt.Sprintf("%s: cannot be told: needs %s requests, of which there were %s",
			o.Text, unit.Count(int64(r.Needs)), unit.Count(int64(due)))
	}
	return r
}

func objectiveText(o plan.Objective, v Number) string {
	switch o.What {
	case "errors":
		return unit.Share(v.X)
	case "rate":
		return unit.Rate(v.X)
	}
	return v.in("ms")
}
