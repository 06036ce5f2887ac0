package lab

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"webdyno/internal/evidence"
	"webdyno/internal/workload"
)

// A Date is asked for again once a clock must have moved on, and only once.
func TestLookAgain(t *testing.T) {
	for _, c := range []struct {
		name   string
		second string
		wait   time.Duration
		want   evidence.Date
		asked  int
	}{
		{"too soon", "Sat", 2 * time.Second, evidence.DateUnasked, 0},
		{"a clock", "Sun", 4 * time.Second, evidence.DateAdvances, 1},
		{"no clock", "Sat", 4 * time.Second, evidence.DateStands, 1},
		{"none any more", "", 4 * time.Second, evidence.DateUnasked, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				asked := 0
				r := &round{lab: &Lab{Ask: func(context.Context, Address, *workload.Request) (*workload.Answer, error) {
					asked++
					return dated200(c.second), nil
				}}}
				g := &guest{Server: standing{}}
				g.noteDate(nil, dated200("Sat"))
				time.Sleep(c.wait)
				r.lookAgain(t.Context(), g)
				r.lookAgain(t.Context(), g)
				if g.start.Date != c.want || asked != c.asked {
					t.Errorf("%q after %d questions; want %q after %d", g.start.Date, asked, c.want, c.asked)
				}
			})
		})
	}
}

func dated200(date string) *workload.Answer {
	head := "HTTP/1.1 200 OK\r\n"
	if date != "" {
		head += "date: " + date + "\r\n"
	}
	return &workload.Answer{Status: 200, Header: []byte(head + "\r\n")}
}

// standing is a server of which only the address is asked.
type standing struct{ Server }

func (standing) Address() Address { return Address{} }

// Canaries sing no oftener than every two seconds.
func TestCanariesAreSeldom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := 0
		r := &round{lab: &Lab{Canaries: func() []evidence.Canary { n++; return []evidence.Canary{{CPU: n}} }}}
		for range 10 {
			if c := r.canaries(); len(c) != 1 || c[0].CPU != n {
				t.Fatalf("%+v after %d", c, n)
			}
			time.Sleep(time.Second)
		}
		if n != 5 {
			t.Errorf("%d times in ten seconds, want 5", n)
		}
	})
}
