package serve

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
)

// fetch asks for a path on a connection of its own.
func fetch(t *testing.T, addr, path string) (int, string) {
	t.Helper()
	c := dial(t, addr)
	c.send("GET " + path + " HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
	r, body := c.answer("GET")
	return r.StatusCode, body
}

// The primed channels are the same bytes wherever they are kept: here, in a
// file, and in the store that ships.
func TestPrimedEverywhere(t *testing.T) {
	want := map[string]string{}
	for store, base := range map[string]string{
		"memory": up(t, "bus", "-prime"),
		"file":   primedBus(t, "bolt:"+filepath.Join(t.TempDir(), "events.db")),
		"store":  primedBus(t, "redis://"+up(t, "store")),
	} {
		for path, size := range map[string]int{"1k/events?limit=10": 1024, "64k/events?limit=1000": 65536, "empty/events": 0} {
			status, body := fetch(t, base, "/v1/channels/"+path)
			if first, ok := want[path]; !ok {
				want[path] = body
			} else if body != first {
				t.Errorf("%s: %s differs", store, path)
			}
			if len(body) != size || (status == 204) != (size == 0) {
				t.Errorf("%s: %s: %d, %d bytes, want %d", store, path, status, len(body), size)
			}
		}
	}
}

// primedBus primes a store and runs a bus on it.
func primedBus(t *testing.T, store string) string {
	t.Helper()
	if err := Run(t.Context(), "bus", Options{Args: []string{"--store=" + store, "--prime"}}); err != nil {
		t.Fatal(err)
	}
	return up(t, "bus", "--store", store)
}

func TestPrintChannels(t *testing.T) {
	var out bytes.Buffer
	if err := Run(t.Context(), "bus", Options{Args: []string{"--print-channels"}, Result: &out}); err != nil {
		t.Fatal(err)
	}
	var channels map[string][]string
	if err := json.Unmarshal(out.Bytes(), &channels); err != nil {
		t.Fatal(err)
	}
	if len(channels) != 3 || len(channels["1k"]) != 10 || len(channels["64k"]) != 640 || channels["empty"] == nil {
		t.Errorf("%.200s", out.String())
	}
}

// A bus that is told to stop answers the reads that wait, finishes the posts it
// has begun to read, and takes no new connection.
func TestBusDrains(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	r, w := io.Pipe()
	ended := make(chan error, 1)
	file := filepath.Join(t.TempDir(), "events.db")
	go func() {
		ended <- Run(ctx, "bus", Options{Addr: "127.0.0.1:0", Args: []string{"-store", "bolt:" + file}, Out: w})
	}()
	line, err := bufio.NewReader(r).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	addr := strings.TrimPrefix(strings.TrimSpace(line), "listening on ")

	silent := dial(t, addr)
	kept := dial(t, addr)
	kept.get("/v1/channels/a/events")
	waiting := dial(t, addr)
	waiting.send("GET /v1/channels/a/events?wait=60s HTTP/1.1\r\nHost: a\r\n\r\n")
	posting := dial(t, addr)
	posting.send("POST /v1/channels/a/events HTTP/1.1\r\nHost: a\r\nContent-Length: 8\r\nExpect: 100-continue\r\n\r\n")
	if _, err := posting.ReadString('\n'); err != nil { // the bus has begun to read it
		t.Fatal(err)
	}
	posting.ReadString('\n')
	for !strings.Contains(kept.get("/metrics"), "bus_reads_waiting 1\n") {
	}
	stop()
	if answer, _ := waiting.answer("GET"); answer.StatusCode != http.StatusNoContent {
		t.Errorf("the read that waited: %s", answer.Status)
	}
	posting.send(`{"n": 1}`)
	if answer, body := posting.answer("POST"); answer.StatusCode != http.StatusCreated {
		t.Errorf("the post: %s %s", answer.Status, body)
	}
	kept.ended()
	silent.ended()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if conn, err := net.Dial("tcp", addr); err == nil {
		conn.Close()
		t.Error("it is still listening")
	}
	if _, body := fetch(t, up(t, "bus", "-store", "bolt:"+file), "/v1/channels/a/events"); !strings.Contains(body, `{"n": 1}`) {
		t.Errorf("afterwards: %s", body)
	}
}

// Connections beyond the limit wait until one ends.
func TestBusConnections(t *testing.T) {
	addr := up(t, "bus", "-max-connections", "1")
	first, second := dial(t, addr), dial(t, addr)
	first.get("/healthz")
	second.send("GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
	first.get("/healthz")
	first.conn.Close()
	if _, body := second.answer("GET"); !strings.Contains(body, "ok") {
		t.Errorf("the second: %s", body)
	}
}

func TestBusAndStoreComplain(t *testing.T) {
	folder := t.TempDir()
	for _, c := range []struct {
		name string
		args []string
		want string
	}{
		{"bus", []string{"-ttl", "0s"}, "1s or more"},
		{"bus", []string{"-max-memory", "5"}, "1048576"},
		{"bus", []string{"-max-connections", "0"}, "1 or more"},
		{"bus", []string{"-store", "ftp://a"}, "want mem:, bolt:FILE"},
		{"bus", []string{"-store", "bolt:"}, "want bolt:FILE"},
		{"bus", []string{"-store", "bolt:" + folder}, folder},
		{"bus", []string{"-store", "bolt:" + filepath.Join(folder, "none", "events.db")}, "no such file"},
		{"bus", []string{"-store", "redis://user:secret@127.0.0.1:1"}, "127.0.0.1:1"},
		{"bus", []string{"-store", "mongodb://user:secret@"}, "MongoDB"},
		{"bus", []string{"-store", "%zz:secret"}, "not a URL"},
		{"bus", []string{"extra"}, "more than it takes"},
		{"store", []string{"-delay", "-1ms"}, "0s to 1m"},
		{"store", []string{"-delay", "5"}, "delay"},
		{"store", []string{"-max-memory", "5"}, "1048576"},
		{"store", []string{"-max-connections", "0"}, "1 or more"},
	} {
		err := Run(t.Context(), c.name, Options{Addr: "127.0.0.1:0", Args: c.args})
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s %q: %v, want %q", c.name, c.args, err, c.want)
		}
		if wrong := new(ArgsError); !strings.Contains(strings.Join(c.args, " "), "-store") && !errors.As(err, &wrong) {
			t.Errorf("%s %q: %v is not told apart as an argument's", c.name, c.args, err)
		}
	}
}
