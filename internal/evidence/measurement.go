package evidence

import (
	"time"

	"webdyno/internal/plan"
)

// A Measurement is everything one trial left behind.
type Measurement struct {
	Trial Trial     `json:"trial"`
	Began time.Time `json:"began"` // wall clock, for people

	Tally  *Tally `json:"tally"`            // nil if there was no load
	Server *Usage `json:"server,omitempty"` // the subject's process tree over the window; nil if it is not ours
	Client *Usage `json:"client,omitempty"` // webdyno's own process over the same time
	Start  *Start `json:"start,omitempty"`  // how the subject came up in this round

	Measured *Measured `json:"measured,omitempty"` // what it printed; nil of a server, and where it failed

	Services []Service `json:"services,omitempty"` // what ran beside the subject for it, in the plan's order

	Host Activity `json:"host"`

	Notes []Note `json:"notes,omitempty"` // what was seen while it ran; the report adds what follows from the numbers

	// Failure says what went wrong, and is nil if nothing did. A server that
	// dies under load has told us something; the rest of the measurement is
	// what was seen until then.
	Failure *Failure `json:"failure,omitempty"`
}

// A Trial identifies a trial within its run.
type Trial struct {
	ID    string `json:"id"`    // "r03-b05-uvloop": round, block, subject and variant
	Round int    `json:"round"` // from 1
	Block int    `json:"block"` // within the round, from 1

	// Attempt is how often the block had been begun before: 0 the first time. A
	// block is repeated as a whole, because its trials must be close together in
	// time; its last attempt is the one that counts.
	Attempt  int                   `json:"attempt,omitempty"`
	Subject  string                `json:"subject"`
	Variant  map[string]string     `json:"variant,omitempty"` // the subject's own factors
	Factors  map[string]plan.Level `json:"factors,omitempty"` // those of the workload and the load
	Bound    bool                  `json:"bound,omitempty"`   // shown as a bound, in no verdict
	LoadSeed uint64                `json:"load_seed"`
}

// Usage is what a process tree used between two moments.
type Usage struct {
	Span        time.Duration `json:"span_ns"` // between the two readings
	CPU         time.Duration `json:"cpu_ns"`  // user and system
	User        time.Duration `json:"user_ns"` // CPU less System: the parts are in the proportion of the kernel's samples
	System      time.Duration `json:"system_ns"`
	PeakRSS     int64         `json:"peak_rss_bytes"` // sum over the living processes of their peaks; shared pages count once for each
	RSS         int64         `json:"rss_bytes"`      // at the end, summed likewise
	Voluntary   int64         `json:"voluntary_switches"`
	Involuntary int64         `json:"involuntary_switches"`
	Processes   int           `json:"processes"`          // at the end
	Replaced    int           `json:"replaced,omitempty"` // processes that were there at the first reading and had ended by the second
	Threads     int           `json:"threads"`
	Source      string        `json:"source"`   // "cgroup" or "clocks": where CPU was read
	Answered    uint64        `json:"answered"` // answers complete between the two readings: what CPU per request is divided by
}

// Start is how a subject came up.
type Start struct {
	Ready   time.Duration `json:"ready_ns"`  // from exec to the first right answer
	Listens time.Duration `json:"listen_ns"` // from exec until its own socket listened
	PID     int           `json:"pid"`
	Address string        `json:"address"`
	Proof   string        `json:"proof"` // how it was shown that the listener is the subject's
	Warmup  Warmup        `json:"warmup"`

	// Backlog is how many connections may wait at its listener to be accepted, as
	// the kernel has it; the smallest of several, 0 if it could not be told.
	Backlog uint32 `json:"backlog,omitempty"`

	// Answers are what it said before it was loaded: one of each shape, the
	// number of bytes aside, and no more than a few.
	Answers []Answer `json:"answers,omitempty"`
}

// Warmup is what the warm-up of a freshly started subject saw.
type Warmup struct {
	Lasted   time.Duration `json:"lasted_ns"`
	Requests uint64        `json:"requests"`
	Steady   bool          `json:"steady"`               // the last slices agreed; always true of a fixed warm-up
	Rates    []float64     `json:"rates,omitempty"`      // answers per second, slice by slice
	Service  []float64     `json:"service_ms,omitempty"` // mean service time in ms, slice by slice
}

// Activity is what the machine did during a trial, the lab and its subjects
// aside.
type Activity struct {
	Foreign float64 `json:"foreign_cpus"` // CPUs kept busy by others, on the CPUs in use; -1 if it could not be told
	Steal   float64 `json:"steal"`        // share of time taken by the hypervisor, 0 to 1; -1 if it could not be told

	// SwappedIn is how many pages the machine brought back from swap: a trial
	// during which it did measured the disk. 0 also where it could not be told.
	SwappedIn uint64 `json:"swapped_in,omitempty"`

	Network Network  `json:"network,omitzero"`
	Hiccups *Hiccups `json:"hiccups,omitempty"` // nil if nobody could watch for them
}

// Network is what went wrong below HTTP, anywhere in webdyno's network
// namespace: these counters of the kernel's know no process. All are 0 where it
// does not tell.
type Network struct {
	Overflows   uint64 `json:"accept_overflows,omitempty"` // connections that a full queue of a listener turned away or put off
	Retransmits uint64 `json:"retransmits,omitempty"`      // segments sent again
	Timeouts    uint64 `json:"timeouts,omitempty"`         // of TCP's own timers
	Drops       uint64 `json:"drops,omitempty"`            // segments dropped for want of room at a socket
	Segments    uint64 `json:"segments,omitempty"`         // sent in all: what the others are shares of
}

// Hiccups are how late threads were woken that came before all others on the
// CPUs in use and asked for nothing but to be woken now and then: what held them
// up held up the subject and the engine as well. The figures are the worst
// CPU's.
type Hiccups struct {
	P50     time.Duration `json:"p50_ns"`
	P99     time.Duration `json:"p99_ns"`
	Max     time.Duration `json:"max_ns"`
	Stalled float64       `json:"stalled"` // share of the time for which a CPU stood still, by delays over a millisecond
}

// A Failure is why a trial is not what it should have been.
type Failure struct {
	Kind FailureKind `json:"kind"`
	Text string      `json:"text"`           // one sentence, for people
	Last []string    `json:"last,omitempty"` // the subject's last lines of output

	// Of a subject that ended under load: how, without the time, and how long
	// the load had lasted, warm-up included.
	Exit  string        `json:"exit,omitempty"`
	After time.Duration `json:"after_ns,omitempty"`
}

// FailureKind says what a failure means for the rest of the round.
type FailureKind string

const (
	NotStarted FailureKind = "not-started" // it could not be run at all, or its port was taken
	NotReady   FailureKind = "not-ready"   // it never answered, or not rightly
	NotItself  FailureKind = "not-itself"  // another process answers at its address
	Died       FailureKind = "died"        // it ended while it was needed
	Lingered   FailureKind = "lingered"    // it had to be killed, or left processes behind
	WrongBytes FailureKind = "wrong"       // it answered wrongly under load
	Instrument FailureKind = "instrument"  // webdyno could not do its part
	Abandoned  FailureKind = "abandoned"   // cut off by a signal
	NoService  FailureKind = "no-service"  // a service it needs did not come up, or ended: no fault of the subject's
)
