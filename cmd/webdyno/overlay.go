package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"webdyno/internal/overlay"
	"webdyno/internal/report"
)

// overlaysOf reads the files that --overlay names: FILE, or QUANTITY=FILE where
// the file does not say what its curves show; or another record's folder.
func overlaysOf(args []string) ([]report.Overlay, error) {
	var all []report.Overlay
	for _, arg := range args {
		name, quantity := arg, overlay.Unknown
		if q, file, ok := strings.Cut(arg, "="); ok && slices.Contains(overlay.Quantities, overlay.Quantity(q)) {
			name, quantity = file, overlay.Quantity(q)
		}
		if f, err := os.Stat(name); err == nil && f.IsDir() {
			other, _, err := detailedReportOf(name)
			if err != nil {
				return nil, fmt.Errorf("--overlay: %w", err)
			}
			all = append(all, other.AsOverlay(filepath.Base(filepath.Clean(name))))
			continue
		}
		content, err := overlay.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("--overlay: %w", err)
		}
		curves := content.Curves
		for i := range curves {
			if curves[i].Quantity == overlay.Unknown {
				curves[i].Quantity = quantity
			}
			if curves[i].Quantity == overlay.Unknown {
				return nil, usageError{fmt.Errorf("--overlay: %s:%d: the curve %q does not say what it shows: write --overlay throughput=%s (or response=, errors=, stdev=)",
					name, curves[i].Line, curves[i].Label, name)}
			}
		}
		all = append(all, report.Overlay{Name: filepath.Base(name), Curves: curves, Summaries: content.Summaries})
	}
	return all, nil
}

// hasCurves tells whether any of the overlays is one of curves.
func hasCurves(all []report.Overlay) bool {
	return slices.ContainsFunc(all, func(o report.Overlay) bool { return len(o.Curves) > 0 })
}
