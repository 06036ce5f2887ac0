package bench_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// A count is what a tool says came of its load.
type count struct {
	answered, failed  int64
	lagMedian, lag99  time.Duration // of an open load of ours; -1 where it was not told
	openedConnections int64         // ours only
}

func counted(answered, failed int64) count {
	return count{answered: answered, failed: failed, lagMedian: -1, lag99: -1}
}

func readWebdyno(output []byte) (count, error) {
	var r struct {
		Requests *struct {
			Due, Answered, Wrong int64
		}
		Connections struct{ Opened int64 }
		Lag         struct {
			P50, P99 any // a number, or ">=10000", or null
		} `json:"lag_ms"`
	}
	if err := json.Unmarshal(output, &r); err != nil {
		return count{}, err
	}
	if r.Requests == nil {
		return count{}, errors.New("no requests in the result")
	}
	n := counted(r.Requests.Answered-r.Requests.Wrong, r.Requests.Due-r.Requests.Answered+r.Requests.Wrong)
	n.openedConnections = r.Connections.Opened
	median, told := r.Lag.P50.(float64)
	p99, told99 := r.Lag.P99.(float64)
	if told && told99 {
		n.lagMedian, n.lag99 = milliseconds(median), milliseconds(p99)
	}
	return n, nil
}

func milliseconds(ms float64) time.Duration { return time.Duration(math.Round(ms * 1e6)) }

// gcannon counts requests sent beside responses; those under way at the end are
// no failures.
func readGcannon(output []byte) (count, error) {
	var r struct {
		Responses *int64
		Status    map[string]int64
		Errors    map[string]int64
	}
	if err := json.Unmarshal(output, &r); err != nil {
		return count{}, err
	}
	if r.Responses == nil {
		return count{}, errors.New("no responses in the result")
	}
	right := r.Status["2xx"]
	return counted(right, *r.Responses-right+sum(r.Errors)), nil
}

// h1load prints a row every second, the totals so far in it: requests in the
// fourth column and errors in the sixth.
func readH1load(output []byte) (count, error) {
	if !strings.HasPrefix(string(output), "#     time conns tot_conn  tot_req      tot_bytes    err ") {
		return count{}, errors.New("the columns are not those of h1load")
	}
	lines := strings.Split(strings.TrimSpace(string(output)), "\n")
	last := strings.Fields(lines[len(lines)-1])
	if len(lines) < 2 || len(last) < 6 {
		return count{}, errors.New("no row of figures")
	}
	answered, err1 := strconv.ParseInt(last[3], 10, 64)
	failed, err2 := strconv.ParseInt(last[5], 10, 64)
	return counted(answered, failed), errors.Join(err1, err2)
}

// Patterns of what tools print for people.
var (
	wrkRequests = regexp.MustCompile(`(?m)^ *(\d+) requests in `)
	wrkErrors   = regexp.MustCompile(`(?m)^ *Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)`)
	wrkStatus   = regexp.MustCompile(`(?m)^ *Non-2xx or 3xx responses: (\d+)`)

	h2loadRequests = regexp.MustCompile(`(?m)^requests: \d+ total, \d+ started, \d+ done, (\d+) succeeded, (\d+) failed, \d+ errored, \d+ timeout`)
	h2loadStatus   = regexp.MustCompile(`(?m)^status codes: (\d+) 2xx, `)

	abRequests = regexp.MustCompile(`(?m)^Complete requests: +(\d+)`)
	abFailed   = regexp.MustCompile(`(?m)^Failed requests: +(\d+)`)
	abStatus   = regexp.MustCompile(`(?m)^Non-2xx responses: +(\d+)`)

	heyStatus = regexp.MustCompile(`(?m)^ +\[(\d{3})\]\t(\d+) responses`)
	heyErrors = regexp.MustCompile(`(?m)^ +\[(\d+)\]\t[^\d]`)
)

// wrk leaves what was read wrongly out of its count of requests, and has wrong
// statuses in it.
func readWrk(output []byte) (count, error) {
	all, err := numbers(wrkRequests, output)
	if err != nil {
		return count{}, err
	}
	wrong := optional(wrkStatus, output)
	return counted(all[0]-wrong, wrong+optional(wrkErrors, output)), nil
}

func readH2load(output []byte) (count, error) {
	done, err := numbers(h2loadRequests, output)
	if err != nil {
		return count{}, err
	}
	right, err := numbers(h2loadStatus, output)
	if err != nil {
		return count{}, err
	}
	return counted(right[0], done[0]-right[0]+done[1]), nil
}

func readAb(output []byte) (count, error) {
	all, err := numbers(abRequests, output)
	if err != nil {
		return count{}, err
	}
	failed, err := numbers(abFailed, output)
	if err != nil {
		return count{}, err
	}
	wrong := failed[0] + optional(abStatus, output)
	return counted(all[0]-wrong, wrong), nil
}

// hey lists answers by status and errors by text, in the same brackets.
func readHey(output []byte) (count, error) {
	n := counted(0, optional(heyErrors, output))
	rows := heyStatus.FindAllSubmatch(output, -1)
	if rows == nil {
		return count{}, fmt.Errorf("no line like %s", heyStatus)
	}
	for _, row := range rows {
		responses, err := strconv.ParseInt(string(row[2]), 10, 64)
		if err != nil {
			return count{}, err
		}
		if row[1][0] == '2' {
			n.answered += responses
		} else {
			n.failed += responses
		}
	}
	return n, nil
}

// oha cuts off what is under way at the end and lists that among its errors.
func readOha(output []byte) (count, error) {
	var r struct {
		Statuses map[string]int64 `json:"statusCodeDistribution"`
		Errors   map[string]int64 `json:"errorDistribution"`
	}
	if err := json.Unmarshal(output, &r); err != nil {
		return count{}, err
	}
	if r.Statuses == nil {
		return count{}, errors.New("no statusCodeDistribution in the result")
	}
	n := counted(0, sum(r.Errors)-r.Errors["aborted due to deadline"])
	for status, responses := range r.Statuses {
		if strings.HasPrefix(status, "2") {
			n.answered += responses
		} else {
			n.failed += responses
		}
	}
	return n, nil
}

func readBombardier(output []byte) (count, error) {
	var r struct {
		Result *struct {
			Req1xx, Req2xx, Req3xx, Req4xx, Req5xx, Others int64
		}
	}
	if err := json.Unmarshal(output, &r); err != nil {
		return count{}, err
	}
	if r.Result == nil {
		return count{}, errors.New("no result")
	}
	x := r.Result
	return counted(x.Req2xx, x.Req1xx+x.Req3xx+x.Req4xx+x.Req5xx+x.Others), nil
}

// numbers returns the groups of the first match of re.
func numbers(re *regexp.Regexp, output []byte) ([]int64, error) {
	match := re.FindSubmatch(output)
	if match == nil {
		return nil, fmt.Errorf("no line like %s", re)
	}
	var ns []int64
	for _, group := range match[1:] {
		n, err := strconv.ParseInt(string(group), 10, 64)
		if err != nil {
			return nil, err
		}
		ns = append(ns, n)
	}
	return ns, nil
}

// optional returns the sum of all groups of all matches of re, 0 if there are
// none: a line that is printed only if there is something to tell.
func optional(re *regexp.Regexp, output []byte) (total int64) {
	for _, match := range re.FindAllSubmatch(output, -1) {
		for _, group := range match[1:] {
			n, _ := strconv.ParseInt(string(group), 10, 64)
			total += n
		}
	}
	return total
}

func sum(m map[string]int64) (total int64) {
	for _, n := range m {
		total += n
	}
	return total
}
