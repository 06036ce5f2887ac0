package sys

import (
	"net"
	"net/netip"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// pollers runs a test on both ways of waiting.
func pollers(t *testing.T, test func(*testing.T, *Poller)) {
	for _, way := range []string{"epoll_pwait2", "timerfd"} {
		t.Run(way, func(t *testing.T) {
			p, err := NewPoller(8)
			if err != nil {
				t.Fatal(err)
			}
			defer p.Close()
			if way == "timerfd" && p.timer < 0 {
				if err := p.useTimer(); err != nil {
					t.Fatal(err)
				}
			}
			test(t, p)
		})
	}
}

// A wait ends when its time is over, and not before.
func TestWaitEndsInTime(t *testing.T) {
	pollers(t, func(t *testing.T, p *Poller) {
		for _, d := range []time.Duration{0, 300 * time.Microsecond, 5 * time.Millisecond} {
			began := time.Now()
			for left := d; ; left = d - time.Since(began) {
				if _, err := p.Wait(left); err != nil {
					t.Fatal(err)
				}
				if time.Since(began) >= d {
					break
				}
			}
			if took := time.Since(began); took > d+time.Second {
				t.Errorf("waited %v for %v", took, d)
			}
		}
	})
}

// Wake ends a wait that would last, and one that has not begun yet.
func TestWakeEndsAWait(t *testing.T) {
	pollers(t, func(t *testing.T, p *Poller) {
		woken := func() bool {
			for range 100 { // a signal may end a wait too
				n, err := p.Wait(time.Second)
				if err != nil {
					t.Fatal(err)
				}
				if n == 1 {
					key, _ := p.Event(0)
					return key == WakeKey
				}
			}
			return false
		}
		p.Wake()
		if !woken() {
			t.Error("a wake before the wait was lost")
		}
		done := make(chan struct{})
		go func() {
			defer close(done)
			p.Wake()
		}()
		if !woken() {
			t.Error("a wake was lost")
		}
		<-done
	})
}

// A socket of each kind connects, carries bytes both ways, tells of its other
// end's leaving, and of TCP's may be used again after a reset.
func TestSocketsFromDialToEnd(t *testing.T) {
	for network, address := range map[string]string{
		"tcp4": "127.0.0.1:0", "tcp6": "[::1]:0", "unix": filepath.Join(t.TempDir(), "s"),
	} {
		t.Run(network, func(t *testing.T) {
			ln, err := net.Listen(network, address)
			if err != nil {
				t.Skip(err)
			}
			defer ln.Close()
			var peer *Peer
			if network == "unix" {
				peer, err = NewUnixPeer(address)
			} else {
				peer, err = NewPeer(netip.MustParseAddrPort(ln.Addr().String()))
			}
			if err != nil {
				t.Fatal(err)
			}
			defer peer.Close()
			p, err := NewPoller(8)
			if err != nil {
				t.Fatal(err)
			}
			defer p.Close()
			fd, errno := peer.Socket()
			if errno != 0 {
				t.Fatal(errno)
			}
			converse(t, p, peer, ln, fd, true)
			if network == "unix" {
				ResetSocket(fd)
				return
			}
			if errno := Disconnect(fd); errno != 0 {
				t.Fatal(errno)
			}
			converse(t, p, peer, ln, fd, false)
			CloseSocket(fd)
		})
	}
}

// converse dials, exchanges a word, and sees the other end leave.
func converse(t *testing.T, p *Poller, peer *Peer, ln net.Listener, fd int, watch bool) {
	t.Helper()
	if errno := peer.Connect(fd); errno != 0 && errno != unix.EINPROGRESS {
		t.Fatal(errno)
	}
	if watch {
		if errno := p.Watch(fd, 7<<32|5); errno != 0 {
			t.Fatal(errno)
		}
	}
	await(t, p, Writable)
	if errno := SocketError(fd); errno != 0 {
		t.Fatal(errno)
	}
	other, err := ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	if n, errno := Send(fd, []byte("ping")); n != 4 || errno != 0 {
		t.Fatalf("sent %d bytes: %v", n, errno)
	}
	b := make([]byte, 16)
	if n, err := other.Read(b); string(b[:n]) != "ping" {
		t.Fatalf("the other end read %q, %v", b[:n], err)
	}
	if _, errno := Recv(fd, b); errno != unix.EAGAIN {
		t.Fatalf("nothing was there to read, and Recv says %v", errno)
	}
	other.Write([]byte("pong"))
	await(t, p, Readable)
	if n, errno := Recv(fd, b); string(b[:n]) != "pong" {
		t.Fatalf("read %q, %v", b[:n], errno)
	}
	other.Close()
	await(t, p, PeerDone)
	if n, errno := Recv(fd, b); n != 0 || errno != 0 {
		t.Fatalf("after the end: %d, %v", n, errno)
	}
}

// await waits until an event of the connection has e in it.
func await(t *testing.T, p *Poller, e Events) {
	t.Helper()
	for range 1000 {
		n, err := p.Wait(10 * time.Millisecond)
		if err != nil {
			t.Fatal(err)
		}
		for i := range n {
			if key, got := p.Event(i); key == 7<<32|5 && got&e != 0 {
				return
			}
		}
	}
	t.Fatalf("event %#x did not come", e)
}

// Addresses that cannot be dialed are refused before anything is.
func TestImpossiblePeers(t *testing.T) {
	if _, err := NewPeer(netip.AddrPort{}); err == nil {
		t.Error("the zero address")
	}
	if _, err := NewPeer(netip.MustParseAddrPort("[fe80::1%no-such-link]:80")); err == nil {
		t.Error("an interface that is not there")
	}
	if _, err := NewUnixPeer(""); err == nil {
		t.Error("an empty path")
	}
	if _, err := NewUnixPeer(string(make([]byte, 108))); err == nil {
		t.Error("a path that is too long")
	}
	if ErrnoName(unix.ECONNREFUSED) != "ECONNREFUSED" || ErrnoName(9999) != "errno 9999" {
		t.Errorf("errnos are called %s, %s", ErrnoName(unix.ECONNREFUSED), ErrnoName(9999))
	}
}

func TestThreadClockAdvances(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := SetTimerSlack(1); err != nil {
		t.Error(err)
	}
	before := ThreadCPU()
	for ThreadCPU() == before {
	}
	if DescriptorLimit() < 64 || EphemeralPorts() < 1 {
		t.Errorf("%d descriptors, %d ports", DescriptorLimit(), EphemeralPorts())
	}
}
