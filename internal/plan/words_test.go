package plan

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A command line typed by a person comes apart as a shell would take it apart.
func TestSplitWords(t *testing.T) {
	for _, c := range []struct {
		in   string
		want []string
	}{
		{``, nil},
		{`  python3   a.py {port} `, []string{"python3", "a.py", "{port}"}},
		{`sh -c 'exec ./b "$1"' x`, []string{"sh", "-c", `exec ./b "$1"`, "x"}},
		{`a "b c"d e\ f ''`, []string{"a", "b cd", "e f", ""}},
		{`"a\"b" "c\d"`, []string{`a"b`, `c\d`}},
	} {
		got, err := SplitWords(c.in)
		if err != nil || !cmp.Equal(got, c.want) {
			t.Errorf("SplitWords(%q) = %q, %v; want %q", c.in, got, err, c.want)
		}
	}
	for _, in := range []string{`a 'b`, `a "b`, `a\`} {
		if got, err := SplitWords(in); err == nil {
			t.Errorf("SplitWords(%q) = %q; want an error", in, got)
		}
	}
}
