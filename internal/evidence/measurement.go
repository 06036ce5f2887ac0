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

	Profile *Profile `json:"profile,omitempty"` // nil: none was asked for

	Mode *Mode `json:"mode,omitempty"` // which subjects were alive meanwhile; nil if it was not settled, as of commands that measure themselves

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

	Step *Step `json:"step,omitempty"` // of a search for a capacity; nil of any other trial

	// Attribution is the profiler that the subject was started with: such a trial
	// tells where the time goes, and counts in no figure. It belongs to no block;
	// its load is that of the plain trials of its round at the same setting.
	Attribution string `json:"attribution,omitempty"`
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
	Processes   int           `json:"processes"`           // at the end
	Replaced    int           `json:"replaced,omitempty"`  // processes that were there at the first reading and had ended by the second
	OutOfMemory uint64        `json:"oom_kills,omitempty"` // of its processes, by the kernel for want of memory: where its control group tells
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

	// FirstAnswer is how long its first right answer took, connecting included; 0:
	// not known.
	FirstAnswer time.Duration `json:"first_answer_ns,omitempty"`

	// Backlog is how many connections may wait at its listener to be accepted, as
	// the kernel has it; the smallest of several, 0 if it could not be told.
	Backlog uint32 `json:"backlog,omitempty"`

	// Answers are what it said before it was loaded: one of each shape, the
	// number of bytes aside, and no more than a few.
	Answers []Answer `json:"answers,omitempty"`

	// Bodies are what it said to requests of which the plan does not say what a
	// right body is, in the order in which all subjects are asked; no more than a
	// few.
	Bodies []Body `json:"bodies,omitempty"`

	Date   Date `json:"date,omitempty"`   // what became of the Date field of its answers
	Unread bool `json:"unread,omitempty"` // it answered before the body of the request had reached it
}

// Warmup is what the warm-up of a freshly started subject saw.
type Warmup struct {
	Lasted   time.Duration `json:"lasted_ns"`
	Requests uint64        `json:"requests"`
	Steady   bool          `json:"steady"`               // it lasted as long as it had to; always true of a fixed warm-up
	Rates    []float64     `json:"rates,omitempty"`      // answers per second, slice by slice
	Service  []float64     `json:"service_ms,omitempty"` // mean service time in ms, slice by slice
	CPU      []float64     `json:"cpu_us,omitempty"`     // of the subject for each answer, in us, slice by slice; 0: not known

	// Cycle is how many different settings the slices go round; 0: not known.
	Cycle int `json:"cycle,omitempty"`

	// Wanted is how long it was to last, by the pilot and what came of earlier
	// rounds; 0: it was not planned so.
	Wanted time.Duration `json:"wanted_ns,omitempty"`
	Pilot  *Pilot        `json:"pilot,omitempty"` // nil: there was none
}

// A Pilot is what a long warm-up, of the first start of a variant in a run or in
// an earlier run, has shown of it.
type Pilot struct {
	Course string        `json:"course"`         // "flat", "warms-up", "slows-down", "never-steady", "drifting"; "untold"
	Warm   time.Duration `json:"warm_ns"`        // from the first load until it was steady
	Lasted time.Duration `json:"lasted_ns"`      // all of it
	Began  time.Time     `json:"began"`          // wall clock
	Kept   bool          `json:"kept,omitempty"` // by an earlier run
	Here   bool          `json:"here,omitempty"` // this warm-up is it
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

	// Neighbours is how many CPUs the other subjects that were up kept busy
	// meanwhile. 0 also where it could not be told.
	Neighbours float64 `json:"neighbours_cpus,omitempty"`

	// OutOfMemory is how many processes the kernel killed for want of memory, in
	// control groups and out of them. 0 also where it could not be told.
	OutOfMemory uint64 `json:"oom_kills,omitempty"`

	Pressure *Pressure `json:"pressure,omitempty"` // nil if the kernel does not tell
	Speed    Speed     `json:"speed,omitzero"`
	Ports    Ports     `json:"ports,omitzero"`
}

// Pressure is for which share of the time, 0 to 1, something in the machine
// waited for what it lacked, as the kernel's pressure files count it: at least one
// thread for a CPU, and all that had anything to do for memory or for a disk.
type Pressure struct {
	CPU    float64 `json:"cpu_some"`
	Memory float64 `json:"memory_full"`
	IO     float64 `json:"io_full"`
}

// Speed is how fast the CPUs in use were. What could not be told is zero.
type Speed struct {
	// Canaries are how long the same piece of arithmetic took on the subjects'
	// CPUs, between this trial and another.
	Canaries []Canary `json:"canaries,omitempty"`

	Frequency uint64 `json:"khz,omitempty"`       // of the slowest CPU in use, as the window closed
	Throttled uint64 `json:"throttled,omitempty"` // how often heat slowed a CPU in use down
}

// A Canary is the CPU time that a fixed piece of arithmetic took on one CPU: what
// it takes longer than at other times, the CPU is slower.
type Canary struct {
	CPU  int           `json:"cpu"`
	Took time.Duration `json:"took_ns"`
}

// Ports is how many ports there are for connections of one address of this
// machine, and how many were waiting to be free again, of all addresses, as the
// window closed.
type Ports struct {
	All     uint64 `json:"all,omitempty"`
	Waiting uint64 `json:"waiting,omitempty"`
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
	ByHand     FailureKind = "by-hand"     // somebody took it out of the run: no fault of the subject's
	NoService  FailureKind = "no-service"  // a service it needs did not come up, or ended: no fault of the subject's
)
