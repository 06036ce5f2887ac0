package serve

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"
)

// books asks truth for its books, by /stats or /restart.
func (c *client) books(path string) Books {
	c.t.Helper()
	var b Books
	if err := json.Unmarshal([]byte(c.get(path)), &b); err != nil {
		c.t.Fatal(err)
	}
	if b.Requests != b.Answered+b.Unanswered+b.Waiting {
		c.t.Errorf("the books do not balance: %+v", b)
	}
	return b
}

// A service takes its time: nobody is answered sooner than the queue says. How
// much later is the machine's, and is measured elsewhere.
func TestTruthTakesItsTime(t *testing.T) {
	const n, service = 5, 4 * time.Millisecond
	for _, c := range []struct {
		ways  []string
		least time.Duration
	}{
		{nil, n * service},
		{[]string{"-endless"}, service},
	} {
		addr := up(t, "truth", append(c.ways, "-service", service.String())...)
		client := dial(t, addr)
		began := time.Now()
		for i := range n {
			client.send("GET /" + strconv.Itoa(i) + " HTTP/1.1\r\nHost: a\r\n\r\n")
		}
		for i := range n {
			if _, body := client.answer("GET"); body != strconv.Itoa(i) {
				t.Errorf("answer %d is to request %s", i, body)
			}
		}
		if took := time.Since(began); took < c.least {
			t.Errorf("%q: %d requests in %v, sooner than %v", c.ways, n, took, c.least)
		}
	}
}

// The service time of each request follows from its number alone.
func TestTruthDrawsByNumber(t *testing.T) {
	times := ServiceTimes{Law: Exponential, Mean: 2 * time.Millisecond, Seed: 3}
	addr := up(t, "truth", "-law", "exponential", "-service", "2ms", "-seed", "3")
	c := dial(t, addr)
	for _, i := range []uint64{12, 3, 7} {
		began := time.Now()
		c.get("/" + strconv.FormatUint(i, 10))
		if took := time.Since(began); took < times.Of(i) {
			t.Errorf("request %d in %v, sooner than %v", i, took, times.Of(i))
		}
	}
}

// A stall begins with the clock, which /restart sets to zero.
func TestTruthStalls(t *testing.T) {
	addr := up(t, "truth", "-service", "0", "-stall", "60ms/1h")
	c := dial(t, addr)
	began := time.Now()
	c.books("/restart")
	if c.get("/0"); time.Since(began) < 60*time.Millisecond {
		t.Errorf("answered after %v, during the stall", time.Since(began))
	}
	if b := c.books("/stats"); b.Clock < 60*time.Millisecond || b.Queued != 1 || b.Queue.Stall.For != 60*time.Millisecond {
		t.Errorf("books %+v", b)
	}
}

// Each conduct does what it says and is booked for what it is.
func TestTruthMisbehaves(t *testing.T) {
	addr := up(t, "truth", "-service", "0")
	watch := dial(t, addr)
	for _, c := range []struct {
		path   string
		status int
		bytes  int  // of the body
		ends   bool // after the answer
	}{
		{"/17", 200, 2, false},
		{"/status/503", 503, 0, false},
		{"/status/204", 204, 0, false},
		{"/status/99", 404, 0, false},
		{"/bytes/0", 200, 0, false},
		{"/bytes/70000", 200, 70000, false},
		{"/bytes/16777217", 404, 0, false},
		{"/bytes/-1", 404, 0, false},
		{"/chunked/2500", 200, 2500, false},
		{"/unsized/2500", 200, 2500, true},
		{"/slow?ms=5", 200, 4, false},
		{"/slow?ms=x", 200, 4, false},
		{"/close", 200, 0, true},
		{"/leave", 200, 0, true},
	} {
		client := dial(t, addr)
		client.send("GET " + c.path + " HTTP/1.1\r\nHost: a\r\n\r\n")
		r, body := client.answer("GET")
		if r.StatusCode != c.status || len(body) != c.bytes {
			t.Errorf("%s: %s, %d bytes; want %d, %d", c.path, r.Status, len(body), c.status, c.bytes)
		}
		if c.ends {
			client.ended()
		} else if client.get("/5") != "5" {
			t.Errorf("%s: the connection does not go on", c.path)
		}
	}
	if b := watch.books("/stats"); b.Requests != 25 || b.Answered != 25 || b.Queued != 12 || b.Connections != 15 {
		t.Errorf("books %+v", b)
	}
}

