package overlay

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// columns are autobench's, and what of them is a curve. With one host or several,
// it writes a host's name behind all but the first.
var columns = []struct {
	name string
	of   Quantity
}{
	{"req_rate", Unknown}, {"con_rate", Unknown}, {"min_rep_rate", Unknown},
	{"avg_rep_rate", Throughput}, {"max_rep_rate", Unknown}, {"stddev_rep_rate", Deviation},
	{"resp_time", Response}, {"net_io", Unknown}, {"errors", Errors},
}

// readAutobench reads a table with columns between tabs, or commas. Each host's
// columns become curves of its own.
func readAutobench(text string) (curves []Curve, line int, err error) {
	separator := "\t"
	var at []int // of each column: which curve it is, −1 for none
	for s := range strings.Lines(text) {
		line++
		s = strings.TrimRight(s, "\r\n")
		if strings.TrimSpace(s) == "" || strings.HasPrefix(s, "#") && at != nil {
			continue
		}
		if at == nil {
			if !strings.Contains(s, separator) {
				separator = ","
			}
			if curves, at, err = heading(strings.Split(s, separator), line); err != nil {
				return nil, line, err
			}
			continue
		}
		if err := row(strings.Split(s, separator), at, curves); err != nil {
			return nil, line, err
		}
	}
	return curves, line, nil
}

func heading(fields []string, line int) (curves []Curve, at []int, err error) {
	if len(fields) > maxCurves {
		return nil, nil, fmt.Errorf("%d columns; at most %d are read", len(fields), maxCurves)
	}
	for _, f := range fields {
		f = strings.Trim(f, " \"#")
		q, host := columnOf(f)
		if q == Unknown {
			at = append(at, -1)
			continue
		}
		at = append(at, len(curves))
		curves = append(curves, Curve{Label: clean(host), Quantity: q, Line: line})
	}
	if len(curves) == 0 {
		return nil, nil, errors.New("no column of autobench's behind dem_req_rate: want avg_rep_rate, resp_time, errors, stddev_rep_rate")
	}
	return curves, at, nil
}

// columnOf tells what a column shows, and for which host.
func columnOf(heading string) (q Quantity, host string) {
	for _, c := range columns {
		if rest, ok := strings.CutPrefix(heading, c.name); ok && (rest == "" || rest[0] == '_') {
			return c.of, strings.TrimPrefix(rest, "_")
		}
	}
	return Unknown, ""
}

func row(fields []string, at []int, curves []Curve) error {
	if len(fields) < len(at) {
		return fmt.Errorf("%d columns, where the heading has %d", len(fields), len(at))
	}
	x, err := number(fields[0])
	if err != nil {
		return fmt.Errorf("column 1: %w", err)
	}
	if x < 0 {
		return fmt.Errorf("column 1: a rate of %v", x)
	}
	total := 0
	for _, c := range curves {
		total += len(c.Points)
	}
	if total > maxPoints {
		return fmt.Errorf("more than %d points", maxPoints)
	}
	for i, n := range at {
		if n < 0 {
			continue
		}
		y, err := number(fields[i])
		if err != nil {
			return fmt.Errorf("column %d: %w", i+1, err)
		}
		curves[n].Points = append(curves[n].Points, Point{x, y})
	}
	return nil
}

func number(s string) (float64, error) {
	s = strings.Trim(s, " \"")
	x, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsNaN(x) || math.IsInf(x, 0) {
		return 0, fmt.Errorf("%.40q is no number", s)
	}
	return x, nil
}
