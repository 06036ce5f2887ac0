// Package bus is an HTTP service that keeps events per channel, in order, for a
// time: the message bus of the 2012 study, defined anew.
//
// A [Service] answers requests and owns nothing but its counters; what is kept
// lies in a [Store]. [Memory] is one; the others have packages of their own
// below this one, so that who wants the bus need not link every driver.
//
// Reads may wait for events to come. Whoever ends the service first calls
// [Service.Drain], which answers all that wait, and then stops the HTTP server.
//
// There is no deletion, no acknowledgement and no membership: a reader keeps
// its own place, the marker, and an event goes when its time is over.
package bus

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"strconv"
	"time"
)

// A Service is the bus as HTTP sees it. It is an [http.Handler].
type Service struct {
	store   Store
	mux     *http.ServeMux
	metrics metrics
	limits  Limits

	draining context.Context
	drain    context.CancelFunc
}

// Limits are what a service allows. A zero field means its default.
type Limits struct {
	Waiting int           // reads that may wait at once; 1,000
	Store   time.Duration // that the store may take over a request; 10 s
	Body    time.Duration // that a client may take over a body; 10 s
}

// New makes a service of a store.
func New(store Store, limits Limits) *Service {
	if limits.Waiting == 0 {
		limits.Waiting = 1000
	}
	if limits.Store == 0 {
		limits.Store = 10 * time.Second
	}
	if limits.Body == 0 {
		limits.Body = 10 * time.Second
	}
	s := &Service{store: store, limits: limits, mux: http.NewServeMux()}
	s.draining, s.drain = context.WithCancel(context.Background())
	s.mux.HandleFunc("GET /v1/channels/{channel}/events", s.read)
	s.mux.HandleFunc("POST /v1/channels/{channel}/events", s.post)
	s.mux.HandleFunc("GET /healthz", s.health)
	s.mux.HandleFunc("GET /metrics", s.metrics.serve)
	// Without these the mux would answer in plain text.
	s.mux.HandleFunc("/v1/channels/{channel}/events", s.methods("GET, HEAD, POST"))
	s.mux.HandleFunc("/healthz", s.methods("GET, HEAD"))
	s.mux.HandleFunc("/metrics", s.methods("GET, HEAD"))
	s.mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		s.refuse(w, http.StatusNotFound, errors.New("nothing is here"))
	})
	return s
}

// ServeHTTP answers one request.
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

// Drain answers all reads that wait, now and from now on, as though their time
// were over. Posts go on.
func (s *Service) Drain() { s.drain() }

// read answers a GET of a channel's events.
func (s *Service) read(w http.ResponseWriter, r *http.Request) {
	q, err := parseQuery(r.PathValue("channel"), r.URL.Query())
	if err != nil {
		s.refuse(w, http.StatusBadRequest, err)
		return
	}
	events, err := s.ask(r.Context(), q)
	switch {
	case err != nil:
		s.fail(w, r, err)
	case len(events) == 0:
		s.metrics.reads.empty.Add(1)
		w.WriteHeader(http.StatusNoContent)
	default:
		s.metrics.reads.full.Add(1)
		s.metrics.delivered.Add(uint64(len(events)))
		size := 64
		for _, e := range events {
			size += len(e.JSON) + 1
		}
		body := answer(make([]byte, 0, size), events, events[len(events)-1].Marker)
		reply(w, http.StatusOK, body)
	}
}

// ask puts a query to the store, and waits with it if it wants to.
func (s *Service) ask(parent context.Context, q Query) ([]Event, error) {
	ctx, cancel := context.WithTimeout(parent, s.limits.Store+q.Wait)
	defer cancel()
	if q.Wait > 0 {
		if n := s.metrics.waiting.Add(1); n > int64(s.limits.Waiting) {
			s.metrics.waiting.Add(-1)
			return nil, ErrBusy
		}
		defer s.metrics.waiting.Add(-1)
		defer context.AfterFunc(s.draining, cancel)()
	}
	began := time.Now()
	events, err := s.store.Read(ctx, q)
	if q.Wait == 0 {
		s.metrics.read.observe(time.Since(began))
	}
	return events, err
}

