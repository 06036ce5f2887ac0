package serve

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"webdyno/internal/mono"
)

// A Shape is how service times change with the server's age.
type Shape string

const (
	Step Shape = "step" // Times until For, as they are from then on
	Fall Shape = "fall" // Times at first, and exponentially less: of what is too much, 1/e is left after For
	Ramp Shape = "ramp" // ever longer: Times after For
	GC   Shape = "gc"   // Times during the first tenth of every For
)

// A Warmth is how much longer services take than they would, by the age of the
// server when they begin. The zero Warmth changes nothing.
type Warmth struct {
	Shape Shape         `json:"shape"`
	For   time.Duration `json:"for_ns"`
	Times float64       `json:"times"` // below 1: less long
}

// At returns what service times are multiplied by at an age.
func (w Warmth) At(age mono.Time) float64 {
	if w.Shape == "" || age < 0 {
		return 1
	}
	x := float64(age) / float64(w.For)
	switch w.Shape {
	case Step:
		if x < 1 {
			return w.Times
		}
	case Fall:
		return 1 + (w.Times-1)*math.Exp(-x)
	case Ramp:
		return 1 + (w.Times-1)*x
	case GC:
		if x-math.Floor(x) < 0.1 {
			return w.Times
		}
	}
	return 1
}

// set reads a warmth as the flag takes it: "step:5s:1.3".
func (w *Warmth) set(text string) error {
	parts := strings.Split(text, ":")
	if len(parts) != 3 {
		return fmt.Errorf("want SHAPE:TIME:FACTOR, such as step:5s:1.3")
	}
	lasts, err := time.ParseDuration(parts[1])
	if err != nil {
		return err
	}
	times, err := strconv.ParseFloat(parts[2], 64)
	if err != nil {
		return err
	}
	switch s := Shape(parts[0]); {
	case s != Step && s != Fall && s != Ramp && s != GC:
		return fmt.Errorf("no shape %q: want step, fall, ramp or gc", parts[0])
	case lasts <= 0 || lasts > time.Hour:
		return fmt.Errorf("%v: want more than 0, and an hour at most", lasts)
	case !(times > 0 && times <= 1000), s == Ramp && times < 1:
		return fmt.Errorf("%s times: want more than 0 and 1000 at most, of a ramp at least 1", parts[2])
	}
	*w = Warmth{Shape(parts[0]), lasts, times}
	return nil
}
