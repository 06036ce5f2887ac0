package capture

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"webdyno/internal/profile"
)

const (
	// headStart is how long before the load Go's profile is asked for, and
	// overrun how much longer than the load it lasts: it knows whole seconds only.
	headStart = 100 * time.Millisecond
	overrun   = 200 * time.Millisecond
)

// A Fetched is a profile that a server of Go hands out over HTTP, as
// net/http/pprof does. It lasts for whole seconds: a little longer than the
// load, after which the server is idle.
type Fetched struct {
	url     string
	seconds int
	env     []string

	got chan fetched // filled once
	end context.CancelFunc

	taken *profile.Profile
	err   error
}

type fetched struct {
	p   *profile.Profile
	err error
}

// Fetch returns a capture that asks for the profile at url, for a load that lasts
// so long; env is what makes the server answer there, if anything has to.
func Fetch(at string, load time.Duration, env []string) *Fetched {
	n := int(math.Ceil((headStart + load + overrun).Seconds()))
	return &Fetched{url: at, seconds: n, env: env, err: errors.New("it was not asked for")}
}

// Env is what it was made with.
func (f *Fetched) Env() []string { return f.env }

// Begin asks for the profile.
func (f *Fetched) Begin(ctx context.Context, _ func() ([]int, error)) error {
	u, err := url.Parse(f.url)
	if err != nil {
		return err
	}
	q := u.Query()
	q.Set("seconds", strconv.Itoa(f.seconds))
	u.RawQuery = q.Encode()
	ctx, f.end = context.WithTimeout(ctx, time.Duration(f.seconds)*time.Second+startPatience)
	f.got = make(chan fetched, 1)
	go func() {
		p, err := fetch(ctx, u.String())
		f.got <- fetched{p, err}
	}()
	select {
	case got := <-f.got: // it must not be there so soon
		f.end()
		if got.err == nil {
			got.err = errors.New("it answered at once: that is no profile of some seconds")
		}
		return got.err
	case <-time.After(headStart):
		return nil
	}
}

// End waits for the rest of the whole seconds.
func (f *Fetched) End(context.Context) error {
	got := <-f.got
	f.end()
	f.taken, f.err = got.p, got.err
	return got.err
}

// Read returns what was handed out.
func (f *Fetched) Read() (*Taken, error) {
	if f.err != nil {
		return nil, f.err
	}
	if len(f.taken.Data.Sample) == 0 {
		return nil, errNothing
	}
	return &Taken{f.taken, 1}, nil
}

// Close does nothing: End has waited for the answer.
func (f *Fetched) Close() error { return nil }

func fetch(ctx context.Context, at string) (*profile.Profile, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, at, nil)
	if err != nil {
		return nil, err
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(req)
	if err != nil {
		return nil, fmt.Errorf("ask for its profile: %w", err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(io.LimitReader(resp.Body, mostBytes))
	if err != nil {
		return nil, fmt.Errorf("ask for its profile at %s: %w", at, err)
	}
	if resp.StatusCode != http.StatusOK {
		first, _, _ := strings.Cut(strings.TrimSpace(string(b[:min(len(b), 200)])), "\n")
		return nil, fmt.Errorf("asked for its profile, %s answered %s: %s; it must serve net/http/pprof there", at, resp.Status, first)
	}
	return profile.Read(b)
}
