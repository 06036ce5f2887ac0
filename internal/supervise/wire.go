package supervise

import (
	"encoding/json"
	"io"
	"os"
	"syscall"
	"time"

	"webdyno/internal/sys"
)

// What webdyno and the keeper tell each other: JSON values, one per line.
// Requests go through the keeper's standard input, which is its lifeline as
// well; events come back through its descriptor 3. Instants are readings of
// [sys.SystemMonotonic].

// A request has exactly one field set.
type request struct {
	Start *order  `json:"start,omitempty"` // the first request, and only the first
	Usage int     `json:"usage,omitempty"` // asks for a usage event with this number
	Stop  *ending `json:"stop,omitempty"`
	Halt  *halt   `json:"halt,omitempty"`
}

// An order is all that keeper and second stage need to know to start a server.
type order struct {
	Name   string   `json:"name"` // of the control group
	Stage  []string `json:"stage"`
	Argv   []string `json:"argv"`
	Dir    string   `json:"dir,omitempty"`
	Env    []string `json:"env"`
	CPUs   []int    `json:"cpus,omitempty"`
	Files  int      `json:"files,omitempty"`
	Memory int64    `json:"memory,omitempty"`

	Log      string `json:"log"`
	LogLimit int64  `json:"log_limit"`
	Output   string `json:"output,omitempty"`
	NoGroup  bool   `json:"no_group,omitempty"`

	// Filled in by the keeper, for the second stage.
	Group  *sys.Cgroup `json:"group,omitempty"`
	Keeper int         `json:"keeper,omitempty"`
}

type ending struct {
	Signal syscall.Signal `json:"signal"`
	Grace  time.Duration  `json:"grace"`
}

// An event has exactly one field set.
type event struct {
	Started *started `json:"started,omitempty"`
	Refused *refused `json:"refused,omitempty"` // it could not be started; the last event
	Exited  *exited  `json:"exited,omitempty"`
	Usage   *usage   `json:"usage,omitempty"`
	Halted  *halted  `json:"halted,omitempty"`
	Ended   *ended   `json:"ended,omitempty"` // nothing is left; the last event
}

type started struct {
	PID     int         `json:"pid"`
	At      int64       `json:"at"` // just before exec
	Group   *sys.Cgroup `json:"group,omitempty"`
	NoGroup string      `json:"no_group,omitempty"` // why there is none
}

type refused struct {
	Text  string `json:"text"`
	Limit string `json:"limit,omitempty"` // which limit could not be set, if that was it
}

type exited struct {
	Status int            `json:"status"`
	Signal syscall.Signal `json:"signal,omitempty"`
	At     int64          `json:"at"`
	Left   []Relic        `json:"left,omitempty"` // of its tree, alive at that moment
}

type usage struct {
	Number int       `json:"number"`
	Spent  sys.Spent `json:"spent"`
}

type ended struct {
	Killed    bool    `json:"killed,omitempty"`
	Left      []Relic `json:"left,omitempty"`
	Survivors []Relic `json:"survivors,omitempty"`
	LogCut    int64   `json:"log_cut,omitempty"`
	NoRemoval string  `json:"no_removal,omitempty"` // why the control group is still there
}

// send writes one value and its line end in one write, so that lines of
// several writers cannot mix.
func send(w io.Writer, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	_, err = w.Write(append(b, '\n'))
	return err
}

// Descriptors that are agreed upon.
const (
	eventsFD = 3 // of the keeper: where events go
	orderFD  = 3 // of the second stage: where its order comes from
	reportFD = 4 // of the second stage: where it says how far it got; closed by exec
)

func agreed(fd int, name string) *os.File {
	syscall.CloseOnExec(fd)
	return os.NewFile(uintptr(fd), name)
}
