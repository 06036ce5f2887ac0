package host

import (
	"maps"
	"slices"
	"testing"
	"testing/fstest"
)

// A package that was removed is still listed, as is one that was half installed.
func TestDebianPackages(t *testing.T) {
	root := fstest.MapFS{"var/lib/dpkg/status": {Data: []byte(`Package: nginx
Status: install ok installed
Description: a server
 Status: is no field here

Package: apache2
Status: deinstall ok config-files

Package: h2o
Status: install ok half-configured

Package: held
Status: hold ok installed
`)}}
	got := slices.Sorted(maps.Keys(DebianPackages(root)))
	if want := []string{"held", "nginx"}; !slices.Equal(got, want) {
		t.Errorf("installed are %q, want %q", got, want)
	}
	if got := len(DebianPackages(fstest.MapFS{})); got != 0 {
		t.Errorf("on no Debian system %d are installed", got)
	}
}
