package record

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"time"

	"webdyno/internal/evidence"
	"webdyno/internal/latency"
)

// perSecond tags the histograms of the window's seconds. It differs from
// "response", whose one line covers the same requests: a tool that adds up the
// lines of a tag would count them twice.
const perSecond = "response-per-second"

// windowTags names the histograms of the whole window.
var windowTags = [...]string{"response", "response-wrong", "service", "wait", "connect", "lag", "receive-lag"}

// windowHistograms are the fields that windowTags name, in that order.
func windowHistograms(t *evidence.Tally) [len(windowTags)]**latency.Histogram {
	return [...]**latency.Histogram{
		&t.Response, &t.ResponseWrong, &t.Service, &t.Wait, &t.Connect, &t.Lag, &t.ReceiveLag,
	}
}

// intervals yields the lines of a trial's hlog: the window's histograms, then
// those of its seconds. Empty ones are left out.
func intervals(m *evidence.Measurement) iter.Seq[latency.Interval] {
	return func(yield func(latency.Interval) bool) {
		opened := windowOpened(m)
		for i, h := range windowHistograms(m.Tally) {
			if isEmpty(*h) {
				continue
			}
			if !yield(latency.Interval{Tag: windowTags[i], Start: opened, Length: m.Tally.Window, Histogram: *h}) {
				return
			}
		}
		for i, s := range m.Tally.Seconds {
			if isEmpty(s.Response) {
				continue
			}
			since := time.Duration(i) * time.Second
			lasted := min(time.Second, max(m.Tally.Window-since, 0))
			if !yield(latency.Interval{Tag: perSecond, Start: opened.Add(since), Length: lasted, Histogram: s.Response}) {
				return
			}
		}
	}
}

// windowOpened is where a trial's log begins: the times of its lines count from
// there. It is for people, and as good as the wall clock was. A clock that was
// never set must not make a log that readers refuse, so it becomes 1970.
func windowOpened(m *evidence.Measurement) time.Time {
	opened := m.Began.Add(m.Tally.Warmup).UTC().Round(time.Millisecond)
	if opened.Year() < 1970 || opened.Year() > 2200 {
		return time.Unix(0, 0).UTC()
	}
	return opened
}

func isEmpty(h *latency.Histogram) bool { return h == nil || h.Count() == 0 }

// writeHlog writes the histograms of m to w and says what it wrote. The file's
// name is left to the caller.
func writeHlog(w io.Writer, m *evidence.Measurement) (*wireHlogFile, error) {
	sum := sha256.New()
	n := new(counter)
	log, err := latency.NewLogWriter(io.MultiWriter(w, sum, n), windowOpened(m))
	if err != nil {
		return nil, err
	}
	counts := map[string]uint64{}
	for i := range intervals(m) {
		if err := log.Write(i); err != nil {
			return nil, err
		}
		counts[i.Tag] += i.Histogram.Count()
	}
	return &wireHlogFile{Bytes: n.bytes, SHA256: hex.EncodeToString(sum.Sum(nil)), Counts: counts}, nil
}

// A counter counts what is written to it.
type counter struct{ bytes int64 }

func (c *counter) Write(b []byte) (int, error) {
	c.bytes += int64(len(b))
	return len(b), nil
}

// readHlog fills the histograms of t from r, whose content must be what the
// trial's line says it is. The histograms of t must be there and empty.
func readHlog(r io.Reader, says *wireHlogFile, t *evidence.Tally, d *latency.Decoder) error {
	sum := sha256.New()
	n := new(counter)
	body := io.TeeReader(io.LimitReader(r, says.Bytes+1), io.MultiWriter(sum, n))
	read, err := readIntervals(d.Log(body), t)
	if err != nil {
		return err
	}
	if n.bytes != says.Bytes {
		return fmt.Errorf("%s, and the trial's line says %d bytes", length(n.bytes, says.Bytes), says.Bytes)
	}
	if hex.EncodeToString(sum.Sum(nil)) != says.SHA256 {
		return errors.New("it has been changed since it was written: its SHA-256 is not the one in the trial's line")
	}
	for tag, want := range says.Counts {
		if read[tag] != want {
			return fmt.Errorf("%d durations under %q, and the trial's line says %d", read[tag], tag, want)
		}
	}
	return nil
}

func length(read, want int64) string {
	if read > want {
		return "it is longer"
	}
	return fmt.Sprintf("it ends after %d bytes", read)
}

// readIntervals fills the histograms of t and returns how many durations it
// read under each tag. Tags it does not know are passed over.
func readIntervals(log *latency.LogReader, t *evidence.Tally) (map[string]uint64, error) {
	window := windowHistograms(t)
	read := map[string]uint64{}
	for {
		i, err := log.Next()
		if errors.Is(err, io.EOF) {
			return read, nil
		}
		if err != nil {
			return nil, err
		}
		read[i.Tag] += i.Histogram.Count()
		if i.Tag == perSecond {
			err = placeSecond(t, i, log.Start())
		} else if k := slices.Index(windowTags[:], i.Tag); k >= 0 {
			err = place(window[k], i)
		}
		if err != nil {
			return nil, err
		}
	}
}

func placeSecond(t *evidence.Tally, i latency.Interval, opened time.Time) error {
	since := i.Start.Sub(opened)
	nth := int(since / time.Second)
	if since < 0 || since%time.Second != 0 || nth >= len(t.Seconds) {
		return fmt.Errorf("a second that begins %v after the window opened, and the trial's line has %d of them", since, len(t.Seconds))
	}
	return place(&t.Seconds[nth].Response, i)
}

// place puts the histogram of an interval where it belongs, which must be empty
// so far.
func place(at **latency.Histogram, i latency.Interval) error {
	if !isEmpty(*at) {
		return fmt.Errorf("two histograms under %q for the same time", i.Tag)
	}
	*at = i.Histogram
	return nil
}

// empty holds a compact empty histogram of either precision. A clone of one takes
// no room until something is recorded in it; a new one takes a quarter of a MiB.
type empty struct{ fine, coarse *latency.Histogram }

func newEmpty() *empty {
	e := &empty{latency.New(), latency.NewCoarse()}
	e.fine.Compact()
	e.coarse.Compact()
	return e
}

// fill gives t histograms that are empty.
func (e *empty) fill(t *evidence.Tally) {
	for _, h := range windowHistograms(t) {
		*h = e.fine.Clone()
	}
	for i := range t.Seconds {
		t.Seconds[i].Response = e.coarse.Clone()
	}
}
