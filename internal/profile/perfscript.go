package profile

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	pprof "github.com/google/pprof/profile"
)

var (
	// A sample's first line: command, process/thread, CPU, flags, time, period,
	// event; CPU, flags, time and period as perf was asked to print them.
	perfHead = regexp.MustCompile(`^\s*(\S.*?)\s+(\d+)(?:/(\d+))?\s+(?:\[\d+\]\s+)?(?:\S+\s+)?(?:(\d+\.\d+):\s+)?(?:(\d+)\s+)?(\S+?):\s*$`)
	// A frame: address, symbol with its offset, object. An inlined one has no
	// address of its own.
	perfFrame = regexp.MustCompile(`^\s*(?:([0-9a-f]+)\s+)?(.*?)(?:\+0x[0-9a-f]+)?\s+\((.*)\)\s*$`)
)

func looksScripted(text string) bool {
	n := 0
	for line := range strings.Lines(text) {
		if perfHead.MatchString(strings.TrimRight(line, "\r\n")) {
			return true
		}
		if n++; n > 200 {
			break
		}
	}
	return false
}

// readPerfScript reads what perf script prints: a line that tells command, time
// and event, the stack below it leaf first, an empty line. A sample weighs its
// period where one is printed (perf script -F +period), else one.
func readPerfScript(text string) (*Profile, error) {
	events, periods, err := perfEvents(text)
	if err != nil {
		return nil, err
	}
	r := &perfReader{b: newBuilder(kind("samples", "count")), events: events, periods: periods}
	for _, e := range events {
		r.b.p.SampleType = append(r.b.p.SampleType, perfKind(e, periods))
	}
	number := 0
	for line := range strings.Lines(text) {
		number++
		if err := r.line(strings.TrimRight(line, "\r\n")); err != nil {
			return nil, &ReadError{Format: PerfScript, Place: fmt.Sprintf("line %d", number), What: err.Error()}
		}
	}
	if err := r.flush(); err != nil {
		return nil, &ReadError{Format: PerfScript, Place: fmt.Sprintf("line %d", number), What: err.Error()}
	}
	var says []string
	if r.bare > 0 {
		says = append(says, fmt.Sprintf("%d samples had no stack and count for their command.", r.bare))
	}
	if !r.periods {
		says = append(says, "Not every sample has its period (perf script -F +period): each weighs one.")
	}
	if len(events) > 1 {
		says = append(says, fmt.Sprintf("Several events were sampled (%s): stacks are weighed by the last.", strings.Join(events, ", ")))
	}
	return r.b.done(PerfScript, says...)
}

// perfEvents returns the names of the events, in the order in which they come,
// and whether every sample has its period.
func perfEvents(text string) (events []string, periods bool, err error) {
	seen := map[string]bool{}
	periods = true
	for line := range strings.Lines(text) {
		m := perfHead.FindStringSubmatch(strings.TrimRight(line, "\r\n"))
		if m == nil {
			continue
		}
		periods = periods && m[5] != ""
		if seen[m[6]] {
			continue
		}
		seen[m[6]] = true
		if events = append(events, m[6]); len(events) > 16 {
			return nil, false, &ReadError{Format: PerfScript, What: "it has more than 16 events"}
		}
	}
	return events, periods, nil
}

// perfKind returns an event's name and unit: the periods of the clocks are
// nanoseconds.
func perfKind(event string, periods bool) *pprof.ValueType {
	name, _, _ := strings.Cut(event, ":")
	if periods && (name == "cpu-clock" || name == "task-clock") {
		return kind(name, "nanoseconds")
	}
	return kind(name, "count")
}

type perfReader struct {
	b      *builder
	events []string

	open    bool // within a sample
	comm    string
	event   int // index into the values
	period  int64
	stack   []*pprof.Location
	bare    int
	periods bool
}

func (r *perfReader) line(line string) error {
	switch {
	case strings.HasPrefix(line, "#"):
		return nil
	case strings.TrimSpace(line) == "":
		return r.flush()
	}
	if m := perfHead.FindStringSubmatch(line); m != nil {
		if err := r.flush(); err != nil {
			return err
		}
		return r.begin(m)
	}
	m := perfFrame.FindStringSubmatch(line)
	if m == nil {
		return fmt.Errorf("%q is neither a sample's first line nor a frame", line)
	}
	if !r.open {
		return fmt.Errorf("a frame without a sample: %q", strings.TrimSpace(line))
	}
	if len(r.stack) >= maxFrames {
		return fmt.Errorf("a stack of more than %d frames", maxFrames)
	}
	r.stack = append(r.stack, r.b.at(perfFunction(m[2], m[3])))
	return nil
}

func (r *perfReader) begin(m []string) error {
	r.open, r.comm, r.period, r.stack = true, m[1], 1, r.stack[:0]
	for i, e := range r.events {
		if e == m[6] {
			r.event = i + 1
		}
	}
	if !r.periods {
		return nil
	}
	n, err := strconv.ParseInt(m[5], 10, 64)
	if err != nil {
		return fmt.Errorf("period %s: %w", m[5], err)
	}
	r.period = n
	return nil
}

// flush books the sample that is open.
func (r *perfReader) flush() error {
	if !r.open {
		return nil
	}
	r.open = false
	if len(r.stack) == 0 {
		r.bare++
	}
	r.stack = append(r.stack, r.b.at(Function{Name: r.comm, Module: "[command]"}))
	values := make([]int64, len(r.b.p.SampleType))
	values[r.event] = r.period
	if r.event == len(r.events) { // the one that stacks are weighed by
		values[0] = 1
	}
	r.b.add(r.stack, values...)
	return nil
}

// perfFunction names a frame. Python's trampolines (-X perf) call theirs
// "py::name:file".
func perfFunction(symbol, object string) Function {
	if rest, ok := strings.CutPrefix(symbol, "py::"); ok {
		if name, file, ok := strings.Cut(rest, ":"); ok {
			return Function{Name: name, File: file}
		}
	}
	module := object
	if strings.HasPrefix(object, "[kernel.") || object == "[guest.kernel.kallsyms]" || strings.HasSuffix(object, ".ko") {
		module = "[kernel]"
	}
	if symbol == "" {
		symbol = "[unknown]"
	}
	return Function{Name: symbol, Module: module}
}
