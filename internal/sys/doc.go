// Package sys is the kernel: the only package with unsafe, raw system calls and
// kernel structures. What stands above it is ordinary Go.
//
// It holds what the standard library and golang.org/x/sys do not offer or do
// not offer without giving up the processor: epoll and io_uring with nanosecond
// waits, memory that the kernel may hold, the affinity of every thread, who owns
// a listening socket, what a process tree has used, control groups.
//
// Nothing in it knows of HTTP, of plans or of trials.
package sys
