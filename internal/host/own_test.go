package host

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What is told of this process has always the same names, and something to say.
func TestOwn(t *testing.T) {
	own := Own()
	for _, key := range []string{"webdyno.system", "webdyno.gomaxprocs", "webdyno.build", "webdyno.program", "net.lo.qdisc"} {
		if own[key] == "" {
			t.Errorf("%s is missing: what cannot be told is %q", key, Unavailable)
		}
	}
	if !strings.HasPrefix(own["webdyno.program"], "sha256:") {
		t.Errorf("this program is %q", own["webdyno.program"])
	}
}

func TestHashOf(t *testing.T) {
	name := filepath.Join(t.TempDir(), "abc")
	if err := os.WriteFile(name, []byte("abc"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := HashOf(name); err != nil || got != "sha256:ba7816bf8f01cfea" {
		t.Errorf("got %q, error %v; want sha256:ba7816bf8f01cfea", got, err)
	}
	if _, err := HashOf(name + "d"); err == nil {
		t.Error("a file that is not there has a hash")
	}
}
