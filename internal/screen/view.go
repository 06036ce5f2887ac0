package screen

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"webdyno/internal/report"
	"webdyno/internal/unit"
)

// Frame returns what is to be seen at this moment on a terminal of that size.
func (m *Model) Frame(size Size, style Style) string {
	s := &sheet{}
	m.draw(s, size, style)
	return s.text()
}

// draw writes the frame on s: head, subjects, standings, troubles, keys. Where
// there are fewer lines than that takes, the lists are cut, each with a word on
// what is left out.
func (m *Model) draw(s *sheet, size Size, style Style) {
	s.begin(size, style)
	m.head(s)
	fixed := s.n + 3 // the two headings, and the keys
	lists := max(size.Lines-fixed, 2)
	standing := m.standingRows()
	subjects, standings, troubles := share(lists, len(m.subjects), max(len(standing), len(m.found), 1), len(m.troubles))
	spare := lists - subjects - standings - troubles
	gap := func() {
		if spare > 0 {
			s.line()
			spare--
		}
	}
	gap()
	m.table(s, subjects)
	gap()
	m.ranking(s, standing, standings)
	if troubles > 0 {
		gap()
		m.troubled(s, troubles, spare)
	}
	for s.n < size.Lines-1 {
		s.line()
	}
	m.foot(s)
}

// share parts so many lines among lists: what troubled us last gets two lines
// before the others, and then what they leave over.
func share(lines, subjects, standings, troubles int) (a, b, c int) {
	c = min(troubles, 2, lines/4)
	lines -= c
	a = min(subjects, max(lines-standings, lines/2))
	b = min(standings, lines-a)
	c += min(troubles-c, lines-a-b)
	return a, b, c
}

// head writes what is carried out, where in the plan we are, and how long it will
// still take.
func (m *Model) head(s *sheet) {
	s.line()
	left := m.left()
	s.put(strong, cut(m.Title, max(s.room()-width(left)-3, 0)))
	s.end(plain, left)
	s.line()
	done := m.share()
	where := fmt.Sprintf("round %d of %s", m.round, m.roundsText())
	if m.trials > 0 {
		where += fmt.Sprintf(" · trial %d of %d", min(m.done+1, m.trials), m.trials)
	}
	s.put(plain, where)
	if n := s.room() - 8; n >= 10 {
		n = min(n, 30)
		s.to(s.size.Columns - 1 - n - 6)
		s.bar(done, n)
		s.right(plain, percent(done), 6)
	}
	s.line()
	m.doingNow(s)
}

func (m *Model) roundsText() string {
	switch {
	case m.rounds > 0 && m.rounds < m.Rounds.Max:
		return fmt.Sprintf("about %d", m.rounds)
	case m.Rounds.Until > 0 && m.round > m.Rounds.Min:
		return fmt.Sprintf("%d at most", m.Rounds.Max)
	case m.Rounds.Until > 0 && m.Rounds.Min < m.Rounds.Max:
		return fmt.Sprintf("%d to %d", m.Rounds.Min, m.Rounds.Max)
	}
	return fmt.Sprint(m.Rounds.Max)
}

// doingNow writes what is under way.
func (m *Model) doingNow(s *sheet) {
	switch {
	case m.paused:
		s.put(doubt, "paused")
		s.put(plain, ": p goes on")
		return
	case m.current < 0 || m.trial == nil:
		s.put(plain, m.doing)
	default:
		s.put(marked, m.subjects[m.current].name)
		s.put(plain, " "+m.doing)
		if m.last != "" && m.trial.lasts > 0 {
			s.put(plain, " at "+m.last)
		}
		if t := m.trial; t.lasts > 0 {
			s.put(faint, fmt.Sprintf(" · %s of %v", tenths(min(m.now.Sub(t.began), t.lasts)), t.lasts))
		} else {
			s.put(faint, " · "+tenths(m.now.Sub(t.began)))
		}
	}
	switch {
	case m.wanted:
		s.put(doubt, " · pausing after this trial")
	case m.stopping:
		s.put(doubt, " · stopping after this round")
	}
}

// A column is one figure of every subject.
type column struct {
	head  string
	width int // of its figures; a blank goes before it
	show  func(s *sheet, f *figures, width int)
}

