package main

import (
	"errors"
	"net/url"
	"strings"

	"webdyno/internal/load"
)

// valueWords are the words of a path or a body that stand for a value of each
// request's own, and what they become.
var valueWords = [...]struct{ word, mark string }{
	{"{seq}", load.SeqMark}, {"{random}", load.RandomMark},
}

// marked puts marks in the place of {seq} and {random} in a text of the command
// line. Doubled braces make them stand for themselves; all other braces do
// anyway, so that JSON can be typed as it is.
func marked(s string) string {
	var pairs []string
	for _, v := range valueWords {
		pairs = append(pairs, "{"+v.word+"}", v.word, v.word, v.mark)
	}
	return strings.NewReplacer(pairs...).Replace(s)
}

// hasValues tells whether a text asks for values of each request's own.
func hasValues(s string) bool { return marked(s) != s }

// hasOtherValues tells whether a text asks for values in a form that other tools
// have.
func hasOtherValues(s string) bool {
	return strings.Contains(s, "{seq:") || strings.Contains(s, "{random:")
}

var errOtherValues = errors.New("{seq:…} and {random:…} are not known: want {seq}, 15 digits, or {random}, 16 hexadecimal ones")

// pathOf returns what a URL asks for, with marks for {seq} and {random} in it,
// whose braces package url would encode.
func pathOf(u *url.URL) string {
	path := u.RequestURI()
	if hasValues(u.RawPath) {
		path = strings.NewReplacer("%7B", "{", "%7D", "}").Replace(path)
	}
	return marked(path)
}
