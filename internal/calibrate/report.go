package calibrate

import (
	"slices"
	"time"

	"webdyno/internal/evidence"
)

// A Report is what a calibration found. Its JSON may grow; the names in it
// stay. Times are in microseconds, as the names say.
type Report struct {
	Version int            `json:"version"` // of this form: 1
	Webdyno evidence.Build `json:"webdyno"`
	Taken   time.Time      `json:"taken"`
	TookS   float64        `json:"took_s"`
	Quick   bool           `json:"quick"`
	Host    Host           `json:"host"`
	CPUs    evidence.CPUs  `json:"cpus"`

	Verdict string   `json:"verdict"` // in plain words
	Advice  []string `json:"advice"`  // what to change to do better, most important first

	Backend  string    `json:"backend"` // the default one, which the oracles went through
	Accuracy Accuracy  `json:"accuracy"`
	Ceilings []Ceiling `json:"ceilings"`
	Lags     []Lag     `json:"lags"`
	Quiet    Quiet     `json:"quiet"`
	Clock    Clock     `json:"clock"`
	Budget   Budget    `json:"budget"`
	Findings []Finding `json:"findings"`
}

// Accuracy is by how much response times measured here are off, all of it too
// long: the request's way through the kernel and back, and late wake-ups of
// either side. It is what the steady load found; see the package comment.
type Accuracy struct {
	Judged bool    `json:"judged"` // the machine was quiet
	P50US  float64 `json:"p50_us"`
	P95US  float64 `json:"p95_us"`
	P99US  float64 `json:"p99_us"`
	MaxUS  float64 `json:"max_us"`
}

// A Ceiling is the most that one loop got out of a server that does nothing.
type Ceiling struct {
	Backend     string `json:"backend"`
	Mode        string `json:"mode"`
	Connections int    `json:"connections"`

	Rate     float64 `json:"rate"`      // right answers per second, the lower of two tries
	Other    float64 `json:"other"`     // the higher
	ClientUS float64 `json:"client_us"` // CPU of this process for each answer
	LoopBusy float64 `json:"loop_busy"` // share of the window that the loop's thread was on a CPU
	Limit    string  `json:"limit"`     // what there was no more of: "loop", "server", or "" if neither was busy throughout
	Failed   uint64  `json:"failed"`    // requests not rightly answered
	Missing  string  `json:"missing,omitempty"`
}

// Lag is how late requests were handed to the kernel at one rate.
type Lag struct {
	Backend string  `json:"backend"`
	Rate    float64 `json:"rate"` // arrivals per second
	P50US   float64 `json:"p50_us"`
	P99US   float64 `json:"p99_us"`
	P999US  float64 `json:"p99.9_us"`
	MaxUS   float64 `json:"max_us"`
}

// Quiet is what others did to the CPUs in use, while webdyno did nothing.
type Quiet struct {
	Foreign  float64   `json:"foreign_cpus"` // -1: it could not be told
	Steal    float64   `json:"steal"`        // share of time; -1: it could not be told
	Hiccups  Hiccups   `json:"hiccups"`
	Culprits []Culprit `json:"culprits,omitempty"` // those who used most, if anybody used much
}

// A Culprit is a process that kept a CPU busy.
type Culprit struct {
	PID  int     `json:"pid"`
	Name string  `json:"name"`
	CPUs float64 `json:"cpus"`
}

// Mode names of ceilings.
const (
	KeepAlive = "keep-alive"
	Pipelined = "pipelined, 8 deep"
	ByReset   = "a connection per request, ended by reset"
	ByServer  = "a connection per request, ended by the server"
)

// Broken returns the findings that no noise can explain: counts that differ,
// and a negative control that was not wrong. If there are any, webdyno is not
// to be trusted.
func (r *Report) Broken() []Finding {
	return slices.DeleteFunc(slices.Clone(r.Findings), func(f Finding) bool {
		return f.Verdict != Missed || f.Oracle != oracleCounts && f.Oracle != oracleControl
	})
}

// Ceiling returns the ceiling of a backend and mode, if it was measured.
func (r *Report) Ceiling(backend, mode string) (Ceiling, bool) {
	for _, c := range r.Ceilings {
		if c.Backend == backend && c.Mode == mode && c.Missing == "" {
			return c, true
		}
	}
	return Ceiling{}, false
}

// count returns how many findings have that verdict.
func (r *Report) count(v Verdict) int {
	n := 0
	for _, f := range r.Findings {
		if f.Verdict == v {
			n++
		}
	}
	return n
}

func us(d time.Duration) float64 { return float64(d) / 1e3 }
