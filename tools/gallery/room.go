package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/chromedp/chromedp"
)

// width is how wide the page is while its figures are saved: about as wide as a
// document on GitHub.
const (
	width  = 920
	height = 1200

	patience = time.Minute // with one record
)

// wanted are the figures of the page that are shown of each plan and preset.
var wanted = map[string][]string{
	"handler-work":          {"levels", "costs", "percentiles", "matrix"},
	"handler-work cores":    {"cores"},
	"handler-work capacity": {"capacity"},
	"handler-work cython":   {"levels", "ranking"},
	"event-bus":             {"curves", "heat"},
	"wsgi-survey":           {"ranking", "pairs", "usage"},
	"payload":               {"ranking", "levels"},
	"tornado-cython":        {"ranking"},
	"tornado-wire":          {"ranking"},
	"first-look":            {"ranking"},
	"first-look-go":         {"ranking"},
}

// A room is what the gallery shows of one record.
type room struct {
	plan, preset string
	command      string // that carried it out
	report       report
	pictures     []picture
}

// A report is what is told of one beside its pictures.
type report struct {
	Title       string   `json:"title"`
	Answer      []string `json:"answer"`
	Publishable bool     `json:"publishable"`
	WhyNot      []string `json:"why_not"`
	Method      struct {
		Machine string `json:"machine"`
		Webdyno string `json:"webdyno"`
		Began   string `json:"began"`
	} `json:"method"`
}

// A picture is one figure of the page.
type picture struct {
	file, title, caption string
	svg                  []byte
}

// name is what the room's pictures are called by.
func (r room) name() string {
	return strings.TrimSuffix(r.plan+"-"+r.preset, "-")
}

// visit has a record's report drawn, and takes its pictures.
func visit(browser context.Context, webdyno, record string) (room, error) {
	r, err := roomOf(record)
	if err != nil {
		return r, err
	}
	text, err := output(webdyno, "report", record, "--format", "json")
	if err != nil {
		return r, err
	}
	if err := json.Unmarshal(text, &r.report); err != nil {
		return r, fmt.Errorf("report.json: %w", err)
	}
	folder, err := os.MkdirTemp("", "gallery")
	if err != nil {
		return r, err
	}
	defer os.RemoveAll(folder)
	html := filepath.Join(folder, "report.html")
	if _, err := output(webdyno, "report", record, "--format", "html", "-o", html); err != nil {
		return r, err
	}
	page, cancel := context.WithTimeout(browser, patience)
	defer cancel()
	const figure = "section.figure svg[role=img]"
	if err := chromedp.Do(page, chromedp.Navigate("file://"+html), chromedp.WaitVisible(figure)); err != nil {
		return r, fmt.Errorf("open its report: %w", err)
	}
	there, err := chromedp.Run(page, chromedp.Evaluate[[]string](
		`[...document.querySelectorAll("section.figure")].filter((s) => s.querySelector("svg[role=img]")).map((s) => s.id)`))
	if err != nil {
		return r, fmt.Errorf("read its report: %w", err)
	}
	for _, id := range r.choose(there) {
		p, err := take(page, id)
		if err != nil {
			return r, fmt.Errorf("figure %s: %w", id, err)
		}
		p.file = r.name() + "-" + id + ".svg"
		r.pictures = append(r.pictures, p)
	}
	return r, nil
}

// choose returns which of a page's figures are shown: those wanted, else the
// first.
func (r room) choose(there []string) []string {
	var chosen []string
	for _, id := range wanted[strings.TrimSpace(r.plan+" "+r.preset)] {
		if slices.Contains(there, id) {
			chosen = append(chosen, id)
		}
	}
	if len(chosen) == 0 && len(there) > 0 {
		chosen = there[:1]
	}
	return chosen
}

// roomOf reads from a record which plan was carried out, and by what command.
func roomOf(record string) (room, error) {
	text, err := os.ReadFile(filepath.Join(record, "host.json"))
	if err != nil {
		return room{}, err
	}
	var host struct {
		Command []string `json:"command"`
	}
	if err := json.Unmarshal(text, &host); err != nil {
		return room{}, fmt.Errorf("host.json: %w", err)
	}
	var r room
	words := []string{"webdyno"}
	for i := 1; i < len(host.Command); i++ {
		switch w := host.Command[i]; {
		case w == "--out" || w == "--resume":
			i++ // the folder says nothing
			continue
		case strings.HasPrefix(w, "--out="):
			continue
		case w == "--preset" && i+1 < len(host.Command):
			r.preset = host.Command[i+1]
			words = append(words, w, r.preset)
			i++
			continue
		case !strings.HasPrefix(w, "-") && w != "run" && r.plan == "":
			r.plan = strings.TrimSuffix(filepath.Base(w), ".yaml")
		}
		words = append(words, host.Command[i])
	}
	if r.plan == "" {
		return r, fmt.Errorf("host.json names no plan that was run: %q", host.Command)
	}
	r.command = strings.Join(words, " ")
	return r, nil
}

// asides are what a caption says of the page alone.
var asides = regexp.MustCompile(` ?(Drag|Click) [^.]*\.`)

// saved is what a figure hands over.
type saved struct {
	SVG     string `json:"svg"`
	Title   string `json:"title"`
	Caption string `json:"caption"`
}

// take has the page save a figure as it does when its button is pressed, and
// catches the file on its way out.
func take(page context.Context, id string) (picture, error) {
	const save = `(id) => new Promise((done, fail) => {
		const section = document.getElementById(id), real = URL.createObjectURL;
		const button = [...section.querySelectorAll("header button")].find((b) => b.textContent.trim() === "SVG");
		if (!button) return fail(new Error("it has no button that saves it as SVG"));
		section.scrollIntoView();
		const caption = section.querySelector(".caption")?.cloneNode(true);
		for (const mark of caption?.querySelectorAll("svg") ?? []) (mark.parentElement === caption ? mark : mark.parentElement).remove();
		URL.createObjectURL = (blob) => {
			URL.createObjectURL = real;
			blob.text().then((svg) => done({ svg, title: section.querySelector("h2").textContent, caption: caption?.textContent ?? "" }));
			return "#";
		};
		button.click();
	})`
	arg, err := json.Marshal(id)
	if err != nil {
		return picture{}, err
	}
	got, err := chromedp.Run(page, chromedp.Evaluate[saved]("("+save+")("+string(arg)+")", chromedp.EvalAwaitPromise))
	if err != nil {
		return picture{}, err
	}
	svg := []byte(slim(got.SVG))
	if len(svg) > mostBytes {
		fmt.Fprintf(os.Stderr, "gallery: %s of %s has %d bytes, more than %d\n", id, got.Title, len(svg), mostBytes)
	}
	caption := asides.ReplaceAllString(strings.Join(strings.Fields(got.Caption), " "), "")
	return picture{title: got.Title, caption: caption, svg: svg}, nil
}

func output(program string, args ...string) ([]byte, error) {
	cmd := exec.Command(program, args...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", program, strings.Join(args, " "), err)
	}
	return out, nil
}
