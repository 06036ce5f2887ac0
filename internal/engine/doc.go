// Package engine sends HTTP/1.1 requests on a schedule and times the answers.
//
// # Ownership
//
// An engine is a set of loops. Each loop is a goroutine locked to an OS thread
// and owns everything it touches: its connections, its buffers, its share of
// the schedule and its tally. Loops share no memory while a job is under way,
// so the path from one request to the next has no lock, no channel and no
// allocation. Tallies are merged after the last loop has stopped. What an
// onlooker may see goes through a few atomic counters (watch.go).
//
// A loop speaks to the kernel through a driver (driver.go), which completes
// operations in the way of io_uring, and which is the loop's only clock: a test
// gives it a scripted one and puts an hour of load behind it in a second.
//
// On package net (driver_net.go), which is for other systems and for TLS, each
// connection has a goroutine that dials and reads; what it has to tell goes to
// the loop through a queue, and the path of a request has a lock and a channel
// after all. The loop, and what it owns, is the same.
//
// # Time
//
// Every request carries readings of one clock:
//
//	due      open load: the scheduled instant; closed: when its slot became free
//	ready    when a connection could take it; where they open on demand,
//	         when one could have if it had been dialed when it was due
//	sent     just before its bytes were handed to the kernel
//	done     just after the last byte of its answer was read
//
//	response = done - due = wait + lag + service, to the nanosecond
//	wait     = ready - due    back-pressure of the server, connecting included
//	lag      = sent - ready   our own lateness
//	service  = done - sent
//
// # Slots and connections
//
// A load uses so many connections at a time. The place of one of them is a
// slot; connections come and go in it:
//
//	empty --dial--> dialing --connected--> open --last answer, end--> empty
//	                   |                                                ^
//	                   +--failed--> resting --10 ms, doubling to 1 s----+
//
// A connection that has had its last answer leaves its slot at once: while it
// waits for the server to end it, it does not count against those in use.
//
// An open load keeps no list of requests that wait for a connection. They are
// a stretch of the schedule, between the arrival that is sent next and the one
// that falls due next, and the schedule can be computed twice: a backlog of ten
// million requests takes no memory.
//
// # What it does not do
//
// It speaks HTTP/1.1 over TCP and Unix sockets, with TLS or without; no HTTP/2.
// It follows no redirects and resolves no names. It draws no conclusions. It
// does not confine its threads to CPUs: its caller confines the process.
package engine
