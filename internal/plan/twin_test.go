package plan

import (
	"slices"
	"strings"
	"testing"
)

func takePart(p *Plan) string {
	var all []string
	for _, v := range p.Variants() {
		all = append(all, v.Name())
	}
	return strings.Join(all, " ")
}

// A control takes part twice, and a record's plan, read again, says the same.
func TestControl(t *testing.T) {
	p := mustRead(t, `
subjects:
  - {name: a, start: ["x", "{n}", "{port}"], variants: {n: [1, 2]}, control: true}
  - {name: b, serve: hello}
  - {name: c, serve: hello, control: true}
take: ["a[n=2]", b]
`, Options{})
	if got := takePart(p); got != "a[n=2] a.twin[n=2] b" {
		t.Errorf("%s take part", got)
	}
	of, ok := p.TwinOf("a.twin")
	if !ok || of != "a" || !p.Twins("a", "a.twin") || !p.Twins("a.twin", "a") || p.Twins("a", "b") {
		t.Errorf("a.twin is the twin of %q, %t", of, ok)
	}
	if _, ok := p.TwinOf("b.twin"); ok {
		t.Error("b has a twin")
	}
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"a[n=2]", "b", true}, {"a[n=1]", "a[n=2]", true}, {"a[n=2]", "a.twin[n=2]", true},
		{"a[n=1]", "a.twin[n=2]", false}, {"a.twin[n=2]", "b", false}, {"a.twin[n=1]", "a.twin[n=2]", false},
	} {
		if p.Compares(c.a, c.b) != c.want || p.Compares(c.b, c.a) != c.want {
			t.Errorf("%s and %s are compared: %t", c.a, c.b, !c.want)
		}
	}
	if n := compared(p); n != 2 {
		t.Errorf("verdicts are about %d variants; want 2", n)
	}
	text, err := p.YAML()
	if err != nil {
		t.Fatal(err)
	}
	again := mustRead(t, string(text), Options{Recorded: true})
	if takePart(again) != takePart(p) {
		t.Errorf("read again: %s", takePart(again))
	}
}

// An A/A run asks nothing but whether a subject can be told from itself.
func TestAgainstItself(t *testing.T) {
	p := mustRead(t, `
subjects: [{name: a, serve: hello}, {name: b, serve: hello}, {name: c, serve: hello, bound: true}]
claims: ["throughput: a > b"]
objectives: [p99<50ms]
rounds: {min: 3, max: 40}
`, Options{})
	base := slices.Clone(p.Subjects)
	p.AgainstItself()
	if got := takePart(p); got != "a a.twin b b.twin c" {
		t.Errorf("%s take part", got)
	}
	if len(p.Claims)+len(p.Objectives) > 0 || !p.AA {
		t.Errorf("%d claims, %d objectives, A/A %t", len(p.Claims), len(p.Objectives), p.AA)
	}
	if p.Rounds.Min != 7 { // two pairs: 2^-6·2 lies above 0.05/2
		t.Errorf("%d rounds at least; want 7", p.Rounds.Min)
	}
	if base[0].Control {
		t.Error("the plan it was made from has changed")
	}
	text, err := p.YAML()
	if err != nil {
		t.Fatal(err)
	}
	if again := mustRead(t, string(text), Options{Recorded: true}); !again.AA || takePart(again) != takePart(p) {
		t.Errorf("read again: A/A %t, %s", again.AA, takePart(again))
	}
}

func TestControlComplaints(t *testing.T) {
	for src, want := range map[string]string{
		"subjects: [{name: a, serve: hello, control: true, bound: true}]":                  "cannot be a control",
		"subjects: [{name: a, serve: hello, control: true}, {name: a.twin, serve: hello}]": "so is another subject",
		"subjects: [{name: " + strings.Repeat("a", 62) + ", serve: hello, control: true}]": "too long a name",
		"subjects: [{name: a, serve: hello}]\nmode: idle":                                  "auto, resident, frozen, exclusive",
		"subjects: [{name: a, serve: hello}]\npresets: {x: {aa: true}}":                    "cannot change aa",
		"subjects: [{name: a, serve: hello, control: 1}]":                                  "true or false",
	} {
		_, err := Read("x.yaml", []byte(src), Options{})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s:\n%v\nwant %q", src, err, want)
		}
	}
}
