package calibrate

import (
	"fmt"
	"math"
)

// A Finding is one thing that was known beforehand, and what was measured.
type Finding struct {
	Oracle    string  `json:"oracle"` // "steady", "queue M/M/1", "stall", …
	Name      string  `json:"name"`   // "error p95"
	Want      float64 `json:"want"`
	Got       float64 `json:"got"`
	Tolerance float64 `json:"tolerance"` // largest distance of Got from Want that is kept
	Unit      string  `json:"unit"`      // "us", "requests", …
	Verdict   Verdict `json:"verdict"`
	Noise     string  `json:"noise,omitempty"` // why it was not judged
	Note      string  `json:"note,omitempty"`
}

// Verdict says what became of a Finding.
type Verdict uint8

// The verdicts. The first is the zero value: who forgets to judge has claimed
// nothing.
const (
	NotTried Verdict = iota // the machine was too noisy to tell; Got is what was seen all the same
	Kept
	Missed
)

var verdictNames = [...]string{"not tried: noisy", "kept", "missed"}

func (v Verdict) String() string { return verdictNames[v] }

// MarshalText writes the verdict's name.
func (v Verdict) MarshalText() ([]byte, error) { return []byte(v.String()), nil }

// UnmarshalText reads a verdict's name.
func (v *Verdict) UnmarshalText(b []byte) error {
	for i, name := range verdictNames {
		if name == string(b) {
			*v = Verdict(i)
			return nil
		}
	}
	return fmt.Errorf("%q is no verdict of a calibration", b)
}

// judged returns f with its verdict. What is noisy is not judged, and says why.
func (f Finding) judged(noise string) Finding {
	switch {
	case noise != "":
		f.Verdict = NotTried
		f.Noise = noise
	case math.Abs(f.Got-f.Want) <= f.Tolerance:
		f.Verdict = Kept
	default:
		f.Verdict = Missed
	}
	return f
}
