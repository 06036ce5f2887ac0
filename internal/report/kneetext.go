package report

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// mostKneeSentences is how many sentences about knees an answer has: one for each
// choice of the other factors.
const mostKneeSentences = 2

// aSecond writes a rate as in a sentence: "320/s".
func aSecond(x float64) string { return plainNumber(x) + "/s" }

// place says where the knee lies: "between 300/s and 320/s".
func (k *Knee) place() string {
	switch {
	case !k.At.Known():
		return "beyond " + aSecond(k.Top)
	case !k.Kept.Known():
		return "at or below " + aSecond(k.At.X)
	}
	return "between " + aSecond(k.Kept.X) + " and " + aSecond(k.At.X)
}

func (k *Knee) rounds() string {
	return fmt.Sprintf("in %d of %s", k.In, plural(k.N, "round"))
}

// interval says between which rates the rounds' median knee lies; "" where they
// are too few or say no more than place does.
func (k *Knee) interval() string {
	if !k.Told || k.Lo == k.Kept && k.Hi == k.At {
		return ""
	}
	lo, hi := "below "+aSecond(k.lowest), "beyond "+aSecond(k.Top)
	if k.Lo.Known() {
		lo = aSecond(k.Lo.X)
	}
	if k.Hi.Known() {
		hi = aSecond(k.Hi.X)
	}
	return fmt.Sprintf("95 %% interval %s to %s", lo, hi)
}

// sentence tells a knee by itself.
func (k *Knee) sentence() string {
	s := k.name() + ": " + k.place() + " " + k.rounds()
	if i := k.interval(); i != "" {
		s += " (" + i + ")"
	}
	if why := k.whyText(); why != "" {
		s += "; " + why
	}
	if k.Grade > 0 {
		s += "; grade " + k.Grade.String()
	}
	return s + "."
}

// whyText says which goal was missed first.
func (k *Knee) whyText() string {
	if len(k.Why) == 0 {
		return "no rate misses a goal"
	}
	names := slices.SortedFunc(maps.Keys(k.Why), func(a, b string) int {
		if d := k.Why[b] - k.Why[a]; d != 0 {
			return d
		}
		return strings.Compare(a, b)
	})
	var parts []string
	for _, n := range names {
		what := n + " is missed first"
		if n == kneeFell {
			what = "it fell"
		}
		if len(names) > 1 {
			what += fmt.Sprintf(" (%d)", k.Why[n])
		}
		parts = append(parts, what)
	}
	return strings.Join(parts, ", ")
}

// kneeSentences tell the knees of each sweep in a sentence.
func (r *Report) kneeSentences() []string {
	var all []string
	for i := 0; i < len(r.Knees) && len(all) < mostKneeSentences; {
		where := phrase(r.factors, r.Knees[i].Factors)
		var parts []string
		first := &r.Knees[i]
		for ; i < len(r.Knees) && phrase(r.factors, r.Knees[i].Factors) == where; i++ {
			k := &r.Knees[i]
			parts = append(parts, fmt.Sprintf("%s for %s %s", k.place(), k.name(), k.rounds()))
		}
		all = append(all, capital(fmt.Sprintf("%sthe knee, the first rate that misses %s, lies %s.",
			comma(where), strings.Join(first.Goals, " or "), enumerate(parts))))
	}
	for i, s := range all {
		if strings.HasPrefix(s, "the ") {
			all[i] = "T" + s[1:]
		}
	}
	return all
}
