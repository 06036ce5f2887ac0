package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"webdyno/internal/sys"
)

// misbehave plays a part in which exactly one thing is wrong: misbehave PART ARGS.
// The parts that serve answer every request with greeting, unless they say
// otherwise.
func misbehave() {
	part, args := os.Args[1], os.Args[2:]
	arg := func(i int) int {
		n, err := strconv.Atoi(args[i])
		must(err)
		return n
	}
	switch part {
	case "hog":
		hog(arg(0))
	case "collect":
		collect(args)
	case "squeeze":
		squeeze(args)
	case "well":
		serveOn(listenAt(arg(0), unix.SOMAXCONN), greet(nil))
	case "wrong":
		serveOn(listenAt(arg(0), unix.SOMAXCONN), greet(func(w http.ResponseWriter, n int64) bool {
			if n < 50 || n%10 != 0 {
				return false
			}
			io.WriteString(w, "hellO")
			return true
		}))
	case "empty":
		serveOn(listenAt(arg(0), unix.SOMAXCONN), greet(func(w http.ResponseWriter, _ int64) bool {
			w.Header().Set("Content-Length", "0")
			return true
		}))
	case "crash":
		serveOn(listenAt(arg(0), unix.SOMAXCONN), greet(func(_ http.ResponseWriter, n int64) bool {
			if n == 200 {
				os.Exit(3)
			}
			return false
		}))
	case "workers":
		workers(arg(0))
	case "worker":
		worker(arg(0))
	case "slow-accept":
		serveOn(slowly{listenAt(arg(0), 1)}, greet(nil))
	case "lossy":
		serveOn(lossy{listenAt(arg(0), unix.SOMAXCONN)}, greet(nil))
	case "restless":
		go hog(-1)
		serveOn(listenAt(arg(0), unix.SOMAXCONN), greet(nil))
	default:
		must(fmt.Errorf("no part %q", part))
	}
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "misbehave:", err)
		os.Exit(1)
	}
}

// greeting is what the parts that serve answer.
const greeting = "hello"

// greet answers request number n, from 0, by otherwise where that does, and else
// with the greeting.
func greet(otherwise func(w http.ResponseWriter, n int64) bool) http.Handler {
	var asked atomic.Int64
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		n := asked.Add(1) - 1
		if otherwise != nil && otherwise(w, n) {
			return
		}
		io.WriteString(w, greeting)
	})
}

func serveOn(l net.Listener, h http.Handler) { must(http.Serve(l, h)) }

// listenAt listens on a port of the loopback interface, with a backlog that package
// net would not give.
func listenAt(port, backlog int) net.Listener {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	must(err)
	must(unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1))
	must(unix.Bind(fd, &unix.SockaddrInet4{Port: port, Addr: [4]byte{127, 0, 0, 1}}))
	must(unix.Listen(fd, backlog))
	return listenerOf(os.NewFile(uintptr(fd), "listener"))
}

func listenerOf(f *os.File) net.Listener {
	l, err := net.FileListener(f)
	must(err)
	must(f.Close())
	return l
}

// A slowly accepts a connection every 20 ms.
type slowly struct{ net.Listener }

func (s slowly) Accept() (net.Conn, error) {
	time.Sleep(20 * time.Millisecond)
	return s.Listener.Accept()
}

// A lossy loses one in thirty of the segments that reach its connections.
type lossy struct{ net.Listener }

func (l lossy) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	raw, err := c.(*net.TCPConn).SyscallConn()
	must(err)
	const random = 0xfffff000 + 56 // SKF_AD_OFF + SKF_AD_RANDOM
	filter := []unix.SockFilter{
		{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: random},
		{Code: unix.BPF_JMP | unix.BPF_JGT | unix.BPF_K, Jf: 1, K: 1 << 31 / 15},
		{Code: unix.BPF_RET, K: 1 << 18},
		{Code: unix.BPF_RET, K: 0},
	}
	must(raw.Control(func(fd uintptr) {
		must(unix.SetsockoptSockFprog(int(fd), unix.SOL_SOCKET, unix.SO_ATTACH_FILTER,
			&unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}))
	}))
	return c, nil
}

// workers is two processes that serve one listener, and are replaced when they end.
func workers(port int) {
	f, err := listenAt(port, unix.SOMAXCONN).(*net.TCPListener).File()
	must(err)
	self, err := os.Executable()
	must(err)
	ended := make(chan error)
	for life := range 1000 {
		most := 200 // of the first ones; their successors stay
		if life >= 2 {
			most = 1 << 30
			<-ended
		}
		cmd := exec.Command(self, "worker", strconv.Itoa(most))
		cmd.ExtraFiles, cmd.Stderr = []*os.File{f}, os.Stderr
		cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
		must(cmd.Start())
		go func() { ended <- cmd.Wait() }()
	}
}

// worker serves so many requests and ends.
func worker(most int) {
	serveOn(listenerOf(os.NewFile(3, "listener")), greet(func(_ http.ResponseWriter, n int64) bool {
		if n == int64(most) {
			os.Exit(0)
		}
		return false
	}))
}

// hog keeps a CPU busy for half a minute, or until it is killed; CPU -1 is any.
func hog(cpu int) {
	runtime.LockOSThread()
	if cpu >= 0 {
		must(sys.SetAffinity(0, []int{cpu}))
	}
	for began := time.Now(); time.Since(began) < 30*time.Second; {
	}
}

// collect is webdyno, whose garbage is collected every 100 ms.
func collect(args []string) {
	os.Args = append([]string{programName}, args...)
	go func() {
		for range time.Tick(100 * time.Millisecond) {
			runtime.GC()
		}
	}()
	main()
}

// squeeze is webdyno in a network of its own that has few ports, beside a server.
// The two are started in the namespace that this process is in.
func squeeze(args []string) {
	const at = "127.0.0.1:8080"
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	must(err)
	lo, err := unix.NewIfreq("lo")
	must(err)
	lo.SetUint16(unix.IFF_UP)
	must(unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, lo))
	must(os.WriteFile("/proc/sys/net/ipv4/ip_local_port_range", []byte("40000 40099"), 0))
	must(os.WriteFile("/proc/sys/net/ipv4/tcp_tw_reuse", []byte("0"), 0))
	go serveOn(listenAt(int(netip.MustParseAddrPort(at).Port()), unix.SOMAXCONN), greet(nil))
	webdyno, err := exec.LookPath(programName)
	must(err)
	cmd := exec.Command(webdyno, append(args, "http://"+at+"/")...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	_ = cmd.Run() // what it said is looked at
}
