package sys

import (
	"bytes"
	"os"
	"runtime"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// ring returns a started Ring on a thread that stays the test's, and makes sure
// that it leaves no descriptor behind. Without io_uring the test is skipped.
func ring(t *testing.T, c RingConfig) *Ring {
	t.Helper()
	if err := TryRing(); err != nil {
		t.Skip(err)
	}
	before := descriptors(t)
	runtime.LockOSThread()
	r, err := NewRing(c)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
		runtime.UnlockOSThread()
		if after := descriptors(t); after != before {
			t.Errorf("%d descriptors are open, there were %d", after, before)
		}
	})
	return r
}

func descriptors(t *testing.T) int {
	t.Helper()
	names, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skip(err)
	}
	return len(names)
}

func small() RingConfig {
	return RingConfig{Submissions: 8, Completions: 16, Buffers: 4, BufferSize: 64}
}

// pair returns two sockets that are connected with each other.
func pair(t *testing.T) (here, there int) {
	t.Helper()
	p, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(p[0]); unix.Close(p[1]) })
	return p[0], p[1]
}

// complete returns the next completion, which must come soon.
func complete(t *testing.T, r *Ring) Completion {
	t.Helper()
	c, err := r.await(5 * time.Second)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// idle makes sure that nothing is complete.
func idle(t *testing.T, r *Ring) {
	t.Helper()
	if err := r.Enter(0); err != nil {
		t.Fatal(err)
	}
	if c := (Completion{}); r.Next(&c) {
		t.Fatalf("unexpected completion %+v", c)
	}
}

// mapped returns memory that the kernel may hold.
func mapped(t *testing.T, s []byte) []byte {
	t.Helper()
	b, err := Map(len(s))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { Unmap(b) })
	return b[:copy(b, s)]
}

// Operations are complete under their keys, in more turns than the queues have
// places.
func TestRingGoesRound(t *testing.T) {
	r := ring(t, small())
	for turn := range uint64(100) {
		if turn > 0 && r.Room() != 8 {
			t.Fatalf("turn %d: room for %d", turn, r.Room())
		}
		for i := range uint64(5) {
			r.Nop(turn*10 + i)
		}
		for i := range uint64(5) {
			if c := complete(t, r); c.Key != turn*10+i || c.Err() != 0 {
				t.Fatalf("turn %d: %+v", turn, c)
			}
		}
	}
	idle(t, r)
}

// A wait lasts until its time is over, and no time is no wait.
func TestRingWaitEndsInTime(t *testing.T) {
	r := ring(t, small())
	idle(t, r)
	began := time.Now()
	for time.Since(began) < 20*time.Millisecond {
		if err := r.Enter(20*time.Millisecond - time.Since(began)); err != nil {
			t.Fatal(err)
		}
	}
	idle(t, r)
}

// A wait that hands something over ends no sooner and no later for it: neither
// by the kernel's clock nor, where the kernel has no such wait, by ours.
func TestRingWaitEndsInTimeWhateverIsHandedOver(t *testing.T) {
	for _, old := range []bool{false, true} {
		r := ring(t, small())
		here, _ := pair(t)
		if old {
			r.features &^= featMinTimeout
		}
		for key := range uint64(3) {
			r.Poll(here, Readable, key)
			began := time.Now()
			if err := r.Enter(5 * time.Millisecond); err != nil {
				t.Fatal(err)
			}
			// A signal may end it sooner; that it ends at all, test after test, is
			// what a time of the wrong clock would not do.
			if took := time.Since(began); took > longestSleep/2 {
				t.Errorf("a wait of 5 ms took %v", took)
			}
		}
	}
}

// Wake ends a wait, from whatever thread and how often it comes.
func TestRingIsWoken(t *testing.T) {
	r := ring(t, small())
	for range 3 {
		wakeFromElsewhere(t, r)
	}
}

// wakeFromElsewhere lets another goroutine call Wake, and looks what comes of
// it.
func wakeFromElsewhere(t *testing.T, r *Ring) {
	t.Helper()
	var wg sync.WaitGroup
	defer wg.Wait()
	wg.Go(r.Wake)
	if c := complete(t, r); c.Key != WakeKey || c.Err() != 0 {
		t.Fatalf("%+v", c)
	}
}

// What one end sends, the other receives, piece by piece from one operation; the
// last completion is the end.
func TestRingSendsAndReceives(t *testing.T) {
	r := ring(t, small())
	here, there := pair(t)
	r.Recv(here, 1)
	for i := range byte(20) {
		word := mapped(t, []byte{'a' + i, 'b', 'c'})
		r.Send(there, word, 2, i%2 == 0)
		seen := 0
		for want := 2 - int(i+1)%2; seen < want; seen++ {
			c := complete(t, r)
			if c.Key == 2 {
				if i%2 == 0 || c.Len() != 3 {
					t.Fatalf("send %d: %+v", i, c)
				}
				continue
			}
			id, ok := c.Buffer()
			if !ok || !c.More() || !bytes.Equal(r.Data(id, c.Len()), word) {
				t.Fatalf("receive %d: %+v, %q", i, c, r.Data(id, c.Len()))
			}
			r.Return(id)
		}
	}
	unix.Shutdown(there, unix.SHUT_WR)
	if c := complete(t, r); c.Key != 1 || c.Err() != 0 || c.Len() != 0 || c.More() {
		t.Fatalf("end: %+v", c)
	}
	r.Send(here, mapped(t, []byte("x")), 3, true)
	unix.Shutdown(there, unix.SHUT_RD)
	r.Send(here, mapped(t, []byte("x")), 4, true)
	idleOrBroken(t, r)
}

