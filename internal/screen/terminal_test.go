package screen

import (
	"context"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
	"github.com/hinshun/vt10x"
	"go.uber.org/goleak"
	"golang.org/x/sys/unix"

	"webdyno/internal/lab"
)

// A monitor is a terminal that a test looks at.
type monitor struct {
	t      *testing.T
	master *os.File
	tty    *os.File
	vt     vt10x.Terminal

	mu  sync.Mutex
	raw strings.Builder // all that was written
	fed chan struct{}   // closed when nothing is written any more
}

func newMonitor(t *testing.T, size Size) *monitor {
	t.Helper()
	master, tty, err := pty.Open()
	if err != nil {
		t.Skipf("no pseudo-terminal here: %v", err)
	}
	m := &monitor{t: t, master: master, tty: tty, vt: vt10x.New(vt10x.WithSize(size.Columns, size.Lines)), fed: make(chan struct{})}
	m.resize(size)
	go m.feed()
	return m
}

func (m *monitor) feed() {
	defer close(m.fed)
	b := make([]byte, 64<<10)
	for {
		n, err := m.master.Read(b)
		if err != nil {
			return
		}
		m.mu.Lock()
		m.raw.Write(b[:n])
		m.mu.Unlock()
		m.vt.Write(b[:n])
	}
}

func (m *monitor) resize(s Size) {
	m.vt.Resize(s.Columns, s.Lines)
	pty.Setsize(m.master, &pty.Winsize{Rows: uint16(s.Lines), Cols: uint16(s.Columns)})
}

// await waits until the terminal shows text.
func (m *monitor) await(text string) {
	m.t.Helper()
	m.until("the terminal to show "+text, func() bool { return strings.Contains(m.vt.String(), text) })
}

func (m *monitor) until(what string, holds func() bool) {
	m.t.Helper()
	ctx, cancel := context.WithTimeout(m.t.Context(), 10*time.Second)
	defer cancel()
	for !holds() {
		select {
		case <-ctx.Done():
			m.t.Fatalf("waited in vain for %s; it shows\n%s", what, m.vt.String())
		case <-time.After(2 * time.Millisecond):
		}
	}
}

func (m *monitor) press(keys string) { m.master.WriteString(keys) }

func (m *monitor) echoes() bool {
	now, err := unix.IoctlGetTermios(int(m.tty.Fd()), getSettings)
	return err == nil && now.Lflag&unix.ECHO != 0 && now.Lflag&unix.ICANON != 0
}

func (m *monitor) close() {
	m.tty.Close()
	m.master.Close()
	<-m.fed
}

// A real terminal shows the run, follows its size, takes keys, and is as it was
// when the run is over; nothing of the screen is left running.
func TestTerminal(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent(), goleak.IgnoreAnyFunction("os/signal.loop"))
	mon := newMonitor(t, Size{80, 24})
	defer mon.close()
	term, err := OpenTerminal(mon.tty, mon.tty)
	if err != nil {
		t.Fatal(err)
	}
	quit := make(chan struct{})
	w := &Watch{
		Terminal: term, Style: Style{Color: true}, Control: new(lab.Control),
		Quit:     sync.OnceFunc(func() { close(quit) }),
		Progress: func() Reading { return Reading{At: time.Now()} },
	}
	s := scripted(t)
	w.Begin(s.m)
	w.Observe(lab.RoundStarted{Round: 1, Of: 20, Trials: 6})
	w.Observe(lab.SubjectStarting{Name: "go"})
	mon.await("round 1 of 8 to 20")
	mon.await("q quit")
	if mon.echoes() {
		t.Error("keys are echoed over the frame")
	}

	mon.resize(Size{40, 12})
	syscall.Kill(os.Getpid(), syscall.SIGWINCH)
	mon.until("a frame of 40 columns", func() bool { return term.drawnAt() == Size{40, 12} })
	mon.await("round 1 of 8 to 20")

	mon.press("p")
	mon.until("a pause", func() bool { return w.Control.Paused() })
	mon.press("p\x1b[B\x1b[Bs")
	mon.await("skip tornado")
	mon.press("y")
	mon.until("the subject to be skipped", func() bool { return w.Control.Skipped("tornado[python=pypy]") })
	mon.press("e")
	mon.until("the last round", func() bool { return w.Control.Stopping() })
	mon.press("qy")
	<-quit
	w.End()
	if !mon.echoes() {
		t.Error("the terminal's settings are not what they were")
	}
	mon.until("the first page and its cursor", func() bool {
		mon.mu.Lock()
		defer mon.mu.Unlock()
		return strings.HasSuffix(mon.raw.String(), firstPage)
	})
}

