package report

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o666); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v; go test -update writes it", err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s differs (-want +got); go test -update rewrites it:\n%s", path, diff)
	}
}

func build(t testing.TB, in Input) *Report {
	t.Helper()
	r, err := Build(in)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func jsonOf(t testing.TB, r *Report) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := r.JSON(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func textOf(t testing.TB, r *Report, o TextOptions) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := r.Text(&b, o); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestGoldenHandlerWork(t *testing.T) {
	r := build(t, handlerWork().input())
	golden(t, "handler-work.json", jsonOf(t, r))
	golden(t, "handler-work.txt", textOf(t, r, TextOptions{}))
	golden(t, "handler-work-short.txt", textOf(t, r, TextOptions{Short: true}))
}
