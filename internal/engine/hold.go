package engine

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"syscall"
	"time"

	"webdyno/internal/evidence"
	"webdyno/internal/sys"
)

// The idle connections of a load are held beside its own: opened before the
// first request, silent until the last outcome, then closed. They belong to no
// loop, since nothing ever happens to them; package net opens them, TCP alone,
// without a TLS handshake.

const (
	// holdAtOnce is how many are being opened at any time: a listener's queue
	// may be as short as five.
	holdAtOnce = 4
	// holdPatience is how long the opening of all may take. What is not open by
	// then is missing, which the tally tells.
	holdPatience = 30 * time.Second
	// holdSpare are the descriptors that webdyno itself needs.
	holdSpare = 64
)

// An idleCrowd is the idle connections of a job.
type idleCrowd struct {
	asked int
	mu    sync.Mutex
	conns []net.Conn
	err   error // that no patience mends
}

// hold opens the job's share of the idle connections. Those that the server does
// not take are missing; an error is for what this machine cannot give.
func hold(ctx context.Context, job *Job) (*idleCrowd, error) {
	all := job.Load.Usage().Idle
	c := &idleCrowd{asked: int(job.Share.Count(int64(all)))}
	if c.asked == 0 {
		return c, nil
	}
	if need, limit := c.asked+job.connections()+holdSpare, sys.DescriptorLimit(); need > limit {
		return c, fmt.Errorf("%d idle connections and %d of the load take more descriptors than the %d that this process may have open: "+
			"hold fewer, or raise the limit (ulimit -n %d)", c.asked, job.connections(), limit, need)
	}
	ctx, cancel := context.WithTimeout(ctx, holdPatience)
	defer cancel()
	turns := make(chan struct{}, c.asked)
	for range c.asked {
		turns <- struct{}{}
	}
	close(turns)
	var opening sync.WaitGroup
	for range min(holdAtOnce, c.asked) {
		opening.Go(func() {
			for range turns {
				if !c.open(ctx, job) {
					return
				}
			}
		})
	}
	opening.Wait()
	if c.err != nil {
		c.release()
		return c, c.err
	}
	return c, nil
}

// open opens one more. It reports whether it makes sense to go on.
func (c *idleCrowd) open(ctx context.Context, job *Job) bool {
	network, address := "tcp", job.Address.String()
	if job.Unix != "" {
		network, address = "unix", job.Unix
	}
	d := net.Dialer{KeepAlive: -1} // nothing is said on them, by the kernel neither
	conn, err := d.DialContext(ctx, network, address)
	c.mu.Lock()
	defer c.mu.Unlock()
	if err == nil {
		c.conns = append(c.conns, conn)
		return true
	}
	for _, errno := range []syscall.Errno{syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM, syscall.EADDRNOTAVAIL} {
		if errors.Is(err, errno) {
			c.err = fmt.Errorf("idle connection %d of %d: %w: hold fewer, or raise what %s stands for",
				len(c.conns)+1, c.asked, err, limitOf(errno))
			return false
		}
	}
	return ctx.Err() == nil
}

// limitOf says what an errno of opening a connection is the limit of.
func limitOf(errno syscall.Errno) string {
	switch errno {
	case syscall.EMFILE:
		return "ulimit -n"
	case syscall.ENFILE:
		return "fs.file-max"
	case syscall.EADDRNOTAVAIL:
		return "net.ipv4.ip_local_port_range"
	}
	return "the machine's memory"
}

// count tells how many are open, and how many of these the server has ended.
func (c *idleCrowd) count() evidence.Idle {
	n := evidence.Idle{Asked: uint64(c.asked), Opened: uint64(len(c.conns))}
	for _, conn := range c.conns {
		raw, err := conn.(syscall.Conn).SyscallConn()
		if err != nil {
			continue
		}
		_ = raw.Control(func(fd uintptr) { // it fails on a closed one, and this is open
			if sys.PeerEnded(int(fd)) {
				n.Ended++
			}
		})
	}
	return n
}

// release closes all of them, by reset, which leaves no port waiting.
func (c *idleCrowd) release() {
	for _, conn := range c.conns {
		if t, ok := conn.(*net.TCPConn); ok {
			_ = t.SetLinger(0) // refused, the end is an orderly one
		}
		conn.Close()
	}
	c.conns = nil
}
