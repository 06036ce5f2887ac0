package profile

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode/utf16"

	pprof "github.com/google/pprof/profile"
)

func readFile(t testing.TB, name string) *Profile {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	p, err := Read(data)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return p
}

func readText(t testing.TB, text string) *Profile {
	t.Helper()
	p, err := Read([]byte(text))
	if err != nil {
		t.Fatalf("%.60q: %v", text, err)
	}
	return p
}

func rowOf(t testing.TB, p *Profile, name string) Row {
	t.Helper()
	for _, r := range p.Table().Rows {
		if r.Name == name {
			return r
		}
	}
	t.Fatalf("no row %q", name)
	return Row{}
}

// Both files are of one program: work calls leaf 7 times and fib(10) once. What
// pstats.Stats makes of them (total_tt, total_calls, prim_calls, the entries) was
// printed beside.
func TestCProfile(t *testing.T) {
	for _, c := range []struct {
		file  string
		total float64 // s
	}{{"cpython.prof", 0.004872156}, {"pypy.prof", 0.000751340281714319}} {
		p := readFile(t, c.file)
		all := p.Table()
		if all.Calls != 186 || all.Primitive != 10 {
			t.Errorf("%s: %d calls, %d primitive; want 186 and 10", c.file, all.Calls, all.Primitive)
		}
		if off := math.Abs(float64(all.Total) - c.total*1e9); off > 4 { // each entry is rounded to a nanosecond
			t.Errorf("%s: %d ns in all, which is off by %v", c.file, all.Total, off)
		}
		fib := rowOf(t, p, "fib")
		if fib.Calls != 177 || fib.Primitive != 1 || fib.File != "app/work.py" || fib.Line != 6 {
			t.Errorf("%s: fib is %+v", c.file, fib)
		}
		work := rowOf(t, p, "work")
		if work.Cumulative <= work.Self || work.Cumulative < rowOf(t, p, "leaf").Cumulative {
			t.Errorf("%s: work has %d ns itself and %d with all that it calls", c.file, work.Self, work.Cumulative)
		}
		callers := map[string]int64{}
		for _, by := range fib.Callers() {
			callers[by.Name] = by.Calls
		}
		if len(callers) != 2 || callers["work"] != 1 || callers["fib"] != 176 {
			t.Errorf("%s: fib was called by %v", c.file, callers)
		}
	}
}

// A sample lasts until the next; the weights add up to what lies between the
// first sample and the end; one that seems to lie before its predecessor lasts
// no time; idle is no CPU.
func TestCPUProfile(t *testing.T) {
	const v8 = `{"nodes":[
	 {"id":1,"callFrame":{"functionName":"(root)","url":"","lineNumber":-1},"children":[2,3,5]},
	 {"id":2,"callFrame":{"functionName":"serve","url":"file:///app/a.js","lineNumber":9},"children":[4]},
	 {"id":3,"callFrame":{"functionName":"(idle)","url":"","lineNumber":-1}},
	 {"id":4,"callFrame":{"functionName":"","url":"file:///app/a.js","lineNumber":19}},
	 {"id":5,"callFrame":{"functionName":"(garbage collector)","url":"","lineNumber":-1}}],
	 "startTime":1000,"endTime":2000,
	 "samples":[2,4,3,4,5],"timeDeltas":[100,200,300,-50,150]}`
	p := readText(t, v8)
	// At 1100, 1300, 1600, 1600 (1550, taken for 1600), 1700, to 2000.
	// serve 200, (anonymous) 300, idle 0, (anonymous) 100, collector 300 µs.
	if got := p.Total(); got != 900*1000 {
		t.Errorf("CPU is %d ns; want 900,000", got)
	}
	var time int64
	for _, s := range p.Data.Sample {
		time += s.Value[1]
	}
	if want := int64(2000-1000-100) * 1000; time != want {
		t.Errorf("weights add up to %d ns; want end less start less the first difference: %d", time, want)
	}
	anonymous := rowOf(t, p, "(anonymous)")
	if anonymous.Self != 400*1000 || anonymous.Line != 20 {
		t.Errorf("the function without a name is %+v; want 400,000 ns at line 20", anonymous)
	}
	if serve := rowOf(t, p, "serve"); serve.Self != 200*1000 || serve.Cumulative != 600*1000 {
		t.Errorf("serve is %+v; want 200,000 ns itself and 600,000 in all", serve)
	}
}

