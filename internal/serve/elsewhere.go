//go:build !linux

package serve

import "errors"

// errNeedsLinux is why a server of our own loops cannot be had elsewhere.
var errNeedsLinux = errors.New("it is written on epoll and needs Linux; hello is an alternative everywhere")

func prepareNull(string, []string) (serveFunc, error)  { return nil, errNeedsLinux }
func prepareTruth(string, []string) (serveFunc, error) { return nil, errNeedsLinux }
