package probe

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"
)

const serverInfo = "# Server\r\nredis_version:7.0.15\r\nredis_mode:standalone\r\n"

// bulk is a text of the protocol.
func bulk(s string) string { return fmt.Sprintf("$%d\r\n%s\r\n", len(s), s) }

// fakeStore answers each command with the next of the answers, and returns its
// address and what it was asked.
func fakeStore(t *testing.T, answers ...string) (address string, asked func() string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	heard := make(chan string, 1)
	go func() {
		defer l.Close()
		conn, err := l.Accept()
		if err != nil {
			heard <- err.Error()
			return
		}
		defer conn.Close()
		in := bufio.NewReader(conn)
		var all []string
		for _, a := range answers {
			all = append(all, strings.Join(readCommand(in), " "))
			io.WriteString(conn, a)
		}
		heard <- strings.Join(all, "; ")
	}()
	return "redis://" + l.Addr().String(), func() string { return <-heard }
}

func readCommand(in *bufio.Reader) []string {
	line, _ := readLine(in)
	n, _ := strconv.Atoi(strings.TrimPrefix(line, "*"))
	var words []string
	for range n {
		w, err := readText(in)
		if err != nil {
			break
		}
		words = append(words, w)
	}
	return words
}

func TestReadStore(t *testing.T) {
	address, asked := fakeStore(t, bulk(serverInfo),
		bulk("# Commandstats\r\ncmdstat_xrange:calls=4711,usec=99,usec_per_call=0.02,rejected_calls=0,failed_calls=0\r\ncmdstat_config|get:calls=2,usec=1\r\n"))
	s, err := ReadStore(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	if s.Says != "Redis 7.0.15" || s.Calls["xrange"] != 4711 || s.Calls["config|get"] != 2 || s.Calls["xadd"] != 0 {
		t.Errorf("read %+v", s)
	}
	if got := asked(); got != "INFO server; INFO commandstats" {
		t.Errorf("asked %q", got)
	}
}

func TestReadStoreWithPassword(t *testing.T) {
	address, asked := fakeStore(t, "+OK\r\n", bulk(serverInfo), bulk(""))
	u, _ := url.Parse(address)
	u.User = url.UserPassword("me", "secret")
	if _, err := ReadStore(t.Context(), u.String()); err != nil {
		t.Fatal(err)
	}
	if got := asked(); got != "AUTH me secret; INFO server; INFO commandstats" {
		t.Errorf("asked %q", got)
	}
}

// An error names the address and what was wrong, and never the password.
func TestReadStoreErrors(t *testing.T) {
	for _, c := range []struct{ answer, want string }{
		{"-NOAUTH Authentication required.\r\n", "NOAUTH"},
		{"HTTP/1.1 400 Bad Request\r\n", "no text of the Redis protocol"},
		{"$-1\r\n", "no length"},
		{"$99999999\r\n", "no length"},
		{"$3\r\nabcde", "does not end where it says"},
		{"\n", "without CR LF"},
		{strings.Repeat("x", 5000), "too long"},
		{"$10\r\nabc", "unexpected EOF"},
		{"", "EOF"},
	} {
		address, _ := fakeStore(t, c.answer)
		_, err := ReadStore(t.Context(), strings.Replace(address, "//", "//:hidden@", 1))
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "127.0.0.1") || strings.Contains(err.Error(), "hidden") {
			t.Errorf("answered %.20q: error %v; want %q", c.answer, err, c.want)
		}
	}
	if _, err := ReadStore(t.Context(), "mongodb://x"); err == nil {
		t.Error("MongoDB was asked")
	}
}

// A store that says nothing holds nobody up for good.
func TestReadStoreSilent(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0") // connections wait in its queue
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := ReadStore(ctx, "redis://"+l.Addr().String()); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v", err)
	}
}

func TestSaysOfItself(t *testing.T) {
	for info, want := range map[string]string{
		serverInfo: "Redis 7.0.15",
		"redis_version:7.2.4\r\nserver_name:valkey\r\nvalkey_version:8.0.1\r\n":   "valkey 8.0.1",
		"redis_version:6.2.0\r\ndragonfly_version:df-v1.21\r\n":                   "Dragonfly df-v1.21",
		"server_name:webdyno\r\nwebdyno_version:0.1.0\r\nredis_version:7.0.0\r\n": "webdyno 0.1.0",
		"server_name:a\x1b[2Jb\r\n":                                               "a[2Jb",
		"":                                                                        "",
	} {
		if got := saysOfItself(info); got != want {
			t.Errorf("%q says %q, want %q", info, got, want)
		}
	}
}

// FuzzReadStore holds the reader to a bounded time and no panic, whatever
// stands in for a store.
func FuzzReadStore(f *testing.F) {
	f.Add(bulk(serverInfo) + bulk("cmdstat_get:calls=1,usec=2\r\n"))
	f.Add("+OK\r\n-ERR no\r\n")
	f.Add("$5\r\nab")
	f.Add("=15\r\ntxt:Some string\r\n$0\r\n\r\n")
	f.Add("$1048577\r\n")
	f.Fuzz(func(t *testing.T, answer string) {
		s, err := readStore(struct {
			io.Reader
			io.Writer
		}{strings.NewReader(answer), io.Discard}, nil)
		if err == nil && s.Calls == nil {
			t.Error("neither calls nor an error")
		}
		if strings.ContainsAny(s.Says, "\x1b\n") {
			t.Errorf("says %q", s.Says)
		}
	})
}
