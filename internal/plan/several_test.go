package plan

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"webdyno/internal/load"
)

func taken(p *Plan) string {
	var all []string
	for _, v := range p.Variants() {
		all = append(all, v.Name())
	}
	return strings.Join(all, " ")
}

// What a plan takes are subjects in their own order, whatever the order in which
// they are named, and of each the variants that have one of the levels given for
// each factor that is given.
func TestTake(t *testing.T) {
	const subjects = `
subjects:
  - {name: a, serve: hello}
  - {name: b, serve: hello, args: ["{x}", "{y}"], variants: {x: [1, 2, 3], y: [u, v]}}
`
	for take, want := range map[string]string{
		`all`:                      "a b[x=1,y=u] b[x=1,y=v] b[x=2,y=u] b[x=2,y=v] b[x=3,y=u] b[x=3,y=v]",
		`[a]`:                      "a",
		`["b[y=u]", a]`:            "a b[x=1,y=u] b[x=2,y=u] b[x=3,y=u]",
		`["b[x=1,x=3, y=v]"]`:      "b[x=1,y=v] b[x=3,y=v]",
		`["b[x=1]", "b[x=2,y=u]"]`: "b[x=1,y=u] b[x=1,y=v] b[x=2,y=u]",
	} {
		p := mustRead(t, subjects+"take: "+take+"\n", world())
		if got := taken(p); got != want {
			t.Errorf("take: %s takes %s, want %s", take, got, want)
		}
		if got := len(p.Round(1)[0].Order); got != len(p.Variants()) {
			t.Errorf("take: %s: a block of %d trials", take, got)
		}
		byPreset := mustRead(t, subjects+"take: [a]\npresets: {some: {subjects: "+take+"}}\n", Options{Preset: "some"})
		if got := taken(byPreset); got != want {
			t.Errorf("subjects: %s of a preset takes %s, want %s", take, got, want)
		}
	}
}

// Every request of a mix has what the workload around it has, but for what it
// says itself; and what varies from request to request is marked, while braces
// that were meant as such are braces.
func TestMix(t *testing.T) {
	p := mustRead(t, fileText(t, "testdata/right/several.yaml"), world())
	settings, err := p.Settings()
	if err != nil {
		t.Fatal(err)
	}
	if len(settings) != 8 {
		t.Fatalf("%d settings, want 8", len(settings))
	}
	s := settings[len(settings)-1] // set=ab, path_bytes=101, idle=1k
	path := "/" + strings.Repeat("helloworld", 10)
	around := Exact{
		Method: "GET", Path: path, Headers: Headers{Set: "ab", Add: []Var{{"X-A", "b"}}},
		Expect: ExactExpect{Status: []int{200}, Bytes: -1},
	}
	post := Exact{
		Method: "POST", Path: "/ab/" + load.SeqMark, Headers: Headers{Set: "minimal"},
		Body:   fmt.Appendf(nil, `{"n": %s, "r": "%s", "x": "{seq}"}`, load.SeqMark, load.RandomMark),
		Expect: ExactExpect{Status: []int{201, 204}, Bytes: -1},
	}
	plain := around
	plain.Path, plain.Expect = "/plain", ExactExpect{Bytes: 101}
	want := around
	want.Mix = []ExactPart{{9, around}, {2, post}, {1, plain}}
	if diff := cmp.Diff(want, s.Workload, exact, cmp.Transformer("text", func(b []byte) string { return string(b) })); diff != "" {
		t.Errorf("workload (-want +got):\n%s", diff)
	}
	users := load.Closed{
		Connections: 40, Think: 10 * time.Millisecond, Thinking: load.ConstantThinking,
		Use: load.Use{Pipeline: 1, Timeout: 10 * time.Second, Idle: 1000},
	}
	if s.Load != load.Load(users) {
		t.Errorf("load %+v, want %+v", s.Load, users)
	}
}

// The number of processors of a variant is its level, its subject's, or else the
// plan's.
func TestCPUsOf(t *testing.T) {
	p := mustRead(t, fileText(t, "testdata/right/several.yaml"), world())
	p.Take = nil
	var got []string
	for _, v := range p.Variants() {
		got = append(got, fmt.Sprintf("%s %+v", v.Name(), p.CPUsOf(v)))
	}
	want := []string{
		"go[cores=1,gc=on] {N:1 All:false Factor:}", "go[cores=1,gc=off] {N:1 All:false Factor:}",
		"go[cores=2,gc=on] {N:2 All:false Factor:}", "go[cores=2,gc=off] {N:2 All:false Factor:}",
		"go[cores=all,gc=on] {N:0 All:true Factor:}", "go[cores=all,gc=off] {N:0 All:true Factor:}",
		"node {N:1 All:false Factor:}", "other {N:0 All:true Factor:}",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("processors (-want +got):\n%s", diff)
	}
}

// A plan of commands that measure themselves compares what they print, and says
// nothing of requests in a record.
func TestMeasured(t *testing.T) {
	src := fileText(t, "testdata/right/measured.yaml")
	p := mustRead(t, strings.Replace(src, "compare: loop\n", "", 1), world())
	loop := OwnMetric{Name: "loop", Unit: "s", Better: Lower}
	if diff := cmp.Diff([]OwnMetric{loop}, p.OwnMetrics()); diff != "" || p.Compare != "loop" || !p.Measures() {
		t.Errorf("compares %s, %v; its metrics (-want +got):\n%s", p.Compare, p.Measures(), diff)
	}
	if got, want := p.Subjects[0].Timeout, 90*time.Second; got != want {
		t.Errorf("timeout %v, want %v", got, want)
	}
	if got, want := p.Subjects[1].Timeout, DefaultMeasureTimeout; got != want {
		t.Errorf("timeout %v, want %v", got, want)
	}
	written, err := p.YAML()
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range unasked {
		if strings.Contains(string(written), "\n"+k+":") {
			t.Errorf("%s: is in the plan as written:\n%s", k, written)
		}
	}
	quick := mustRead(t, src, Options{Quick: true})
	if !quick.Quick || quick.Rounds != (Rounds{Min: 7, Max: 7}) || quick.Window != p.Window {
		t.Errorf("quick: %+v, window %v", quick.Rounds, quick.Window)
	}
	// Eight rounds of two settings of three variants, ten seconds and a tenth each.
	if got, want := p.Estimate(3, 0), 48*10100*time.Millisecond; got != want {
		t.Errorf("it takes %v, want %v", got, want)
	}
}

func TestSysctlPath(t *testing.T) {
	for name, want := range map[string]string{
		"net.ipv4.tcp_tw_reuse": "net/ipv4/tcp_tw_reuse", "net.ipv4.conf.eth0.rp_filter": "net/ipv4/conf/eth0/rp_filter",
		"net": "", "": "", "..": "", "net..x": "", ".net.x": "", "net.x.": "", "net/../x.y": "", "net. x": "", "a.b\x00": "",
	} {
		if path, ok := SysctlPath(name); ok != (want != "") || ok && path != want {
			t.Errorf("%q: %q, %v; want %q", name, path, ok, want)
		}
	}
}
