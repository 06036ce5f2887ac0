package report

import (
	"strings"
	"testing"
	"time"

	"webdyno/internal/evidence"
)

// A service is told of where it may have been what was measured, and where its
// calls do not add up.
func TestGradeServices(t *testing.T) {
	usage := func(cpu time.Duration) *evidence.Usage {
		return &evidence.Usage{Span: time.Second, CPU: cpu, Answered: 1000}
	}
	for _, c := range []struct {
		name    string
		service evidence.Service
		kind    string
		grade   evidence.Grade
		says    string
	}{
		{"idle, its own CPU", evidence.Service{Usage: usage(800 * time.Millisecond), CPUs: 1}, "", 0, ""},
		{"busy, its own CPU", evidence.Service{Usage: usage(900 * time.Millisecond), CPUs: 1}, "service-near-limit", evidence.B, "90.0%"},
		{"busy, two of its own", evidence.Service{Usage: usage(900 * time.Millisecond), CPUs: 2}, "", 0, ""},
		{"less than the subject", evidence.Service{Usage: usage(400 * time.Millisecond), CPUs: 1, Shared: true}, "", 0, ""},
		{"more than the subject", evidence.Service{Usage: usage(600 * time.Millisecond), CPUs: 1, Shared: true}, "service-weighs-more", evidence.B, "60.0%"},
		{"not ours", evidence.Service{}, "", 0, ""},
		{"balanced", evidence.Service{Calls: &evidence.Calls{Commands: []string{"xrange"}, Made: 9, Due: 9, Answered: 9}}, "", 0, ""},
		{"cached", evidence.Service{Calls: &evidence.Calls{Commands: []string{"xrange"}, Made: 8, Due: 9, Answered: 9}}, "calls-unbalanced", evidence.X, "8 calls of XRANGE"},
		{"asked twice", evidence.Service{Calls: &evidence.Calls{Commands: []string{"get", "set"}, Made: 18, Due: 9, Answered: 9}}, "calls-unbalanced", evidence.X, "GET and SET"},
	} {
		c.service.Name = "store"
		m := &evidence.Measurement{Server: usage(500 * time.Millisecond), Services: []evidence.Service{c.service}}
		var found *evidence.Note
		for _, n := range Grade(m, Circumstances{}) {
			if strings.HasPrefix(n.Kind, "service-") || strings.HasPrefix(n.Kind, "calls-") {
				found = &n
			}
		}
		switch {
		case c.kind == "" && found != nil:
			t.Errorf("%s: note %+v", c.name, *found)
		case c.kind != "" && (found == nil || found.Kind != c.kind || found.Grade != c.grade || !strings.Contains(found.Text, c.says)):
			t.Errorf("%s: note %+v", c.name, found)
		}
	}
}
