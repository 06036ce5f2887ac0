package overlay

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const wrkText = `Running 10s test @ http://127.0.0.1:8080/
  1 threads and 40 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     1.05ms  360.00us   7.15ms   91.20%
    Req/Sec    37.25k     2.05k   41.00k    70.00%
  Latency Distribution
     50%    1.01ms
     75%    1.20ms
     90%    1.41ms
     99%    2.60ms
  370000 requests in 10.00s, 50.00MB read
  Socket errors: connect 0, read 3, write 0, timeout 31
  Non-2xx or 3xx responses: 3
Requests/sec:  37000.12
Transfer/sec:      5.00MB
`

// wrk2 has its percentiles with decimals, and the detailed spectrum below them.
const wrk2Text = `Running 30s test @ http://127.0.0.1:80/index.html
  2 threads and 100 connections
  Thread calibration: mean lat.: 9747 usec, rate sampling interval: 21 ms
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     6.46ms    1.93ms  12.34ms   67.66%
    Req/Sec     1.05k     1.12k    2.50k    64.84%
  Latency Distribution (HdrHistogram - Recorded Latency)
 50.000%    6.67ms
 75.000%    7.78ms
 90.000%    9.14ms
 99.000%   11.18ms
 99.900%   12.30ms
 99.990%   12.45ms
100.000%   12.50ms
  Detailed Percentile spectrum:
       Value   Percentile   TotalCount 1/(1-Percentile)
       0.921     0.000000            1         1.00
  60018 requests in 30.00s, 19.81MB read
Requests/sec:   2000.28
Transfer/sec:    676.18KB
`

const ohaText = `{"summary":{"successRate":0.999,"total":10.0,"slowest":0.25,"fastest":0.0001,"average":0.002,"requestsPerSec":19876.5,"totalData":1,"sizePerRequest":null,"sizePerSec":1},
"responseTimeHistogram":{"0.1":3},"latencyPercentiles":{"p10":0.001,"p25":0.001,"p50":0.0015,"p75":0.002,"p90":0.003,"p95":0.004,"p99":0.02,"p99.9":0.1,"p99.99":null},"statusCodeDistribution":{"200":1}}`

const vegetaText = `{"latencies":{"total":1,"mean":1500000,"50th":1200000,"90th":2500000,"95th":3000000,"99th":9000000,"max":20000000,"min":100000},
"requests":1000,"rate":1000.5,"throughput":998.25,"success":0.75,"status_codes":{"200":750,"500":250},"errors":["500 Internal Server Error"]}`

const k6Old = `{"root_group":{},"metrics":{"http_reqs":{"count":1000,"rate":99.5},"http_req_duration":{"avg":5.5,"min":1,"med":4.5,"max":90,"p(90)":8,"p(95)":12.25},"http_req_failed":{"passes":10,"fails":990,"value":0.01}}}`

const k6New = `{"metrics":{"http_reqs":{"type":"counter","contains":"default","values":{"count":1000,"rate":99.5}},
"http_req_duration":{"type":"trend","contains":"time","values":{"avg":5.5,"min":1,"med":4.5,"max":90,"p(90)":8,"p(95)":12.25}},
"http_req_failed":{"type":"rate","values":{"rate":0.01,"passes":10,"fails":990}}}}`

