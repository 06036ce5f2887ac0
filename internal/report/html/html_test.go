package html

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"webdyno/internal/report"
)

// most is how large the page may be before data.
const most = 450 << 10

func pageOf(t *testing.T, r *report.Report, d *report.Detail) string {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, r, d); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestPageIsSmallAndTheSame(t *testing.T) {
	r := &report.Report{Title: "Which is faster?", Answer: []string{"go is 2 to 3 times as fast as tornado."}}
	page := pageOf(t, r, &report.Detail{})
	if len(page) > most {
		t.Errorf("%d bytes before data, more than %d", len(page), most)
	}
	if page != pageOf(t, r, &report.Detail{}) {
		t.Error("the same report gives another page")
	}
	for _, want := range []string{"<h1>Which is faster?</h1>", "<p>go is 2 to 3 times as fast as tornado.</p>", "default-src &#39;none&#39;"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
}

// What subjects are called and say may be anything: it must stay text.
func TestPageCannotBeBrokenOutOf(t *testing.T) {
	evil := `</script><script>alert(1)</script><!-- "'` + "\u2028"
	r := &report.Report{Title: evil, Answer: []string{evil}, WhyNot: []string{evil}}
	d := &report.Detail{Whos: []report.DetailWho{{Name: evil}}, Failed: []string{evil}, Machine: []report.Pair{{evil, evil}}}
	page := pageOf(t, r, d)
	if strings.Contains(page, "<script>alert") || strings.Count(page, "</script>") != 2 {
		t.Errorf("%d scripts end in a page of two", strings.Count(page, "</script>"))
	}
}

// The page's policy names what is in it, byte for byte; a browser would run
// nothing otherwise.
func TestPolicyNamesWhatIsThere(t *testing.T) {
	page := pageOf(t, &report.Report{Title: "a"}, &report.Detail{})
	for _, part := range []string{"<style>" + style + "</style>", "<script>" + script + "</script>"} {
		if !strings.Contains(page, part) {
			t.Errorf("the page has another %.8s than the one its policy names", part)
		}
	}
	for _, address := range regexp.MustCompile(`(?i)\b(src|href|url)\s*[=(]\s*["']?(https?:)?//`).FindAllString(page, -1) {
		t.Errorf("the page reaches out: %s", address)
	}
}

// The bundle was made of the sources that lie beside it. Whoever changes them
// runs "make web".
func TestBundleIsOfItsSources(t *testing.T) {
	var names []string
	for _, name := range []string{"build.mjs", "package-lock.json", "package.json", "tsconfig.json"} {
		names = append(names, filepath.Join("app", name))
	}
	if err := filepath.WalkDir(filepath.Join("app", "src"), func(path string, e fs.DirEntry, err error) error {
		if err == nil && e.Type().IsRegular() {
			names = append(names, path)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	for i, name := range names {
		names[i] = filepath.ToSlash(strings.TrimPrefix(name, "app"+string(filepath.Separator)))
	}
	slices.Sort(names)
	sum := sha256.New()
	for _, name := range names {
		text, err := os.ReadFile(filepath.Join("app", filepath.FromSlash(name)))
		if err != nil {
			t.Fatal(err)
		}
		sum.Write([]byte(name + "\x00"))
		sum.Write(text)
		sum.Write([]byte{0})
	}
	if want := hex.EncodeToString(sum.Sum(nil)); !strings.Contains(script[:200], want) {
		t.Errorf("page/app.js was made of other sources than app has now (%s): run make web", want)
	}
}

// Bundled again, the page is the same.
func TestBundleCanBeMadeAgain(t *testing.T) {
	if os.Getenv("WEBDYNO_SUBJECTS") == "" {
		t.Skip("make test-subjects bundles the page again: it takes node, and npm's registry or app/node_modules")
	}
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("no node here")
	}
	if _, err := os.Stat(filepath.Join("app", "node_modules", "esbuild")); err != nil {
		install := exec.Command("npm", "ci", "--no-audit", "--no-fund")
		install.Dir = "app"
		if out, err := install.CombinedOutput(); err != nil {
			t.Skipf("npm ci: %v\n%s", err, out)
		}
	}
	made := t.TempDir()
	build := exec.Command(node, "build.mjs", made)
	build.Dir = "app"
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	for name, want := range map[string]string{"app.js": script, "app.css": style} {
		if got, err := os.ReadFile(filepath.Join(made, name)); err != nil || string(got) != want {
			t.Errorf("%s is another when it is made again (%v): run make web", name, err)
		}
	}
}
