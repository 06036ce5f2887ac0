package plan

import (
	"bytes"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// A KeyDifference is a key that two plans do not have alike, each side as it is
// written, in one line; "" where it is not.
type KeyDifference struct{ Key, Old, New string }

// aside are the keys by which nothing is measured otherwise: what is asked of the
// figures afterwards, and who takes part, which is told subject by subject.
var aside = []string{"title", "subjects", "take", "compare", "margin", "objectives", "claims", "fallback", "preset", "strict", "thresholds", "profile"}

// Differences returns what two plans measure differently: the keys of the plan
// itself whose values are not alike. Subjects are not among them.
func Differences(old, fresh *Plan) []KeyDifference {
	a, b := *old, *fresh // write needs addresses, and changes nothing
	before, after := grammar(&a), grammar(&b)
	var all []KeyDifference
	for i, k := range before.keys {
		if slices.Contains(aside, k.name) {
			continue
		}
		x, y := inOneLine(k.form.write()), inOneLine(after.keys[i].form.write())
		if x != y {
			all = append(all, KeyDifference{k.name, x, y})
		}
	}
	return all
}

// inOneLine writes a node in YAML's flow style.
func inOneLine(n *yaml.Node) string {
	if n == nil {
		return ""
	}
	flow(n)
	var b bytes.Buffer
	d, err := yaml.NewDumper(&b, yaml.WithLineWidth(-1), yaml.WithUnicode(true))
	if err == nil {
		err = d.Dump(n)
	}
	if err == nil {
		err = d.Close()
	}
	if err != nil {
		return err.Error() // of a plan that was read there is none
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

func flow(n *yaml.Node) {
	if n.Kind == yaml.MappingNode || n.Kind == yaml.SequenceNode {
		n.Style = yaml.FlowStyle
	}
	for _, c := range n.Content {
		flow(c)
	}
}