const perfText = `# captured by hand
a program  7 [000]  1.5:    1000100 cpu-clock:u:
	    7f00 work+0x12 (/usr/bin/a program)
	    7f01 main (/usr/bin/a program)

a program  7/8 [001]  1.6:    1000300 cpu-clock:u:
	ffffffff81 [unknown] ([kernel.kallsyms])
	    7f02 py::serve:/app/serve.py (/tmp/perf-7.map)
	    7f01 main (/usr/bin/a program)

other  9  1.7:    1000000 cpu-clock:u:
`

func TestPerfScript(t *testing.T) {
	p := readText(t, perfText)
	if p.Format != PerfScript || p.Total() != 3000400 || p.Unit() != "nanoseconds" {
		t.Errorf("format %s, %d %s", p.Format, p.Total(), p.Unit())
	}
	if r := rowOf(t, p, "work"); r.Self != 1000100 || r.Module != "a program" {
		t.Errorf("work is %+v", r)
	}
	if r := rowOf(t, p, "serve"); r.File != "/app/serve.py" || r.Cumulative != 1000300 || r.Self != 0 {
		t.Errorf("serve is %+v", r)
	}
	if r := rowOf(t, p, "[unknown]"); r.Module != "[kernel]" {
		t.Errorf("the kernel's frame is %+v", r)
	}
	if r := rowOf(t, p, "main"); r.Cumulative != 2000400 {
		t.Errorf("main is %+v", r)
	}
	if len(p.Says) != 1 || !strings.Contains(p.Says[0], "no stack") {
		t.Errorf("says %q; want that a sample had no stack", p.Says)
	}
}

// Without periods samples are counted; of several events the last is weighed and
// counted, and no other.
func TestPerfScriptCounts(t *testing.T) {
	bare := readText(t, strings.ReplaceAll(strings.ReplaceAll(perfText, "1000100 ", ""), "1000300 ", ""))
	if bare.Total() != 3 || bare.Unit() != "count" {
		t.Errorf("%d %s; want 3 samples", bare.Total(), bare.Unit())
	}
	two := readText(t, "p 7 1.0: 10 cycles:\n\t1 f (p)\n\np 7 1.1: 5 instructions:\n\t1 f (p)\n\np 7 1.2: 6 instructions:\n\t1 f (p)\n")
	if r := rowOf(t, two, "f"); r.Samples != 2 || r.Self != 11 {
		t.Errorf("f has %d samples and %d; want 2 and 11 instructions", r.Samples, r.Self)
	}
}

// Of calls, focus leaves the functions that match, whole.
func TestFocus(t *testing.T) {
	p := readFile(t, "cpython.prof").Focus(regexp.MustCompile(`\(fib\)`))
	if all := p.Table(); len(all.Rows) != 1 || all.Calls != 177 || all.Rows[0].Primitive != 1 || all.Rows[0].Cumulative == 0 {
		t.Errorf("%+v", all)
	}
	q := readText(t, "main;serve;parse 3\nmain;send 4\n").Focus(regexp.MustCompile("serve"))
	if r := rowOf(t, q, "main"); q.Total() != 3 || r.Cumulative != 3 {
		t.Errorf("%d in all, main %+v", q.Total(), r)
	}
}

