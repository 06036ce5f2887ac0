//go:build !linux

package engine

import "fmt"

// probe tells whether a backend is to be had.
func probe(b Backend) error {
	if b == Auto || b == Net {
		return nil
	}
	return fmt.Errorf("%s needs Linux; use --backend net", b)
}

// best returns what Auto means on this machine.
func best() Backend { return Net }

// openDrivers returns a driver for each of n loops, all on one clock.
func openDrivers(_ Backend, job *Job, n int) ([]driver, error) {
	return openNet(job, n), nil
}
