package main

import (
	"testing"
	"time"
)

// An estimate is told in the unit in which somebody would plan for it.
func TestAbout(t *testing.T) {
	for d, want := range map[time.Duration]string{
		52 * time.Second:              "50 seconds",
		28 * time.Minute:              "28 minutes",
		103 * time.Minute:             "103 minutes",
		1043 * time.Minute:            "17 hours",
		10*time.Hour + 10*time.Minute: "10 hours",
	} {
		if got := about(d); got != want {
			t.Errorf("about(%v) is %q, want %q", d, got, want)
		}
	}
}
