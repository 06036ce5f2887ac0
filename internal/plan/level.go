package plan

import (
	"encoding/json"
	"fmt"
	"strconv"
)

// A Level is one value of a factor: a number or a text, as the plan wrote it.
type Level struct {
	text   string
	number float64
	isNum  bool
}

// Num returns the level that is the number x.
func Num(x float64) Level {
	return Level{text: strconv.FormatFloat(x, 'f', -1, 64), number: x, isNum: true}
}

// TextLevel returns the level that is the text s, even if it looks like a number.
func TextLevel(s string) Level { return Level{text: s} }

// String returns the level as it is put in place of {factor}.
func (l Level) String() string { return l.text }

// Number returns the level's value, and whether it is a number at all.
func (l Level) Number() (float64, bool) { return l.number, l.isNum }

// MarshalJSON writes a number as a number and a text as a string.
func (l Level) MarshalJSON() ([]byte, error) {
	if l.isNum {
		return []byte(l.text), nil
	}
	return json.Marshal(l.text)
}

// UnmarshalJSON reads what MarshalJSON writes.
func (l *Level) UnmarshalJSON(b []byte) error {
	var s string
	if json.Unmarshal(b, &s) == nil {
		*l = TextLevel(s)
		return nil
	}
	x, err := strconv.ParseFloat(string(b), 64)
	if err != nil {
		return fmt.Errorf("level %s: want a number or a text", b)
	}
	*l = Level{text: string(b), number: x, isNum: true}
	return nil
}
