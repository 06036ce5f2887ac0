package serve

import (
	"container/heap"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	"webdyno/internal/latency"
	"webdyno/internal/mono"
)

// prepareTruth prepares the server whose response times are known beforehand.
func prepareTruth(name string, args []string) (serveFunc, error) {
	queue, err := parseQueue(name, args)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, ln net.Listener) error {
		clock := mono.Start()
		return serveLoops(ctx, ln, clock, func(l *loop) service {
			return &truth{loop: l, clock: clock, asked: queue, queue: queue, late: latency.New()}
		})
	}, nil
}

func parseQueue(name string, args []string) (Queue, error) {
	q := Queue{Times: ServiceTimes{Mean: 500 * time.Microsecond, Seed: 1}}
	err := parseArgs(name, args, func(fs *flag.FlagSet) {
		fs.DurationVar(&q.Times.Mean, "service", q.Times.Mean, "mean `time` that the service of a request takes")
		fs.TextVar(&q.Times.Law, "law", q.Times.Law, "how service times are distributed: constant or exponential `law`")
		fs.Uint64Var(&q.Times.Seed, "seed", q.Times.Seed, "`number` that the service times are drawn from")
		fs.BoolVar(&q.Endless, "endless", false, "a server for each request, instead of one for all")
		fs.Func("warm", "`SHAPE:TIME:FACTOR`: service times change with the server's age, such as step:5s:1.3; shapes are step, fall, ramp and gc", q.Warmth.set)
		fs.Func("stall", "`S/P`: no service begins during the first S of every P, such as 200ms/2s", q.Stall.set)
	})
	if err != nil {
		return Queue{}, err
	}
	if q.Times.Mean < 0 || q.Times.Mean > time.Hour {
		return Queue{}, fmt.Errorf("-service %v: want 0 to 1h", q.Times.Mean)
	}
	return q, nil
}

// set reads a stall as the flag takes it: "200ms/2s".
func (s *Stall) set(text string) error {
	a, b, _ := strings.Cut(text, "/")
	lasts, err := time.ParseDuration(a)
	if err != nil {
		return err
	}
	every, err := time.ParseDuration(b)
	if err != nil {
		return err
	}
	if lasts < 0 || every <= lasts {
		return fmt.Errorf("want 0 ≤ S < P")
	}
	*s = Stall{For: lasts, Every: every}
	return nil
}

// A truth answers each request at the moment its queue says, some microseconds
// late, and keeps exact books. It has one loop: a queue has one owner.
type truth struct {
	loop  *loop
	clock mono.Clock
	start mono.Time // of the time that the queue and its stalls go by
	asked Queue     // as it was asked for
	queue Queue
	due   replies
	seq   uint64 // of the reply made last

	books Books // but for what tell fills in
	late  *latency.Histogram
}

// A reply is an answer that will be sent when its time has come.
type reply struct {
	conduct
	to   *conn
	at   mono.Time
	seq  uint64 // breaks ties, in the order of asking
	kind replyKind
}

type replyKind uint8

const (
	misbehaviour replyKind = iota
	queued                 // by the queue
	books                  // not counted, and made when it is sent
)

// answer sees to a request. A path that is a number is the request's number; one
// that is neither that nor a conduct's counts up by itself.
func (t *truth) answer(c *conn, r request) {
	now := t.clock.Now()
	path, query, _ := strings.Cut(string(r.target), "?")
	reply := &reply{to: c, at: now}
	switch d, known := conductOf(path); {
	case path == "/restart":
		t.restart(now)
		reply.kind = books
	case path == "/stats":
		reply.kind = books
	case known:
		reply.conduct = d
		reply.at = now.Add(delay(query))
	default:
		i := number(path, t.books.Queued)
		reply.kind = queued
		reply.conduct = conduct{status: 200, body: strconv.AppendUint(nil, i, 10)}
		reply.at = t.queue.Finish(i, now-t.start) + t.start
		t.books.Queued++
	}
	if reply.kind != books {
		t.books.Requests++
		t.books.Waiting++
	}
	t.promise(c, r, reply)
}

