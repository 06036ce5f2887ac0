package report

import (
	"webdyno/internal/profile"
	"webdyno/internal/unit"
)

// A ProfileTable is a profile by function. Costs and counts are of one request
// where the requests are known, else of all that was profiled.
type ProfileTable struct {
	Unit     string `json:"unit"`          // of costs: "nanoseconds", "count", "bytes"
	Counted  bool   `json:"calls_counted"` // every call was counted; else samples were taken
	Requests Number `json:"requests"`      // that the profiles stand for, all together; missing where not known

	Total     Number            `json:"total"` // cost of all functions together
	Calls     Number            `json:"calls"` // or samples
	Functions []ProfileFunction `json:"functions"`
	More      int               `json:"more"` // functions beside these
}

// A ProfileFunction is one function of a profile.
type ProfileFunction struct {
	Name   string `json:"name"`
	File   string `json:"file,omitempty"`
	Line   int64  `json:"line,omitempty"`
	Module string `json:"module,omitempty"` // what it is part of, as the profiler tells

	Self       Number `json:"self"`       // its own cost, in the table's unit
	Share      Number `json:"share"`      // of all, 0 to 1
	Cumulative Number `json:"cumulative"` // with all that it called; missing where the format does not tell
	Calls      Number `json:"calls"`      // missing of a sampler
}

// Function returns what the profile knows it by.
func (f ProfileFunction) Function() profile.Function {
	return profile.Function{Name: f.Name, File: f.File, Line: f.Line, Module: f.Module}
}

// A ProfileModule is what the functions of one source file of Python cost
// themselves.
type ProfileModule struct {
	Module string `json:"module"` // as it is imported, as far as its path tells
	File   string `json:"file"`
	Self   Number `json:"self"` // as a function's
	Share  Number `json:"share"`
	AtMost Number `json:"at_most"` // how many times as fast all would be, if it cost nothing
}

func emptyTable() ProfileTable { return ProfileTable{Functions: []ProfileFunction{}} }

// TableOf returns a profile's table for one of so many requests (0: not known),
// with the most costly functions: at most top of them, or all where top is 0.
func TableOf(s profile.Side, order profile.Order, top int) ProfileTable {
	t := s.Table()
	t.Sort(order)
	if top <= 0 {
		top = len(t.Rows)
	}
	return tableOf(t, s.Requests, top)
}

func tableOf(t profile.Table, requests float64, most int) ProfileTable {
	p := ProfileTable{Unit: t.Unit, Counted: t.Deterministic, Functions: []ProfileFunction{}}
	each := 1.0
	if requests > 0 {
		each, p.Requests = requests, exactly(requests)
	}
	p.Total, p.Calls = exactly(float64(t.Total)/each), exactly(float64(t.Calls)/each)
	for _, r := range t.Rows[:min(most, len(t.Rows))] {
		f := ProfileFunction{Name: r.Name, File: r.File, Line: r.Line, Module: r.Module, Self: exactly(float64(r.Self) / each),
			Share: share(float64(r.Self), float64(t.Total))}
		if r.Cumulative > 0 || r.Self == 0 {
			f.Cumulative = exactly(float64(r.Cumulative) / each)
		}
		if r.Calls != profile.Unknown {
			f.Calls = exactly(float64(r.Calls) / each)
		}
		p.Functions = append(p.Functions, f)
	}
	p.More = len(t.Rows) - len(p.Functions)
	return p
}

// modules says what the source files of Python cost, the dearest first.
func (p *Profiled) modules(t profile.Table) {
	ms := t.Modules()
	if len(ms.Own)+len(ms.Library) == 0 {
		return
	}
	each := 1.0
	if p.sum.Requests > 0 {
		each = p.sum.Requests
	}
	library := 0.0
	for _, m := range ms.Library {
		library += m.Share
	}
	p.Library, p.Native = exactly(library), exactly(ms.Native)
	if ms.Unknown > 0 {
		p.Says = append(p.Says, unit.Share(ms.Unknown)+" of the cost is in functions that the listing does not show.")
	}
	for _, m := range ms.Own[:min(mostModules, len(ms.Own))] {
		p.Modules = append(p.Modules, moduleOf(m, each))
	}
}

func moduleOf(m profile.Module, each float64) ProfileModule {
	return ProfileModule{Module: m.Name, File: m.File,
		Self: exactly(float64(m.Self) / each), Share: exactly(m.Share), AtMost: exactly(m.AtMost())}
}
