// Package report draws conclusions from evidence, and lays them out.
//
// Build is a pure function of what a record holds: the same measurements give
// the same report, byte for byte, in whatever order they come. Every renderer
// reads the same Report, so they cannot disagree.
//
// The unit of inference is the round. A round's value of a metric comes from its
// blocks: the mean of their logarithms for rates and costs, the percentile of
// their merged histograms for times. A figure is the median over rounds with the
// exact 95 % signed-rank interval (Hodges–Lehmann); a comparison is made of the
// logarithms of ratios inside blocks, one per round, and its p-value is the
// exact signed-rank test's, adjusted over the pairs of a setting (Holm). Trials
// of grade X count in no figure.
package report

import (
	"encoding/json"
	"fmt"
	"io"

	"webdyno/internal/evidence"
	"webdyno/internal/plan"
)

// Level is the confidence of every interval in a report. Where rounds end as soon
// as intervals are narrow, it takes a level a little higher to keep it.
const Level = 0.95

// An Input is the content of a record.
type Input struct {
	Plan  *plan.Plan
	Setup *evidence.Setup // nil: nothing is known of the machine

	// The measurements, in any order: those at hand, and those that Each hands
	// over one by one, so that a long record need not be held whole. Either may
	// be nil. Each returns at the first error, its own or its argument's.
	Measurements []*evidence.Measurement
	Each         func(func(*evidence.Measurement) error) error

	// Profiles returns the content of a profile by the name that its measurement has
	// for it, "profiles/….pb.gz". Nil: none is at hand.
	Profiles func(file string) ([]byte, error)
}

func (in Input) each(f func(*evidence.Measurement) error) error {
	for _, m := range in.Measurements {
		if err := f(m); err != nil {
			return err
		}
	}
	if in.Each == nil {
		return nil
	}
	return in.Each(f)
}

// A Report is everything a reader is told, before it is laid out.
type Report struct {
	Version     int      `json:"version"` // of this format: 1
	Title       string   `json:"title"`
	Publishable bool     `json:"publishable"`
	WhyNot      []string `json:"why_not"` // reasons, each the end of "not publishable: …"
	Answer      []string `json:"answer"`  // sentences, the most important first

	Rows        []Row           `json:"rows"`
	Primary     plan.Metric     `json:"primary"`
	Comparisons []Comparison    `json:"comparisons"`
	AA          *AA             `json:"aa,omitempty"` // where subjects were measured against themselves
	Crossings   []Crossing      `json:"crossings"`
	Claims      []Claim         `json:"claims"`
	Fits        []Fit           `json:"fits"`
	Changes     *Changes        `json:"changes,omitempty"` // from old builds to new ones, where the plan has both
	Slopes      []Slope         `json:"slopes,omitempty"`  // of Fits, two by two
	Scaling     []Scaling       `json:"scaling,omitempty"` // where a subject's processors vary
	Means       []MeanRatio     `json:"means,omitempty"`   // over settings
	Objectives  []ObjectiveRow  `json:"objectives,omitempty"`
	Skipped     []Skipped       `json:"skipped"`
	Invalid     []Invalid       `json:"invalid"`
	Removals    []Removal       `json:"removals,omitempty"` // where some trials are invalid: how many of each variant
	Failed      []Failed        `json:"failed"`
	Falls       []Fall          `json:"falls,omitempty"`   // those of Failed that happened under load, gathered
	Knees       []Knee          `json:"knees,omitempty"`   // where an open load's rate varies
	Terms       []Terms         `json:"terms,omitempty"`   // on which the subjects worked
	Warmups     []Warming       `json:"warmups,omitempty"` // how they got going
	Strict      bool            `json:"strict,omitempty"`
	Signals     []Signal        `json:"signals"` // what trials were looked at for, and what was seen
	Notes       []evidence.Note `json:"notes"`   // every kind of note once, the worst first
	Method      Method          `json:"method"`

	Capacities          []Capacity           `json:"capacities,omitempty"` // of a plan that searches for them
	CapacityComparisons []CapacityComparison `json:"capacity_comparisons,omitempty"`
	Critical            []Critical           `json:"critical,omitempty"` // where there are several goals
	Overloads           []Overload           `json:"overloads,omitempty"`
	capacityPairs       []*pair

	Causes []Causes `json:"causes,omitempty"` // of failed requests, at each setting

	Profiles           []*Profiled          `json:"profiles,omitempty"` // where the time goes
	ProfileDifferences []*ProfileDifference `json:"profile_differences,omitempty"`

	higher  bool     // more of the primary metric is better
	shown   string   // the unit that is written behind its numbers
	factors []string // of the settings, in the plan's order; the first numeric one is plotted

	rateFactor string // that sets an open load's rate; "" if none does
	rateSweeps []sweep
}

