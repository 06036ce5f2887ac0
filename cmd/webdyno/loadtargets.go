package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"strconv"
	"strings"

	"webdyno/internal/evidence"
	"webdyno/internal/plan"
	"webdyno/internal/unit"
	"webdyno/internal/workload"
)

// The bounds of a list of requests. All of them, each as often as its weight
// says, lie end to end in the memory of every loop.
const (
	mostListed     = workload.MaxTurn // requests in one turn, weights included
	mostBody       = 16 << 20         // of one request
	longestLine    = 1 << 20
	mostComplaints = 10 // that are told; a file that is none of ours has one per line
)

// list reads the requests of --targets and returns the URL of their server.
func (f *loadFlags) list(c *complaints, l *loadJob, con console, u *url.URL) *url.URL {
	if f.method != "" || f.body != "" {
		c.say("--targets with --method or --body: each request of the file has its own")
	}
	if u != nil && u.RequestURI() != "/" {
		c.say("--targets with a path in the URL: want http://%s alone; each request of the file has its own path", u.Host)
	}
	name, in := f.targets, con.in
	if name == "-" {
		name = "standard input"
	} else {
		file, err := os.Open(name)
		if err != nil {
			c.add("--targets", err)
			return u
		}
		defer file.Close()
		in = file
	}
	all, troubles := readList(name, in)
	*c = append(*c, troubles...)
	common := f.workload(c, &url.URL{Path: "/"})
	if len(*c) > 0 {
		return u
	}
	li := listing{name: name, base: u, common: common}
	l.job.Requests = li.build(all)
	*c = append(*c, li.complaints...)
	if len(*c) > 0 {
		return u
	}
	l.notes = append(l.notes, evidence.Note{Kind: "several-requests", Grade: evidence.A,
		Text: fmt.Sprintf("the requests of %s were sent in turn: %s different ones, %s to a turn",
			name, unit.Count(int64(len(all))), unit.Count(int64(len(l.job.Requests.Requests))))})
	if u == nil {
		l.url = li.base.String()
		return c.url(l.url)
	}
	return u
}

// A listed request is one of a list, as written.
type listed struct {
	line    int    // where it stands
	method  string // as written
	address string // a path, or a URL
	weight  int    // how often in a turn, relative to the others; 1 or more
	headers []plan.Var
	file    string // that has the body; empty for none
}

// A listReader reads a list of requests: vegeta's text format, with a weight.
//
//	POST /orders weight=3
//	Content-Type: application/json
//	@order.json
//
//	GET http://127.0.0.1:8080/
//
// A blank line ends a request, and so does the next request; "#" begins a line
// for people.
type listReader struct {
	name string
	line int
	all  []listed
	now  bool // the last of all may still get headers and a body
	complaints
}

// readList reads a list of at least one and at most mostListed requests. Its
// complaints say where.
func readList(name string, r io.Reader) ([]listed, complaints) {
	l := &listReader{name: name}
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, longestLine)
	for lines.Scan() && len(l.complaints) < mostComplaints {
		l.line++
		l.take(strings.TrimSpace(lines.Text()))
		if len(l.all) > mostListed {
			l.complain("more than %d requests", mostListed)
			return nil, l.complaints
		}
	}
	if err := lines.Err(); err != nil {
		l.line++
		l.complain("%v", err)
	}
	if len(l.all) == 0 && len(l.complaints) == 0 {
		l.say("%s: no request in it: want lines such as GET /path", name)
	}
	return l.all, l.complaints
}

func (l *listReader) complain(format string, args ...any) {
	l.say("%s:%d: %s", l.name, l.line, fmt.Sprintf(format, args...))
}

func (l *listReader) take(line string) {
	first, _, _ := strings.Cut(line, " ")
	switch {
	case line == "":
		l.now = false
	case line[0] == '#':
	case hasOtherValues(line):
		l.complain("%v", errOtherValues)
	case line[0] == '@':
		l.body(strings.TrimSpace(line[1:]))
	case strings.Contains(first, ":"):
		l.header(line)
	default:
		l.request(strings.Fields(line))
	}
}

func (l *listReader) request(words []string) {
	r := listed{line: l.line, method: words[0], weight: 1}
	l.now = true
	l.all = append(l.all, r) // even a wrong one: what follows belongs to it
	if len(words) < 2 {
		l.complain("%.40q: want a method and a path or a URL, such as GET /path", words[0])
		return
	}
	r.address = words[1]
	for _, w := range words[2:] {
		digits, ok := strings.CutPrefix(w, "weight=")
		n, err := strconv.Atoi(digits)
		if !ok || err != nil || n < 1 || n > mostListed {
			l.complain("%.40q: want weight=N, with N from 1 to %d", w, mostListed)
			return
		}
		r.weight = n
	}
	l.all[len(l.all)-1] = r
}

func (l *listReader) header(line string) {
	if !l.now {
		l.complain("%.40q: a header without a request: the line before it ends one", line)
		return
	}
	if hasValues(line) {
		l.complain("%.40q: {seq} and {random} can stand in the path and in the body, and nowhere else", line)
		return
	}
	name, value, _ := strings.Cut(line, ":")
	r := &l.all[len(l.all)-1]
	if r.file != "" {
		l.complain("%.40q: a header behind the body: write it before @%s", line, r.file)
		return
	}
	r.headers = append(r.headers, plan.Var{Name: name, Value: strings.TrimSpace(value)})
}

