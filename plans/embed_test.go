package plans

import (
	"slices"
	"strings"
	"testing"
)

// Every shipped plan can be opened by its name, begins with what it is for, and
// has a title.
func TestShipped(t *testing.T) {
	names := Names()
	if !slices.IsSorted(names) || !slices.Contains(names, "first-look") {
		t.Errorf("names %q", names)
	}
	for _, name := range names {
		src, err := Open(name)
		if err != nil {
			t.Error(err)
		}
		if !strings.HasPrefix(string(src), "# ") || !strings.Contains(string(src), "\ntitle: ") {
			t.Errorf("%s neither says what it is for nor has a title", name)
		}
	}
	if _, err := Open("../secret"); err == nil {
		t.Error("a plan is found outside the folder")
	}
}