func TestSummaries(t *testing.T) {
	k6 := []Value{{Throughput, 0, 99.5}, {Response, 0, 5.5}, {Percentile, 50, 4.5}, {Percentile, 90, 8}, {Percentile, 95, 12.25}, {Percentile, 100, 90}, {Errors, 0, 1}}
	for _, c := range []struct {
		name, text string
		want       []Summary
	}{
		{"wrk", wrkText, []Summary{{Wrk, "http://127.0.0.1:8080/", 0, []Value{
			{Response, 0, 1.05}, {Percentile, 100, 7.15}, {Percentile, 50, 1.01}, {Percentile, 75, 1.2}, {Percentile, 90, 1.41}, {Percentile, 99, 2.6},
			{Throughput, 0, 37000.12}, {Errors, 0, 0.01}}}}},
		{"wrk2", wrk2Text, []Summary{{Wrk, "http://127.0.0.1:80/index.html", 0, []Value{
			{Response, 0, 6.46}, {Percentile, 100, 12.34}, {Percentile, 50, 6.67}, {Percentile, 75, 7.78}, {Percentile, 90, 9.14}, {Percentile, 99, 11.18}, {Percentile, 99.9, 12.3},
			{Throughput, 0, 2000.28}, {Errors, 0, 0}}}}},
		{"oha", ohaText, []Summary{{Oha, "", 0, []Value{
			{Throughput, 0, 19876.5}, {Response, 0, 2}, {Percentile, 50, 1.5}, {Percentile, 75, 2}, {Percentile, 90, 3}, {Percentile, 95, 4}, {Percentile, 99, 20}, {Percentile, 99.9, 100},
			{Percentile, 100, 250}, {Errors, 0, 0.1}}}}},
		{"vegeta", vegetaText, []Summary{{Vegeta, "", 1000.5, []Value{
			{Throughput, 0, 998.25}, {Response, 0, 1.5}, {Percentile, 50, 1.2}, {Percentile, 90, 2.5}, {Percentile, 95, 3}, {Percentile, 99, 9}, {Percentile, 100, 20}, {Errors, 0, 25}}}}},
		{"k6, exported", k6Old, []Summary{{K6, "", 0, k6}}},
		{"k6, handled", k6New, []Summary{{K6, "", 0, k6}}},
	} {
		got, err := ReadContent("f", []byte(c.text))
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		near := cmp.Comparer(func(a, b float64) bool { return a-b < 1e-9 && b-a < 1e-9 })
		if d := cmp.Diff(Content{Summaries: c.want}, got, near); d != "" {
			t.Errorf("%s: -want +got\n%s", c.name, d)
		}
		if got.Summaries[0].Caveat() == "" {
			t.Errorf("%s: nothing is said against it", c.name)
		}
	}
	two, err := ReadContent("f", []byte(wrkText+"\n"+wrk2Text))
	if err != nil || len(two.Summaries) != 2 {
		t.Errorf("of two loads %d are read: %v", len(two.Summaries), err)
	}
}

// What is no curve and no summary, or a broken one, is told with file and line.
func TestSummaryErrors(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"Running 1s test @ http://a/\n  1 threads\n", "f:2: nothing of wrk's"},
		{"Running 1s test @ http://a/\n    Latency     fast  1us  7.15ms   91.20%\n", `f:2: "fast" is no time`},
		{"Running 1s test @ http://a/\nRequests/sec:  many\n", `f:2: line Requests/sec: "many" is no number`},
		{`{"latencies": {"mean": -1}, "throughput": 5}`, "f:1: vegeta: a value of -1"},
		{`{"latencies": 1, "throughput": 5}`, "f:1: vegeta: json:"},
		{`{"metrics": {}}`, "f:1: no number of k6's"},
		{`{"summary": {}, "latencyPercentiles": {}}`, "f:1: no number of oha's"},
	} {
		_, err := ReadContent("f", []byte(c.text))
		if where := new(SyntaxError); !errors.As(err, &where) || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%.40q: got %v, want %s", c.text, err, c.want)
		}
	}
	curves, err := ReadContent("f", []byte(`{"resp_time": {"gevent": [[20, 7.1]]}}`))
	if err != nil || len(curves.Curves) != 1 {
		t.Errorf("curves in JSON are read as %+v, %v", curves, err)
	}
}

// Whatever it is given, a reader ends, and its numbers are numbers.
func FuzzReadContent(f *testing.F) {
	for _, s := range []string{wrkText, wrk2Text, ohaText, vegetaText, k6Old, k6New, table, `{"metrics": {"http_reqs": 3}}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := ReadContent("f", b)
		if err == nil && len(got.Curves)+len(got.Summaries) == 0 {
			t.Error("neither content nor error")
		}
		if err != nil && len(got.Summaries) > 0 {
			t.Error("summaries beside an error")
		}
		for _, s := range got.Summaries {
			if len(s.Label) > 4*maxLabel || strings.ContainsAny(s.Label, "\x1b\n\r") {
				t.Errorf("label %q", s.Label)
			}
			for _, v := range s.Values {
				if !(v.X >= 0) || v.X > 1e308 {
					t.Errorf("%v of %s", v.X, v.Of)
				}
			}
		}
	})
}
