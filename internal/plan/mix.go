package plan

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"go.yaml.in/yaml/v4"

	"webdyno/internal/load"
)

// A Part is one request of a mix: what it does not say is as the workload around
// it has it.
type Part struct {
	Weight  int    // how often it is sent, relative to the others; 1 or more
	Method  string // empty: the workload's; so are those that are nil
	Path    *Text
	Headers *Headers
	Body    *Text
	Expect  *Expect
}

// What a mix may have at most.
const (
	maxParts  = 100
	maxWeight = 10_000
)

// liveNames stand in the path and the body of a request for what differs from
// one to the next.
var liveNames = []string{"seq", "random"}

// withLive returns v with the marks that hold their places until a request is
// sent.
func withLive(v map[string]string) map[string]string {
	with := make(map[string]string, len(v)+len(liveNames))
	maps.Copy(with, v)
	with["seq"], with["random"] = load.SeqMark, load.RandomMark
	return with
}

// mixed is a list of requests.
func mixed(into *[]Part) form {
	return list[Part]{into: into, what: "requests", least: 1, most: maxParts, lines: true,
		each: func(p *Part) form { return partForm{p} }}
}

type partForm struct{ into *Part }

func (f partForm) grammar() mapping {
	p := f.into
	return mapping{what: "a request of `mix:`", empty: true, keys: []key{
		{"weight", "How often it is sent, relative to the others. 1.", count(&p.Weight, 1, maxWeight), false},
		{"method", "The workload's.", method(&p.Method), false},
		{"path", "The workload's.", optional[Text]{&p.Path, func(t *Text) form { return texts(t, maxPath, false) }}, false},
		{"headers", "The workload's.", optional[Headers]{&p.Headers, func(h *Headers) form { return headers{h} }}, false},
		{"body", "The workload's.", optional[Text]{&p.Body, func(t *Text) form { return texts(t, maxBody, true) }}, false},
		{"expect", "The workload's.", optional[Expect]{&p.Expect, func(e *Expect) form { return e.grammar() }}, false},
	}}
}

func (f partForm) read(r *reader, at string, n *yaml.Node) {
	f.grammar().read(r, at, n)
	if f.into.Weight == 0 && !r.written(join(at, "weight")) {
		f.into.Weight = 1
	}
	if h := f.into.Headers; h != nil && h.Set == "" {
		h.Set = "minimal"
	}
}

func (f partForm) write() *yaml.Node          { return f.grammar().write() }
func (f partForm) schema(changes bool) object { return f.grammar().schema(changes) }

// An optional is a value that need not be there: nil is as good as nothing
// written.
type optional[T any] struct {
	into **T
	form func(*T) form
}

func (o optional[T]) read(r *reader, at string, n *yaml.Node) {
	*o.into = new(T)
	o.form(*o.into).read(r, at, n)
}

func (o optional[T]) write() *yaml.Node {
	if *o.into == nil {
		return nil
	}
	if n := o.form(*o.into).write(); n != nil {
		return n
	}
	return &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map", Style: yaml.FlowStyle}
}

func (o optional[T]) schema(changes bool) object { return o.form(new(T)).schema(changes) }

// over returns the workload of one request of the mix, complete.
func (p *Part) over(w Workload) Workload {
	w.Mix = nil
	if p.Method != "" {
		w.Method = p.Method
	}
	if p.Path != nil {
		w.Path = *p.Path
	}
	if p.Headers != nil {
		w.Headers = *p.Headers
	}
	if p.Body != nil {
		w.Body = *p.Body
	}
	if p.Expect != nil {
		w.Expect = *p.Expect
	}
	return w
}

// exactMix works the requests of a mix out. Whoever looks at one request only
// sees the first.
func (w *Workload) exactMix(v map[string]string) (Exact, error) {
	var all []ExactPart
	for i, one := range w.whole() {
		x, err := one.exact(v)
		if err != nil {
			return x, fmt.Errorf("mix[%d].%w", i, err)
		}
		all = append(all, ExactPart{w.Mix[i].Weight, x})
	}
	first := all[0].Exact
	first.Mix = all
	return first, nil
}

// whole returns the requests that are sent, each complete: the workload's own, or
// those of its mix.
func (w *Workload) whole() []Workload {
	if len(w.Mix) == 0 {
		return []Workload{*w}
	}
	var all []Workload
	for i := range w.Mix {
		all = append(all, w.Mix[i].over(*w))
	}
	return all
}

// texts returns what texts a request of a mix has of its own.
func (p *Part) texts() []part {
	var all []part
	if p.Path != nil {
		all = append(all, part{"path", p.Path, maxPath})
	}
	if p.Body != nil {
		all = append(all, part{"body", p.Body, maxBody})
	}
	if p.Expect != nil && p.Expect.Body != nil {
		all = append(all, part{"expect.body", p.Expect.Body, maxBody})
	}
	return all
}

// names returns the factors that are used in the request.
func (w *Workload) names() []string {
	var all []string
	for _, t := range w.texts() {
		all = slices.Concat(all, names(t.Literal), names(t.Prefix), names(t.Repeat), names(t.Bytes))
	}
	all = slices.Concat(all, names(w.Headers.Set), names(w.Headers.Extra.Count), names(w.Headers.Extra.Bytes))
	for _, h := range w.Headers.Add {
		all = append(all, names(h.Value)...)
	}
	return append(all, names(w.Expect.Bytes)...)
}

// live tells whether the text differs from request to request.
func (t Text) live() bool {
	used := slices.Concat(names(t.Literal), names(t.Prefix))
	return slices.ContainsFunc(liveNames, func(n string) bool { return slices.Contains(used, n) })
}

// unforeseen returns an error if the right answer cannot be known beforehand.
func (w *Workload) unforeseen() error {
	if w.Expect.Oracle != "" && w.Path.live() {
		return errors.New("the answer to a path that differs from request to request is not computed: want a status, or a path without {seq} and {random}")
	}
	return nil
}
