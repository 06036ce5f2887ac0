package host

import (
	"net"
	"os"
	"runtime"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"webdyno/internal/sys"
)

// What holds up even the most urgent thread of a CPU is seen, and nothing else
// is asked of the machine: the fault is a thread of the same rank that does not
// let go for 80 ms.
func TestHiccupsAreSeen(t *testing.T) {
	cpus, err := sys.Affinity()
	if err != nil {
		t.Fatal(err)
	}
	cpu := cpus[len(cpus)-1:]
	stop, err := WatchBusy(cpu)
	if err != nil {
		t.Skipf("an ordinary user may not watch for hiccups: %v", err)
	}
	const held = 80 * time.Millisecond
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // for good: nothing else must run so urgently
		if err := sys.SetAffinity(0, cpu); err != nil {
			done <- err
			return
		}
		err := sys.Urgent()
		for end := time.Now().Add(held); time.Now().Before(end); {
		}
		done <- err
	}()
	err = <-done
	h := stop()
	if err != nil {
		t.Fatal(err)
	}
	if h.Max < held/8 || h.Stalled <= 0 { // part of it passed before the thread asked to be woken
		t.Errorf("a CPU was held for %v, and %+v was seen", held, h)
	}
}

// A listener whose queue is full turns connections away, and the kernel's count
// of them is read.
func TestAcceptQueueOverflowIsSeen(t *testing.T) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	if err := unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	if err := unix.Listen(fd, 1); err != nil {
		t.Fatal(err)
	}
	own, err := unix.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	addr := net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: own.(*unix.SockaddrInet4).Port}
	w := Watch{Root: os.DirFS("/")}
	began, err := w.Begin()
	if err != nil {
		t.Skip(err)
	}
	for range 8 { // nobody accepts: room for two
		c, err := net.DialTimeout("tcp", addr.String(), 20*time.Millisecond)
		if err == nil {
			defer c.Close()
		}
	}
	if n := w.End(began, 0).Network.Overflows; n == 0 {
		t.Errorf("a queue for one took in eight connections: %d overflows", n)
	}
}