func (l *listReader) body(file string) {
	switch {
	case !l.now:
		l.complain("@%.40s: a body without a request: the line before it ends one", file)
	case file == "":
		l.complain("@: want the name of a file behind it")
	case l.all[len(l.all)-1].file != "":
		l.complain("@%.40s: a second body", file)
	default:
		l.all[len(l.all)-1].file = file
	}
}

// A listing makes requests of a list for one server.
type listing struct {
	name   string
	base   *url.URL   // the server; nil until it is known
	common plan.Exact // what holds for every request: headers, and what a right answer is
	bodies map[string][]byte
	complaints
}

func (l *listing) complain(r listed, format string, args ...any) {
	if len(l.complaints) < mostComplaints {
		l.say("%s:%d: %s", l.name, r.line, fmt.Sprintf(format, args...))
	}
}

// build lays out the requests in the order of a turn.
func (l *listing) build(all []listed) *workload.Set {
	l.settleBase(all)
	requests := make([]workload.Request, len(all))
	weights := make([]int, len(all))
	for i, r := range all {
		weights[i] = r.weight
		x, ok := l.exact(r)
		if !ok || len(l.complaints) > 0 {
			continue
		}
		set, err := workload.Build(x, l.base.Host)
		if err != nil {
			l.complain(r, "%s", strings.TrimPrefix(err.Error(), "workload: "))
			continue
		}
		requests[i] = set.Requests[0]
	}
	if len(l.complaints) > 0 {
		return nil
	}
	set, err := workload.Mix(requests, weights)
	if err != nil {
		l.say("%s: %v", l.name, err)
		return nil
	}
	return set
}

// exact completes one request with what holds for all.
func (l *listing) exact(r listed) (plan.Exact, bool) {
	x := l.common
	x.Method = r.method
	var err error
	if x.Path, err = l.path(r.address); err != nil {
		l.complain(r, "%v", err)
		return x, false
	}
	x.Headers.Add = nil
	for _, common := range l.common.Headers.Add {
		if !hasHeader(r.headers, common.Name) {
			x.Headers.Add = append(x.Headers.Add, common)
		}
	}
	x.Headers.Add = append(x.Headers.Add, r.headers...)
	if x.Body, err = l.body(r.file); err != nil {
		l.complain(r, "@%s: %v", r.file, err)
		return x, false
	}
	return x, true
}

func hasHeader(headers []plan.Var, name string) bool {
	for _, h := range headers {
		if strings.EqualFold(h.Name, name) {
			return true
		}
	}
	return false
}

// settleBase takes the server from the first URL of the list, if it is not
// known. What is wrong with that URL is said when its turn comes.
func (l *listing) settleBase(all []listed) {
	for _, r := range all {
		if u, err := url.Parse(r.address); l.base == nil && isURL(r.address) && err == nil && u.Host != "" {
			l.base = &url.URL{Scheme: u.Scheme, Host: u.Host, Path: "/"}
		}
	}
}

// isURL tells a URL from a path, which may have one in its query.
func isURL(address string) bool {
	return strings.Contains(address, "://") && address[0] != '/'
}

// path returns what an address asks for. A path is taken as it stands.
func (l *listing) path(address string) (string, error) {
	if !isURL(address) {
		if l.base == nil {
			return "", fmt.Errorf("%.60s is on no host: write webdyno load --targets %s http://HOST:PORT", address, l.name)
		}
		return marked(address), nil
	}
	u, err := url.Parse(address)
	if err != nil {
		return "", bareURL(err)
	}
	if u.Host == "" {
		return "", fmt.Errorf("%.60s: want http://HOST:PORT/PATH", address)
	}
	if u.User != nil {
		return "", errors.New("a name and a password in a URL: write them as a header, Authorization: Basic …")
	}
	if u.Scheme != l.base.Scheme || !sameHost(u, l.base) {
		return "", fmt.Errorf("%s://%s is another server than %s://%s: all requests of a load go to one",
			u.Scheme, u.Host, l.base.Scheme, l.base.Host)
	}
	return pathOf(u), nil
}

func sameHost(a, b *url.URL) bool {
	port := func(u *url.URL) string {
		if p := u.Port(); p != "" {
			return p
		}
		if u.Scheme == "https" {
			return "443"
		}
		return "80"
	}
	return strings.EqualFold(a.Hostname(), b.Hostname()) && port(a) == port(b)
}

// bareURL drops from an error of net/url the URL, which the reader has before
// him.
func bareURL(err error) error {
	if e := (*url.Error)(nil); errors.As(err, &e) {
		return e.Err
	}
	return err
}

// body returns what is in a file, which is read once however often it is used.
func (l *listing) body(name string) ([]byte, error) {
	if name == "" {
		return nil, nil
	}
	if b, ok := l.bodies[name]; ok {
		return b, nil
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, bare(err)
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, mostBody+1))
	switch {
	case err != nil:
		return nil, bare(err)
	case len(b) > mostBody:
		return nil, fmt.Errorf("more than %s", unit.Bytes(mostBody))
	}
	if hasOtherValues(string(b)) {
		return nil, errOtherValues
	}
	b = []byte(marked(string(b)))
	if l.bodies == nil {
		l.bodies = map[string][]byte{}
	}
	l.bodies[name] = b
	return b, nil
}
