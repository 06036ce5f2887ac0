package subjects_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"webdyno/internal/bus"
	"webdyno/internal/bus/mongo"
	"webdyno/internal/bus/redis"
	"webdyno/internal/host"
	"webdyno/internal/plan"
	"webdyno/internal/probe"
	"webdyno/internal/supervise"
	"webdyno/plans"
	"webdyno/subjects"
)

// busReads are the reads that the plan makes, and what each answers, in bytes.
var busReads = map[string]int{"empty": 0, "1k": 1024, "64k": 65536}

// Every variant is started as the plan starts it, each on a store of its own,
// and must answer what Go's bus answers: comparing them compares nothing else.
func TestBus(t *testing.T) {
	wanted(t)
	finder := &host.Finder{Path: os.Getenv("PATH")}
	places := make(chan struct{}, 4) // so many at once: some compile first
	for _, v := range busVariants(t) {
		t.Run(v.Name(), func(t *testing.T) {
			t.Parallel()
			places <- struct{}{}
			defer func() { <-places }()
			store := ownStore(t)
			if v.Subject.Serve != "" {
				args := fillWords(t, v.Subject.Args, map[string]string{"store.url": store})
				conformsToBus(t, v.Subject.Name, startOurs(t, "bus", args...), store)
				return
			}
			s := startBus(t, finder, v, store)
			conformsToBus(t, v.Subject.Name, s.addr, store)
			s.leaves(t)
		})
	}
}

