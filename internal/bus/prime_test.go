package bus

import (
	"encoding/json"
	"testing"
)

// Every implementation of the bus is held against these bytes.
func TestPrimedAnswersHaveTheirSizes(t *testing.T) {
	want := map[string]int{"empty": 0, "1k": 1024, "64k": 65536}
	for _, c := range PrimedChannels() {
		var events []Event
		for i, text := range c.Events {
			events = append(events, Event{PrimedMarker(i), []byte(text)})
			if err := checkEvent([]byte(text)); err != nil {
				t.Errorf("%s, event %d: %v: %s", c.Channel, i, err, text)
			}
			var e struct{ Event, Note string }
			if err := json.Unmarshal([]byte(text), &e); err != nil || e.Event != "BackupProgress" {
				t.Errorf("%s, event %d: %v, %s", c.Channel, i, err, text)
			}
		}
		got := 0
		if len(events) > 0 {
			got = len(answer(nil, events, events[len(events)-1].Marker))
		}
		if got != want[c.Channel] {
			t.Errorf("%s: %d bytes, want %d", c.Channel, got, want[c.Channel])
		}
	}
}
