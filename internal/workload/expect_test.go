package workload

import (
	"strings"
	"testing"

	"webdyno/internal/plan"
)

// The check values are those of the study that this workload is from.
func TestClassify(t *testing.T) {
	for _, tc := range []struct {
		path   string
		bytes  int
		counts string
	}{
		{"/", 79, "1 1 1 1 1"},
		{"/helloworld", 83, "5 10 10 10 11"},
		{"/" + strings.Repeat("helloworld", 10), 85, "41 91 91 91 101"},
		{"/" + strings.Repeat("helloworld", 100), 90, "401 901 901 901 1001"},
	} {
		got := string(Classify([]byte(tc.path)))
		if len(got) != tc.bytes {
			t.Errorf("%d bytes of path: %d bytes of body, want %d", len(tc.path), len(got), tc.bytes)
		}
		var counts []string
		for line := range strings.Lines(got) {
			_, count, _ := strings.Cut(strings.TrimSpace(line), ":\t")
			counts = append(counts, count)
		}
		if strings.Join(counts, " ") != tc.counts {
			t.Errorf("%d bytes of path: counts %s, want %s", len(tc.path), counts, tc.counts)
		}
	}
	const want = "navytux.spb.ru:\t5\nwww.nexedi.com:\t10\nlab.nexedi.com:\t10\nwww.erp5.com:\t10\ntotal:\t11\n"
	if got := string(Classify([]byte("/helloworld"))); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestOracle(t *testing.T) {
	for _, name := range Oracles() {
		r := build(t, asked("/helloworld", func(x *plan.Exact) { x.Expect.Oracle = name }))
		if len(r.Expect.Body) != 83 {
			t.Errorf("%s: %d bytes are expected, want 83", name, len(r.Expect.Body))
		}
	}
}

func TestStatusOK(t *testing.T) {
	byDefault, asked := Expect{}, Expect{Status: []int{404, 500}}
	for status, want := range map[int]bool{199: false, 200: true, 304: true, 399: true, 400: false, 500: false} {
		if got := byDefault.StatusOK(status); got != want {
			t.Errorf("status %d by default: %v, want %v", status, got, want)
		}
	}
	for status, want := range map[int]bool{200: false, 404: true, 405: false, 500: true} {
		if got := asked.StatusOK(status); got != want {
			t.Errorf("status %d where 404 and 500 are asked for: %v, want %v", status, got, want)
		}
	}
}

func TestWrong(t *testing.T) {
	long := []byte(strings.Repeat("x", 40))
	for _, tc := range []struct {
		name   string
		e      Expect
		status int
		body   string
		want   string // "" if right
	}{
		{"anything", Expect{Bytes: -1}, 200, "whatever", ""},
		{"a status", Expect{Bytes: -1}, 500, "", "status 500, want 200–399"},
		{"a status asked for", Expect{Status: []int{200, 204}, Bytes: -1}, 404, "", "status 404, want 200 or 204"},
		{"the body", Expect{Body: []byte("hello"), Bytes: -1}, 200, "hello", ""},
		{"another body", Expect{Body: []byte("hello"), Bytes: -1}, 200, "help!", `body differs at byte 3: got "p!", want "lo"`},
		{"a shorter body", Expect{Body: []byte("hello"), Bytes: -1}, 200, "hell", "body has 4 bytes, want 5"},
		{"a longer body", Expect{Body: []byte("hell"), Bytes: -1}, 200, "hello", "body has 5 bytes, want 4"},
		{"no body", Expect{Body: []byte{}, Bytes: -1}, 200, "", ""},
		{"a body for none", Expect{Body: []byte{}, Bytes: -1}, 200, "x", "body has 1 bytes, want 0"},
		{"so many bytes", Expect{Bytes: 3}, 200, "abc", ""},
		{"too few bytes", Expect{Bytes: 3}, 200, "ab", "body has 2 bytes, want 3"},
		{"bytes where none are wanted", Expect{Bytes: 0}, 200, "ab", "body has 2 bytes, want 0"},
		{"a long difference", Expect{Body: long, Bytes: -1}, 200, strings.Repeat("y", 40),
			`body differs at byte 0: got "yyyyyyyyyyyyyyyyyyyyyyyy"…, want "xxxxxxxxxxxxxxxxxxxxxxxx"…`},
		{"controls", Expect{Body: []byte("a\tb"), Bytes: -1}, 200, "a\x00b", `body differs at byte 1: got "\x00b", want "\tb"`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			err := tc.e.Check(&Answer{Status: tc.status, Body: []byte(tc.body), Bytes: int64(len(tc.body))})
			got := ""
			if err != nil {
				got = err.Error()
			}
			if got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

// A body checked part by part must be judged as it is judged whole, whatever
// the parts.
func TestPartsAreJudgedAsTheWhole(t *testing.T) {
	e := Expect{Body: []byte("navytux"), Bytes: -1}
	for _, body := range []string{"navytux", "navytuX", "Navytux", "navytu", "navytuxx", "", "navytuxnavytux"} {
		whole := e.Check(&Answer{Status: 200, Body: []byte(body), Bytes: int64(len(body))}) == nil
		for i := range len(body) + 1 {
			right := e.PartOK(0, []byte(body[:i])) && e.PartOK(int64(i), []byte(body[i:])) && e.WholeOK(int64(len(body)))
			if right != whole {
				t.Errorf("%q cut at %d: %v in parts, %v whole", body, i, right, whole)
			}
		}
	}
}

func TestDiffers(t *testing.T) {
	e := Expect{Body: []byte("navytux"), Bytes: -1}
	for _, tc := range []struct {
		offset int64
		part   string
		want   string
	}{
		{4, "tax", `body differs at byte 5: got "ax", want "ux"`},
		{4, "tuxedo", `body goes on after the 7 bytes wanted: "edo"`},
		{7, "!", `body goes on after the 7 bytes wanted: "!"`},
		{9, "!", `body goes on after the 7 bytes wanted: "!"`},
	} {
		if e.PartOK(tc.offset, []byte(tc.part)) {
			t.Errorf("%q at %d is right, want it wrong", tc.part, tc.offset)
		}
		if got := e.Differs(tc.offset, []byte(tc.part)).Error(); got != tc.want {
			t.Errorf("%q at %d: %s, want %s", tc.part, tc.offset, got, tc.want)
		}
	}
}

// Checking a right answer is on the path of every request.
func TestCheckingAllocatesNothing(t *testing.T) {
	e := Expect{Body: []byte("hello"), Bytes: -1}
	body := []byte("hello")
	allocs := testing.AllocsPerRun(100, func() {
		if !e.StatusOK(200) || !e.PartOK(0, body) || !e.WholeOK(5) {
			t.Fatal("a right answer was judged wrong")
		}
	})
	if allocs != 0 {
		t.Errorf("%v allocations, want 0", allocs)
	}
}
