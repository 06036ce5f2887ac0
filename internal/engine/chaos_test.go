package engine

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"webdyno/internal/evidence"
	"webdyno/internal/load"
	"webdyno/internal/mono"
)

// Whatever order a driver tells things in, whatever it fails of, however little
// it delivers at a time: the books balance, every request has one outcome, no
// connection is used after it was closed or left open, what is being sent is left
// alone, and the load comes to its end. The bytes decide all of it, and the load.
func FuzzDriver(f *testing.F) {
	f.Add([]byte{})
	rng := rand.New(rand.NewPCG(1, 2))
	for n := range 60 {
		b := make([]byte, 1<<(n%11))
		for i := range b {
			b[i] = byte(rng.Uint32())
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, script []byte) { chaotic(t, script) })
}

// chaotic lets a loop run on a driver that does as a script says.
func chaotic(t *testing.T, script []byte) {
	c := &chaos{t: t, script: script}
	job := c.job(t)
	l := newLoop(c, &job, 0, 1, newGate([]driver{c}), newWatch(1))
	l.mostConns = 1 + int(c.byte())%40
	c.stops, c.late = c.byte()%8 == 0, c.byte()%2 == 0
	c.loop = l
	tell := books{l: l}
	l.book.observe = tell.outcome
	if err := l.run(); err != nil {
		t.Fatal(err)
	}
	tell.check(t)
	for i := range c.lines {
		if c.lines[i].state != chaosIdle {
			t.Errorf("connection %d was left open", i)
		}
	}
	if l.inUse != 0 || l.leaving.len() != 0 || l.awaited.len() != 0 || len(l.spare) != len(l.conns) {
		t.Errorf("%d connections in use, %d leaving, %d requests awaited, %d of %d connections free",
			l.inUse, l.leaving.len(), l.awaited.len(), len(l.spare), len(l.conns))
	}
}

// chaos is a driver that does as its script says, within the contract. When the
// script is over it lets time pass, and then nothing happens but what the loop
// does on its own.
type chaos struct {
	t      *testing.T
	script []byte
	loop   *loop
	stops  bool // the loop may be told to

	clock  mono.Time
	turns  int
	lines  []chaosLine
	late   bool      // completions bear the time at which the waiting ended
	waited mono.Time // when it did
	shown  []byte    // what the last completion had
	batch  int       // completions that may still be told in this turn
	paused bool      // next said that there is nothing more
}

type chaosLine struct {
	state chaosState
	says  []byte // what the server has still to say
	ready int    // how much of it had come when the waiting ended
	sent  mono.Time
	held  []chaosSend // sends that are not over
}

type chaosState uint8

const (
	chaosIdle chaosState = iota
	chaosDialing
	chaosOpen
	chaosDone // its end was told
)

// A chaosSend is memory that is being sent, and what was in it at first.
type chaosSend struct {
	mem []byte
	was string
}

// chaosAnswers are what a server may say to one request.
var chaosAnswers = []string{
	hello, hello, hello, hello, "",
	"HTTP/1.1 204 No Content\r\n\r\n",
	"HTTP/1.1 100 Continue\r\n\r\n" + hello,
	"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
	"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
	"HTTP/1.1 503 Busy\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
	"HTTP/1.0 200 OK\r\n\r\nto the end",
	"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhalf",
	hello + hello,
	hello + "!",
	"SSH-2.0-OpenSSH_9.2\r\n",
	"\x00",
}

var chaosErrnos = []syscall.Errno{
	syscall.ECONNREFUSED, syscall.ECONNRESET, syscall.EADDRNOTAVAIL, syscall.EMFILE, syscall.ETIMEDOUT, syscall.EPIPE, syscall.ENOBUFS,
}

// byte takes the next byte of the script, 0 when it is over.
func (c *chaos) byte() byte {
	if len(c.script) == 0 {
		return 0
	}
	b := c.script[0]
	c.script = c.script[1:]
	return b
}

// below takes a number below n.
func (c *chaos) below(n int) int { return int(c.byte()) % n }

