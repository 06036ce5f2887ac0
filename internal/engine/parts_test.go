package engine

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"runtime"
	"testing"
	"time"

	"pgregory.net/rapid"

	"webdyno/internal/httpwire"
	"webdyno/internal/load"
	"webdyno/internal/mono"
	"webdyno/internal/workload"
)

// The arrivals of all shares together are those of one loop that carries the
// whole, and so is what they count as warm-up and window: constant arrivals one
// by one, Poisson ones in number.
func TestSharesOfAScheduleAddUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := load.Open{Rate: rapid.Float64Range(1, 1e5).Draw(t, "rate"), Arrivals: load.Constant}
		warmup, window := count(rapid.Int64Range(0, 50).Draw(t, "warm-up")), count(rapid.Int64Range(1, 100).Draw(t, "window"))
		of := rapid.IntRange(1, 7).Draw(t, "shares")
		collect := func(s load.Share) map[mono.Time]bool {
			sp := newSpan(warmup, window, s, 0)
			sp.begin(0)
			p := newPending(&sp, o, s, 1, 0)
			p.fall(math.MaxInt64 / 2)
			dues := map[mono.Time]bool{}
			for p.waiting() > 0 {
				due, counted := p.take()
				dues[due] = counted
			}
			return dues
		}
		whole, parts := collect(load.Share{}), map[mono.Time]bool{}
		for k := range of {
			for due, counted := range collect(load.Share{Nth: k, Of: of}) {
				parts[due] = counted
			}
		}
		if fmt.Sprint(whole) != fmt.Sprint(parts) {
			t.Errorf("%d shares send %v, the whole %v", of, parts, whole)
		}
	})
}

// A window ends by time or by count, whichever comes first, and likewise the
// warm-up; what is due at an edge belongs to what follows it.
func TestSpanEdges(t *testing.T) {
	const s = mono.Time(time.Second)
	for name, c := range map[string]struct {
		warmup, window load.Extent
		warm, counted  int64
		opens, closes  mono.Time
	}{
		"no warm-up, by time":      {load.Extent{}, lasting(3 * time.Second), 0, 3, 0, 3 * s},
		"by time":                  {lasting(2 * time.Second), lasting(3 * time.Second), 2, 3, 2 * s, 5 * s},
		"by count":                 {count(2), count(3), 2, 3, 2 * s, 5 * s},
		"count before time":        {load.Extent{Time: 9 * time.Second, Count: 2}, load.Extent{Time: 9 * time.Second, Count: 3}, 2, 3, 2 * s, 5 * s},
		"time before count":        {load.Extent{Time: 2 * time.Second, Count: 9}, load.Extent{Time: 3 * time.Second, Count: 9}, 2, 3, 2 * s, 5 * s},
		"warm-up by half a second": {lasting(500 * time.Millisecond), count(2), 1, 2, s / 2, 3 * s},
	} {
		t.Run(name, func(t *testing.T) {
			sp := newSpan(c.warmup, c.window, load.Share{}, 0)
			sp.begin(0)
			// An arrival a second, at whole seconds.
			p := newPending(&sp, load.Open{Rate: 1, Arrivals: load.Constant}, load.Share{}, 0, 0)
			p.fall(100 * s)
			sp.tick(100 * s)
			var warm, counted int64
			for p.waiting() > 0 {
				if _, in := p.take(); in {
					counted++
				} else {
					warm++
				}
			}
			if warm != c.warm || counted != c.counted || sp.openAt != c.opens || sp.closeAt != c.closes {
				t.Errorf("%d warm, %d counted, window %v to %v; want %d, %d, %v to %v", warm, counted, sp.openAt, sp.closeAt, c.warm, c.counted, c.opens, c.closes)
			}
		})
	}
}

// A reel yields the requests of its share in their order, whatever is taken at
// once, and their bytes lie end to end.
func TestReelKeepsTheOrderOfRequests(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		set := &workload.Set{}
		for i := range rapid.IntRange(1, 6).Draw(t, "requests") {
			set.Requests = append(set.Requests, workload.Request{Bytes: fmt.Appendf(nil, "<%d>", i), Last: fmt.Appendf(nil, "<%d.>", i)})
		}
		of := rapid.IntRange(1, 4).Draw(t, "shares")
		s := load.Share{Nth: rapid.IntRange(0, of-1).Draw(t, "share"), Of: of}
		depth := rapid.IntRange(1, 9).Draw(t, "depth")
		r, err := newReel(&Job{Requests: set, Load: load.Open{Use: load.Use{Pipeline: depth}}}, s)
		if err != nil {
			t.Fatal(err)
		}
		defer r.free()
		turn, number := int32(0), s.Nth
		for range 20 {
			var want []byte
			n := rapid.IntRange(1, depth).Draw(t, "taken")
			for i := range n {
				want = append(want, set.Requests[(number+i*of)%len(set.Requests)].Bytes...)
			}
			if got, have := r.bytes(turn, n); have != n || !bytes.Equal(got, want) {
				t.Fatalf("%d requests from %d on: %q (%d), want %q", n, number, got, have, want)
			}
			if got, want := r.closing(turn), set.Requests[number%len(set.Requests)].Last; !bytes.Equal(got, want) {
				t.Fatalf("closing request %d: %q, want %q", number, got, want)
			}
			for range n {
				turn = r.after(turn)
				number += of
			}
		}
	})
}

