package overlay

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
)

// isWrk tells whether a text is what wrk prints.
func isWrk(text string) bool {
	return strings.HasPrefix(strings.TrimSpace(text), "Running ") || strings.Contains(text, "\nRequests/sec:")
}

var (
	wrkLatency    = regexp.MustCompile(`^\s+Latency\s+(\S+)\s+\S+\s+(\S+)`)
	wrkPercentile = regexp.MustCompile(`^\s*([0-9.]+)%\s+([0-9.]+[a-z]+)\s*$`)
	wrkRequests   = regexp.MustCompile(`^\s+(\d{1,18}) requests in `)
	wrkErrors     = regexp.MustCompile(`^\s+Socket errors: connect (\d{1,18}), read (\d{1,18}), write (\d{1,18}), timeout (\d{1,18})`)
	wrkOther      = regexp.MustCompile(`^\s+Non-2xx or 3xx responses: (\d{1,18})`)
)

// readWrk reads what wrk and wrk2 print, of one load or of several one after the
// other.
func readWrk(text string) (all []Summary, line int, err error) {
	var r wrk
	for s := range strings.Lines(text) {
		line++
		if what, ok := strings.CutPrefix(s, "Running "); ok {
			if all = r.end(all); len(all) >= maxCurves {
				return nil, line, fmt.Errorf("more than %d loads", maxCurves)
			}
			r = wrk{begun: true}
			if _, url, ok := strings.Cut(what, " @ "); ok {
				r.Label = clean(strings.TrimSpace(url))
			}
		}
		if err := r.take(strings.TrimRight(s, "\r\n")); err != nil {
			return nil, line, err
		}
	}
	if all = r.end(all); len(all) == 0 {
		return nil, line, errors.New("nothing of wrk's in it: want a line Requests/sec")
	}
	return all, line, nil
}

// A wrk is one load as it is being read.
type wrk struct {
	Summary
	begun            bool
	requests, failed float64
}

// end returns the loads with this one, if it came to its end.
func (r *wrk) end(all []Summary) []Summary {
	if _, ok := r.Of(Throughput, 0); !ok {
		return all
	}
	if r.requests > 0 {
		r.Values = append(r.Values, Value{Errors, 0, 100 * r.failed / r.requests})
	}
	r.Tool = Wrk
	return append(all, r.Summary)
}

func (r *wrk) take(s string) error {
	if m := wrkLatency.FindStringSubmatch(s); m != nil && m[1] != "Distribution" {
		mean, err1 := wrkTime(m[1])
		most, err2 := wrkTime(m[2])
		if err1 != nil || err2 != nil {
			return errors.Join(err1, err2)
		}
		return errors.Join(r.add(Response, 0, mean), r.add(Percentile, 100, most))
	}
	if m := wrkPercentile.FindStringSubmatch(s); m != nil {
		return r.percentile(m[1], m[2])
	}
	if m := wrkRequests.FindStringSubmatch(s); m != nil {
		r.requests = counts(m[1:])
	}
	if m := wrkErrors.FindStringSubmatch(s); m != nil {
		r.failed += counts(m[1:])
	}
	if m := wrkOther.FindStringSubmatch(s); m != nil {
		r.failed += counts(m[1:])
	}
	if rate, ok := strings.CutPrefix(s, "Requests/sec:"); ok {
		x, err := number(strings.TrimSpace(rate))
		if err != nil {
			return fmt.Errorf("line Requests/sec: %w", err)
		}
		return r.add(Throughput, 0, x)
	}
	return nil
}

func (r *wrk) percentile(p, t string) error {
	of, err := strconv.ParseFloat(p, 64)
	if err != nil {
		return fmt.Errorf("%.40q is no percentile", p)
	}
	for _, want := range percentiles {
		if of != want {
			continue
		}
		x, err := wrkTime(t)
		if err != nil {
			return err
		}
		return r.add(Percentile, of, x)
	}
	return nil
}

func counts(digits []string) (sum float64) {
	for _, s := range digits {
		x, err := strconv.ParseFloat(s, 64)
		if err == nil {
			sum += x
		}
	}
	return sum
}

// wrkTime reads a time as wrk writes it, in ms. "-nan" stands where nothing was
// answered.
func wrkTime(s string) (float64, error) {
	for _, u := range []struct {
		name string
		ms   float64
	}{{"us", 1e-3}, {"ms", 1}, {"s", 1e3}, {"m", 60e3}, {"h", 3600e3}} {
		digits, ok := strings.CutSuffix(s, u.name)
		if !ok {
			continue
		}
		if x, err := strconv.ParseFloat(digits, 64); err == nil && x >= 0 && !math.IsInf(x, 0) {
			return x * u.ms, nil
		}
	}
	return 0, fmt.Errorf("%.40q is no time: want 1.05ms, say", s)
}
