package report

import "webdyno/internal/evidence"

// signals is the table of everything that a trial is looked at for, in the order
// in which it is. Those from V01 to V23 are the method's; what webdyno looks at
// beside them begins with W. Method.md shows the same table, and a test keeps it
// so.
//
// Noise of the machine brings a warning or L by default. X is for what makes a
// number wrong; a plan that is strict makes it of noise, too.
func signals() []signal {
	const B, L, X = evidence.B, evidence.L, evidence.X
	return []signal{
		{
			id: "V15", name: "subject_failed", what: "crash, another in its place", unit: ofThings,
			reads: "the supervisor: the subject's processes, the owner of its socket, what it left behind (B)",
			usual: invalidates(), kinds: []string{"failed-…"}, look: (*grader).failure,
		},
		{
			id: "W01", name: "shared_cpus", what: "the engine and the subject on the same CPUs", unit: ofThings,
			reads: "which processors went to whom", usual: warns(0), kinds: []string{"cpus-shared"},
			look: (*grader).sharedCPUs, over: ofLoads,
		},
		{
			id: "V06", name: "foreign_cpu", what: "noisy neighbour", unit: ofCPUs,
			reads: "time of the processors in use, less idle, less ours, less what waking idle processors takes: 1.5 us for each answer, but 0.1 CPUs at most",
			usual: worsens(0.05, 0.10, L), strict: limits{0.05, 0.10, 0.25, L},
			kinds: []string{"foreign-cpu"}, look: (*grader).foreignCPU,
		},
		{
			id: "V08", name: "steal", what: "CPU taken by the hypervisor", unit: ofAll,
			reads: "`/proc/stat`, of the processors in use",
			usual: worsens(0.005, 0.02, L), strict: worsens(0.005, 0.02, X),
			kinds: []string{"steal"}, look: (*grader).steal,
		},
		{
			id: "V08", name: "cpu_pressure", what: "threads that wait for a CPU, the subject's own included", unit: ofAll, effect: true,
			reads: "`/proc/pressure/cpu`, some", usual: warns(never), strict: warns(0.005),
			kinds: []string{"cpu-pressure"}, look: (*grader).cpuPressure,
		},
		{
			id: "V21", name: "neighbours_cpu", what: "other subjects that are up", unit: ofCPUs,
			reads: "CPU time of their process trees over the window",
			usual: worsens(0.005, 0.10, L), strict: worsens(0.005, 0.02, X),
			kinds: []string{"neighbours-busy"}, look: (*grader).neighbours,
		},
		{
			id: "V05", name: "hiccups", what: "the platform stands still", unit: ofAll,
			reads: "how late a real-time thread on each processor in use is woken (needs the right to have one): share of the time over 1 ms; also L where one lasted longer than p99",
			usual: worsens(0.005, 0.02, L), kinds: []string{"hiccups"}, look: (*grader).hiccups,
		},
		{
			id: "V12", name: "throttled", what: "heat", unit: ofThings,
			reads: "thermal throttle counts of the processors in use", usual: warns(0), strict: worsens(0, 0, X),
			kinds: []string{"throttled"}, look: (*grader).throttled,
		},
		{
			id: "V12", name: "canary", what: "CPU speed that changes", unit: ofAll,
			reads: "CPU time of the same arithmetic on each of the subjects' processors between trials, off the experiment's median",
			usual: warns(0.08), strict: worsens(0.03, 0.08, X), kinds: []string{"cpu-speed"},
		},
		{
			id: "V12", name: "frequency", what: "CPU speed that changes", unit: ofAll,
			reads: "`scaling_cur_freq` of the slowest processor in use, below the experiment's median",
			usual: warns(0.08), strict: worsens(0.03, 0.08, X), kinds: []string{"cpu-frequency"},
		},
		{
			id: "V23", name: "memory_pressure", what: "want of memory", unit: ofAll,
			reads: "`/proc/pressure/memory`, full", usual: warns(0.005), strict: warns(0),
			kinds: []string{"memory-pressure"}, look: (*grader).memoryPressure,
		},
		{
			id: "V23", name: "io_pressure", what: "want of a disk", unit: ofAll,
			reads: "`/proc/pressure/io`, full", usual: warns(0.005), strict: warns(0),
			kinds: []string{"io-pressure"}, look: (*grader).ioPressure,
		},
		{
			id: "V23", name: "swapped_in", what: "swap", unit: ofThings,
			reads: "pages brought back from swap", usual: invalidates(), kinds: []string{"swap"}, look: (*grader).swap,
		},
		{
			id: "V23", name: "oom_kills", what: "memory at its end", unit: ofThings,
			reads: "processes that the kernel killed for want of memory, in control groups and out of them (`/proc/vmstat`); and in the subject's own group, where it has one that tells",
			usual: invalidates(), kinds: []string{"out-of-memory", kindOwnMemory}, look: (*grader).outOfMemory,
		},
		{
			id: "V15", name: "recycled", what: "worker replaced", unit: ofThings,
			reads: "processes of the subject that were there as the window opened and had ended as it closed",
			usual: warns(0), kinds: []string{"process-replaced"}, look: (*grader).recycled,
		},
		{
			id: "V10", name: "accept_queue", what: "accept queue overflows", unit: ofThings,
			reads: "the kernel's overflows and drops of listeners; with a connection per request, B",
			usual: worsens(0, 0, L), strict: worsens(0, 0, X),
			kinds: []string{"accept-queue-overflow"}, look: (*grader).acceptQueue, over: ofLoads,
		},
		{
			id: "V11", name: "retransmits", what: "segments lost", unit: ofAll,
			reads: "segments retransmitted, timed out or dropped, of those sent; L only where an answer took the 200 ms that this costs",
			usual: worsens(0, 0.0001, L), kinds: []string{"retransmits"}, look: (*grader).retransmits, over: ofLoads,
		},
		{
			id: "V22", name: "unsteady", what: "not stationary", unit: ofThings, effect: true,
			reads: "the warm-up: whether it lasted as long as the pilot asked for, and, of a pilot or without one, whether it came to rest", usual: warns(0), strict: worsens(0, 0, X),
			kinds: []string{"not-steady"}, look: (*grader).warmup,
		},
		{
			id: "V22", name: "late_warm", what: "measured before it was steady", unit: ofThings, effect: true,
			reads: "service times of the warm-up and of all trials of a process, in order: the trials before its last steady stretch",
			usual: warns(0), strict: worsens(0, 0, X), kinds: []string{"late-warm"},
		},
		{
			id: "V22", name: "no_steady_state", what: "never steady, or drifting", unit: ofAll, effect: true,
			reads: "likewise: the share of a subject's starts, if two or more, that came to no rest", usual: warns(0.2), strict: worsens(0.2, 0.2, X),
			kinds: []string{"no-steady-state"},
		},
		{
			id: "V17", name: "cheap_answers", what: "answers that cost too little", unit: ofThings,
			reads: "answers before the load: status 304 unasked, a Date that stands still for three seconds, an answer before the request's body has come",
			usual: warns(0), strict: worsens(0, 0, X), kinds: []string{"answer-not-modified", "date-stands", "body-unread"},
			look: (*grader).cheap,
		},
		{
			id: "V17", name: "empty_answers", what: "answers that cost too little", unit: ofThings,
			reads: "no body where others answer the same request with one", usual: warns(0), strict: worsens(0, 0, X),
			kinds: []string{"answer-empty"},
		},
		{
			id: "V16", name: "unequal_bodies", what: "wrong answer", unit: ofThings,
			reads: "hashes of the bodies that subjects gave before the load to requests of which the plan does not say what is right",
			usual: warns(0), strict: worsens(0, 0, X), kinds: []string{"unequal-body"},
		},
		{
			id: "W02", name: "service_calls", what: "requests answered without asking the service", unit: ofThings,
			reads: "the service's own counters against the answers, where the plan says `counts`",
			usual: invalidates(), kinds: []string{"calls-unbalanced"}, look: (*grader).serviceCalls,
		},
		{
			id: "W03", name: "service_cpu", what: "a service is the limit", unit: ofAll,
			reads: "its CPU time, of its own processors", usual: warns(0.85),
			kinds: []string{"service-near-limit"}, look: (*grader).serviceCPU,
		},
		{
			id: "W04", name: "service_weight", what: "a service is what is measured", unit: ofAll,
			reads: "its CPU time, of its own and the subject's together, where they share processors", usual: warns(0.5),
			kinds: []string{"service-weighs-more"}, look: (*grader).serviceWeight,
		},
		{
			id: "W05", name: "nothing_due", what: "an empty window", unit: ofThings, effect: true,
			reads: "requests that fell due", usual: warns(0), kinds: []string{"nothing-due"}, look: (*grader).nothingDue, over: ofLoads,
		},
		{
			id: "V20", name: "books", what: "conservation", unit: ofThings,
			reads: "outcomes, statuses, causes and times against what was due: by how many they differ; requests whose wait, lag and service are not its response time, answers without bytes",
			usual: invalidates(), kinds: []string{"books"}, look: (*grader).books, over: ofRequests,
		},
		{
			id: "V09", name: "no_port", what: "ports run out", unit: ofThings,
			reads: "connects that found none (EADDRNOTAVAIL)", usual: invalidates(),
			kinds: []string{"ports-ran-out", "several-sources"}, look: (*grader).ports, over: ofRequests,
		},
		{
			id: "V09", name: "ports_waiting", what: "ports run out", unit: ofAll,
			reads: "sockets in TIME_WAIT, of all ports for connections, where webdyno ends them by a shutdown; beforehand, whether an open load's rate leaves enough",
			usual: warns(0.5), kinds: []string{"ports-waiting", "ports-budget"}, look: (*grader).portsWaiting, over: ofRequests,
		},
		{
			id: "W06", name: "no_descriptor", what: "descriptors run out", unit: ofThings,
			reads: "connects that found none (EMFILE, ENFILE)", usual: invalidates(),
			kinds: []string{"descriptors-ran-out"}, look: (*grader).descriptors, over: ofRequests,
		},
		{
			id: "V04", name: "schedule", what: "schedule not kept", unit: ofAll, effect: true,
			reads: "requests sent against due, unless the server made them wait",
			usual: worsens(0.003, 0.01, X), kinds: []string{"schedule-not-kept"}, look: (*grader).schedule, over: ofRequests,
		},
		{
			id: "W07", name: "net_backend", what: "the less exact engine", unit: ofThings,
			reads: "whether requests went through Go's package net", usual: warns(0),
			kinds: []string{"net-backend"}, look: (*grader).backend, over: ofRequests,
		},
		{
			id: "V01", name: "client_cpu", what: "client saturation", unit: ofAll,
			reads: "CPU time of the engine's loops, of the time between the two readings of their clocks; from the second on, figures are lower bounds",
			usual: worsens(0.80, 0.95, B), strict: worsens(0.80, 0.95, X),
			kinds: []string{"client-near-limit", kindAtLimit}, look: (*grader).client, over: ofRequests,
		},
		{
			id: "V02", name: "client_ceiling", what: "client ceiling", unit: ofAll,
			reads: "rate per loop, of what `calibrate` measured against a server that does nothing, by the same backend and way of using connections; not of bounds",
			usual: worsens(0.60, 0.80, L), strict: worsens(0.60, 0.80, X),
			kinds: []string{"near-ceiling"}, look: (*grader).ceiling, over: ofRequests,
		},
		{
			id: "V13", name: "preempted", what: "others take the engine's CPU", unit: eachSecond, effect: true,
			reads: "involuntary switches of a loop", usual: warns(50),
			kinds: []string{"loops-preempted"}, look: (*grader).preempted, over: ofRequests,
		},
		{
			id: "V07", name: "collections", what: "client GC", unit: ofThings,
			reads: "collections of webdyno's garbage during the trial", usual: worsens(never, 0, L),
			kinds: []string{"instrument-collected"}, look: (*grader).collected, over: ofRequests,
		},
		{
			id: "V03", name: "lag", what: "pacing lag", unit: ofAll, effect: true,
			reads: "the engine's lag against response time at p50, p90, p99 (in a closed load at the engine's limit told with that, and counting what it read late); L also if in an open load more than 1 % of the requests fell due during its longest absence",
			usual: worsens(0.10, 0.25, L), kinds: []string{"lag"}, look: (*grader).lag, over: ofRequests,
		},
		{
			id: "V16", name: "wrong_bodies", what: "wrong answer", unit: ofThings,
			reads: "answers with a right status and another body than the plan expects",
			usual: invalidates(), kinds: []string{kindWrong}, look: (*grader).wrongBytes, over: ofRequests,
		},
		{
			id: "V14", name: "failed_requests", what: "errors hidden", unit: ofAll, effect: true,
			reads: "requests not rightly answered, of those due; they lie beyond every percentile", usual: warns(0),
			kinds: []string{"requests-failed"}, look: (*grader).errors, over: ofRequests,
		},
		{
			id: "V18", name: "stale_connections", what: "connection economics", unit: ofAll, effect: true,
			reads: "kept connections that the server had ended before the next request, of the requests due", usual: warns(0.01),
			kinds: []string{"stale-connections"}, look: (*grader).stale, over: ofRequests,
		},
		{
			id: "V18", name: "reopened", what: "connection economics", unit: ofAll, effect: true,
			reads: "connections opened beyond those asked for, where they are to be kept", usual: limits{0.01, never, never, evidence.A},
			kinds: []string{"connections-not-kept", "connections-given-up"}, look: (*grader).reopened, over: ofRequests,
		},
		{
			id: "W08", name: "connections_missing", what: "fewer users than asked for", unit: ofThings, effect: true,
			reads: "connections that were never opened", usual: warns(0),
			kinds: []string{"connections-missing"}, look: (*grader).missing, over: ofRequests,
		},
		{
			id: "W09", name: "idle_connections", what: "fewer silent connections than asked for", unit: ofThings,
			reads: "those not opened, or ended by the server", usual: warns(0),
			kinds: []string{"idle-missing", "idle-ended"}, look: (*grader).idle, over: ofRequests,
		},
		{
			id: "V19", name: "littles_law", what: "time not accounted for", unit: ofAll, effect: true,
			reads: "rate × response time against the requests in flight of a closed load", usual: warns(0.02), strict: worsens(0.02, 0.05, X),
			kinds: []string{"littles-law"}, look: (*grader).little, over: ofRequests,
		},
	}
}
