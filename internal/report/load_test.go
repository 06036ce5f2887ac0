package report

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"webdyno/internal/evidence"
	"webdyno/internal/latency"
	"webdyno/internal/load"
	"webdyno/internal/plan"
)

// tenSeconds is an open load of 1000 a second for ten seconds, of which some
// requests failed.
func tenSeconds(timedOut, wrong uint64) *evidence.Tally {
	t := evidence.NewTally()
	const due = 10_000
	answered := due - timedOut
	t.Outcomes[evidence.Answered], t.Outcomes[evidence.TimedOut] = answered, timedOut
	t.Wrong = wrong
	t.Statuses[200], t.Statuses[503] = answered-wrong, wrong
	if wrong == 0 {
		delete(t.Statuses, 503)
	}
	if timedOut > 0 {
		t.Causes["no answer in time"] = timedOut
	}
	for i := range answered {
		d := int64(1_000_000 + i*100)
		if i < wrong {
			t.ResponseWrong.Record(d)
		} else {
			t.Response.Record(d)
		}
		t.Service.Record(d * 98 / 100)
		t.Lag.Record(5000)
		t.Wait.Record(0)
	}
	t.Connect.RecordN(80_000, 64)
	t.Window, t.Warmup, t.WarmupRequests = 10*time.Second, 2*time.Second, 2000
	t.Offered, t.Sent = due, due
	t.InWindow, t.WrongIn = answered-wrong, wrong
	t.ClientCPU, t.LoopCPU, t.Loops, t.Backend = 39*time.Millisecond, 38*time.Millisecond, 1, "uring"
	t.Connections = evidence.Connections{Opened: 64, ClosedByUs: 64}
	t.BytesIn, t.BytesOut = 1_230_000, 450_000
	for range 10 {
		s := evidence.Second{Answered: answered / 10, Errors: (timedOut + wrong) / 10, Response: latency.NewCoarse()}
		s.Response.RecordN(1_500_000, (answered-wrong)/10)
		t.Seconds = append(t.Seconds, s)
	}
	return t
}

func openJob() Job {
	return Job{URL: "http://127.0.0.1:8080/", Seed: 1, Warmup: "2s",
		Load: load.Open{Rate: 1000, Arrivals: load.Constant, Connections: 64}}
}

