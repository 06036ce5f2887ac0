package browser_test

import (
	"bytes"
	_ "embed"
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"errors"
	"flag"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/google/go-cmp/cmp"
)

//go:embed walk.js
var walk string

//go:embed state.js
var state string

//go:embed axe.js
var axe string

// Every page opens, fits on a telephone, and has nothing to complain of; and,
// where it was asked for, does all that its readers can ask of it.
func TestPages(t *testing.T) {
	in := start(t)
	for _, m := range pages(t) {
		t.Run(m.name, func(t *testing.T) {
			if !slices.Contains([]string{"ranking", "profiled", "nothing"}, m.name) { // these at a glance
				wanted(t)
			}
			p := open(in, t, m.bytes)
			p.well("as it opened")
			t.Run("narrow", p.narrow)
			t.Run("controls", p.controls)
			t.Run("saving", func(t *testing.T) { p.saving(t, m) })
			t.Run("paper", p.paper)
			t.Run("axe", p.axe)
			p.shoot(t)
		})
	}
}

// What these tests listen for can be heard: a page that does everything wrong.
func TestFaultsAreHeard(t *testing.T) {
	p := open(start(t), t, []byte(`<!doctype html><meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'sha256-mB+LATbhhNoxLSfyhXQ2tZqlz2wGd5eo1PUgAFmXd+4=' 'unsafe-hashes'; img-src *">
<style>p { color: red }</style><img src="http://webdyno.invalid/picture"><p>`))
	eval[bool](p, `(console.error("so much"), setTimeout(() => { throw new Error("thrown") }), true)`)
	p.settle()
	p.mu.Lock()
	defer p.mu.Unlock()
	all := strings.Join(p.wrong, "\n")
	for _, want := range []string{"so much", "thrown", "Content Security Policy", "it reaches out to http://webdyno.invalid/picture"} {
		if !strings.Contains(all, want) {
			t.Errorf("%q was not heard in:\n%s", want, all)
		}
	}
}

// on has a tab's failures told of a test below the one it was opened in.
func (p *tab) on(t *testing.T) func() {
	above := p.t
	p.t = t
	return func() { p.t = above }
}

// At the width of a telephone nothing needs scrolling sideways, folded or not.
func (p *tab) narrow(t *testing.T) {
	defer p.on(t)()
	p.do(chromedp.EmulateViewport(390, 844))
	p.settle()
	p.unfold()
	p.settle()
	if w := eval[int](p, `document.documentElement.scrollWidth`); w > 390 {
		t.Errorf("the page is %d px wide: %s", w, eval[string](p, `[...document.querySelectorAll("main *")].filter((e) => !e.closest(".scroll, .sheet, svg") && e.getBoundingClientRect().right > 391)
			.slice(0, 4).map((e) => e.outerHTML.slice(0, 160)).join("\n")`))
	}
	p.do(chromedp.EmulateViewport(wide, high))
	p.well("narrow")
}

// Whatever is clicked, chosen or typed works, and the address keeps it.
func (p *tab) controls(t *testing.T) {
	wanted(t)
	defer p.on(t)()
	p.load("")
	used := eval[map[string]int](p, walk)
	t.Log(used)
	p.well("used")
	if eval[bool](p, `document.querySelector(".legend .all") !== null`) {
		eval[bool](p, `(document.querySelector(".legend .all").click(), true)`)
	}
	p.do(chromedp.KeyEvent("2"))
	p.drag()
	p.settle()
	p.well("by keys and by hand")
	was := eval[map[string]any](p, state)
	if used["button toggle"] > 1 && !strings.Contains(was["hash"].(string), "off=") {
		t.Errorf("a key and it is not in the address: %s", was["hash"])
	}
	p.load(was["hash"].(string))
	if diff := cmp.Diff(was, eval[map[string]any](p, state)); diff != "" {
		t.Errorf("opened by its link it is another (- was, + is):\n%s", diff)
	}
	p.well("by its link")
}

