// Package html lays a report out as one page: a file that needs nothing else, no
// network, and no server. The page's code is written in app, in TypeScript,
// bundled into page by "make web", and kept there so that building webdyno takes
// Go alone.
//
// The page rounds nothing: it prints the words that package report prints, and
// uses numbers for pictures alone.
package html

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"strings"

	"webdyno/internal/plan"
	"webdyno/internal/report"
)

//go:embed page/app.js
var script string

//go:embed page/app.css
var style string

//go:embed page/page.html
var frame string

// content is what the page's code reads.
type content struct {
	Version     int              `json:"version"`
	Kind        string           `json:"kind,omitempty"` // "profile" of a page of profiles; else it is a report
	Title       string           `json:"title"`
	Answer      []string         `json:"answer"`
	Publishable bool             `json:"publishable"`
	WhyNot      []string         `json:"whyNot"`
	Primary     plan.Metric      `json:"primary"`
	Notes       any              `json:"notes"`
	Claims      []claim          `json:"claims"`
	Skipped     []report.Skipped `json:"skipped"`
	Began       string           `json:"began,omitempty"`
	Detail      *report.Detail   `json:"detail"`
}

// A claim is what the page says of one.
type claim struct {
	Claim   string `json:"claim"`
	Says    string `json:"says,omitempty"`
	Outcome string `json:"outcome"`
	Figure  string `json:"figure"`
}

// Write writes the page of a report and its details to w: the same bytes for the
// same report. Its errors are those of w, and of a page that was built wrongly.
func Write(w io.Writer, r *report.Report, d *report.Detail) error {
	c := content{
		Version: 1, Title: r.Title, Answer: r.Answer, Publishable: r.Publishable, WhyNot: r.WhyNot,
		Primary: r.Primary, Notes: r.Notes, Claims: claims(r.Claims), Skipped: r.Skipped, Detail: d,
	}
	if !r.Method.Began.IsZero() {
		c.Began = r.Method.Began.Format("2006-01-02 15:04 UTC")
	}
	return write(w, c, map[string]any{
		"Title": r.Title, "Answer": r.Answer, "Standing": r.Standing(), "Instead": "report.txt beside it has every figure",
	})
}

// write writes a page of the content for its script, and of what stands in the
// frame for those who run none.
func write(w io.Writer, c content, inFrame map[string]any) error {
	data, err := json.Marshal(c) // which writes < as an escape, so that no text ends the script
	if err != nil {
		return fmt.Errorf("write page: %w", err)
	}
	t, err := template.New("page").Parse(frame)
	if err != nil {
		return fmt.Errorf("write page: %w", err)
	}
	var page bytes.Buffer
	inFrame["Policy"] = policy()
	inFrame["Style"], inFrame["Script"], inFrame["Data"] = template.CSS(style), template.JS(script), template.JS(data)
	if err := t.Execute(&page, inFrame); err != nil {
		return fmt.Errorf("write page: %w", err)
	}
	if _, err := w.Write(page.Bytes()); err != nil {
		return fmt.Errorf("write page: %w", err)
	}
	return nil
}

func claims(all []report.Claim) []claim {
	told := []claim{}
	for _, c := range all {
		told = append(told, claim{c.Claim, c.Says, c.Outcome.String(), c.Figure})
	}
	return told
}

// policy allows the page its own script and style and the pictures it makes to be
// saved, and nothing else: whatever a subject's name or last words contain, the
// page can neither run it nor send anything anywhere.
func policy() string {
	return strings.Join([]string{
		"default-src 'none'",
		"script-src '" + digest(script) + "'",
		"style-src '" + digest(style) + "'",
		"img-src blob: data:",
		"base-uri 'none'",
		"form-action 'none'",
	}, "; ")
}

// digest names a text as a content security policy does.
func digest(s string) string {
	sum := sha256.Sum256([]byte(s))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}
