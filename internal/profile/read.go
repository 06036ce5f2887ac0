package profile

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf16"

	pprof "github.com/google/pprof/profile"
)

// Bounds of what is read, so that no file can take the machine's memory.
const (
	maxBytes  = 256 << 20 // of a profile, uncompressed
	maxFrames = 4096      // of one stack
	maxDepth  = 1000      // of values within values

	maxFunctions = 300_000    // different ones
	maxStacked   = 10_000_000 // frames of all different stacks together
)

// A ReadError says where a profile could not be read.
type ReadError struct {
	Format Format
	Place  string // "line 12", "byte 345"; empty if it is the whole
	What   string // what is wrong there
}

func (e *ReadError) Error() string {
	if e.Place == "" {
		return fmt.Sprintf("read %s profile: %s", e.Format, e.What)
	}
	return fmt.Sprintf("read %s profile: %s: %s", e.Format, e.Place, e.What)
}

// Read reads a profile of any known format, which it tells by the content. Its
// errors are *ReadErrors.
func Read(data []byte) (*Profile, error) {
	if bytes.HasPrefix(data, []byte{0x1f, 0x8b}) {
		plain, err := unzip(data)
		if err != nil {
			return nil, err
		}
		data = plain
	}
	switch {
	case len(data) > maxBytes:
		return nil, &ReadError{Format: "any", What: fmt.Sprintf("it is larger than %d MiB", maxBytes>>20)}
	case len(bytes.TrimSpace(data)) == 0:
		return nil, &ReadError{Format: "any", What: "it is empty"}
	}
	read, err := readerFor(data)
	if err != nil {
		return nil, err
	}
	return read(data)
}

func unzip(data []byte) ([]byte, error) {
	z, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, &ReadError{Format: "compressed", What: err.Error()}
	}
	plain, err := io.ReadAll(io.LimitReader(z, maxBytes+1))
	if err != nil {
		return nil, &ReadError{Format: "compressed", Place: fmt.Sprintf("byte %d of what it holds", len(plain)), What: err.Error()}
	}
	return plain, nil
}

// readerFor tells by the content which reader to use.
func readerFor(data []byte) (func([]byte) (*Profile, error), error) {
	switch {
	case bytes.HasPrefix(data, []byte("PERFILE2")):
		return nil, &ReadError{Format: PerfScript, What: "this is perf.data itself: perf script -F +period prints what is read here"}
	case bytes.HasPrefix(data, []byte("PK\x03\x04")):
		return nil, &ReadError{Format: "any", What: "this is a zip archive: unpack it first"}
	}
	if looksMarshalled(data) {
		return readCProfile, nil
	}
	if data[0] == '{' || bytes.HasPrefix(bytes.TrimSpace(data), []byte("{")) {
		return readJSON, nil
	}
	text, isText := asText(data)
	if !isText {
		return readPprof, nil
	}
	for _, f := range []struct {
		looks func(string) bool
		read  func(string) (*Profile, error)
	}{
		{looksListed, readListing},
		{looksScripted, readPerfScript},
		{looksCollapsed, readCollapsed},
	} {
		if f.looks(text) {
			return func([]byte) (*Profile, error) { return f.read(text) }, nil
		}
	}
	// A short profile.proto may have no zero byte, and look like text.
	if _, err := readPprof(data); err == nil {
		return readPprof, nil
	}
	return nil, &ReadError{Format: "any", Place: "line 1",
		What: "this is none of pprof, cProfile, a pstats listing, V8's .cpuprofile, perf script, collapsed stacks or speedscope"}
}

// asText returns data as UTF-8, and whether it is text at all. Collapsed stacks
// come from other systems in UTF-16 too.
func asText(data []byte) (string, bool) {
	if len(data) >= 2 && (data[0] == 0xff && data[1] == 0xfe || data[0] == 0xfe && data[1] == 0xff) {
		units := make([]uint16, 0, len(data)/2)
		low, high := 0, 1
		if data[0] == 0xfe {
			low, high = 1, 0
		}
		for i := 2; i+1 < len(data); i += 2 {
			units = append(units, uint16(data[i+low])|uint16(data[i+high])<<8)
		}
		return string(utf16.Decode(units)), true
	}
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	return string(data), !bytes.ContainsRune(data[:min(len(data), 4096)], 0)
}

// readJSON tells V8's profiles from speedscope's.
func readJSON(data []byte) (*Profile, error) {
	var head struct {
		Nodes    json.RawMessage `json:"nodes"`
		Head     json.RawMessage `json:"head"`
		Profiles json.RawMessage `json:"profiles"`
	}
	if err := json.Unmarshal(data, &head); err != nil {
		return nil, jsonError("JSON", err)
	}
	switch {
	case head.Nodes != nil:
		return readCPUProfile(data)
	case head.Profiles != nil:
		return readSpeedscope(data)
	case head.Head != nil:
		return nil, &ReadError{Format: CPUProfile, What: "a tree below \"head\" is a heap profile, or a CPU profile from before 2017: only what node --cpu-prof writes is read"}
	}
	return nil, &ReadError{Format: "JSON", What: `it has neither "nodes" (V8's .cpuprofile) nor "profiles" (speedscope)`}
}

// jsonError puts the place into an error of encoding/json.
func jsonError(f Format, err error) error {
	e := &ReadError{Format: f, What: err.Error()}
	if j := (*json.SyntaxError)(nil); errors.As(err, &j) {
		e.Place = fmt.Sprintf("byte %d", j.Offset)
	}
	if j := (*json.UnmarshalTypeError)(nil); errors.As(err, &j) {
		e.Place = fmt.Sprintf("byte %d", j.Offset)
	}
	return e
}

func readPprof(data []byte) (*Profile, error) {
	p, err := pprof.ParseUncompressed(data)
	if err != nil {
		return nil, &ReadError{Format: Pprof, What: err.Error()}
	}
	if len(p.SampleType) == 0 {
		return nil, &ReadError{Format: Pprof, What: "its samples have no values"}
	}
	if err := p.CheckValid(); err != nil {
		return nil, &ReadError{Format: Pprof, What: err.Error()}
	}
	f := Pprof
	for _, c := range p.Comments {
		if name, ok := strings.CutPrefix(c, commentFormat); ok {
			f = Format(name)
		}
	}
	return &Profile{Data: p, Format: f}, nil
}

// stackOf returns a stack given root first as locations leaf first, or an error
// if it is deeper than any real one.
func stackOf(b *builder, rootFirst []string, module string) ([]*pprof.Location, error) {
	if len(rootFirst) > maxFrames {
		return nil, fmt.Errorf("a stack of %d frames; the most is %d", len(rootFirst), maxFrames)
	}
	var stack []*pprof.Location
	for _, name := range slices.Backward(rootFirst) {
		stack = append(stack, b.at(frameNamed(name, module)))
	}
	return stack, nil
}
