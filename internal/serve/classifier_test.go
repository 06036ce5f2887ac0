package serve

import (
	"fmt"
	"strings"
	"testing"
)

// The values that the study left behind.
func TestClassifyCheckValues(t *testing.T) {
	for _, c := range []struct {
		times                           int
		navytux, nexedi, lab, erp5, all int
		bytes                           int
	}{{0, 1, 1, 1, 1, 1, 79}, {1, 5, 10, 10, 10, 11, 83}, {10, 41, 91, 91, 91, 101, 85}, {100, 401, 901, 901, 901, 1001, 90}} {
		got := Classify("/" + strings.Repeat("helloworld", c.times))
		want := fmt.Sprintf("navytux.spb.ru:\t%d\nwww.nexedi.com:\t%d\nlab.nexedi.com:\t%d\nwww.erp5.com:\t%d\ntotal:\t%d\n",
			c.navytux, c.nexedi, c.lab, c.erp5, c.all)
		if got != want || len(got) != c.bytes {
			t.Errorf("%d times: %q (%d bytes), want %q (%d)", c.times, got, len(got), want, c.bytes)
		}
	}
}

// The distance wraps in int8, which must misjudge no byte: the other languages
// take it in wider integers.
func TestIsCloseOfEveryByte(t *testing.T) {
	for _, s := range []string{navytux, nexedi, lab, erp5} {
		for b := range 256 {
			want := strings.ContainsFunc(s, func(r rune) bool { return b-1 <= int(r) && int(r) <= b+1 })
			if got := new(classifier).isClose(byte(b), s); got != want {
				t.Errorf("byte %d and %s: close is %v", b, s, got)
			}
		}
	}
}

// By table or under a lock, the answers are the same.
func TestClassifierVariantsAnswerAlike(t *testing.T) {
	var all strings.Builder
	for b := range 256 {
		all.WriteByte(byte(b))
	}
	byTable, locked := newTable().classify, oneAtATime(Classify)
	for _, target := range []string{"", "/", "/helloworld", "/" + strings.Repeat("helloworld", 100), all.String()} {
		want := Classify(target)
		if got := byTable(target); got != want {
			t.Errorf("by table: %d bytes: %q, want %q", len(target), got, want)
		}
		if got := locked(target); got != want {
			t.Errorf("under a lock: %d bytes: %q, want %q", len(target), got, want)
		}
	}
}

func TestClassifierFlags(t *testing.T) {
	want := Classify("/helloworld")
	for _, args := range [][]string{{"--table"}, {"--lock"}, {"--table", "--lock"}} {
		if got := dial(t, up(t, "classifier", args...)).get("/helloworld"); got != want {
			t.Errorf("%q: %q, want %q", args, got, want)
		}
	}
}
