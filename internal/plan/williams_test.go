package plan

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// balanced complains unless, over the rows, each of k things stands at each
// place equally often and follows each other one equally often.
func balanced(rows [][]int, k int) error {
	places, follows := map[[2]int]int{}, map[[2]int]int{}
	for _, row := range rows {
		if len(row) != k {
			return fmt.Errorf("a row of %d things: %v", len(row), row)
		}
		for i, x := range row {
			places[[2]int{x, i}]++
			if i > 0 {
				follows[[2]int{row[i-1], x}]++
			}
		}
	}
	if len(rows)%k != 0 {
		return fmt.Errorf("%d rows of %d things", len(rows), k)
	}
	each := len(rows) / k
	for x := range k {
		for y := range k {
			if n := places[[2]int{x, y}]; n != each {
				return fmt.Errorf("%d stands at place %d %d times, want %d", x, y, n, each)
			}
			if n := follows[[2]int{x, y}]; x != y && n != each {
				return fmt.Errorf("%d follows %d %d times, want %d", y, x, n, each)
			}
		}
	}
	return nil
}

func TestWilliams(t *testing.T) {
	for k := 2; k <= 12; k++ {
		rows := williams(k)
		if want := k + k%2*k; len(rows) != want {
			t.Errorf("%d things: %d rows, want %d", k, len(rows), want)
		}
		if err := balanced(rows, k); err != nil {
			t.Errorf("%d things: %v", k, err)
		}
	}
	if got := williams(1); len(got) != 1 || !slices.Equal(got[0], []int{0}) {
		t.Errorf("one thing: %v", got)
	}
	if got := williams(0); len(got) != 0 {
		t.Errorf("nothing: %v", got)
	}
	if got := williams(4)[0]; !slices.Equal(got, []int{0, 1, 3, 2}) {
		t.Errorf("the first row of four is %v", got)
	}
}

// Whatever a plan has of variants, settings and blocks, and whichever variants a
// machine can run: the blocks of each setting make one balanced square after
// another, and a round is the same when it is asked for by itself.
func TestOrdersAreBalanced(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := rapid.IntRange(1, 9).Draw(t, "variants")
		settings := rapid.IntRange(1, 3).Draw(t, "settings")
		p := &Plan{Seed: rapid.Uint64().Draw(t, "seed"), Blocks: rapid.IntRange(1, 4).Draw(t, "blocks")}
		for i := range all {
			p.Subjects = append(p.Subjects, Subject{Name: fmt.Sprint("s", i)})
		}
		f := Factor{Name: "f"}
		for i := range settings {
			f.Levels = append(f.Levels, Num(float64(i)))
		}
		p.Factors = []Factor{f}
		var present []int
		for i := range all {
			if rapid.Bool().Draw(t, "present") {
				present = append(present, i)
			}
		}

		k := len(present)
		square := max(1, k+k%2*k)
		if k == 1 {
			square = 1
		}
		rounds := 2*square/p.Blocks + 1
		rows := make([][][]int, settings)
		for n := 1; n <= rounds; n++ {
			for _, b := range p.RoundAmong(n, present) {
				var row []int
				for _, v := range b.Order {
					row = append(row, slices.Index(present, v))
				}
				rows[b.Setting] = append(rows[b.Setting], row)
			}
		}
		for s := range rows {
			for i := 0; k > 0 && i+square <= len(rows[s]); i += square {
				if err := balanced(rows[s][i:i+square], k); err != nil {
					t.Fatalf("setting %d, square %d of %d: %v", s, i/square, k, err)
				}
			}
		}
	})
}
