package record

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"time"

	"webdyno/internal/evidence"
	"webdyno/internal/plan"
)

// The structs in this file are the lines of trials.ndjson, field by field.
// docs/format.md tells what they mean and what is promised about them: a name
// that has been written once keeps its meaning for good.
//
// Where a struct here has the fields of one in package evidence, in the same
// order, the two are converted and not copied. A field that is added there then
// fails to compile here, until somebody has decided what it is called on disk;
// copied field by field, it would be lost without a word.

// wireLine is one line: what one trial left, its histograms aside.
type wireLine struct {
	Version  int                `json:"version"`
	Trial    wireTrial          `json:"trial"`
	Began    time.Time          `json:"began"`
	Tally    *wireTally         `json:"tally,omitempty"`
	Server   *wireUsage         `json:"server,omitempty"`
	Client   *wireUsage         `json:"client,omitempty"`
	Measured *wireMeasured      `json:"measured,omitempty"`
	Start    *wireStart         `json:"start,omitempty"`
	Profile  *evidence.Profile  `json:"profile,omitempty"`
	Mode     *evidence.Mode     `json:"mode,omitempty"`
	Services []evidence.Service `json:"services,omitempty"`
	Host     wireActivity       `json:"host"`
	Notes    []wireNote         `json:"notes,omitempty"`
	Failure  *wireFailure       `json:"failure,omitempty"`
	Hlog     *wireHlogFile      `json:"hlog,omitempty"`
}

type wireTrial struct {
	ID       string                `json:"id"`
	Round    int                   `json:"round"`
	Block    int                   `json:"block"`
	Attempt  int                   `json:"attempt,omitempty"`
	Subject  string                `json:"subject"`
	Variant  map[string]string     `json:"variant,omitempty"`
	Factors  map[string]plan.Level `json:"factors,omitempty"`
	Bound    bool                  `json:"bound,omitempty"`
	LoadSeed uint64                `json:"load_seed,string"` // jq and JavaScript would round a number of 64 bits
	Step     *evidence.Step        `json:"step,omitempty"`

	Attribution string `json:"attribution,omitempty"`
}

type wireTally struct {
	Due            uint64            `json:"due"` // for readers without webdyno: the sum of the outcomes
	Outcomes       map[string]uint64 `json:"outcomes"`
	Wrong          uint64            `json:"wrong"`
	WrongBytes     uint64            `json:"wrong_bytes,omitempty"`
	Statuses       map[int]uint64    `json:"statuses"`
	Causes         map[string]uint64 `json:"causes"`
	Connections    wireConnections   `json:"connections"`
	Idle           *wireIdle         `json:"idle,omitempty"`
	BytesIn        uint64            `json:"bytes_in"`
	BytesOut       uint64            `json:"bytes_out"`
	Sent           uint64            `json:"sent"`
	HeldIn         uint64            `json:"held_in,omitempty"`
	HeldOver       uint64            `json:"held_over,omitempty"`
	InWindow       uint64            `json:"in_window"`
	WrongIn        uint64            `json:"wrong_in_window"`
	WarmupNS       time.Duration     `json:"warmup_ns"`
	WarmupRequests uint64            `json:"warmup_requests"`
	WindowNS       time.Duration     `json:"window_ns"`
	Offered        uint64            `json:"offered"`
	ClientCPUNS    time.Duration     `json:"client_cpu_ns"`
	LoopCPUNS      time.Duration     `json:"loop_cpu_ns"`
	LoopSpanNS     time.Duration     `json:"loop_span_ns,omitempty"`
	Loops          int               `json:"loops"`
	Backend        string            `json:"backend"`
	Sources        int               `json:"sources,omitempty"`
	Preempted      int64             `json:"preempted,omitempty"`
	Collections    uint64            `json:"collections,omitempty"`
	Unbalanced     uint64            `json:"unbalanced,omitempty"`
	WrongAnswers   []string          `json:"wrong_answers,omitempty"`
	Seconds        []wireSecond      `json:"seconds,omitempty"`
}

type wireConnections struct {
	Opened         uint64 `json:"opened"`
	Failed         uint64 `json:"failed"`
	Stale          uint64 `json:"stale"`
	ClosedByServer uint64 `json:"closed_by_server"`
	ClosedByUs     uint64 `json:"closed_by_us"`
}

type wireSecond struct {
	Answered uint64 `json:"answered"`
	Errors   uint64 `json:"errors"`
}

