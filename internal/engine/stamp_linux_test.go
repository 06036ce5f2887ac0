package engine

import (
	"bufio"
	"net"
	"runtime"
	"testing"
	"time"

	"webdyno/internal/evidence"
	"webdyno/internal/load"
	"webdyno/internal/mono"
)

// What has arrived while the loop was busy with something else is told apart
// from what the server took: the lag is ours, and at least as long as we were
// away. Backends that are not told by the kernel say nothing.
func TestReceiveLagIsToldApart(t *testing.T) {
	each(t, func(t *testing.T, b Backend) {
		const away = 20 * time.Millisecond
		for _, use := range []load.Use{{}, {Pipeline: 3}, {PerConnection: 5, Close: load.ByReset}, {PerConnection: 1}} {
			s := serve(t, answering(hello))
			job := s.job(load.Open{Rate: 6000, Connections: 3, Use: use}, count(600))
			tally := carryOut(t, Config{Backend: b}, job)
			expect(t, tally, map[evidence.Outcome]uint64{evidence.Answered: 600})
			n := tally.ReceiveLag.Count()
			if b == Net {
				if n != 0 {
					t.Errorf("%+v: %d receive lags on net", use, n)
				}
				continue
			}
			// The first connection is of the sample. The kernel begins to stamp a
			// moment after it was asked.
			if n < 10 || n > 600 {
				t.Errorf("%+v: %d receive lags of 600 answers on 3 connections", use, n)
			}
			if got, most := tally.ReceiveLag.Max(), tally.Service.Max(); got > most {
				t.Errorf("%+v: a receive lag of %v within a service of %v", use, got, most)
			}
		}
		if b == Net {
			return
		}
		stall(t, b, away)
	})
}

// stall lets answers lie for a while, on a driver without a loop.
func stall(t *testing.T, b Backend, away time.Duration) {
	s := serve(t, func(s *server, c net.Conn, r *bufio.Reader) {
		for {
			if _, ok := s.read(r); !ok {
				return
			}
			c.Write([]byte(hello))
		}
	})
	job := s.job(load.Closed{Connections: 1}, count(1))
	drivers, err := openDrivers(b, &job, 1)
	if err != nil {
		t.Skip(err)
	}
	d := drivers[0]
	runtime.LockOSThread() // the driver's for good: it ends with the test
	defer d.shutdown()
	const sampled = stampedEvery - 1
	d.dial(sampled)
	if c := await(t, d); c.what != connected {
		t.Fatalf("%+v", c)
	}
	for range 50 {
		d.send(sampled, get().Requests[0].Bytes)
		if b == Uring { // hand it over
			if err := d.wait(d.now()); err != nil {
				t.Fatal(err)
			}
			if c := new(completion); d.next(c) {
				continue // it was answered at once
			}
		}
		time.Sleep(away)
		c := await(t, d)
		if c.what == received && c.arrived == 0 {
			continue // the kernel begins to stamp a moment after it was asked
		}
		if lag := c.at.Sub(c.arrived); c.what != received || lag < away/2 {
			t.Errorf("%+v: arrived %v before it was read, want about %v", c, lag, away)
		}
		return
	}
	t.Error("nothing was stamped")
}

func await(t *testing.T, d driver) *completion {
	t.Helper()
	c := new(completion)
	for give := time.Now().Add(5 * time.Second); time.Now().Before(give); {
		if d.next(c) {
			return c
		}
		if err := d.wait(d.now().Add(time.Second)); err != nil {
			t.Fatal(err)
		}
	}
	t.Fatal("nothing happened in 5 s")
	return nil
}

// The two clocks are compared anew before they can have drifted apart, and a
// clock that was set makes what was converted with it unknown.
func TestWallClockIsConverted(t *testing.T) {
	w := wall{clock: mono.Start()}
	at, reading := w.clock.Pair()
	if got := w.convert(reading, at); at-got > 50_000 || got > at {
		t.Errorf("%d converted %d later to %d", reading, at, got)
	}
	if got := w.convert(reading+int64(time.Hour), at); got != at {
		t.Errorf("an arrival in the future is at %d, want now, %d", got, at)
	}
	if w.convert(0, at) != 0 {
		t.Error("no reading has become a time")
	}
	w.ahead += int64(time.Second) // as if the clock had been set since
	now := w.at.Add(wallKept + 1)
	if got := w.convert(reading, now); got != 0 {
		t.Errorf("converted to %d by a clock that was set", got)
	}
	if got := w.convert(reading, now); got == 0 {
		t.Error("unknown for good")
	}
}

// Of the reads of a long load as many count from its beginning as from its end, one
// in some: a slow start does not weigh more than it lasted. Of a short one all do.
func TestReceiveLagsAreEvenOverALoad(t *testing.T) {
	for reads, want := range map[uint64]struct{ counted, slow uint64 }{
		600:                {600, 600},
		stampedAlways:      {stampedAlways, stampedAlways},
		10 * stampedAlways: {10 * stampedAlways / stampedReads, stampedAlways / stampedReads},
	} {
		var sp span
		b := newBook(&sp)
		b.series = startSeries(new(published))
		for n := uint64(1); n <= reads; n++ {
			lag := time.Millisecond
			if n <= stampedAlways {
				lag = 40 * time.Millisecond
			}
			if n <= stampedAlways || n%stampedReads == 0 {
				b.readLate(lag, sampling(n))
			}
		}
		b.finish(false)
		slow := uint64(0)
		for bucket := range b.tally.ReceiveLag.Buckets() {
			if bucket.Low > 10*time.Millisecond {
				slow += bucket.Count
			}
		}
		if got := b.tally.ReceiveLag.Count(); got != want.counted || slow != want.slow {
			t.Errorf("of %d reads %d count, %d of them slow; want %d and %d", reads, got, slow, want.counted, want.slow)
		}
	}
}