func resultJSON(t *testing.T, r *LoadResult) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := r.JSON(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func resultText(t *testing.T, r *LoadResult) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := r.Text(&b, TextOptions{}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestGoldenLoad(t *testing.T) {
	clean := NewLoadResult(openJob(), tenSeconds(0, 0))
	golden(t, "load-open.json", resultJSON(t, clean))
	golden(t, "load-open.txt", resultText(t, clean))
	j := openJob()
	p99, err := plan.ParseObjective("p99<50ms")
	if err != nil {
		t.Fatal(err)
	}
	j.Objectives = []plan.Objective{p99}
	failing := NewLoadResult(j, tenSeconds(200, 100))
	golden(t, "load-failing.json", resultJSON(t, failing))
	golden(t, "load-failing.txt", resultText(t, failing))

	ta := tenSeconds(0, 0)
	ta.Offered = 0
	j = openJob()
	j.Load = load.Closed{Connections: 40}
	closed := NewLoadResult(j, ta)
	golden(t, "load-closed.txt", resultText(t, closed))
	if b := resultJSON(t, closed); !bytes.Contains(b, []byte(`"offered": null`)) {
		t.Errorf("a closed load offers nothing:\n%s", b)
	}
}

// The names and their order are promised to scripts.
func TestLoadNames(t *testing.T) {
	want := "version url seed load kind rate arrivals connections per_connection pipeline timeout_ms " +
		"warmup asked s requests window_s " +
		"requests due answered wrong timed_out refused reset cut malformed unsent unfinished " +
		"statuses 200 causes connections opened failed stale closed_by_server closed_by_us " +
		"rate offered sent answered stdev_per_s bytes in out " +
		"response_ms mean stdev min p50 p75 p90 p95 p99 p99.9 max " +
		"service_ms mean stdev min p50 p75 p90 p95 p99 p99.9 max " +
		"wait_ms mean stdev min p50 p75 p90 p95 p99 p99.9 max " +
		"connect_ms mean stdev min p50 p75 p90 p95 p99 p99.9 max " +
		"lag_ms mean stdev min p50 p75 p90 p95 p99 p99.9 max receive_lag_ms mean stdev min p50 p75 p90 p95 p99 p99.9 max " +
		"client backend threads cpu_s cpu_us_per_request " +
		"series t_s answered errors p50 p99 grade notes"
	ta := tenSeconds(0, 0)
	ta.Seconds = ta.Seconds[:1]
	if got := strings.Join(names(t, resultJSON(t, NewLoadResult(openJob(), ta))), " "); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// names returns the names of a JSON text in the order in which they stand.
func names(t *testing.T, b []byte) []string {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(b))
	var all []string
	var inside []json.Delim
	name := true
	for d.More() || len(inside) > 0 {
		token, err := d.Token()
		if err != nil {
			t.Fatal(err)
		}
		object := len(inside) > 0 && inside[len(inside)-1] == '{'
		if delim, ok := token.(json.Delim); ok {
			if delim == '{' || delim == '[' {
				inside = append(inside, delim)
			} else {
				inside = inside[:len(inside)-1]
			}
			name = true
			continue
		}
		if object && name {
			all = append(all, token.(string))
		}
		name = !object || !name
	}
	return all
}

func TestLoadPercentiles(t *testing.T) {
	r := NewLoadResult(openJob(), tenSeconds(200, 100))
	// 9700 right answers of 10,000: p95 is rank 9500, p99 lies on a failure.
	if r.Response.P95.Kind != Exactly || r.Response.P99 != atLeast(10_000) || r.Response.P999 != atLeast(10_000) {
		t.Errorf("got p95 %v, p99 %v, p99.9 %v", r.Response.P95, r.Response.P99, r.Response.P999)
	}
	if r.Requests.Due != 10_000 || r.Requests.Answered != 9800 || r.Requests.Wrong != 100 {
		t.Errorf("got %+v", r.Requests)
	}
	ta := tenSeconds(0, 0)
	few := evidence.NewTally()
	few.Outcomes[evidence.Answered] = 999
	few.Statuses[200] = 999
	few.Response.RecordN(1000, 999)
	few.Window = time.Second
	r = NewLoadResult(openJob(), few)
	if r.Response.P99.Known() || !r.Response.P95.Known() {
		t.Errorf("999 requests: got p99 %v and p95 %v; want none and one", r.Response.P99, r.Response.P95)
	}
	if p := NewLoadResult(openJob(), ta).Response.P999; p.Kind != Exactly {
		t.Errorf("10,000 requests are just enough for p99.9: got %v", p)
	}
}

func TestObjectives(t *testing.T) {
	for text, want := range map[string]bool{
		"p50<50ms": true, "p50<1ms": false, "p99<50ms": false, "p99.9<1s": false, "errors<5%": true, "errors<1%": false,
		"rate>900": true, "rate>970": false, "mean<2ms": true, "max<1s": false,
	} {
		o, err := plan.ParseObjective(text)
		if err != nil {
			t.Fatal(err)
		}
		got := CheckObjectives([]plan.Objective{o}, tenSeconds(200, 100), 10*time.Second)[0]
		if got.Met != want || !strings.HasPrefix(got.Text, text) {
			t.Errorf("%s: got %v (%s), want %v", text, got.Met, got.Text, want)
		}
	}
	o, _ := plan.ParseObjective("p99<50ms")
	if got := CheckObjectives([]plan.Objective{o}, evidence.NewTally(), time.Second)[0]; got.Met || got.Told || got.missed() {
		t.Errorf("nothing asked: got %v", got)
	}
}

// Too few requests neither keep an objective nor miss it.
func TestObjectiveThatCannotBeTold(t *testing.T) {
	for text, needs := range map[string]uint64{"p50<50ms": 20, "p90<50ms": 100, "p99<50ms": 1000, "p99.9<50ms": 10_000, "max<1s": 0} {
		o, err := plan.ParseObjective(text)
		if err != nil {
			t.Fatal(err)
		}
		ta := evidence.NewTally()
		if needs > 0 {
			ta.Outcomes[evidence.TimedOut] = needs - 1
		}
		j := openJob()
		j.Objectives = []plan.Objective{o}
		r := NewLoadResult(j, ta)
		if got := r.Objectives[0]; got.Told || got.Needs != needs || r.Missed() || !slices.Equal(r.Untold(), []string{text}) ||
			!strings.Contains(got.Text, "cannot be told") {
			t.Errorf("%s: got %+v, missed %v, untold %v; want it to need %d requests", text, got, r.Missed(), r.Untold(), needs)
		}
		if needs > 0 {
			ta.Outcomes[evidence.TimedOut] = needs
			if r := NewLoadResult(j, ta); !r.Missed() || len(r.Untold()) > 0 {
				t.Errorf("%s: not missed, though all of %d requests timed out", text, needs)
			}
		}
	}
}

func TestNumberJSON(t *testing.T) {
	for text, n := range map[string]Number{"null": {}, "1.5": exactly(1.5), `">=10000"`: atLeast(10000), `"<=0.5"`: atMost(0.5)} {
		b, err := n.MarshalJSON()
		if err != nil || string(b) != text {
			t.Errorf("got %s, want %s", b, text)
		}
		var back Number
		if err := json.Unmarshal([]byte(text), &back); err != nil || back != n {
			t.Errorf("%s: read as %v: %v", text, back, err)
		}
	}
	var n Number
	for _, text := range []string{`"soon"`, `"5"`, `">=<=5"`} {
		if json.Unmarshal([]byte(text), &n) == nil {
			t.Errorf("%s was read as a number", text)
		}
	}
}
