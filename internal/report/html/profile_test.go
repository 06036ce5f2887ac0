package html

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"webdyno/internal/profile"
	"webdyno/internal/report"
)

// profilePage writes the page of one profile or of two.
func profilePage(t *testing.T, title string, texts ...string) string {
	t.Helper()
	var all []*report.Profiled
	for i, text := range texts {
		p, err := profile.Read([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, report.ProfiledFrom([]string{"before", "after"}[i], []profile.Side{{Profile: p, Requests: 10}}))
	}
	drawn, err := all[0].Drawn(&report.Report{})
	if len(all) == 2 {
		d, e := report.CompareProfiles(all[0], all[1])
		if e != nil {
			t.Fatal(e)
		}
		drawn, err = d.Drawn()
	}
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := WriteProfile(&b, title, drawn); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// dataOf is what a page's script reads.
func dataOf(t *testing.T, page string) content {
	t.Helper()
	_, rest, _ := strings.Cut(page, `<script type="application/json" id="data">`)
	text, _, _ := strings.Cut(rest, "</script>")
	var c content
	if err := json.Unmarshal([]byte(text), &c); err != nil {
		t.Fatal(err)
	}
	return c
}

func TestProfilePage(t *testing.T) {
	page := profilePage(t, "stacks.txt", "main;serve;parse 5\nmain;serve;send 4\n")
	if len(page) > most || page != profilePage(t, "stacks.txt", "main;serve;parse 5\nmain;serve;send 4\n") {
		t.Errorf("%d bytes before data, or another page of the same profile", len(page))
	}
	c := dataOf(t, page)
	if c.Kind != "profile" || len(c.Detail.Flames) != 1 || len(c.Detail.Flames[0].Flame.Tree.Functions) != 4 {
		t.Errorf("%s, %+v", c.Kind, c.Detail.Flames)
	}
	for _, want := range []string{"<h1>stacks.txt</h1>", "<p>9 samples.</p>", "default-src &#39;none&#39;"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
}

func TestProfilePageOfTwo(t *testing.T) {
	var texts []string
	for _, name := range []string{"study-2014-plain.txt", "study-2014-compiled.txt"} {
		text, err := os.ReadFile(filepath.Join("..", "..", "profile", "testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		texts = append(texts, string(text))
	}
	page := profilePage(t, "plain → compiled", texts...)
	f := dataOf(t, page).Detail.Flames[0]
	if f.Flame.Tree != nil || len(f.Flame.Sides) != 2 || !strings.Contains(page, "1.355 s → 1.191 s (−12.1 %)") {
		t.Errorf("a tree: %v, %d sides", f.Flame.Tree != nil, len(f.Flame.Sides))
	}
}

// What functions are called may be anything: it must stay text.
func TestProfilePageCannotBeBrokenOutOf(t *testing.T) {
	evil := `</script><script>alert(1)</script><!--`
	page := profilePage(t, evil, "main;"+evil+" 3\n")
	if strings.Contains(page, "<script>alert") || strings.Count(page, "</script>") != 2 {
		t.Errorf("%d scripts end in a page of two", strings.Count(page, "</script>"))
	}
}
