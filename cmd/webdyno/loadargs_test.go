package main

import (
	"slices"
	"strings"
	"testing"
)

// People type long options as they are used to, with one dash or two; clusters
// of short ones keep their meaning, and values are nobody's business.
func TestLongOptionsWithOneDash(t *testing.T) {
	for typed, want := range map[string]string{
		"load -duration 10s u":           "load --duration 10s u",
		"load -rate=100 u":               "load --rate=100 u",
		"load u -connections 5 -latency": "load u --connections 5 --latency",
		"load -expect-status=204 u":      "load --expect-status=204 u",
		"load -body x -timeout 1s u":     "load --body x --timeout 1s u",
		"load -help":                     "load --help",
		"versus -rounds 6 a b":           "versus --rounds 6 a b",

		"load -t 1 -c 40 -d 10 u": "load -t 1 -c 40 -d 10 u",
		"load -d10s -c40 u":       "load -d10s -c40 u",
		"load -R100 -p1 -n10k u":  "load -R100 -p1 -n10k u",
		"load -HRate:1 u":         "load -HRate:1 u",
		"load -h":                 "load -h",
		"load --rate 5 -- -rate":  "load --rate 5 -- -rate",
		"load - -":                "load - -",
		"load -é u":               "load -é u",

		// A value may look like an option.
		"load -b -rate u":            "load -b -rate u",
		"load --body -rate u":        "load --body -rate u",
		"load -body -rate -rate 5":   "load --body -rate --rate 5",
		"load -latency -rate 5":      "load --latency --rate 5",
		"load -b -- -rate 5":         "load -b -- --rate 5",
		"load --body=-rate -rate 5":  "load --body=-rate --rate 5",
		"load -Ha:b -duration 1 u":   "load -Ha:b --duration 1 u",
		"load -nosuch 5 -duration 1": "load -nosuch 5 --duration 1",

		"-version":          "-version",
		"nosuch -duration":  "nosuch -duration",
		"serve -addr :1 it": "serve --addr :1 it",
		"":                  "",
	} {
		root := rootCommand(console{strings.NewReader(""), &strings.Builder{}, &strings.Builder{}})
		got := withTwoDashes(root, strings.Fields(typed))
		if !slices.Equal(got, strings.Fields(want)) {
			t.Errorf("%s: got %q, want %q", typed, got, want)
		}
	}
}

// A cluster of switches and one with a value behind them stay together.
func TestClusters(t *testing.T) {
	root := rootCommand(console{})
	load, _, err := root.Find([]string{"load"})
	if err != nil {
		t.Fatal(err)
	}
	if load.Flags().ShorthandLookup("k") == nil {
		load.Flags().BoolP("insecure-for-this-test", "k", false, "")
	}
	load.Flags().Bool("kk", false, "")
	typed := []string{"load", "-kH", "rate: 5", "-kH", "-rate", "-kkc", "5", "-kk", "-rate", "5"}
	want := []string{"load", "-kH", "rate: 5", "-kH", "-rate", "-kkc", "5", "-kk", "--rate", "5"}
	if got := withTwoDashes(root, typed); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
