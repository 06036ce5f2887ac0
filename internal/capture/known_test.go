package capture

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"webdyno/internal/profile"
)

// What the programs of testdata burn, as shares of their time.
var burns = map[string]float64{"a": 0.5, "b": 0.3, "c": 0.2}

// within is by how much a share that a sampler finds may be off, in a second or
// two.
const within = 0.05

// wanted skips a test of what needs more than Go where nobody asked for it.
func wanted(t *testing.T) {
	t.Helper()
	if os.Getenv("WEBDYNO_SUBJECTS") == "" {
		t.Skip("not asked for: WEBDYNO_SUBJECTS=any tests the profilers of the systems that are there")
	}
}

// program returns the path of a program, or skips the test, unless all were
// promised.
func program(t *testing.T, names ...string) string {
	t.Helper()
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	if os.Getenv("WEBDYNO_SUBJECTS") == "all" {
		t.Fatalf("%s is not here", names[0])
	}
	t.Skipf("%s is not here", names[0])
	return ""
}

// A burner is one of the programs of testdata, under way.
type burner struct {
	t   *testing.T
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
}

func startBurner(t *testing.T, env []string, argv ...string) *burner {
	t.Helper()
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Env = With([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir()}, env)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	b := &burner{t, cmd, in, bufio.NewReader(out)}
	t.Cleanup(b.kill)
	return b
}

func (b *burner) rounds(n int) {
	b.t.Helper()
	fmt.Fprintln(b.in, n)
	if line, err := b.out.ReadString('\n'); strings.TrimSpace(line) != "done" {
		b.t.Fatalf("%q, %v; want done", line, err)
	}
}

// kill ends it as no server ends: what is written was written before.
func (b *burner) kill() {
	b.cmd.Process.Kill()
	b.cmd.Wait()
}

func (b *burner) pids() ([]int, error) { return []int{b.cmd.Process.Pid}, nil }

// take has a program burn some rounds unseen, and others under the profiler.
func take(t *testing.T, c Capture, before, rounds int, argv ...string) *Taken {
	t.Helper()
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	b := startBurner(t, c.Env(), argv...)
	b.rounds(before)
	if err := c.Begin(t.Context(), b.pids); err != nil {
		t.Fatal(err)
	}
	b.rounds(rounds)
	if err := c.End(t.Context()); err != nil {
		t.Fatal(err)
	}
	b.kill()
	taken, err := c.Read()
	if err != nil {
		t.Fatal(err)
	}
	return taken
}

// shares returns what share of the burnt time each function took, with all that it
// called.
func shares(p *profile.Profile) map[string]float64 {
	sum, of := 0.0, map[string]float64{}
	for _, r := range p.Table().Rows {
		name := r.Name[strings.LastIndexByte(r.Name, '.')+1:]
		if _, ok := burns[name]; ok {
			of[name] += float64(r.Cumulative)
			sum += float64(r.Cumulative)
		}
	}
	for name := range of {
		of[name] /= sum
	}
	return of
}

func wantShares(t *testing.T, p *profile.Profile) {
	t.Helper()
	wantSharesWithin(t, p, within)
}

func wantSharesWithin(t *testing.T, p *profile.Profile, within float64) {
	t.Helper()
	got := shares(p)
	for name, want := range burns {
		if math.Abs(got[name]-want) > within {
			t.Errorf("%s took %.3f of the time; want %.2f ± %.2f", name, got[name], want, within)
		}
	}
	t.Logf("%v, %.3f s in all", got, float64(p.Total())/1e9)
}

func inject(t *testing.T, way Way) *Injected {
	t.Helper()
	c, err := Inject(way, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// cProfile counts every call between begin and end, and none before.
func TestCProfile(t *testing.T) {
	wanted(t)
	for _, c := range []struct {
		way    Way
		python string
		before int // until it is compiled
		rounds int64
	}{{CProfile, "python3", 7, 400}, {PyPy, "pypy3", 5000, 10000}} {
		t.Run(c.python, func(t *testing.T) {
			p := take(t, inject(t, c.way), c.before, int(c.rounds), program(t, c.python), "testdata/burn.py")
			for _, r := range p.Table().Rows {
				if _, ok := burns[r.Name]; (ok || r.Name == "outer") && r.Calls != c.rounds {
					t.Errorf("%s was called %d times; want %d", r.Name, r.Calls, c.rounds)
				}
			}
			wantSharesWithin(t, p.Profile, 2*within) // of the clock, and so of whatever else the machine does
		})
	}
}

func TestSampler(t *testing.T) {
	wanted(t)
	for _, c := range []struct {
		python string
		rounds int
	}{{"python3", 1200}, {"pypy3", 60000}} {
		t.Run(c.python, func(t *testing.T) {
			wantShares(t, take(t, inject(t, Sampler), 7, c.rounds, program(t, c.python), "testdata/burn.py").Profile)
		})
	}
}

func TestNode(t *testing.T) {
	wanted(t)
	wantShares(t, take(t, inject(t, V8), 10, 600, program(t, "node"), "testdata/burn.cjs").Profile)
}

func TestPerf(t *testing.T) {
	wanted(t)
	program(t, "perf")
	burn := filepath.Join(t.TempDir(), "burn")
	if out, err := exec.Command(program(t, "cc", "gcc"), "-O1", "-fno-omit-frame-pointer", "-o", burn, "testdata/burn.c").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	c, err := NewPerf(context.Background(), t.TempDir())
	if err != nil {
		t.Skip(err)
	}
	p := take(t, c, 10, 6000, burn)
	wantShares(t, p.Profile)
	for _, r := range p.Table().Rows {
		if r.Name == "outer" && r.Cumulative < p.Total()*9/10 {
			t.Errorf("%d of %d ns below outer; want nearly all", r.Cumulative, p.Total())
		}
	}
}
