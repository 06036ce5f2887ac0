package profile

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
)

var (
	listedHead = regexp.MustCompile(`^\s*([0-9,]+) function calls(?: \(([0-9,]+) primitive calls\))? in ([0-9.]+) (?:CPU )?seconds`)
	listedCut  = regexp.MustCompile(`^\s*List reduced from (\d+) to (\d+) due to restriction`)
	listedRow  = regexp.MustCompile(`^\s*(\d+)(?:/(\d+))?\s+(-?[0-9.]+)\s+(?:[0-9.]+|-)?\s*(-?[0-9.]+)\s+(?:[0-9.]+|-)?\s*(\S.*?)\s*$`)
	listedFunc = regexp.MustCompile(`^(.*):(\d+)\((.*)\)$`)
)

// notListed is the row that has what a listing does not show.
const notListed = "(not listed)"

func looksListed(text string) bool {
	for line := range strings.Lines(text) {
		if listedHead.MatchString(line) {
			return true
		}
	}
	return false
}

// readListing reads what pstats prints. A listing is rounded to milliseconds,
// knows no callers, and may be cut short: what its head has beyond its rows
// becomes a row of its own.
func readListing(text string) (*Profile, error) {
	l := &lister{}
	number := 0
	for line := range strings.Lines(text) {
		number++
		if err := l.line(strings.TrimRight(line, "\r\n")); err != nil {
			return nil, &ReadError{Format: Listing, Place: fmt.Sprintf("line %d", number), What: err.Error()}
		}
	}
	if len(l.stats) == 0 {
		return nil, &ReadError{Format: Listing, What: "it has a head and no rows"}
	}
	return l.profile()
}

type lister struct {
	seen             bool // the head
	calls, primitive int64
	total            int64 // ns
	from             int   // rows before it was cut; 0 if it was not
	table            bool  // the column headings have passed
	stats            []pstat
}

func (l *lister) line(line string) error {
	if m := listedHead.FindStringSubmatch(line); m != nil {
		if l.seen {
			return fmt.Errorf("a second head: one listing to a file")
		}
		return l.head(m)
	}
	if m := listedCut.FindStringSubmatch(line); m != nil {
		n, err := strconv.Atoi(m[1])
		if err != nil {
			return err
		}
		l.from = max(l.from, n)
		return nil
	}
	if strings.Contains(line, "ncalls") && strings.Contains(line, "tottime") {
		l.table = true
		return nil
	}
	if !l.table || strings.TrimSpace(line) == "" {
		return nil // "Ordered by: …", the date
	}
	m := listedRow.FindStringSubmatch(line)
	if m == nil {
		return fmt.Errorf("%q is no row: ncalls tottime percall cumtime percall function", line)
	}
	return l.row(m)
}

func (l *lister) head(m []string) error {
	var err error
	if l.calls, err = count(m[1]); err != nil {
		return err
	}
	l.primitive = l.calls
	if m[2] != "" {
		if l.primitive, err = count(m[2]); err != nil {
			return err
		}
	}
	l.seen = true
	l.total, err = seconds(m[3])
	return err
}

func (l *lister) row(m []string) error {
	s := pstat{f: listedFunction(m[5])}
	var err error
	if s.calls, err = count(m[1]); err != nil {
		return err
	}
	s.primitive = s.calls
	if m[2] != "" {
		if s.primitive, err = count(m[2]); err != nil {
			return err
		}
	}
	if s.own, err = seconds(m[3]); err != nil {
		return err
	}
	if s.cumulative, err = seconds(m[4]); err != nil {
		return err
	}
	l.stats = append(l.stats, s)
	return nil
}

func listedFunction(text string) Function {
	if m := listedFunc.FindStringSubmatch(text); m != nil {
		if line, err := strconv.ParseInt(m[2], 10, 64); err == nil {
			return Function{Name: m[3], File: m[1], Line: line}
		}
	}
	return Function{Name: text}
}

func count(s string) (int64, error) { return strconv.ParseInt(strings.ReplaceAll(s, ",", ""), 10, 64) }

func seconds(s string) (int64, error) {
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || math.Abs(f) > 1e9 {
		return 0, fmt.Errorf("%q is no number of seconds", s)
	}
	return int64(math.Round(f * 1e9)), nil
}

// profile adds what the head has beyond the rows. Where all rows are there, the
// difference in time is that of rounding, and is said.
func (l *lister) profile() (*Profile, error) {
	calls, primitive, total := l.calls, l.primitive, l.total
	for _, s := range l.stats {
		calls, primitive, total = calls-s.calls, primitive-s.primitive, total-s.own
	}
	says := []string{
		"A listing is rounded to milliseconds and knows no callers.",
		"cProfile charges each Python call for being counted: its seconds are not those of a plain run.",
	}
	switch {
	case l.seen && (calls > 0 || l.from > len(l.stats)):
		l.stats = append(l.stats, pstat{f: Function{Name: notListed}, calls: calls, primitive: primitive, own: total, cumulative: 0})
		says = append(says, fmt.Sprintf("The listing shows %d rows and not all: the others are one row here.", len(l.stats)-1))
	case l.seen && calls < 0:
		says = append(says, "The rows add up to more calls than the head says.")
	case l.seen && total != 0:
		word := "less"
		if total < 0 {
			word, total = "more", -total
		}
		says = append(says, fmt.Sprintf("The rows add up to %.3f s %s than the head says: they are rounded.", float64(total)/1e9, word))
	}
	p, err := fromStats(l.stats, Listing, says...)
	if err != nil {
		return nil, err
	}
	if l.seen {
		p.Data.Comments = append(p.Data.Comments, fmt.Sprintf("%s%d calls %d primitive %d ns", commentTotal, l.calls, l.primitive, l.total))
	}
	return p, nil
}
