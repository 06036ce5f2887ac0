// Package screen is what a person sees while a plan is carried out, or one address
// is loaded. It watches events and readings, draws, and hands on what is asked for
// at its keys; it takes no part in the measuring.
//
// # What is pure, and what is not
//
// A [Model] changes with events, readings and keys, and says as text what is to be
// seen: no clock, no terminal. A [Show] is what drives it: one goroutine draws on
// a [Terminal] and reacts to signals, another waits for keys. [Lines] is for where
// there is no terminal.
//
// # What it costs
//
// All of webdyno runs on the engine's CPUs, so a frame takes time from the loop
// that sends. While there is load, there are two frames a second; otherwise no
// more than ten. Only lines that have changed are written, and a frame is laid out
// in the memory of the one before, for nothing is collected during a trial. What
// cannot be drawn in time is left out: events never wait for the terminal.
//
// # What it leaves to others
//
// Keys act on a [lab.Control], which the lab honours between trials. Standings are
// computed by package report, between rounds.
package screen
