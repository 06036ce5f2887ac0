package report

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"webdyno/internal/evidence"
	"webdyno/internal/plan"
)

// passing are the facts of a machine that are never the same twice, and say
// nothing of what was measured: prefixes of their names.
var passing = []string{
	"boot.id", "uptime", "load", "pressure.", "thermal.", "cpu.freq.now", "memory.available",
	"cgroup.own", "kernel.interrupt_time", "calibrat", "canary", "clock.test",
}

// differences returns what else differs between the two sides.
func (c *comparison) differences(joined []twin) []Difference {
	all := []Difference{}
	if !c.paired() {
		all = append(all, c.betweenRecords()...)
	}
	seen := map[*variant]bool{}
	for _, j := range joined {
		if !seen[j.fresh.variant] {
			seen[j.fresh.variant] = true
			all = append(all, c.betweenBuilds(j.old.variant, j.fresh.variant)...)
		}
	}
	return all
}

// betweenRecords compares the plans, the instruments and the machines.
func (c *comparison) betweenRecords() []Difference {
	var all []Difference
	for _, d := range plan.Differences(c.old.plan, c.fresh.plan) {
		all = append(all, Difference{"plan: " + d.Key, d.Old, d.New})
	}
	a, b := c.old.setup, c.fresh.setup
	if a == nil || b == nil {
		return all
	}
	add := differing(&all, "")
	add("webdyno", webdynoOf(a.Webdyno), webdynoOf(b.Webdyno))
	add("Go of webdyno", a.Webdyno.Go, b.Webdyno.Go)
	add("the engine's CPUs", fmt.Sprint(a.CPUs.Engine), fmt.Sprint(b.CPUs.Engine))
	add("the subjects' CPUs", fmt.Sprint(a.CPUs.Subjects), fmt.Sprint(b.CPUs.Subjects))
	lasting := func(facts map[string]string) map[string]string {
		kept := maps.Clone(facts)
		maps.DeleteFunc(kept, func(name, _ string) bool {
			return slices.ContainsFunc(passing, func(p string) bool { return strings.HasPrefix(name, p) })
		})
		return kept
	}
	differingMaps(&all, "", lasting(a.Facts), lasting(b.Facts))
	return all
}

// betweenBuilds compares how two variants were started.
func (c *comparison) betweenBuilds(old, fresh *variant) []Difference {
	a, b := c.old.described(old), c.fresh.described(fresh)
	if a == nil || b == nil {
		return nil
	}
	var all []Difference
	of := fresh.name + ": "
	add := differing(&all, of)
	add("command", command(a), command(b))
	add("address", a.URL, b.URL)
	add("CPUs", fmt.Sprint(a.CPUs), fmt.Sprint(b.CPUs))
	differingMaps(&all, of, a.Tools, b.Tools)
	differingMaps(&all, of+"module ", a.Modules, b.Modules)
	differingMaps(&all, of+"content of ", a.Content, b.Content)
	differingMaps(&all, of+"environment ", variablesOf(a), variablesOf(b))
	return all
}

// described returns the facts of a variant; nil if there are none.
func (t *table) described(v *variant) *evidence.Subject {
	if t.setup == nil {
		return nil
	}
	for i := range t.setup.Subjects {
		if s := &t.setup.Subjects[i]; plan.VariantName(s.Name, s.Variant) == v.name {
			return s
		}
	}
	return nil
}

// command returns what starts a subject, its folder by name: two builds of it
// lie in two folders.
func command(s *evidence.Subject) string {
	return inFolder(s, strings.Join(s.Command, " "))
}

func inFolder(s *evidence.Subject, text string) string {
	if s.Dir == "" || s.Dir == "/" {
		return text
	}
	return strings.ReplaceAll(text, s.Dir, "{dir}")
}

// variablesOf returns the environment but for what names folders of the run.
func variablesOf(s *evidence.Subject) map[string]string {
	all := map[string]string{}
	for _, v := range s.Env {
		name, value, _ := strings.Cut(v, "=")
		if !slices.Contains([]string{"HOME", "TMPDIR", "PWD", "PYTHONPYCACHEPREFIX"}, name) && !strings.HasPrefix(name, "XDG_") {
			all[name] = inFolder(s, value)
		}
	}
	return all
}

// differing returns a function that adds what two sides do not have alike.
func differing(all *[]Difference, of string) func(what, old, fresh string) {
	return func(what, old, fresh string) {
		if old != fresh {
			*all = append(*all, Difference{of + what, old, fresh})
		}
	}
}

func differingMaps(all *[]Difference, of string, old, fresh map[string]string) {
	names := maps.Clone(old)
	if names == nil {
		names = map[string]string{}
	}
	maps.Copy(names, fresh)
	add := differing(all, of)
	for _, n := range slices.Sorted(maps.Keys(names)) {
		add(n, old[n], fresh[n])
	}
}
