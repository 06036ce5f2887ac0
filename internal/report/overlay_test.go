package report

import (
	"testing"

	"webdyno/internal/overlay"
)

// Figures of the study of 2012 beside a record: one axis, each curve by a letter,
// what is unknown left out, and the traps of its method told.
func TestGoldenOverlay(t *testing.T) {
	gevent := func(q overlay.Quantity, points ...overlay.Point) overlay.Curve {
		return overlay.Curve{Label: "Gevent (1)", Quantity: q, Points: points}
	}
	p := newPage(TextOptions{})
	build(t, threeBuses()).overlays(p, []Overlay{
		{Name: "posts.js", Curves: []overlay.Curve{
			gevent(overlay.Throughput, overlay.Point{X: 340, Y: 322.8}, overlay.Point{X: 400, Y: 295}, overlay.Point{X: 1000, Y: 151}, overlay.Point{X: 2000, Y: 76}),
			gevent(overlay.Response, overlay.Point{X: 100, Y: 7.1}, overlay.Point{X: 400, Y: 627}, overlay.Point{X: 1000, Y: 2428}, overlay.Point{X: 2000, Y: 3282}),
			gevent(overlay.Errors, overlay.Point{X: 400}, overlay.Point{X: 1000, Y: 146}, overlay.Point{X: 2000, Y: 330}),
			{Label: "Node (1)", Quantity: overlay.Throughput, Points: []overlay.Point{{X: 400, Y: 388}, {X: 1000, Y: 414}, {X: 2000, Y: 376}}},
		}},
		{Name: "own.tsv", Curves: []overlay.Curve{{Quantity: overlay.Deviation, Points: []overlay.Point{{X: 300, Y: 0.8}, {X: 320}, {X: 340}}}}},
	})
	golden(t, "overlay.txt", p.buf.Bytes())
}
