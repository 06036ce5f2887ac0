// Package browser_test opens the report's page in a real browser, from disk and
// with no network to reach, and does on it what readers do.
//
// It starts Debian's Chromium where there is one, and is skipped with the reason
// where there is none. What takes longer than a glance waits until
// WEBDYNO_SUBJECTS asks for it.
package browser_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

const (
	patience = 12 * time.Minute // with everything, on two cores with others at work
	wide     = 1280
	high     = 900
)

// wanted skips what takes longer than a glance where nobody asked for it.
func wanted(t testing.TB) {
	t.Helper()
	if os.Getenv("WEBDYNO_SUBJECTS") == "" {
		t.Skip("not asked for: WEBDYNO_SUBJECTS=any uses all that is on the page, make test-subjects installs the browser first")
	}
}

// missing skips a test of what this machine lacks, unless all of it was promised.
func missing(t testing.TB, why string) {
	t.Helper()
	if os.Getenv("WEBDYNO_SUBJECTS") == "all" {
		t.Fatal(why)
	}
	t.Skip(why)
}

// start starts a browser that reaches no network, and stops it when the test ends.
func start(t testing.TB) context.Context {
	t.Helper()
	chromium := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			chromium = path
			break
		}
	}
	if chromium == "" {
		missing(t, "no browser here: apt install chromium")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(chromium), chromedp.UserDataDir(t.TempDir()), chromedp.WindowSize(wide, high),
		chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND"), chromedp.DisableGPU)
	if os.Geteuid() == 0 { // whom Chromium's sandbox refuses
		options = append(options, chromedp.NoSandbox)
	}
	ctx, giveUp := context.WithTimeout(context.Background(), patience)
	t.Cleanup(giveUp)
	ctx, kill := chromedp.NewExecAllocator(ctx, options...)
	t.Cleanup(kill)
	ctx, _ = chromedp.NewContext(ctx)
	if err := chromedp.Do(ctx, chromedp.Navigate("about:blank")); err != nil {
		missing(t, fmt.Sprintf("%s does not start: %v", chromium, err))
	}
	t.Cleanup(func() { // before the two above: asked to close, it leaves nothing behind
		if err := chromedp.Cancel(ctx); err != nil {
			t.Errorf("close the browser: %v", err)
		}
	})
	return ctx
}
