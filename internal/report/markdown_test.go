package report

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"webdyno/internal/plan"
)

func markdownOf(t testing.TB, r *Report) string {
	t.Helper()
	var b bytes.Buffer
	if err := r.Markdown(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestGoldenMarkdown(t *testing.T) {
	golden(t, "handler-work.md", []byte(markdownOf(t, build(t, handlerWork().input()))))
}

func TestGoldenCSV(t *testing.T) {
	r := build(t, handlerWork().input())
	for _, table := range []string{"rows", "comparisons", "crossings", "fits"} {
		var b bytes.Buffer
		if _, err := r.CSV(&b, table); err != nil {
			t.Fatal(err)
		}
		golden(t, "handler-work-"+table+".csv", b.Bytes())
	}
}

// Of thirty subjects at eight settings there are thousands of comparisons. What
// GitHub would refuse is left out, from the least important on, and said.
func TestMarkdownStaysShort(t *testing.T) {
	b := handlerWork()
	b.rounds, b.blocks = 8, 1
	b.servers = nil
	for i := range 30 {
		b.servers = append(b.servers, server{name: fmt.Sprintf("a-rather-long-name-of-a-server-%02d", i), cost: line(20+float64(i)/3, 0.02)})
	}
	b.bytes = []float64{1, 2, 4, 8, 16, 32, 64, 128}
	r := build(t, b.input())
	text := markdownOf(t, r)
	if len(text) > mostMarkdown {
		t.Errorf("%d bytes, more than %d", len(text), mostMarkdown)
	}
	for _, want := range []string{"Shortened for GitHub", "left out here", "--format csv", "<sub>"} {
		if !strings.Contains(text, want) {
			t.Errorf("it lacks %q", want)
		}
	}
	if open, shut := strings.Count(text, "<details>"), strings.Count(text, "</details>"); open != shut || open == 0 {
		t.Errorf("%d parts are folded and %d end", open, shut)
	}
	if !strings.Contains(text, escaped(r.Answer[0])) {
		t.Error("the answer is not whole")
	}
}

// unescaped reads an escaped text again, as GitHub would show it. Whatever could
// have meant something is an error.
func unescaped(t interface{ Errorf(string, ...any) }, s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		rest := s[i:]
		switch {
		case s[i] == '\\' && i+1 < len(s):
			i++
			b.WriteByte(s[i])
		case strings.HasPrefix(rest, wordJoiner):
			i += len(wordJoiner) - 1
		case strings.HasPrefix(rest, "&lt;"):
			b.WriteByte('<')
			i += 3
		case strings.HasPrefix(rest, "&amp;"):
			b.WriteByte('&')
			i += 4
		case strings.HasPrefix(rest, "<span>$</span>"):
			b.WriteByte('$')
			i += len("<span>$</span>") - 1
		case strings.ContainsRune("\\`*[]|~$", rune(s[i])):
			t.Errorf("a bare %q in %q", s[i], s)
		case marks.MatchString(rest):
			t.Errorf("%q means something in %q", marks.FindString(rest), s)
		default:
			b.WriteByte(s[i])
		}
	}
	return b.String()
}

// marks are what Markdown and GitHub see something in, at the start of a text.
var marks = regexp.MustCompile(`^(<[A-Za-z/!?]|&[A-Za-z#]|[@#][^` + wordJoiner + `]|[@#]$|:[a-z0-9_+-]+:)`)

// nasty draws texts of the characters that mean something somewhere.
func nasty() *rapid.Generator[string] {
	return rapid.StringOf(rapid.OneOf(
		rapid.SampledFrom([]rune("\\`*_[]()<>&|#@$~:;!-+=.,'\"/?{} \t\r\n1ax\u200bé\x1b\x00\u2028\u202e＝")), rapid.Rune(),
	))
}

// What is escaped is read as it was, and means nothing on the way.
func TestEscaping(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := nasty().Draw(t, "text")
		want := strings.ReplaceAll(oneLine(s), wordJoiner, "")
		if got := unescaped(t, escaped(s)); got != want {
			t.Errorf("%q is escaped as %q, which reads as %q", s, escaped(s), got)
		}
		if got := unescaped(t, paragraphed(s)); len([]rune(want)) < mostSentence && got != want {
			t.Errorf("%q begins a line as %q, which reads as %q", s, paragraphed(s), got)
		}
		if p := paragraphed(s); regexp.MustCompile(`^([-+=>]|\d+[.)])`).MatchString(p) {
			t.Errorf("%q would begin a list or a quotation", p)
		}
		if h := inHTML(s); strings.ContainsAny(h, "<>\n") {
			t.Errorf("%q has a tag", h)
		}
	})
}