type wireUsage struct {
	Span        time.Duration `json:"span_ns"`
	CPU         time.Duration `json:"cpu_ns"`
	User        time.Duration `json:"user_ns"`
	System      time.Duration `json:"system_ns"`
	PeakRSS     int64         `json:"peak_rss_bytes"`
	RSS         int64         `json:"rss_bytes"`
	Voluntary   int64         `json:"voluntary_switches"`
	Involuntary int64         `json:"involuntary_switches"`
	Processes   int           `json:"processes"`
	Replaced    int           `json:"replaced,omitempty"`
	OutOfMemory uint64        `json:"oom_kills,omitempty"`
	Threads     int           `json:"threads"`
	Source      string        `json:"source"`
	Answered    uint64        `json:"answered"`
}

type wireMeasured struct {
	Metric string        `json:"metric"`
	Unit   string        `json:"unit,omitempty"`
	Better string        `json:"better"`
	Values []float64     `json:"values"`
	Lasted time.Duration `json:"lasted_ns"`
}

type wireIdle struct {
	Asked  uint64 `json:"asked"`
	Opened uint64 `json:"opened"`
	Ended  uint64 `json:"ended"`
}

type wireStart struct {
	Ready   time.Duration `json:"ready_ns"`
	Listens time.Duration `json:"listen_ns"`
	PID     int           `json:"pid"`
	Address string        `json:"address"`
	Proof   string        `json:"proof"`
	Warmup  wireWarmup    `json:"warmup"`

	FirstAnswer time.Duration `json:"first_answer_ns,omitempty"`

	Backlog uint32       `json:"backlog,omitempty"`
	Answers []wireAnswer `json:"answers,omitempty"`

	Bodies []evidence.Body `json:"bodies,omitempty"`
	Date   evidence.Date   `json:"date,omitempty"`
	Unread bool            `json:"unread,omitempty"`
}

type wireAnswer struct {
	Asked   string           `json:"asked"`
	Status  int              `json:"status"`
	Version string           `json:"http"`
	Head    int              `json:"head_bytes"`
	Body    int64            `json:"body_bytes"`
	Framing evidence.Framing `json:"framing"`
	Kept    bool             `json:"kept"`
	Headers []string         `json:"headers"`
}

type wireWarmup struct {
	Lasted   time.Duration `json:"lasted_ns"`
	Requests uint64        `json:"requests"`
	Steady   bool          `json:"steady"`
	Rates    []float64     `json:"rates,omitempty"`
	Service  []float64     `json:"service_ms,omitempty"`
	CPU      []float64     `json:"cpu_us,omitempty"`

	Cycle  int             `json:"cycle,omitempty"`
	Wanted time.Duration   `json:"wanted_ns,omitempty"`
	Pilot  *evidence.Pilot `json:"pilot,omitempty"`
}

type wireActivity struct {
	Foreign   float64 `json:"foreign_cpus"`
	Steal     float64 `json:"steal"`
	SwappedIn uint64  `json:"swapped_in,omitempty"`

	Network evidence.Network  `json:"network,omitzero"`
	Hiccups *evidence.Hiccups `json:"hiccups,omitempty"`

	Neighbours  float64            `json:"neighbours_cpus,omitempty"`
	OutOfMemory uint64             `json:"oom_kills,omitempty"`
	Pressure    *evidence.Pressure `json:"pressure,omitempty"`
	Speed       evidence.Speed     `json:"speed,omitzero"`
	Ports       evidence.Ports     `json:"ports,omitzero"`
}

type wireNote struct {
	Kind  string         `json:"kind"`
	Grade evidence.Grade `json:"grade"`
	Text  string         `json:"text"`
}

type wireFailure struct {
	Kind evidence.FailureKind `json:"kind"`
	Text string               `json:"text"`
	Last []string             `json:"last,omitempty"`

	Exit  string        `json:"exit,omitempty"`
	After time.Duration `json:"after_ns,omitempty"`
}

// wireHlogFile says which file holds the trial's histograms, and what is in it.
type wireHlogFile struct {
	File   string            `json:"file"` // below the record's folder, with slashes
	Bytes  int64             `json:"bytes"`
	SHA256 string            `json:"sha256"`
	Counts map[string]uint64 `json:"counts"` // durations by tag; a tag that counted none has no line in the file
}

