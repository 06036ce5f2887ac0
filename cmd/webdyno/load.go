package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"webdyno/internal/calibrate"
	"webdyno/internal/engine"
	"webdyno/internal/evidence"
	"webdyno/internal/host"
	"webdyno/internal/load"
	"webdyno/internal/plan"
	"webdyno/internal/report"
	"webdyno/internal/sys"
	"webdyno/internal/workload"
)

// loadFlags are the choices of the load verb, as typed. Times and counts stay
// texts until all of them are checked together.
type loadFlags struct {
	connections, maxConnections string
	close                       string
	threads                     int
	duration, requests          string
	rate, arrivals              string
	warmup                      string
	perConnection, pipeline     string
	timeout, idle               string
	think, thinkTime            string
	sources                     string

	method, body string
	headers      []string
	headerSet    string

	expectStatus []string
	expectBody   string
	expectBytes  string
	objectives   []string

	backend, output    string
	unixSocket         string
	latency            bool
	insecure           bool
	cert, key          string
	tlsResume          bool
	seed               uint64
	hgrm, hlog, perSec string

	targets         string
	progress, quiet bool
}

func loadCommand(con console) *cobra.Command {
	var f loadFlags
	cmd := &cobra.Command{
		Use:   "load URL",
		Short: "Load one address now, without a plan",
		Long: `Loads one address and says what came of it. Without --rate the load is closed:
so many connections, each with one request in flight. With --rate it is open:
requests fall due on a schedule, and response time counts from when a request
was due, whether or not the server kept up.

With --targets, many requests are sent in turn, from a file of lines such as
"GET /path weight=3", each with header lines "K: V" and a line "@FILE" for a
body if it has one. All go to one server: that of the URL, or of those in the file.

On a terminal a few lines tell how far the load is; they are gone when the
result is printed. Long options may be typed with one dash, too.

Exit status: 0 done; 1 nothing was answered rightly, or an objective cannot be
told; 2 the command line is wrong; 3 an objective was missed; 130 interrupted,
with what was measured.`,
		Example: `  webdyno load -c 40 -d 10 http://127.0.0.1:8080/
  webdyno load -R 2000 -d 30s --objective 'p99<50ms' http://127.0.0.1:8080/
  webdyno load -n 10k --per-connection 1 -o json http://127.0.0.1:8080/
  webdyno load --targets requests.txt --csv seconds.csv http://127.0.0.1:8080
  webdyno load -o bench http://127.0.0.1:8080/ >> new.txt; benchstat old.txt new.txt`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 && (len(args) > 0 || f.targets == "") {
				return usageError{errors.New("load wants one URL")}
			}
			return nil
		},
		ValidArgsFunction: completeNothing,
		RunE: func(cmd *cobra.Command, args []string) error {
			l, err := f.check(con, strings.Join(args, ""))
			if err != nil {
				return err
			}
			return l.run(cmd.Context(), con)
		},
	}
	f.define(cmd)
	return cmd
}

