package report

import (
	"cmp"
	"fmt"
	"io"
	"math"
	"slices"
	"time"

	"webdyno/internal/evidence"
	"webdyno/internal/plan"
	"webdyno/internal/stat"
)

// Changes are what became of subjects between an old build and a new one: of two
// records, or of one in which both were measured.
type Changes struct {
	Version int      `json:"version"` // of this format: 1
	Title   string   `json:"title"`
	Answer  []string `json:"answer"` // sentences, the most important first
	Worse   bool     `json:"worse"`  // a held figure was shown to be worse by more than its margin, or a subject no longer works

	// Paired tells that both were measured in the same rounds. Without it they
	// were measured at different times, and drift of the machine is in the
	// difference.
	Paired bool    `json:"paired"`
	Level  float64 `json:"level"` // that intervals and verdicts were computed at

	Old Side `json:"old"`
	New Side `json:"new"`

	Primary     plan.Metric     `json:"primary"`
	Changes     []Change        `json:"changes"`
	Untold      []plan.Metric   `json:"untold"`      // that were to decide, and have no figure on both sides
	Lost        []Lost          `json:"lost"`        // what works no longer
	OnlyOld     []Apart         `json:"only_old"`    // measured in the old record alone
	OnlyNew     []Apart         `json:"only_new"`    // and in the new one alone
	Differences []Difference    `json:"differences"` // beside the subjects' figures
	Notes       []evidence.Note `json:"notes"`

	factors  []string
	searched bool // one side is of a search for capacities
}

// A Side is one of the two records.
type Side struct {
	Record  string    `json:"record,omitempty"` // as it was named
	Began   time.Time `json:"began,omitzero"`
	Webdyno string    `json:"webdyno,omitempty"`
	Rounds  int       `json:"rounds"`
}

// A Change is what became of one metric of one variant at one setting.
type Change struct {
	Who
	Old     Who         `json:"old"` // as the old build is called
	Factors Factors     `json:"factors"`
	Metric  plan.Metric `json:"metric"`
	Unit    string      `json:"unit"`

	Before Number `json:"before"` // median over rounds
	After  Number `json:"after"`

	// Ratio is after ÷ before: of pairs of a round, if Paired, else of rounds of
	// the two records. Of errors it is a Difference, in points of per cent.
	Ratio      Number `json:"ratio"`
	Lo         Number `json:"lo"` // missing where the rounds are too few, or the interval is open at this end
	Hi         Number `json:"hi"`
	Difference bool   `json:"difference,omitempty"`
	Paired     bool   `json:"paired"`
	NBefore    int    `json:"n_before"` // rounds; of a pair both are the same
	NAfter     int    `json:"n_after"`

	Means *Ratio `json:"means,omitempty"` // of the unpaired: the means' ratio by Fieller

	P         Number  `json:"p"`
	PAdjusted Number  `json:"p_adjusted"` // over all rows of the metric
	Margin    float64 `json:"margin"`     // of Ratio about one; of a difference, of the requests due

	Verdict    Verdict `json:"verdict"`
	Measurable bool    `json:"measurable,omitempty"` // equivalent, and yet a difference was shown
	Held       bool    `json:"held"`                 // it decides whether the new build passes
	Worse      bool    `json:"worse"`                // shown to be worse, by more than the margin

	NeedsRounds int            `json:"needs_rounds,omitempty"` // about how many of each would decide, where undetermined
	Grade       evidence.Grade `json:"grade"`
	AtLimit     bool           `json:"instrument_limit,omitempty"`

	effect effect
	higher bool   // more of it is better
	shown  string // the unit behind its numbers
}

// A Ratio is a ratio and its interval.
type Ratio struct {
	Ratio Number `json:"ratio"`
	Lo    Number `json:"lo"`
	Hi    Number `json:"hi"`
}

// Lost is a variant that was measured before and works no longer.
type Lost struct {
	Who
	Factors Factors `json:"factors,omitempty"`
	What    string  `json:"what"` // it does now
}

// Apart is what one record has and the other has not.
type Apart struct {
	Who
	Factors Factors `json:"factors,omitempty"`
	Why     string  `json:"why,omitempty"`
}

// A Difference is something beside the subjects' figures in which two records, or
// an old build and a new one, differ.
type Difference struct {
	What string `json:"what"` // "cpu.model", "plan: workload", "tornado: content of its folder"
	Old  string `json:"old"`
	New  string `json:"new"`
}

// ChangeOptions say what is compared, and how strictly. The zero ChangeOptions
// compare all that both sides have, by the new plan's margins.
type ChangeOptions struct {
	OldName, NewName string // what the records are called; may be empty

	Margins plan.Margins  // go before the plan's
	Only    []string      // subjects or variants, by their new names; none: all
	Metrics []plan.Metric // that are held; none: the primary one, errors, and those that have margins of their own
	As      []Rename      // subjects that are called otherwise in the new record
}