// Two kinds of weight are not compared, though their unit is one.
func TestCompareKinds(t *testing.T) {
	take := func(of string) Side {
		b := newBuilder(kind(of+"_objects", "count"), kind(of+"_space", "bytes"))
		b.add([]*pprof.Location{b.at(Function{Name: "f"})}, 2, 100)
		p, err := b.done(Pprof)
		if err != nil {
			t.Fatal(err)
		}
		return Side{Profile: p}
	}
	if _, err := Compare(take("inuse"), take("alloc")); err == nil || !strings.Contains(err.Error(), "inuse_space") {
		t.Errorf("%v", err)
	}
}

// Line ends, byte orders and blank lines change nothing.
func TestCollapsed(t *testing.T) {
	const text = "main;serve;parse 3\nmain;serve;send file 4\nmain;serve;parse 2\n"
	want := collapsedText(t, readText(t, text))
	if want != "main;serve;parse 5\nmain;serve;send file 4\n" {
		t.Errorf("got %q", want)
	}
	encoded := func(high, low int, mark string) string {
		var b bytes.Buffer
		b.WriteString(mark)
		for _, u := range utf16.Encode([]rune(text)) {
			pair := [2]byte{}
			pair[high], pair[low] = byte(u>>8), byte(u)
			b.Write(pair[:])
		}
		return b.String()
	}
	for _, other := range []string{
		strings.ReplaceAll(text, "\n", "\r\n"), "\xef\xbb\xbf" + text, "\n\n" + text + "\n",
		encoded(1, 0, "\xff\xfe"), encoded(0, 1, "\xfe\xff"),
	} {
		if got := collapsedText(t, readText(t, other)); got != want {
			t.Errorf("%.20q… reads as %q", other, got)
		}
	}
}