// A Who is one variant of a subject.
type Who struct {
	Subject string            `json:"subject"`
	Variant map[string]string `json:"variant"`
}

// Factors are the levels of the workload's and the load's factors.
type Factors map[string]plan.Level

// A Row is a figure: one metric of one variant at one setting.
type Row struct {
	Who
	Factors Factors     `json:"factors"`
	Metric  plan.Metric `json:"metric"`
	Unit    string      `json:"unit"`

	Value Number `json:"value"` // median over rounds
	Lo    Number `json:"lo"`    // of the interval; missing where the rounds are too few
	Hi    Number `json:"hi"`
	N     int    `json:"n"` // rounds

	Rank  []int  `json:"rank"`            // best and worst place that the verdicts leave open; null if not compared
	Group string `json:"group,omitempty"` // subjects that share a letter cannot be told apart

	Grade      evidence.Grade  `json:"grade"` // worst of its trials
	Notes      []evidence.Note `json:"notes"`
	Bound      bool            `json:"bound,omitempty"`       // shown as a bound, in no verdict
	LowerBound bool            `json:"lower_bound,omitempty"` // the instrument was the limit: the subject can do more

	shown  string   // the unit as it is written behind its numbers
	speed  bool     // it says how fast something is
	rounds []Number // the value of each round

	numbers []int // of these rounds
}

// A Comparison sets variant A against B at one setting.
type Comparison struct {
	A       Who         `json:"a"`
	B       Who         `json:"b"`
	Factors Factors     `json:"factors"`
	Metric  plan.Metric `json:"metric"`

	Ratio Number  `json:"ratio"` // of A to B; missing where nothing bounds it
	Lo    Number  `json:"lo"`    // missing where the rounds are too few, or the interval is open at this end
	Hi    Number  `json:"hi"`
	N     int     `json:"n"`     // rounds that tell which is better
	Level float64 `json:"level"` // that the interval was computed at, and the verdict

	OneSided int    `json:"one_sided_rounds,omitempty"` // of the N: those that bound the ratio from one side only
	Silent   int    `json:"silent_rounds,omitempty"`    // beside the N: those in which both are beyond the timeout, or zero
	Note     string `json:"note,omitempty"`             // says so, in one sentence

	P         Number `json:"p"`
	PAdjusted Number `json:"p_adjusted"`

	Student *SecondOpinion `json:"student,omitempty"` // Student's paired t on the same rounds; no verdict rests on it

	Verdict Verdict `json:"verdict"`

	Grade       evidence.Grade `json:"grade"`                      // worst of the trials on either side
	Measurable  bool           `json:"measurable,omitempty"`       // equivalent, and yet a difference was shown
	NeedsRounds int            `json:"needs_rounds,omitempty"`     // about how many would decide, where undetermined
	Exploratory bool           `json:"exploratory,omitempty"`      // not the metric the plan declared
	AtLimit     bool           `json:"instrument_limit,omitempty"` // the instrument was the limit of one side or both

	speed bool // the metric says how fast something is
}

// A Verdict is what a comparison allows us to say of A.
type Verdict uint8

const (
	Undetermined Verdict = iota // the data allow either answer
	Faster                      // A is better
	Slower                      // B is better
	Equivalent                  // any difference is within the plan's margin
)

var verdictNames = [...]string{"undetermined", "faster", "slower", "equivalent"}

func (v Verdict) String() string { return verdictNames[v] }

// MarshalText writes the verdict's word.
func (v Verdict) MarshalText() ([]byte, error) { return []byte(v.String()), nil }