// A Rename sets a subject of the old record, or a variant of one, against one of
// another name.
type Rename struct{ Old, New string }

// Compare draws conclusions about what changed from an old record to a new one.
// Its rounds are not pairs: each figure is the medians' of all pairs of an old
// round and a new one (Hodges–Lehmann), its interval and p-value are those of the
// exact test of two samples (Mann–Whitney). That supposes rounds that know nothing
// of when they were measured, which no two records warrant: the result says so.
func Compare(before, after Input, o ChangeOptions) (*Changes, error) {
	old, err := arrange(before)
	if err != nil {
		return nil, err
	}
	fresh, err := arrange(after)
	if err != nil {
		return nil, err
	}
	return newComparison(old, fresh, o).changes(), nil
}

// CompareBuilds draws conclusions from one record in which old builds and new
// ones were measured in the same rounds: those that the plan calls old_of others,
// and those that o.As names. They are compared in pairs, round by round.
func CompareBuilds(in Input, o ChangeOptions) (*Changes, error) {
	t, err := arrange(in)
	if err != nil {
		return nil, err
	}
	return newComparison(t, t, o).changes(), nil
}

// buildChanges compares old builds with new ones, where the plan has both; nil
// where it has none.
func (t *table) buildChanges() *Changes {
	for _, v := range t.variants {
		if v.older {
			return newComparison(t, t, ChangeOptions{}).changes()
		}
	}
	return nil
}

// Worse tells whether a subject is worse than its old build.
func (r *Report) Worse() bool { return r.Changes != nil && r.Changes.Worse }

// JSON writes the changes: indented, and the same bytes for the same records.
func (c *Changes) JSON(w io.Writer) error { return writeJSON(w, c) }

// A comparison is two tables being compared; of an interleaved run they are one.
type comparison struct {
	old, fresh *table
	ChangeOptions
	alpha float64
}

func newComparison(old, fresh *table, o ChangeOptions) *comparison {
	o.Margins = fresh.plan.Margin.With(o.Margins)
	return &comparison{old: old, fresh: fresh, ChangeOptions: o, alpha: 1 - max(old.confidence(), fresh.confidence())}
}

func (c *comparison) paired() bool { return c.old == c.fresh }

func (c *comparison) changes() *Changes {
	out := &Changes{
		Version: 1, Title: c.fresh.title(), Paired: c.paired(), Level: tidy(1 - c.alpha), Primary: c.fresh.primary(),
		Old: c.old.side(c.OldName), New: c.fresh.side(c.NewName), factors: c.fresh.factorNames,
		searched: c.old.plan.Searches() || c.fresh.plan.Searches(),
		Lost:     []Lost{}, OnlyOld: []Apart{}, OnlyNew: []Apart{}, Notes: []evidence.Note{},
	}
	joined := c.join(out)
	out.Changes = c.all(joined)
	out.Untold = c.untold(out.Changes)
	for _, x := range out.Changes {
		out.Worse = out.Worse || x.Held && x.Worse
	}
	out.Worse = out.Worse || len(out.Lost) > 0
	out.Differences = c.differences(joined)
	out.Answer = out.answer()
	return out
}

func (t *table) side(name string) Side {
	s := Side{Record: name, Rounds: t.rounds()}
	if t.setup != nil {
		s.Began = t.setup.Began.UTC()
		s.Webdyno = webdynoOf(t.setup.Webdyno)
	}
	return s
}

func webdynoOf(b evidence.Build) string {
	if b.Commit == "" {
		return b.Version
	}
	return b.Version + " " + b.Commit
}

// all makes the changes of the joined cells: the primary metric first, the
// others as reports show them.
func (c *comparison) all(joined []twin) []Change {
	rows := []Change{}
	for _, m := range c.order() {
		var here []Change
		for _, j := range joined {
			if x, ok := c.change(m, j); ok {
				here = append(here, x)
			}
		}
		c.judge(here)
		rows = append(rows, here...)
	}
	return rows
}

// order returns the metrics, the primary one first.
func (c *comparison) order() []plan.Metric {
	all := []plan.Metric{c.fresh.primary()}
	for _, m := range slices.Concat(c.fresh.metrics(), c.Metrics) {
		if !slices.Contains(all, m) {
			all = append(all, m)
		}
	}
	return all
}

// held tells whether a metric decides if the new build passes. What is told of
// the others is told for the reader's information: among a dozen metrics one
// would look worse by chance too often.
func (c *comparison) held(m plan.Metric) bool {
	if len(c.Metrics) > 0 {
		return slices.Contains(c.Metrics, m)
	}
	return m == c.fresh.primary() || m == plan.Errors || c.Margins.Names(m)
}

// untold returns the metrics that were to decide and of which there is no row: a
// percentile, say, for which too few requests were due.
func (c *comparison) untold(rows []Change) []plan.Metric {
	all := []plan.Metric{}
	for _, m := range c.order() {
		if c.held(m) && m != plan.Errors && !slices.ContainsFunc(rows, func(x Change) bool { return x.Metric == m }) {
			all = append(all, m)
		}
	}
	return all
}

