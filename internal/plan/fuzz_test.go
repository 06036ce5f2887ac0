package plan

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// FuzzRead holds Read to its word for any text whatever: it returns a plan or
// complaints, every complaint with its place; and a plan that it returns can be
// expanded, and written and read again.
func FuzzRead(f *testing.F) {
	for _, pattern := range []string{"testdata/*/*.yaml", "../../plans/*.yaml"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			f.Fatal(err)
		}
		for _, name := range files {
			src, err := os.ReadFile(name)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(src, false)
		}
	}
	f.Add([]byte(strings.Repeat("[", 20_000)), true)
	f.Add([]byte("\xff\xfe"), true)
	f.Add([]byte("a: \x00"), true)
	f.Add([]byte("<<: &a {<<: *a}"), false)
	f.Fuzz(func(t *testing.T, src []byte, quick bool) {
		opt := world()
		opt.Quick = quick
		p, err := Read("fuzz", src, opt)
		if err != nil {
			checkComplaints(t, src, err)
			return
		}
		checkPlan(t, p, opt)
	})
}

func checkComplaints(t *testing.T, src []byte, err error) {
	t.Helper()
	cs, ok := errors.AsType[Complaints](err)
	if !ok || len(cs) == 0 {
		t.Fatalf("the error is %T (%v), want Complaints", err, err)
	}
	lines := strings.Count(string(src), "\n") + 1
	for _, c := range cs {
		if c.What == "" || c.Line < 1 || c.Line > lines || c.Column < 1 {
			t.Errorf("a complaint without a place in %d lines: %+v", lines, c)
		}
	}
	if s := err.Error(); len(s) > 1<<20 {
		t.Errorf("the complaints have %d bytes", len(s))
	}
}

func checkPlan(t *testing.T, p *Plan, opt Options) {
	t.Helper()
	settings, err := p.Settings()
	if err != nil {
		t.Fatalf("a plan without complaints cannot be expanded: %v", err)
	}
	if len(settings)*len(p.Variants()) > maxTrials {
		t.Errorf("%d settings of %d variants", len(settings), len(p.Variants()))
	}
	if blocks := p.Round(1); len(blocks) != len(settings)*p.Blocks {
		t.Errorf("%d blocks, want %d", len(blocks), len(settings)*p.Blocks)
	}
	written, err := p.YAML()
	if err != nil {
		t.Fatal(err)
	}
	opt.Quick = false
	back, err := Read("fuzz", written, opt)
	if err != nil {
		t.Fatalf("a plan as written has complaints:\n%v\n%s", err, written)
	}
	if diff := cmp.Diff(p, back, exact); diff != "" {
		t.Errorf("a plan as written is another plan (-read +read again):\n%s\n%s", diff, written)
	}
}

// FuzzSubstitute: what Escape has made, Substitute takes back, and it never
// leaves a brace in place that it should have refused.
func FuzzSubstitute(f *testing.F) {
	for _, s := range []string{"", "{", "{a}", "{{a}}", "}{", "{{{a}}}", "{a.b_c-d}", `{"a": {"b": 1}}`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if got, err := Substitute(Escape(s), nil); err != nil || got != s {
			t.Errorf("escaped and substituted, %q is %q, %v", s, got, err)
		}
		if got, err := Substitute(s, map[string]string{"a": "1"}); err == nil && !strings.Contains(s, "{") && !strings.Contains(s, "}") && got != s {
			t.Errorf("%q became %q", s, got)
		}
	})
}