// UnmarshalText reads a verdict's word.
func (v *Verdict) UnmarshalText(b []byte) error {
	for i, name := range verdictNames {
		if name == string(b) {
			*v = Verdict(i)
			return nil
		}
	}
	return fmt.Errorf("%q is no verdict: want one of %q", b, verdictNames)
}

// A Crossing is the level of a factor at which two variants change places.
type Crossing struct {
	A       Who     `json:"a"`
	B       Who     `json:"b"`
	Factors Factors `json:"factors,omitempty"` // the other factors
	Factor  string  `json:"factor"`
	At      Number  `json:"at"` // missing where a round beside it does not tell the whole ratio: it is then known by Between alone
	Lo      Number  `json:"lo"`
	Hi      Number  `json:"hi"`
	N       int     `json:"n"` // rounds

	Between [2]float64 `json:"between"` // the measured levels on either side
	Model   string     `json:"model"`   // how it was drawn between them: "straight costs" or "logarithms"; "none" where At is missing
}

// Skipped is a variant this machine could not run.
type Skipped struct {
	Who
	Reason string `json:"reason"`
	Hint   string `json:"hint"`
}

// Invalid is a trial whose numbers are in no figure, through no fault of the
// subject's that could be shown.
type Invalid struct {
	Who
	Round int    `json:"round"`
	Trial string `json:"trial"`
	Why   string `json:"why"`

	Repeated bool `json:"repeated,omitempty"` // its block was measured again, and counts by its last attempt
}

// Failed is a trial in which the subject failed.
type Failed struct {
	Who
	Factors Factors  `json:"factors,omitempty"`
	Round   int      `json:"round"`
	Trial   string   `json:"trial"`
	What    string   `json:"what"`
	Last    []string `json:"last,omitempty"` // the subject's last lines

	told bool // a Fall tells of it
}

// Build draws the conclusions. Its only errors are those of in.Each. It keeps
// some tens of kilobytes of each measurement, and changes none.
func Build(in Input) (*Report, error) {
	t, err := arrange(in)
	if err != nil {
		return nil, err
	}
	return t.report(), nil
}

// report draws the conclusions from a record's measurements.
func (t *table) report() *Report {
	r := &Report{
		Version: 1,
		Title:   t.title(),
		Primary: t.primary(),
		Claims:  t.claims(),
		factors: t.factorNames,
	}
	_, r.higher = t.metric(r.Primary)
	r.shown = t.shown(r.Primary)
	r.Rows = t.rows()
	pairs := t.pairs()
	r.Comparisons = comparisons(pairs)
	r.AA = t.aa()
	t.rank(r.Rows, pairs)
	r.Crossings = t.crossings(pairs)
	r.Fits, r.Slopes = t.fits()
	r.Scaling, r.Means = t.scalings(), t.means(pairs)
	r.Objectives = t.objectives()
	r.Skipped, r.Invalid, r.Failed = t.skipped(), t.invalid(), t.failed()
	r.Removals = t.removals()
	r.Falls = t.falls()
	r.rateFactor, r.rateSweeps = t.rateFactor(), t.rateSweeps()
	r.Knees = t.knees(r.rateSweeps)
	t.capacities(r)
	r.Causes = t.causes()
	r.Profiles = t.profiled()
	r.ProfileDifferences = t.profileDifferences(r.Profiles)
	r.Terms = t.allTerms()
	r.Warmups = t.warmings()
	r.Strict, r.Signals = t.plan.Strict, t.sightings()
	r.Notes = append(t.notes(r.Fits, r.Terms), uneven(r.Removals)...)
	r.Method = t.method()
	r.Method.Mode, r.Method.BestBlocks = t.mode(), t.blocks(pairs)
	r.WhyNot = t.whyNot(r)
	r.Changes = t.buildChanges()
	r.Publishable = len(r.WhyNot) == 0
	r.Answer = t.answer(r, pairs)
	return r
}

// JSON writes the report as report.json: indented, and the same bytes for the
// same report.
func (r *Report) JSON(w io.Writer) error { return writeJSON(w, r) }

func writeJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false) // ">=10000" is for people too
	e.SetIndent("", "  ")
	if err := e.Encode(v); err != nil {
		return fmt.Errorf("write JSON: %w", err)
	}
	return nil
}