func collapsedText(t testing.TB, p *Profile) string {
	t.Helper()
	var b bytes.Buffer
	if err := p.WriteCollapsed(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// One program, once as samples and once as events, is one profile.
func TestSpeedscope(t *testing.T) {
	const shared = `{"shared":{"frames":[{"name":"main"},{"name":"serve","file":"a.js","line":3}]},"profiles":[{"name":"x","unit":"milliseconds","startValue":0,"endValue":10,`
	sampled := readText(t, shared+`"type":"sampled","samples":[[0],[0,1],[0]],"weights":[2,5,3]}]}`)
	evented := readText(t, shared+`"type":"evented","events":[{"type":"O","at":0,"frame":0},{"type":"O","at":2,"frame":1},
		{"type":"C","at":7,"frame":1},{"type":"C","at":10,"frame":0}]}]}`)
	want := "main 5000000\nmain;a.js:3(serve) 5000000\n"
	if a, b := collapsedText(t, sampled), collapsedText(t, evented); a != want || b != want {
		t.Errorf("sampled:\n%sevented:\n%swant:\n%s", a, b, want)
	}
}

// What is written is read again as what it was.
func TestRoundTrips(t *testing.T) {
	for _, p := range []*Profile{
		readFile(t, "cpython.prof"), readFile(t, "pypy.prof"), readFile(t, "study-2014-plain.txt"), readText(t, perfText),
		readText(t, "main;serve;parse 3\nmain;serve;send file 4\n"),
	} {
		var proto, scope, listing bytes.Buffer
		if err := errors.Join(p.WritePprof(&proto), p.WriteSpeedscope(&scope, "x"), p.Table().WriteListing(&listing, BySelf, 0)); err != nil {
			t.Fatal(err)
		}
		again := readText(t, proto.String())
		if a, b := fmt.Sprint(p.Table().Rows), fmt.Sprint(again.Table().Rows); a != b || again.Format != p.Format {
			t.Errorf("%s through pprof: %s\n%s\n%s", p.Format, again.Format, a, b)
		}
		if a, b := collapsedText(t, p), collapsedText(t, again); a != b {
			t.Errorf("%s through pprof:\n%s\n%s", p.Format, a, b)
		}
		if got := readText(t, scope.String()).Total(); got != p.Total() {
			t.Errorf("%s through speedscope: %d; was %d", p.Format, got, p.Total())
		}
		if got := readText(t, collapsedText(t, p)).Total(); got != p.Total() {
			t.Errorf("%s through collapsed stacks: %d; was %d", p.Format, got, p.Total())
		}
		if !p.Deterministic() {
			continue
		}
		if a, b := p.Table(), readText(t, listing.String()).Table(); a.Calls != b.Calls || a.Primitive != b.Primitive {
			t.Errorf("%s through a listing: %d calls, %d primitive; was %d, %d", p.Format, b.Calls, b.Primitive, a.Calls, a.Primitive)
		}
	}
}

// What cannot be read is said with its place.
func TestComplaints(t *testing.T) {
	cprof, err := os.ReadFile("testdata/cpython.prof")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ data, want string }{
		{"", "it is empty"},
		{"\x1f\x8bnot", "compressed"},
		{"hello", "line 1"},
		{"a;b -5\n", "the weight -5 is negative"},
		{"a 9223372036854775807\nb 9223372036854775807\n", "more than 63 bits"},
		{strings.Repeat("a;", 5000) + "b 1\n", "a stack of 5001 frames"},
		{"PERFILE2\x00", "perf script -F +period"},
		{"PK\x03\x04", "zip archive"},
		{"a;b 1\na;b x\n", `line 2: "x" is no whole number`},
		{string(cprof[:len(cprof)/2]), "byte "},
		{string(cprof) + "x", "1 bytes follow"},
		{"{\"nodes\":[],", "byte "},
		{`{"other":1}`, "neither"},
		{`{"nodes":[],"samples":[1],"timeDeltas":[1]}`, "sample 0: there is no node 1"},
		{`{"nodes":[{"id":1,"parent":2},{"id":2,"parent":1}],"samples":[1],"timeDeltas":[1],"endTime":5}`, "its parents have no end"},
		{`{"profiles":[{"type":"sampled","unit":"miles"}]}`, `"miles" is no unit`},
		{`{"profiles":[{"type":"evented","unit":"none","events":[{"type":"C","at":1,"frame":0}]}]}`, "event 0 closes frame 0"},
		{"x 1 2.0: cycles:\n\n\tabc def (x)\n", "line 3: a frame without a sample"},
		{"5 function calls in 1.0 seconds\n ncalls  tottime\n nonsense here\n", "line 3"},
	} {
		p, err := Read([]byte(c.data))
		if re := (*ReadError)(nil); err == nil || !errors.As(err, &re) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%.40q: %v, %v; want %q", c.data, p, err, c.want)
		}
	}
}

// Whatever the bytes, reading ends, and what was read can be told and written,
// with its weight.
func FuzzRead(f *testing.F) {
	files, err := filepath.Glob("testdata/*.*")
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range files {
		if data, err := os.ReadFile(name); err == nil {
			f.Add(data)
		}
	}
	for _, text := range []string{
		perfText, "main;serve 3\n", "\xff\xfea\x00 \x001\x00",
		`{"nodes":[{"id":1,"callFrame":{"functionName":"f"}}],"samples":[1],"timeDeltas":[1],"startTime":1,"endTime":3}`,
		`{"shared":{"frames":[{"name":"a"}]},"profiles":[{"type":"sampled","unit":"none","samples":[[0]],"weights":[1]}]}`,
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := Read(data)
		if err != nil {
			if re := (*ReadError)(nil); !errors.As(err, &re) {
				t.Fatalf("%v is no ReadError", err)
			}
			return
		}
		var sum int64
		for _, r := range p.Table().Rows {
			sum += r.Self
		}
		if sum != p.Total() {
			t.Fatalf("rows add up to %d of %d", sum, p.Total())
		}
		var b bytes.Buffer
		if err := p.WritePprof(&b); err != nil {
			t.Fatal(err)
		}
		again, err := Read(b.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		if again.Total() != p.Total() {
			t.Fatalf("%d through pprof; was %d", again.Total(), p.Total())
		}
	})
}
