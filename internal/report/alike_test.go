package report

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"webdyno/internal/plan"
)

// fixtures are reports of every kind that the tests know.
func fixtures(t *testing.T) map[string]Input {
	c := contest{names: []string{"go", "node", "tornado[python=cpython]", "tornado[python=pypy]"}, levels: []float64{1, 101}, rounds: 10,
		rates:  noisy(11, 0.01, map[string]float64{"go": 1e-5 * 3, "node": 1e-5 * 2.6, "tornado[python=cpython]": 1e-5 * 1.3, "tornado[python=pypy]": 1e-5 * 1.32}),
		claims: []string{"throughput: go > node", "throughput: spread among go, node < 1.3", "throughput: crossing of go and node on n in 1..101"}}
	own := plan.OwnMetric{Name: "loop", Unit: "s", Better: "lower"}
	return map[string]Input{
		"handler-work":  handlerWork().input(),
		"rates":         threeBuses(),
		"capacities":    hunted(map[string]float64{"go": 2000, "node": 1500}, 10),
		"scaling":       scales(universal(10_000, 0.05, 0.01), 1, 2, 4, 6, 8, 12),
		"twins":         withTwin(1, false),
		"self-measured": selfMeasured(own, map[string]float64{"plain": 0.2, "compiled": 0.1}),
		"contest":       c.input(t),
	}
}

// A shownRow is a line of a table as somebody reads it.
type shownRow struct {
	title, heading string
	cells          []string
}

// has tells whether the line has these cells one after the other.
func (s shownRow) has(cells ...string) bool {
	for i := range len(s.cells) - len(cells) + 1 {
		if slices.Equal(s.cells[i:i+len(cells)], cells) {
			return true
		}
	}
	return false
}

// textRows reads the tables of the text again.
func textRows(text string) []shownRow {
	var rows []shownRow
	title, heading := "", ""
	between := regexp.MustCompile(` {2,}`)
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		cells := between.Split(strings.TrimSpace(line), -1)
		switch {
		case line != "" && !strings.HasPrefix(line, " "):
			title, heading = line, ""
		case len(cells) == 1:
			heading = cells[0]
		default:
			rows = append(rows, shownRow{title, heading, cells})
		}
	}
	return rows
}

// markdownRows reads the tables of the Markdown again.
func markdownRows(t *testing.T, text string) []shownRow {
	var rows []shownRow
	title, width := "", 0
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		if s, ok := strings.CutPrefix(line, "#### "); ok {
			title = unescaped(t, s)
		} else if s, ok := strings.CutPrefix(line, "<details><summary>"); ok {
			title = strings.NewReplacer("&amp;", "&", "&lt;", "<", "&gt;", ">", "&#34;", `"`, "&#39;", "'").Replace(strings.TrimSuffix(s, "</summary>"))
		}
		if !strings.HasPrefix(line, "|") {
			width = 0
			continue
		}
		cells := markdownCells(t, line)
		if width > 0 && len(cells) != width {
			t.Errorf("%d cells below %d heads: %s", len(cells), width, line)
		}
		width = len(cells)
		rows = append(rows, shownRow{title, cells[0], cells})
	}
	return rows
}

// markdownCells splits a row as GitHub does: at bars that no backslash is before.
func markdownCells(t *testing.T, line string) []string {
	var cells []string
	var cell strings.Builder
	line = strings.NewReplacer("<br>", " ", "<code>", "", "</code>", "").Replace(line)
	for i := 1; i < len(line); i++ {
		switch {
		case line[i] == '\\' && i+1 < len(line):
			cell.WriteString(line[i : i+2])
			i++
		case line[i] == '|':
			cells = append(cells, unescaped(t, strings.TrimSpace(cell.String())))
			cell.Reset()
		default:
			cell.WriteByte(line[i])
		}
	}
	return cells
}

// A figure is the same words wherever a person reads it: text, Markdown, the page.
func TestFiguresAreAlikeEverywhere(t *testing.T) {
	for name, in := range fixtures(t) {
		t.Run(name, func(t *testing.T) {
			r, d := detailOf(t, in)
			var md bytes.Buffer
			if err := r.Markdown(&md); err != nil {
				t.Fatal(err)
			}
			text := textRows(string(textOf(t, r, TextOptions{Width: 1000})))
			markdown := markdownRows(t, md.String())
			shown := laidOut(r.tables)
			for i, row := range r.Rows {
				if f := d.Figures[i]; f.Text != row.text() || f.Span != row.interval() || f.Rank != row.rankText() || f.Grade != row.Grade.String() {
					t.Errorf("the page has %+v of %+v", f, row)
				}
				title, cells := shownIn(r, shown, row)
				if title == "" {
					continue // report.json and CSV alone have it
				}
				for form, rows := range map[string][]shownRow{"text": text, "Markdown": markdown} {
					if !slices.ContainsFunc(rows, func(s shownRow) bool {
						at := settingName(r.factors, row.Factors)
						return s.title == title && s.has(row.name()) && s.has(cells...) && (at == "" || s.heading == at)
					}) {
						t.Errorf("%s has no %q of %s %s below %q", form, cells, row.name(), settingName(r.factors, row.Factors), title)
					}
				}
			}
			for i, c := range r.Comparisons {
				if f := d.Comparisons[i]; f.Text != c.Ratio.in("") || f.Span != c.interval() || f.P != c.PAdjusted.in("") || f.Said != c.verdictText() {
					t.Errorf("the page has %+v of %+v", f, c)
				}
				cells := []string{c.A.name() + " : " + c.B.name(), c.Ratio.in(""), c.interval(), c.PAdjusted.in(""), fmt.Sprint(c.N), c.verdictText()}
				for form, rows := range map[string][]shownRow{"text": text, "Markdown": markdown} {
					if !slices.ContainsFunc(rows, func(s shownRow) bool { return strings.HasPrefix(s.title, "Compared by ") && s.has(cells...) }) {
						t.Errorf("%s lacks %q", form, cells)
					}
				}
			}
		})
	}
}

