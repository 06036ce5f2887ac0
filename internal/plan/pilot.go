package plan

import (
	"strings"
	"time"
)

// How long a pilot lasts, where the plan does not say: the warm-up of a variant's
// first start in a run, which shows how long the others have to be.
const (
	pilotCompiled = 10 * time.Second // of code that does not compile while it runs
	pilotJIT      = 60 * time.Second // of what does, at most

	// pilotShare is the part of a plan's budget that pilots may take.
	pilotShare = 1.0 / 8
	pilotStep  = 500 * time.Millisecond // what a length is rounded to: a slice of a warm-up
)

// Pilot returns how long the pilot of a variant lasts, where so many variants are
// carried out and so many of them compile while they run. All pilots together
// take no more than a part of the budget, or, if that is more, as long as code
// that does not compile while it runs is given. It means nothing where warm-ups
// are not left to webdyno.
func (p *Plan) Pilot(jit bool, variants, jits int) time.Duration {
	switch {
	case p.Warmup.Pilot > 0:
		return p.Warmup.Pilot
	case !jit:
		return pilotCompiled
	case p.Budget <= 0:
		return pilotJIT
	}
	left := time.Duration(float64(p.Budget)*pilotShare) - time.Duration(variants-jits)*pilotCompiled
	return min(pilotJIT, max(pilotCompiled, left/time.Duration(max(jits, 1)))).Round(pilotStep)
}

// pilotsTake is by how much the pilots of a run are longer than other warm-ups.
func (p *Plan) pilotsTake(variants, jits int) time.Duration {
	if !p.Warmup.Auto || p.Quick || p.Measures() {
		return 0
	}
	more := func(jit bool) time.Duration { return max(0, p.Pilot(jit, variants, jits)-autoTime) }
	return time.Duration(variants-jits)*more(false) + time.Duration(jits)*more(true)
}

// CompilesLate tells whether a program of this name compiles what it runs while
// it runs it: "pypy3", "node".
func CompilesLate(program string) bool {
	program = strings.ToLower(program)
	for _, jit := range []string{"pypy", "graalpy", "node", "deno", "bun", "java", "dotnet", "julia", "luajit"} {
		rest, ok := strings.CutPrefix(program, jit)
		if ok && strings.Trim(rest, "0123456789.js)") == "" {
			return true
		}
	}
	return false
}

// JITs guesses how many of the plan's variants compile while they run, by their
// commands and the levels of their factors: for who has not looked at what the
// machine has.
func (p *Plan) JITs() int {
	n := 0
	for _, v := range p.Variants() {
		names := []string{}
		for _, level := range v.Values() {
			names = append(names, level)
		}
		if len(v.Subject.Start) > 0 {
			first := v.Subject.Start[0]
			names = append(names, strings.Trim(first[strings.LastIndexByte(first, '/')+1:], "{}"))
		}
		for _, name := range names {
			if CompilesLate(name) {
				n++
				break
			}
		}
	}
	return n
}
