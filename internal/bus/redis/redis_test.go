package redis_test

import (
	"context"
	"io"
	"net"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"webdyno/internal/bus"
	"webdyno/internal/bus/redis"
	"webdyno/internal/bus/storetest"
	"webdyno/internal/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// The store that ships is always there to test with.
func TestOwnStore(t *testing.T) {
	storetest.Run(t, storetest.Kind{KeysByOwnClock: true, Open: func(t *testing.T, clock *storetest.Clock) bus.Store {
		return open(t, "redis://"+ownStore(t, store.Config{}), clock)
	}})
}

func TestRedis(t *testing.T) {
	addr := redisServer(t)
	storetest.Run(t, storetest.Kind{KeysByOwnClock: true, Open: func(t *testing.T, clock *storetest.Clock) bus.Store {
		conn, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if _, err := io.WriteString(conn, "FLUSHALL\r\n"); err != nil {
			t.Fatal(err)
		}
		if _, err := conn.Read(make([]byte, 16)); err != nil {
			t.Fatal(err)
		}
		return open(t, "redis://"+addr, clock)
	}})
}

func open(t *testing.T, url string, clock *storetest.Clock) *redis.Store {
	t.Helper()
	s, err := redis.Open(t.Context(), redis.Config{URL: url, TTL: storetest.TTL, Clock: clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// ownStore runs the store that ships, until the test ends.
func ownStore(t *testing.T, c store.Config) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- store.New(c).Serve(ctx, ln) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return ln.Addr().String()
}

// redisServer runs a redis-server until the test ends, and returns its address.
func redisServer(t *testing.T) string {
	t.Helper()
	server, err := exec.LookPath("redis-server")
	if err != nil {
		t.Skip("no redis-server here: apt-get install redis-server")
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0") // for a port that is free
	if err != nil {
		t.Fatal(err)
	}
	addr := ln.Addr().(*net.TCPAddr)
	ln.Close()
	cmd := exec.Command(server, "--bind", "127.0.0.1", "--port", strconv.Itoa(addr.Port), "--save", "", "--daemonize", "no")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	for end := time.Now().Add(10 * time.Second); ; {
		conn, err := net.Dial("tcp", addr.String())
		if err == nil {
			conn.Close()
			return addr.String()
		}
		if time.Now().After(end) {
			t.Fatal(err)
		}
		time.Sleep(5 * time.Millisecond) // it tells nobody when it is ready
	}
}

// A read is one query, and a post one command: the plan that compares buses
// counts them.
func TestOneQueryPerRead(t *testing.T) {
	addr := ownStore(t, store.Config{})
	s := open(t, "redis://"+addr, new(storetest.Clock))
	defer s.Close()
	if err := s.Prime(t.Context(), bus.PrimedChannels()); err != nil {
		t.Fatal(err)
	}
	before := calls(t, addr)
	for i := range 20 {
		channel := []string{"1k", "64k", "empty", "none"}[i%4]
		if _, err := s.Read(t.Context(), bus.Query{Channel: channel, Limit: 10}); err != nil {
			t.Fatal(err)
		}
	}
	for range 7 {
		if _, _, err := s.Append(t.Context(), bus.Post{Channel: "a", JSON: []byte(`{}`)}); err != nil {
			t.Fatal(err)
		}
	}
	after := calls(t, addr)
	delete(after, "info") // which the counting takes itself
	for name, n := range after {
		want := map[string]int{"xrange": 20, "xadd": 7}[name]
		if got := n - before[name]; got != want {
			t.Errorf("%s was called %d times, want %d", name, got, want)
		}
	}
}

// calls returns how often each command was called, as INFO has it.
func calls(t *testing.T, addr string) map[string]int {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	return countCalls(t, conn)
}

// A store that is full says so in the bus's own words.
func TestFull(t *testing.T) {
	s := open(t, "redis://"+ownStore(t, store.Config{Memory: 10_000}), new(storetest.Clock))
	defer s.Close()
	p := bus.Post{Channel: "a", JSON: []byte(`{"n":"` + strings.Repeat("x", 9_000) + `"}`)}
	var err error
	for range 2 {
		_, _, err = s.Append(t.Context(), p)
	}
	if err == nil || !strings.Contains(err.Error(), bus.ErrFull.Error()) {
		t.Errorf("%v, want %v", err, bus.ErrFull)
	}
}

func TestOpenComplains(t *testing.T) {
	for url, want := range map[string]string{
		"redis://user:secret@127.0.0.1:1": "127.0.0.1:1",
		"redis://127.0.0.1:1/nonsense":    "database",
		"http://user:secret@127.0.0.1:1":  "want redis://",
		"redis://user:secret@[::1":        "want redis://",
	} {
		_, err := redis.Open(t.Context(), redis.Config{URL: url, TTL: time.Hour, Clock: time.Now})
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v, want %q", url, err, want)
		}
	}
}