// Each share of a closed load sends every request as often as it weighs, whatever
// the others do: those with quick answers do not make up for those with slow ones.
// All together begin with each of them.
func TestSharesOfAClosedLoadSendAllRequests(t *testing.T) {
	set := &workload.Set{}
	for i := range 6 {
		set.Requests = append(set.Requests, workload.Request{Bytes: fmt.Appendf(nil, "<%d>", i)})
	}
	for of, want := range map[int][]string{
		1: {"<0><1><2><3><4><5>"},
		2: {"<0><1><2><3><4><5>", "<3><4><5><0><1><2>"},
		3: {"<0><1><2><3><4><5>", "<2><3><4><5><0><1>", "<4><5><0><1><2><3>"},
	} {
		for nth := range of {
			r, err := newReel(&Job{Requests: set, Load: load.Closed{Connections: 9}}, load.Share{Nth: nth, Of: of})
			if err != nil {
				t.Fatal(err)
			}
			if b, _ := r.bytes(0, 6); string(b) != want[nth] {
				t.Errorf("share %d of %d sends %s, want %s", nth, of, b, want[nth])
			}
			r.free()
		}
	}
}

// A queue is what a slice would be.
func TestQueueIsASequence(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var q queue[int]
		nodes := make([]node[int], 8)
		for i := range nodes {
			nodes[i].of = &i
		}
		var want []int
		for range 40 {
			i := rapid.IntRange(0, len(nodes)-1).Draw(t, "member")
			if nodes[i].in {
				q.remove(&nodes[i])
				for at, w := range want {
					if w == i {
						want = append(want[:at:at], want[at+1:]...)
					}
				}
			} else {
				q.push(&nodes[i])
				want = append(want, i)
			}
			q.remove(&node[int]{}) // one that is not in it
			var got []int
			for n := q.first; n != nil; n = n.next {
				got = append(got, *n.of)
			}
			if fmt.Sprint(got) != fmt.Sprint(want) || q.len() != len(want) {
				t.Fatalf("queue %v of %d, want %v", got, q.len(), want)
			}
		}
	})
}

func TestRestsDoubleUpToASecond(t *testing.T) {
	want := []time.Duration{10, 20, 40, 80, 160, 320, 640, 1000}
	for i, ms := range want {
		if got := restAfter(i + 1); got != ms*time.Millisecond {
			t.Errorf("after %d failures: %v, want %v ms", i+1, got, int64(ms))
		}
	}
}

// Large bodies are compared from time to time only, small ones always, and the
// first of a trial whatever their size.
func TestWhichBodiesAreCompared(t *testing.T) {
	for size, want := range map[int]int{smallBody: 1000, smallBody + 1: alwaysCompared + (1000-alwaysCompared)/comparedEvery} {
		var c checker
		var k look
		expect := workload.Expect{Body: make([]byte, size), Bytes: -1}
		compared := 0
		for range 1000 {
			if c.begin(&k, &expect); k.compare {
				compared++
			}
		}
		if compared != want {
			t.Errorf("of 1000 bodies of %d bytes %d were compared, want %d", size, compared, want)
		}
	}
}

// Two engines may run at once; when both are done the runtime is as before.
func TestRuntimeIsRestored(t *testing.T) {
	before := runtime.GOMAXPROCS(0)
	first, second := quieten(1), quieten(1)
	first()
	second()
	if got := runtime.GOMAXPROCS(0); got != before {
		t.Errorf("GOMAXPROCS %d, was %d", got, before)
	}
}

// A head that is skipped leaves the parser as reading it does, whatever comes
// before and after it.
func TestSkippedHeadsAreAsRead(t *testing.T) {
	answers := []string{
		"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
		"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello!",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
		"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
		"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n",
		"HTTP/1.0 404 No\r\nContent-Length: 1\r\n\r\nx",
		"HTTP/1.1 200 OK\nContent-Length: 1\n\nx",
		"no answer at all\r\n\r\n",
	}
	rapid.Check(t, func(t *rapid.T) {
		var h heads
		var got, want httpwire.Parser
		for range rapid.IntRange(1, 40).Draw(t, "answers") {
			answer := []byte(rapid.SampledFrom(answers).Draw(t, "answer"))
			cut := rapid.IntRange(1, len(answer)).Draw(t, "cut")
			isHead := rapid.IntRange(0, 3).Draw(t, "to HEAD") == 0

			want.Reset(isHead)
			read, done, err := feedAll(&want, answer)
			n, gotDone := h.skip(&got, answer[:cut], isHead)
			var gotErr error
			for _, end := range []int{cut, len(answer)} {
				if !gotDone && gotErr == nil {
					var more int
					more, gotDone, gotErr = feedAll(&got, answer[n:end])
					n += more
				}
			}
			if n != read || gotDone != done || !errors.Is(gotErr, err) || got.Status() != want.Status() ||
				got.KeepAlive() != want.KeepAlive() || got.BodyBytes() != want.BodyBytes() || got.HeaderBytes() != want.HeaderBytes() {
				t.Fatalf("%q in two parts at %d: %d bytes, done %v, %v; want %d, %v, %v", answer, cut, n, gotDone, gotErr, read, done, err)
			}
		}
	})
}

func feedAll(p *httpwire.Parser, b []byte) (read int, done bool, err error) {
	for read < len(b) && !done && err == nil {
		var n int
		n, done, err = p.Feed(b[read:])
		read += n
	}
	return read, done, err
}
