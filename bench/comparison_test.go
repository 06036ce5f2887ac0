package bench_test

// A comparison is what all tools are asked for alike.
type comparison struct {
	name  string
	about string // one line, above the table

	connections int
	pipeline    int  // requests in flight per connection
	each        bool // a connection per request
	reset       bool // and both ends reset it
	bytes       int  // of the answer's body
	loops       int
	rate        int // arrivals per second of an open load; 0: closed

	marked bool // a mark hangs on it: it gets all rounds, the others a third
}

// comparisons are in the order in which they are carried out: those that marks
// hang on first, and last the one that leaves ports waiting for a minute.
func comparisons() []comparison {
	plain := comparison{connections: 64, pipeline: 1, bytes: 1, loops: 1}
	with := func(name, about string, change func(*comparison)) comparison {
		c := plain
		c.name, c.about = name, about
		change(&c)
		return c
	}
	return []comparison{
		with("keepalive-64", "64 kept connections, an answer of one byte", func(c *comparison) { c.marked = true }),
		with("close-reset", "a connection per request, 64 at a time, ended by reset", func(c *comparison) { c.each, c.reset, c.marked = true, true, true }),
		with("pipeline-16", "64 kept connections, 16 requests in flight on each", func(c *comparison) { c.pipeline, c.marked = 16, true }),
		with("open", "50,000 arrivals a second, evenly spaced, over 64 kept connections", func(c *comparison) { c.rate, c.marked = 50_000, true }),
		with("keepalive-1", "one kept connection", func(c *comparison) { c.connections = 1 }),
		with("keepalive-1024", "1024 kept connections", func(c *comparison) { c.connections = 1024 }),
		with("bytes-1k", "64 kept connections, answers of 1 KiB", func(c *comparison) { c.bytes = 1 << 10 }),
		with("bytes-64k", "64 kept connections, answers of 64 KiB", func(c *comparison) { c.bytes = 64 << 10 }),
		with("loops-2", "64 kept connections, two loops or threads", func(c *comparison) { c.loops = 2 }),
		with("close-orderly", "a connection per request, 64 at a time, which the server is asked to end", func(c *comparison) { c.each = true }),
	}
}

// rounds returns how many of the rounds asked for c gets. Fewer than six have no
// interval; a third of twenty has one.
func (c comparison) rounds(asked int) int {
	if c.marked {
		return asked
	}
	return min(asked, max(6, asked/3))
}
