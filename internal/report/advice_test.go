package report

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"webdyno/internal/evidence"
)

// Every cause that the engine and its parser can give has its advice: whoever
// adds one is told here.
func TestEveryCauseHasAdvice(t *testing.T) {
	known := map[string]bool{}
	for _, a := range advices {
		if known[a.cause] {
			t.Errorf("%q is there twice", a.cause)
		}
		known[a.cause] = true
		if a.means == "" || a.remedy == "" || strings.HasSuffix(a.remedy, ".") {
			t.Errorf("%q: %q; %q", a.cause, a.means, a.remedy)
		}
	}
	for file, find := range map[string]string{
		"../httpwire/error.go": `Cause: "([^"]+)"`,
		"../engine/conn.go":    `(?m)^\t(?:\w+) += "([a-z ]+)"$`,
	} {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all := regexp.MustCompile(find).FindAllSubmatch(source, -1)
		if len(all) < 7 {
			t.Errorf("%s: only %d causes found", file, len(all))
		}
		for _, m := range all {
			if _, ok := adviceOn(string(m[1])); !ok {
				t.Errorf("%s: no advice on %q", file, m[1])
			}
		}
	}
}

func TestAdviceOnBeginnings(t *testing.T) {
	for cause, want := range map[string]string{
		"tls: certificate expired":           "the server's certificate has run out",
		"tls: server says handshake failure": "the server refused the TLS handshake",
		"tls: something new":                 "the TLS handshake failed",
		"tl":                                 "",
	} {
		if a, ok := adviceOn(cause); a.means != want || ok != (want != "") {
			t.Errorf("%s: %q, want %q", cause, a.means, want)
		}
	}
}

func TestCausesInText(t *testing.T) {
	ta := evidence.NewTally()
	ta.Outcomes[evidence.Refused] = 12
	ta.Causes["ECONNREFUSED"], ta.Causes["EMFILE"], ta.Causes["errno \x1b[31m"] = 9, 2, 1
	text := string(resultText(t, NewLoadResult(closedJob(), ta)))
	for _, want := range []string{
		"  cause  ECONNREFUSED × 9: nothing listens there; start the server,",
		"  cause  EMFILE × 2: webdyno may not have more files open; raise the limit",
		" × 1\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("want %q in\n%s", want, text)
		}
	}
	if strings.Contains(text, "\x1b") || strings.Index(text, "ECONNREFUSED") > strings.Index(text, "EMFILE") {
		t.Errorf("got\n%s", text)
	}
}
