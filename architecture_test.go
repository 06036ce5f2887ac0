package webdyno_test

import (
	"go/ast"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// floors is the architecture. A package may import packages of this module only
// from floors below its own; packages on one floor do not know of each other.
//
// Do not change this table to make a build pass. Move the code, or argue for the
// change in docs/decisions.
var floors = []string{
	"unit mono latency stat sys plans subjects", // ground: know nothing of HTTP
	"httpwire load profile overlay",             // grammar
	"plan bus",                                  // the question; and a subject that is a service of its own
	"workload evidence store bus/bolt bus/redis bus/mongo bus/storetest", // what is sent, what is seen; where the bus keeps things
	"engine supervise probe host record report serve capture",            // machines, and the desk beside them
	"crew calibrate report/html",                                         // the engine, elsewhere and on trial; what the report looks like
	"lab",                                                                // the conductor
	"screen",                                                             // the window onto it
	"cmd/webdyno bench",                                                  // the door, and what holds the house against others
}

// drawers are names that say nothing about what is inside. Name the idea
// instead; three lines that are used twice stay where they are.
var drawers = strings.Fields("util utils common helper helpers type types misc base shared")

// kernelCalls are the ways into the kernel that only sys may take.
var kernelCalls = strings.Fields("Syscall Syscall6 Syscall9 SyscallN RawSyscall RawSyscall6 " +
	"SyscallNoError RawSyscallNoError AllThreadsSyscall AllThreadsSyscall6")

// Imports go down. A package's own tests are held to it as well; an external
// test package, named with _test, stands above everything and may use it all.
func TestFloors(t *testing.T) {
	floor := map[string]int{}
	for i, row := range floors {
		for _, pkg := range strings.Fields(row) {
			floor[pkg] = i
		}
	}
	for _, f := range goFiles(t) {
		pkg := packageOf(path.Dir(f.name))
		at, ok := floor[pkg]
		if pkg == "." || strings.HasSuffix(f.syntax.Name.Name, "_test") {
			continue
		}
		if !ok {
			t.Errorf("%s: package %s stands on no floor: decide where it belongs, in the table above", f.name, pkg)
			continue
		}
		for _, imp := range ownImports(f.syntax) {
			below, ok := floor[imp]
			if ok && below >= at {
				t.Errorf("%s: %s (floor %d) imports %s (floor %d): imports go down", f.name, pkg, at, imp, below)
			}
		}
	}
}

// packageOf returns how the table calls the package in a folder. The programs
// below subjects are servers under test: they may know nothing of webdyno, and
// count as what embeds them.
func packageOf(folder string) string {
	if strings.HasPrefix(folder, "subjects/") {
		return "subjects"
	}
	return strings.TrimPrefix(folder, "internal/")
}

// ownImports returns the packages of this module that a file imports.
func ownImports(f *ast.File) []string {
	var own []string
	for _, spec := range f.Imports {
		imported, _ := strconv.Unquote(spec.Path.Value)
		if folder, ok := strings.CutPrefix(imported, "webdyno/"); ok {
			own = append(own, packageOf(folder))
		}
	}
	return own
}

// Kernel structures, and pointers that Go knows nothing of, are the business of
// sys alone: what goes wrong with them is found there and nowhere else.
func TestOnlySysIsUnsafe(t *testing.T) {
	for _, f := range goFiles(t) {
		if path.Dir(f.name) == "internal/sys" {
			continue
		}
		for _, spec := range f.syntax.Imports {
			if spec.Path.Value == `"unsafe"` || spec.Path.Value == `"C"` {
				t.Errorf("%s imports %s: only sys may; give it a function for what is needed", f.at(spec), spec.Path.Value)
			}
		}
		ast.Inspect(f.syntax, func(n ast.Node) bool {
			if call := kernelCall(n); call != "" {
				t.Errorf("%s calls %s: only sys may; give it a function for what is needed", f.at(n), call)
			}
			return true
		})
	}
}

// kernelCall returns the raw system call that n names, if it does.
func kernelCall(n ast.Node) string {
	s, ok := n.(*ast.SelectorExpr)
	if !ok || !slices.Contains(kernelCalls, s.Sel.Name) {
		return ""
	}
	pkg, ok := s.X.(*ast.Ident)
	if !ok || pkg.Name != "syscall" && pkg.Name != "unix" {
		return ""
	}
	return pkg.Name + "." + s.Sel.Name
}

func TestNoDrawers(t *testing.T) {
	for _, f := range goFiles(t) {
		name := strings.TrimSuffix(f.syntax.Name.Name, "_test")
		if slices.Contains(drawers, name) || slices.Contains(drawers, path.Base(path.Dir(f.name))) {
			t.Errorf("%s: a package called %s: name the idea that is in it", f.name, name)
		}
	}
}
