package latency

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"
)

// An Interval is one line of a histogram log: what was recorded in a stretch
// of time.
type Interval struct {
	Tag       string        // of which series; empty for none
	Start     time.Time     // to the millisecond
	Length    time.Duration // likewise
	Histogram *Histogram
}

// maxUnit is what the third column of a log, the interval's maximum, is counted
// in: milliseconds, as HdrHistogram's own tools write it.
const maxUnit = float64(time.Millisecond)

// A LogWriter writes an HdrHistogram log, version 1.3: a few comment lines, then
// a line per interval. What it writes is plain ASCII and the same for equal
// intervals.
type LogWriter struct {
	w     io.Writer
	start time.Time
}

// NewLogWriter begins a log with its header. Start is the start of the log, and
// the times of its intervals are written relative to it.
func NewLogWriter(w io.Writer, start time.Time) (*LogWriter, error) {
	start = start.UTC().Round(time.Millisecond)
	stamp := seconds(start.UnixMilli())
	_, err := fmt.Fprintf(w, "#[Histogram log format version 1.3]\n"+
		"#[StartTime: %s (seconds since epoch), %s]\n"+
		"#[BaseTime: %s (seconds since epoch)]\n"+
		"\"StartTimestamp\",\"Interval_Length\",\"Interval_Max\",\"Interval_Compressed_Histogram\"\n",
		stamp, start.Format("2006-01-02T15:04:05.000Z"), stamp)
	if err != nil {
		return nil, fmt.Errorf("write histogram log: %w", err)
	}
	return &LogWriter{w, start}, nil
}

// Write appends a line, in one call of the underlying Write. A tag must not
// hold a comma, a quote or white space: it would end the column.
func (l *LogWriter) Write(i Interval) error {
	if strings.ContainsAny(i.Tag, ", \"\t\r\n") {
		return fmt.Errorf("write histogram log: tag %q holds a comma, a quote or white space", i.Tag)
	}
	payload, err := i.Histogram.MarshalText()
	if err != nil {
		return fmt.Errorf("write histogram log: %w", err)
	}
	var line bytes.Buffer
	if i.Tag != "" {
		line.WriteString("Tag=" + i.Tag + ",")
	}
	fmt.Fprintf(&line, "%s,%s,%.3f,%s\n",
		seconds(i.Start.Sub(l.start).Round(time.Millisecond).Milliseconds()),
		seconds(i.Length.Round(time.Millisecond).Milliseconds()),
		float64(i.Histogram.Max())/maxUnit, payload)
	if _, err := l.w.Write(line.Bytes()); err != nil {
		return fmt.Errorf("write histogram log: %w", err)
	}
	return nil
}

// seconds writes milliseconds as seconds, exactly.
func seconds(ms int64) string {
	sign := ""
	if ms < 0 {
		sign, ms = "-", -ms
	}
	return fmt.Sprintf("%s%d.%03d", sign, ms/1000, ms%1000)
}

// A LogReader reads an HdrHistogram log line by line, as our LogWriter or
// another tool wrote it: with or without tags, times relative to a base or
// absolute. It holds one line at a time, so a log of any length can be read.
type LogReader struct {
	lines  *bufio.Scanner
	decode *Decoder
	line   int // of the last line read, from 1
	err    error

	start time.Time // of the log, if its header says it
	base  time.Time // what the times of the lines are relative to
	based bool      // base is settled
}

// NewLogReader returns a reader of the log r.
func NewLogReader(r io.Reader) *LogReader { return new(Decoder).Log(r) }

// Log returns a reader of the log r that uses d's buffers: of the readers that a
// Decoder has made, only the last is of use.
func (d *Decoder) Log(r io.Reader) *LogReader {
	if d.scan == nil {
		d.scan = make([]byte, 0, 64<<10)
	}
	s := bufio.NewScanner(r)
	s.Buffer(d.scan, MaxEncoded+1024)
	return &LogReader{lines: s, decode: d}
}

// Start returns the start of the log, as its header says; the zero Time if the
// header, as far as it has been read, does not.
func (l *LogReader) Start() time.Time { return l.start }