// lineOf returns the line that stands for m.
func lineOf(m *evidence.Measurement) *wireLine {
	l := &wireLine{
		Version:  Version,
		Trial:    wireTrial(m.Trial),
		Began:    m.Began.UTC(),
		Host:     wireActivity(m.Host),
		Server:   (*wireUsage)(m.Server),
		Client:   (*wireUsage)(m.Client),
		Failure:  (*wireFailure)(m.Failure),
		Measured: (*wireMeasured)(m.Measured),
		Profile:  m.Profile,
		Mode:     m.Mode,
		Services: m.Services,
		Notes:    notesOut(m.Notes),
	}
	if m.Tally != nil {
		l.Tally = tallyOut(m.Tally)
	}
	if s := m.Start; s != nil {
		l.Start = &wireStart{s.Ready, s.Listens, s.PID, s.Address, s.Proof, wireWarmup(s.Warmup), s.FirstAnswer, s.Backlog, answersOut(s.Answers),
			s.Bodies, s.Date, s.Unread}
	}
	return l
}

func tallyOut(t *evidence.Tally) *wireTally {
	w := &wireTally{
		Due:            t.Due(),
		Outcomes:       map[string]uint64{},
		Wrong:          t.Wrong,
		WrongBytes:     t.WrongBytes,
		Statuses:       orEmpty(t.Statuses),
		Causes:         orEmpty(t.Causes),
		Connections:    wireConnections(t.Connections),
		BytesIn:        t.BytesIn,
		BytesOut:       t.BytesOut,
		Sent:           t.Sent,
		HeldIn:         t.HeldIn,
		HeldOver:       t.HeldOver,
		InWindow:       t.InWindow,
		WrongIn:        t.WrongIn,
		WarmupNS:       t.Warmup,
		WarmupRequests: t.WarmupRequests,
		WindowNS:       t.Window,
		Offered:        t.Offered,
		ClientCPUNS:    t.ClientCPU,
		LoopCPUNS:      t.LoopCPU,
		LoopSpanNS:     t.LoopSpan,
		Preempted:      t.Preempted,
		Collections:    t.Collections,
		Unbalanced:     t.Unbalanced,
		Loops:          t.Loops,
		Backend:        t.Backend,
		Sources:        t.Sources,
		WrongAnswers:   t.WrongAnswers,
	}
	if t.Idle != (evidence.Idle{}) {
		w.Idle = (*wireIdle)(&t.Idle)
	}
	for o, n := range t.Outcomes {
		w.Outcomes[evidence.Outcome(o).String()] = n
	}
	for _, s := range t.Seconds {
		w.Seconds = append(w.Seconds, wireSecond{s.Answered, s.Errors})
	}
	return w
}

// measurement returns what the line stands for. Its histograms are empty; an
// hlog fills them.
func (l *wireLine) measurement() (*evidence.Measurement, error) {
	m := &evidence.Measurement{
		Trial:    evidence.Trial(l.Trial),
		Began:    l.Began.UTC(),
		Host:     evidence.Activity(l.Host),
		Server:   (*evidence.Usage)(l.Server),
		Client:   (*evidence.Usage)(l.Client),
		Failure:  (*evidence.Failure)(l.Failure),
		Measured: (*evidence.Measured)(l.Measured),
		Profile:  l.Profile,
		Mode:     l.Mode,
		Services: l.Services,
		Notes:    notesIn(l.Notes),
	}
	if s := l.Start; s != nil {
		m.Start = &evidence.Start{
			Ready: s.Ready, Listens: s.Listens, PID: s.PID,
			Address: s.Address, Proof: s.Proof, Warmup: evidence.Warmup(s.Warmup), FirstAnswer: s.FirstAnswer,
			Backlog: s.Backlog, Answers: answersIn(s.Answers),
			Bodies: s.Bodies, Date: s.Date, Unread: s.Unread,
		}
	}
	if l.Tally == nil {
		return m, nil
	}
	var err error
	m.Tally, err = l.Tally.tally()
	return m, err
}

func (w *wireTally) tally() (*evidence.Tally, error) {
	if len(w.Seconds) > maxSeconds {
		return nil, fmt.Errorf("%d seconds; at most %d are read", len(w.Seconds), maxSeconds)
	}
	t := &evidence.Tally{
		Wrong:          w.Wrong,
		WrongBytes:     w.WrongBytes,
		Statuses:       orEmpty(w.Statuses),
		Causes:         orEmpty(w.Causes),
		Connections:    evidence.Connections(w.Connections),
		BytesIn:        w.BytesIn,
		BytesOut:       w.BytesOut,
		Sent:           w.Sent,
		HeldIn:         w.HeldIn,
		HeldOver:       w.HeldOver,
		InWindow:       w.InWindow,
		WrongIn:        w.WrongIn,
		Warmup:         w.WarmupNS,
		WarmupRequests: w.WarmupRequests,
		Window:         w.WindowNS,
		Offered:        w.Offered,
		ClientCPU:      w.ClientCPUNS,
		LoopCPU:        w.LoopCPUNS,
		LoopSpan:       w.LoopSpanNS,
		Preempted:      w.Preempted,
		Collections:    w.Collections,
		Unbalanced:     w.Unbalanced,
		Loops:          w.Loops,
		Backend:        w.Backend,
		Sources:        w.Sources,
		WrongAnswers:   w.WrongAnswers,
	}
	for _, s := range w.Seconds {
		t.Seconds = append(t.Seconds, evidence.Second{Answered: s.Answered, Errors: s.Errors})
	}
	if w.Idle != nil {
		t.Idle = evidence.Idle(*w.Idle)
	}
	return t, w.outcomes(&t.Outcomes)
}

