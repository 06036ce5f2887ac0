// Package calibrate holds the engine against servers whose answers are known,
// on this machine, now, and says how far both can be trusted.
//
// What is known comes from three places, in falling order of sharpness:
//
//	steady   Constant arrivals, constant service shorter than the time between
//	         them: every response is the service time. What is measured beyond
//	         it is, request by request, the error of instrument and platform.
//	queue    Service times are drawn from a seed, so that Lindley's recursion
//	         over the schedule yields every response to the nanosecond. The
//	         engine keeps a distribution and not a list, so the two are compared
//	         in ascending order, k-th shortest with k-th shortest: see
//	         [gaps] for what that shows and what it hides.
//	formula  The closed forms of M/M/1, M/D/1, D/M/1 and of a server that stalls.
//
// A closed load on the stalling server is the negative control: it must be
// wrong by more than a factor of ten, or the oracle cannot tell right from
// wrong.
//
// A figure of time is judged only if the machine was quiet while it was taken:
// see patience. Counts are judged always.
//
// The servers run as subjects do, each under a keeper and on the subjects'
// CPUs. Nothing of them is left when Run returns. The result is kept for those
// who come after: [Keep], [Last].
package calibrate