// promise puts a reply among those that are due, behind the earlier ones of its
// connection: answers keep the order of their requests.
func (t *truth) promise(c *conn, r request, reply *reply) {
	reply.last = reply.last || r.last
	reply.kept = r.old && !reply.last
	reply.headOnly = r.head
	reply.at = max(reply.at, c.promised)
	c.promised = reply.at
	c.last = reply.last || reply.ends != stays
	c.waiting++
	t.seq++
	reply.seq = t.seq
	heap.Push(&t.due, reply)
}

// number reads a path of digits, "/17"; what is none yields otherwise.
func number(path string, otherwise uint64) uint64 {
	if i, err := strconv.ParseUint(strings.TrimPrefix(path, "/"), 10, 63); err == nil {
		return i
	}
	return otherwise
}

// delay reads ms=N, milliseconds up to an hour, from a query; what is none is
// no delay.
func delay(query string) time.Duration {
	for field := range strings.SplitSeq(query, "&") {
		text, _ := strings.CutPrefix(field, "ms=")
		if ms, err := strconv.ParseFloat(text, 64); err == nil && ms > 0 {
			return time.Duration(min(ms, 3.6e6) * float64(time.Millisecond))
		}
	}
	return 0
}

// turn sends the replies that are due.
func (t *truth) turn() mono.Time {
	for len(t.due) > 0 {
		now := t.clock.Now()
		if t.due[0].at > now {
			return t.due[0].at
		}
		t.send(heap.Pop(&t.due).(*reply), now)
	}
	return mono.Never
}

// send sends a reply, unless its connection ended meanwhile.
func (t *truth) send(r *reply, now mono.Time) {
	c := r.to
	gone := c.fd < 0
	t.book(r, gone, now)
	if gone {
		return
	}
	if r.ends == never {
		t.loop.silence(c) // and the answer stays outstanding
		return
	}
	if r.kind == books {
		r.conduct = conduct{status: 200, media: "application/json", body: t.tell(now),
			headOnly: r.headOnly, kept: r.kept, last: r.last}
	}
	c.out = r.appendTo(c.out)
	c.reset = r.ends == byReset
	c.waiting--
	t.loop.resume(c)
}

// book books a reply that is due.
func (t *truth) book(r *reply, gone bool, now mono.Time) {
	if r.kind == books {
		return
	}
	t.books.Waiting--
	if gone || !r.answers() {
		t.books.Unanswered++
		return
	}
	t.books.Answered++
	if r.kind == queued {
		t.late.Record(int64(now.Sub(r.at)))
	}
}

func (t *truth) opened(*conn) {
	t.books.Connections++
	t.books.Open++
}

func (t *truth) ended(*conn) { t.books.Open-- }

// restart makes the server as new but for what is going on: its connections
// stay open, and requests that wait are counted with those to come.
func (t *truth) restart(now mono.Time) {
	t.start, t.queue = now, t.asked
	t.books = Books{Requests: t.books.Waiting, Waiting: t.books.Waiting, Open: t.books.Open}
	t.loop.malformed = 0
	t.late.Reset()
}

// tell returns the books as JSON.
func (t *truth) tell(now mono.Time) []byte {
	b := t.books
	b.Malformed = t.loop.malformed
	b.Clock = now.Sub(t.start)
	b.Late = Late{P50: t.late.Quantile(.5), P99: t.late.Quantile(.99), Max: t.late.Max()}
	b.Queue = t.asked
	text, err := json.Marshal(b)
	if err != nil {
		panic(err) // numbers and names, all of them
	}
	return append(text, '\n')
}

// replies is a heap of replies, the one due first on top.
type replies []*reply

func (r replies) Len() int      { return len(r) }
func (r replies) Swap(i, j int) { r[i], r[j] = r[j], r[i] }
func (r replies) Less(i, j int) bool {
	if r[i].at != r[j].at {
		return r[i].at < r[j].at
	}
	return r[i].seq < r[j].seq
}
func (r *replies) Push(x any) { *r = append(*r, x.(*reply)) }
func (r *replies) Pop() any {
	old := *r
	last := old[len(old)-1]
	old[len(old)-1] = nil
	*r = old[:len(old)-1]
	return last
}
