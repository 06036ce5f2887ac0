package main

import (
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"webdyno/internal/load"
	"webdyno/internal/plan"
)

// Only {seq} and {random} mean something, and not where their braces are
// doubled; JSON is typed as it is.
func TestValuesInTexts(t *testing.T) {
	show := strings.NewReplacer(load.SeqMark, "<seq>", load.RandomMark, "<random>")
	for text, want := range map[string]string{
		`{"a": {"b": {}}}`:                   `{"a": {"b": {}}}`,
		`{"n": {seq}, "r": "{random}"}`:      `{"n": <seq>, "r": "<random>"}`,
		`{"n":{seq}}`:                        `{"n":<seq>}`,
		`{{seq}} {{random}} {seq}`:           `{seq} {random} <seq>`,
		`{seq}{seq}{Seq}{ seq }{port}{sequ}`: `<seq><seq>{Seq}{ seq }{port}{sequ}`,
	} {
		if got := show.Replace(marked(text)); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
		if got := hasValues(text); got != (text != want) {
			t.Errorf("%q: has values %v", text, got)
		}
		// A plan that is made of the text says the same.
		made, err := plan.Substitute(withValues(text), map[string]string{"seq": load.SeqMark, "random": load.RandomMark})
		if err != nil || show.Replace(made) != want {
			t.Errorf("%q as a plan's: %q, %v; want %q", text, show.Replace(made), err, want)
		}
	}
	for address, want := range map[string]string{
		"http://h/a/{seq}?r={random}": "/a/<seq>?r=<random>",
		"http://h/a/{b}":              "/a/%7Bb%7D",
		"http://h/a%20b/{seq}":        "/a%20b/<seq>",
		"http://h":                    "/",
	} {
		u, err := url.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		if got := show.Replace(pathOf(u)); got != want {
			t.Errorf("%s: %q, want %q", address, got, want)
		}
	}
}

// Listed requests have values in paths and in the files of their bodies.
func TestValuesInLists(t *testing.T) {
	body := filepath.Join(t.TempDir(), "body")
	if err := os.WriteFile(body, []byte(`{"id": {seq}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	got, l := built(t, "POST /{random}\n@"+body+"\nGET http://h/{seq}", "h")
	if l.err() != nil || len(got) != 2 {
		t.Fatal(l.err(), got)
	}
	if !strings.HasSuffix(got[0], `{"id": 100000000000000}`) || !strings.HasPrefix(got[1], "GET /100000000000000 ") {
		t.Errorf("%q", got)
	}
}
