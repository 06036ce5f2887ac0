package screen

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"sync"

	"golang.org/x/sys/unix"
)

// A Terminal is a terminal that frames are drawn on, in its second page, so that
// what was there before is there again afterwards. It draws only the lines that
// have changed. Frame, Leave and Return are for one goroutine.
//
// Keys arrive as they are typed and are not echoed; those that signal (Ctrl-C,
// Ctrl-Z) go on to signal.
type Terminal struct {
	in, out *os.File // in is nil if there are no keys to be had

	mu    sync.Mutex
	shown bool          // the second page is there
	saved *unix.Termios // the settings to come back to; nil if they were not changed

	drawn [][]byte // the lines that are on it
	size  Size     // as they were drawn
	out1  []byte   // what is written at once; used again
	wake  [2]int   // a pipe that ends the wait for keys
}

// OpenTerminal returns the terminal that out is, drawn on from its first frame
// on. Keys come from in, if that is a terminal as well.
func OpenTerminal(in, out *os.File) (*Terminal, error) {
	t := &Terminal{out: out, wake: [2]int{-1, -1}}
	if _, err := unix.IoctlGetTermios(int(out.Fd()), getSettings); err != nil {
		return nil, fmt.Errorf("%s is no terminal: %w", out.Name(), err)
	}
	if in == nil {
		return t, nil
	}
	if _, err := unix.IoctlGetTermios(int(in.Fd()), getSettings); err != nil {
		return t, nil
	}
	if err := unix.Pipe(t.wake[:]); err != nil {
		return nil, fmt.Errorf("pipe: %w", err)
	}
	unix.CloseOnExec(t.wake[0])
	unix.CloseOnExec(t.wake[1])
	t.in = in
	return t, nil
}

// Size is how large the terminal is at this moment; 80 by 24 if it does not tell.
func (t *Terminal) Size() Size {
	w, err := unix.IoctlGetWinsize(int(t.out.Fd()), unix.TIOCGWINSZ)
	if err != nil || w.Col == 0 || w.Row == 0 {
		return Size{80, 24}
	}
	return Size{int(w.Col), int(w.Row)}
}

// InFront tells whether we may draw: a shell may have put us behind another
// program, and a terminal stops those that change its settings from there.
func (t *Terminal) InFront() bool {
	group, err := unix.IoctlGetInt(int(t.out.Fd()), unix.TIOCGPGRP)
	return err != nil || group == unix.Getpgrp()
}

const (
	secondPage = "\x1b[?1049h\x1b[?25l" // without a cursor
	firstPage  = "\x1b[0m\x1b[?25h\x1b[?1049l"
	atOnce     = "\x1b[?2026h" // terminals that know it show all that follows together
	together   = "\x1b[?2026l"
)

// enter turns to the second page, unless that is there.
func (t *Terminal) enter() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.shown {
		return
	}
	t.shown, t.drawn = true, t.drawn[:0]
	if t.in != nil {
		t.quieten()
	}
	t.out.WriteString(secondPage + "\x1b[2J")
}

// quieten has keys come one by one, without an echo.
func (t *Terminal) quieten() {
	was, err := unix.IoctlGetTermios(int(t.in.Fd()), getSettings)
	if err != nil {
		return
	}
	t.saved = was
	now := *was
	now.Lflag &^= unix.ICANON | unix.ECHO
	now.Cc[unix.VMIN], now.Cc[unix.VTIME] = 1, 0
	_ = unix.IoctlSetTermios(int(t.in.Fd()), setSettings, &now) // keys are echoed then
}

// Leave gives the terminal back as it was. It may be called at any time, from any
// goroutine, and more than once; the next frame takes the terminal again.
func (t *Terminal) Leave() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.shown {
		return
	}
	t.shown = false
	t.out.WriteString(firstPage)
	if t.saved != nil {
		_ = unix.IoctlSetTermios(int(t.in.Fd()), setSettings, t.saved) // of a terminal that has gone, nothing is to be had
		t.saved = nil
	}
}

// frame draws what is on s, as far as it is not there already.
func (t *Terminal) frame(s *sheet) {
	t.enter()
	n := min(s.n, s.size.Lines)
	b := t.out1[:0]
	b = append(b, atOnce...)
	if s.size != t.size {
		t.resized(s.size)
		b = append(b, "\x1b[2J"...)
	}
	for i := range max(n, len(t.drawn)) {
		var line []byte
		if i < n {
			line = s.lines[i]
		}
		if i < len(t.drawn) && bytes.Equal(line, t.drawn[i]) {
			continue
		}
		b = append(strconv.AppendInt(append(b, "\x1b["...), int64(i+1), 10), ";1H"...)
		b = append(append(b, line...), "\x1b[K"...)
		t.remember(i, line)
	}
	changed := len(b) > len(atOnce)
	b = append(b, together...)
	t.out1 = b
	if changed {
		t.out.Write(t.out1)
	}
}

func (t *Terminal) remember(i int, line []byte) {
	if i >= len(t.drawn) {
		if i < cap(t.drawn) {
			t.drawn = t.drawn[:i+1]
		} else {
			t.drawn = append(t.drawn, nil)
		}
	}
	t.drawn[i] = append(t.drawn[i][:0], line...)
}

// resized has the next frame drawn as a whole, at that size.
func (t *Terminal) resized(s Size) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.size, t.drawn = s, t.drawn[:0]
}

// forget has the next frame drawn as a whole.
func (t *Terminal) forget() { t.resized(Size{}) }

// keys sends the keys that are pressed, until Close.
func (t *Terminal) keys(to chan<- Key) {
	var b [64]byte
	wait := []unix.PollFd{{Fd: int32(t.in.Fd()), Events: unix.POLLIN}, {Fd: int32(t.wake[0]), Events: unix.POLLIN}}
	for {
		_, err := unix.Poll(wait, -1)
		if err == unix.EINTR {
			continue
		}
		if err != nil || wait[1].Revents != 0 {
			return
		}
		if !t.InFront() { // what is typed now is another program's
			if _, err := unix.Poll(wait[1:], 500); err != nil && err != unix.EINTR {
				return
			}
			continue
		}
		n, err := unix.Read(int(t.in.Fd()), b[:])
		if err == unix.EINTR || err == unix.EAGAIN {
			continue
		}
		if err != nil || n <= 0 {
			return // nobody is there any more
		}
		for _, k := range decode(b[:n]) {
			select {
			case to <- k:
			default: // whoever types faster than we look does not mean all of it
			}
		}
	}
}

// interrupt ends keys.
func (t *Terminal) interrupt() {
	if t.in != nil {
		unix.Write(t.wake[1], []byte{0})
	}
}

// release gives back what OpenTerminal took.
func (t *Terminal) release() {
	if t.in != nil {
		unix.Close(t.wake[0])
		unix.Close(t.wake[1])
	}
}
