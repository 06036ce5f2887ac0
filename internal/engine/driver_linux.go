package engine

import (
	"fmt"
	"time"

	"webdyno/internal/mono"
	"webdyno/internal/sys"
)

// spinning is how long before its time a wait asks the kernel again and again
// instead of sleeping. A sleep that a timer ends takes some 4 µs of CPU in a
// virtual machine, however short it is, and ends 3 to 4 µs late: time that is
// shorter is spent awake more cheaply, and more exactly. At 50,000 arrivals a
// second 2 to 4 µs saved 5 to 7 % of the CPU; 5 cost as much, 8 a sixth more.
const spinning = 3 * time.Microsecond

// probe tells whether a backend is to be had.
func probe(b Backend) error {
	switch b {
	case Net:
		return nil
	case Uring:
		if err := sys.TryRing(); err != nil {
			return fmt.Errorf("%w; use --backend epoll", err)
		}
		return nil
	}
	p, err := sys.NewPoller(1)
	if err != nil {
		return err
	}
	return p.Close()
}

// best returns what Auto means on this machine.
func best() Backend {
	if sys.TryRing() == nil {
		return Uring
	}
	return Epoll
}

// openDrivers returns a driver for each of n loops, all on one clock.
func openDrivers(b Backend, job *Job, n int) (drivers []driver, err error) {
	if b == Net || job.TLS != nil {
		return openNet(job, n), nil
	}
	if b == Auto {
		b = best()
	}
	clock := mono.Start()
	for range n {
		var d driver
		if b == Uring {
			d, err = newUring(clock, job, newSources(job), uringSize(job.connections()))
		} else {
			d, err = newEpoll(clock, job, newSources(job))
		}
		if err != nil {
			for _, d := range drivers {
				d.shutdown()
			}
			return nil, fmt.Errorf("%s: %w", b, err)
		}
		drivers = append(drivers, d)
	}
	return drivers, nil
}
