package screen

import (
	"sync"
	"time"

	"webdyno/internal/evidence"
	"webdyno/internal/lab"
)

// A Watch shows a run on a terminal while it is carried out, and hands on what is
// asked for at its keys.
type Watch struct {
	Terminal *Terminal
	Style    Style
	Control  *lab.Control
	Quit     func() // ends the run at once, as Ctrl-C does

	// Progress is a reading of the load under way: everything but Second and
	// Server.
	Progress func() Reading
	// Second is what ended in the newest second of the window that is over; it
	// may be nil.
	Second func() (evidence.Second, bool)

	show *Show

	mu    sync.Mutex
	model *Model

	looked time.Time // when process tree and distributions were looked at last
	second evidence.Second
	server time.Duration
}

// Begin begins to show m, which belongs to the Watch from now on.
func (w *Watch) Begin(m *Model) {
	m.Keys = w.Terminal.in != nil
	w.model = m
	w.show = begin(w.Terminal, w.Style, w, w.Control.Suspending)
}

// Observe takes in an event. It is what lab.Lab.Observe wants.
func (w *Watch) Observe(e lab.Event) {
	w.mu.Lock()
	w.model.Observe(time.Now(), e)
	w.mu.Unlock()
	w.show.Poke()
}

// End gives the terminal back. Nothing is drawn when it has returned.
func (w *Watch) End() { w.show.End() }

// Leave gives the terminal back at once, for when the process is about to end.
func (w *Watch) Leave() { w.Terminal.Leave() }

func (w *Watch) look(now time.Time) time.Duration {
	r := w.Progress()
	w.mu.Lock()
	loading, used := w.model.Loading(), w.model.Used()
	w.mu.Unlock()
	if !loading {
		w.second, w.server = evidence.Second{}, 0
	}
	if loading && now.Sub(w.looked) >= secondEvery {
		w.looked = now
		if used != nil {
			w.server, _ = used() // of one that has just ended, nothing
		}
		if w.Second != nil {
			w.second, _ = w.Second()
		}
	}
	r.Second, r.Server = w.second, w.server
	w.mu.Lock()
	defer w.mu.Unlock()
	w.model.Read(r)
	if loading {
		return loadedEvery
	}
	return idleEvery
}

func (w *Watch) press(k Key) {
	w.mu.Lock()
	a := w.model.Press(k)
	w.mu.Unlock()
	switch a.Kind {
	case Pause:
		w.Control.Pause(true)
	case Resume:
		w.Control.Pause(false)
	case Skip:
		w.Control.Skip(a.Name)
	case Stop:
		w.Control.StopAfterRound(true)
	case GoOn:
		w.Control.StopAfterRound(false)
	case Quit:
		w.Quit()
	}
}

func (w *Watch) draw(s *sheet, size Size, style Style) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.model.draw(s, size, style)
}
