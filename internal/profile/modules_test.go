package profile

import (
	"fmt"
	"math"
	"os"
	"strings"
	"testing"
)

// Own time by module, the interpreter's library and C code apart: what is left of
// the whole is what could be gained at most.
func TestModules(t *testing.T) {
	p, err := Read([]byte(`         300 function calls in 1.000 seconds

   ncalls  tottime  percall  cumtime  percall filename:lineno(function)
      100    0.200    0.002    0.900    0.009 /usr/lib/python3/dist-packages/tornado/iostream.py:337(_run_callback)
       50    0.200    0.004    0.300    0.006 /usr/lib/python3/dist-packages/tornado/iostream.py:400(read)
       50    0.100    0.002    0.100    0.002 /usr/lib/python3.11/asyncio/base_events.py:10(run)
       50    0.300    0.006    0.300    0.006 {method 'send' of '_socket.socket' objects}
       50    0.200    0.004    0.200    0.004 /tmp/b/tornado/web.py:10(get)
`))
	if err != nil {
		t.Fatal(err)
	}
	m := p.Table().Modules()
	var got []string
	for _, x := range append(m.Own, m.Library...) {
		got = append(got, fmt.Sprintf("%s %.0f%% %d calls, at most %.2f", x.Name, 100*x.Share, x.Calls, x.AtMost()))
	}
	want := "tornado.iostream 40% 150 calls, at most 1.67; tornado.web 20% 50 calls, at most 1.25; asyncio.base_events 10% 50 calls, at most 1.11"
	if strings.Join(got, "; ") != want || math.Abs(m.Native-0.3) > 1e-9 {
		t.Errorf("got %s; native %v", strings.Join(got, "; "), m.Native)
	}
}

// The sum of a profile with itself is twice the profile, in what it counts as well
// as in what it weighs; so is that of a sum.
func TestMergeCounts(t *testing.T) {
	data, err := os.ReadFile("testdata/cpython.prof")
	if err != nil {
		t.Fatal(err)
	}
	one, err := Read(data)
	if err != nil {
		t.Fatal(err)
	}
	two, err := Merge([]*Profile{one, one})
	if err != nil {
		t.Fatal(err)
	}
	four, err := Merge([]*Profile{two, two})
	if err != nil {
		t.Fatal(err)
	}
	a, b := one.Table(), four.Table()
	if b.Calls != 4*a.Calls || b.Primitive != 4*a.Primitive || b.Total != 4*a.Total || len(a.Rows) != len(b.Rows) {
		t.Fatalf("of %d calls, %d ns in %d functions four times is %d calls, %d ns in %d functions", a.Calls, a.Total, len(a.Rows), b.Calls, b.Total, len(b.Rows))
	}
	byName := map[Function]Row{}
	for _, r := range a.Rows {
		byName[r.Function] = r
	}
	for _, r := range b.Rows {
		was := byName[r.Function]
		if r.Calls != 4*was.Calls || r.Self != 4*was.Self || r.Cumulative != 4*was.Cumulative {
			t.Errorf("%s: four times %+v is %+v", r.Function, was, r)
		}
	}
}
