package report

import (
	"bytes"
	"cmp"
	"encoding"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"webdyno/internal/evidence"
	"webdyno/internal/plan"
)

// The columns of a table are taken from the types that make report.json, so that
// both have the same names and numbers, and a field that is added there is a
// column here. A column is called by the path to its field: a.subject,
// variant.python, factors.path_bytes.

// flattened makes lines of a list of structs, or of pointers to them, the heading
// first.
func flattened(rows any, factors []string) [][]string {
	list := reflect.ValueOf(rows)
	f := &flattener{factors: factors, list: list}
	of, row := list.Type().Elem(), func(row reflect.Value) (reflect.Value, bool) { return row, true }
	if of.Kind() == reflect.Pointer {
		of, row = of.Elem(), func(row reflect.Value) (reflect.Value, bool) { return row.Elem(), true }
	}
	columns := f.columns(of, "", row)
	lines := make([][]string, list.Len()+1)
	for _, c := range columns {
		lines[0] = append(lines[0], c.name)
		for i := range list.Len() {
			lines[i+1] = append(lines[i+1], c.cell(list.Index(i)))
		}
	}
	return lines
}

// A csvColumn is a name, and what it takes from a row.
type csvColumn struct {
	name string
	cell func(row reflect.Value) string
}

// A reach takes a value out of a row; false where there is none, as behind a nil
// pointer.
type reach func(row reflect.Value) (reflect.Value, bool)

type flattener struct {
	factors []string
	list    reflect.Value
}

// columns returns those of a struct's fields, in their order.
func (f *flattener) columns(t reflect.Type, prefix string, from reach) []csvColumn {
	var all []csvColumn
	for i := range t.NumField() {
		field := t.Field(i)
		if field.PkgPath != "" && !field.Anonymous {
			continue
		}
		get := func(row reflect.Value) (reflect.Value, bool) {
			v, ok := from(row)
			if !ok {
				return v, false
			}
			return v.Field(i), true
		}
		name, option, _ := strings.Cut(field.Tag.Get("json"), ",")
		if field.Anonymous && name == "" {
			all = append(all, f.columns(field.Type, prefix, get)...)
			continue
		}
		all = append(all, f.field(field.Type, prefix+name, get, option != "")...)
	}
	return all
}

// field returns the columns of one field: most have one.
func (f *flattener) field(t reflect.Type, name string, get reach, omit bool) []csvColumn {
	switch reflect.Zero(t).Interface().(type) {
	case Number, time.Time, encoding.TextMarshaler:
		return one(name, get, omit)
	case []evidence.Note:
		return joined(name, get, "; ", func(v reflect.Value) string { return v.Interface().(evidence.Note).Kind })
	case [2]float64:
		return slices.Concat(element(name+"_lo", get, 0), element(name+"_hi", get, 1))
	case []int:
		if name == "rank" {
			return slices.Concat(element("rank_best", get, 0), element("rank_worst", get, 1))
		}
		return joined(name, get, "; ", func(v reflect.Value) string { return strconv.FormatInt(v.Int(), 10) })
	case []string:
		between := "; "
		if name == "last" { // lines that somebody wrote
			between = "\n"
		}
		return joined(name, get, between, reflect.Value.String)
	}
	switch t.Kind() {
	case reflect.Map:
		return f.mapped(name, get)
	case reflect.Struct:
		return f.columns(t, name+".", get)
	case reflect.Pointer:
		return f.columns(t.Elem(), name+".", func(row reflect.Value) (reflect.Value, bool) {
			v, ok := get(row)
			return v.Elem(), ok && !v.IsNil()
		})
	case reflect.Slice:
		return nil // a table of its own
	}
	return one(name, get, omit)
}

func one(name string, get reach, omit bool) []csvColumn {
	return []csvColumn{{name, func(row reflect.Value) string {
		v, ok := get(row)
		if !ok || omit && v.IsZero() {
			return ""
		}
		return plainText(v.Interface())
	}}}
}

// element is one of a list's numbers; nothing where the list is shorter.
func element(name string, get reach, i int) []csvColumn {
	return []csvColumn{{name, func(row reflect.Value) string {
		v, ok := get(row)
		if !ok || i >= v.Len() {
			return ""
		}
		return plainText(v.Index(i).Interface())
	}}}
}

// joined puts a list into one cell.
func joined(name string, get reach, between string, text func(reflect.Value) string) []csvColumn {
	return []csvColumn{{name, func(row reflect.Value) string {
		v, ok := get(row)
		if !ok {
			return ""
		}
		var parts []string
		for i := range v.Len() {
			parts = append(parts, text(v.Index(i)))
		}
		return unformulated(strings.Join(parts, between))
	}}}
}

// mapped returns a column for each key of any row: factors in the plan's order,
// others by name.
func (f *flattener) mapped(name string, get reach) []csvColumn {
	keys := map[string]bool{}
	for i := range f.list.Len() {
		if v, ok := get(f.list.Index(i)); ok {
			for _, k := range v.MapKeys() {
				keys[k.String()] = true
			}
		}
	}
	var all []csvColumn
	for _, key := range slices.SortedFunc(maps.Keys(keys), f.order) {
		all = append(all, csvColumn{name + "." + key, func(row reflect.Value) string {
			v, ok := get(row)
			if !ok {
				return ""
			}
			x := v.MapIndex(reflect.ValueOf(key))
			if !x.IsValid() {
				return ""
			}
			return plainText(x.Interface())
		}})
	}
	return all
}

func (f *flattener) order(a, b string) int {
	place := func(key string) int {
		if i := slices.Index(f.factors, key); i >= 0 {
			return i
		}
		return len(f.factors)
	}
	return cmp.Or(cmp.Compare(place(a), place(b)), cmp.Compare(a, b))
}

// plainText is a value as in JSON, without the quotes; "" of null. Numbers stay
// as they are, a minus before them; texts are kept from being formulas.
func plainText(v any) string {
	if l, ok := v.(plan.Level); ok {
		if _, number := l.Number(); number {
			return l.String()
		}
		return unformulated(l.String())
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return unformulated(fmt.Sprint(v))
	}
	s := strings.TrimSpace(b.String())
	if s == "null" {
		return ""
	}
	var text string
	if json.Unmarshal([]byte(s), &text) == nil {
		return unformulated(text)
	}
	return s
}

// formulas are what a text begins with that a spreadsheet reckons out, and the
// apostrophe, so that whoever takes away the first one has the text again.
const formulas = "=+-@\t\r\n'＝＋－＠"

// unformulated puts an apostrophe before a text that a spreadsheet would take for
// a formula: names in a record may come from strangers, and a table is opened with
// a double click.
func unformulated(s string) string {
	if s != "" && strings.ContainsRune(formulas, []rune(s)[0]) {
		return "'" + s
	}
	return s
}

// writeCSV writes a line: fields in quotes where they need them, CR LF at the end.
// It is not encoding/csv's, which changes line ends inside of fields.
func writeCSV(b *bytes.Buffer, fields []string) {
	for i, s := range fields {
		if i > 0 {
			b.WriteByte(',')
		}
		if s == "" && len(fields) > 1 || s != "" && !strings.ContainsAny(s, ",\"\r\n") && strings.TrimSpace(s) == s {
			b.WriteString(s)
			continue
		}
		b.WriteString(`"` + strings.ReplaceAll(s, `"`, `""`) + `"`)
	}
	b.WriteString("\r\n")
}
