package bus

import (
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
)

// A Primed channel is filled before a trial, with the same bytes in every store
// and for every implementation of the bus.
type Primed struct {
	Channel string
	Events  []string // JSON texts; the i-th has the marker i+1-0
}

// Primed channels: the one that has nothing, one whose ten events make an
// answer of exactly 1,024 bytes, and one whose 640 make 65,536.
func PrimedChannels() []Primed {
	return []Primed{
		{"empty", nil},
		{"1k", primedEvents(10, 1<<10)},
		{"64k", primedEvents(640, 1<<16)},
	}
}

// PrimedMarker is the marker of the i-th event of a primed channel, from 0.
func PrimedMarker(i int) Marker { return Marker{MS: uint64(i) + 1} }

// PrintChannels writes the primed channels as a JSON object of lists of JSON
// texts, for implementations that keep them in memory.
func PrintChannels(w io.Writer) error {
	channels := map[string][]string{}
	for _, c := range PrimedChannels() {
		channels[c.Channel] = append([]string{}, c.Events...)
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return enc.Encode(channels)
}

// noteFrame is what a note takes beside its text: a shorter gap cannot be
// filled by one, so gaps are saved up until a note of some words fits.
const noteFrame = len(`,"note":""`)

// primedEvents makes n events whose answer, all of them in it, has size bytes.
//
// The events are of one shape and nearly one length: what is missing is saved
// up over a few events and put into the next one's note. The last few leave the
// gap to the very last, so that it is large enough for a note and the sum comes
// out to the byte.
func primedEvents(n, size int) []string {
	rng := rand.New(rand.NewPCG(2012, uint64(n)))
	last := PrimedMarker(n - 1)
	left := size - len(answer(nil, make([]Event, n), last)) // for the events' texts
	events := make([]string, n)
	for i := range events {
		text := progress(rng, i+1)
		gap := left/(n-i) - len(text)
		if i == n-1 {
			gap = left - len(text)
		}
		if i == n-1 || gap >= noteFrame+8 && i < n-4 {
			text = strings.TrimSuffix(text, "}") + `,"note":"` + words(rng, gap-noteFrame) + `"}`
		}
		left -= len(text)
		events[i] = text
	}
	return events
}

// progress is one event without its note.
func progress(rng *rand.Rand, id int) string {
	states := []string{"new", "run", "end"}
	total := 100_000 + rng.IntN(900_000)
	return fmt.Sprintf(`{"event":"BackupProgress","id":%d,"current_bytes":"%d","total_bytes":"%d","state":"%s"}`,
		id, rng.IntN(total), total, states[rng.IntN(len(states))])
}

// words is a text of exactly n bytes, none of which JSON escapes.
func words(rng *rand.Rand, n int) string {
	list := strings.Fields("copied files after the last full snapshot of this volume and checked their sums twice before going on")
	var b strings.Builder
	for b.Len() <= n {
		b.WriteString(list[rng.IntN(len(list))])
		b.WriteByte(' ')
	}
	text := b.String()[:n]
	if strings.HasSuffix(text, " ") {
		text = text[:n-1] + "."
	}
	return text
}
