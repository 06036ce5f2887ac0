package profile

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
)

// A Module is what the functions of one source file of Python cost themselves.
type Module struct {
	Name      string // as it is imported, as far as its path tells: "tornado.iostream"
	File      string // as the profiler wrote it
	Self      int64  // its functions' own cost, in the table's unit
	Share     float64
	Calls     int64 // Unknown of a sampler
	Functions int   // of which something is known
	Library   bool  // it comes with the interpreter
}

// AtMost is how many times as fast everything would be if the module's own code
// cost nothing at all: compiling it gains less, and may lose.
func (m Module) AtMost() float64 { return 1 / (1 - m.Share) }

// Modules are the parts of a profile of Python, by source file.
type Modules struct {
	Own     []Module // in files that do not come with the interpreter, the most costly first
	Library []Module // in those that do
	Native  float64  // share of everything else: C code, compiled modules, the kernel
	Unknown float64  // share of what a shortened listing does not show
}

// Modules sums own costs up by source file. What is compiled already is no file of
// Python's any more, and part of Native. Both lists are empty of a profile without
// Python.
func (t Table) Modules() Modules {
	byFile := map[string]*Module{}
	all := Modules{Native: 1}
	for _, r := range t.Rows {
		if r.Name == notListed && t.Total > 0 {
			all.Unknown += float64(r.Self) / float64(t.Total)
		}
		if !strings.HasSuffix(r.File, ".py") {
			continue
		}
		m := byFile[r.File]
		if m == nil {
			name, library := moduleName(r.File)
			m = &Module{Name: name, File: r.File, Library: library}
			byFile[r.File] = m
		}
		m.Self += r.Self
		m.Functions++
		if r.Calls == Unknown {
			m.Calls = Unknown
		} else {
			m.Calls += r.Calls
		}
	}
	for _, m := range byFile {
		if t.Total > 0 {
			m.Share = float64(m.Self) / float64(t.Total)
			all.Native -= m.Share
		}
		if m.Library {
			all.Library = append(all.Library, *m)
		} else {
			all.Own = append(all.Own, *m)
		}
	}
	all.Native = max(0, all.Native-all.Unknown)
	for _, list := range [][]Module{all.Own, all.Library} {
		slices.SortFunc(list, func(a, b Module) int {
			return cmp.Or(cmp.Compare(b.Self, a.Self), cmp.Compare(a.File, b.File))
		})
	}
	return all
}

// moduleName tells by its path how a module is imported, and whether it comes
// with the interpreter. Below no folder that Python keeps modules in, a module
// and its folder are taken for a package.
func moduleName(file string) (name string, library bool) {
	path := strings.TrimSuffix(strings.ReplaceAll(file, `\`, "/"), ".py")
	if i := max(strings.LastIndex(path, "site-packages/"), strings.LastIndex(path, "dist-packages/")); i >= 0 {
		path = path[i+len("site-packages/"):]
	} else if at := regexp.MustCompile(`/lib/(python|pypy)\d[\d.]*/`).FindStringIndex(path); at != nil {
		path, library = path[at[1]:], true
	} else {
		path = lastParts(path, 2)
	}
	return strings.TrimSuffix(strings.ReplaceAll(strings.Trim(path, "/"), "/", "."), ".__init__"), library
}
