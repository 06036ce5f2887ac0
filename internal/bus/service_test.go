package bus_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"webdyno/internal/bus"
	"webdyno/internal/bus/storetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// newBus makes a bus in memory with the primed channels.
func newBus(t *testing.T) *bus.Service {
	t.Helper()
	s := bus.NewMemory(storetest.TTL, 1<<24, time.Now)
	if err := s.Prime(t.Context(), bus.PrimedChannels()); err != nil {
		t.Fatal(err)
	}
	return bus.New(s, bus.Limits{})
}

// ask sends one request, whose target may be followed by a header.
func ask(t *testing.T, s http.Handler, method, target, body string, header ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, target, strings.NewReader(body))
	for i := 0; i < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w
}

const events = "/v1/channels/a/events"

// What the study reads: to the byte.
func TestPrimedBodies(t *testing.T) {
	s := newBus(t)
	for target, want := range map[string]struct{ status, bytes int }{
		"/v1/channels/1k/events?limit=10":                  {200, 1024},
		"/v1/channels/1k/events":                           {200, 1024},
		"/v1/channels/1k/events?marker=0&limit=10":         {200, 1024},
		"/v1/channels/64k/events?limit=1000":               {200, 65536},
		"/v1/channels/64k/events?limit=640":                {200, 65536},
		"/v1/channels/empty/events":                        {204, 0},
		"/v1/channels/1k/events?marker=10-0":               {204, 0},
		"/v1/channels/never-heard-of/events?wait=0s":       {204, 0},
		"/v1/channels/1k/events?marker=1795210755583-0":    {204, 0},
		"/v1/channels/1k/events?marker=&limit=&wait=&x=10": {200, 1024},
	} {
		w := ask(t, s, "GET", target, "")
		if w.Code != want.status || w.Code == 200 && w.Body.Len() != want.bytes || w.Code == 204 && w.Body.Len() > 0 {
			t.Errorf("%s: %d, %d bytes; want %+v", target, w.Code, w.Body.Len(), want)
		}
		if w.Code == 200 && (w.Header().Get("Content-Type") != "application/json" || w.Header().Get("Content-Length") != fmt.Sprint(w.Body.Len()) || !json.Valid(w.Body.Bytes())) {
			t.Errorf("%s: %v %s", target, w.Header(), w.Body)
		}
	}
}

func TestPostAndRead(t *testing.T) {
	s := newBus(t)
	w := ask(t, s, "POST", events, ` {"n" : 1} `)
	var first struct{ Marker string }
	if err := json.Unmarshal(w.Body.Bytes(), &first); err != nil || w.Code != 201 || w.Body.String() != `{"marker":"`+first.Marker+`"}` {
		t.Fatalf("%d %s, %v", w.Code, w.Body, err)
	}
	w = ask(t, s, "POST", events, `{"n":2}`, "Idempotency-Key", "k")
	again := ask(t, s, "POST", events, `{"n":2}`, "Idempotency-Key", "k")
	if w.Code != 201 || again.Code != 200 || w.Body.String() != again.Body.String() {
		t.Errorf("with a key: %d %s, then %d %s", w.Code, w.Body, again.Code, again.Body)
	}
	var second struct{ Marker string }
	if err := json.Unmarshal(w.Body.Bytes(), &second); err != nil {
		t.Fatal(err)
	}
	got := ask(t, s, "GET", events, "")
	if want := `{"events":[ {"n" : 1} ,{"n":2}],"marker":"` + second.Marker + `"}`; got.Body.String() != want {
		t.Errorf("%s, want %s", got.Body, want)
	}
	got = ask(t, s, "GET", events+"?marker="+first.Marker, "")
	if want := `{"events":[{"n":2}],"marker":"` + second.Marker + `"}`; got.Body.String() != want {
		t.Errorf("%s, want %s", got.Body, want)
	}
}

