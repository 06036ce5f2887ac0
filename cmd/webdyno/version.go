package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"webdyno/internal/evidence"
)

// build tells which webdyno this is. The commit is the linker's, or, where
// nobody told the linker, what the go command stamped.
func build() evidence.Build {
	b := evidence.Build{Version: version, Commit: commit, Go: runtime.Version()}
	if b.Commit != unknownCommit && b.Commit != "" {
		return b
	}
	b.Commit = unknownCommit
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return b
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			b.Commit = s.Value[:min(12, len(s.Value))]
		}
	}
	return b
}

func versionText() string {
	b := build()
	return fmt.Sprintf("webdyno %s (commit %s, %s, %s/%s)", b.Version, b.Commit, b.Go, runtime.GOOS, runtime.GOARCH)
}
