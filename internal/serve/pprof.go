package serve

import (
	"context"
	"errors"
	"net"
	"net/http"
	"runtime/pprof"
	"strconv"
	"time"
)

// pprofPath is where the profile is asked for, as of net/http/pprof. That package
// is not used: it puts itself where every server of the process would find it.
const pprofPath = "/debug/pprof/profile"

// mostSeconds is how long a profile may take.
const mostSeconds = 600

// servePprof answers at addr with CPU profiles of this process, until the
// function it returns is called.
func servePprof(ctx context.Context, addr string) (end func() error, err error) {
	ln, err := listen(ctx, addr)
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.HandleFunc(pprofPath, profileFor)
	s := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(ln) }()
	return func() error {
		err := s.Close()
		if served := <-ended; !errors.Is(served, http.ErrServerClosed) && !errors.Is(served, net.ErrClosed) {
			err = errors.Join(err, served)
		}
		return err
	}, nil
}

// profileFor takes a profile of so many seconds.
func profileFor(w http.ResponseWriter, r *http.Request) {
	seconds, err := strconv.Atoi(r.FormValue("seconds"))
	if err != nil || seconds < 1 || seconds > mostSeconds {
		http.Error(w, "want ?seconds=N, from 1 to "+strconv.Itoa(mostSeconds), http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	if err := pprof.StartCPUProfile(w); err != nil {
		http.Error(w, err.Error(), http.StatusConflict)
		return
	}
	defer pprof.StopCPUProfile()
	select {
	case <-r.Context().Done():
	case <-time.After(time.Duration(seconds) * time.Second):
	}
}
