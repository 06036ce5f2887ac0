// Package plan is the question: an experiment written down before it is run.
//
// A plan is one YAML file. Read turns it into a Plan or into complaints, all of
// them at once, each with its place and what would be right. A Plan is a value:
// two plans that are equal expand to the same trials in the same order on every
// machine. The grammar is told in docs/plans.md.
package plan

import (
	"time"

	"webdyno/internal/load"
)

// A Plan says what varies, what is held fixed, how often each combination is
// tried, and what is compared. Read fills in every default.
type Plan struct {
	Name  string // of the file or of the shipped plan, without ".yaml"
	Title string

	Subjects []Subject
	Services []Service // what runs beside them, in the order written
	Take     []Pick    // the variants that take part; none: all
	Factors  []Factor  // of the workload and the load, in the order written

	Workload Workload
	Load     Load

	Warmup Warmup        // of each subject, at the start of each round
	Rewarm time.Duration // discarded at the start of each trial, after another subject ran
	Window time.Duration // counted
	Blocks int           // K: blocks of each setting in a round
	Rounds Rounds
	Budget time.Duration // no new round starts after it
	Mode   Mode          // which subjects are alive while one is under load
	CPUs   CPUs          // of each subject, unless it says otherwise

	Kernel []Var // kernel settings that the machine is held against, and that are never set

	Compare    Metric // what the verdicts are about
	Margin     Margins
	Objectives []Objective
	Capacity   Capacity // what is searched for; zero: nothing
	Profile    Profiling
	Claims     []Claim // put to the test, in the order written
	Seed       uint64  // of orders, arrivals and random values

	Strict     bool        // doubt about the machine makes a trial invalid
	Thresholds []Threshold // of signals, in the order written

	Fallback string // name of a shipped plan to carry out instead where fewer than two subjects can run
	Preset   string // the preset that was applied, if any
	Quick    bool   // a shortened form: its report is not publishable
	AA       bool   // an A/A run: see AgainstItself
}

// A Subject is a server under test, described well enough to be started again
// next year. Exactly one of Serve, Start, Shell, URL and Measure is set.
type Subject struct {
	Name  string
	Serve string   // one of webdyno's own servers, by name
	Args  []string // further arguments to it
	Start []string // an argument list
	Shell string   // a line for /bin/sh
	URL   string   // already running: neither started nor stopped

	Insecure bool // with a URL of https: any certificate will do

	Measure []string      // a command that measures itself: it is no server, and run once in each trial
	Metric  OwnMetric     // what it prints
	Timeout time.Duration // of one run of it

	In       string // folder it starts in: one of subjects/, or a path; resolved against the plan's folder
	Env      []Var  // beside the clean environment that every subject gets
	Venv     string // a virtual environment, or a folder of Python modules; resolved against the plan's folder
	Build    [][]string
	Builds   []FactorBuild // instead of Build: what is built into {build}, and kept
	Uses     []string      // the plan's services that it needs running, those that it mentions included
	Needs    Needs
	Variants []Factor // its own factors
	CPUs     CPUs     // zero: the plan's
	Limits   Limits
	Ready    Ready
	Stop     Stop
	Profile  SubjectProfile // how it is profiled, where the plan asks for profiles
	Bound    bool           // shown as a bound, in no verdict
	Control  bool           // it takes part twice, the second time under another name: see TwinOf
	Plain    string         // the subject that this one is when no profiler is in it; empty: none
	OldOf    string         // the subject of which this one is the old build; empty: of none
}

// A Var is an environment variable.
type Var struct{ Name, Value string }

// Needs says what a machine must have to run a subject.
type Needs struct {
	Debian   []string // packages that would bring it
	Npm      []string // that node must be able to find from the subject's folder: "express", "express@5"
	Modules  []string // Python modules that {python} must be able to import
	Commands []string // programs that must be on PATH
	Hint     string   // what would mend it, where installing those packages does not
}

// CPUs is how many processors a subject is given. The zero CPUs leaves the
// choice to whoever stands above.
type CPUs struct {
	N   int  // so many
	All bool // every one the machine has, the engine's included

	// Factor is the subject's own factor whose level says how many; empty: none
	// does. Variant.CPUs fills it in.
	Factor string
}

// Limits bound what a subject may use. A zero field leaves what webdyno has.
type Limits struct {
	Files  int   // open descriptors
	Memory int64 // bytes, of all its processes together; needs a cgroup
}

// Ready says when a started subject is ready: when it answers.
type Ready struct {
	Path    string        // what is asked; the first request of the workload if empty
	Timeout time.Duration // 10 s unless the plan says otherwise
}

// Stop says how a subject is ended: a signal to its process group, and after
// Grace SIGKILL to whatever is left of it.
type Stop struct {
	Signal string // "TERM", "INT" or "QUIT"
	Grace  time.Duration
}

// A Factor is something a plan varies, with its levels.
type Factor struct {
	Name   string
	Levels []Level
}

// A Workload is what is asked, and how a right answer looks. Its texts may hold
// {factor}, which Expand replaces.
type Workload struct {
	Method  string
	Path    Text
	Headers Headers
	Body    Text
	Expect  Expect

	// Mix holds several requests, sent in turn by their weights, instead of the
	// one above, which says what they do not say themselves.
	Mix []Part
}

// A Text is a string given outright or made to length.
type Text struct {
	Literal string // may hold {factor}

	// Where Repeat is not empty, the text is Prefix followed by as much of
	// Repeat, over and over, as makes Bytes in all.
	Prefix, Repeat string
	Bytes          string // a number, or "{factor}"

	File    string // the text is a file's content; resolved against the plan's folder
	Content []byte // of File, as it was when the plan was read; nil if it was not looked for
}

// Headers are a named set, further headers, or both.
type Headers struct {
	Set   string // "minimal", "wrk", …: package workload knows them; or "{factor}"
	Add   []Var
	Extra Extra // further ones still, made to number and length; none in an Exact, whose Add has them
}

// Expect says how a right answer looks. The zero Expect asks for a status from
// 200 to 399.
type Expect struct {
	Status []int
	Body   *Text  // exactly these bytes
	Bytes  string // a number, or "{factor}": so many bytes of body; empty: any
	Oracle string // the right answer is computed: "classifier"
}

// A Load is load.Load before its factors are filled in: numbers are texts that
// may be a "{factor}".
type Load struct {
	Open           bool
	Rate           string
	Arrivals       string
	Connections    string
	MaxConnections string
	PerConnection  string
	Pipeline       string
	Close          string
	Timeout        string
	Idle           string
	Think          string // of a closed load
	ThinkTime      string // likewise
}

// A Warmup is how a freshly started subject is warmed. The zero Warmup is none.
type Warmup struct {
	Auto   bool // as long as a pilot says
	Extent load.Extent
	Pilot  time.Duration // how long the pilot lasts; 0: as the subject needs. Only with Auto
}

// Rounds says how often everything is repeated, each time with every subject
// freshly started.
type Rounds struct {
	Min, Max int
	Until    float64 // stop between Min and Max once every interval of Compare is this narrow, relative to its centre; 0: always Max
}
