package main

import (
	"fmt"
	"io"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"time"

	"webdyno/internal/evidence"
	"webdyno/internal/host"
	"webdyno/internal/load"
	"webdyno/internal/sys"
)

// portNotes says of which loads of the plan it is known beforehand that ports will
// not suffice for them. A server that the plan starts is asked from as many
// addresses as it takes, one that runs elsewhere from one.
func (b *bench) portNotes() []evidence.Note {
	var notes []evidence.Note
	for _, e := range b.prepared.Entries {
		sources, loopback := sys.Sources, true
		if u, err := url.Parse(e.Subject.URL); err == nil && e.Subject.URL != "" {
			sources, loopback = sourcesTo(u.Hostname(), 0)
		}
		for _, s := range b.settings {
			n, ok := host.PortBudget(b.equip.Root, s.Load, sources, loopback, 0)
			if ok && !slices.Contains(notes, n) {
				notes = append(notes, n)
			}
		}
	}
	return notes
}

// sourcesTo returns from how many addresses connections to a host may come, of
// those asked for (0: as many as there are), and whether that is this machine.
func sourcesTo(name string, asked int) (sources int, loopback bool) {
	at, err := netip.ParseAddr(name)
	switch {
	case name == "localhost":
	case err != nil || !at.Unmap().IsLoopback():
		return 1, false
	case !at.Unmap().Is4():
		return 1, true
	}
	if asked > 0 {
		return asked, true
	}
	return sys.Sources, true
}

// warnOfPorts says before a load begins that ports will not suffice for it. What is
// said is a note of the result, too.
func (l *loadJob) warnOfPorts(w io.Writer) {
	if l.job.Unix != "" {
		return
	}
	lasts := l.job.Warmup.Time + l.job.Window.Time
	if open, ok := l.job.Load.(load.Open); ok && l.job.Window.Time == 0 {
		lasts += time.Duration(float64(l.job.Window.Count) / open.Rate * float64(time.Second))
	}
	sources, loopback := sourcesTo(l.job.Address.Addr().String(), l.job.Sources)
	n, ok := host.PortBudget(os.DirFS("/"), l.job.Load, sources, loopback, lasts)
	if ok {
		fmt.Fprintf(w, "%s: %s\n", programName, n.Text)
		l.notes = append(l.notes, n)
	}
}