// drag draws the mouse across the first picture that it zooms.
func (p *tab) drag() {
	p.t.Helper()
	p.load(eval[string](p, `location.hash`)) // what was clicked last may still be scrolling
	at := eval[[]float64](p, `(() => {
		const svg = document.querySelector("section.figure:has([data-do=zoom-in]) .plot svg");
		if (!svg) return [];
		svg.scrollIntoView({ block: "center", behavior: "instant" });
		const b = svg.getBoundingClientRect();
		return [b.left + b.width * 0.45, b.left + b.width * 0.6, b.top + b.height / 2];
	})()`)
	if len(at) == 0 {
		return
	}
	p.do(chromedp.MouseEvent("mousePressed", at[0], at[2], chromedp.ButtonLeft, chromedp.ClickCount(1)),
		chromedp.MouseEvent("mouseMoved", at[1], at[2], chromedp.ButtonLeft),
		chromedp.MouseEvent("mouseReleased", at[1], at[2], chromedp.ButtonLeft, chromedp.ClickCount(1)))
	p.settle()
	if !strings.Contains(eval[string](p, `location.hash`), "zoom=") {
		p.t.Error("a drag across the first picture did not zoom it")
	}
}

// Every figure can be had as a drawing, as a picture and as numbers.
func (p *tab) saving(t *testing.T, m made) {
	wanted(t)
	defer p.on(t)()
	p.load("")
	p.unfold()
	for _, id := range eval[[]string](p, `[...document.querySelectorAll("section.figure")].map((s) => s.id)`) {
		button := func(kind string) string {
			return "#" + id + " [data-do=" + kind + "]"
		}
		if eval[bool](p, `document.querySelector("#`+id+` svg[role=img]") !== null`) {
			p.drawing(id, button("svg"))
			p.picture(id, button("png"))
		}
		name, text := p.save(button("csv"))
		if !strings.HasSuffix(name, "-"+id+".csv") {
			t.Errorf("%s: the numbers are called %q", id, name)
		}
		p.numbers(id, text, m)
	}
	p.well("saving")
}

// drawing saves a figure as SVG: it must be one, with something in it.
func (p *tab) drawing(id, how string) {
	p.t.Helper()
	name, text := p.save(how)
	shapes := 0
	for d := xml.NewDecoder(bytes.NewReader(text)); ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			p.t.Errorf("%s: %s: %v", id, name, err)
			return
		}
		if e, ok := token.(xml.StartElement); ok && slices.Contains([]string{"path", "circle", "rect", "line"}, e.Name.Local) {
			shapes++
		}
	}
	if shapes < 2 || !strings.HasSuffix(name, "-"+id+".svg") || bytes.Contains(text, []byte("NaN")) {
		p.t.Errorf("%s: %s has %d shapes, or places that are no numbers", id, name, shapes)
	}
}

// picture saves a figure as PNG.
func (p *tab) picture(id, how string) {
	p.t.Helper()
	name, b := p.save(how)
	c, err := png.DecodeConfig(bytes.NewReader(b))
	if err != nil || c.Width < 400 || c.Height < 100 || !strings.HasSuffix(name, "-"+id+".png") {
		p.t.Errorf("%s: %s of %d by %d: %v", id, name, c.Width, c.Height, err)
	}
}

// numbers holds what a figure saves as CSV against the table that the page shows
// of it, and, of figures, against those that Go wrote.
func (p *tab) numbers(id string, text []byte, m made) {
	p.t.Helper()
	rows, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
	if err != nil {
		p.t.Errorf("%s: %v", id, err)
		return
	}
	shown := eval[[][]string](p, `(() => {
		const tables = document.querySelectorAll("#`+id+` > details table");
		return tables.length === 1 ? [...tables[0].rows].map((r) => [...r.cells].map((c) => c.textContent.replace(/ [↑↓±]$/, ""))) : [];
	})()`)
	if len(shown) > 0 && m.report != nil {
		if len(rows) != len(shown) || strings.Join(rows[0], "|") != strings.Join(shown[0], "|") {
			p.t.Errorf("%s: %d rows under %q; the table has %d under %q", id, len(rows), rows[0], len(shown), shown[0])
		}
	}
	if id == "ranking" {
		p.figures(rows[1:], slices.Index(rows[0], "metric"), slices.Index(rows[0], "value"), m)
	}
}