// Whatever is not in order is refused, with what would be.
func TestRefusals(t *testing.T) {
	s := newBus(t)
	large := `{"n":"` + strings.Repeat("x", bus.MaxEvent) + `"}`
	for _, c := range []struct {
		method, target, body string
		status               int
		says                 string
		header               []string
	}{
		{"GET", events + "?limit=0", "", 400, "from 1 to 1000", nil},
		{"GET", events + "?limit=1001", "", 400, "from 1 to 1000", nil},
		{"GET", events + "?limit=%2B5", "", 400, "from 1 to 1000", nil},
		{"GET", events + "?limit=ten", "", 400, "from 1 to 1000", nil},
		{"GET", events + "?marker=x", "", 400, "MS-SEQ", nil},
		{"GET", events + "?marker=1-2-3", "", 400, "MS-SEQ", nil},
		{"GET", events + "?marker=-1", "", 400, "MS-SEQ", nil},
		{"GET", events + "?marker=18446744073709551616", "", 400, "MS-SEQ", nil},
		{"GET", events + "?wait=61s", "", 400, "0s to 1m0s", nil},
		{"GET", events + "?wait=-1", "", 400, "0s to 1m0s", nil},
		{"GET", events + "?wait=NaN", "", 400, "0s to 1m0s", nil},
		{"GET", "/v1/channels/A/events", "", 400, "channel", nil},
		{"GET", "/v1/channels/a%2Fb/events", "", 400, "channel", nil},
		{"GET", "/v1/channels/" + strings.Repeat("a", 65) + "/events", "", 400, "channel", nil},
		{"POST", "/v1/channels/a:b/events", "{}", 400, "channel", nil},
		{"POST", events, "", 400, "empty", nil},
		{"POST", events, " \n", 400, "empty", nil},
		{"POST", events, "[]", 400, "no JSON object", nil},
		{"POST", events, `"x"`, 400, "no JSON object", nil},
		{"POST", events, `{"a":1`, 400, "valid JSON", nil},
		{"POST", events, `{"a":1}{}`, 400, "valid JSON", nil},
		{"POST", events, `{"a":01}`, 400, "valid JSON", nil},
		{"POST", events, "{\"a\":\"\xff\"}", 400, "UTF-8", nil},
		{"POST", events, large, 413, "65536", nil},
		{"POST", events, "{}", 400, "idempotency-key", []string{"Idempotency-Key", ""}},
		{"POST", events, "{}", 400, "idempotency-key", []string{"Idempotency-Key", "a b"}},
		{"POST", events, "{}", 400, "idempotency-key", []string{"Idempotency-Key", "a", "Idempotency-Key", "b"}},
		{"DELETE", events, "", 405, `{"error":"want GET, HEAD, POST"}`, nil},
		{"PUT", events, "{}", 405, `{"error":"want GET, HEAD, POST"}`, nil},
		{"GET", "/", "", 404, `{"error":"nothing is here"}`, nil},
		{"GET", "/v1/channels/a", "", 404, `{"error":"nothing is here"}`, nil},
		{"POST", "/healthz", "", 405, `{"error":"want GET, HEAD"}`, nil},
	} {
		w := ask(t, s, c.method, c.target, c.body, c.header...)
		if w.Code != c.status || !strings.Contains(w.Body.String(), c.says) {
			t.Errorf("%s %.60s %.20q: %d %s, want %d and %q", c.method, c.target, c.body, w.Code, w.Body, c.status, c.says)
		}
	}
	if w := ask(t, s, "GET", events, ""); w.Code != 204 {
		t.Errorf("something got in: %s", w.Body)
	}
	largest := large[:len(large)-10] + `"}`
	if w := ask(t, s, "POST", events, largest); w.Code != 201 || len(largest) != bus.MaxEvent {
		t.Errorf("%d bytes: %d %s", len(largest), w.Code, w.Body)
	}
}

