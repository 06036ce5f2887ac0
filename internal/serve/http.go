package serve

import (
	"context"
	"errors"
	"flag"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// prepareHello prepares the server that answers "hello".
func prepareHello(name string, args []string) (serveFunc, error) {
	if err := parseArgs(name, args, func(*flag.FlagSet) {}); err != nil {
		return nil, err
	}
	return handle(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/plain")
		io.WriteString(w, "hello")
	}), nil
}

// prepareClassifier prepares the handler-work study's subject in Go.
//
// What it examines is the request target as it was sent, a query included and
// nothing decoded: those are the bytes that every parser hands over, so that
// all implementations examine the same ones.
func prepareClassifier(name string, args []string) (serveFunc, error) {
	var byTable, locked bool
	err := parseArgs(name, args, func(fs *flag.FlagSet) {
		fs.BoolVar(&byTable, "table", false, "look bytes up in a table instead of comparing them")
		fs.BoolVar(&locked, "lock", false, "classify one request at a time, under a lock that all share")
	})
	if err != nil {
		return nil, err
	}
	classify := Classify
	if byTable {
		classify = newTable().classify
	}
	if locked {
		classify = oneAtATime(classify)
	}
	return handle(func(w http.ResponseWriter, r *http.Request) {
		body := classify(r.RequestURI)
		w.Header().Set("Content-Type", "text/plain")
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
		io.WriteString(w, body)
	}), nil
}

// oneAtATime returns classify under a lock, which is what a handler does whose
// state is shared by all requests: parsing and writing still use every core.
func oneAtATime(classify func(string) string) func(string) string {
	var mu sync.Mutex
	return func(target string) string {
		mu.Lock()
		defer mu.Unlock()
		return classify(target)
	}
}

// handle returns what serves h through net/http, with net/http's own settings.
func handle(h http.HandlerFunc) serveFunc {
	return func(ctx context.Context, ln net.Listener) error {
		srv := &http.Server{Handler: h}
		stopped := make(chan struct{})
		stop := context.AfterFunc(ctx, func() {
			defer close(stopped)
			finish(srv)
		})
		err := srv.Serve(ln)
		if !stop() {
			<-stopped
		}
		if errors.Is(err, http.ErrServerClosed) {
			return nil
		}
		return err
	}
}

// grace is how long requests in progress may take to end once a server has
// been told to stop. Nothing here takes as long of its own accord.
const grace = 200 * time.Millisecond

// finish lets the requests in progress end, and then ends the connections.
func finish(srv *http.Server) {
	ctx, cancel := context.WithTimeout(context.Background(), grace)
	defer cancel()
	if srv.Shutdown(ctx) != nil {
		srv.Close()
	}
}
