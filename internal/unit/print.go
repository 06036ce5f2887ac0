package unit

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// digits is how many significant digits a figure is shown with.
const digits = 3

// Number prints x with 3 significant digits, rounding half to even on its exact
// value: "21600", "3.46", "0.0120". Zeros at the end are kept, since they say
// how exact a number is; zero itself is "0".
func Number(x float64) string {
	if x == 0 {
		return "0"
	}
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return strconv.FormatFloat(x, 'g', -1, 64)
	}
	rounded := round(x)
	places := max(0, digits-1-exponent(rounded))
	return strconv.FormatFloat(rounded, 'f', places, 64)
}

// round returns x with 3 significant digits. It is the one rounding rule: every
// function that prints calls it before it chooses a scale, so that 999.7 us
// is 1.00 ms and never 1000 us.
func round(x float64) float64 {
	y, _ := strconv.ParseFloat(strconv.FormatFloat(x, 'e', digits-1, 64), 64)
	return y
}

// exponent returns the power of ten of x's first digit.
func exponent(x float64) int {
	_, e, _ := strings.Cut(strconv.FormatFloat(x, 'e', digits-1, 64), "e")
	n, _ := strconv.Atoi(e)
	return n
}

// A step of a ladder of units: what one of it is in the smallest.
type step struct {
	name string
	size float64
}

var (
	timeSteps  = []step{{"ns", 1}, {"us", 1e3}, {"ms", 1e6}, {"s", 1e9}, {"min", 60e9}, {"h", 3600e9}}
	countSteps = []step{{"", 1}, {"k", 1e3}, {"M", 1e6}, {"G", 1e9}}
	byteSteps  = []step{{"B", 1}, {"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"TiB", 1 << 40}}
)

// pick chooses the largest step of which x, once rounded, is at least one.
func pick(x float64, steps []step) (float64, string) {
	chosen := steps[0]
	for _, s := range steps[1:] {
		if round(math.Abs(x)/s.size) >= 1 {
			chosen = s
		}
	}
	return x / chosen.size, chosen.name
}

// Duration prints a time: "1.23 ms", "5.00 s", "0 s".
func Duration(d time.Duration) string {
	if d == 0 {
		return "0 s"
	}
	x, name := pick(float64(d), timeSteps)
	if name == "ns" {
		return strconv.FormatInt(int64(d), 10) + " ns"
	}
	return Number(x) + " " + name
}

// Count prints a count: whole below a thousand, then "12.3k", "1.20M".
func Count(n int64) string {
	if -1000 < n && n < 1000 {
		return strconv.FormatInt(n, 10)
	}
	x, name := pick(float64(n), countSteps)
	return Number(x) + name
}

// Rate prints a rate per second: "21.6k/s", "480/s".
func Rate(x float64) string {
	y, name := pick(x, countSteps)
	return Number(y) + name + "/s"
}

// Bytes prints a number of bytes in powers of 1024: "512 B", "41.2 MiB".
func Bytes(n int64) string {
	if -1024 < n && n < 1024 {
		return strconv.FormatInt(n, 10) + " B"
	}
	x, name := pick(float64(n), byteSteps)
	return Number(x) + " " + name
}

// Share prints a share of one as per cent: 0.02 is "2.00%".
func Share(x float64) string { return Number(x*100) + "%" }

// Quantity prints x, which is in the unit given, on the scale that suits it. It
// knows the units of a plan's metrics, "ns", "us", "ms" and "s", "B" and "MiB",
// "req/s" and "%"; any other unit is written behind the number as it is.
func Quantity(x float64, unit string) string {
	switch unit {
	case "ns", "us", "ms", "s":
		return scaled(x, unit, timeSteps)
	case "B", "KiB", "MiB", "GiB":
		return scaled(x, unit, byteSteps)
	case "req/s":
		y, name := pick(x, countSteps)
		return Number(y) + name + " req/s"
	case "%":
		return Number(x) + "%"
	case "":
		return Number(x)
	}
	return Number(x) + " " + unit
}

func scaled(x float64, unit string, steps []step) string {
	if x == 0 {
		return "0 " + unit
	}
	for _, s := range steps {
		if s.name == unit {
			y, name := pick(x*s.size, steps)
			return Number(y) + " " + name
		}
	}
	return Number(x) + " " + unit
}

// ExactDuration writes d so that ParseDuration reads the same d: in the largest
// unit of which it is a whole number.
func ExactDuration(d time.Duration) string {
	if d == 0 {
		return "0s"
	}
	best := scale{"ns", 1}
	for _, s := range timeScales {
		if int64(d)%s.factor == 0 && s.factor > best.factor {
			best = s
		}
	}
	return strconv.FormatInt(int64(d)/best.factor, 10) + best.suffix
}

// ExactShare writes x, 0 or more, so that ParseShare reads the same x: as per
// cent where that is possible to the last bit, and it is for all but a few.
func ExactShare(x float64) string {
	mantissa, e, _ := strings.Cut(strconv.FormatFloat(x, 'e', -1, 64), "e")
	n, _ := strconv.Atoi(e)
	y, err := strconv.ParseFloat(mantissa+"e"+strconv.Itoa(n+2), 64)
	if err == nil {
		s := strconv.FormatFloat(y, 'f', -1, 64) + "%"
		if z, err := ParseShare(s); err == nil && z == x {
			return s
		}
	}
	return strconv.FormatFloat(x, 'f', -1, 64)
}