func (f *loadFlags) define(cmd *cobra.Command) {
	fs := cmd.Flags()
	fs.SortFlags = false
	fs.StringVarP(&f.connections, "connections", "c", "", "keep `N` connections in use (64 in a closed load; in an open one, as many as arrivals demand)")
	fs.StringVar(&f.maxConnections, "max-connections", "", "open at most `N` where connections open on demand")
	fs.StringVarP(&f.duration, "duration", "d", "", "window by time: `D` such as 10s, 1m; a bare number is seconds (10s)")
	fs.StringVarP(&f.requests, "requests", "n", "", "window by count: `N` requests, such as 10000, 10k; whichever ends first")
	fs.StringVarP(&f.rate, "rate", "R", "", "open load: `N` arrivals per second")
	fs.StringVar(&f.arrivals, "arrivals", "", "open load: how arrivals are spaced: poisson, constant (poisson)")
	fs.StringVar(&f.warmup, "warmup", "0", "discarded first: a time, or a count such as 30000req")
	fs.StringVar(&f.perConnection, "per-connection", "0", "`K` requests per connection; 0: as many as the server allows")
	fs.StringVar(&f.close, "close", "server", "how a connection ends after its last request: server, fin, reset")
	fs.StringVarP(&f.pipeline, "pipeline", "p", "1", "`N` requests in flight per connection")
	fs.StringVar(&f.sources, "sources", "auto", "from how many addresses `N` connections to 127.0.0.1 come; auto: from more than one where its ports do not suffice")
	fs.StringVar(&f.think, "think", "", "closed load: wait `D` on average, from an answer to the next request")
	fs.StringVar(&f.thinkTime, "think-time", "exponential", "how think times are spread: exponential, constant")
	fs.StringVar(&f.timeout, "timeout", "10s", "of one request, from when it was due")
	fs.StringVar(&f.idle, "idle", "0", "hold `N` further connections open and silent beside those of the load")
	fs.IntVarP(&f.threads, "threads", "t", 1, "`N` loops, a thread each")
	fs.StringVarP(&f.method, "method", "m", "", "method (GET, or POST with a body)")
	fs.StringArrayVarP(&f.headers, "header", "H", nil, "header `'K: V'`; repeatable")
	fs.StringVarP(&f.body, "body", "b", "", "body: `TEXT`, or @FILE to read a file")
	fs.StringVar(&f.headerSet, "headers", "minimal", "named header set: "+strings.Join(workload.HeaderSets(), ", "))
	fs.StringSliceVar(&f.expectStatus, "expect-status", nil, "a right answer's status (200 to 399)")
	fs.StringVar(&f.expectBody, "expect-body", "", "a right answer's body, exactly: `TEXT`, or @FILE to read a file")
	fs.StringVar(&f.expectBytes, "expect-bytes", "", "a right answer's length of body")
	fs.StringArrayVar(&f.objectives, "objective", nil, "`'p99<50ms'`, 'errors<0.1%', 'rate>1000'; repeatable; missed: exit status 3")
	fs.StringVar(&f.backend, "backend", "auto", "what sends: auto, uring, epoll, net")
	fs.StringVarP(&f.output, "output", "o", "text", "text, json, wrk (its layout, for scripts that read it) or bench (Go's benchmark format)")
	fs.StringVar(&f.hgrm, "hgrm", "", "write the distribution of response times to `FILE`, as HdrHistogram does")
	fs.StringVar(&f.hlog, "hlog", "", "write the histograms to `FILE`, an HdrHistogram log")
	fs.StringVar(&f.perSec, "csv", "", "write a row per second to `FILE`")
	fs.StringVar(&f.targets, "targets", "", "send the requests in `FILE` in turn; - is standard input")
	fs.BoolVar(&f.progress, "progress", false, "a line per second on standard error, terminal or not")
	fs.BoolVar(&f.quiet, "quiet", false, "nothing on a terminal while the load lasts")
	fs.StringVar(&f.unixSocket, "unix-socket", "", "connect to the socket at `PATH` instead of the URL's host")
	fs.BoolVarP(&f.insecure, "insecure", "k", false, "https: take any certificate")
	fs.StringVar(&f.cert, "cert", "", "https: show the certificate in `FILE` (PEM) to a server that asks for one")
	fs.StringVar(&f.key, "key", "", "https: its key is in `FILE` (that of --cert)")
	fs.BoolVar(&f.tlsResume, "tls-resume", false, "https: resume TLS sessions where the server lets us; otherwise every connection makes a full handshake")
	fs.BoolVar(&f.latency, "latency", false, "accepted for wrk's sake: percentiles are always printed")
	fs.Uint64Var(&f.seed, "seed", 1, "of arrivals and random values")
}

// A loadJob is a load verb made ready.
type loadJob struct {
	url        string
	job        engine.Job
	config     engine.Config
	objectives []plan.Objective
	warmup     string
	output     string
	exact      plan.Exact
	notes      []evidence.Note
	files      resultFiles

	progress, quiet bool
	opened          time.Time // when the window opened
	activity        evidence.Activity
}

// check reads all flags and returns every complaint at once.
func (f *loadFlags) check(con console, rawURL string) (*loadJob, error) {
	var c complaints
	l := &loadJob{url: rawURL, warmup: f.warmup, output: f.output, progress: f.progress, quiet: f.quiet}
	var u *url.URL
	if rawURL != "" || f.targets == "" {
		u = c.url(rawURL)
	}
	l.job.Load = f.load(&c)
	l.job.Warmup = c.extent("--warmup", f.warmup)
	l.job.Window = f.window(&c)
	l.job.Seed = f.seed
	l.job.Unix = f.unixSocket
	if f.sources != "auto" {
		l.job.Sources = int(c.count("--sources", f.sources))
		if l.job.Sources < 1 || l.job.Sources > sys.Sources {
			c.say("--sources %s: want auto, or 1 to %d", f.sources, sys.Sources)
		}
	}
	l.config = engine.Config{Loops: f.threads, Backend: c.backend(f.backend)}
	for _, o := range f.objectives {
		obj, err := plan.ParseObjective(o)
		c.add("--objective", err)
		l.objectives = append(l.objectives, obj)
	}
	if f.threads < 1 {
		c.say("--threads %d: want at least 1", f.threads)
	}
	f.results(&c, l)
	if f.targets != "" {
		u = f.list(&c, l, con, u)
	} else {
		l.exact = f.workload(&c, u)
	}
	f.secure(&c, l, u)
	if err := c.err(); err != nil {
		return nil, err
	}
	if f.targets == "" {
		set, err := workload.Build(l.exact, u.Host)
		if err != nil {
			return nil, usageError{err}
		}
		l.job.Requests = set
	}
	var err error
	if l.job.Unix == "" {
		err = l.resolve(u)
	}
	if to := l.job.Address.Addr(); err == nil && l.job.Sources > 1 && (!to.Is4() || !to.IsLoopback()) {
		err = usageError{errors.New("--sources: only a server on 127.0.0.0/8 can be asked from several addresses")}
	}
	return l, err
}

