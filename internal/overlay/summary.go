package overlay

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
)

// A Summary is what a load generator says at its end about one load.
type Summary struct {
	Tool    Tool
	Label   string  // what it loaded, as far as it says so
	Offered float64 // requests per second that it set out to send; 0 if it does not say
	Values  []Value
}

// A Tool is a load generator whose summaries can be read.
type Tool string

const (
	Wrk    Tool = "wrk" // wrk2's too, and those that webdyno load writes in its form
	Oha    Tool = "oha"
	Vegeta Tool = "vegeta"
	K6     Tool = "k6"
)

// A Value is one number of a Summary. P is the percentile, above 0 and up to 100,
// where it is one of the response time; 100 is the largest. Else it is 0.
type Value struct {
	Of Quantity
	P  float64
	X  float64 // in the unit of its Quantity
}

// Of returns the value of a quantity, or of a percentile.
func (s *Summary) Of(q Quantity, p float64) (float64, bool) {
	for _, v := range s.Values {
		if v.Of == q && v.P == p {
			return v.X, true
		}
	}
	return 0, false
}

// Caveat says what of its numbers is not what it seems, as a sentence without its
// full stop.
func (s *Summary) Caveat() string {
	switch s.Tool {
	case Wrk:
		return "wrk keeps a number of connections busy: a server that stalls is asked less, and its times run from when a request was sent, over those that were answered; what it counts as a timeout may be answered later"
	case Oha:
		return "oha's times run from when a request was sent (unless --latency-correction was given), over those that were answered"
	case Vegeta:
		return "vegeta's times run from when a request was sent, and its percentiles are estimates; what it could not send in time is missing from them"
	case K6:
		return "k6's http_req_duration is without the time to connect and to wait for a connection, and its users wait for answers before they ask again"
	}
	return ""
}

func (s *Summary) add(of Quantity, p, x float64) error {
	if math.IsNaN(x) || math.IsInf(x, 0) || x < 0 {
		return fmt.Errorf("%s: a value of %v", s.Tool, x)
	}
	if _, ok := s.Of(of, p); !ok {
		s.Values = append(s.Values, Value{of, p, x})
	}
	return nil
}

// readJSON reads the JSON summary of oha, vegeta or k6; ok is false if the text is
// none of theirs.
func readJSON(text []byte) (s Summary, ok bool, err error) {
	var top map[string]json.RawMessage
	if len(text) == 0 || text[0] != '{' || json.Unmarshal(text, &top) != nil {
		return s, false, nil
	}
	has := func(keys ...string) bool {
		return !slices.ContainsFunc(keys, func(k string) bool { return top[k] == nil })
	}
	switch {
	case has("summary", "latencyPercentiles"):
		s, err = readOha(text)
	case has("latencies", "throughput"):
		s, err = readVegeta(text)
	case has("metrics"):
		s, err = readK6(top["metrics"])
	default:
		return s, false, nil
	}
	if err == nil && len(s.Values) == 0 {
		err = fmt.Errorf("no number of %s's in it", s.Tool)
	}
	return s, true, err
}

// book adds what is there; what is null or missing is left out.
func (s *Summary) book(of Quantity, p float64, x *float64, scale float64) error {
	if x == nil {
		return nil
	}
	return s.add(of, p, *x*scale)
}

func readOha(text []byte) (Summary, error) {
	s := Summary{Tool: Oha}
	var in struct {
		Summary struct {
			SuccessRate    *float64 `json:"successRate"` // of all, 0 to 1
			Average        *float64 `json:"average"`     // seconds, like the rest
			Slowest        *float64 `json:"slowest"`
			RequestsPerSec *float64 `json:"requestsPerSec"`
		} `json:"summary"`
		Percentiles map[string]*float64 `json:"latencyPercentiles"`
	}
	if err := json.Unmarshal(text, &in); err != nil {
		return s, fmt.Errorf("oha: %w", err)
	}
	var errs []error
	errs = append(errs, s.book(Throughput, 0, in.Summary.RequestsPerSec, 1), s.book(Response, 0, in.Summary.Average, 1000))
	for _, p := range percentiles {
		errs = append(errs, s.book(Percentile, p, in.Percentiles["p"+plain(p)], 1000))
	}
	errs = append(errs, s.book(Percentile, 100, in.Summary.Slowest, 1000))
	if r := in.Summary.SuccessRate; r != nil {
		errs = append(errs, s.add(Errors, 0, max(0, 100*(1-*r))))
	}
	return s, errors.Join(errs...)
}

func readVegeta(text []byte) (Summary, error) {
	s := Summary{Tool: Vegeta}
	var in struct {
		Latencies  map[string]*float64 `json:"latencies"` // ns
		Rate       *float64            `json:"rate"`
		Throughput *float64            `json:"throughput"` // right answers per second
		Success    *float64            `json:"success"`    // of all, 0 to 1
	}
	if err := json.Unmarshal(text, &in); err != nil {
		return s, fmt.Errorf("vegeta: %w", err)
	}
	const ns = 1e-6
	var errs []error
	errs = append(errs, s.book(Throughput, 0, in.Throughput, 1), s.book(Response, 0, in.Latencies["mean"], ns))
	for _, p := range percentiles {
		errs = append(errs, s.book(Percentile, p, in.Latencies[plain(p)+"th"], ns))
	}
	errs = append(errs, s.book(Percentile, 100, in.Latencies["max"], ns))
	if in.Success != nil {
		errs = append(errs, s.add(Errors, 0, max(0, 100*(1-*in.Success))))
	}
	if r := in.Rate; r != nil && *r > 0 && !math.IsInf(*r, 0) {
		s.Offered = *r
	}
	return s, errors.Join(errs...)
}

// readK6 reads what --summary-export writes, and what handleSummary is given.
func readK6(metrics json.RawMessage) (Summary, error) {
	s := Summary{Tool: K6}
	var raw map[string]json.RawMessage
	if err := json.Unmarshal(metrics, &raw); err != nil {
		return s, fmt.Errorf("k6: %w", err)
	}
	of := func(name, key string) *float64 {
		var numbers map[string]json.RawMessage
		if json.Unmarshal(raw[name], &numbers) != nil {
			return nil
		}
		if inner := numbers["values"]; inner != nil {
			if numbers = nil; json.Unmarshal(inner, &numbers) != nil {
				return nil
			}
		}
		var x *float64
		if json.Unmarshal(numbers[key], &x) != nil {
			return nil
		}
		return x
	}
	const time = "http_req_duration" // ms
	var errs []error
	errs = append(errs, s.book(Throughput, 0, of("http_reqs", "rate"), 1), s.book(Response, 0, of(time, "avg"), 1), s.book(Percentile, 50, of(time, "med"), 1))
	for _, p := range percentiles {
		errs = append(errs, s.book(Percentile, p, of(time, "p("+plain(p)+")"), 1))
	}
	errs = append(errs, s.book(Percentile, 100, of(time, "max"), 1))
	failed := of("http_req_failed", "rate")
	if failed == nil {
		failed = of("http_req_failed", "value")
	}
	errs = append(errs, s.book(Errors, 0, failed, 100))
	return s, errors.Join(errs...)
}

// percentiles are those that summaries are asked for.
var percentiles = [...]float64{50, 75, 90, 95, 99, 99.9}