// job takes the load.
func (c *chaos) job(t *testing.T) Job {
	use := load.Use{
		PerConnection: []int{0, 0, 1, 2, 5}[c.below(5)],
		Pipeline:      []int{1, 1, 2, 4}[c.below(4)],
		Close:         load.Close(c.below(3)),
		Timeout:       time.Duration(1+c.below(50)) * time.Millisecond,
	}
	job := Job{Requests: get(), Seed: uint64(c.byte())}
	if c.below(3) == 0 {
		job.Requests = numbered(t, c.below(3), "")
	}
	n := 1 + c.below(12)
	switch c.below(3) {
	case 0:
		closed := load.Closed{Connections: n, Use: use}
		if use.Depth() == 1 {
			closed.Think = time.Duration(c.below(4)) * time.Millisecond
			closed.Thinking = load.Thinking(c.below(2))
		}
		job.Load = closed
	case 1:
		job.Load = load.Open{Rate: 3000, Connections: n, Use: use, Arrivals: load.Arrivals(c.below(2))}
	default:
		job.Load = load.Open{Rate: 3000, MaxConnections: c.below(20), Use: use}
	}
	job.Warmup = load.Extent{Count: int64(c.below(20)), Time: time.Duration(c.below(20)) * time.Millisecond}
	job.Window = load.Extent{Count: int64(1 + c.below(80))}
	if c.below(2) == 0 {
		job.Window = load.Extent{Time: time.Duration(1+c.below(40)) * time.Millisecond}
	}
	return job
}

func (c *chaos) name() string    { return "chaos" }
func (c *chaos) sources() int    { return 1 }
func (c *chaos) now() mono.Time  { c.clock += mono.Time(c.byte()); return c.clock }
func (c *chaos) wake()           {}
func (c *chaos) shutdown() error { return nil }

func (c *chaos) dial(n int32) {
	for int(n) >= len(c.lines) {
		c.lines = append(c.lines, chaosLine{})
	}
	k := &c.lines[n]
	if k.state != chaosIdle {
		c.t.Fatalf("connection %d was dialed while in use", n)
	}
	*k = chaosLine{state: chaosDialing}
	open := 0
	for i := range c.lines {
		if c.lines[i].state != chaosIdle {
			open++
		}
	}
	if used := c.loop.inUse + c.loop.leaving.len(); open > used {
		c.t.Fatalf("%d connections are open, the loop knows of %d", open, used)
	}
}

func (c *chaos) send(n int32, b []byte) {
	k := &c.lines[n]
	if k.state != chaosOpen && k.state != chaosDone {
		c.t.Fatalf("sent on connection %d, which is not open", n)
	}
	k.sent = c.now()
	k.held = append(k.held, chaosSend{b, string(b)})
	for rest := string(b); rest != ""; {
		rest = c.request(rest)
		if k.state == chaosOpen {
			k.says = append(k.says, chaosAnswers[c.below(len(chaosAnswers))]...)
		}
	}
}

// request takes one request off, which must be whole.
func (c *chaos) request(b string) (rest string) {
	head, rest, ok := strings.Cut(b, "\r\n\r\n")
	if !ok || !strings.Contains(head, " HTTP/1.1\r\n") {
		c.t.Fatalf("%q is no request", b)
	}
	if _, size, ok := strings.Cut(head, "Content-Length: "); ok {
		size, _, _ = strings.Cut(size, "\r\n")
		n, err := strconv.Atoi(size)
		if err != nil || n > len(rest) || strings.Contains(rest[:n], "~") {
			c.t.Fatalf("%q: its body is not what it should be", b)
		}
		rest = rest[n:]
	}
	return rest
}

func (c *chaos) unsent(n int32) int { return len(c.lines[n].held) }

func (c *chaos) sentAt(n int32) mono.Time { return c.lines[n].sent }

func (c *chaos) close(n int32, _ ending) {
	k := &c.lines[n]
	if k.state == chaosIdle {
		c.t.Fatalf("connection %d was closed twice", n)
	}
	c.over(k, len(k.held))
	*k = chaosLine{}
}

// over ends the oldest sends of a connection: until now nobody may have changed
// them.
func (c *chaos) over(k *chaosLine, sends int) {
	for _, s := range k.held[:sends] {
		if string(s.mem) != s.was {
			c.t.Fatalf("%q became %q while it was being sent", s.was, s.mem)
		}
	}
	k.held = slices.Delete(k.held, 0, sends)
}

