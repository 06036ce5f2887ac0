//go:build linux

package supervise

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"webdyno/internal/sys"
)

// The test binary plays every part: keeper, second stage, a webdyno that will
// be killed, and servers with bad manners.
func TestMain(m *testing.M) {
	part := ""
	if len(os.Args) > 1 {
		part = os.Args[1]
	}
	switch part {
	case "keeper":
		os.Exit(KeeperMain())
	case "exec":
		os.Exit(ExecMain())
	case "webdyno":
		webdyno(os.Args[2:])
	case "server":
		misbehave(os.Args[2], os.Args[3:])
	default:
		os.Exit(rehearse(m))
	}
}

// rehearse runs the tests, with a place for what the other parts count of their
// coverage.
func rehearse(m *testing.M) int {
	dir, err := os.MkdirTemp("", "webdyno-coverage-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	os.Setenv("GOCOVERDIR", dir)
	return m.Run()
}

// webdyno starts a server, says that it has, and waits to be killed. Where the
// first argument is "frozen", it freezes the server before.
func webdyno(argv []string) {
	var s Supervisor
	frozen := argv[0] == "frozen"
	if frozen {
		argv = argv[1:]
	}
	p, err := s.Start(ctxForEver(), Command{Argv: argv, Env: os.Environ()})
	if err != nil {
		fmt.Println("error", err)
		os.Exit(1)
	}
	for frozen { // whatever it starts, too
		if all, _ := p.Tree(); len(all) == 4 {
			p.Freeze()
			break
		}
		time.Sleep(time.Millisecond)
	}
	fmt.Println(p.Keeper(), p.PID())
	select {}
}

func misbehave(how string, args []string) {
	// Whatever the test forgets ends by itself.
	time.AfterFunc(time.Minute, func() { os.Exit(99) })
	switch how {
	case "good": // ends with status 0 when asked to
		listen(args[0])
		awaitTERM()
		os.Exit(0)
	case "silent":
		awaitTERM()
		os.Exit(0)
	case "deaf": // ignores SIGTERM
		signal.Ignore(syscall.SIGTERM)
		fmt.Println("deaf")
		listen(args[0])
		select {}
	case "daemon": // goes into the background
		spawn(true, "good", args[0])
		os.Exit(0)
	case "mortal": // ends when it is connected to
		l := listen(args[0])
		l.Accept()
		fmt.Println("about to die")
		os.Exit(3)
	case "crash": // is killed by a signal when it is connected to
		l := listen(args[0])
		l.Accept()
		syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {}
	case "brood": // leaves a child in its group and a grandchild in a session of its own
		spawn(false, "deaf", "127.0.0.1:0")
		spawn(true, "twice", args[0])
		awaitTERM()
		os.Exit(0)
	case "twice": // forks again and ends, so that its child is an orphan
		spawn(true, "good", args[0])
		os.Exit(0)
	case "flood": // prints so many bytes, and a last line
		n, _ := strconv.Atoi(args[1])
		line := strings.Repeat("x", 99) + "\n"
		block := strings.Repeat(line, 100)
		for range n / len(block) {
			os.Stdout.WriteString(block)
		}
		fmt.Fprintln(os.Stderr, "last words")
		listen(args[0])
		awaitTERM()
		os.Exit(0)
	case "open": // says which descriptors and limits it was given
		report()
		awaitTERM()
		os.Exit(0)
	case "sharing": // lets others share its port
		shared(context.Background(), args[0])
		awaitTERM()
		os.Exit(0)
	case "heir": // leaves a child in its group that ends when asked to
		spawn(false, "silent")
		os.Exit(0)
	case "comet": // is replaced by a child of its own, again and again
		time.Sleep(2 * time.Millisecond)
		spawn(true, "comet", args[0])
		os.Exit(0)
	case "burning": // has an orphan that burns so many milliseconds of CPU and ends
		spawn(true, "twiceburn", args[1])
		listen(args[0])
		awaitTERM()
		os.Exit(0)
	case "twiceburn":
		spawn(true, "burn", args[0])
		os.Exit(0)
	case "burn":
		burn(args[0])
		os.Exit(0)
	}
	os.Exit(98)
}

func awaitTERM() {
	c := make(chan os.Signal, 1)
	signal.Notify(c, syscall.SIGTERM)
	<-c
}

func listen(addr string) net.Listener {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(97)
	}
	return l
}

// shared listens like others that share the port.
func shared(ctx context.Context, addr string) (net.Listener, error) {
	share := net.ListenConfig{Control: func(_, _ string, c syscall.RawConn) error {
		return c.Control(func(fd uintptr) { unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_REUSEPORT, 1) })
	}}
	return share.Listen(ctx, "tcp", addr)
}

func spawn(session bool, args ...string) {
	cmd := exec.Command("/proc/self/exe", append([]string{"server"}, args...)...)
	cmd.Env = os.Environ() // its manners
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: session}
	if err := cmd.Start(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(96)
	}
}

func report() {
	runtime.LockOSThread()
	cpus, _ := sys.Affinity()
	var files syscall.Rlimit
	var now unix.Rlimit
	syscall.Getrlimit(syscall.RLIMIT_NOFILE, &files)
	unix.Prlimit(0, unix.RLIMIT_NOFILE, nil, &now)
	fds, _ := os.ReadDir("/proc/self/fd")
	var open []string
	for _, f := range fds {
		if target, err := os.Readlink("/proc/self/fd/" + f.Name()); err == nil && !runtimes(target) {
			open = append(open, f.Name())
		}
	}
	dir, _ := os.Getwd()
	fmt.Println("cpus", cpus)
	fmt.Println("files", files.Max)
	fmt.Println("open", open)
	fmt.Println("dir", dir)
	fmt.Println("env", os.Environ())
	fmt.Println("group", syscall.Getpgrp() == os.Getpid())
	fmt.Println("hup ignored", signal.Ignored(syscall.SIGHUP), signal.Ignored(syscall.SIGTERM))
}

// runtimes tells whether Go's runtime opened a descriptor for itself.
func runtimes(target string) bool {
	for _, own := range []string{"anon_inode:", "/proc/", "/sys/fs/cgroup/"} {
		if strings.HasPrefix(target, own) {
			return true
		}
	}
	return false
}

func burn(ms string) {
	n, _ := strconv.Atoi(ms)
	for sys.OwnSpent().CPU() < time.Duration(n)*time.Millisecond {
	}
}

// self is the command line of a misbehaving server.
func self(t testing.TB, args ...string) []string {
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return append([]string{exe, "server"}, args...)
}
