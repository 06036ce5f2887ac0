package engine

import (
	"math"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

// garbageAllowed is how much the process may allocate during one job before
// the collector runs after all. Loops allocate nothing per request; half a GiB
// is hours of what the onlookers do.
const garbageAllowed = 512 << 20

// collections returns how often this process has collected its garbage.
func collections() uint64 {
	cycles := []metrics.Sample{{Name: "/gc/cycles/total:gc-cycles"}}
	metrics.Read(cycles)
	return cycles[0].Value.Uint64()
}

// quieten keeps the Go runtime out of the way of so many loops, and returns
// what ends that.
//
// It is the collector's mark workers, not its pauses, that take the loops' CPU,
// and hence it is off. Two more Ps than loops leave room for the goroutines that
// look on: a loop's wait is a raw system call and keeps its P.
//
// Settings that are as wanted already are another engine's, and left alone.
func quieten(loops int) (restore func()) {
	var undo []func()
	if procs := loops + 2; runtime.GOMAXPROCS(0) != procs {
		before := runtime.GOMAXPROCS(procs)
		undo = append(undo, func() { runtime.GOMAXPROCS(before) })
	}
	if before := debug.SetGCPercent(-1); before != -1 {
		limit := debug.SetMemoryLimit(-1)
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		if own := int64(m.Sys) + garbageAllowed; own < limit || limit == math.MaxInt64 {
			debug.SetMemoryLimit(own)
		}
		undo = append(undo, func() {
			debug.SetMemoryLimit(limit)
			debug.SetGCPercent(before)
		})
	}
	return func() {
		for _, f := range undo {
			f()
		}
	}
}