// idleOrBroken takes what a silent send says: nothing, or EPIPE.
func idleOrBroken(t *testing.T, r *Ring) {
	t.Helper()
	if err := r.Enter(0); err != nil {
		t.Fatal(err)
	}
	for c := (Completion{}); r.Next(&c); {
		if c.Err() != unix.EPIPE {
			t.Fatalf("%+v", c)
		}
	}
}

// A send larger than any socket's buffer arrives whole, though its success is
// not told.
func TestRingSendsAllOfIt(t *testing.T) {
	r := ring(t, small())
	here, there := pair(t)
	big := mapped(t, bytes.Repeat([]byte("0123456789"), 1<<17))
	r.Send(there, big, 2, true)
	if err := r.Submit(); err != nil {
		t.Fatal(err)
	}
	var got []byte
	buf := make([]byte, 1<<16)
	for len(got) < len(big) {
		n, errno := Recv(here, buf)
		if errno == unix.EAGAIN {
			if err := r.Enter(time.Millisecond); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if errno != 0 {
			t.Fatal(errno)
		}
		got = append(got, buf[:n]...)
	}
	if !bytes.Equal(got, big) {
		t.Error("it arrived changed")
	}
	idle(t, r)
}

// Where the buffers run out, a receive ends with ENOBUFS and nothing is lost: a
// new one goes on where it ended.
func TestRingRunsOutOfBuffers(t *testing.T) {
	r := ring(t, small())
	here, there := pair(t)
	sent := bytes.Repeat([]byte("abcdefgh"), 4*64/8+8) // 64 bytes more than the buffers hold
	if n, errno := Send(there, sent); n != len(sent) || errno != 0 {
		t.Fatal(n, errno)
	}
	r.Recv(here, 1)
	var got []byte
	var full []uint16
	for {
		c := complete(t, r)
		if c.Err() == unix.ENOBUFS {
			if c.More() {
				t.Fatalf("%+v: it goes on", c)
			}
			break
		}
		id, ok := c.Buffer()
		if !ok || c.Err() != 0 {
			t.Fatalf("%+v", c)
		}
		got = append(got, r.Data(id, c.Len())...)
		full = append(full, id)
	}
	if len(full) != 4 {
		t.Fatalf("%d buffers were filled, want 4", len(full))
	}
	for _, id := range full {
		r.Return(id)
	}
	r.Recv(here, 1)
	c := complete(t, r)
	id, _ := c.Buffer()
	if got = append(got, r.Data(id, c.Len())...); !bytes.Equal(got, sent) {
		t.Errorf("received %q", got)
	}
	r.Return(id)
}

// What is cancelled says so; what was not handed over can be taken back.
func TestRingCancelsAndForgets(t *testing.T) {
	r := ring(t, small())
	here, there := pair(t)
	r.Recv(here, 1)
	r.Poll(there, Readable, 2)
	r.Nop(3)
	r.Nop(4)
	r.Forget(func(key uint64) bool { return key == 3 })
	if c := complete(t, r); c.Key != 4 {
		t.Fatalf("%+v", c)
	}
	idle(t, r)
	if err := r.CancelAll(); err != nil {
		t.Fatal(err)
	}
	ended := map[uint64]bool{}
	for len(ended) < 3 {
		c := complete(t, r)
		if c.Err() != unix.ECANCELED || c.More() {
			t.Fatalf("%+v", c)
		}
		ended[c.Key] = true
	}
	wakeFromElsewhere(t, r) // heard again, though what waits for it was cancelled too
}

// A poll tells what has happened to a descriptor.
func TestRingPolls(t *testing.T) {
	r := ring(t, small())
	here, there := pair(t)
	r.Poll(here, Writable, 1)
	if c := complete(t, r); c.Key != 1 || c.Events()&Writable == 0 {
		t.Fatalf("%+v", c)
	}
	r.Poll(here, Readable, 2)
	idle(t, r)
	Send(there, []byte("x"))
	if c := complete(t, r); c.Key != 2 || c.Events()&Readable == 0 || c.More() {
		t.Fatalf("%+v", c)
	}
}

// More completions than find room are kept, not lost.
func TestRingOverflows(t *testing.T) {
	r := ring(t, RingConfig{Submissions: 8, Completions: 8, Buffers: 1, BufferSize: 64})
	for i := range uint64(40) {
		r.Nop(i)
		if err := r.Submit(); err != nil {
			t.Fatal(err)
		}
	}
	for i := range uint64(40) {
		if c := complete(t, r); c.Key != i {
			t.Fatalf("completion %d is %+v", i, c)
		}
	}
}

// The oldest kernel that will do, does.
func TestPlainRing(t *testing.T) {
	c := small()
	c.Plain = true
	r := ring(t, c)
	here, there := pair(t)
	r.Recv(here, 1)
	for range 3 {
		r.Send(there, mapped(t, []byte("abc")), 2, true)
		c := complete(t, r)
		if id, ok := c.Buffer(); c.Key != 1 || !ok || !c.More() || string(r.Data(id, c.Len())) != "abc" {
			t.Fatalf("%+v", c)
		} else {
			r.Return(id)
		}
	}
	wakeFromElsewhere(t, r)
}

// A ring that is closed with operations under way ends them first, and one that
// was never started closes as well.
func TestRingClosesAtAnyTime(t *testing.T) {
	for range 20 {
		r := ring(t, small())
		here, there := pair(t)
		r.Recv(here, 1)
		r.Send(there, mapped(t, make([]byte, 1<<20)), 2, false)
		if err := r.Submit(); err != nil {
			t.Fatal(err)
		}
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
	}
	r, err := NewRing(small())
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
}