// A read that waits is answered when an event comes, when its time is over, or
// when the service is drained, whichever is first.
func TestWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newBus(t)
		began := time.Now()
		answered := func(after time.Duration, status int, w *httptest.ResponseRecorder) {
			t.Helper()
			if took := time.Since(began); took != after || w.Code != status {
				t.Errorf("%d %s after %v, want %d after %v", w.Code, w.Body, took, status, after)
			}
		}
		go func() {
			time.Sleep(7 * time.Second)
			ask(t, s, "POST", events, `{}`)
		}()
		answered(7*time.Second, 200, ask(t, s, "GET", events+"?wait=60", ""))
		answered(7*time.Second, 200, ask(t, s, "GET", events+"?wait=60s", ""))
		began = time.Now()
		answered(60*time.Second, 204, ask(t, s, "GET", "/v1/channels/b/events?wait=1m", ""))
		answered(60500*time.Millisecond, 204, ask(t, s, "GET", "/v1/channels/b/events?wait=0.5", ""))
		go func() {
			time.Sleep(time.Second)
			s.Drain()
		}()
		answered(61500*time.Millisecond, 204, ask(t, s, "GET", "/v1/channels/b/events?wait=30s", ""))
		answered(61500*time.Millisecond, 204, ask(t, s, "GET", "/v1/channels/b/events?wait=30s", ""))
		answered(61500*time.Millisecond, 201, ask(t, s, "POST", events, `{}`))
		answered(61500*time.Millisecond, 200, ask(t, s, "GET", events+"?wait=30s", ""))
	})
}

// A store that fails is not to be mistaken for one that is empty.
func TestFailures(t *testing.T) {
	for err, want := range map[error]int{
		bus.ErrFull: 507, bus.ErrDamaged: 500, bus.ErrBusy: 503, errors.New("gone"): 503, context.DeadlineExceeded: 503,
	} {
		s := bus.New(broken{err}, bus.Limits{})
		for _, w := range []*httptest.ResponseRecorder{
			ask(t, s, "GET", events, ""), ask(t, s, "POST", events, "{}"), ask(t, s, "GET", "/healthz", ""),
		} {
			if w.Code != want || !strings.Contains(w.Body.String(), err.Error()) || (want == 503) != (w.Header().Get("Retry-After") != "") {
				t.Errorf("%v: %d %s %v, want %d", err, w.Code, w.Body, w.Header(), want)
			}
		}
	}
}

// broken is a store that fails.
type broken struct{ err error }

func (b broken) Append(context.Context, bus.Post) (bus.Marker, bool, error) {
	return bus.Marker{}, false, b.err
}
func (b broken) Read(context.Context, bus.Query) ([]bus.Event, error) { return nil, b.err }
func (b broken) Prime(context.Context, []bus.Primed) error            { return b.err }
func (b broken) Sweep(context.Context, int) (int, error)              { return 0, b.err }
func (b broken) Name(context.Context) (string, error)                 { return "", b.err }
func (b broken) Close() error                                         { return nil }

func TestMetrics(t *testing.T) {
	s := newBus(t)
	ask(t, s, "GET", "/v1/channels/1k/events", "")
	ask(t, s, "GET", "/v1/channels/empty/events", "")
	ask(t, s, "GET", events+"?limit=0", "")
	for range 2 {
		ask(t, s, "POST", events, "{}", "Idempotency-Key", "k")
	}
	w := ask(t, s, "GET", "/metrics", "")
	for _, want := range []string{
		`bus_reads_total{events="some"} 1`, `bus_reads_total{events="none"} 1`, `bus_posts_total{post="added"} 1`,
		`bus_posts_total{post="repeated"} 1`, `bus_events_delivered_total 10`, `bus_requests_refused_total 1`,
		`bus_store_seconds_count{op="read"} 2`, `bus_store_seconds_count{op="append"} 2`, `bus_store_seconds_bucket{op="read",le="+Inf"} 2`,
	} {
		if !strings.Contains(w.Body.String(), "\n"+want+"\n") {
			t.Errorf("no %s in\n%s", want, w.Body)
		}
	}
	if h := ask(t, s, "GET", "/healthz", ""); h.Code != 200 || !strings.Contains(h.Body.String(), `"status":"ok"`) {
		t.Errorf("healthz: %d %s", h.Code, h.Body)
	}
}

