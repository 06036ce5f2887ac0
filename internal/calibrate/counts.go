package calibrate

import (
	"context"
	"fmt"
	"strings"

	"webdyno/internal/engine"
	"webdyno/internal/evidence"
	"webdyno/internal/load"
	"webdyno/internal/serve"
)

// countCases are the ways of using connections by which counts are compared.
func countCases() map[string]load.Use {
	return map[string]load.Use{
		"kept connections":          {},
		"8 in flight on each":       {Pipeline: 8},
		"10 requests a connection":  {PerConnection: 10},
		"a connection each":         {PerConnection: 1},
		"a connection each, by FIN": {PerConnection: 1, Close: load.ByFIN},
	}
}

// counts compares what the engine counted with what the server did, over all
// ways of using connections. That has to agree to the last one, however noisy
// the machine is.
func counts(ctx context.Context, s *stand, each int) ([]Finding, error) {
	var requests, answers, connections [2]uint64 // the engine's, the server's
	var differ []string
	for name, use := range countCases() {
		t, books, err := countOne(ctx, s, use, each)
		if err != nil {
			return nil, err
		}
		add := func(sum *[2]uint64, ours, theirs uint64) {
			sum[0] += ours
			sum[1] += theirs
			if ours != theirs {
				differ = append(differ, fmt.Sprintf("with %s %d and %d", name, ours, theirs))
			}
		}
		add(&requests, t.Due(), books.Requests)
		add(&answers, t.Outcomes[evidence.Answered], books.Answered)
		add(&connections, t.Connections.Opened, books.Connections)
	}
	finding := func(name string, sum [2]uint64) Finding {
		return Finding{
			Oracle: oracleCounts, Name: name + ", server's count", Unit: name,
			Want: float64(sum[0]), Got: float64(sum[1]), Note: strings.Join(differ, "; "),
		}.judged("")
	}
	return []Finding{finding("requests", requests), finding("answers", answers), finding("connections", connections)}, nil
}

func countOne(ctx context.Context, s *stand, use load.Use, each int) (*evidence.Tally, serve.Books, error) {
	var books serve.Books
	q := serve.Queue{Endless: true}
	t, err := s.with(ctx, "truth", flags(q), func(srv server) (*trial, error) {
		t, err := s.run(ctx, srv, engine.Auto, engine.Job{
			Load:   load.Closed{Connections: 8, Use: use},
			Window: load.Extent{Count: int64(each)},
		}, false)
		if err == nil {
			books, err = srv.books(ctx)
		}
		return t, err
	})
	if err != nil {
		return nil, books, err
	}
	return t.tally, books, nil
}
