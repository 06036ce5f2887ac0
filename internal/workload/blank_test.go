package workload

import (
	"bytes"
	"strings"
	"testing"

	"webdyno/internal/load"
	"webdyno/internal/plan"
)

func withBody(method, body string) func(*plan.Exact) {
	return func(x *plan.Exact) { x.Method, x.Body = method, []byte(body) }
}

// A request with blanks is a whole request, whose length is that of every other
// one made from it.
func TestBlanksAreFilledIn(t *testing.T) {
	r := build(t, asked("/a/"+load.SeqMark+"?r="+load.RandomMark,
		withBody("POST", `{"n":`+load.SeqMark+`,"a":"`+load.RandomMark+load.RandomMark+`"}`)))
	if len(r.Blanks) != 5 {
		t.Fatalf("blanks %+v, want 5", r.Blanks)
	}
	if bytes.Contains(r.Bytes, []byte("~seq~")) || bytes.Contains(r.Last, []byte("~rnd~")) {
		t.Errorf("%q still has a mark", r.Bytes)
	}
	for _, last := range []bool{false, true} {
		form, want := bytes.Clone(r.Bytes), "POST /a/100009000000123?r="
		if last {
			form = bytes.Clone(r.Last)
		}
		for i := range r.Blanks {
			r.Blanks[i].Fill(form, last, 9, 77, 123)
		}
		if !strings.HasPrefix(string(form), want) || !strings.Contains(string(form), `{"n":100009000000123,"a":"`) {
			t.Errorf("%q, want it to begin %q", form, want)
		}
		values := map[string]bool{}
		for k := range 3 {
			b := make([]byte, 16)
			load.PutRandom(b, 77, 123, k)
			values[string(b)] = bytes.Contains(form, b)
		}
		if len(values) != 3 {
			t.Fatal("random values of one request are equal")
		}
		for v, in := range values {
			if !in {
				t.Errorf("%q lacks the random value %s", form, v)
			}
		}
	}
}

func TestWhatBlanksDoNotGoWith(t *testing.T) {
	for want, x := range map[string]plan.Exact{
		"nowhere else":     asked("/", withHeader("X-Id", load.RandomMark)),
		"beside an oracle": asked("/"+load.SeqMark, func(x *plan.Exact) { x.Expect.Oracle = "classifier" }),
	} {
		if _, err := Build(x, host); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want an error with %q", x, err, want)
		}
	}
	if set, err := Build(asked("/"), host); err != nil || set.HasBlanks() {
		t.Errorf("a plain request: %v, or has blanks", err)
	}
}
