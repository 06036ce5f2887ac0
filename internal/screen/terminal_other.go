//go:build !linux

package screen

import "golang.org/x/sys/unix"

// The requests that ask for a terminal's settings, and change them when what was
// written has been drawn.
const (
	getSettings = unix.TIOCGETA
	setSettings = unix.TIOCSETAW
)
