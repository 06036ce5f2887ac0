package plan

import (
	"bytes"
	"fmt"

	"go.yaml.in/yaml/v4"
)

// YAML writes the plan as it is run: every default filled in, presets applied.
// Read makes an equal plan of it.
func (p *Plan) YAML() ([]byte, error) {
	root := grammar(p).write()
	if !p.serves() {
		for _, k := range unasked {
			root = without(root, k)
		}
	}
	var b bytes.Buffer
	b.WriteString("# A plan as it is run, every default filled in.\n")
	d, err := yaml.NewDumper(&b, yaml.WithIndent(2), yaml.WithLineWidth(-1), yaml.WithUnicode(true))
	if err == nil {
		err = d.Dump(root)
	}
	if err == nil {
		err = d.Close()
	}
	if err != nil {
		return nil, fmt.Errorf("plan %s: %w", p.Name, err)
	}
	return b.Bytes(), nil
}
