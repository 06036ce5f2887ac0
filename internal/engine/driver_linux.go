package engine

import (
	"fmt"

	"webdyno/internal/mono"
	"webdyno/internal/sys"
)

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
			d, err = newUring(clock, job, newSources(job, n), uringSize(job.connections()))
		} else {
			d, err = newEpoll(clock, job, newSources(job, n))
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
