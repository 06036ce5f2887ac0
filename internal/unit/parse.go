// Package unit reads and prints quantities: times, counts, rates, bytes and
// shares. Every plan, flag and renderer uses it, so that "1k" means the same
// everywhere and a figure looks the same on the screen and in a page.
//
// Reading is strict and exact: what is not a quantity is refused, and so is
// what does not fit. Printing, in print.go, rounds for people; what must be
// read back is written by the Exact functions.
package unit

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
	"time"
)

// What is wrong with a quantity that is one in form.
var (
	errTooLarge = errors.New("too large")
	errNegative = errors.New("below zero")
	errFraction = errors.New("not a whole number")
)

// A scale is a suffix and what it multiplies by.
type scale struct {
	suffix string
	factor int64
}

var (
	// The longer of two suffixes that end alike comes first.
	timeScales = []scale{
		{"ns", int64(time.Nanosecond)},
		{"us", int64(time.Microsecond)},
		{"µs", int64(time.Microsecond)}, // U+00B5
		{"μs", int64(time.Microsecond)}, // U+03BC
		{"ms", int64(time.Millisecond)},
		{"s", int64(time.Second)},
		{"m", int64(time.Minute)},
		{"h", int64(time.Hour)},
	}
	countScales = []scale{{"k", 1e3}, {"M", 1e6}}
	byteScales  = []scale{
		{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30},
		{"kB", 1e3}, {"MB", 1e6}, {"GB", 1e9},
		{"k", 1e3}, {"M", 1e6}, {"G", 1e9},
		{"B", 1},
	}
)

// ParseDuration reads a time that is not negative: "500ms", "1.5s", "2m", "1h",
// or several in a row as in "1m30s". A bare number is seconds. Units are ns, us
// (or µs), ms, s, m and h. Fractions of a nanosecond are rounded.
func ParseDuration(s string) (time.Duration, error) {
	d, err := parseDuration(s)
	if err != nil {
		return 0, fmt.Errorf("%q is no time%s: want one such as 500ms, 2s or 1m; a bare number is seconds", s, because(err))
	}
	return d, nil
}

func parseDuration(s string) (time.Duration, error) {
	if x, err := parseScaled(s, []scale{{"", int64(time.Second)}}, true); err == nil {
		return time.Duration(x), nil
	} else if errors.Is(err, errTooLarge) || errors.Is(err, errNegative) {
		return 0, err
	}
	var sum int64
	for rest := s; rest != "" || s == ""; {
		end := strings.IndexFunc(rest, func(r rune) bool { return !isNumeral(r) })
		if end < 1 {
			return 0, strconv.ErrSyntax
		}
		next := strings.IndexFunc(rest[end:], isNumeral)
		if next < 0 {
			next = len(rest) - end
		}
		x, err := parseScaled(rest[:end+next], timeScales, true)
		if err != nil {
			return 0, err
		}
		if sum > math.MaxInt64-x {
			return 0, errTooLarge
		}
		sum += x
		rest = rest[end+next:]
	}
	return time.Duration(sum), nil
}

func isNumeral(r rune) bool { return '0' <= r && r <= '9' || r == '.' || r == '-' }

// ParseCount reads a whole number that is not negative, with k (thousand) or M
// (million): "64", "10k", "1.5M".
func ParseCount(s string) (int64, error) {
	n, err := parseScaled(s, append(countScales, scale{"", 1}), false)
	if err != nil {
		return 0, fmt.Errorf("%q is no count%s: want a whole number such as 64, 10k or 1M", s, because(err))
	}
	return n, nil
}

// ParseBytes reads a number of bytes: "1000", "64KiB", "1.5MB". KiB, MiB and GiB
// are powers of 1024; k, M, G, with or without a B, are powers of 1000.
func ParseBytes(s string) (int64, error) {
	n, err := parseScaled(s, append(byteScales, scale{"", 1}), false)
	if err != nil {
		return 0, fmt.Errorf("%q is no number of bytes%s: want one such as 1000, 64KiB or 1MB", s, because(err))
	}
	return n, nil
}