func (f *loadFlags) workload(c *complaints, u *url.URL) plan.Exact {
	x := plan.Exact{
		Method:  f.method,
		Path:    pathOf(u),
		Headers: plan.Headers{Set: f.headerSet},
		Body:    []byte(marked(string(c.content("--body", f.body)))),
		Expect:  plan.ExactExpect{Bytes: -1},
	}
	if x.Method == "" {
		x.Method = "GET"
		if len(x.Body) > 0 {
			x.Method = "POST"
		}
	}
	for _, h := range f.headers {
		name, value, ok := strings.Cut(h, ":")
		if !ok {
			c.say("--header %q: want 'Name: value'", h)
		}
		x.Headers.Add = append(x.Headers.Add, plan.Var{Name: strings.TrimSpace(name), Value: strings.TrimSpace(value)})
	}
	for _, s := range f.expectStatus {
		n, err := strconv.Atoi(s)
		if err != nil || n < 100 || n > 599 {
			c.say("--expect-status %q: want a number from 100 to 599", s)
		}
		x.Expect.Status = append(x.Expect.Status, n)
	}
	if f.expectBody != "" {
		x.Expect.Body = c.content("--expect-body", f.expectBody)
	}
	if f.expectBytes != "" {
		x.Expect.Bytes = c.count("--expect-bytes", f.expectBytes)
	}
	return x
}

func (f *loadFlags) load(c *complaints) load.Load {
	use := load.Use{
		PerConnection: int(c.count("--per-connection", f.perConnection)),
		Pipeline:      int(c.count("--pipeline", f.pipeline)),
		Timeout:       c.duration("--timeout", f.timeout),
		Idle:          int(c.count("--idle", f.idle)),
	}
	var err error
	use.Close, err = load.ParseClose(f.close)
	c.add("--close", err)
	if use.Pipeline < 1 {
		c.say("--pipeline %s: want at least 1", f.pipeline)
	}
	if use.Timeout <= 0 {
		c.say("--timeout %s: want more than 0", f.timeout)
	}
	if use.PerConnection > 0 && use.Pipeline > use.PerConnection {
		c.say("--pipeline %d with --per-connection %d: no connection carries so many requests", use.Pipeline, use.PerConnection)
	}
	n := int(c.count("--connections", f.connections))
	if f.rate == "" {
		if f.maxConnections != "" {
			c.say("--max-connections is for open loads (--rate); a closed one keeps --connections in use")
		}
		if f.arrivals != "" {
			c.say("--arrivals is for open loads (--rate); in a closed one each answer releases the next request")
		}
		if f.connections == "" {
			n = 64
		}
		if n < 1 {
			c.say("--connections %s: want at least 1", f.connections)
		}
		return f.thinking(c, load.Closed{Connections: n, Use: use})
	}
	if f.think != "" {
		c.say("--think is for closed loads; in an open one (--rate) requests do not wait for answers")
	}
	o := load.Open{Rate: c.rate("--rate", f.rate), Connections: n, Use: use}
	o.Arrivals, err = load.ParseArrivals(orElse(f.arrivals, "poisson"))
	c.add("--arrivals", err)
	o.MaxConnections = int(c.count("--max-connections", f.maxConnections))
	if o.Connections > 0 && o.MaxConnections > 0 {
		c.say("--connections opens a pool, --max-connections bounds connections on demand: give one of them")
	}
	return o
}

// thinking gives a closed load its think times, if it is to have any.
func (f *loadFlags) thinking(c *complaints, l load.Closed) load.Closed {
	var err error
	l.Thinking, err = load.ParseThinking(f.thinkTime)
	c.add("--think-time", err)
	if f.think == "" {
		return l
	}
	l.Think = c.duration("--think", f.think)
	if l.Think < 0 {
		c.say("--think %s: want 0 or more", f.think)
	}
	if l.Think > 0 && l.Pipeline > 1 {
		c.say("--think with --pipeline %d: who sends ahead does not wait for answers, and thinks nothing", l.Pipeline)
	}
	return l
}

