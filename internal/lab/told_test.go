package lab

import (
	"slices"
	"strings"
	"testing"

	"webdyno/internal/supervise"
)

// A record is handed on: what may be secret is not in it, and what explains a
// result is.
func TestToldOf(t *testing.T) {
	env := append(supervise.CleanEnv("/home", nil),
		"PYTHONPATH=/x", "GOGC=50", "DB_PASSWORD=hunter2", "NODE_AUTH_TOKEN=abc", "EMPTY=", "API=hunter2=hunter2")
	got := toldOf(env)
	if text := strings.Join(got, "\n"); strings.Contains(text, "hunter2") || strings.Contains(text, "abc") {
		t.Errorf("a secret is told:\n%s", text)
	}
	for _, want := range []string{"HOME=/home", "LANG=C.UTF-8", "PYTHONPATH=/x", "GOGC=50", "EMPTY=",
		"DB_PASSWORD=(7 bytes, not told)", "API=(15 bytes, not told)"} {
		if !slices.Contains(got, want) {
			t.Errorf("%q is missing among %q", want, got)
		}
	}
	clean := supervise.CleanEnv("/home", nil)
	if !slices.Equal(toldOf(clean), clean) {
		t.Errorf("what every subject gets is not told: %q", toldOf(clean))
	}
	if n := bytesOf([]string{"A=b", "CD="}); n != 8 {
		t.Errorf("two variables take %d bytes, want 8", n)
	}
}
