package engine

import (
	"bytes"
	"io"
	"net"
	"net/netip"
	"testing"
	"time"

	"webdyno/internal/mono"
)

func newTestNet(t *testing.T) *netDriver {
	d := newNet(mono.Start(), &Job{Requests: get(), Address: netip.MustParseAddrPort("127.0.0.1:1")}, sources{most: 1, used: 1})
	t.Cleanup(func() { d.shutdown() })
	return d
}

// Connections read the clock when something arrives; to the loop, which may
// have read it since, it never goes backwards.
func TestCompletionsAreNeverOlderThanTheLoopsClock(t *testing.T) {
	d := newTestNet(t)
	k := &netConn{goOn: make(chan struct{}, 1), cancel: func() {}}
	now := d.now()
	d.tell(k, completion{what: connected, at: now - 5})
	d.tell(k, completion{what: received, at: now + 3, data: []byte("a")})
	d.tell(k, completion{what: ended, at: now + 2})
	if err := d.wait(mono.Never); err != nil {
		t.Fatal(err)
	}
	var c completion
	for _, want := range []mono.Time{now, now + 3, now + 3} {
		if !d.next(&c) || c.at != want {
			t.Errorf("%v at %v, want %v", c.what, c.at, want)
		}
	}
	if d.next(&c) {
		t.Errorf("one more: %v", c.what)
	}
}

// A connection is not read on while the loop looks at what was received, and
// what it told before its close is swallowed after it.
func TestOnePieceOfDataAConnection(t *testing.T) {
	d := newTestNet(t)
	k := &netConn{goOn: make(chan struct{}, 1), cancel: func() {}}
	d.conns = append(d.conns, k)
	d.tell(k, completion{what: received, data: []byte("a")})
	d.tell(k, completion{what: received, data: []byte("b")})
	var c completion
	if d.wait(mono.Never); !d.next(&c) || len(k.goOn) != 0 {
		t.Fatal("it may read on before the loop has looked")
	}
	d.close(0, orderly)
	if d.next(&c) {
		t.Errorf("told %v of a closed connection", c.what)
	}
	if _, ok := <-k.goOn; ok {
		t.Error("its goroutine may read on")
	}
}

// What the kernel takes only piece by piece arrives whole and in order, and
// nobody who writes waits for it; nor where nothing can be offered at once.
func TestOutletNeverBlocks(t *testing.T) {
	for name, connect := range map[string]func() (net.Conn, net.Conn){
		"pipe": net.Pipe,
		"tcp": func() (net.Conn, net.Conn) {
			ln, err := net.Listen("tcp4", "127.0.0.1:0")
			if err != nil {
				t.Skip(err)
			}
			defer ln.Close()
			a, err := net.Dial("tcp4", ln.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			b, err := ln.Accept()
			if err != nil {
				t.Fatal(err)
			}
			return a, b
		},
	} {
		t.Run(name, func(t *testing.T) {
			ours, theirs := connect()
			d := newTestNet(t)
			o := newOutlet(ours, d)
			var want []byte
			for i := range 6 {
				piece := bytes.Repeat([]byte{byte('a' + i)}, 3<<20)
				want = append(want, piece...)
				o.begin(d.clock.Now())
				if n, err := o.Write(piece); n != len(piece) || err != nil {
					t.Fatalf("took %d of %d: %v", n, len(piece), err)
				}
			}
			got := make([]byte, len(want))
			if _, err := io.ReadFull(theirs, got); err != nil || !bytes.Equal(got, want) {
				t.Errorf("%v; equal: %v", err, bytes.Equal(got, want))
			}
			theirs.Close()
			for o.failed() == nil { // a reset takes its time
				o.Write(want)
				time.Sleep(time.Millisecond)
			}
			if _, err := o.Write(want); err == nil {
				t.Error("written after it had failed")
			}
			ours.Close()
		})
	}
}
