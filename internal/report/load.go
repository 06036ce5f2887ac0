package report

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"time"

	"webdyno/internal/evidence"
	"webdyno/internal/latency"
	"webdyno/internal/load"
	"webdyno/internal/plan"
	"webdyno/internal/stat"
)

// A Job is what `webdyno load` was asked to do.
type Job struct {
	URL    string
	Seed   uint64
	Load   load.Load
	Warmup string // as asked: "2s", "30000req"; empty for none
	Notes  []evidence.Note
	Opened time.Time // when the window opened, for logs; may be zero

	CPUsShared bool              // the engine may run where the server does
	Ceiling    float64           // see [Circumstances]
	Host       evidence.Activity // what the machine did; the zero value if nobody watched
	Objectives []plan.Objective
}

// A LoadResult is what `webdyno load` tells: the tally of one load, with what
// must be said about it. Its JSON is promised to scripts: names stay, and the
// object may grow. Times are in milliseconds.
type LoadResult struct {
	Version int        `json:"version"`
	URL     string     `json:"url"`
	Seed    uint64     `json:"seed"`
	Load    LoadAsked  `json:"load"`
	Warmup  WarmupDone `json:"warmup"`
	WindowS float64    `json:"window_s"`

	Requests    RequestCounts        `json:"requests"`
	Statuses    map[string]uint64    `json:"statuses"`
	Causes      map[string]uint64    `json:"causes"`
	Connections evidence.Connections `json:"connections"` // over warm-up and window
	Rate        Rates                `json:"rate"`
	Bytes       Bytes                `json:"bytes"`

	Response Times `json:"response_ms"`
	Service  Times `json:"service_ms"`
	Wait     Times `json:"wait_ms"`
	Connect  Times `json:"connect_ms"`
	Lag      Times `json:"lag_ms"`

	// ReceiveLag is a part of service, of a sample of connections: from when the
	// last bytes had reached this machine until they were read.
	ReceiveLag Times `json:"receive_lag_ms"`

	Client Client          `json:"client"`
	Series []Slice         `json:"series"`
	Grade  evidence.Grade  `json:"grade"`
	Notes  []evidence.Note `json:"notes"`

	Objectives   []ObjectiveResult `json:"objectives,omitempty"`
	WrongAnswers []string          `json:"wrong_answers,omitempty"` // what was wrong with the first few

	// What the other layouts need beside; never changed.
	tally   *evidence.Tally
	timeout time.Duration
	opened  time.Time
	right   uint64 // answers
}

// LoadAsked is the load that was asked for.
type LoadAsked struct {
	Kind          string  `json:"kind"`        // "open" or "closed"
	Rate          Number  `json:"rate"`        // arrivals per second; null in a closed load
	Arrivals      *string `json:"arrivals"`    // null in a closed load
	Connections   int     `json:"connections"` // 0: as many as arrivals demand
	PerConnection int     `json:"per_connection"`
	Pipeline      int     `json:"pipeline"`
	TimeoutMS     float64 `json:"timeout_ms"`
	ThinkMS       float64 `json:"think_ms,omitempty"`   // mean think time of a closed load
	ThinkTime     string  `json:"think_time,omitempty"` // how it is spread: "exponential", "constant"
	Idle          int     `json:"idle,omitempty"`       // connections held silent beside those of the load
}

// WarmupDone is the warm-up as asked and as it was.
type WarmupDone struct {
	Asked    string  `json:"asked"`
	S        float64 `json:"s"`
	Requests uint64  `json:"requests"`
}

// RequestCounts are the requests that were due by how they ended. Wrong is a
// part of Answered; the rest add up to Due.
type RequestCounts struct {
	Due        uint64 `json:"due"`
	Answered   uint64 `json:"answered"`
	Wrong      uint64 `json:"wrong"`
	TimedOut   uint64 `json:"timed_out"`
	Refused    uint64 `json:"refused"`
	Reset      uint64 `json:"reset"`
	Cut        uint64 `json:"cut"`
	Malformed  uint64 `json:"malformed"`
	Unsent     uint64 `json:"unsent"`
	Unfinished uint64 `json:"unfinished"`
}

