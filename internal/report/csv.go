package report

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"webdyno/internal/evidence"
)

// A csvRow is a figure of any kind in the first table: what Rows and capacities
// have in common.
type csvRow struct {
	Kind string `json:"kind"` // figure, capacity or critical
	Row
	Goal string `json:"goal,omitempty"` // of a capacity
}

// A roundRow is the value of one round behind a Row.
type roundRow struct {
	Who
	Factors Factors `json:"factors"`
	Metric  string  `json:"metric"`
	Unit    string  `json:"unit"`
	Round   int     `json:"round"`
	Value   Number  `json:"value"`
}

// A claimRow is what one setting says to a claim.
type claimRow struct {
	Claim string `json:"claim"`
	ClaimPlace
}

// A scaleRow is a subject on so many processors.
type scaleRow struct {
	Who
	Factors Factors `json:"factors,omitempty"`
	Factor  string  `json:"factor"`
	ScalePoint
}

// A lawRow is what a subject makes of processors by the law, or why not.
type lawRow struct {
	Who
	Factors Factors   `json:"factors,omitempty"`
	Factor  string    `json:"factor"`
	Law     *ScaleLaw `json:"law,omitempty"`
	WhyNot  string    `json:"why_not,omitempty"`
}

// A courseRow is one slice of a warm-up.
type courseRow struct {
	Who
	Round   int    `json:"round"`
	Slice   int    `json:"slice"`
	Start   Number `json:"start_s"`
	Rate    Number `json:"rate"`
	Service Number `json:"service_ms"`
	CPU     Number `json:"cpu_us"`
}

// An answerRow is one shape of a variant's answers.
type answerRow struct {
	Who
	evidence.Answer
}

// A csvTable is one table: a list of structs, whose columns are those of their
// objects in JSON.
type csvTable struct {
	name string
	rows any
}

// tablesCSV are all tables, in the order in which they are listed. The first is
// the one that is meant where none is named.
func (r *Report) tablesCSV() []csvTable {
	return append([]csvTable{
		{"rows", r.csvRows()},
		{"rounds", r.roundRows()},
		{"comparisons", r.Comparisons},
		{"crossings", r.Crossings},
		{"fits", r.Fits},
		{"slopes", r.Slopes},
		{"scaling", r.scaleRows()},
		{"scaling_laws", r.lawRows()},
		{"means", r.Means},
		{"claims", r.Claims},
		{"claim_settings", r.claimRows()},
		{"objectives", r.Objectives},
		{"knees", r.Knees},
		{"capacities", r.Capacities},
		{"capacity_comparisons", r.CapacityComparisons},
		{"critical", r.Critical},
		{"overloads", r.Overloads},
		{"changes", r.changes()},
		{"aa", r.aaRows()},
		{"causes", r.Causes},
		{"global", r.Method.Global},
		{"warmups", r.Warmups},
		{"warmup_slices", r.courseRows()},
		{"signals", r.Signals},
		{"notes", r.Notes},
		{"terms", r.Terms},
		{"answers", r.answerRows()},
		{"removals", r.Removals},
		{"skipped", r.Skipped},
		{"failed", r.Failed},
		{"falls", r.Falls},
		{"invalid", r.Invalid},
	}, r.profileTables()...)
}

// CSVTables returns the names of the tables that CSV writes, the one that is meant
// where none is named first.
func CSVTables() []string {
	var names []string
	for _, t := range (&Report{}).tablesCSV() {
		names = append(names, t.name)
	}
	return names
}

// CSV writes one of CSVTables as RFC 4180 has it: a heading, then a line for each
// object of report.json's list, with the numbers as they are there. It returns how
// many lines there are. What is null there, or left out, is empty. A text that a
// spreadsheet would take for a formula has an apostrophe before it.
func (r *Report) CSV(w io.Writer, name string) (int, error) {
	for _, t := range r.tablesCSV() {
		if t.name != name {
			continue
		}
		lines := flattened(t.rows, r.factors)
		var b bytes.Buffer
		for _, l := range lines {
			writeCSV(&b, l)
		}
		if _, err := w.Write(b.Bytes()); err != nil {
			return 0, fmt.Errorf("write table %s: %w", name, err)
		}
		return len(lines) - 1, nil
	}
	return 0, fmt.Errorf("no table is called %q: there are %s: %w", name, strings.Join(CSVTables(), ", "), ErrNoTable)
}

// ErrNoTable is in the error of CSV if there is no table of that name.
var ErrNoTable = errors.New("unknown table")

func (r *Report) csvRows() []csvRow {
	var all []csvRow
	for _, row := range r.Rows {
		all = append(all, csvRow{Kind: "figure", Row: row})
	}
	for _, c := range r.Capacities {
		all = append(all, csvRow{Kind: "capacity", Goal: c.Goal, Row: Row{Who: c.Who, Factors: c.Factors, Metric: capacityMetric, Unit: "req/s",
			Value: c.Value, Lo: c.Lo, Hi: c.Hi, N: c.N, Grade: c.Grade, Bound: c.Bound, LowerBound: c.LowerBound}})
	}
	for _, c := range r.Critical {
		all = append(all, csvRow{Kind: "critical", Goal: strings.Join(c.Goals, "; "), Row: Row{Who: c.Who, Factors: c.Factors, Metric: capacityMetric, Unit: "req/s",
			Value: c.Value, Lo: c.Lo, Hi: c.Hi, N: c.N}})
	}
	return all
}

func (r *Report) roundRows() []roundRow {
	var all []roundRow
	for i := range r.Rows {
		row := &r.Rows[i]
		for k, v := range row.rounds {
			all = append(all, roundRow{row.Who, row.Factors, string(row.Metric), row.Unit, row.numbers[k], v})
		}
	}
	return all
}

func (r *Report) claimRows() []claimRow {
	var all []claimRow
	for _, c := range r.Claims {
		for _, at := range c.Settings {
			all = append(all, claimRow{c.Claim, at})
		}
	}
	return all
}

func (r *Report) scaleRows() []scaleRow {
	var all []scaleRow
	for _, s := range r.Scaling {
		for _, x := range s.Points {
			all = append(all, scaleRow{s.Who, s.Factors, s.Factor, x})
		}
	}
	return all
}

func (r *Report) lawRows() []lawRow {
	var all []lawRow
	for _, s := range r.Scaling {
		all = append(all, lawRow{s.Who, s.Factors, s.Factor, s.Law, s.WhyNot})
	}
	return all
}

func (r *Report) changes() []Change {
	if r.Changes == nil {
		return nil
	}
	return r.Changes.Changes
}

func (r *Report) aaRows() []Comparison {
	if r.AA == nil {
		return nil
	}
	return r.AA.Comparisons
}

func (r *Report) answerRows() []answerRow {
	var all []answerRow
	for _, w := range r.Terms {
		for _, a := range w.Answers {
			all = append(all, answerRow{w.Who, a})
		}
	}
	return all
}

func (r *Report) courseRows() []courseRow {
	var all []courseRow
	for _, w := range r.Warmups {
		c := w.Trajectory
		if c == nil {
			continue
		}
		at := func(xs []float64, i int) Number {
			if i < len(xs) {
				return exactly(xs[i])
			}
			return Number{}
		}
		for i := range max(len(c.Rates), len(c.Service), len(c.CPU)) {
			all = append(all, courseRow{w.Who, c.Round, i, exactly(float64(i) * c.Slice), at(c.Rates, i), at(c.Service, i), at(c.CPU, i)})
		}
	}
	return all
}