// What is forgotten is counted, and bounded.
func TestSweep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := bus.NewMemory(time.Minute, 1<<20, time.Now)
		s := bus.New(store, bus.Limits{})
		for range 250 {
			ask(t, s, "POST", events, "{}")
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			defer close(done)
			s.Sweep(ctx, time.Second, 100)
		}()
		time.Sleep(62 * time.Second)
		cancel()
		<-done
		if w := ask(t, s, "GET", "/metrics", ""); !strings.Contains(w.Body.String(), "bus_swept_total 250\n") {
			t.Error(w.Body)
		}
	})
}

// A body that does not come in its time is given up.
func TestSlowBody(t *testing.T) {
	srv := httptest.NewServer(bus.New(bus.NewMemory(time.Minute, 1<<20, time.Now), bus.Limits{Body: 20 * time.Millisecond}))
	defer srv.Close()
	body, end := io.Pipe()
	defer end.Close()
	r, err := http.NewRequestWithContext(t.Context(), "POST", srv.URL+events, body)
	if err != nil {
		t.Fatal(err)
	}
	go io.WriteString(end, `{"a":`)
	answer, err := srv.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusRequestTimeout {
		t.Errorf("%s, want 408", answer.Status)
	}
}

// Nothing that is asked makes the bus panic, or answer with what is not JSON,
// and nothing that is not one JSON object gets in.
func FuzzRequest(f *testing.F) {
	for _, target := range []string{"a/events?marker=1-2&limit=3&wait=0", "a/events?limit=%zz", "%2e%2e/events", "a/events?marker=18446744073709551615-18446744073709551615"} {
		f.Add(target, `{"a":[1,2,{"b":null}]}`, "k")
		f.Add(target, "{} ", "")
	}
	f.Fuzz(func(t *testing.T, target, body, key string) {
		s := bus.New(bus.NewMemory(time.Minute, 1<<20, time.Now), bus.Limits{})
		target = "/v1/channels/" + target
		get, err := http.NewRequestWithContext(t.Context(), "GET", "http://a"+target, nil)
		if err != nil || strings.Contains(get.URL.RawQuery, "wait=") {
			return
		}
		w := httptest.NewRecorder()
		s.ServeHTTP(w, get)
		if w.Code != 204 && w.Code != 400 && w.Code != 404 && w.Code/100 != 3 {
			t.Errorf("GET %q: %d %s", target, w.Code, w.Body)
		}
		r := httptest.NewRequestWithContext(t.Context(), "POST", events, strings.NewReader(body))
		r.Header["Idempotency-Key"] = []string{key}
		w = httptest.NewRecorder()
		s.ServeHTTP(w, r)
		if !json.Valid(w.Body.Bytes()) {
			t.Errorf("POST %q: %s", body, w.Body)
		}
		var object map[string]json.RawMessage
		if w.Code == 201 && json.Unmarshal([]byte(body), &object) != nil {
			t.Errorf("%q got in", body)
		}
		if got := ask(t, s, "GET", events, ""); w.Code == 201 && (got.Code != 200 || !json.Valid(got.Body.Bytes())) {
			t.Errorf("%q: %d %s", body, got.Code, got.Body)
		}
	})
}

// A marker that is printed reads as itself.
func FuzzMarker(f *testing.F) {
	f.Add("1-2")
	f.Add("18446744073709551615")
	f.Add("+1-1")
	f.Fuzz(func(t *testing.T, text string) {
		m, err := bus.ParseMarker(text)
		if err != nil {
			return
		}
		again, err := bus.ParseMarker(m.String())
		if again != m || err != nil {
			t.Errorf("%q is %v, which is %v, %v", text, m, again, err)
		}
		if next := m.After(0); next.Compare(m) <= 0 && m.MS < 1<<63 {
			t.Errorf("%v after %v", next, m)
		}
	})
}
