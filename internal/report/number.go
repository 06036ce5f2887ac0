package report

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"

	"webdyno/internal/unit"
)

// A Number is a number that may be missing, or known only from one side. The
// zero Number is missing. In JSON it is a number, null, or a string such as
// ">=10000" or "<=0.5".
type Number struct {
	X    float64
	Kind NumberKind
}

// NumberKind says what a Number's X means.
type NumberKind uint8

const (
	Missing NumberKind = iota // X means nothing
	Exactly
	AtLeast // the true value is X or more
	AtMost  // the true value is X or less
)

// exactly returns x as a Number; Missing if x is no finite number.
func exactly(x float64) Number {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return Number{}
	}
	return Number{x, Exactly}
}

func atLeast(x float64) Number { return Number{x, AtLeast} }
func atMost(x float64) Number  { return Number{x, AtMost} }

// Known tells whether there is a number at all.
func (v Number) Known() bool { return v.Kind != Missing }

// inverse returns 1 ÷ v of a ratio: a bound from below becomes one from above.
// Zero has none that is a number.
func (v Number) inverse() Number {
	w := exactly(1 / v.X)
	switch {
	case !v.Known() || !w.Known():
		return Number{}
	case v.Kind == AtLeast:
		w.Kind = AtMost
	case v.Kind == AtMost:
		w.Kind = AtLeast
	}
	return w
}

// compare orders values, those known only from below after all others.
func (v Number) compare(w Number) int {
	return cmp.Or(cmp.Compare(v.Kind, w.Kind), cmp.Compare(v.X, w.X))
}

// MarshalJSON writes a number, null, ">=x" or "<=x".
func (v Number) MarshalJSON() ([]byte, error) {
	switch v.Kind {
	case Missing:
		return []byte("null"), nil
	case AtLeast:
		return []byte(`">=` + plainNumber(v.X) + `"`), nil
	case AtMost:
		return []byte(`"<=` + plainNumber(v.X) + `"`), nil
	}
	return json.Marshal(tidy(v.X))
}

// UnmarshalJSON reads what MarshalJSON writes.
func (v *Number) UnmarshalJSON(b []byte) error {
	var s string
	if string(b) == "null" {
		*v = Number{}
		return nil
	}
	if json.Unmarshal(b, &s) == nil {
		digits, below := strings.CutPrefix(s, ">=")
		digits, above := strings.CutPrefix(digits, "<=")
		x, err := strconv.ParseFloat(digits, 64)
		switch {
		case err == nil && below && !above:
			*v = atLeast(x)
		case err == nil && above && !below:
			*v = atMost(x)
		default:
			return fmt.Errorf("%q is no value: want a number, null, \">=x\" or \"<=x\"", s)
		}
		return nil
	}
	v.Kind = Exactly
	return json.Unmarshal(b, &v.X)
}

// in prints the value in a unit, "–" if it is missing.
func (v Number) in(u string) string {
	switch v.Kind {
	case Missing:
		return "–"
	case AtLeast:
		return "≥ " + unit.Quantity(v.X, u)
	case AtMost:
		return "≤ " + unit.Quantity(v.X, u)
	}
	return unit.Quantity(v.X, u)
}

func plainNumber(x float64) string { return strconv.FormatFloat(tidy(x), 'f', -1, 64) }

// tidy drops the digits beyond the twelfth, which are the rounding of sums and
// logarithms, so that a record's JSON does not change with the compiler's choice
// of instructions.
func tidy(x float64) float64 {
	y, err := strconv.ParseFloat(strconv.FormatFloat(x, 'e', 11, 64), 64)
	if err != nil {
		return x
	}
	return y
}