// Where there is no whole answer, the client sees exactly the fault it asked for.
func TestTruthLeavesUnanswered(t *testing.T) {
	addr := up(t, "truth", "-service", "0")
	watch := dial(t, addr)
	for path, fault := range map[string]func(error) bool{
		"/cut":     func(err error) bool { return errors.Is(err, io.ErrUnexpectedEOF) },
		"/drop":    func(err error) bool { return errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) },
		"/reset":   isReset,
		"/garbage": func(err error) bool { return err != nil && strings.Contains(err.Error(), "malformed") },
	} {
		c := dial(t, addr)
		c.send("GET " + path + " HTTP/1.1\r\nHost: a\r\n\r\n")
		r, err := http.ReadResponse(c.Reader, nil)
		if err == nil {
			_, err = io.ReadAll(r.Body)
			r.Body.Close()
		}
		if !fault(err) {
			t.Errorf("%s: %v", path, err)
		}
	}
	if b := watch.books("/stats"); b.Requests != 4 || b.Unanswered != 4 {
		t.Errorf("books %+v", b)
	}
}

// A client that gives up takes its connection along, on whatever it waited; and
// requests it had waiting are booked when their moment has come.
func TestTruthForgetsWhoHasGone(t *testing.T) {
	addr := up(t, "truth", "-service", "0")
	watch := dial(t, addr)
	for _, path := range []string{"/silent", "/slow?ms=1", "/silent?ms=1"} {
		c := dial(t, addr)
		c.send("GET " + path + " HTTP/1.1\r\nHost: a\r\n\r\n")
		c.conn.Close()
	}
	deadline := time.Now().Add(limit)
	b := watch.books("/stats")
	for ; b.Requests < 3 || b.Open > 1 || b.Waiting > 0; b = watch.books("/stats") {
		if time.Now().After(deadline) {
			t.Fatalf("after %v: %+v", limit, b)
		}
	}
	if b.Connections != 4 || b.Answered > 1 || b.Answered+b.Unanswered != 3 {
		t.Errorf("books %+v", b)
	}
}

// A slow request holds up those behind it on its connection, and no other.
func TestTruthKeepsOrderOnAConnection(t *testing.T) {
	addr := up(t, "truth", "-service", "0")
	slow, other := dial(t, addr), dial(t, addr)
	slow.send("GET /slow?ms=30 HTTP/1.1\r\n\r\nGET /1 HTTP/1.1\r\n\r\nGET /stats HTTP/1.1\r\n\r\n")
	if got := other.get("/2"); got != "2" {
		t.Errorf("other: %q", got)
	}
	for _, want := range []string{"slow", "1", `{"requests":3,`} {
		if _, body := slow.answer("GET"); !strings.HasPrefix(body, want) {
			t.Errorf("body %q, want %q", body, want)
		}
	}
}

// Requests of a client that reads nothing wait; none is lost when it does.
func TestTruthUnderBackPressure(t *testing.T) {
	addr := up(t, "truth")
	c := dial(t, addr)
	const n = 40
	c.send(strings.Repeat("GET /bytes/1000000 HTTP/1.1\r\n\r\n", n) + "GET /8 HTTP/1.1\r\n\r\n")
	for i := range n {
		if _, body := c.answer("GET"); len(body) != 1000000 {
			t.Fatalf("answer %d has %d bytes", i, len(body))
		}
	}
	if _, body := c.answer("GET"); body != "8" {
		t.Errorf("the last answer is %q", body)
	}
}

func TestConductsAreDescribed(t *testing.T) {
	for line := range strings.Lines(Conducts) {
		path, _, _ := strings.Cut(line, " ")
		if _, known := conductOf(path); !known && path != "/17" && path != "/stats" && path != "/restart" {
			t.Errorf("%s is described and does not exist", path)
		}
	}
}
