package host

import (
	"io/fs"
	"strconv"
	"strings"
	"time"

	"webdyno/internal/evidence"
)

// stalls are the totals of the kernel's pressure files: for how long, since it was
// booted, something waited.
type stalls struct {
	told            bool // the kernel keeps such files
	cpu, memory, io time.Duration
}

func readStalls(root fs.FS) stalls {
	cpu, ok := pressureTotal(root, "proc/pressure/cpu", "some")
	memory, _ := pressureTotal(root, "proc/pressure/memory", "full")
	io, _ := pressureTotal(root, "proc/pressure/io", "full")
	return stalls{ok, cpu, memory, io}
}

// pressureTotal reads the total, in microseconds there, of one line of a file such
// as
//
//	some avg10=0.00 avg60=0.00 avg300=0.00 total=128949200
//	full avg10=0.00 avg60=0.00 avg300=0.00 total=45192437
func pressureTotal(root fs.FS, name, line string) (time.Duration, bool) {
	b, err := fs.ReadFile(root, name)
	if err != nil {
		return 0, false
	}
	for l := range strings.Lines(string(b)) {
		f := strings.Fields(l)
		if len(f) == 0 || f[0] != line {
			continue
		}
		for _, word := range f[1:] {
			if text, ok := strings.CutPrefix(word, "total="); ok {
				us, err := strconv.ParseInt(text, 10, 64)
				return time.Duration(us) * time.Microsecond, err == nil && us >= 0 && us < 1<<53
			}
		}
	}
	return 0, false
}

// pressureSince returns the shares of the time between two readings; nil if the
// kernel does not tell.
func pressureSince(before, after stalls, span time.Duration) *evidence.Pressure {
	if !before.told || !after.told || span <= 0 {
		return nil
	}
	share := func(a, b time.Duration) float64 {
		return min(1, max(0, float64(b-a)/float64(span)))
	}
	return &evidence.Pressure{
		CPU:    share(before.cpu, after.cpu),
		Memory: share(before.memory, after.memory),
		IO:     share(before.io, after.io),
	}
}
