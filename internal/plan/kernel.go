package plan

import (
	"fmt"
	"strings"

	"go.yaml.in/yaml/v4"
)

// kernel maps the names of kernel settings, as sysctl has them, to the values
// that they should have.
func kernel(into *[]Var) form {
	return table[Var]{
		into: into, what: "a kernel setting", most: 100,
		name: func(v *Var) *string { return &v.Name },
		each: func(v *Var) form { return kernelValue(&v.Value) },
		rule: func(name string) error {
			if _, ok := SysctlPath(name); !ok {
				return fmt.Errorf("%s is no name of a kernel setting: want one as sysctl has it, such as net.ipv4.tcp_tw_reuse", show(name))
			}
			return nil
		},
	}
}

// kernelValue is a number, or several in a text: "32768 60999".
func kernelValue(into *string) form {
	return scalar{
		want: `want a number, or a text such as "32768 60999"`,
		json: object{"type": []string{"string", "number"}},
		accept: func(_ *reader, _ string, n *yaml.Node) error {
			if len(n.Value) > 200 || strings.TrimSpace(n.Value) == "" || strings.ContainsAny(n.Value, "\r\n\x00") {
				return fmt.Errorf("%s is no value", show(n.Value))
			}
			*into = strings.Join(strings.Fields(n.Value), " ")
			return nil
		},
		print: func() *yaml.Node { return textNode(*into) },
	}
}

// SysctlPath returns where the kernel shows the setting of that name, below
// /proc/sys: "net/ipv4/tcp_tw_reuse". It is false for what is no such name, and
// so never leads out of that folder.
func SysctlPath(name string) (path string, ok bool) {
	parts := strings.Split(name, ".")
	for _, p := range parts {
		if p == "" || strings.Trim(p, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") != "" {
			return "", false
		}
	}
	return strings.Join(parts, "/"), len(parts) > 1 && len(name) <= 200
}