// change makes a row; false where neither side has the metric, or its rounds do
// not tell it.
func (c *comparison) change(m plan.Metric, j twin) (Change, bool) {
	if m == plan.StartUp {
		if j.startUp == nil {
			return Change{}, false
		}
		j = *j.startUp
	}
	e, ok := c.effectOf(m, j)
	if !ok {
		return Change{}, false
	}
	unit, higher := c.fresh.metric(m)
	x := Change{
		Who: j.fresh.variant.Who, Old: j.old.variant.Who, Factors: j.fresh.setting.factors, Metric: m, Unit: unit,
		Paired: c.paired(), Difference: e.points, NBefore: e.n, NAfter: e.m,
		Margin: c.Margins.Of(m), Held: c.held(m), Means: e.meansRatio(),
		AtLimit: ofLoad(m) && (atInstrumentLimit(j.old.trials()) || atInstrumentLimit(j.fresh.trials())),
		effect:  e, higher: higher, shown: c.fresh.shown(m),
	}
	x.Before, _, _ = summary(e.before, m, 1-c.alpha)
	x.After, _, _ = summary(e.after, m, 1-c.alpha)
	for _, tr := range append(j.old.trials(), j.fresh.trials()...) {
		x.Grade = max(x.Grade, gradeFor(m, tr.grade))
	}
	x.Ratio, x.Lo, x.Hi = e.numbers()
	return x, true
}

// judge adjusts the p-values of one metric's rows, which were looked at together,
// and gives each its verdict.
func (c *comparison) judge(rows []Change) {
	var ps []float64
	for _, x := range rows {
		ps = append(ps, x.effect.p)
	}
	for i, q := range stat.Holm(ps) {
		x := &rows[i]
		x.P, x.PAdjusted = exactly(x.effect.p), exactly(q)
		x.Verdict, x.Measurable = x.verdict(q, c.alpha)
		x.Worse = x.Verdict == Slower && math.Abs(x.effect.value.Value) > x.edge()
		if x.Verdict == Undetermined {
			x.NeedsRounds = x.needs(len(rows), c.alpha)
		}
	}
}

// edge is the margin on the scale of the effect.
func (x *Change) edge() float64 {
	if x.Difference {
		return 100 * x.Margin
	}
	return math.Log1p(x.Margin)
}

// verdict says what the interval and the adjusted p allow. Equivalence is tested
// by an interval of twice the error, two one-sided tests; what was measured at the
// instrument's limit is not shown to be alike.
func (x *Change) verdict(p, alpha float64) (v Verdict, measurable bool) {
	e := x.effect
	shown := e.value.HasInterval() && p < alpha && (e.value.Lo > 0 || e.value.Hi < 0)
	edge := x.edge()
	switch {
	case e.narrow.HasInterval() && !x.AtLimit && e.silent == 0 && !math.IsInf(e.value.Hi-e.value.Lo, 0) &&
		e.narrow.Lo >= -edge && e.narrow.Hi <= edge:
		return Equivalent, shown
	case !shown:
		return Undetermined, false
	case e.value.Lo > 0 == x.higher:
		return Faster, false
	}
	return Slower, false
}

// needs returns about how many rounds of each build would decide: so many that
// the smallest p-value there is, adjusted over the rows, can show anything, and
// that the interval is narrow enough, by the width it has now. 0 if that cannot
// be told.
func (x *Change) needs(rows int, alpha float64) int {
	e := x.effect
	least := x.least(rows, alpha)
	if !e.value.HasInterval() {
		return least
	}
	if x.AtLimit || math.IsInf(e.value.Hi-e.value.Lo, 0) {
		return 0
	}
	n := min(e.n, e.m)
	half := (e.value.Hi - e.value.Lo) / 2 / max(x.edge(), math.Abs(e.value.Value))
	return max(n+1, least, int(math.Ceil(float64(n)*half*half)))
}

// least is the fewest rounds of each build by which anything can be shown of one
// of so many rows.
func (x *Change) least(rows int, alpha float64) int {
	level := 1 - alpha/float64(max(rows, 1))
	if x.Paired {
		return stat.MinFor(level)
	}
	return stat.MinForTwo(level)
}

// sortApart puts what only one side has into the order of names.
func sortApart(all []Apart, factors []string) {
	slices.SortStableFunc(all, func(a, b Apart) int {
		return cmp.Or(cmp.Compare(a.name(), b.name()), cmp.Compare(settingName(factors, a.Factors), settingName(factors, b.Factors)))
	})
}

// changed says how many rounds stand behind a change: "10 rounds", or "10 and 12
// rounds".
func (x *Change) rounds() string {
	if x.Paired || x.NBefore == x.NAfter {
		return plural(x.NAfter, "round")
	}
	return fmt.Sprintf("%d and %s", x.NBefore, plural(x.NAfter, "round"))
}
