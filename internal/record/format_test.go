package record

import (
	"os"
	"os/exec"
	"reflect"
	"strings"
	"testing"

	"webdyno/internal/evidence"
)

const formatPage = "../../docs/format.md"

func readPage(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile(formatPage)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// Whatever is written is told: a field that docs/format.md does not name is one
// that another program has to guess.
func TestEveryFieldIsTold(t *testing.T) {
	page := readPage(t)
	told := func(name string) bool { return strings.Contains(page, "`"+name+"`") }
	for _, v := range []any{wireLine{}, wireSetup{}} {
		for _, name := range jsonNames(reflect.TypeOf(v)) {
			if !told(name) {
				t.Errorf("docs/format.md says nothing of %q", name)
			}
		}
	}
	values := append(windowTags[:], perSecond)
	for o := range evidence.NumOutcomes {
		values = append(values, o.String())
	}
	for _, value := range values {
		if !told(value) {
			t.Errorf("docs/format.md says nothing of %q", value)
		}
	}
}

// jsonNames returns the names of a struct's fields and of the structs in it.
func jsonNames(of reflect.Type) []string {
	for of.Kind() == reflect.Pointer || of.Kind() == reflect.Slice || of.Kind() == reflect.Map {
		of = of.Elem()
	}
	if of.Kind() != reflect.Struct || of.PkgPath() != reflect.TypeOf(wireLine{}).PkgPath() {
		return nil
	}
	var names []string
	for i := range of.NumField() {
		name, _, _ := strings.Cut(of.Field(i).Tag.Get("json"), ",")
		names = append(names, name)
		names = append(names, jsonNames(of.Field(i).Type)...)
	}
	return names
}

// The commands that docs/format.md shows give what it says they give.
func TestFormatExamples(t *testing.T) {
	for _, program := range []string{"sh", "jq", "sha256sum"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("the examples need %s, and it is not on the PATH", program)
		}
	}
	shown := 0
	for block := range strings.SplitSeq(readPage(t), "```console\n") {
		example, _, _ := strings.Cut(block, "```")
		command, want, ok := strings.Cut(strings.TrimPrefix(example, "$ "), "\n")
		if !ok || !strings.HasPrefix(example, "$ ") {
			continue
		}
		shown++
		c := exec.CommandContext(t.Context(), "sh", "-c", command)
		c.Dir = golden
		got, err := c.CombinedOutput()
		if err != nil || string(got) != want {
			t.Errorf("$ %s\n%swant\n%s(%v)", command, got, want, err)
		}
	}
	if shown == 0 {
		t.Errorf("%s shows no example", formatPage)
	}
}