// Next returns the next interval, and io.EOF after the last. Every other error
// names its line, and is returned again by every further call: what follows a
// broken line is not to be trusted.
func (l *LogReader) Next() (Interval, error) {
	for l.err == nil && l.lines.Scan() {
		l.line++
		text := bytes.TrimSpace(l.lines.Bytes())
		switch {
		case len(text) == 0 || bytes.HasPrefix(text, []byte(`"StartTimestamp"`)):
		case text[0] == '#':
			l.err = l.comment(string(text))
		default:
			i, err := l.interval(text)
			if err == nil {
				return i, nil
			}
			l.err = err
		}
		if l.err != nil {
			l.err = fmt.Errorf("histogram log, line %d: %w", l.line, l.err)
		}
	}
	if l.err == nil {
		l.err = l.end()
	}
	return Interval{}, l.err
}

// end says why there are no more lines.
func (l *LogReader) end() error {
	err := l.lines.Err()
	if err == nil {
		return io.EOF
	}
	if errors.Is(err, bufio.ErrTooLong) {
		err = fmt.Errorf("longer than the %d bytes that are read", MaxEncoded+1024)
	}
	return fmt.Errorf("histogram log, line %d: %w", l.line+1, err)
}

// comment takes from a comment line what it says about times.
func (l *LogReader) comment(text string) error {
	for _, c := range []struct {
		prefix string
		set    func(time.Time)
	}{
		{"#[StartTime:", func(t time.Time) { l.start = t }},
		{"#[BaseTime:", func(t time.Time) { l.base, l.based = t, true }},
	} {
		rest, ok := strings.CutPrefix(text, c.prefix)
		if !ok {
			continue
		}
		number, _, _ := strings.Cut(strings.TrimSpace(rest), " ")
		ms, err := parseSeconds(number)
		if err != nil {
			return fmt.Errorf("%s %w", strings.TrimPrefix(c.prefix, "#["), err)
		}
		c.set(time.UnixMilli(ms).UTC())
	}
	return nil
}

// interval reads a line of data: [Tag=T,]start,length,max,payload. The payload,
// nearly all of it, is not copied.
func (l *LogReader) interval(line []byte) (Interval, error) {
	var i Interval
	end := bytes.LastIndexByte(line, ',')
	if end < 0 {
		end = len(line)
	}
	text, payload := string(line[:end]), line[min(end+1, len(line)):]
	if rest, ok := strings.CutPrefix(text, "Tag="); ok {
		i.Tag, text, ok = strings.Cut(rest, ",")
		if !ok {
			return i, errors.New("nothing after the tag")
		}
	}
	columns := strings.SplitN(text, ",", 4)
	if len(columns) != 3 {
		return i, fmt.Errorf("%d columns; want start, length, maximum and histogram", len(columns)+1)
	}
	start, err := parseSeconds(columns[0])
	if err != nil {
		return i, fmt.Errorf("start: %w", err)
	}
	length, err := parseSeconds(columns[1])
	if err != nil {
		return i, fmt.Errorf("length: %w", err)
	}
	if i.Histogram, err = l.decode.Decode(payload); err != nil {
		return i, err
	}
	l.settle(start)
	i.Start = l.base.Add(time.Duration(start) * time.Millisecond)
	i.Length = time.Duration(length) * time.Millisecond
	return i, nil
}

// settle decides, at the first line of data, what times are relative to if the
// header did not say. A time more than a year before the start of the log can
// only be relative to it.
func (l *LogReader) settle(startMS int64) {
	const year = 365 * 24 * time.Hour
	if l.based {
		return
	}
	l.based = true
	l.base = time.UnixMilli(0).UTC()
	if time.UnixMilli(startMS).Before(l.start.Add(-year)) {
		l.base = l.start
	}
}

// parseSeconds reads a number of seconds as milliseconds, rounded. What lies
// beyond some 290 years either way is refused: a time.Duration could not hold it.
func parseSeconds(s string) (int64, error) {
	x, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsNaN(x) || math.Abs(x) > math.MaxInt64/1e9 {
		return 0, fmt.Errorf("%.40q is no time in seconds", s)
	}
	return int64(math.Round(x * 1000)), nil
}
