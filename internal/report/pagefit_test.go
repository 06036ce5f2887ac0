package report

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"
)

// longNames are subjects as event-bus and tornado call them.
func longNames(n int) bench {
	b := handlerWork()
	b.servers = nil
	for i := range n {
		b.servers = append(b.servers, server{
			name: "tornado", cost: line(15+float64(i), 0.1),
			variant: map[string]string{"python": "cpython-3.14-free-threaded", "loop": "uvloop", "workers": fmt.Sprint(i + 1), "logging": "structured-json"},
		})
	}
	b.rounds = 6
	return b
}

func TestTextFitsItsWidth(t *testing.T) {
	all := fixtures(t)
	all["long-names"] = longNames(4).input()
	for name, in := range all {
		r := build(t, in)
		for _, o := range []TextOptions{{}, {Short: true}, {All: true}, {Width: 100}} {
			width := max(o.Width, usualWidth)
			for l := range strings.Lines(string(textOf(t, r, o))) {
				if n := utf8.RuneCountInString(strings.TrimRight(l, "\n")); n > width {
					t.Errorf("%s: %d columns of %d: %s", name, n, width, l)
				}
			}
		}
	}
}

// A name that is too long has a line of its own, figures are whole, and words of
// other cells go on below.
func TestColumnsFit(t *testing.T) {
	p := newPage(TextOptions{Width: 60})
	p.columns([]align{left, right, left}, [][]string{
		{"", "ratio", "verdict"},
		{"go : a-subject-with-a-name-of-more-columns-than-there-are", "1.234", "undetermined (a difference is measurable)"},
		{"go : node", "2.000", "faster"},
	})
	want := "" +
		"                            ratio  verdict\n" +
		"  go : a-subject-with-a-name-of-more-columns-than-there-are\n" +
		"                            1.234  undetermined (a\n" +
		"                                   difference is measurable)\n" +
		"  go : node                 2.000  faster\n"
	if got := p.buf.String(); got != want {
		t.Errorf("laid out as\n%s\nwant\n%s", got, want)
	}
}

// Of many pairs the text has those of the best, and all where they are asked for.
func TestManyPairsAreShortened(t *testing.T) {
	const servers, settings = 7, 4
	r := build(t, longNames(servers).input())
	pairs := func(o TextOptions) (n int, text string) {
		text = string(textOf(t, r, o))
		_, after, _ := strings.Cut(text, "\nCompared by ")
		table, _, _ := strings.Cut(after, "\n  Shown")
		table, _, _ = strings.Cut(table, "\n  Geometric")
		return strings.Count(table, "tornado[") / 2, text
	}
	n, text := pairs(TextOptions{})
	if want := (servers - 1) * settings; n != want {
		t.Errorf("%d pairs are shown, want %d", n, want)
	}
	if want := "60 more pairs are shown with --all"; !strings.Contains(strings.Join(strings.Fields(text), " "), want) {
		t.Errorf("nothing says that %s", want)
	}
	if n, _ := pairs(TextOptions{All: true}); n != servers*(servers-1)/2*settings {
		t.Errorf("%d pairs are shown with --all", n)
	}
}

func TestCounted(t *testing.T) {
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1,000", 1080: "1,080", 99_999: "99,999", 1_234_567: "1.23M"} {
		if got := counted(n); got != want {
			t.Errorf("%d is written %s, want %s", n, got, want)
		}
	}
}

// Every column of a table in Markdown has a name.
func TestMarkdownNamesColumns(t *testing.T) {
	for name, in := range fixtures(t) {
		for l := range strings.Lines(markdownOf(t, build(t, in))) {
			if strings.HasPrefix(l, "| |") || strings.HasPrefix(l, "|  |") || strings.Contains(l, "|  |") && strings.Contains(l, "95 % interval") {
				if !strings.Contains(l, "claim") {
					t.Errorf("%s: %s", name, l)
				}
			}
		}
	}
}
