package plan

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/jsonschema-go/jsonschema"
	"go.yaml.in/yaml/v4"

	"webdyno/plans"
)

// The schema in the tree is the one that the grammar makes.
func TestSchema(t *testing.T) {
	made, err := makeSchema()
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile("plan.schema.json", made, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if !bytes.Equal(made, Schema()) {
		t.Error("plan.schema.json is not what the grammar makes; go generate ./internal/plan rewrites it")
	}
}

// resolvedSchema is the schema made ready, which takes a while.
var resolvedSchema = sync.OnceValues(func() (*jsonschema.Resolved, error) {
	s := new(jsonschema.Schema)
	if err := json.Unmarshal(Schema(), s); err != nil {
		return nil, err
	}
	return s.Resolve(nil)
})

// validate holds a plan's text against the schema.
func validate(t *testing.T, src []byte) error {
	t.Helper()
	resolved, err := resolvedSchema()
	if err != nil {
		t.Fatal(err)
	}
	var doc any
	if err := yaml.Load(src, &doc); err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(doc) // as an editor sees it: 1 is a number, and every key a text
	if err != nil {
		t.Fatal(err)
	}
	var plain any
	if err := json.Unmarshal(b, &plain); err != nil {
		t.Fatal(err)
	}
	return resolved.Validate(plain)
}

func TestSchemaAcceptsShippedPlans(t *testing.T) {
	for _, name := range plans.Names() {
		src, err := plans.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := validate(t, src); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestSchemaAcceptsWhatReadAccepts(t *testing.T) {
	files, _ := filepath.Glob("testdata/right/*.yaml")
	for _, f := range append(files, "testdata/design/simple.yaml") {
		if err := validate(t, []byte(fileText(t, f))); err != nil {
			t.Errorf("%s: %v", f, err)
		}
	}
}

// What can be seen from one key alone, the schema refuses as Read does.
func TestSchemaRefuses(t *testing.T) {
	const rest = "\nsubjects: [{name: a, serve: hello}]"
	for _, src := range []string{
		"title: no subjects",
		"titel: x" + rest,
		"window: fast" + rest,
		"rounds: 0" + rest,
		"cpus: none" + rest,
		"claims: [x]" + rest,
		"services: {store: {delay: 0ms}}" + rest,
		"load: {closed: {}, open: {}}" + rest,
		"load: {closed: {rate: 1}}" + rest,
		"workload: {expect: {orcale: classifier}}" + rest,
		"factors: {x: []}" + rest,
		"factors: {x: {from: 1}}" + rest,
		"presets: {quick: {windw: 1s}}" + rest,
		"subjects: [{name: a, start: x}]",
		"subjects: [{name: a, measure: x}]",
		"take: some" + rest,
		"kernel: [net.ipv4.tcp_tw_reuse]" + rest,
		"workload: {mix: [{wieght: 1}]}" + rest,
		"load: {open: {rate: 1, think: 1s}}" + rest,
		"subjects: [{name: a, serve: hello, metric: {unit: s}}]",
		"subjects: [{serve: hello}]",
	} {
		if validate(t, []byte(src)) == nil {
			t.Errorf("the schema accepts a bad plan:\n%s", src)
		}
		if _, err := Read("x", []byte(src), Options{}); err == nil {
			t.Errorf("Read accepts a bad plan:\n%s", src)
		}
	}
}

// docs/plans.md tells of every key, as `key`.
func TestDocumented(t *testing.T) {
	page := fileText(t, "../../docs/plans.md")
	var walk func(at string, s object)
	walk = func(at string, s object) {
		properties, _ := s["properties"].(object)
		for name, p := range properties {
			if !strings.Contains(page, "`"+name+"`") {
				t.Errorf("docs/plans.md says nothing of `%s` (%s)", name, join(at, name))
			}
			walk(join(at, name), p.(object))
		}
		if items, ok := s["items"].(object); ok {
			walk(at, items)
		}
		any, _ := s["anyOf"].([]interface{})
		for _, a := range any {
			walk(at, a.(object))
		}
	}
	walk("", grammar(new(Plan)).schema(false))
}

// The plans on the page are plans.
func TestDocumentedPlans(t *testing.T) {
	_, rest, found := strings.Cut(fileText(t, "../../docs/plans.md"), "```yaml\n")
	for n := 0; found; {
		block, after, _ := strings.Cut(rest, "```")
		if strings.Contains(block, "subjects:\n  - name: mine") {
			n++
			if _, err := Read("plans.md", []byte(block), Options{}); err != nil {
				t.Errorf("%v", err)
			}
			if err := validate(t, []byte(block)); err != nil {
				t.Errorf("the schema refuses:\n%s%v", block, err)
			}
		}
		if _, rest, found = strings.Cut(after, "```yaml\n"); !found && n == 0 {
			t.Error("the page has no whole plan")
		}
	}
}
