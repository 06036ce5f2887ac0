package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"webdyno/internal/report"
)

// selves are the subjects that are measured against themselves, in turn: what
// ships inside the binary, and, where there is a Python, an interpreter.
var selves = []string{
	`{name: hello, serve: hello}`,
	`{name: classifier, serve: classifier}`,
	`{name: python, in: classifier, start: ["{python}", "classifier_streams.py", "--port={port}"]}`,
}

// TestAA carries out WEBDYNO_AA short experiments of a subject with itself over
// real servers, and counts those in which the two differ at the level of 5 %. Of
// twenty that are sound, more than three do so once in sixty times.
func TestAA(t *testing.T) {
	n, _ := strconv.Atoi(os.Getenv("WEBDYNO_AA"))
	if n == 0 {
		t.Skip(`it takes minutes, and a machine with nothing else to do: "make aa" runs it`)
	}
	program := filepath.Join(t.TempDir(), "webdyno")
	if out, err := exec.Command("go", "build", "-o", program, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	different, began := 0, time.Now()
	for i := range n {
		aa := itself(t, program, i)
		if aa == nil {
			continue
		}
		c := aa.Comparisons[0]
		differs := c.P.Known() && c.P.X < 1-c.Level
		if differs {
			different++
		}
		t.Logf("%2d  %-10s  ratio %.4f (%.4f to %.4f)  p %.4f  %v", i+1, c.A.Subject, c.Ratio.X, c.Lo.X, c.Hi.X, c.P.X, word(differs))
	}
	t.Logf("%d of %d differ from themselves; %.1f would by chance; %v", different, n, 0.05*float64(n), time.Since(began).Round(time.Second))
	if most := tolerable(n); different > most {
		t.Errorf("%d of %d subjects differ from themselves; want %d at most", different, n, most)
	}
}

func word(differs bool) string {
	if differs {
		return "differs"
	}
	return ""
}

// tolerable is the most of n that may differ by chance: more would with a
// probability of two hundredths or less. Of 20 it is 3.
func tolerable(n int) int {
	const level, rare = 0.05, 0.02
	// P(X > k) of a binomial distribution, by its terms from 0 on.
	term, below := 1.0, 0.0
	for range n {
		term *= 1 - level
	}
	for k := range n {
		if below += term; 1-below < rare {
			return k
		}
		term *= float64(n-k) / float64(k+1) * level / (1 - level)
	}
	return n
}

func TestTolerable(t *testing.T) {
	for n, want := range map[int]int{1: 1, 5: 2, 10: 2, 20: 3, 100: 10} {
		if got := tolerable(n); got != want {
			t.Errorf("of %d: %d, want %d", n, got, want)
		}
	}
}

// itself measures the i-th subject against itself; nil if it cannot run here.
func itself(t *testing.T, program string, i int) *report.AA {
	t.Helper()
	dir := t.TempDir()
	text := fmt.Sprintf(`title: A/A %d
subjects: [%s]
load: {closed: {connections: 8}}
warmup: 500ms
rewarm: 200ms
window: 500ms
rounds: 8
seed: %d
`, i+1, selves[i%len(selves)], i+1)
	name, out := filepath.Join(dir, "aa.yaml"), filepath.Join(dir, "record")
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	said, err := exec.Command(program, "run", name, "--aa", "--plain", "--out", out).CombinedOutput()
	b, readErr := os.ReadFile(filepath.Join(out, "report.json"))
	if readErr != nil {
		t.Logf("%2d  cannot run here: %v\n%s", i+1, err, said)
		return nil
	}
	var r struct{ AA *report.AA }
	if err := json.Unmarshal(b, &r); err != nil {
		t.Fatal(err)
	}
	if r.AA == nil || len(r.AA.Comparisons) == 0 {
		t.Errorf("%2d  measured nothing:\n%s", i+1, said)
		return nil
	}
	return r.AA
}
