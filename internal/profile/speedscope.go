package profile

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"

	pprof "github.com/google/pprof/profile"
)

// speedscopeFile is the form that speedscope documents (file-format-spec).
type speedscopeFile struct {
	Schema string `json:"$schema"`
	Shared struct {
		Frames []speedscopeFrame `json:"frames"`
	} `json:"shared"`
	Profiles []speedscopeProfile `json:"profiles"`
	Name     string              `json:"name,omitempty"`
	Exporter string              `json:"exporter,omitempty"`
}

type speedscopeFrame struct {
	Name string `json:"name"`
	File string `json:"file,omitempty"`
	Line int64  `json:"line,omitempty"`
}

type speedscopeProfile struct {
	Type       string            `json:"type"` // "sampled" or "evented"
	Name       string            `json:"name"`
	Unit       string            `json:"unit"`
	StartValue float64           `json:"startValue"`
	EndValue   float64           `json:"endValue"`
	Samples    [][]int           `json:"samples,omitempty"` // root first
	Weights    []float64         `json:"weights,omitempty"`
	Events     []speedscopeEvent `json:"events,omitempty"`
}

type speedscopeEvent struct {
	Type  string  `json:"type"` // "O": a frame opens; "C": it closes
	At    float64 `json:"at"`
	Frame int     `json:"frame"`
}

// scopeUnit returns our name for one of speedscope's units, and how many of ours
// are one of its; "" if it has no such unit.
func scopeUnit(name string) (unit string, scale float64) {
	switch name {
	case "none":
		return "count", 1
	case "nanoseconds":
		return "nanoseconds", 1
	case "microseconds":
		return "nanoseconds", 1e3
	case "milliseconds":
		return "nanoseconds", 1e6
	case "seconds":
		return "nanoseconds", 1e9
	case "bytes":
		return "bytes", 1
	}
	return "", 0
}

// readSpeedscope reads speedscope's JSON. The profiles of one file, threads of
// one program mostly, are added up; they must be of one unit.
func readSpeedscope(data []byte) (*Profile, error) {
	var f speedscopeFile
	if err := json.Unmarshal(data, &f); err != nil {
		return nil, jsonError(Speedscope, err)
	}
	if len(f.Profiles) == 0 {
		return nil, &ReadError{Format: Speedscope, What: "it holds no profile"}
	}
	unit, scale := scopeUnit(f.Profiles[0].Unit)
	if unit == "" {
		return nil, &ReadError{Format: Speedscope, Place: "profile 0", What: fmt.Sprintf("%q is no unit of speedscope's", f.Profiles[0].Unit)}
	}
	name := "time"
	if unit != "nanoseconds" {
		name = "weight"
	}
	r := &scopeReader{file: &f, b: newBuilder(kind("samples", "count"), kind(name, unit)), scale: scale}
	for i := range f.Profiles {
		p := &f.Profiles[i]
		if p.Unit != f.Profiles[0].Unit {
			return nil, &ReadError{Format: Speedscope, Place: fmt.Sprintf("profile %d", i),
				What: fmt.Sprintf("its unit is %q, that of the first %q: save them apart", p.Unit, f.Profiles[0].Unit)}
		}
		if err := r.profile(p); err != nil {
			return nil, &ReadError{Format: Speedscope, Place: fmt.Sprintf("profile %d", i), What: err.Error()}
		}
	}
	var says []string
	if len(f.Profiles) > 1 {
		says = append(says, fmt.Sprintf("The file holds %d profiles, which are added up.", len(f.Profiles)))
	}
	return r.b.done(Speedscope, says...)
}

type scopeReader struct {
	file  *speedscopeFile
	b     *builder
	scale float64
}

func (r *scopeReader) profile(p *speedscopeProfile) error {
	switch p.Type {
	case "sampled":
		return r.sampled(p)
	case "evented":
		return r.evented(p)
	}
	return fmt.Errorf("%q is neither \"sampled\" nor \"evented\"", p.Type)
}

func (r *scopeReader) sampled(p *speedscopeProfile) error {
	if len(p.Samples) != len(p.Weights) {
		return fmt.Errorf("%d samples and %d weights", len(p.Samples), len(p.Weights))
	}
	for i, s := range p.Samples {
		if err := r.book(s, p.Weights[i], 1); err != nil {
			return fmt.Errorf("sample %d: %w", i, err)
		}
	}
	return nil
}

// evented books what passes between two events on the stack that is open.
func (r *scopeReader) evented(p *speedscopeProfile) error {
	var open []int
	at := p.StartValue
	for i, e := range p.Events {
		if !(e.At >= at) {
			return fmt.Errorf("event %d at %v lies before %v", i, e.At, at)
		}
		if e.At > at {
			if err := r.book(open, e.At-at, 1); err != nil {
				return fmt.Errorf("event %d: %w", i, err)
			}
		}
		at = e.At
		switch {
		case e.Type == "O":
			open = append(open, e.Frame)
		case e.Type != "C":
			return fmt.Errorf("event %d: %q is neither O nor C", i, e.Type)
		case len(open) == 0 || open[len(open)-1] != e.Frame:
			return fmt.Errorf("event %d closes frame %d, which is not the last that was opened", i, e.Frame)
		default:
			open = open[:len(open)-1]
		}
	}
	if len(open) > 0 {
		return fmt.Errorf("%d frames are still open at the end", len(open))
	}
	return nil
}

// book adds weight to a stack given root first; nothing ran on an empty one.
func (r *scopeReader) book(rootFirst []int, weight float64, samples int64) error {
	w := math.Round(weight * r.scale)
	if math.IsNaN(w) || math.Abs(w) > math.MaxInt64/4 {
		return fmt.Errorf("the weight %v is out of bounds", weight)
	}
	if len(rootFirst) > maxFrames {
		return fmt.Errorf("a stack of %d frames", len(rootFirst))
	}
	stack := make([]*pprof.Location, 0, len(rootFirst)+1)
	for _, i := range slices.Backward(rootFirst) {
		if i < 0 || i >= len(r.file.Shared.Frames) {
			return fmt.Errorf("there is no frame %d", i)
		}
		f := r.file.Shared.Frames[i]
		stack = append(stack, r.b.at(Function{Name: f.Name, File: f.File, Line: max(0, f.Line)}))
	}
	if len(stack) == 0 {
		stack = append(stack, r.b.at(Function{Name: "(nothing)"}))
	}
	r.b.add(stack, samples, int64(w))
	return nil
}
