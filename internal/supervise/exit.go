package supervise

import (
	"fmt"
	"net/netip"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// An Exit is how a server's first process ended.
type Exit struct {
	Status int            // if it exited by itself
	Signal syscall.Signal // if a signal killed it; otherwise 0
	After  time.Duration  // since exec
	Left   []Relic        // processes it had started, alive at that moment
	Lost   string         // why its end was not seen, if the keeper was lost; otherwise ""
}

// String says it in words: "exited with status 139 after 4.2 s".
func (e Exit) String() string {
	if e.Lost != "" {
		return fmt.Sprintf("was lost after %s: %s", seconds(e.After), e.Lost)
	}
	return e.How() + " after " + seconds(e.After)
}

// How says it without the time, which is another at every start: "exited with
// status 139".
func (e Exit) How() string {
	switch {
	case e.Lost != "":
		return "was lost: " + e.Lost
	case e.Signal != 0:
		return fmt.Sprintf("killed by signal %d (%s)", int(e.Signal), signalName(e.Signal))
	}
	return fmt.Sprintf("exited with status %d", e.Status)
}

func signalName(s syscall.Signal) string {
	if name := unix.SignalName(s); name != "" {
		return name
	}
	return "a signal without a name"
}

// seconds prints a duration as people say it, with two digits that mean
// something.
func seconds(d time.Duration) string {
	switch {
	case d < 10*time.Millisecond:
		return fmt.Sprintf("%.1f ms", float64(d)/1e6)
	case d < time.Second:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	case d < 10*time.Second:
		return fmt.Sprintf("%.1f s", d.Seconds())
	}
	return fmt.Sprintf("%.0f s", d.Seconds())
}

// A Relic is a process that should not have been there any more.
type Relic struct {
	PID  int    `json:"pid"`
	Name string `json:"name"` // as the kernel shows it, at most 15 bytes
}

func (r Relic) String() string { return fmt.Sprintf("%d (%s)", r.PID, r.Name) }

// An Ending is how a server was brought to its end.
type Ending struct {
	Exit      Exit
	Killed    bool    // it did not end within its grace, and was killed
	Left      []Relic // processes of its tree that had to be killed, its first one aside
	Survivors []Relic // processes that could not be killed
	Took      time.Duration
	LogCut    int64 // bytes of output left out of the log

	Lost         string // how its keeper was lost, after which webdyno killed what the keeper had kept; otherwise ""
	LogProblem   string // why the log could not be brought to its final form; otherwise ""
	GroupProblem string // why the control group is still there; otherwise ""
}

// Clean tells whether the server ended by itself and left nothing. Problems of
// ours with its log or its control group are not in it.
func (e Ending) Clean() bool {
	return !e.Killed && len(e.Left) == 0 && len(e.Survivors) == 0 && e.Lost == ""
}

// Problem is String, or "" if there is nothing to complain of.
func (e Ending) Problem() string {
	if e.Clean() && e.LogProblem == "" && e.GroupProblem == "" {
		return ""
	}
	return e.String()
}

// String says it in one sentence without a full stop.
func (e Ending) String() string {
	text := e.Exit.String()
	if e.Killed {
		text = fmt.Sprintf("did not end when asked to, and was killed after %s", seconds(e.Took))
	}
	if len(e.Left) > 0 {
		text += "; processes that had to be killed beside it: " + relics(e.Left)
	}
	if len(e.Survivors) > 0 {
		text += "; processes that could not be killed: " + relics(e.Survivors)
	}
	if e.Lost != "" && e.Exit.Lost == "" { // it had ended before its keeper did
		text += "; " + e.Lost
	}
	if e.GroupProblem != "" {
		text += "; what it ran in could not be removed: " + e.GroupProblem
	}
	if e.LogProblem != "" {
		text += "; what it printed is not complete: " + e.LogProblem
	}
	return text
}

func relics(rs []Relic) string {
	const most = 8
	var names []string
	for i, r := range rs {
		if i == most {
			names = append(names, fmt.Sprintf("and %d more", len(rs)-most))
			break
		}
		names = append(names, r.String())
	}
	return strings.Join(names, ", ")
}

// A CannotLimitError says that a limit a plan asks for cannot be kept here.
type CannotLimitError struct {
	What   string // "memory", "files"
	Reason string
}

func (e *CannotLimitError) Error() string { return "limit " + e.What + ": " + e.Reason }

// A NotOwnerError says that somebody else listens where the server should:
// what is measured there would not be the server, or not only.
type NotOwnerError struct {
	Addr    netip.AddrPort // the one asked for
	Found   netip.AddrPort // the one the other listens on; a wildcard, maybe
	PID     int            // of the other; 0 if its descriptors may not be seen
	Command string         // its command line
	UID     uint32         // of the user who made the socket
}

func (e *NotOwnerError) Error() string {
	who := fmt.Sprintf("a process of user %d that cannot be looked into", e.UID)
	if e.PID != 0 {
		who = fmt.Sprintf("process %d: %.200s", e.PID, e.Command)
	}
	if e.Found == e.Addr {
		return fmt.Sprintf("%s belongs to another: %s", e.Addr, who)
	}
	return fmt.Sprintf("%s belongs to another, which listens on %s: %s", e.Addr, e.Found, who)
}

// An ExitedError says that a server ended while it was needed. A server that
// goes into the background by itself is one of them: Exit.Left names what it
// became.
type ExitedError struct{ Exit Exit }

func (e *ExitedError) Error() string {
	if e.Exit.Status == 0 && e.Exit.Signal == 0 && len(e.Exit.Left) > 0 {
		return fmt.Sprintf("%s and left %s running: it must stay in the foreground", e.Exit, relics(e.Exit.Left))
	}
	return e.Exit.String()
}

// A SilentError says that a server did not listen in time.
type SilentError struct {
	Addr      netip.AddrPort
	Waited    time.Duration
	Elsewhere []netip.AddrPort // where its tree listens instead
	Err       error            // why the wait ended
}

func (e *SilentError) Error() string {
	text := fmt.Sprintf("nothing listens on %s after %s", e.Addr, seconds(e.Waited))
	if len(e.Elsewhere) > 0 {
		text += fmt.Sprintf("; it listens on %s instead", joinAddrs(e.Elsewhere))
	}
	return text
}

// Unwrap returns why the wait ended: the context's error.
func (e *SilentError) Unwrap() error { return e.Err }

func joinAddrs(as []netip.AddrPort) string {
	names := make([]string, len(as))
	for i, a := range as {
		names[i] = a.String()
	}
	return strings.Join(names, ", ")
}
