// Package bench puts bin/webdyno beside the load generators that other people
// use, in one run and in turns, and says which of the marks that webdyno has set
// itself are kept. It consists of benchmarks alone; docs/bench.md tells how to
// read what they print.
//
// A comparison is a load that every tool is asked for alike. In a round each tool
// puts it on the same server once, one after the other, for about a second; what
// is compared are tools within a round, never figures of different rounds, since
// a machine's speed drifts by more than the tools differ. What counts is the CPU
// time of the tool's process, from its start to its end as the kernel reports it,
// for each request that the tool itself says was answered.
//
// Nothing is installed and nothing is fetched here: a tool that is not on PATH is
// named as missing, and the marks that need it as not tried.
package bench
