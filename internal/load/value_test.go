package load

import (
	"math"
	"strconv"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// Numbers of different requests and jobs differ, as far as is promised, and
// are numbers that JSON and JavaScript take.
func TestNumbersInSequence(t *testing.T) {
	if len(SeqMark) != 15 || len(RandomMark) != 16 {
		t.Fatalf("marks of %d and %d bytes: want the widths of their values", len(SeqMark), len(RandomMark))
	}
	for _, c := range []struct {
		job  int
		n    int64
		want string
	}{
		{0, 0, "100000000000000"},
		{0, 41, "100000000000041"},
		{7, 999_999_999, "100007999999999"},
		{99_999, 999_999_999, "199999999999999"},
		{100_000, 1_000_000_000, "100000000000000"},
	} {
		b := make([]byte, len(SeqMark)+1)
		PutSeq(b, c.job, c.n)
		if got := string(b[:len(SeqMark)]); got != c.want || b[len(SeqMark)] != 0 {
			t.Errorf("request %d of job %d: %q, want %q", c.n, c.job, b, c.want)
		}
		if v, err := strconv.ParseUint(c.want, 10, 64); err != nil || v >= 1<<53 {
			t.Errorf("%s is no number of JavaScript's", c.want)
		}
	}
}

// Random values are the same for the same seed, and else have nothing in
// common.
func TestRandomValues(t *testing.T) {
	seen := map[string]bool{}
	put := func(seed uint64, n int64, k int) string {
		b := make([]byte, len(RandomMark))
		PutRandom(b, seed, n, k)
		return string(b)
	}
	for seed := range uint64(20) {
		for n := range int64(1000) {
			for k := range 3 {
				v := put(seed, n, k)
				if seen[v] || v != put(seed, n, k) {
					t.Fatalf("seed %d, request %d, value %d: %s came before, or is not the same again", seed, n, k, v)
				}
				seen[v] = true
			}
		}
	}
}

// Think times have the mean that was asked for, are the same for the same place
// and unrelated for different ones; constant ones begin anywhere within one.
func TestThinkTimes(t *testing.T) {
	for _, spread := range []Thinking{ExponentialThinking, ConstantThinking} {
		c := Closed{Connections: 1, Think: 10 * time.Millisecond, Thinking: spread}
		var sum, squares, first float64
		const places, each = 1000, 50
		for p := range int64(places) {
			k, again := c.Thinker(3, p), c.Thinker(3, p)
			for i := range each + 1 {
				d := k.Next()
				if d != again.Next() || d < 0 {
					t.Fatalf("place %d: %v, and another time something else", p, d)
				}
				if i == 0 {
					first += d.Seconds() / places
					continue
				}
				sum += d.Seconds()
				squares += d.Seconds() * d.Seconds()
			}
		}
		mean := sum / places / each
		deviation := math.Sqrt(squares/places/each - mean*mean)
		wantDeviation, wantFirst := .010, .010
		if spread == ConstantThinking {
			wantDeviation, wantFirst = 0, .005
		}
		if math.Abs(mean-.010) > .0002 || math.Abs(deviation-wantDeviation) > .0003 || math.Abs(first-wantFirst) > .001 {
			t.Errorf("%v: mean %v, deviation %v, first %v; want .010, %v, %v", spread, mean, deviation, first, wantDeviation, wantFirst)
		}
	}
	for th := range Thinking(len(thinkingNames)) {
		if got, err := ParseThinking(th.String()); err != nil || got != th {
			t.Errorf("%v is read back as %v, %v", th, got, err)
		}
	}
}

// A think time is finite, whatever the seed.
func TestThinkTimesAreFinite(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		k := Closed{Think: time.Hour}.Thinker(rapid.Uint64().Draw(t, "seed"), rapid.Int64Min(0).Draw(t, "place"))
		if d := k.Next(); d < 0 || d > 40*time.Hour {
			t.Fatalf("%v, of a mean of an hour", d)
		}
	})
}
