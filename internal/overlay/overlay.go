// Package overlay reads what somebody else measured: curves, as in the tables that
// autobench writes and in arrays of points as the plotting library Flot takes them,
// and the summaries that wrk, oha, vegeta and k6 write at their end.
// It knows what such numbers do not say, and tells: see [Caveats].
package overlay

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"slices"
)

// Bounds of what is read; a file beyond them is refused.
const (
	MaxBytes  = 8 << 20
	maxCurves = 1000
	maxPoints = 200_000 // of all curves together
	maxLabel  = 200     // bytes of a label, which is cut there
)

// A Quantity is what a curve shows over the offered rate.
type Quantity string

const (
	Throughput Quantity = "throughput" // per second
	Response   Quantity = "response"   // ms
	Errors     Quantity = "errors"     // in %: autobench's are of the replies
	Deviation  Quantity = "stdev"      // of throughput, per second
	Percentile Quantity = "percentile" // of response times, ms: of summaries alone
	Unknown    Quantity = ""           // the file does not say
)

// Quantities are those that are known.
var Quantities = []Quantity{Throughput, Response, Errors, Deviation}

// A Curve is what one server did under rising rates.
type Curve struct {
	Label    string
	Quantity Quantity
	Points   []Point // ascending by X
	Line     int     // of the file, where it begins
}

// A Point is a value at an offered rate, requests per second.
type Point struct{ X, Y float64 }

// A SyntaxError says where a file is not what it should be.
type SyntaxError struct {
	File string
	Line int
	Err  error
}

func (e *SyntaxError) Error() string { return fmt.Sprintf("%s:%d: %v", e.File, e.Line, e.Err) }
func (e *SyntaxError) Unwrap() error { return e.Err }

// Content is what a file has: curves, or summaries, at least one.
type Content struct {
	Curves    []Curve
	Summaries []Summary
}

// ReadFile reads a file.
func ReadFile(name string) (Content, error) {
	f, err := os.Open(name)
	if err != nil {
		return Content{}, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, MaxBytes+1))
	if err != nil {
		return Content{}, fmt.Errorf("%s: %w", name, err)
	}
	if len(b) > MaxBytes {
		return Content{}, fmt.Errorf("%s: longer than the %d MiB that are read", name, MaxBytes>>20)
	}
	return ReadContent(name, b)
}

// ReadContent reads a text called name. Whose it is shows in the text. The errors
// are [*SyntaxError].
func ReadContent(name string, text []byte) (Content, error) {
	text = bytes.TrimPrefix(text, []byte("\ufeff"))
	if s, ok, err := readJSON(bytes.TrimSpace(text)); ok {
		if err != nil {
			return Content{}, &SyntaxError{name, 1, err}
		}
		return Content{Summaries: []Summary{s}}, nil
	}
	if isWrk(string(text)) {
		all, line, err := readWrk(string(text))
		if err != nil {
			return Content{}, &SyntaxError{name, line, err}
		}
		return Content{Summaries: all}, nil
	}
	curves, err := Read(name, text)
	return Content{Curves: curves}, err
}

// Read reads the curves of a text called name, at least one. Whether it is a table
// of autobench's or arrays of points shows in its first words. The errors are
// [*SyntaxError].
func Read(name string, text []byte) ([]Curve, error) {
	var curves []Curve
	var line int
	var err error
	text = bytes.TrimPrefix(text, []byte("\ufeff"))
	if bytes.HasPrefix(bytes.TrimLeft(text, " \t\r\n#\""), []byte("dem_req_rate")) {
		curves, line, err = readAutobench(string(text))
	} else {
		curves, line, err = readFlot(string(text))
	}
	if err == nil && len(curves) == 0 {
		line, err = 1, fmt.Errorf("no curve in it: want autobench's table (dem_req_rate …) or arrays of points ([[20, 19.8], [40, 39.9]])")
	}
	if err != nil {
		return nil, &SyntaxError{name, line, err}
	}
	for i := range curves {
		slices.SortStableFunc(curves[i].Points, func(a, b Point) int {
			switch {
			case a.X < b.X:
				return -1
			case a.X > b.X:
				return 1
			}
			return 0
		})
	}
	return curves, nil
}

// clean cuts a label and drops what a terminal would obey.
func clean(s string) string {
	s = s[:min(len(s), maxLabel)]
	var b bytes.Buffer
	for _, r := range s { // a cut rune becomes U+FFFD
		if r >= ' ' && (r < 0x7f || r >= 0xa0) && r != 0xfffd {
			b.WriteRune(r)
		}
	}
	return b.String()
}