func (f *loadFlags) window(c *complaints) load.Extent {
	e := load.Extent{Count: c.count("--requests", f.requests)}
	if f.duration != "" {
		e.Time = c.duration("--duration", f.duration)
		if e.Time <= 0 {
			c.say("--duration %s: want more than 0", f.duration)
		}
	}
	if f.requests != "" && e.Count < 1 {
		c.say("--requests %s: want at least 1", f.requests)
	}
	if e.IsZero() {
		e.Time = 10 * time.Second
	}
	return e
}

// run puts the load on and prints what came of it.
func (l *loadJob) run(ctx context.Context, con console) error {
	defer l.files.discard()
	if err := l.files.open(con.out); err != nil {
		return err
	}
	defer beforeExit(ctx, l.files.forsake)()
	eng, err := engine.Open(l.config)
	if err != nil {
		return err
	}
	defer eng.Close()
	l.warnOfPorts(con.err)
	l.job.Edge = l.edge(host.Watch{Root: os.DirFS("/")})
	stop, leave := l.watch(eng, con)
	forget := beforeExit(ctx, leave)
	tally, err := eng.Run(ctx, l.job)
	forget()
	stop()
	if tally == nil {
		return err
	}
	l.noteLoops(tally.Loops)
	result := report.NewLoadResult(report.Job{
		CPUsShared: sharesCPUs(l.job.Address), Host: l.activity, Ceiling: lastCeiling(tally.Backend, l.job.Load),
		URL: l.url, Seed: l.job.Seed, Load: l.job.Load, Warmup: l.warmup, Objectives: l.objectives,
		Opened: l.opened, Notes: l.notes,
	}, tally)
	// The result comes first: a disk that is full must not cost the reader that.
	printErr := l.print(con, result)
	fileErr := l.files.fill(result)
	if printErr != nil {
		return errors.Join(err, printErr, fileErr)
	}
	return errors.Join(l.verdict(err, tally, result), fileErr)
}

// edge watches the machine from the window's opening to its end. Whether its CPUs
// were kept busy by others cannot be told where the server is not ours.
func (l *loadJob) edge(w host.Watch) func(engine.Edge) {
	var began host.Glance
	return func(e engine.Edge) {
		if e == engine.WindowOpened {
			l.opened = time.Now()
			began, _ = w.Begin() // where there is nothing to see, nothing is said
			return
		}
		l.activity = w.End(began, 0)
		l.activity.Foreign = -1
	}
}

// lastCeiling is what the last calibration of this machine found, 0 if there was
// none.
func lastCeiling(backend string, ld load.Load) float64 {
	c, ok := calibrate.Last()
	if !ok {
		return 0
	}
	return report.CeilingOf(c.Facts(), backend, ld)
}

// noteLoops says what became of --threads where it is not what the reader would
// take it for: loops without a connection are not begun, and more loops than
// CPUs are, but take turns.
func (l *loadJob) noteLoops(used int) {
	if used < l.config.Loops {
		l.note("threads-capped", fmt.Sprintf("of the %d loops asked for (--threads) %d carried the load: there is one connection for each", l.config.Loops, used))
	}
	if cpus := runtime.NumCPU(); used > cpus {
		l.notes = append(l.notes, evidence.Note{Kind: "threads-beyond-cpus", Grade: evidence.B,
			Text: fmt.Sprintf("%d loops (--threads) took turns on %s: what one of them waits for the others is in lag", used, count(cpus, "CPU"))})
	}
}

func (l *loadJob) print(con console, r *report.LoadResult) error {
	switch l.output {
	case "json":
		return r.JSON(con.out)
	case "wrk":
		return r.Wrk(con.out)
	case "bench":
		return r.Bench(con.out)
	}
	return r.Text(con.out, report.TextOptions{Width: widthOf(con.out)})
}

// verdict is the exit status, as an error. A run in which nothing was answered
// must never look like a fast one.
func (l *loadJob) verdict(err error, t *evidence.Tally, r *report.LoadResult) error {
	switch {
	case err != nil:
		return err
	case t.Outcomes[evidence.Answered] == 0:
		return errors.New("nothing was answered")
	case len(l.objectives) > 0 && r.Missed():
		return errMissed
	case len(r.Untold()) > 0:
		return untoldError(r.Untold())
	case len(l.objectives) == 0 && t.Right() == 0:
		return errors.New("nothing was answered rightly")
	}
	return nil
}
