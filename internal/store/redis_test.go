package store

import (
	"bufio"
	"fmt"
	"io"
	"math"
	"net"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// What a script of requests is answered, by Redis and by this store. The first
// word of a line is whose connection it goes over, if it is a digit and a
// colon. A line beginning with ~ is answered by this store in its own way, and
// is held against nothing.
const script = `
PING
PING hello
ECHO x
ECHO
FOO a b c
foo
GET
GET nothing
SET k v
GET k
SET k w NX
SET k w XX
SET n w XX
SET k v EX 100
TTL k
SET k v EX 0
SET k v EX -1
SET k v EX x
SET k v PX 100000
SET k v BAD
SET k v EX
EXPIRE k 50
EXPIRE none 50
TTL k
TTL none
SET plain v
TTL plain
PTTL plain
PTTL none
EXISTS k plain none k
TYPE k
TYPE none
DEL k plain none
EXISTS k
DBSIZE
SELECT 0
SELECT 100
SELECT x
CLIENT SETNAME me
CLIENT GETNAME
CLIENT SETNAME "a\nb"
CLIENT NOSUCH
CLIENT
CONFIG NOSUCH
CONFIG RESETSTAT
XADD
XADD s
XADD s *
XADD s * a
XADD s * a b c
XADD s 0-0 a b
XADD s 0 a b
XADD s 5-1 a b
XADD s 5-1 a b
XADD s 5-0 a b
XADD s 5 a b
XADD s 4-9 a b
XADD s 5-* a b
XADD s 5-* a b
XADD s 4-* a b
XADD s 6-* a b c d
XADD s 7 a b
XADD s x a b
XADD s 7-x a b
XADD s -1 a b
XADD s 8-1-1 a b
XADD s 9-18446744073709551615 a b
XADD s 18446744073709551616 a b
XADD none NOMKSTREAM * a b
EXISTS none
XLEN s
XLEN none
TYPE s
GET s
XRANGE s - +
XRANGE s - + COUNT 2
XRANGE s - + COUNT 0
XRANGE s - + COUNT -1
XRANGE s - + COUNT x
XRANGE s - + COUNT
XRANGE s - + NONSENSE 1
XRANGE s -
XRANGE s 5 5
XRANGE s (5 +
XRANGE s (5-1 +
XRANGE s (5-1 (7
XRANGE s (5-1 7 COUNT 1
XRANGE s - (5-1
XRANGE s (18446744073709551615-18446744073709551615 +
XRANGE s - (0-0
XRANGE s 6 5
XRANGE s + -
XRANGE s x y
XRANGE s ( +
XRANGE s 0 +
XRANGE none - +
XREVRANGE s + -
XREVRANGE s + - COUNT 2
XREVRANGE s (7 -
XREVRANGE s 7 (5-2 COUNT 1
XREVRANGE s - +
XREVRANGE none + -
XREAD STREAMS s 0
XREAD COUNT 1 STREAMS s 0
XREAD COUNT 2 STREAMS s 5-1
XREAD STREAMS s none 5-3 0
XREAD STREAMS s none 0
XREAD STREAMS s
XREAD STREAMS s x
XREAD STREAMS s $
XREAD STREAMS none 0
XREAD BLOCK 10 STREAMS s $
XREAD BLOCK -1 STREAMS s $
XREAD BLOCK x STREAMS s $
XREAD COUNT x STREAMS s $
XREAD NONSENSE 1 STREAMS s 0
XREAD COUNT 1
XADD t 1-1 a b
XADD t 2-1 a b
XADD t 3-1 a b
XADD t MAXLEN 3 4-1 a b
XADD t MAXLEN = 2 5-1 a b
XADD t MAXLEN -1 6-1 a b
XADD t MAXLEN x 6-1 a b
XADD t MAXLEN 2 LIMIT 1 6-1 a b
XADD t MINID 5 6-1 a b
XRANGE t - +
XTRIM t MAXLEN 1
XTRIM t MAXLEN 0
XLEN t
EXISTS t
XADD t 6-1 a b
XADD t 7-1 a b
XTRIM t MINID 7-1
XTRIM t MINID
XTRIM t NONSENSE 3
XTRIM t MINID 1 2
XTRIM none MAXLEN 0
XADD d 1-1 a 1
XADD d 2-1 a 2
XADD d 3-1 a 3
XDEL d 2-1 9-9
XDEL d x
XDEL none 1-1
XRANGE d - +
XDEL d 1-1 3-1
XLEN d
XADD d 3-1 a 3
SET text v
XADD text * a b
XLEN text
XRANGE text - +
XREAD STREAMS text 0
XTRIM text MAXLEN 0
XDEL text 1-1
SCAN 0 MATCH nosuch:* COUNT 100
SCAN x
SCAN 0 COUNT 0
SCAN 0 COUNT
HELLO 4
HELLO x
HELLO 2 BAD
HELLO 3
XREAD STREAMS s none 7 0
XREAD STREAMS none 0
GET nothing
XRANGE s - + COUNT 0
XRANGE s 5-1 5-1
HELLO 2
AUTH secret
FLUSHALL NONSENSE
FLUSHALL ASYNC
DBSIZE
FLUSHDB
`

// The store answers as Redis does, wherever it answers at all.
func TestAsRedis(t *testing.T) {
	theirs := dialRedis(t)
	ours := dialOwn(t, Config{})
	for line := range strings.Lines(strings.TrimSpace(script)) {
		args := words(strings.TrimSpace(line))
		want, got := theirs.ask(t, args), ours.ask(t, args)
		if args[0] == "HELLO" && want != "" && want[0] != '-' {
			// Ids and versions are each one's own; the shape is the same.
			want, got = shape.ReplaceAllString(want, "…"), shape.ReplaceAllString(got, "…")
		}
		if got != want {
			t.Errorf("%s\n got %q\nwant %q", strings.TrimSpace(line), got, want)
		}
	}
}

var shape = regexp.MustCompile(`:\d+|\$\d+ \d+\.\d+\.\d+`)

// words splits a line at its spaces; "\n" in quotes is a line's end.
func words(line string) []string {
	args := strings.Fields(line)
	for i, a := range args {
		if strings.HasPrefix(a, `"`) {
			args[i], _ = strconv.Unquote(a)
		}
	}
	return args
}

// A wire is a connection that is asked one thing at a time.
type wire struct {
	net.Conn
	*bufio.Reader
}

func dialOwn(t *testing.T, c Config) *wire {
	t.Helper()
	conn, err := net.Dial("tcp", up(t, c))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(limit))
	return &wire{conn, bufio.NewReader(conn)}
}

