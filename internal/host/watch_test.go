package host

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"webdyno/internal/evidence"
)

// stat is a /proc/stat with the counters of each CPU: user nice system idle
// iowait irq softirq steal.
func stat(cpus ...[8]int) string {
	var b strings.Builder
	b.WriteString("cpu  1 2 3 4 5 6 7 8 0 0\n")
	for i, c := range cpus {
		fmt.Fprintf(&b, "cpu%d %s 0 0\n", i, strings.Trim(fmt.Sprint(c), "[]"))
	}
	b.WriteString("intr 1 2 3 4 5 6 7 8 9 10\nctxt 99\n")
	return b.String()
}

func glance(t *testing.T, w Watch, at time.Duration, text string) Glance {
	t.Helper()
	w.Root = fstest.MapFS{"proc/stat": {Data: []byte(text)}}
	g, err := w.Begin()
	if err != nil {
		t.Fatal(err)
	}
	g.at = time.Unix(0, 0).Add(at)
	return g
}

func TestWatch(t *testing.T) {
	quiet := [8]int{500, 0, 500, 9000, 100, 10, 20, 5}
	plus := func(d ...int) [8]int {
		c := quiet
		for i := range d {
			c[i] += d[i]
		}
		return c
	}
	tests := []struct {
		name  string
		cpus  []int
		irq   Interrupts
		after [2][8]int // 5 s later: 500 ticks
		ours  time.Duration
		want  evidence.Activity
	}{
		{"idle", nil, InterruptsApart, [2][8]int{plus(0, 0, 0, 500), plus(0, 0, 0, 500)}, 0, evidence.Activity{}},
		{"ours only", nil, InterruptsApart, [2][8]int{plus(200, 0, 200, 100), plus(0, 0, 0, 400, 100)}, 4 * time.Second, evidence.Activity{}},
		{"a neighbour", nil, InterruptsApart, [2][8]int{plus(200, 0, 200, 100), plus(250, 0, 0, 250)}, 4 * time.Second, evidence.Activity{Foreign: 0.5}},
		{"a neighbour where we are not", []int{0}, InterruptsApart, [2][8]int{plus(200, 0, 200, 100), plus(250, 0, 0, 250)}, 4 * time.Second, evidence.Activity{}},
		{"stolen time", []int{0}, InterruptsApart, [2][8]int{plus(0, 0, 0, 400, 0, 0, 0, 100), quiet}, 0, evidence.Activity{Steal: 0.2}},
		{"interrupts on nobody", []int{0}, InterruptsApart, [2][8]int{plus(200, 0, 200, 0, 0, 0, 100), quiet}, 4 * time.Second, evidence.Activity{}},
		{"interrupts on us", []int{0}, InterruptsOnProcess, [2][8]int{plus(200, 0, 200, 0, 0, 0, 100), quiet}, 5 * time.Second, evidence.Activity{}},
		{"counters that go back", []int{0}, InterruptsApart, [2][8]int{plus(0, 0, 0, 500, -1), quiet}, 0, evidence.Activity{}},
		{"no such CPU", []int{7}, InterruptsApart, [2][8]int{quiet, quiet}, 0, evidence.Activity{Foreign: -1, Steal: -1}},
	}
	for _, tt := range tests {
		w := Watch{CPUs: tt.cpus, Interrupts: tt.irq}
		a := glance(t, w, 0, stat(quiet, quiet))
		b := glance(t, w, 5*time.Second, stat(tt.after[0], tt.after[1]))
		got := w.between(a, b, tt.ours)
		if math.Abs(got.Foreign-tt.want.Foreign) > 1e-9 || math.Abs(got.Steal-tt.want.Steal) > 1e-9 {
			t.Errorf("%s: %+v, want %+v", tt.name, got, tt.want)
		}
	}
}

func TestWatchUnreadable(t *testing.T) {
	for _, root := range []fstest.MapFS{
		{},
		{"proc/stat": {Data: []byte("nonsense\n")}},
		{"proc/stat": {Data: []byte("cpu0 a b c d e f g h\n")}},
	} {
		w := Watch{Root: root}
		g, err := w.Begin()
		if err == nil {
			t.Errorf("%v could be read", root)
		}
		if got := w.End(g, 0); got.Foreign != -1 || got.Steal != -1 {
			t.Errorf("got %+v; want that it could not be told", got)
		}
	}
}

func TestSwappedIn(t *testing.T) {
	root := fstest.MapFS{"proc/stat": {Data: []byte(stat([8]int{}))}, "proc/vmstat": {Data: []byte("nr_free 1\npswpin 40\npswpout 7\n")}}
	w := Watch{Root: root}
	began, err := w.Begin()
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]uint64{"pswpin 42\n": 2, "pswpin 40\n": 0, "nr_free 1\n": 0} {
		root["proc/vmstat"] = &fstest.MapFile{Data: []byte(text)}
		if got := w.End(began, 0).SwappedIn; got != want {
			t.Errorf("%q: %d pages, want %d", text, got, want)
		}
	}
}

func FuzzParseStat(f *testing.F) {
	f.Add(stat([8]int{1, 2, 3, 4, 5, 6, 7, 8}))
	f.Fuzz(func(t *testing.T, text string) {
		cpus, err := parseStat(text)
		if err == nil && len(cpus) == 0 {
			t.Errorf("%q has no CPUs and no error", text)
		}
	})
}
