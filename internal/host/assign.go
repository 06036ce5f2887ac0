package host

import (
	"fmt"
	"slices"

	"webdyno/internal/evidence"
)

// Assign says which CPUs the engine and the subjects are given. want is how
// many the largest subject asks for, 0 for as many as there are; with all,
// subjects get every CPU, the engine's included.
//
// The engine gets the last quarter of the CPUs, rounded up, subjects the rest.
// Hardware threads of one core always stay together. Where the machine has
// several last-level caches, subjects are kept out of the engine's as long as
// the others have room for want; where a subject wants more than the rest, the
// engine gives way, down to one core. The two share CPUs only if there is no
// other way, which is said.
//
// Of a machine that does not say which CPUs it has, both lists are empty: the
// engine and every subject may then run wherever webdyno itself may, and none of
// them is to be confined.
//
// Subjects are in the order they should be given out: threads of different
// cores first, so that the first n of the list are the best n.
func Assign(t Topology, want int, all bool) evidence.CPUs {
	cores := t.cores()
	switch {
	case len(cores) == 0:
		return evidence.CPUs{Shared: true, Why: "the machine does not say which CPUs it has: nothing is confined, and the engine and the subjects share them all"}
	case len(cores) == 1:
		return alone(t)
	}
	k := engineCores(cores, want)
	engine, rest := cores[len(cores)-k:], cores[:len(cores)-k]
	given := evidence.CPUs{Engine: ids(engine)}
	slices.Sort(given.Engine)
	if count(rest) < want {
		all = true
		given.Why = fmt.Sprintf("a subject wants %d of %d CPUs, so the engine's are among them; ", want, len(t))
	}
	if all {
		given.Subjects, given.Shared = spread(cores), true
		given.Why += fmt.Sprintf("subjects have all %d CPUs, and the engine has CPU %s of them",
			len(t), FormatList(given.Engine))
		return given
	}
	apart := elsewhere(rest, engine)
	why := "the machine has one last-level cache"
	switch {
	case caches(cores) == 1:
	case count(apart) >= max(want, 1):
		rest, why = apart, "they share no last-level cache"
	default:
		why = "they share a last-level cache, for want of CPUs in the others"
	}
	given.Subjects = spread(rest)
	given.Why = fmt.Sprintf("the engine has CPU %s, subjects are given from %s; %s",
		FormatList(given.Engine), FormatList(given.Subjects), why)
	if count(cores) > len(cores) {
		given.Why += ", and no core is split between them"
	}
	return given
}

// alone is the assignment on a machine with a single core.
func alone(t Topology) evidence.CPUs {
	all := t.Allowed()
	why := "there is only one CPU, which the engine and the subjects share"
	if len(all) > 1 {
		why = fmt.Sprintf("CPUs %s are hardware threads of the only core, which is not split: "+
			"the engine and the subjects share it", FormatList(all))
	}
	return evidence.CPUs{Engine: all, Subjects: slices.Clone(all), Shared: true, Why: why}
}

// engineCores returns how many whole cores the engine gets, counted from the
// end: a quarter of the CPUs, fewer if that leaves a subject what it wants, one
// at least, and never all.
func engineCores(cores [][]CPU, want int) int {
	total := count(cores)
	quarter := (total + 3) / 4
	k := 0
	for k < len(cores)-1 && count(cores[len(cores)-k:]) < quarter {
		k++
	}
	if want >= total {
		return k // sharing is certain; the engine need not give way
	}
	for k > 1 && count(cores[:len(cores)-k]) < want {
		k--
	}
	return k
}

func count(cores [][]CPU) int {
	n := 0
	for _, c := range cores {
		n += len(c)
	}
	return n
}

// elsewhere returns the cores that use none of the caches of others.
func elsewhere(cores, others [][]CPU) [][]CPU {
	return slices.DeleteFunc(slices.Clone(cores), func(c []CPU) bool {
		return slices.ContainsFunc(others, func(o []CPU) bool { return o[0].Cache == c[0].Cache })
	})
}

func caches(cores [][]CPU) int {
	seen := map[int]bool{}
	for _, c := range cores {
		seen[c[0].Cache] = true
	}
	return len(seen)
}

func ids(cores [][]CPU) []int {
	var all []int
	for _, core := range cores {
		for _, c := range core {
			all = append(all, c.ID)
		}
	}
	return all
}

// spread lists CPUs one thread of each core first, then the second threads.
func spread(cores [][]CPU) []int {
	var all []int
	for nth, found := 0, true; found; nth++ {
		found = false
		for _, core := range cores {
			if nth < len(core) {
				all = append(all, core[nth].ID)
				found = true
			}
		}
	}
	return all
}