// dialRedis starts a redis-server on a socket of its own.
func dialRedis(t *testing.T) *wire {
	t.Helper()
	server, err := exec.LookPath("redis-server")
	if err != nil {
		t.Skip("no redis-server here: apt-get install redis-server")
	}
	socket := filepath.Join(t.TempDir(), "s")
	cmd := exec.Command(server, "--port", "0", "--unixsocket", socket, "--save", "", "--daemonize", "no")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	for end := time.Now().Add(limit); ; {
		conn, err := net.Dial("unix", socket)
		if err == nil {
			t.Cleanup(func() { conn.Close() })
			w := &wire{conn, bufio.NewReader(conn)}
			if v := w.ask(t, []string{"INFO", "server"}); !strings.Contains(v, "redis_version:7.0.") {
				t.Skip("the redis-server here is not of version 7.0, whose words these are")
			}
			return w
		}
		if time.Now().After(end) {
			t.Fatal(err)
		}
		time.Sleep(5 * time.Millisecond) // it tells nobody when it is ready
	}
}

// ask sends one request and returns its answer, with spaces for line ends.
func (w *wire) ask(t *testing.T, args []string) string {
	t.Helper()
	w.send(t, args)
	return w.answer(t)
}

func (w *wire) send(t *testing.T, args []string) {
	t.Helper()
	if _, err := w.Write([]byte(request(args...))); err != nil {
		t.Fatal(err)
	}
}

// request encodes a request.
func request(args ...string) string {
	r := reply{v: 2}
	r.array(len(args))
	for _, a := range args {
		r.bulk(a)
	}
	return string(r.b)
}

func (w *wire) answer(t *testing.T) string {
	t.Helper()
	line, err := w.ReadString('\n')
	if err != nil {
		t.Fatalf("%q, %v", line, err)
	}
	line = strings.TrimSuffix(line, "\r\n")
	n, _ := strconv.Atoi(line[1:])
	switch line[0] {
	case '$', '=':
		if n < 0 {
			return line
		}
		text := make([]byte, n+2)
		if _, err := io.ReadFull(w.Reader, text); err != nil {
			t.Fatal(err)
		}
		return fmt.Sprintf("%s %s", line, text[:n])
	case '%':
		n *= 2
	case '*', '~':
	default:
		return line
	}
	for range min(max(n, 0), math.MaxInt16) {
		line += " " + w.answer(t)
	}
	return line
}

func newBuffered(r io.Reader) *bufio.Reader { return bufio.NewReader(r) }