func (c *chaos) wait(until mono.Time) error {
	if c.batch > 0 && !c.paused {
		c.t.Fatal("waited though there was more to be told")
	}
	if c.turns++; c.turns > 100_000 {
		c.t.Fatal("the load does not end")
	}
	c.batch, c.paused = c.below(20), false
	defer c.awake()
	if c.stops && c.byte() == 255 {
		c.loop.stop.Store(true)
	}
	if len(c.script) == 0 {
		if until == mono.Never {
			return fmt.Errorf("the loop waits for nothing: %+v", c.lines)
		}
		c.clock = max(c.clock, until)
		return nil
	}
	switch b := c.byte(); {
	case b < 60: // at once
	case b < 160:
		c.clock += mono.Time(b) * mono.Time(b) * 10
	case b < 250:
		if until != mono.Never {
			c.clock = max(c.clock, until)
		}
	default: // a hiccup
		c.clock += mono.Time(b) * mono.Time(time.Millisecond) / 4
	}
	return nil
}

// awake notes what is there when a wait is over.
func (c *chaos) awake() {
	c.waited = c.clock
	for i := range c.lines {
		c.lines[i].ready = len(c.lines[i].says)
	}
}

func (c *chaos) next(into *completion) bool {
	for i := range c.shown {
		c.shown[i] = '?' // it was valid until now
	}
	for ; c.batch > 0 && len(c.script) > 0 && len(c.lines) > 0; c.batch-- {
		c.clock += mono.Time(c.byte()) * 10
		n := c.below(len(c.lines))
		k := &c.lines[n]
		c.over(k, min(c.below(3), len(k.held)))
		*into = completion{conn: int32(n), at: c.clock}
		if c.late {
			into.at = c.waited
		}
		if k.state == chaosDialing && c.dialed(k, into) || k.state == chaosOpen && c.happens(k, into) {
			c.batch--
			return true
		}
	}
	c.paused = true
	return false
}

func (c *chaos) dialed(k *chaosLine, into *completion) bool {
	switch b := c.byte(); {
	case b < 180:
		k.state, into.what = chaosOpen, connected
	case b < 220:
		k.state, into.what, into.err = chaosDone, failed, chaosErrnos[c.below(len(chaosErrnos))]
	default:
		return false
	}
	return true
}

func (c *chaos) happens(k *chaosLine, into *completion) bool {
	switch b := c.byte(); {
	case b < 170 && c.said(k) > 0:
		n := c.said(k)
		if b%3 == 0 {
			n = 1 + c.below(n)
		}
		c.shown = append(c.shown[:0], k.says[:n]...)
		k.says, k.ready = k.says[n:], k.ready-n
		into.what, into.data = received, c.shown
		into.arrived = into.at - mono.Time(b)
	case b < 215:
		return false
	case b < 220:
		c.shown = append(c.shown[:0], "unasked"...)
		into.what, into.data = received, c.shown
	case b < 240:
		k.state, into.what = chaosDone, ended
	default:
		k.state, into.what, into.err = chaosDone, failed, chaosErrnos[c.below(len(chaosErrnos))]
	}
	return true
}

// said returns how much there is of what the server says on a connection.
func (c *chaos) said(k *chaosLine) int {
	if c.late {
		return k.ready
	}
	return len(k.says)
}

// The seeds do what they are for: between them they bring about every outcome.
func TestChaosBringsAboutEveryOutcome(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	var seen [evidence.NumOutcomes]uint64
	for range 300 {
		script := make([]byte, 4000)
		for i := range script {
			script[i] = byte(rng.Uint32())
		}
		c := &chaos{t: t, script: script}
		job := c.job(t)
		l := newLoop(c, &job, 0, 1, newGate([]driver{c}), newWatch(1))
		c.loop, c.stops, c.late = l, true, c.byte()%2 == 0
		if err := l.run(); err != nil {
			t.Fatal(err)
		}
		for how, n := range l.book.tally.Outcomes {
			seen[how] += n
		}
	}
	for how, n := range seen {
		if n == 0 {
			t.Errorf("%v never came about", evidence.Outcome(how))
		}
	}
}
