package main

import "testing"

// What an element has from around it anyway is taken out; what differs stays, the
// way back to an initial value too.
func TestSlim(t *testing.T) {
	const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="10"><g fill="rgb(1, 2, 3)" stroke="none" opacity="1">` +
		`<path d="M1.23456,2L3.999,4" fill="rgb(1, 2, 3)" stroke="rgb(0, 0, 0)" data-w="3"/><text fill="rgb(0, 0, 0)" font-size="12px">a &lt; 1.2345</text></g>` +
		`<circle fill="rgb(0, 0, 0)" stroke="none" r="2"></circle></svg>`
	const want = `<svg xmlns="http://www.w3.org/2000/svg" width="10"><g fill="rgb(1, 2, 3)">` +
		`<path d="M1.23,2L3.99,4" stroke="rgb(0, 0, 0)"/><text fill="rgb(0, 0, 0)" font-size="12px">a &lt; 1.2345</text></g>` +
		`<circle r="2"></circle></svg>`
	if got := slim(svg); got != want {
		t.Errorf("got\n%s, want\n%s", got, want)
	}
}

func TestRoomIsNamedByItsCommand(t *testing.T) {
	r := room{plan: "handler-work", preset: "cython"}
	if r.name() != "handler-work-cython" || (room{plan: "payload"}).name() != "payload" {
		t.Errorf("named %q", r.name())
	}
	if got := r.choose([]string{"heat", "ranking", "levels"}); len(got) != 2 || got[0] != "levels" {
		t.Errorf("shows %q", got)
	}
	if got := (room{plan: "mine"}).choose([]string{"heat", "ranking"}); len(got) != 1 || got[0] != "heat" {
		t.Errorf("shows %q of a plan that does not ship", got)
	}
}
