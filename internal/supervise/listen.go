package supervise

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"webdyno/internal/sys"
)

// errSilent says that nothing listens at an address yet.
var errSilent = errors.New("nothing listens there")

// Listens waits until the server listens on addr and returns how it was shown
// that it is the server that does. It gives up with a [NotOwnerError] as soon
// as anybody else listens there, be it on a wildcard or sharing the port; with
// an [ExitedError] if the server ends; with a [SilentError] when ctx does.
func (p *Process) Listens(ctx context.Context, addr netip.AddrPort) (proof string, err error) {
	for {
		proof, err := p.Owns(addr)
		if !errors.Is(err, errSilent) {
			return proof, err
		}
		timer := time.NewTimer(pause(time.Since(p.execed)))
		select {
		case <-timer.C:
		case <-p.done:
			timer.Stop()
			return "", &ExitedError{Exit: p.Exit()}
		case <-ctx.Done():
			timer.Stop()
			return "", p.silent(addr, context.Cause(ctx))
		}
	}
}

// pause is how long to wait before asking again: 2 % of the time that has
// passed, which bounds the error of the start-up time by as much, and not so
// short that asking disturbs the start.
func pause(passed time.Duration) time.Duration {
	return min(max(passed/50, time.Millisecond), 50*time.Millisecond)
}

func (p *Process) silent(addr netip.AddrPort, why error) error {
	e := &SilentError{Addr: addr, Waited: time.Since(p.execed), Err: why}
	all, err := sys.Listeners()
	if err != nil {
		return e
	}
	owners, err := sys.SocketOwners(inodes(all))
	if err != nil {
		return e
	}
	for _, l := range all {
		for _, pid := range owners[l.Inode] {
			if sys.DescendsFrom(pid, p.Keeper()) {
				e.Elsewhere = append(e.Elsewhere, l.Addr)
				break
			}
		}
	}
	return e
}

// Backlog returns how many connections may wait to be accepted at whatever
// listens on addr: the smallest number where several sockets do, 0 if the kernel
// does not tell.
func Backlog(addr netip.AddrPort) uint32 {
	all, err := sys.Listeners()
	if err != nil {
		return 0
	}
	var least uint32
	for _, l := range all {
		if l.Takes(addr) && l.Backlog > 0 && (least == 0 || l.Backlog < least) {
			least = l.Backlog
		}
	}
	return least
}

// Owns shows that every socket that takes connections to addr is held by the
// server's processes and by nobody else, or returns why not: the errors of
// Listens, or that nothing listens. It is for asking again after a trial.
func (p *Process) Owns(addr netip.AddrPort) (proof string, err error) {
	const tries = 5 // a socket made this instant may not be in its owner's list yet
	for try := range tries {
		proof, err = p.owns(addr)
		var other *NotOwnerError
		if !errors.As(err, &other) || other.PID != 0 {
			break
		}
		time.Sleep(time.Duration(try) * 2 * time.Millisecond)
	}
	select {
	case <-p.done: // what is left of it is not what was started
		return "", &ExitedError{Exit: p.Exit()}
	default:
		return proof, err
	}
}

func (p *Process) owns(addr netip.AddrPort) (proof string, err error) {
	all, err := sys.Listeners()
	if err != nil {
		return "", err
	}
	var there []sys.Listener
	for _, l := range all {
		if l.Takes(addr) {
			there = append(there, l)
		}
	}
	if len(there) == 0 {
		return "", fmt.Errorf("%s: %w", addr, errSilent)
	}
	owners, err := sys.SocketOwners(inodes(there))
	if err != nil {
		return "", err
	}
	for _, l := range there {
		if err := p.check(l, addr, owners[l.Inode]); err != nil {
			return "", err
		}
	}
	return p.proof(there, owners), nil
}

// check returns nil if all who hold the listener belong to the tree.
func (p *Process) check(l sys.Listener, addr netip.AddrPort, owners []int) error {
	for _, pid := range owners {
		if !sys.DescendsFrom(pid, p.Keeper()) {
			if _, err := sys.ReadProcess(pid); err != nil && len(owners) > 1 {
				continue // it has just ended, and others hold the socket
			}
			return &NotOwnerError{Addr: addr, Found: l.Addr, PID: pid, Command: sys.CommandLine(pid), UID: l.UID}
		}
	}
	if len(owners) == 0 {
		return &NotOwnerError{Addr: addr, Found: l.Addr, UID: l.UID}
	}
	return nil
}

func (p *Process) proof(there []sys.Listener, owners map[uint64][]int) string {
	l := there[0]
	who := owners[l.Inode]
	text := fmt.Sprintf("socket %d listens on %s and is held by process %d", l.Inode, l.Addr, who[0])
	if len(who) > 1 {
		text += fmt.Sprintf(" and %d more", len(who)-1)
	}
	if len(there) > 1 {
		text += fmt.Sprintf("; %d more sockets share the port", len(there)-1)
	}
	return fmt.Sprintf("%s, of the tree of %d under keeper %d", text, p.pid, p.Keeper())
}

func inodes(ls []sys.Listener) []uint64 {
	var is []uint64
	for _, l := range ls {
		is = append(is, l.Inode)
	}
	return is
}
