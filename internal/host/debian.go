package host

import (
	"bufio"
	"io/fs"
	"strings"
)

// DebianPackages returns the names of the packages that a Debian system has
// installed, as its package manager keeps them below root. Elsewhere there are
// none.
func DebianPackages(root fs.FS) map[string]bool {
	installed := map[string]bool{}
	f, err := root.Open("var/lib/dpkg/status")
	if err != nil {
		return installed
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20) // lists of dependencies are long
	name := ""
	for lines.Scan() {
		if n, ok := strings.CutPrefix(lines.Text(), "Package: "); ok {
			name = n
		}
		if s, ok := strings.CutPrefix(lines.Text(), "Status: "); ok && strings.HasSuffix(s, " ok installed") {
			installed[name] = true
		}
	}
	return installed
}
