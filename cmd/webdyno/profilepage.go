package main

import (
	"io"
	"path/filepath"

	"webdyno/internal/report"
	"webdyno/internal/report/html"
)

// pageOfOne writes a profile's page.
func pageOfOne(rep *report.Report, p *report.Profiled) (func(io.Writer) error, error) {
	drawn, err := p.Drawn(rep)
	if err != nil {
		return nil, err
	}
	return func(w io.Writer) error { return html.WriteProfile(w, filepath.Base(p.Name()), drawn) }, nil
}

// pageOfTwo writes the page of what changed from one profile to another.
func pageOfTwo(d *report.ProfileDifference) (func(io.Writer) error, error) {
	drawn, err := d.Drawn()
	if err != nil {
		return nil, err
	}
	return func(w io.Writer) error { return html.WriteProfile(w, drawn.Name, drawn) }, nil
}