// Rates are per second of the window.
type Rates struct {
	Offered   Number `json:"offered"`     // arrivals; null in a closed load
	Sent      Number `json:"sent"`        // handed to the kernel
	Answered  Number `json:"answered"`    // last bytes that fell inside the window, right or wrong
	StdevPerS Number `json:"stdev_per_s"` // of the answers of its whole seconds; null with fewer than two
}

// Bytes are those of the window's requests.
type Bytes struct {
	In  uint64 `json:"in"`
	Out uint64 `json:"out"`
}

// Times describe a distribution in ms. Mean, StdDev, Min and Max are over
// answers; percentiles are over the requests that were due.
type Times struct {
	Mean   Number `json:"mean"`
	StdDev Number `json:"stdev"`
	Min    Number `json:"min"`
	P50    Number `json:"p50"`
	P75    Number `json:"p75"`
	P90    Number `json:"p90"`
	P95    Number `json:"p95"`
	P99    Number `json:"p99"`
	P999   Number `json:"p99.9"`
	Max    Number `json:"max"`
}

// Client is what the instrument itself used.
type Client struct {
	Backend         string  `json:"backend"`
	Threads         int     `json:"threads"`
	CPUS            float64 `json:"cpu_s"`              // of the whole process, over the window
	CPUUSPerRequest Number  `json:"cpu_us_per_request"` // by answers in the window
}

// A Slice is one second of the window.
type Slice struct {
	T        int    `json:"t_s"` // its beginning, from that of the window
	Answered uint64 `json:"answered"`
	Errors   uint64 `json:"errors"`
	P50      Number `json:"p50"` // response time, over the requests that ended in it
	P99      Number `json:"p99"`
}

// NewLoadResult says what a tally of a load means. It changes neither.
func NewLoadResult(j Job, t *evidence.Tally) *LoadResult {
	use := load.Use{}
	if j.Load != nil {
		use = j.Load.Usage()
	}
	timeout := use.Limit()
	notes := slices.Clone(j.Notes)
	notes = append(notes, Grade(&evidence.Measurement{Tally: t, Host: j.Host},
		Circumstances{Load: j.Load, CPUsShared: j.CPUsShared, Ceiling: j.Ceiling})...)
	notes = distinct(notes)
	slices.SortStableFunc(notes, worseFirst)
	r := &LoadResult{
		Version: 1, URL: j.URL, Seed: j.Seed,
		Load:        loadAsked(j.Load, use),
		Warmup:      WarmupDone{cmp.Or(j.Warmup, "0"), tidy(t.Warmup.Seconds()), t.WarmupRequests},
		WindowS:     tidy(t.Window.Seconds()),
		Requests:    requestCounts(t),
		Statuses:    statuses(t),
		Causes:      causes(t),
		Connections: t.Connections,
		Rate:        rates(j.Load, t),
		Bytes:       Bytes{t.BytesIn, t.BytesOut},
		Response:    responseTimes(t, timeout),
		Service:     timesOf(t.Service, t.Due(), timeout),
		Wait:        timesOf(t.Wait, count(t.Wait), timeout),
		Connect:     timesOf(t.Connect, count(t.Connect), timeout),
		Lag:         timesOf(t.Lag, count(t.Lag), timeout),
		ReceiveLag:  timesOf(t.ReceiveLag, count(t.ReceiveLag), timeout),
		Client:      client(t),
		Series:      series(t, timeout),
		Grade:       evidence.Worst(notes),
		Notes:       append([]evidence.Note{}, notes...),

		Objectives:   CheckObjectives(j.Objectives, t, timeout),
		WrongAnswers: t.WrongAnswers,

		tally: t, timeout: timeout, opened: j.Opened, right: t.Right(),
	}
	return r
}

// Missed tells whether an objective was missed.
func (r *LoadResult) Missed() bool {
	return slices.ContainsFunc(r.Objectives, func(o ObjectiveResult) bool { return o.missed() })
}

// Untold returns the objectives that could not be decided.
func (r *LoadResult) Untold() []string {
	var all []string
	for _, o := range r.Objectives {
		if !o.Told {
			all = append(all, o.Objective)
		}
	}
	return all
}

