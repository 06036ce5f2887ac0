package plan

import (
	"strings"
	"testing"
)

const profiledPlan = `
subjects:
  - {name: app, measure: [x, "{modules}"], metric: &m {name: loop, unit: s, requests: 150}, variants: {modules: [none, hot]}}
  - {name: profiled, plain: PLAIN, measure: [x, "{modules}"], metric: *m, variants: {modules: [none, hot]}}
`

// A profiled form says which subject it is the profiled form of, and a value for
// how many requests it stands; what is written down again says the same.
func TestPlain(t *testing.T) {
	p, err := Read("p.yaml", []byte(strings.Replace(profiledPlan, "PLAIN", "app", 1)), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if p.PlainOf("profiled") != "app" || p.PlainOf("app") != "" || p.RequestsOf("loop") != 150 || p.RequestsOf("other") != 0 {
		t.Errorf("plain of profiled is %q, of app %q; a loop is %d requests", p.PlainOf("profiled"), p.PlainOf("app"), p.RequestsOf("loop"))
	}
	text, err := p.YAML()
	if err != nil {
		t.Fatal(err)
	}
	again, err := Read("p.yaml", text, Options{})
	if err != nil || again.PlainOf("profiled") != "app" || again.RequestsOf("loop") != 150 {
		t.Errorf("written down, it reads as another: %v\n%s", err, text)
	}
	for name, want := range map[string]string{"nobody": `no subject "nobody"`, "profiled": "plain form of itself"} {
		_, err := Read("p.yaml", []byte(strings.Replace(profiledPlan, "PLAIN", name, 1)), Options{})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("plain: %s: %v; want %q", name, err, want)
		}
	}
}
