package record

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"webdyno/internal/evidence"
	"webdyno/internal/latency"
)

// Whatever trials.ndjson holds, it is read or refused; and what was read is
// written and read again as the same.
func FuzzRead(f *testing.F) {
	lines, err := os.ReadFile(filepath.Join(golden, trialsFile))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(lines)
	f.Add(lines[:len(lines)-7])
	f.Add(append(lines, make([]byte, 40)...))
	f.Add([]byte(`{"version":1,"trial":{"id":"a","load_seed":"0"},"tally":{"seconds":[{}]}}` + "\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		r := new(Record)
		if r.readLines(bytes.NewReader(b)) != nil {
			return
		}
		for _, at := range r.lines {
			rewrite(t, b[at.offset:at.offset+int64(at.bytes)])
		}
		if left := b[r.whole:]; r.Torn != (len(left) > 0) || r.Left != int64(len(left)) {
			t.Errorf("torn is %v with %d bytes, and %d are left behind the last line", r.Torn, r.Left, len(left))
		}
	})
}

// rewrite reads a line that can be read, writes what it said, and compares what
// is read of that.
func rewrite(t *testing.T, line []byte) {
	t.Helper()
	first := readLine(t, line)
	again, err := lineOf(first).encode()
	if err != nil {
		t.Fatalf("%s\nwas read and cannot be written: %v", line, err)
	}
	if d := cmp.Diff(first, readLine(t, again), sameEvidence); d != "" {
		t.Errorf("-first +again\n%s", d)
	}
}

func readLine(t *testing.T, line []byte) *evidence.Measurement {
	t.Helper()
	l, err := decodeLine(line)
	if err != nil {
		t.Fatal(err)
	}
	m, err := l.measurement()
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// Whatever an hlog holds, it is read or refused, and leaves no histogram nil.
func FuzzHlog(f *testing.F) {
	logs, err := filepath.Glob(filepath.Join(golden, hdrFolder, "*.hlog"))
	if err != nil || len(logs) == 0 {
		f.Fatal("no golden hlog: ", err)
	}
	for _, name := range logs {
		b, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	empty := newEmpty()
	f.Fuzz(func(t *testing.T, b []byte) {
		tally := &evidence.Tally{Seconds: make([]evidence.Second, 2)}
		empty.fill(tally)
		sum := sha256.Sum256(b)
		says := &wireHlogFile{Bytes: int64(len(b)), SHA256: hex.EncodeToString(sum[:])}
		if readHlog(bytes.NewReader(b), says, tally, new(latency.Decoder)) != nil {
			return
		}
		for i, h := range windowHistograms(tally) {
			if *h == nil {
				t.Errorf("no histogram %q", windowTags[i])
			}
		}
	})
}