// post appends an event to a channel.
func (s *Service) post(w http.ResponseWriter, r *http.Request) {
	p := Post{Channel: r.PathValue("channel")}
	key, err := checkKey(r.Header)
	if err = errors.Join(checkChannel(p.Channel), err); err != nil {
		s.refuse(w, http.StatusBadRequest, err)
		return
	}
	p.Key = key
	p.JSON, err = s.body(w, r)
	if tooLarge := new(http.MaxBytesError); errors.As(err, &tooLarge) {
		s.refuse(w, http.StatusRequestEntityTooLarge, errors.New("the body is larger than 65536 bytes"))
		return
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		s.refuse(w, http.StatusRequestTimeout, errors.New("the body did not come in time"))
		return
	}
	if err == nil {
		err = checkEvent(p.JSON)
	}
	if err != nil {
		s.refuse(w, http.StatusBadRequest, err)
		return
	}
	s.add(w, r, p)
}

// add puts a post that is in order into the store. Once there, it is carried
// through even if the client goes away.
func (s *Service) add(w http.ResponseWriter, r *http.Request, p Post) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), s.limits.Store)
	defer cancel()
	began := time.Now()
	m, repeated, err := s.store.Append(ctx, p)
	s.metrics.append.observe(time.Since(began))
	switch {
	case err != nil:
		s.fail(w, r, err)
	case repeated:
		s.metrics.posts.repeated.Add(1)
		reply(w, http.StatusOK, receipt(m))
	default:
		s.metrics.posts.added.Add(1)
		reply(w, http.StatusCreated, receipt(m))
	}
}

// body reads a request's body, which must come within its time.
func (s *Service) body(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	control := http.NewResponseController(w)
	// Neither can be refused by a connection of net/http, and one of a test
	// that has no deadlines does without.
	control.SetReadDeadline(time.Now().Add(s.limits.Body))
	defer control.SetReadDeadline(time.Time{})
	if r.ContentLength > MaxEvent {
		return nil, &http.MaxBytesError{Limit: MaxEvent}
	}
	limited := http.MaxBytesReader(w, r.Body, MaxEvent)
	if r.ContentLength < 0 {
		return io.ReadAll(limited)
	}
	text := make([]byte, r.ContentLength)
	_, err := io.ReadFull(limited, text)
	return text, err
}

// health tells whether the store answers.
func (s *Service) health(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), s.limits.Store)
	defer cancel()
	name, err := s.store.Name(ctx)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	text, err := json.Marshal(map[string]string{"status": "ok", "store": name})
	if err != nil {
		s.fail(w, r, err)
		return
	}
	reply(w, http.StatusOK, text)
}

// fail answers that the store could not do its part.
func (s *Service) fail(w http.ResponseWriter, r *http.Request, err error) {
	if r.Context().Err() != nil {
		s.metrics.gone.Add(1) // nobody is left to be told
		return
	}
	s.metrics.failed.Add(1)
	status := http.StatusServiceUnavailable
	switch {
	case errors.Is(err, ErrFull):
		status = http.StatusInsufficientStorage
	case errors.Is(err, ErrDamaged):
		status = http.StatusInternalServerError
	default:
		w.Header().Set("Retry-After", "1")
	}
	complain(w, status, err)
}

// methods answers requests by other methods than those allowed.
func (s *Service) methods(allowed string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Allow", allowed)
		s.refuse(w, http.StatusMethodNotAllowed, errors.New("want "+allowed))
	}
}

// refuse answers a request that is not in order.
func (s *Service) refuse(w http.ResponseWriter, status int, err error) {
	s.metrics.refused.Add(1)
	complain(w, status, err)
}

func complain(w http.ResponseWriter, status int, err error) {
	text, _ := json.Marshal(map[string]string{"error": err.Error()}) // a string always can
	reply(w, status, text)
}

func reply(w http.ResponseWriter, status int, body []byte) {
	h := w.Header()
	h["Content-Type"] = []string{"application/json"}
	h["Content-Length"] = []string{strconv.Itoa(len(body))}
	w.WriteHeader(status)
	w.Write(body)
}

// Sweep has the store forget what has expired, at most limit at a time, until
// ctx is done. A full sweep is followed by another after a tenth of the pause,
// so that more than a limit a pause can be kept up with.
func (s *Service) Sweep(ctx context.Context, pause time.Duration, limit int) {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		one, cancel := context.WithTimeout(ctx, s.limits.Store)
		n, err := s.store.Sweep(one, limit)
		cancel()
		s.metrics.swept.Add(uint64(n))
		next := pause
		if err == nil && n >= limit {
			next = pause / 10
		}
		timer.Reset(next)
	}
}
