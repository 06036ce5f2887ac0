package profile

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

var update = flag.Bool("update", false, "rewrite golden files")

func collapsed(t testing.TB, text string) *Profile {
	t.Helper()
	p, err := Read([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// sumOfSelf adds up what the nodes of a tree weigh, by side.
func sumOfSelf(t *Tree) []int64 {
	sums := make([]int64, len(t.Self))
	for k, ws := range t.Self {
		for _, w := range ws {
			sums[k] += w
		}
	}
	return sums
}

func TestTreeOfASmallProfile(t *testing.T) {
	before := collapsed(t, "main;serve;parse 50\nmain;serve;send 40\nmain;gc 9\nmain;serve;log;write 1\n")
	after := collapsed(t, "main;serve;parse 20\nmain;serve;send 40\nmain;gc 9\nmain;serve;compress 11\n")
	f, err := FlameOfTwo(Side{before, 10}, Side{after, 10}, 0.02)
	if err != nil {
		t.Fatal(err)
	}
	got, err := json.MarshalIndent(f, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	golden := filepath.Join("testdata", "flame.golden.json")
	if *update {
		if err := os.WriteFile(golden, append(got, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.TrimSpace(string(want)), string(got)); diff != "" {
		t.Errorf("the tree is another (-want +got); -update rewrites it:\n%s", diff)
	}
	if diff := cmp.Diff([]string{
		"main 0 [0 0]", " serve 1 [0 0]", "  parse 2 [50 20]", "  send 2 [40 40]", "  compress 2 [0 11]", "  (1 smaller) 2 [1 0]", " gc 1 [9 9]",
	}, outline(f)); diff != "" {
		t.Errorf("outline (-want +got):\n%s", diff)
	}
}

// outline writes a tree a line a node.
func outline(f *Flame) []string {
	var lines []string
	for i, fn := range f.Tree.Functions {
		name := fmt.Sprintf("(%d smaller)", -fn)
		if fn >= 0 {
			name = f.Texts[f.Functions[fn][0]]
		}
		var ws []int64
		for k := range f.Tree.Self {
			ws = append(ws, f.Tree.Self[k][i])
		}
		lines = append(lines, fmt.Sprintf("%s%s %d %v", strings.Repeat(" ", f.Tree.Depths[i]), name, f.Tree.Depths[i], ws))
	}
	return lines
}

// stacks draws collapsed stacks: recursive ones, and some that are deep.
func stacks(t *rapid.T, label string) string {
	var b strings.Builder
	for range rapid.IntRange(1, 40).Draw(t, label) {
		names := rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "c", "d", "e"}), 1, 12).Draw(t, "stack")
		if rapid.IntRange(0, 20).Draw(t, "deep") == 0 {
			names = append(names, strings.Split(strings.Repeat("r ", mostDepth+10)+"end", " ")...)
		}
		fmt.Fprintf(&b, "%s %d\n", strings.Join(names, ";"), rapid.Int64Range(0, 1e9).Draw(t, "weight"))
	}
	return b.String()
}

// Every weight is in the tree, whatever is told together; no frame that is shown
// is below the share, and a node is never heavier than its parent.
func TestTreeKeepsEveryWeight(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		before, err1 := Read([]byte(stacks(t, "before")))
		after, err2 := Read([]byte(stacks(t, "after")))
		if err1 != nil || err2 != nil {
			t.Fatal(err1, err2)
		}
		least := rapid.SampledFrom([]float64{0, 1e-6, LeastSeen, 0.05, 0.5, 1.1}).Draw(t, "least")
		f, err := FlameOfTwo(Side{before, 3}, Side{after, 7}, least)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := sumOfSelf(f.Tree), []int64{before.Total(), after.Total()}; !reflect.DeepEqual(got, want) {
			t.Fatalf("the nodes weigh %v, the profiles %v", got, want)
		}
		checkTree(t, f)
		for k, side := range f.Sides {
			var sum int64
			for _, w := range f.Self[k] {
				sum += w
			}
			if f.Rest != nil {
				sum += f.Rest.Self[k]
			}
			if sum != side.Total {
				t.Fatalf("the functions of side %d weigh %d, the profile %d", k, sum, side.Total)
			}
		}
		again, err := FlameOfTwo(Side{before, 3}, Side{after, 7}, least)
		if err != nil || !reflect.DeepEqual(f, again) {
			t.Fatalf("the same profiles give another picture (%v)", err)
		}
	})
}

func checkTree(t *rapid.T, f *Flame) {
	n := len(f.Tree.Functions)
	last := -1
	for i := range n {
		d := f.Tree.Depths[i]
		if d < 0 || d > last+1 || d > mostDepth {
			t.Fatalf("node %d lies at depth %d below one at %d", i, d, last)
		}
		last = d
		fn := f.Tree.Functions[i]
		if fn < 0 {
			if i+1 < n && f.Tree.Depths[i+1] >= d {
				t.Fatalf("node %d tells smaller ones together, and is not its parent's last", i)
			}
			last = d - 1
			continue
		}
		share := 0.0
		for k, side := range f.Sides {
			sum := f.Tree.Self[k][i]
			for j := i + 1; j < n && f.Tree.Depths[j] > d; j++ {
				sum += f.Tree.Self[k][j]
			}
			if side.Total > 0 {
				share = max(share, float64(sum)/float64(side.Total))
			}
		}
		if share < f.Least {
			t.Fatalf("node %d has a share of %g, less than %g", i, share, f.Least)
		}
	}
}

// However many stacks there are, a page stays light.
func TestTreeIsBounded(t *testing.T) {
	var b strings.Builder
	for i := range 25_000 {
		fmt.Fprintf(&b, "main;a%d;b%d;c%d %d\n", i%50, i%1250, i, 1+i%7)
	}
	p := collapsed(t, b.String())
	f, err := FlameOf(Side{Profile: p}, 0)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(f.Tree.Functions); n > 2*mostNodes || f.Least == 0 {
		t.Errorf("%d nodes, from a share of %g on", n, f.Least)
	}
	if got := sumOfSelf(f.Tree)[0]; got != p.Total() {
		t.Errorf("the nodes weigh %d, the profile %d", got, p.Total())
	}
	data, err := json.Marshal(f)
	if err != nil || len(data) > 400<<10 {
		t.Errorf("%d bytes, %v", len(data), err)
	}
	f, err = FlameOf(Side{Profile: p}, LeastSeen)
	if err != nil {
		t.Fatal(err)
	}
	if data, _ := json.Marshal(f); len(data) > 80<<10 {
		t.Errorf("%d bytes for a page", len(data))
	}
}

// A profile of calls has no stacks, and gets none: it has callers.
func TestFlameOfCallsHasNoTree(t *testing.T) {
	data, err := os.ReadFile(filepath.Join("testdata", "cpython.prof"))
	if err != nil {
		t.Fatal(err)
	}
	p, err := Read(data)
	if err != nil {
		t.Fatal(err)
	}
	f, err := FlameOf(Side{Profile: p}, 0)
	if err != nil {
		t.Fatal(err)
	}
	if f.Tree != nil || !f.Counted || len(f.Callers) == 0 {
		t.Errorf("tree %v, counted %v, %d callers", f.Tree != nil, f.Counted, len(f.Callers))
	}
	var sum, under int64
	for i, w := range f.Self[0] {
		sum += w
		for _, e := range f.Callers {
			if e.Callee == i {
				under += e.Self[0]
			}
		}
	}
	if sum != p.Total() || under > sum {
		t.Errorf("functions weigh %d, under their callers %d; the profile %d", sum, under, p.Total())
	}
}

func TestFlameOfTheStudy(t *testing.T) {
	var sides []Side
	for _, name := range []string{"study-2014-plain.txt", "study-2014-compiled.txt"} {
		data, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		sides = append(sides, Side{collapsed(t, string(data)), 0})
	}
	f, err := FlameOfTwo(sides[0], sides[1], LeastSeen)
	if err != nil {
		t.Fatal(err)
	}
	if f.Tree != nil || len(f.Callers) != 0 || f.Sides[0].Total != 1355e6 || !strings.Contains(f.Answer[0], "−12.1 %") {
		t.Errorf("%+v, %d callers, %s", f.Sides, len(f.Callers), f.Answer)
	}
}

func TestFlameRefusesDifferences(t *testing.T) {
	p := collapsed(t, "a;b 3\na;c 1\n")
	p.Data.Sample[1].Value[0] = -1 // as a difference that pprof has written
	if _, err := FlameOf(Side{Profile: p}, LeastSeen); err == nil || !strings.Contains(err.Error(), "negative") {
		t.Errorf("%v", err)
	}
	p = collapsed(t, "a;b 3\na;c 1\n")
	p.Data.Sample[0].Value[0], p.Data.Sample[1].Value[0] = math.MaxInt64, math.MaxInt64
	if _, err := FlameOf(Side{Profile: p}, LeastSeen); err == nil || !strings.Contains(err.Error(), "large") {
		t.Errorf("%v", err)
	}
}

func TestOrigins(t *testing.T) {
	for _, c := range []struct {
		f    Function
		want string
	}{
		{Function{Name: "net/http.(*conn).serve", File: "/usr/lib/go/src/net/http/server.go"}, "net/http"},
		{Function{Name: "slices.SortFunc[go.shape.[]example.com/x.T]", File: "/usr/lib/go/src/slices/sort.go"}, "slices"},
		{Function{Name: "runtime.memmove", File: "/usr/lib/go/src/runtime/memmove_amd64.s"}, "runtime"},
		{Function{Name: "internal/runtime/maps.(*Map).getWithKey", File: "/usr/lib/go/src/internal/runtime/maps/map.go"}, "runtime"},
		{Function{Name: "type:.eq.example.com/x.T", File: "<autogenerated>"}, "example.com/x"},
		{Function{Name: "_handle_events", File: "/usr/lib/python3/dist-packages/tornado/iostream.py"}, "tornado"},
		{Function{Name: "f", File: "/venv/lib/python3.11/site-packages/six.py"}, "six"},
		{Function{Name: "run_once", File: "/usr/lib/python3.11/asyncio/base_events.py"}, "Python library"},
		{Function{Name: "accept", File: "/usr/lib/pypy3.9/socket.py"}, "Python library"},
		{Function{Name: "{built-in method time.sleep}"}, "built-in"},
		{Function{Name: "handle", File: "file:///srv/node_modules/@hono/node-server/dist/index.mjs"}, "@hono/node-server"},
		{Function{Name: "emit", File: "node:events"}, "Node library"},
		{Function{Name: "(garbage collector)"}, "(garbage collector)"},
		{Function{Name: "tcp_sendmsg", Module: "[kernel.kallsyms]"}, "kernel"},
		{Function{Name: "malloc", Module: "libc.so.6"}, "libc.so.6"},
		{Function{Name: "wrapped", File: "stack_context.py", Line: 269}, "stack_context.py"},
		{Function{Name: "view", File: "/home/me/shop/views.py"}, "shop"},
		{Function{Name: "_handle_events", File: "tornado/platform/asyncio.py"}, "tornado"},
		{Function{Name: "get", File: "/tmp/tornado_http-4f1eff6e9828/app.py"}, "tornado_http"},
		{Function{Name: "<module>", File: "<string>"}, "other"},
		{Function{Name: "[unknown]"}, "other"},
	} {
		if got := c.f.Origin(); got != c.want {
			t.Errorf("%s: %q, want %q", c.f, got, c.want)
		}
	}
}

// Whatever a reader accepts can be drawn or is refused in words.
func FuzzFlame(f *testing.F) {
	f.Add([]byte("main;serve;parse 5\nmain;serve;send 4\n"))
	f.Add([]byte("a;a;a 1\n;; 2\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := Read(data)
		if err != nil || len(data) > 1<<16 {
			return
		}
		drawn, err := FlameOf(Side{Profile: p}, LeastSeen)
		if err != nil {
			return
		}
		if drawn.Tree != nil && sumOfSelf(drawn.Tree)[0] != p.Total() {
			t.Errorf("the nodes weigh %d, the profile %d", sumOfSelf(drawn.Tree)[0], p.Total())
		}
		a, err := json.Marshal(drawn)
		again, _ := FlameOf(Side{Profile: p}, LeastSeen)
		if b, _ := json.Marshal(again); err != nil || !bytes.Equal(a, b) {
			t.Errorf("another picture of the same profile: %v", err)
		}
	})
}