// The least and the most columns of a trend, which takes what the others leave.
const (
	leastTrend = 6
	mostTrend  = 24
)

// columns are in their order on the terminal; whichever comes first in
// importance is shown even where there is little room.
var columns = [...]column{
	{"answered", 8, func(s *sheet, f *figures, w int) { s.right(strong, unit.Rate(f.rate), w) }},
	{"p50", 8, func(s *sheet, f *figures, w int) { s.right(plain, f.p50, w) }},
	{"p99", 8, func(s *sheet, f *figures, w int) { s.right(plain, f.p99, w) }},
	{"errors", 6, func(s *sheet, f *figures, w int) { s.right(inkOf(f.errors > 0), unit.Count(int64(f.errors)), w) }},
	{"server", 6, func(s *sheet, f *figures, w int) { s.right(plain, cpuText(f.server), w) }},
	{"webdyno", 7, func(s *sheet, f *figures, w int) { s.right(plain, cpuText(f.engine), w) }},
	{"lag", 8, func(s *sheet, f *figures, w int) { s.right(plain, duration(f.lag), w) }},
	{"trend", leastTrend, func(s *sheet, f *figures, w int) { s.to(s.at + 1); s.spark(marked, f.trend, w) }},
}

// importance is the order in which columns are given room, by their places.
var importance = [...]int{0, 2, 3, trend, 1, 4, 5, 6}

// trend is the place of the last of the columns.
const trend = 7

func inkOf(wrong bool) ink {
	if wrong {
		return bad
	}
	return plain
}

// cpuText is a number of CPUs.
func cpuText(n float64) string {
	if n < 0 {
		return "–"
	}
	return fmt.Sprintf("%.2f", n)
}

// table writes a row for each subject: what it does, and how its newest trial went.
func (m *Model) table(s *sheet, rows int) {
	room := s.size.Columns - 1
	names := m.nameWidth(room)
	shown := fit(room - names - 2)
	s.line()
	s.left(faint, "  subject", names+2)
	for i, c := range columns {
		switch {
		case shown[i] == 0:
		case i == trend:
			s.put(faint, "  "+c.head)
		default:
			s.right(faint, c.head, c.width+1)
		}
	}
	first, last := around(len(m.subjects), m.pointed(), rows)
	for i := first; i < last; i++ {
		m.row(s, i, names, shown)
	}
	if n := len(m.subjects) - (last - first); n > 0 {
		s.end(faint, fmt.Sprintf("%d more", n))
	}
}

// nameWidth is how many columns names get: as many as they need, and no more than
// leaves room for the first figures.
func (m *Model) nameWidth(room int) int {
	longest := len("subject")
	for _, s := range m.subjects {
		longest = max(longest, width(s.name))
	}
	return min(longest, max(room-2-9-9, 8), max(room/4, 18), 32)
}

// fit returns how wide each column is; 0 if there is no room for it.
func fit(room int) (shown [len(columns)]int) {
	for _, i := range importance {
		if n := columns[i].width + 1; n <= room {
			shown[i] = columns[i].width
			room -= n
		}
	}
	if shown[trend] > 0 {
		shown[trend] += min(room, mostTrend-leastTrend)
	}
	return shown
}

// around returns which rows of a list are shown, so that one of them is.
func around(all, one, rows int) (first, last int) {
	if one >= rows {
		first = min(one-rows/2, all-rows)
	}
	return max(first, 0), min(max(first, 0)+rows, all)
}

func (m *Model) row(s *sheet, i, names int, shown [len(columns)]int) {
	x := m.subjects[i]
	s.line()
	mark, how := markOf(x.state)
	if i == m.chosen {
		mark, how = "›", strong
	}
	s.put(how, mark)
	s.to(2)
	how = plain
	if i == m.current {
		how = marked
	}
	if x.state == skipped || x.state == failed {
		how = faint
	}
	s.left(how, x.name, names)
	if !x.figures.any {
		s.put(faint, "  "+stateText[x.state])
		return
	}
	for k, c := range columns {
		if shown[k] > 0 {
			s.to(s.at + 1)
			c.show(s, &x.figures, shown[k])
		}
	}
}