// What the text tells of, Markdown tells of, if folded away: a part that is added to
// the one is added to the other.
func TestMarkdownLeavesNoPartOut(t *testing.T) {
	for name, in := range fixtures(t) {
		r := build(t, in)
		var md bytes.Buffer
		if err := r.Markdown(&md); err != nil {
			t.Fatal(err)
		}
		titles := map[string]bool{}
		for line := range strings.Lines(string(textOf(t, r, TextOptions{}))) {
			if s := strings.TrimSpace(line); !strings.HasPrefix(line, " ") && s != "" && !strings.HasPrefix(s, metricHead(r.Primary)) {
				titles[s] = true
			}
		}
		for s := range titles {
			if !strings.Contains(md.String(), escaped(s)) && !strings.Contains(md.String(), inHTML(s)) {
				t.Errorf("%s: Markdown has no part called %q", name, s)
			}
		}
	}
}

// shownIn returns the table in which a person finds a row, and its cells there.
func shownIn(r *Report, shown []section, row Row) (title string, cells []string) {
	heads := []string{metricHead(row.Metric) + ", " + r.better(row.Metric)}
	if (row.Metric == plan.ResponseP50 || row.Metric == plan.ResponseP99) && row.Metric != r.Primary {
		heads = []string{"Response time, less is better"}
	}
	for _, s := range shown {
		if slices.Contains(heads, s.title) {
			return s.title, []string{row.text(), row.interval()}
		}
	}
	return "", nil
}

// A table of CSV has the numbers of report.json, to the last digit.
func TestCSVHasTheNumbersOfJSON(t *testing.T) {
	for name, in := range fixtures(t) {
		t.Run(name, func(t *testing.T) {
			r := build(t, in)
			var report map[string]json.RawMessage
			if err := json.Unmarshal(jsonOf(t, r), &report); err != nil {
				t.Fatal(err)
			}
			for _, table := range CSVTables() {
				lines := csvOf(t, r, table)
				var objects []map[string]any
				if table == "scaling" || !decoded(report[table], &objects) {
					continue // that one has a line for each of an object's points
				}
				if table != "rows" && len(lines)-1 != len(objects) || len(lines)-1 < len(objects) {
					t.Fatalf("%s: %d lines of %d objects", table, len(lines)-1, len(objects))
				}
				for i, o := range objects {
					line := map[string]string{}
					for k, head := range lines[0] {
						line[head] = lines[i+1][k]
					}
					sameNumbers(t, table, "", o, line)
				}
			}
		})
	}
}

func decoded(text []byte, into any) bool {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	return len(text) > 0 && d.Decode(into) == nil
}

func csvOf(t *testing.T, r *Report, table string) [][]string {
	t.Helper()
	var b bytes.Buffer
	n, err := r.CSV(&b, table)
	if err != nil {
		t.Fatal(err)
	}
	lines, err := csv.NewReader(&b).ReadAll()
	if err != nil || len(lines) != n+1 {
		t.Fatalf("%s: %d lines, %v; told of %d", table, len(lines), err, n)
	}
	return lines
}

// sameNumbers holds every leaf of an object against the line.
func sameNumbers(t *testing.T, table, prefix string, object map[string]any, line map[string]string) {
	t.Helper()
	for key, v := range object {
		want, columns := "", []string{prefix + key}
		switch v := v.(type) {
		case map[string]any:
			sameNumbers(t, table, prefix+key+".", v, line)
			continue
		case []any:
			if len(v) > 0 {
				if _, ok := v[0].(map[string]any); ok && key != "notes" || strings.HasPrefix(prefix, "trajectory") {
					continue // a table of its own
				}
			}
			var parts []string
			for _, x := range v {
				if note, ok := x.(map[string]any); ok {
					x = note["kind"]
				}
				parts = append(parts, fmt.Sprint(x))
			}
			switch key {
			case "rank":
				columns = []string{"rank_best", "rank_worst"}
			case "between", "after_s":
				columns = []string{prefix + key + "_lo", prefix + key + "_hi"}
			case "last":
				parts = []string{strings.Join(parts, "\n")}
			default:
				parts = []string{strings.Join(parts, "; ")}
			}
			for i, p := range parts {
				sameCell(t, table, columns[i], line, unformulated(p))
			}
			continue
		case nil:
		case json.Number:
			want = v.String()
		case string:
			want = unformulated(v)
		default:
			want = fmt.Sprint(v)
		}
		if v == nil && (key == "rank" || key == "notes") {
			continue
		}
		sameCell(t, table, columns[0], line, want)
	}
}

func sameCell(t *testing.T, table, column string, line map[string]string, want string) {
	t.Helper()
	if got, ok := line[column]; !ok || got != want {
		t.Errorf("%s: %s is %q (there: %v), report.json has %q; columns %v", table, column, got, ok, want, slices.Sorted(maps.Keys(line)))
	}
}
