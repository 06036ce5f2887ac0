package screen

import (
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"
)

// How often a terminal is drawn on. A frame takes a third of a millisecond from
// the CPU that the engine's loop runs on, and whatever falls due meanwhile is
// late: while there is load, two frames a second touch one request in two
// thousand, and ten would be seen in the 99th percentile of the lag.
const (
	loadedEvery = 500 * time.Millisecond
	idleEvery   = 250 * time.Millisecond
	keyEvery    = 100 * time.Millisecond // at most so often where keys or events ask for it
	secondEvery = time.Second            // how often distributions and process trees are looked at
)

// A picture is what a Show draws: a pure model behind a lock.
type picture interface {
	// look takes in how far things have come, at most so often, and says how
	// soon to look again.
	look(now time.Time) time.Duration
	// press takes in a key, and acts on it.
	press(k Key)
	// draw writes a frame.
	draw(s *sheet, size Size, style Style)
}

// A Show draws a picture on a terminal for as long as it lasts. It starts one
// goroutine that draws and, where there are keys, one that waits for them; End
// waits for both.
type Show struct {
	term  *Terminal
	style Style
	pic   picture
	stops func() // told before the process stands still; may be nil

	sheet sheet
	poke  chan struct{}
	end   chan struct{}
	done  sync.WaitGroup
}

func begin(t *Terminal, style Style, pic picture, stops func()) *Show {
	w := &Show{term: t, style: style, pic: pic, stops: stops, poke: make(chan struct{}, 1), end: make(chan struct{})}
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, syscall.SIGWINCH, syscall.SIGTSTP)
	keys := make(chan Key, 16)
	if t.in != nil {
		w.done.Go(func() { t.keys(keys) })
	}
	w.done.Go(func() {
		defer signal.Stop(signals)
		defer t.Leave()
		w.run(keys, signals)
	})
	return w
}

// End takes the picture away and gives the terminal back.
func (w *Show) End() {
	close(w.end)
	w.term.interrupt()
	w.done.Wait()
	w.term.release()
}

// Poke asks for a frame soon. It never waits.
func (w *Show) Poke() {
	select {
	case w.poke <- struct{}{}:
	default:
	}
}

func (w *Show) run(keys <-chan Key, signals <-chan os.Signal) {
	next := time.NewTimer(0)
	defer next.Stop()
	var drawn time.Time
	soon := func() { next.Reset(max(keyEvery-time.Since(drawn), 0)) }
	for {
		select {
		case <-next.C:
			drawn = time.Now()
			again := w.pic.look(drawn)
			w.frame()
			next.Reset(again)
		case k := <-keys:
			if k == Redraw {
				w.term.forget()
			}
			w.pic.press(k)
			soon()
		case <-w.poke:
			soon()
		case s := <-signals:
			if s == syscall.SIGTSTP {
				w.suspend()
			}
			soon()
		case <-w.end:
			return
		}
	}
}

// frame draws, unless another program has the terminal.
func (w *Show) frame() {
	if !w.term.InFront() {
		return
	}
	w.pic.draw(&w.sheet, w.term.Size(), w.style)
	w.term.frame(&w.sheet)
}

// suspend stops the whole process, as Ctrl-Z asks, with the terminal as it was. It
// returns when the process goes on.
func (w *Show) suspend() {
	w.suspendBy(func() {
		syscall.Kill(os.Getpid(), syscall.SIGSTOP)
		time.Sleep(10 * time.Millisecond) // until the signal has reached all threads
	})
}

func (w *Show) suspendBy(stop func()) {
	w.term.Leave()
	if w.stops != nil {
		w.stops()
	}
	stop()
	w.term.forget()
}