func markOf(st state) (string, ink) {
	switch st {
	case loaded:
		return "▶", marked
	case starting:
		return "◌", marked
	case ready:
		return "●", good
	case failed:
		return "✗", bad
	case skipped:
		return "⊘", faint
	}
	return "○", faint
}

var stateText = [...]string{down: "", starting: "starting and warming", ready: "warm", loaded: "", failed: "failed", skipped: "skipped by hand"}

// shownSetting is the index of the setting whose standings are shown.
func (m *Model) shownSetting() int {
	if m.setting >= 0 {
		return m.setting
	}
	return max(slices.Index(m.settings, m.last), 0)
}

// standingRows are the standings at the setting shown.
func (m *Model) standingRows() []report.Row {
	if len(m.settings) == 0 {
		return nil
	}
	name := m.settings[m.shownSetting()]
	var rows []report.Row
	for _, r := range m.standings {
		if r.Setting() == name {
			rows = append(rows, r)
		}
	}
	return rows
}

// troubled writes so many troubles. One that is longer than a line goes on below,
// as long as lines are spare.
func (m *Model) troubled(s *sheet, troubles, spare int) {
	for _, t := range m.troubles[len(m.troubles)-troubles:] {
		s.line()
		s.put(bad, "!")
		text := fmt.Sprintf(" round %d: %s", t.round, t.text)
		room := s.size.Columns - 3
		at := 0
		if width(text) > room && spare > 0 {
			at = strings.LastIndex(cut(text, room), " ")
		}
		if at > 1 {
			s.put(plain, text[:at])
			s.line()
			spare--
			text = " " + text[at:]
		}
		s.put(plain, text)
	}
}

// foot writes the keys, or the question that is to be answered.
func (m *Model) foot(s *sheet) {
	s.line()
	switch {
	case !m.Keys:
	case m.question == 'q':
		s.put(turned, " end the run now, and report what there is? y, or any other key ")
	case m.question == 's':
		s.put(turned, fmt.Sprintf(" skip %s for the rest of the run? y, or any other key ", m.subjects[m.chosen].name))
	default:
		m.keys(s)
	}
}

func (m *Model) keys(s *sheet) {
	key := func(name, what string) {
		if s.room() > width(name)+width(what)+3 {
			s.put(strong, name)
			s.put(faint, " "+what+"   ")
		}
	}
	if m.wanted {
		key("p", "go on")
	} else {
		key("p", "pause")
	}
	key("s", "skip subject")
	if m.stopping {
		key("e", "do not end")
	} else {
		key("e", "end after round")
	}
	key("q", "quit")
	key("↑↓", "choose")
	if len(m.settings) > 1 {
		key("←→", "setting")
	}
}

// left says how long the run will still take: from the plan's own estimate at
// first, from what the rounds took once there has been one.
func (m *Model) left() string {
	if left := m.ends.Sub(m.now); left > 0 {
		return "about " + short(left) + " left"
	}
	passed := m.now.Sub(m.began)
	total := m.Expected
	if share := m.share(); m.round > 1 && share > 0 {
		total = time.Duration(float64(passed) / share)
	}
	if total <= passed {
		return ""
	}
	if m.Rounds.Until > 0 && m.Rounds.Min < m.Rounds.Max {
		return short(total-passed) + " left at most"
	}
	return short(total-passed) + " left"
}

// share is how much of the run is done, from 0 to 1, if no round is left out.
func (m *Model) share() float64 {
	most := m.Rounds.Max
	if m.rounds > 0 {
		most = m.rounds
	}
	if most == 0 || m.round == 0 {
		return 0
	}
	inRound := 0.0
	if m.trials > 0 {
		inRound = min(float64(m.done)/float64(m.trials), 1)
	}
	return min((float64(m.round-1)+inRound)/float64(most), 1)
}

// duration prints a time in at most eight columns.
func duration(d time.Duration) string { return unit.Duration(d) }

// millis prints a number of milliseconds, which may be missing or a bound.
func millis(n report.Number) string {
	switch n.Kind {
	case report.Missing:
		return "–"
	case report.AtLeast:
		return "≥" + unit.Duration(time.Duration(n.X*float64(time.Millisecond)))
	}
	return unit.Duration(time.Duration(n.X * float64(time.Millisecond)))
}