// figures finds every line of a ranking's numbers among the figures.
func (p *tab) figures(rows [][]string, metric, value int, m made) {
	p.t.Helper()
	if len(rows) == 0 || metric < 0 || value < 0 {
		p.t.Fatalf("%d rows, metric in column %d, value in %d", len(rows), metric, value)
	}
	want := map[string]int{}
	for _, f := range m.detail.Figures {
		v, err := json.Marshal(f.V)
		if err != nil {
			p.t.Fatal(err)
		}
		if x, err := strconv.ParseFloat(string(v), 64); err == nil {
			want[m.detail.Whos[f.W].Name+" "+string(m.detail.Metrics[f.M].Key)+" "+strconv.FormatFloat(x, 'g', -1, 64)]++
		}
	}
	for _, r := range rows {
		x, err := strconv.ParseFloat(r[value], 64)
		key := strings.TrimPrefix(r[0], "'") + " " + r[metric] + " " + strconv.FormatFloat(x, 'g', -1, 64)
		if err != nil || want[key] == 0 {
			p.t.Errorf("saved is %q, which is no figure: %v", r, err)
		}
		want[key]--
	}
}

// On paper it is a document of some pages.
func (p *tab) paper(t *testing.T) {
	wanted(t)
	defer p.on(t)()
	p.load("")
	b, err := chromedp.Run(p.ctx, chromedp.PrintToPDF())
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.HasPrefix(b, []byte("%PDF-")) || len(b) < 10_000 {
		t.Errorf("%d bytes, which begin %.5q", len(b), b)
	}
	if shooting() {
		keep(t, "paper.pdf", b)
	}
	p.well("on paper")
}

// axe-core finds nothing serious, in light and in dark, with all tables open.
func (p *tab) axe(t *testing.T) {
	wanted(t)
	defer p.on(t)()
	lib, err := os.ReadFile(filepath.Join("..", "app", "node_modules", "axe-core", "axe.min.js"))
	if err != nil {
		missing(t, "no axe-core: tools/install-subjects, or npm ci in internal/report/html/app")
	}
	defer p.theme("")
	for _, theme := range []string{"light", "dark"} {
		p.theme(theme)
		p.load("")
		p.unfold()
		// Rows of a table are alike, and axe-core looks at every one of hundreds.
		eval[bool](p, `(document.querySelectorAll("tbody tr:nth-child(n+12)").forEach((r) => r.remove()), true)`)
		eval[bool](p, string(lib)+";true")
		for _, found := range eval[[]string](p, axe) {
			if strings.HasPrefix(found, "serious") || strings.HasPrefix(found, "critical") {
				t.Errorf("%s: %s", theme, found)
			} else {
				t.Logf("%s: %s", theme, found)
			}
		}
	}
	p.well("with axe-core")
}

// shooting tells whether screenshots are wanted: go test -artifacts.
func shooting() bool {
	f := flag.Lookup("test.artifacts")
	return f != nil && f.Value.String() == "true"
}

func keep(t *testing.T, name string, b []byte) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(t.ArtifactDir(), name), b, 0o644); err != nil {
		t.Fatal(err)
	}
}

// shoot leaves pictures of the page for somebody to look at.
func (p *tab) shoot(t *testing.T) {
	if !shooting() {
		return
	}
	for _, s := range []struct {
		name, theme string
		width       int64
	}{{"light.png", "light", wide}, {"dark.png", "dark", wide}, {"narrow.png", "light", 390}} {
		p.theme(s.theme)
		p.do(chromedp.EmulateViewport(s.width, high))
		p.load("")
		b, err := chromedp.Run(p.ctx, chromedp.FullScreenshot(100))
		if err != nil {
			t.Fatal(err)
		}
		keep(t, s.name, b)
	}
}