// ParseRate reads a rate per second, 0 or more: "1000", "1.5k", "2M", each with
// or without "/s".
func ParseRate(s string) (float64, error) {
	x, err := parseFloat(strings.TrimSuffix(s, "/s"), countScales)
	if err != nil {
		return 0, fmt.Errorf("%q is no rate%s: want a number per second such as 1000, 2.5k or 1M", s, because(err))
	}
	return x, nil
}

// ParseShare reads a share: "2%" is 0.02, and so is "0.02". A bare number over 1
// is refused, since its writer most likely meant per cent.
func ParseShare(s string) (float64, error) {
	digits, percent := strings.CutSuffix(s, "%")
	exponent := ""
	if percent {
		exponent = "e-2" // shifted in decimal, so that 7% is exactly 0.07
	}
	if !isDecimal(digits) {
		return 0, fmt.Errorf("%q is no share: want one such as 2%% or 0.02", s)
	}
	x, err := strconv.ParseFloat(digits+exponent, 64)
	if err != nil || x < 0 || !percent && x > 1 {
		return 0, fmt.Errorf("%q is no share: want one such as 2%% or 0.02", s)
	}
	return x, nil
}

// parseScaled reads a decimal number with one of the suffixes and returns it
// multiplied, exactly. Where round is set, a fraction is rounded to the nearest
// whole number; otherwise it is an error.
func parseScaled(s string, scales []scale, round bool) (int64, error) {
	digits, factor, ok := cutScale(s, scales)
	if !ok {
		return 0, strconv.ErrSyntax
	}
	x, ok := new(big.Rat).SetString(digits)
	if !ok {
		return 0, strconv.ErrSyntax
	}
	x.Mul(x, new(big.Rat).SetInt64(factor))
	if x.Sign() < 0 {
		return 0, errNegative
	}
	if !x.IsInt() && !round {
		return 0, errFraction
	}
	n := new(big.Int).Quo(
		new(big.Int).Add(new(big.Int).Lsh(x.Num(), 1), x.Denom()),
		new(big.Int).Lsh(x.Denom(), 1))
	if !n.IsInt64() {
		return 0, errTooLarge
	}
	return n.Int64(), nil
}

func parseFloat(s string, scales []scale) (float64, error) {
	digits, factor, ok := cutScale(s, append(scales, scale{"", 1}))
	if !ok {
		return 0, strconv.ErrSyntax
	}
	x, err := strconv.ParseFloat(digits, 64)
	if err != nil {
		return 0, errTooLarge
	}
	x *= float64(factor)
	if x < 0 {
		return 0, errNegative
	}
	if math.IsInf(x, 0) {
		return 0, errTooLarge
	}
	return x, nil
}

func cutScale(s string, scales []scale) (digits string, factor int64, ok bool) {
	for _, c := range scales {
		if d, found := strings.CutSuffix(s, c.suffix); found && isDecimal(d) {
			return d, c.factor, true
		}
	}
	return "", 0, false
}

// maxDigits bounds the digits of a number: twice what any quantity here needs.
const maxDigits = 40

// isDecimal tells whether s is a decimal number such as -12.5: no exponent, no
// underscores, no "0x", no "inf", all of which strconv would let through.
func isDecimal(s string) bool {
	s = strings.TrimPrefix(s, "-")
	whole, part, _ := strings.Cut(s, ".")
	digits := whole + part
	if digits == "" || len(digits) > maxDigits {
		return false
	}
	for _, c := range []byte(digits) {
		if c < '0' || '9' < c {
			return false
		}
	}
	return true
}

func because(err error) string {
	if errors.Is(err, strconv.ErrSyntax) {
		return ""
	}
	return " (" + err.Error() + ")"
}
