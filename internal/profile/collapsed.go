package profile

import (
	"fmt"
	"strconv"
	"strings"
)

// looksCollapsed tells whether one of the first lines is a stack and a number:
// the reader then says which are not.
func looksCollapsed(text string) bool {
	n := 0
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		_, err := strconv.ParseInt(line[strings.LastIndexAny(line, " \t")+1:], 10, 64)
		if err == nil && strings.ContainsAny(line, " \t") && !strings.HasPrefix(line, "#") {
			return true
		}
		if n++; n > 20 {
			break
		}
	}
	return false
}

// readCollapsed reads a line for each stack: frames root first, joined by
// semicolons, a space, a weight. A frame that holds a semicolon cannot be told
// from two.
func readCollapsed(text string) (*Profile, error) {
	b := newBuilder(kind("samples", "count"))
	number := 0
	for line := range strings.Lines(text) {
		number++
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		names, n, err := collapsedLine(line)
		if err == nil {
			stack, deep := stackOf(b, names, "")
			if err = deep; err == nil {
				b.add(stack, n)
			}
		}
		if err != nil {
			return nil, &ReadError{Format: Collapsed, Place: fmt.Sprintf("line %d", number), What: err.Error()}
		}
	}
	return b.done(Collapsed, "Collapsed stacks do not say what a weight is: they are taken for samples.")
}

func collapsedLine(line string) ([]string, int64, error) {
	i := strings.LastIndexAny(line, " \t")
	if i < 0 {
		return nil, 0, fmt.Errorf("%.80q has no weight behind a space", line)
	}
	n, err := strconv.ParseInt(line[i+1:], 10, 64)
	if err != nil {
		return nil, 0, fmt.Errorf("%.80q is no whole number", line[i+1:])
	}
	if n < 0 {
		return nil, 0, fmt.Errorf("the weight %d is negative", n)
	}
	if deep := strings.Count(line[:i], ";") + 1; deep > maxFrames {
		return nil, 0, fmt.Errorf("a stack of %d frames; the most is %d", deep, maxFrames)
	}
	names := strings.Split(strings.TrimSpace(line[:i]), ";")
	for i, name := range names {
		if name == "" { // an address without a symbol, as some programs write it
			names[i] = "[unknown]"
		}
	}
	return names, n, nil
}

// frameNamed takes a frame's text for what it is: as pstats writes functions,
// "name (file:line)" as speedscope and others show them, or a bare name.
func frameNamed(text, module string) Function {
	if f := listedFunction(text); f.File != "" {
		return f
	}
	if name, rest, ok := strings.Cut(text, " ("); ok && strings.HasSuffix(rest, ")") {
		file := strings.TrimSuffix(rest, ")")
		if i := strings.LastIndexByte(file, ':'); i > 0 {
			if line, err := strconv.ParseInt(file[i+1:], 10, 64); err == nil && line >= 0 {
				return Function{Name: name, File: file[:i], Line: line}
			}
		}
	}
	return Function{Name: text, Module: module}
}