// outcomes fills in the counts by outcome. A name that is not known cannot be
// passed over, as an unknown field can: the books would no longer balance.
func (w *wireTally) outcomes(into *[evidence.NumOutcomes]uint64) error {
	rest := maps.Clone(w.Outcomes)
	var due uint64
	for o := range evidence.NumOutcomes {
		into[o] = rest[o.String()]
		due += into[o]
		delete(rest, o.String())
	}
	for name := range rest {
		return fmt.Errorf("outcome %q is not known to this webdyno; a newer one must have written it", name)
	}
	if due != w.Due {
		return fmt.Errorf("the books do not balance: %d requests were due, their outcomes add up to %d", w.Due, due)
	}
	return nil
}

func notesOut(notes []evidence.Note) []wireNote {
	var out []wireNote
	for _, n := range notes {
		out = append(out, wireNote(n))
	}
	return out
}

func notesIn(notes []wireNote) []evidence.Note {
	var in []evidence.Note
	for _, n := range notes {
		in = append(in, evidence.Note(n))
	}
	return in
}

func answersOut(answers []evidence.Answer) []wireAnswer {
	var out []wireAnswer
	for _, a := range answers {
		out = append(out, wireAnswer(a))
	}
	return out
}

func answersIn(answers []wireAnswer) []evidence.Answer {
	var in []evidence.Answer
	for _, a := range answers {
		in = append(in, evidence.Answer(a))
	}
	return in
}

// orEmpty returns m, or an empty map if it is nil: "{}" and not "null" on disk,
// and maps that can be added to in memory.
func orEmpty[K comparable, V any](m map[K]V) map[K]V {
	if m == nil {
		return map[K]V{}
	}
	return m
}

// check makes sure that the line can be written, and that what is written can
// be read: a fault in it should be known while the evidence is still in memory.
func (l *wireLine) check() error {
	b, err := l.encode()
	if err != nil {
		return err
	}
	back, err := decodeLine(b)
	if err != nil {
		return fmt.Errorf("its line would not be readable: %w", err)
	}
	_, err = back.measurement()
	return err
}

// encode returns the line with its newline, ready to be written.
func (l *wireLine) encode() ([]byte, error) {
	b, err := marshal(l, "")
	if err == nil && len(b) > maxLine {
		err = fmt.Errorf("its line takes %d bytes, more than the %d that are read back", len(b), maxLine)
	}
	return b, err
}

// decodeLine reads a line. Fields it does not know are passed over; a line of a
// newer version is refused, whatever else may be wrong with it.
func decodeLine(b []byte) (*wireLine, error) {
	l := new(wireLine)
	if err := json.Unmarshal(b, l); err != nil {
		if newer := checkVersion(b); newer != nil {
			return nil, newer
		}
		return nil, err
	}
	if err := versionFault(l.Version); err != nil {
		return nil, err
	}
	if l.Trial.ID == "" {
		return nil, errors.New("the trial has no id")
	}
	return l, nil
}

// checkVersion reads nothing of a JSON object but its version.
func checkVersion(b []byte) error {
	var v struct {
		Version int `json:"version"`
	}
	if err := json.Unmarshal(b, &v); err != nil {
		return err
	}
	return versionFault(v.Version)
}

// versionFault says why what is written in a version of the format cannot be
// read, if it cannot.
func versionFault(version int) error {
	if version < 1 {
		return fmt.Errorf("version %d of the record's format: there is none", version)
	}
	if version > Version {
		return fmt.Errorf("written in version %d of the record's format, and this webdyno reads up to version %d: "+
			"use the webdyno that wrote it, or a newer one", version, Version)
	}
	return nil
}

// marshal writes v as JSON and ends it with a newline. Maps are sorted and
// numbers as short as reads back to the same, so equal values are equal bytes;
// "<" and "&" stay what they are, since nothing here goes into a web page.
func marshal(v any, indent string) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", indent)
	err := e.Encode(v)
	return b.Bytes(), err
}