// drawnAt is the size that was drawn last.
func (t *Terminal) drawnAt() Size {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.size
}

// Who stops the process with Ctrl-Z finds the terminal as it was, and the frame
// again once it goes on. The signal that stops is not sent here: what is tested is
// what comes before and after it.
func TestSuspend(t *testing.T) {
	mon := newMonitor(t, Size{80, 24})
	defer mon.close()
	term, err := OpenTerminal(mon.tty, mon.tty)
	if err != nil {
		t.Fatal(err)
	}
	defer term.release()
	w := &Show{term: term, pic: &still{}}
	w.frame()
	mon.await("still")
	stopped := false
	w.stops = func() { stopped = mon.echoes() }
	w.suspendBy(func() {})
	if !stopped {
		t.Error("the terminal was not given back before the process stood still")
	}
	w.frame()
	mon.await("still")
	if mon.echoes() {
		t.Error("the terminal was not taken again")
	}
	term.Leave()
	term.Leave()
}

// still is a picture of one word.
type still struct{}

func (still) look(time.Time) time.Duration { return time.Hour }
func (still) press(Key)                    {}
func (still) draw(s *sheet, size Size, style Style) {
	s.begin(size, style)
	s.line()
	s.put(plain, "still")
}

// A frame that is as the one before writes nothing, and one that has changed in a
// line writes that line.
func TestOnlyWhatChanged(t *testing.T) {
	mon := newMonitor(t, Size{80, 24})
	defer mon.close()
	term, err := OpenTerminal(nil, mon.tty)
	if err != nil {
		t.Fatal(err)
	}
	draw := func(words ...string) {
		s := &sheet{}
		s.begin(Size{80, 24}, Style{})
		for _, w := range words {
			s.line()
			s.put(plain, w)
		}
		term.frame(s)
	}
	draw("one", "two", "three")
	mon.await("three")
	before := mon.written()
	draw("one", "two", "three")
	draw("one", "2", "three")
	mon.await("2")
	if got, want := mon.written()[len(before):], atOnce+"\x1b[2;1H2\x1b[K"+together; got != want {
		t.Errorf("wrote %q, want %q", got, want)
	}
	draw("one")
	mon.until("the lines to be gone", func() bool { return !strings.Contains(mon.vt.String(), "three") })
	term.Leave()
}

func (m *monitor) written() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.raw.String()
}

// What no terminal is, is refused; signals are left alone by then.
func TestNoTerminal(t *testing.T) {
	f, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := OpenTerminal(f, f); err == nil {
		t.Error("a file that is no terminal was taken for one")
	}
	if signal.Ignored(syscall.SIGTSTP) {
		t.Error("Ctrl-Z is ignored")
	}
}

func TestDecode(t *testing.T) {
	for in, want := range map[string][]Key{
		"q":                 {'q'},
		"Q":                 {'q'},
		"\x1b[A\x1b[B":      {Up, Down},
		"\x1bOC":            {Right},
		"\x1b":              {Escape},
		"\x1b[":             {Escape},
		"\x1b[200~q":        {'q'},
		"\x1b[1;5Ap":        {'p'},
		"\x0c":              {Redraw},
		"\xc3\xa9\x00\x7f1": nil,
	} {
		got := decode([]byte(in))
		if len(got) != len(want) {
			t.Errorf("%q: %v, want %v", in, got, want)
			continue
		}
		for i := range got {
			if got[i] != want[i] {
				t.Errorf("%q: %v, want %v", in, got, want)
			}
		}
	}
}

// Whatever a terminal sends, decoding it ends.
func FuzzDecode(f *testing.F) {
	for _, s := range []string{"q", "\x1b[A", "\x1bO", "\x1b[1;5", "\x1b\x1b["} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if n := len(decode(b)); n > len(b) {
			t.Errorf("%d keys in %d bytes", n, len(b))
		}
	})
}
