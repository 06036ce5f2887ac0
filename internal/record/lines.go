package record

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"

	"webdyno/internal/evidence"
)

// A line is where one trial's line stands in trials.ndjson.
type line struct {
	trial  evidence.Trial
	whole  bool          // it was not abandoned
	hlog   *wireHlogFile // nil if it has none
	offset int64
	bytes  int // its newline included
}

// abandoned tells whether a signal cut the trial off.
func (l *wireLine) abandoned() bool {
	return l.Failure != nil && l.Failure.Kind == evidence.Abandoned
}

// readLines reads trials.ndjson and keeps where each line stands. A last line
// that is not finished is left out, and Torn says so.
func (r *Record) readLines(f io.Reader) error {
	r.done = map[string]int{}
	in := bufio.NewReaderSize(f, 64<<10)
	for {
		b, err := nextLine(in)
		if errors.Is(err, io.EOF) {
			r.Torn, r.Left = len(b) > 0, int64(len(b))
			return nil
		}
		if err == nil {
			err = r.addLine(b)
		}
		if err != nil && isTorn(b, in) {
			r.Torn, r.Left = true, int64(len(b))
			return nil
		}
		if err != nil {
			return r.faultAt(len(r.lines)+1, err)
		}
	}
}

// nextLine returns the next line with its newline. At the end of the file it
// returns what is left and io.EOF.
func nextLine(in *bufio.Reader) ([]byte, error) {
	var b []byte
	for {
		part, err := in.ReadSlice('\n')
		b = append(b, part...)
		if len(b) > maxLine {
			return nil, fmt.Errorf("longer than the %d bytes that are read", maxLine)
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return b, err
		}
	}
}

// isTorn tells whether a line that has its newline and cannot be read is torn
// all the same: after a power cut a file system may have kept the end of what was
// written last and not its middle, and filled that with zeros. Only the last line
// can be, since any other was synced before the next was begun.
func isTorn(b []byte, in *bufio.Reader) bool {
	_, err := in.Peek(1)
	return errors.Is(err, io.EOF) && bytes.IndexByte(b, 0) >= 0
}

func (r *Record) addLine(b []byte) error {
	if len(r.lines) == maxTrials {
		return fmt.Errorf("more than the %d trials that are read", maxTrials)
	}
	l, err := decodeLine(b)
	if err != nil {
		return err
	}
	m, err := l.measurement()
	if err != nil {
		return err
	}
	if before := r.done[l.Trial.ID]; before > 0 {
		return fmt.Errorf("trial %q is on line %d already", l.Trial.ID, before)
	}
	r.lines = append(r.lines, line{evidence.Trial(l.Trial), !l.abandoned(), l.Hlog, r.whole, len(b)})
	r.done[l.Trial.ID] = len(r.lines)
	r.whole += int64(len(b))
	if r.whole <= maxFresh {
		r.fresh = append(r.fresh, m)
	}
	return nil
}
