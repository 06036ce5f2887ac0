// Package capture sets a profiler on a server that is being started, has it take
// a profile while the server is under load, and reads what came of it.
//
// # What happens over time
//
// A Capture is made before the server is started, and may want something of its
// environment (Env). Begin turns the profiler on once the server is up and warm,
// End off again; in between lies the load, so that the requests answered between
// the two are those that the profile is of. Read returns the profile, once the
// server has been stopped, and Close clears away.
//
// # How
//
// Python and node are told to load a piece of ours first, which waits at a socket
// until it is told to begin (inject). Go is asked over HTTP. Everything else is
// looked at from outside, by perf. A server may also write its profile by itself.
//
// A profiler that fails says why, and what would mend it; it is nobody's place
// here to stop the server for it.
package capture
