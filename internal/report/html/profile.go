package html

import (
	"io"

	"webdyno/internal/report"
)

// WriteProfile writes the page of a profile, or of two and what changed between
// them: the flame graph, which a profile without stacks lacks, and the table. Its
// errors are those of Write.
func WriteProfile(w io.Writer, title string, f report.DetailFlame) error {
	answer := append(append([]string{}, f.Flame.Answer...), f.Words...)
	f.Words = nil
	c := content{
		Version: 1, Kind: "profile", Title: title, Answer: answer, Notes: []string{}, Claims: []claim{}, Skipped: []report.Skipped{},
		Detail: &report.Detail{Flames: []report.DetailFlame{f}},
	}
	return write(w, c, map[string]any{
		"Title": title, "Answer": append(answer, f.Flame.Says...), "Standing": "",
		"Instead": `"webdyno profile" prints the table as text`,
	})
}