// Whatever subjects are called, every row has as many cells as its heads, and no
// tag is anybody's but ours.
func TestMarkdownOfNastyNames(t *testing.T) {
	ours := regexp.MustCompile(`</?(details|summary|sub|br|code|span)>`)
	rapid.Check(t, func(rt *rapid.T) {
		b := handlerWork()
		b.rounds, b.blocks, b.bytes = 2, 1, []float64{1}
		b.servers[0].name, b.servers[1].name = "a"+nasty().Draw(rt, "a"), "b"+nasty().Draw(rt, "b")
		b.servers[0].variant = map[string]string{"python": nasty().Draw(rt, "variant")}
		in := b.input()
		in.Plan.Title = nasty().Draw(rt, "title")
		in.Plan.Claims = []plan.Claim{{Text: nasty().Draw(rt, "claim"), Says: nasty().Draw(rt, "says")}}
		text := markdownOf(t, build(t, in))
		if len(text) > mostMarkdown {
			rt.Errorf("%d bytes", len(text))
		}
		markdownRows(t, text)
		outside := regexp.MustCompile("(?s)```.*?```").ReplaceAllString(text, "")
		if m := regexp.MustCompile(`<[A-Za-z/!?][^>]*>?`).FindAllString(ours.ReplaceAllString(outside, "\x00"), -1); m != nil {
			rt.Errorf("tags %q in\n%s", m, text)
		}
	})
}

// The one rule for reading: an apostrophe at the start is taken away. What is left
// is the text, and no spreadsheet has reckoned it out.
func TestTextsAreNoFormulas(t *testing.T) {
	for _, s := range []string{"=1+1", "+1", "-2+3+cmd|' /C calc'!A0", "@SUM(A1)", "\t=1", "'quoted", "＝1"} {
		if got := unformulated(s); got != "'"+s {
			t.Errorf("%q stays %q", s, got)
		}
	}
	for _, s := range []string{"", "go", "tornado[python=pypy]", "1", ">=10000"} {
		if got := unformulated(s); got != s {
			t.Errorf("%q becomes %q", s, got)
		}
	}
	if got := plainText(plan.Num(-5)); got != "-5" {
		t.Errorf("the level -5 is %q", got)
	}
	if got := plainText(plan.TextLevel("-5")); got != "'-5" {
		t.Errorf("the text -5 is %q", got)
	}
	rapid.Check(t, func(t *rapid.T) {
		s := nasty().Draw(t, "text")
		got := unformulated(s)
		if got != "" && strings.ContainsRune("=+-@\t\r\n", []rune(got)[0]) {
			t.Errorf("%q begins a formula", got)
		}
		if strings.TrimPrefix(got, "'") != s {
			t.Errorf("%q is not read from %q", s, got)
		}
	})
}

// A line of CSV is read as it was written, by RFC 4180 alone.
func TestTableReadsBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		fields := rapid.SliceOfN(nasty(), 1, 5).Draw(t, "fields")
		var b bytes.Buffer
		writeCSV(&b, fields)
		got, rest := readCSV(b.String())
		if rest != "" || len(got) != len(fields) {
			t.Fatalf("%q is read as %q, and %q is left", b.String(), got, rest)
		}
		for i := range fields {
			if got[i] != fields[i] {
				t.Errorf("field %d: %q is read as %q", i, fields[i], got[i])
			}
		}
	})
}

// readCSV reads one record as the grammar of RFC 4180 has it.
func readCSV(s string) (fields []string, rest string) {
	for {
		field := ""
		if after, quoted := strings.CutPrefix(s, `"`); quoted {
			for s = after; ; {
				i := strings.Index(s, `"`)
				if i < 0 {
					return nil, s
				}
				field, s = field+s[:i], s[i+1:]
				if !strings.HasPrefix(s, `"`) {
					break
				}
				field, s = field+`"`, s[1:]
			}
		} else {
			i := strings.IndexAny(s, ",\r\n\"")
			if i < 0 {
				return nil, s
			}
			field, s = s[:i], s[i:]
		}
		fields = append(fields, field)
		if strings.HasPrefix(s, "\r\n") {
			return fields, s[2:]
		}
		if !strings.HasPrefix(s, ",") {
			return nil, s
		}
		s = s[1:]
	}
}
