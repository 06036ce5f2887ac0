package plan

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"webdyno/internal/load"
)

var update = flag.Bool("update", false, "rewrite the expected files")

// world is what the plans of these tests may find outside of themselves.
func world() Options {
	return Options{
		Files: fstest.MapFS{
			"plan.yaml":       {},
			"mine/server.py":  {},
			"body.json":       {Data: []byte(`{"a": 1}`)},
			"data/large.body": {Data: bytes.Repeat([]byte("x"), 100_000)},
		},
		Subjects:   fstest.MapFS{"classifier/classifier.js": {}, "bus/bus_gevent.py": {}, "hello/hello.py": {}},
		HeaderSets: []string{"minimal", "wrk", "ab"},
		Oracles:    []string{"classifier"},
		Serves:     []string{"hello", "classifier"},
		Plans:      []string{"first-look", "handler-work"},
		Signals:    []string{"foreign_cpu", "lag", "steal"},
	}
}

// mustRead returns a plan that has no complaints.
func mustRead(t *testing.T, src string, opt Options) *Plan {
	t.Helper()
	p, err := Read("test.yaml", []byte(src), opt)
	if err != nil {
		t.Fatalf("complaints about a plan that is right:\n%v", err)
	}
	return p
}

func fileText(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// What a plan does not say it compares depends on its load: an open load's
// throughput is the schedule's.
func TestUsualMetric(t *testing.T) {
	for src, want := range map[string]Metric{
		"subjects: [{name: a, serve: hello}]\n":                                                         Throughput,
		"subjects: [{name: a, serve: hello}]\nload: {closed: {connections: 4}}\n":                       Throughput,
		"subjects: [{name: a, serve: hello}]\nload: {open: {rate: 100}}\n":                              ResponseP90,
		"subjects: [{name: a, serve: hello}]\nload: {open: {rate: [100, 200]}}\n":                       ResponseP90,
		"subjects: [{name: a, serve: hello}]\nload: {open: {rate: 100}}\ncompare: throughput\n":         Throughput,
		"subjects: [{name: a, serve: hello}]\nload: {closed: {connections: 4}}\ncompare: service_p50\n": ServiceP50,
	} {
		if p := mustRead(t, src, world()); p.Compare != want {
			t.Errorf("%s: compares %s, want %s", src, p.Compare, want)
		}
	}
}

// Each file under complaints/ is a plan with mistakes; what is said about them
// stands beside it.
func TestComplaints(t *testing.T) {
	files, err := filepath.Glob("testdata/complaints/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no test data: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".yaml"), func(t *testing.T) {
			_, err := Read(filepath.Base(file), []byte(fileText(t, file)), world())
			if err == nil {
				t.Fatal("no complaints")
			}
			if _, ok := errors.AsType[Complaints](err); !ok {
				t.Fatalf("the error is a %T, want Complaints", err)
			}
			golden(t, strings.TrimSuffix(file, ".yaml")+".txt", err.Error()+"\n")
		})
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(name, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(fileText(t, name), got); diff != "" {
		t.Errorf("%s (-want +got); -update rewrites it:\n%s", name, diff)
	}
}

// The first example of the design is a plan as it stands.
func TestDesignExample(t *testing.T) {
	p := mustRead(t, fileText(t, "testdata/design/simple.yaml"), world())
	if got, want := p.Rounds, (Rounds{Min: 10, Max: 40, Until: 0.02}); got != want {
		t.Errorf("rounds %+v, want %+v", got, want)
	}
	if got, want := p.Subjects[1].Needs.Modules, []string{"uvloop", "httptools"}; !reflect.DeepEqual(got, want) {
		t.Errorf("modules %q, want %q", got, want)
	}
	settings, err := p.Settings()
	if err != nil {
		t.Fatal(err)
	}
	var paths []string
	for _, s := range settings {
		paths = append(paths, s.Workload.Path)
	}
	want := []string{"/", "/helloworld", "/" + strings.Repeat("helloworld", 10), "/" + strings.Repeat("helloworld", 100)}
	if diff := cmp.Diff(want, paths); diff != "" {
		t.Errorf("paths (-want +got):\n%s", diff)
	}
	if got, want := settings[0].Load, (load.Closed{Connections: 40, Use: load.Use{Pipeline: 1, Timeout: 10 * time.Second}}); got != load.Load(want) {
		t.Errorf("load %+v, want %+v", got, want)
	}
}

// The second example, in the words that the language has found for it, is a plan
// as well.
func TestDesignExampleAhead(t *testing.T) {
	opt := world()
	opt.Serves = append(opt.Serves, "store")
	p := mustRead(t, fileText(t, "testdata/design/ahead.yaml"), opt)
	if s := p.Services[0]; s.Name != "store" || s.Scheme != "redis" || !slices.Equal(s.Counts, []string{"xrange"}) {
		t.Errorf("service %+v", s)
	}
	for i, want := range []string{"store", "store", "", "", ""} {
		if got := strings.Join(p.Subjects[i].Uses, " "); got != want {
			t.Errorf("%s uses %q, want %q", p.Subjects[i].Name, got, want)
		}
	}
	if b := p.Subjects[0].Builds; len(b) != 1 || b[0].Factor != "cython" || len(b[0].Steps) != 1 || b[0].Steps[0][3] != "{build}" {
		t.Errorf("builds %+v", b)
	}
	if got, want := len(p.Variants()), 6; got != want {
		t.Errorf("%d variants, want %d", got, want)
	}
	if got, want := combinations(p.Factors), 3*3*100; got != want {
		t.Errorf("%d settings, want %d", got, want)
	}
	opt.Preset = "in-process"
	if p = mustRead(t, fileText(t, "testdata/design/ahead.yaml"), opt); p.Compare != "loop" || !p.Measures() {
		t.Errorf("in-process compares %s", p.Compare)
	}
}
