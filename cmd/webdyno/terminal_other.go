//go:build !linux

package main

import "golang.org/x/sys/unix"

// askTerminal asks for a terminal's settings; what is none has no answer.
const askTerminal = unix.TIOCGETA
