package bus

import (
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"time"
)

// metrics are what the service counts about itself.
type metrics struct {
	reads     struct{ full, empty atomic.Uint64 }
	posts     struct{ added, repeated atomic.Uint64 }
	delivered atomic.Uint64 // events
	refused   atomic.Uint64 // requests not in order
	failed    atomic.Uint64 // requests whose store failed
	gone      atomic.Uint64 // requests whose client left
	swept     atomic.Uint64 // events and keys forgotten
	waiting   atomic.Int64  // reads that wait now

	read, append spread // time the store took
}

// edges are the upper ends of a spread's buckets, in the order of a store's
// doings: memory, a disk's sync, a network, something that is wrong.
func edges() [9]time.Duration {
	return [9]time.Duration{
		100 * time.Microsecond, 300 * time.Microsecond, time.Millisecond, 3 * time.Millisecond,
		10 * time.Millisecond, 30 * time.Millisecond, 100 * time.Millisecond, 300 * time.Millisecond, time.Second,
	}
}

// A spread counts durations by size, each in the first bucket it fits in.
type spread struct {
	count [10]atomic.Uint64 // the last is beyond all edges
	sum   atomic.Int64      // nanoseconds
}

func (s *spread) observe(d time.Duration) {
	i := 0
	for _, edge := range edges() {
		if d <= edge {
			break
		}
		i++
	}
	s.count[i].Add(1)
	s.sum.Add(int64(d))
}

// serve answers with all counters in Prometheus' text format. It is written by
// hand: a client library would be the largest part of this package, and the
// format is one line a number.
func (m *metrics) serve(w http.ResponseWriter, _ *http.Request) {
	var b strings.Builder
	counter := func(name, help string, values ...any) {
		fmt.Fprintf(&b, "# HELP %s %s\n# TYPE %[1]s counter\n", name, help)
		for i := 0; i < len(values); i += 2 {
			fmt.Fprintf(&b, "%s%s %d\n", name, values[i], values[i+1])
		}
	}
	counter("bus_reads_total", "Reads answered, by what there was.",
		`{events="some"}`, m.reads.full.Load(), `{events="none"}`, m.reads.empty.Load())
	counter("bus_posts_total", "Posts answered: added, or repeated with a key seen before.",
		`{post="added"}`, m.posts.added.Load(), `{post="repeated"}`, m.posts.repeated.Load())
	counter("bus_events_delivered_total", "Events in the answers to reads.", "", m.delivered.Load())
	counter("bus_requests_refused_total", "Requests that were not in order (4xx).", "", m.refused.Load())
	counter("bus_requests_failed_total", "Requests whose store failed (5xx).", "", m.failed.Load())
	counter("bus_requests_gone_total", "Requests whose client left before the answer.", "", m.gone.Load())
	counter("bus_swept_total", "Expired events and keys that were forgotten.", "", m.swept.Load())
	fmt.Fprintf(&b, "# HELP bus_reads_waiting Reads that wait for an event.\n# TYPE bus_reads_waiting gauge\nbus_reads_waiting %d\n", m.waiting.Load())
	fmt.Fprint(&b, "# HELP bus_store_seconds Time the store took; reads that wait are left out.\n# TYPE bus_store_seconds histogram\n")
	m.read.write(&b, "read")
	m.append.write(&b, "append")
	w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	fmt.Fprint(w, b.String())
}

// write writes a spread as the histogram of one operation.
func (s *spread) write(b *strings.Builder, op string) {
	var n uint64
	for i, edge := range edges() {
		n += s.count[i].Load()
		fmt.Fprintf(b, "bus_store_seconds_bucket{op=%q,le=\"%v\"} %d\n", op, edge.Seconds(), n)
	}
	n += s.count[len(s.count)-1].Load()
	fmt.Fprintf(b, "bus_store_seconds_bucket{op=%q,le=\"+Inf\"} %d\n", op, n)
	fmt.Fprintf(b, "bus_store_seconds_sum{op=%q} %v\n", op, time.Duration(s.sum.Load()).Seconds())
	fmt.Fprintf(b, "bus_store_seconds_count{op=%q} %d\n", op, n)
}
