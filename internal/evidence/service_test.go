package evidence

import "testing"

// As long as nothing fails, calls and answers must be equal; what failed leaves
// room between the right answers and the requests that were due.
func TestBalanced(t *testing.T) {
	for _, c := range []struct {
		calls Calls
		want  bool
	}{
		{Calls{}, true},
		{Calls{Made: 100, Due: 100, Answered: 100}, true},
		{Calls{Made: 99, Due: 100, Answered: 100}, false}, // a cache answered one
		{Calls{Made: 101, Due: 100, Answered: 100}, false},
		{Calls{Made: 101, Due: 100, Answered: 100, Resent: 1}, true},
		{Calls{Made: 100, Due: 110, Answered: 100}, true},
		{Calls{Made: 110, Due: 110, Answered: 100}, true},
		{Calls{Made: 111, Due: 110, Answered: 100}, false},
		{Calls{Made: 99, Due: 110, Answered: 100}, false},
		{Calls{Made: 90, Due: 100, Answered: 100, Wrong: 10}, true},
		{Calls{Made: 89, Due: 100, Answered: 100, Wrong: 10}, false},
	} {
		if got := c.calls.Balanced(); got != c.want {
			t.Errorf("%+v is balanced: %v, want %v", c.calls, got, c.want)
		}
	}
}
