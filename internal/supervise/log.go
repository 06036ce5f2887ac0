package supervise

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strings"
	"unicode"

	"webdyno/internal/sys"
)

// DefaultLogLimit is how many bytes of a server's output are kept where no
// other limit is given: the first half and the last half of them.
const DefaultLogLimit = 1 << 20

// A logKeeper keeps a file that a server appends to from filling the disk. It
// leaves the first half of the limit and, in the end, the last; what lies
// between is given back to the disk while the server goes on writing, and
// taken out of the file once it has ended.
type logKeeper struct {
	file  *os.File
	limit int64
	given int64 // up to where the middle has been given back
	cut   int64 // bytes that are not in the file any more
}

func openLog(name string, limit int64) (*logKeeper, error) {
	const flags = os.O_CREATE | os.O_RDWR | os.O_APPEND | os.O_TRUNC
	f, err := os.OpenFile(name, flags, 0o644)
	if err != nil {
		return nil, fmt.Errorf("log: %w", err)
	}
	return &logKeeper{file: f, limit: limit, given: limit / 2}, nil
}

// trim gives back what is neither beginning nor end. Between two calls the
// file may grow as fast as the server can write.
func (l *logKeeper) trim() {
	info, err := l.file.Stat()
	if err != nil || info.Size()-l.given < 2*l.limit {
		return
	}
	until := info.Size() - l.limit/2
	err = sys.PunchHole(l.file, l.given, until-l.given)
	if err == nil {
		l.given = until
		return
	}
	// Without holes the end has to go too; what is appended next is the new one.
	if errors.Is(err, sys.ErrUnsupported) && l.file.Truncate(l.limit/2) == nil {
		l.cut += info.Size() - l.limit/2
	}
}

// finishLog brings the log of a server that has ended to its final form, if it
// is longer than limit or lacks cut bytes already: beginning and end, and
// between them a line that says how much was left out. It returns how much.
func finishLog(name string, limit, cut int64) (int64, error) {
	f, err := os.Open(name)
	if err != nil {
		return 0, fmt.Errorf("log: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return 0, fmt.Errorf("log: %w", err)
	}
	size, head := info.Size(), limit/2
	if size <= limit && cut == 0 {
		return 0, nil
	}
	tail := min(limit/2, max(size-head, 0))
	begin, end := make([]byte, min(head, size)), make([]byte, tail)
	if _, err := f.ReadAt(begin, 0); err != nil {
		return 0, fmt.Errorf("log: %w", err)
	}
	if _, err := f.ReadAt(end, size-tail); err != nil {
		return 0, fmt.Errorf("log: %w", err)
	}
	out := size + cut - int64(len(begin)) - tail
	mark := fmt.Sprintf("\n[webdyno: %d bytes left out here]\n", out)
	if err := replace(name, begin, []byte(mark), end); err != nil {
		return 0, fmt.Errorf("log: %w", err)
	}
	return out, nil
}

// replace writes the parts to a new file and puts it in the old one's place.
func replace(name string, parts ...[]byte) error {
	fresh := name + ".short"
	if err := os.WriteFile(fresh, bytes.Join(parts, nil), 0o644); err != nil {
		return err
	}
	return os.Rename(fresh, name)
}

// lastLines returns the last n lines of a file, or fewer: at most lineLimit
// bytes of each, without anything that a terminal would obey.
func lastLines(name string, n int) []string {
	const reach, lineLimit = 64 << 10, 500
	f, err := os.Open(name)
	if err != nil {
		return nil
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil
	}
	b := make([]byte, min(info.Size(), reach))
	got, _ := f.ReadAt(b, info.Size()-int64(len(b)))
	var lines []string
	for line := range strings.Lines(string(b[:got])) {
		if line = printable(strings.TrimRight(line, "\r\n")); line != "" {
			lines = append(lines, strings.ToValidUTF8(line[:min(len(line), lineLimit)], ""))
		}
	}
	return lines[max(len(lines)-n, 0):]
}

func printable(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\t':
			return ' '
		case unicode.IsPrint(r):
			return r
		}
		return -1
	}, s)
}
