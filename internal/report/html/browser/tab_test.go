package browser_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// A tab is one page as a reader has it open, and what went wrong on it.
type tab struct {
	t      testing.TB
	ctx    context.Context
	file   string         // of the page
	folder string         // where downloads go
	saved  chan [2]string // of a file that is complete: the name it was given, and its path

	mu    sync.Mutex
	names map[string]string // of downloads under way
	wrong []string
}

// open opens a page from disk, in a tab of its own.
func open(in context.Context, t testing.TB, content []byte) *tab {
	t.Helper()
	ctx, shut := chromedp.NewContext(in)
	t.Cleanup(shut)
	folder := t.TempDir()
	p := &tab{t: t, ctx: ctx, file: filepath.Join(folder, "report.html"), folder: folder, saved: make(chan [2]string, 16), names: map[string]string{}}
	if err := os.WriteFile(p.file, content, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := chromedp.Do(ctx, chromedp.EmulateViewport(wide, high)); err != nil { // with no time limit: the tab lives as long as the first context
		t.Fatal(err)
	}
	for _, listen := range []func(context.Context, func(any)) error{chromedp.Listen, chromedp.ListenBrowser} {
		if err := listen(ctx, p.heard); err != nil {
			t.Fatal(err)
		}
	}
	events := true
	if _, err := chromedp.CallBrowser(ctx, browser.SetDownloadBehavior, browser.SetDownloadBehaviorParams{
		Behavior: browser.SetDownloadBehaviorBehaviorAllowAndName, DownloadPath: folder, EventsEnabled: &events,
	}); err != nil {
		t.Fatal(err)
	}
	p.load("")
	return p
}

// heard notes what is never heard of a page that is well.
func (p *tab) heard(event any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch e := event.(type) {
	case *runtime.EventConsoleAPICalled:
		for _, a := range e.Args {
			p.wrong = append(p.wrong, fmt.Sprintf("console %s: %s %s", e.Type, a.Value, a.Description))
		}
	case *runtime.EventExceptionThrown:
		said := e.ExceptionDetails.Text
		if e.ExceptionDetails.Exception != nil {
			said += " " + e.ExceptionDetails.Exception.Description
		}
		p.wrong = append(p.wrong, "exception: "+said)
	case *log.EventEntryAdded:
		p.wrong = append(p.wrong, fmt.Sprintf("%s: %s", e.Entry.Source, e.Entry.Text))
	case *network.EventRequestWillBeSent:
		scheme, _, _ := strings.Cut(e.Request.URL, ":")
		if scheme != "file" && scheme != "blob" && scheme != "data" && scheme != "about" {
			p.wrong = append(p.wrong, "it reaches out to "+e.Request.URL)
		}
	case *browser.EventDownloadWillBegin:
		p.names[e.GUID] = e.SuggestedFilename
	case *browser.EventDownloadProgress:
		if name, ok := p.names[e.GUID]; ok && e.State == browser.DownloadProgressStateCompleted {
			delete(p.names, e.GUID)
			p.saved <- [2]string{name, filepath.Join(p.folder, e.GUID)}
		}
	}
}

// well fails the test if anything went wrong since the last time.
func (p *tab) well(what string) {
	p.t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, w := range p.wrong {
		p.t.Errorf("%s: %s", what, w)
	}
	p.wrong = nil
}

func (p *tab) do(steps ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	ctx, giveUp := context.WithTimeout(p.ctx, 30*time.Second)
	defer giveUp()
	if err := chromedp.Do(ctx, steps...); err != nil {
		p.t.Fatal(err)
	}
}

// eval runs an expression on the page and waits for what it comes to.
func eval[T any](p *tab, expression string) T {
	p.t.Helper()
	ctx, giveUp := context.WithTimeout(p.ctx, 90*time.Second)
	defer giveUp()
	got, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		p.t.Fatal(err)
	}
	return got
}

// load opens the page anew, at a fragment.
func (p *tab) load(fragment string) {
	p.t.Helper()
	p.do(chromedp.Navigate("about:blank"), chromedp.Navigate("file://"+p.file+fragment))
	p.settle()
}

// settle waits until all that was asked for is drawn.
func (p *tab) settle() {
	p.t.Helper()
	eval[bool](p, `new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(() => done(true)))))`)
}

// unfold opens all that is folded away.
func (p *tab) unfold() {
	p.t.Helper()
	for eval[int](p, `[...document.querySelectorAll("details:not([open])")].map((d) => { d.open = true; }).length`) > 0 {
		p.settle()
	}
}

// theme has the reader prefer light or dark from here on.
func (p *tab) theme(name string) {
	p.t.Helper()
	if _, err := chromedp.Call(p.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: name}},
	}); err != nil {
		p.t.Fatal(err)
	}
}

// save clicks what saves a file, and returns its name and its content. A click
// may miss what has just moved on a busy machine: it is tried three times.
func (p *tab) save(button string) (string, []byte) {
	p.t.Helper()
	for range 3 {
		eval[bool](p, `(document.querySelector("`+button+`").scrollIntoView({ block: "center", behavior: "instant" }), true)`)
		p.settle()
		at := eval[[]float64](p, `(() => {
			const r = document.querySelector("`+button+`").getBoundingClientRect();
			return [r.left + r.width / 2, r.top + r.height / 2];
		})()`)
		p.do(chromedp.MouseClickXY(at[0], at[1])) // of clicks by a script the browser soon refuses to save more
		select {
		case s := <-p.saved:
			b, err := os.ReadFile(s[1])
			if err != nil {
				p.t.Fatal(err)
			}
			return s[0], b
		case <-time.After(15 * time.Second):
		}
	}
	p.t.Fatalf("nothing was saved by %s", button)
	return "", nil
}
