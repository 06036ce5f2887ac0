// Package supervise starts a server, proves that it is the one that answers,
// and makes sure it is gone afterwards.
//
// Three processes take part, all of the same binary but the last:
//
//	webdyno ──requests──▶ keeper ──fork──▶ second stage ──exec──▶ server
//	        ◀──events────                                         └ its children
//
// The keeper is a process of its own so that nothing is left behind whatever
// happens to webdyno, SIGKILL included. It is the subreaper of everything the
// server starts: children that are orphaned, daemonised, or in sessions of
// their own all come back to it. When its requests end, because webdyno
// said stop or because webdyno is no more, it stops every descendant in its
// tracks, kills them, looks again until none is left, removes the control
// group and ends. It sits in a session of its own, out of reach of a
// terminal's Ctrl-C. Its death is noticed too: the server has asked the kernel
// to be killed then (Pdeathsig), and webdyno hunts down the rest, in which a
// control group, the session and [Supervisor.Subreaper] help.
//
// The second stage exists because affinity, limits, control group and process
// group must hold before the first instruction of the server. It sets them on
// itself and executes the server, under the same pid.
//
// What the server prints goes straight into a file that it was given as its
// standard output and error. There is no pipe, so it cannot block on one, and
// nobody's CPU goes into copying. The keeper keeps the file small by giving
// its middle back to the disk as it grows.
//
// A Process belongs to whoever started it, who must call Stop. Its methods may
// be called from any goroutine. The package does not speak HTTP: whether the
// server answers, and rightly, is for its user to ask.
package supervise