// The store that the plan's preset takes instead of ours is Debian's Redis: one
// of each driver on it.
func TestBusOnRedis(t *testing.T) {
	wanted(t)
	finder := &host.Finder{Path: os.Getenv("PATH")}
	server, _, err := finder.Command("redis-server")
	if err != nil {
		missing(t, err)
	}
	addr := freeAddress(t)
	_, port, _ := net.SplitHostPort(addr)
	cmd := exec.Command(server, "--port", port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no")
	cmd.Dir = t.TempDir()
	launch(t, cmd, addr)
	store := "redis://" + addr
	primeStore(t, store)
	for _, v := range busVariants(t) {
		switch v.Name() {
		case "go", "node", "gevent[cython=none,python=cpython]", "tornado[cython=none,python=cpython]":
		default:
			continue
		}
		t.Run(v.Name(), func(t *testing.T) { // in turn: they share the store, whose queries are counted
			if v.Subject.Serve != "" {
				conformsToBus(t, v.Subject.Name, startOurs(t, "bus", "--store="+store), store)
				return
			}
			s := startBus(t, finder, v, store)
			conformsToBus(t, v.Subject.Name, s.addr, store)
			s.leaves(t)
		})
	}
}

// MongoDB is in no package of Debian's: where a server of it is named, one of each
// of its drivers is tried on it.
func TestBusOnMongoDB(t *testing.T) {
	server := os.Getenv("WEBDYNO_MONGODB")
	if server == "" {
		t.Skip("no MongoDB was named: WEBDYNO_MONGODB=mongodb://HOST:PORT")
	}
	store := strings.TrimSuffix(server, "/") + fmt.Sprintf("/webdyno_test_%d", time.Now().UnixNano())
	s, err := mongo.Open(t.Context(), store, time.Hour, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.Prime(t.Context(), bus.PrimedChannels()); err != nil {
		t.Fatal(err)
	}
	finder := &host.Finder{Path: os.Getenv("PATH")}
	for _, v := range busVariants(t) {
		switch v.Name() {
		case "gevent[cython=none,python=cpython]", "tornado[cython=none,python=cpython]", "wsgiref[python=pypy]", "uwsgi":
		default:
			continue
		}
		t.Run(v.Name(), func(t *testing.T) {
			s := startBus(t, finder, v, store)
			readsLikeGo(t, s.addr, store)
			pages(t, s.addr)
			posts(t, s.addr)
			refusesNonsense(t, s.addr)
			burdenBus(t, s.addr, false)
			s.leaves(t)
		})
	}
}

// A server that was asked for compiled code and has loaded something else must
// not start: its figures would stand under another's name.
func TestBusRefusesWhatIsNotCompiled(t *testing.T) {
	wanted(t)
	python, err := pythonWith("gevent, redis, tornado, Cython")
	if err != nil {
		missing(t, err)
	}
	from := materialized(t, "bus")
	half := strings.TrimPrefix(from.build(t, python, "framework"), "PYTHONPATH=")
	for args, want := range map[string]string{
		"bus_gevent.py --cython=framework":                           "frame.py",
		"bus_gevent.py --cython=framework+handler --build=" + half:   "events.py",
		"bus_gevent.py --cython=handler --build=" + half:             "frame.cpython",
		"bus_tornado.py --cython=handler --build=" + half:            "events.py",
		"bus_tornado.py --cython=everything --build=" + t.TempDir():  "want none, framework",
		"build.py framework --outdir=" + t.TempDir():                 "outdir",
		"build.py --handler=channels everything " + t.TempDir() + "": "want none, framework",
	} {
		out, err := from.command(t, python, strings.Fields(args)).CombinedOutput()
		if err == nil || !bytes.Contains(out, []byte(want)) {
			t.Errorf("%s: %v, said %q; want it to fail and name %s", args, err, out, want)
		}
	}
}

// Several processes answer like one, and end with the first of them.
func TestBusWorkers(t *testing.T) {
	wanted(t)
	python, err := pythonWith("gevent, redis, redis.asyncio, tornado, httptools, uvloop")
	if err != nil {
		missing(t, err)
	}
	store := ownStore(t)
	for _, command := range [][]string{
		{python, "bus_gevent.py"}, {python, "bus_tornado.py"}, {python, "bus_httptools.py", "--loop=uvloop"}, {"node", "bus.js"},
	} {
		t.Run(command[1], func(t *testing.T) {
			program, env := command[0], ""
			if program == "node" {
				if program, err = exec.LookPath("node"); err != nil {
					missing(t, err)
				}
				env = "NODE_PATH=" + nodeModules(t, "bus")
			}
			s := materialized(t, "bus").start(t, program, append(command[1:], "--workers=2", "--store="+store), env)
			burdenBus(t, s.addr, true)
			s.ends(t)
		})
	}
}

// busVariants are all that the plan defines.
func busVariants(t *testing.T) []plan.Variant {
	t.Helper()
	src, err := plans.Open("event-bus")
	if err != nil {
		t.Fatal(err)
	}
	p, err := plan.Read("event-bus", src, plan.Options{Subjects: subjects.Files()})
	if err != nil {
		t.Fatal(err)
	}
	p.Take = nil
	return p.Variants()
}

// ownStore starts a store of ours, and primes it.
func ownStore(t *testing.T) string {
	t.Helper()
	store := "redis://" + startOurs(t, "store")
	primeStore(t, store)
	return store
}

func primeStore(t *testing.T, url string) {
	t.Helper()
	s, err := redis.Open(t.Context(), redis.Config{URL: url, TTL: time.Hour, Clock: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.Prime(t.Context(), bus.PrimedChannels()); err != nil {
		t.Fatal(err)
	}
}

// startBus builds and starts a variant as the plan has it.
func startBus(t *testing.T, finder *host.Finder, v plan.Variant, store string) *process {
	t.Helper()
	for _, name := range v.Subject.Needs.Commands {
		if _, _, err := finder.Command(name); err != nil {
			missing(t, err)
		}
	}
	addr := freeAddress(t)
	hostname, port, _ := net.SplitHostPort(addr)
	words := map[string]string{
		"host": hostname, "port": port, "store.url": store, "build": t.TempDir(), "webdyno": "webdyno", "python": "",
	}
	for _, c := range v.Choice {
		words[c.Factor] = c.Level.String()
	}
	kind := "cpython"
	if words["python"] != "" {
		kind = words["python"]
	}
	if kind == "pypy" && words["cython"] != "none" && words["cython"] != "" {
		t.Skip("Cython's modules are for CPython")
	}
	if len(v.Subject.Needs.Modules) > 0 {
		words["python"] = pythonFor(t, finder, kind, v.Subject.Needs.Modules)
	}
	at := materialized(t, "bus")
	env := supervise.CleanEnv(t.TempDir(), nil)
	for _, e := range v.Subject.Env {
		env = append(env, e.Name+"="+fillWords(t, []string{e.Value}, words)[0])
	}
	if len(v.Subject.Needs.Npm) > 0 {
		env = append(env, "NODE_PATH="+nodeModules(t, "bus"))
	}
	run := func(argv []string) *exec.Cmd {
		argv = fillWords(t, argv, words)
		cmd := exec.Command(argv[0], argv[1:]...)
		cmd.Dir, cmd.Env = string(at), env
		return cmd
	}
	for _, b := range v.Subject.Builds {
		for _, step := range b.Steps {
			if out, err := run(step).CombinedOutput(); err != nil {
				t.Fatalf("%v: %v\n%s", step, err, out)
			}
		}
	}
	if len(v.Subject.Build) > 0 {
		printChannels(t, string(at)+"/channels.json")
	}
	return launch(t, run(v.Subject.Start), addr)
}

// printChannels does what the plan has webdyno do.
func printChannels(t *testing.T, file string) {
	t.Helper()
	var b bytes.Buffer
	if err := bus.PrintChannels(&b); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}

func fillWords(t *testing.T, texts []string, words map[string]string) []string {
	t.Helper()
	var filled []string
	for _, text := range texts {
		one, err := plan.Substitute(text, words)
		if err != nil {
			t.Fatal(err)
		}
		filled = append(filled, one)
	}
	return filled
}

// A busClient asks a bus.
type busClient struct {
	t      *testing.T
	base   string
	client *http.Client
}

func newBusClient(t *testing.T, addr string, keep bool) *busClient {
	transport := &http.Transport{DisableKeepAlives: !keep, DisableCompression: true}
	t.Cleanup(transport.CloseIdleConnections)
	return &busClient{t, "http://" + addr + "/v1/channels/", &http.Client{Transport: transport, Timeout: limit}}
}

// ask sends a request and returns the answer's status and body, having checked
// what every answer must have.
func (c *busClient) ask(method, target, body string) (int, string) {
	c.t.Helper()
	status, got, err := c.try(method, target, body)
	if err != nil {
		c.t.Fatalf("%s %s: %v", method, target, err)
	}
	return status, got
}

func (c *busClient) try(method, target, body string) (int, string, error) {
	req, err := http.NewRequestWithContext(context.Background(), method, c.base+target, strings.NewReader(body))
	if err != nil {
		return 0, "", err
	}
	r, err := c.client.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer r.Body.Close()
	got, err := io.ReadAll(r.Body)
	if err != nil {
		return 0, "", err
	}
	known := slices.Contains([]int{200, 201}, r.StatusCode)
	switch {
	case r.TransferEncoding != nil, known && r.ContentLength != int64(len(got)):
		err = fmt.Errorf("transfer encoding %q, length %d: want the length alone", r.TransferEncoding, r.ContentLength)
	case known && r.Header.Get("Content-Type") != "application/json":
		err = fmt.Errorf("Content-Type %q", r.Header.Get("Content-Type"))
	case r.StatusCode == 204 && (len(got) > 0 || r.Header.Get("Content-Type") != ""):
		err = fmt.Errorf("204 with %q and %v", got, r.Header)
	}
	return r.StatusCode, string(got), err
}

// conformsToBus puts everything that README.md promises to the bus at addr.
func conformsToBus(t *testing.T, name, addr, store string) {
	t.Run("reads", func(t *testing.T) { readsLikeGo(t, addr, store) })
	t.Run("pages", func(t *testing.T) { pages(t, addr) })
	t.Run("posts", func(t *testing.T) { posts(t, addr) })
	t.Run("refuses", func(t *testing.T) { refusesNonsense(t, addr) })
	if !strings.HasSuffix(name, "-alone") {
		t.Run("expires", func(t *testing.T) { expires(t, addr, store) })
	}
	for _, keep := range []bool{false, true} {
		t.Run(fmt.Sprintf("load,keep=%v", keep), func(t *testing.T) {
			before := calls(t, store)
			reads, written := burdenBus(t, addr, keep)
			after := calls(t, store)
			if strings.HasSuffix(name, "-alone") {
				reads, written = 0, 0
			}
			if x, a := after["xrange"]-before["xrange"], after["xadd"]-before["xadd"]; x != reads || a != written {
				t.Errorf("the store counted %d XRANGE and %d XADD for %d reads and %d posts", x, a, reads, written)
			}
		})
	}
}

func calls(t *testing.T, store string) map[string]uint64 {
	t.Helper()
	s, err := probe.ReadStore(t.Context(), store)
	if err != nil {
		t.Fatal(err)
	}
	return s.Calls
}

// readsLikeGo compares the primed channels, byte for byte, with what Go's bus
// makes of the same store.
func readsLikeGo(t *testing.T, addr, store string) {
	ours, theirs := newBusClient(t, startOurs(t, "bus", "--store="+store), true), newBusClient(t, addr, true)
	for channel, size := range busReads {
		target := channel + "/events?marker=0&limit=1000"
		wantStatus, want := ours.ask("GET", target, "")
		status, got := theirs.ask("GET", target, "")
		if status != wantStatus || got != want || len(got) != size {
			t.Errorf("%s: status %d and %d bytes, want %d and %d as Go's bus answers, %d in all", channel, status, len(got), wantStatus, len(want), size)
		}
	}
	if status, got := theirs.ask("GET", "1k/events", ""); status != 200 || len(got) != 1024 {
		t.Errorf("without parameters: status %d, %d bytes; want 200, 1024", status, len(got))
	}
}

// A busPage is an answer to a read.
type busPage struct {
	Events []json.RawMessage `json:"events"`
	Marker string            `json:"marker"`
}

// pages reads a channel marker by marker.
func pages(t *testing.T, addr string) {
	c := newBusClient(t, addr, true)
	var ids []string
	marker := "0"
	for {
		status, body := c.ask("GET", "1k/events?limit=4&marker="+marker, "")
		if status == 204 {
			break
		}
		var p busPage
		if err := json.Unmarshal([]byte(body), &p); err != nil || status != 200 {
			t.Fatalf("behind %s: status %d, %v: %q", marker, status, err, body)
		}
		for _, e := range p.Events {
			var event struct{ ID int }
			if err := json.Unmarshal(e, &event); err != nil {
				t.Fatal(err)
			}
			ids = append(ids, fmt.Sprint(event.ID))
		}
		marker = p.Marker
	}
	if got := strings.Join(ids, " "); got != "1 2 3 4 5 6 7 8 9 10" || marker != "10-0" {
		t.Errorf("read events %s up to marker %s; want 1 to 10, up to 10-0", got, marker)
	}
}

// posts writes events and reads them back, as they were and in their order.
func posts(t *testing.T, addr string) {
	c := newBusClient(t, addr, true)
	channel := strings.ReplaceAll(addr, ":", "-") + "/events"
	events := []string{`{"n":1}`, ` { "text" : "Grüße, \u00fc and \"quotes\"", "more": [1, 2.5e3, null] }`, `{}`, `{"n":"` + strings.Repeat("x", 65528) + `"}`}
	markers := []string{"0"}
	for _, e := range events {
		status, body := c.ask("POST", channel, e)
		var p busPage
		if err := json.Unmarshal([]byte(body), &p); err != nil || status != 201 || body != `{"marker":"`+p.Marker+`"}` {
			t.Fatalf("post: status %d, %q", status, body)
		}
		markers = append(markers, p.Marker)
	}
	last := markers[len(events)]
	for i := range events {
		want := `{"events":[` + strings.Join(events[i:], ",") + `],"marker":"` + last + `"}`
		if status, got := c.ask("GET", channel+"?marker="+markers[i], ""); status != 200 || got != want {
			t.Errorf("behind event %d: status %d, %d bytes; want 200 and the %d that were posted", i, status, len(got), len(want))
		}
	}
	if status, _ := c.ask("GET", channel+"?marker="+last, ""); status != 204 {
		t.Errorf("behind the last: status %d, want 204", status)
	}
}

// refusesNonsense asks for what there is not.
func refusesNonsense(t *testing.T, addr string) {
	c := newBusClient(t, addr, true)
	for _, x := range []struct {
		method, target, body string
		want                 int
	}{
		{"GET", "1k/events?limit=0", "", 400},
		{"GET", "1k/events?limit=1001", "", 400},
		{"GET", "1k/events?limit=ten", "", 400},
		{"GET", "1k/events?limit=-1", "", 400},
		{"GET", "1k/events?marker=later", "", 400},
		{"GET", "1k/events?marker=1-", "", 400},
		{"GET", "1k/events?marker=-1", "", 400},
		{"GET", "UPPER/events", "", 400},
		{"GET", strings.Repeat("c", 65) + "/events", "", 400},
		{"GET", "1k", "", 404},
		{"GET", "1k/events/1", "", 404},
		{"GET", "1k/eventses", "", 404},
		{"PUT", "1k/events", `{}`, 405},
		{"DELETE", "1k/events", "", 405},
		{"POST", "refused/events", "", 400},
		{"POST", "refused/events", `[{}]`, 400},
		{"POST", "refused/events", `{"a":1`, 400},
		{"POST", "refused/events", `{} {}`, 400},
		{"POST", "refused/events", `{"a":NaN}`, 400},
		{"POST", "refused/events", `"text"`, 400},
		{"POST", "refused/events", "{\"a\":\"\xff\"}", 400},
		{"POST", "refused/events", "\xef\xbb\xbf{}", 400},
		{"POST", "UPPER/events", `{}`, 400},
		{"POST", "refused/events", `{"n":"` + strings.Repeat("x", 65529) + `"}`, 413},
		{"GET", "refused/events", "", 204},
	} {
		if status, body := c.ask(x.method, x.target, x.body); status != x.want {
			t.Errorf("%s %s %.20q: status %d and %q, want %d", x.method, x.target, x.body, status, body, x.want)
		}
	}
}

// expires puts events of two hours ago into the store, which no read may find.
func expires(t *testing.T, addr, store string) {
	opt, err := goredis.ParseURL(store)
	if err != nil {
		t.Fatal(err)
	}
	db := goredis.NewClient(opt)
	defer db.Close()
	channel := "expiry-" + strings.ReplaceAll(addr, ":", "-")
	add := func(id string, n int) {
		t.Helper()
		err := db.XAdd(t.Context(), &goredis.XAddArgs{Stream: "bus:" + channel, ID: id, Values: []any{"e", fmt.Sprintf(`{"n":%d}`, n)}}).Err()
		if err != nil {
			t.Fatal(err)
		}
	}
	now := time.Now().UnixMilli()
	long, soon := now-2*time.Hour.Milliseconds(), now-time.Minute.Milliseconds()
	c := newBusClient(t, addr, true)
	add(fmt.Sprint(long, "-0"), 1)
	add(fmt.Sprint(long, "-1"), 2)
	if status, got := c.ask("GET", channel+"/events?limit=1", ""); status != 204 {
		t.Errorf("status %d, %q: want none of the expired", status, got)
	}
	add(fmt.Sprint(soon, "-7"), 3)
	want := fmt.Sprintf(`{"events":[{"n":3}],"marker":"%d-7"}`, soon)
	for _, query := range []string{"", "?limit=1", "?limit=2", fmt.Sprintf("?marker=%d-0", long), fmt.Sprintf("?marker=%d&limit=1", long-1)} {
		if status, got := c.ask("GET", channel+"/events"+query, ""); status != 200 || got != want {
			t.Errorf("%s: status %d, %q; want %q", query, status, got, want)
		}
	}
}

// burdenBus asks from eight clients at once, some 250 times in all, and returns
// how many of these were reads and posts.
func burdenBus(t *testing.T, addr string, keep bool) (reads, written uint64) {
	t.Helper()
	const clients, times = 8, 32
	var wg sync.WaitGroup
	for range clients {
		c := newBusClient(t, addr, keep)
		wg.Go(func() {
			for i := range times {
				if err := c.one(i); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	return clients * times * 7 / 8, clients * times / 8
}

// one makes the i-th request of a client: six small reads, an empty one and a
// post, over and over, and one large read.
func (c *busClient) one(i int) error {
	method, channel, body, want, size := "GET", "1k", "", 200, 1024
	switch {
	case i == 5:
		channel, size = "64k", 65536
	case i%8 == 6:
		channel, want, size = "empty", 204, 0
	case i%8 == 7:
		method, channel, body, want, size = "POST", "burden", fmt.Sprintf(`{"i":%d}`, i), 201, -1
	}
	status, got, err := c.try(method, channel+"/events?marker=0&limit=1000", body)
	if err != nil {
		return err
	}
	if status != want || size >= 0 && len(got) != size {
		return fmt.Errorf("%s %s: status %d, %d bytes; want %d, %d", method, channel, status, len(got), want, size)
	}
	return nil
}