func loadAsked(l load.Load, use load.Use) LoadAsked {
	a := LoadAsked{
		Kind:          "closed",
		PerConnection: use.PerConnection,
		Pipeline:      use.Depth(),
		TimeoutMS:     ms(use.Limit()),
		Idle:          use.Idle,
	}
	switch l := l.(type) {
	case load.Open:
		arrivals := l.Arrivals.String()
		a.Kind, a.Rate, a.Arrivals, a.Connections = "open", exactly(l.Rate), &arrivals, l.Connections
	case load.Closed:
		a.Connections = l.Connections
		if l.Think > 0 {
			a.ThinkMS, a.ThinkTime = ms(l.Think), l.Thinking.String()
		}
	}
	return a
}

func requestCounts(t *evidence.Tally) RequestCounts {
	o := &t.Outcomes
	return RequestCounts{
		Due:        t.Due(),
		Answered:   o[evidence.Answered],
		Wrong:      t.Wrong,
		TimedOut:   o[evidence.TimedOut],
		Refused:    o[evidence.Refused],
		Reset:      o[evidence.Reset],
		Cut:        o[evidence.Cut],
		Malformed:  o[evidence.Malformed],
		Unsent:     o[evidence.Unsent],
		Unfinished: o[evidence.Unfinished],
	}
}

func statuses(t *evidence.Tally) map[string]uint64 {
	m := map[string]uint64{}
	for status, n := range t.Statuses {
		m[fmt.Sprint(status)] = n
	}
	return m
}

func causes(t *evidence.Tally) map[string]uint64 {
	m := map[string]uint64{}
	for cause, n := range t.Causes {
		m[cause] = n
	}
	return m
}

func rates(l load.Load, t *evidence.Tally) Rates {
	window := t.Window.Seconds()
	r := Rates{
		Sent:     share(float64(t.Sent), window),
		Answered: share(float64(t.InWindow+t.WrongIn), window),
	}
	if _, open := l.(load.Open); open {
		r.Offered = share(float64(t.Offered), window)
	}
	var whole []float64
	for i, s := range t.Seconds {
		if time.Duration(i+1)*time.Second <= t.Window {
			whole = append(whole, float64(s.Answered))
		}
	}
	r.StdevPerS = exactly(stat.StdDev(whole))
	return r
}

// responseTimes describes response times: percentiles over the requests that
// were due, of which the right answers alone lie where they were measured.
func responseTimes(t *evidence.Tally, timeout time.Duration) Times {
	times := timesOf(t.Response, t.Due(), timeout)
	all := answeredTimes(t)
	times.Mean, times.StdDev = millis(all, (*latency.Histogram).Mean), millis(all, (*latency.Histogram).StdDev)
	times.Min, times.Max = millis(all, (*latency.Histogram).Min), millis(all, (*latency.Histogram).Max)
	return times
}

// timesOf describes a histogram, its percentiles over n things of which it holds
// the fastest.
func timesOf(h *latency.Histogram, n uint64, timeout time.Duration) Times {
	at := func(p float64) Number { return dueQuantile(h, n, p, timeout) }
	return Times{
		Mean:   millis(h, (*latency.Histogram).Mean),
		StdDev: millis(h, (*latency.Histogram).StdDev),
		Min:    millis(h, (*latency.Histogram).Min),
		P50:    at(0.50), P75: at(0.75), P90: at(0.90), P95: at(0.95), P99: at(0.99), P999: at(0.999),
		Max: millis(h, (*latency.Histogram).Max),
	}
}

func client(t *evidence.Tally) Client {
	us := t.ClientCPU.Seconds() * 1e6
	return Client{t.Backend, t.Loops, tidy(t.ClientCPU.Seconds()), share(us, float64(t.InWindow+t.WrongIn))}
}

func series(t *evidence.Tally, timeout time.Duration) []Slice {
	all := []Slice{}
	for i, s := range t.Seconds {
		ended := count(s.Response) + s.Errors
		all = append(all, Slice{i, s.Answered, s.Errors,
			dueQuantile(s.Response, ended, 0.50, timeout),
			dueQuantile(s.Response, ended, 0.99, timeout)})
	}
	return all
}

// JSON writes the result as `webdyno load -o json` promises.
func (r *LoadResult) JSON(w io.Writer) error { return writeJSON(w, r) }
