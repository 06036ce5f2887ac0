// Package plans holds the experiments that ship with webdyno, as they are
// carried out, printed and copied.
package plans

import (
	"embed"
	"fmt"
	"io/fs"
	"slices"
	"strings"
)

// FS holds every shipped plan, as NAME.yaml.
//
//go:embed *.yaml
var FS embed.FS

// Names returns the names of the shipped plans, sorted.
func Names() []string {
	files, err := fs.Glob(FS, "*.yaml")
	if err != nil {
		panic(err) // the pattern is a constant
	}
	for i, f := range files {
		files[i] = strings.TrimSuffix(f, ".yaml")
	}
	slices.Sort(files) // '-' sorts before the '.' that has gone
	return files
}

// Open returns the text of the shipped plan called name.
func Open(name string) ([]byte, error) {
	src, err := FS.ReadFile(name + ".yaml")
	if err != nil {
		return nil, fmt.Errorf("there is no shipped plan %q: there are %s", name, strings.Join(Names(), ", "))
	}
	return src, nil
}
