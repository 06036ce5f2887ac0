package report

import (
	"math"
	"os"
	"strconv"
	"strings"
	"testing"

	"webdyno/internal/evidence"
)

// The page that tells a sceptic what trials are looked at for is made from the
// table that they are looked at by.
func TestMethodShowsTheTable(t *testing.T) {
	const page = "../../docs/method.md"
	b, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(b), "| id | signal |")
	if !ok {
		t.Fatal("docs/method.md has no table of signals")
	}
	rest = "| id | signal |" + rest
	end := strings.Index(rest, "\n\n") + 1
	if got, want := rest[:end], signalPage(); got != want {
		if *update {
			if err := os.WriteFile(page, []byte(before+want+rest[end:]), 0o644); err != nil {
				t.Fatal(err)
			}
			return
		}
		t.Errorf("docs/method.md is not what the code says; go test -run %s -update rewrites it", t.Name())
	}
}

func signalPage() string {
	var b strings.Builder
	b.WriteString("| id | signal | against | what is read | limits | strict |\n|---|---|---|---|---|---|\n")
	for _, s := range signals() {
		strict := "the same"
		if s.strict != (limits{}) {
			strict = limitsText(s.strict, s.unit)
		}
		name := "`" + s.name + "`"
		if s.effect {
			name += " (effect)"
		}
		row := []string{s.id, name, s.what, s.reads, limitsText(s.usual, s.unit), strict}
		b.WriteString("| " + strings.Join(row, " | ") + " |\n")
	}
	return b.String()
}

func limitsText(l limits, u unitOf) string {
	var parts []string
	if l.worse <= l.warn {
		l.warn = never
	}
	for _, p := range []struct {
		g  evidence.Grade
		at float64
	}{{evidence.B, l.warn}, {l.brings, l.worse}, {evidence.X, l.invalid}} {
		if !math.IsInf(p.at, 1) {
			parts = append(parts, p.g.String()+" "+limitText(p.at, u))
		}
	}
	if l.brings == evidence.A {
		return "told"
	}
	if len(parts) == 0 {
		return "shown"
	}
	return strings.Join(parts, ", ")
}

func limitText(at float64, u unitOf) string {
	n := strconv.FormatFloat(at, 'g', -1, 64)
	switch {
	case at == 0 && u == ofThings:
		return "at one"
	case at == 0:
		return "at any"
	case u == ofAll:
		return "> " + strconv.FormatFloat(math.Round(at*1e6)/1e4, 'g', -1, 64) + " %"
	case u == ofCPUs:
		return "> " + n + " CPUs"
	case u == eachSecond:
		return "> " + n + "/s"
	}
	return "> " + n
}
