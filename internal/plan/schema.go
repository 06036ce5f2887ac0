package plan

import (
	_ "embed"
	"encoding/json"
	"slices"
)

//go:generate go test -run ^TestSchema$ . -update

//go:embed plan.schema.json
var schemaFile []byte

// Schema returns the JSON Schema of plans (draft 2020-12), for editors. It is
// made from the grammar that Read goes by; what one key says about another, such
// as that a factor must be used, only Read knows.
func Schema() []byte { return slices.Clone(schemaFile) }

// makeSchema derives the schema from the grammar.
func makeSchema() ([]byte, error) {
	s := grammar(new(Plan)).schema(false)
	changes := grammar(new(Plan)).schema(true)
	properties := changes["properties"].(object)
	for _, k := range []string{"preset", "quick", "aa"} {
		delete(properties, k)
	}
	properties["subjects"] = object{
		"description": "The subjects that take part: another word for take.",
		"anyOf":       []any{picks{new([]Pick)}.schema(true), object{"type": "null"}},
	}
	s["properties"].(object)["presets"] = object{
		"description":          "Named sets of changes to the plan; --quick applies the one called quick.",
		"type":                 "object",
		"maxProperties":        maxPresets,
		"propertyNames":        object{"pattern": namePattern},
		"additionalProperties": object{"$ref": "#/$defs/changes"},
	}
	s["$defs"] = object{"changes": changes}
	s["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	s["title"] = "A plan of webdyno"
	b, err := json.MarshalIndent(s, "", " ")
	return append(b, '\n'), err
}
