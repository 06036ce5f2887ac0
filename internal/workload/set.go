// Package workload is a plan's requests laid out as bytes, and how a right
// answer to each of them looks. A Set is made once and only read from then on,
// so that every loop of an engine shares it.
//
// It also asks a single request over a connection of its own, to find out
// whether a server is ready and answers rightly before it is loaded. It
// measures nothing.
package workload

import (
	"fmt"
	"slices"
	"strings"

	"webdyno/internal/httpwire"
	"webdyno/internal/plan"
)

// A Set is the requests of a workload, sent in turn. There is at least one.
type Set struct {
	Requests []Request
}

// HasBlanks tells whether any request differs each time it is sent.
func (s *Set) HasBlanks() bool {
	return slices.ContainsFunc(s.Requests, func(r Request) bool { return len(r.Blanks) > 0 })
}

// A Request is one request as bytes.
type Request struct {
	Bytes  []byte // the request
	Last   []byte // the same for the last one of a connection: it asks the server to end it
	Head   bool   // it is a HEAD: its answer has no body, whatever the header says
	Expect Expect

	// Blanks are the places of values that differ each time the request is sent,
	// in their order; none in most. Bytes and Last have the values there of
	// request 0 of job 0 and seed 0, so that they can be sent as they are.
	Blanks []Blank
}

// Build lays out the requests of x, of a mix in the order of a turn. Host is what the Host field says:
// "127.0.0.1:8080". It complains where a text of the plan would not arrive as
// the one request it is meant to be, where a name is unknown, and where the
// answer that is expected cannot be given.
func Build(x plan.Exact, host string) (*Set, error) {
	if len(x.Mix) > 0 {
		set, err := buildMix(x.Mix, host)
		if err != nil {
			return nil, fmt.Errorf("workload: %w", err)
		}
		return set, nil
	}
	expect, err := buildExpect(x)
	if err != nil {
		return nil, fmt.Errorf("workload: expect: %w", err)
	}
	req, err := wire(x, host)
	if err != nil {
		return nil, fmt.Errorf("workload: %w", err)
	}
	if err := req.Check(); err != nil {
		return nil, fmt.Errorf("workload: %w", err)
	}
	r := Request{Bytes: req.Append(nil), Head: req.Method == "HEAD", Expect: expect}
	req.Close = true
	r.Last = req.Append(nil)
	if err := r.findBlanks(x); err != nil {
		return nil, fmt.Errorf("workload: %w", err)
	}
	return &Set{Requests: []Request{r}}, nil
}

// wire puts a request together from a named header set and what is added.
func wire(x plan.Exact, host string) (*httpwire.Request, error) {
	name := x.Headers.Set
	if name == "" {
		name = "minimal"
	}
	set, ok := Headers(name)
	if !ok {
		return nil, fmt.Errorf("headers: %q is no set of headers: want one of %s", name, strings.Join(HeaderSets(), ", "))
	}
	if set.BareHost {
		host = withoutPort(host)
	}
	r := &httpwire.Request{
		Method: x.Method, Target: x.Path, Host: host,
		Headers: slices.Clone(set.Headers), Body: x.Body, Version10: set.Version10,
	}
	added := 0
	for _, v := range x.Headers.Add {
		r.Headers, added = add(r.Headers, added, httpwire.Header{Name: v.Name, Value: v.Value})
	}
	return r, nil
}

// add puts h in the place of the set's header of its name, or at the end,
// among the added ones of which there are so many. Added ones of equal name
// are all sent.
func add(headers []httpwire.Header, added int, h httpwire.Header) ([]httpwire.Header, int) {
	own := headers[:len(headers)-added]
	for i := range own {
		if strings.EqualFold(own[i].Name, h.Name) {
			own[i] = h
			return headers, added
		}
	}
	return append(headers, h), added + 1
}
