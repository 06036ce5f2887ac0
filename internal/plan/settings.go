package plan

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"webdyno/internal/load"
	"webdyno/internal/unit"
)

// maxTrials is how many settings times variants a plan may have.
const maxTrials = 10_000

// maxTexts is how many bytes of requests and expected bodies all settings of a
// plan may have together.
const maxTexts = 128 << 20

// Settings returns every combination of the levels of the plan's factors, the
// last factor changing fastest, with workload and load worked out. A plan that
// Read has returned has no errors here.
func (p *Plan) Settings() ([]Setting, error) {
	if combinations(p.Factors) > maxTrials {
		return nil, fmt.Errorf("the factors make more than %d settings", maxTrials)
	}
	var all []Setting
	var texts int64
	for _, c := range product(p.Factors) {
		n, err := p.Workload.size(values(c))
		if texts += n; err == nil && texts > maxTexts {
			err = errTexts
		}
		if err != nil {
			return nil, fmt.Errorf("%sworkload: %w", at(c), err)
		}
		s := Setting{Choice: c}
		if s.Workload, err = p.Workload.exact(values(c)); err != nil {
			return nil, fmt.Errorf("%sworkload: %w", at(c), err)
		}
		if s.Load, err = p.loadOf(c); err != nil {
			return nil, fmt.Errorf("%sload: %w", at(c), err)
		}
		all = append(all, s)
	}
	return all, nil
}

var errTexts = fmt.Errorf("all settings together have more than %s of requests and expected bodies: want fewer or shorter ones", unit.Bytes(maxTexts))

// at says at which setting something is: "at path_bytes=11: "; nothing where
// the plan has no factors.
func at(c []Choice) string {
	if len(c) == 0 {
		return ""
	}
	var parts []string
	for _, x := range c {
		parts = append(parts, x.Factor+"="+x.Level.String())
	}
	return "at " + strings.Join(parts, ", ") + ": "
}

// size returns how many bytes of text the workload has with these values.
func (w *Workload) size(v map[string]string) (int64, error) {
	sum := int64(0)
	if len(w.Mix) > 0 {
		for i, one := range w.whole() {
			n, err := one.size(v)
			if sum += n; err != nil {
				return 0, fmt.Errorf("mix[%d].%w", i, err)
			}
		}
		return sum, nil
	}
	for _, t := range w.texts() {
		n, err := t.size(v)
		if err != nil {
			return 0, fmt.Errorf("%s: %w", t.name, err)
		}
		if n > t.most {
			return 0, fmt.Errorf("%s: it has %d bytes: want %s at most", t.name, n, unit.Bytes(t.most))
		}
		sum += n
	}
	n, err := w.Headers.Extra.size(v)
	return sum + n, err
}

// A part is one of a workload's texts.
type part struct {
	name string
	*Text
	most int64 // bytes
}

func (w *Workload) texts() []part {
	parts := []part{{"path", &w.Path, maxPath}, {"body", &w.Body, maxBody}}
	if w.Expect.Body != nil {
		parts = append(parts, part{"expect.body", w.Expect.Body, maxBody})
	}
	return parts
}

func (w *Workload) exact(v map[string]string) (Exact, error) {
	if len(w.Mix) > 0 {
		return w.exactMix(v)
	}
	x := Exact{Method: w.Method}
	var err error
	if x.Headers.Set, err = Substitute(w.Headers.Set, v); err != nil {
		return x, fmt.Errorf("headers: %w", err)
	}
	path, err := w.Path.make(v)
	if err == nil {
		err = checkPath(path)
	}
	if err != nil {
		return x, fmt.Errorf("path: %w", err)
	}
	x.Path = string(path)
	if x.Body, err = w.Body.make(v); err != nil {
		return x, fmt.Errorf("body: %w", err)
	}
	for _, h := range w.Headers.Add {
		if h.Value, err = Substitute(h.Value, v); err == nil {
			err = h.isHeader()
		}
		if err != nil {
			return x, fmt.Errorf("headers: %w", err)
		}
		x.Headers.Add = append(x.Headers.Add, h)
	}
	extra, err := w.Headers.Extra.make(v)
	if err != nil {
		return x, err
	}
	x.Headers.Add = append(x.Headers.Add, extra...)
	if x.Expect, err = w.Expect.exact(v); err != nil {
		return x, fmt.Errorf("expect.%w", err)
	}
	return x, nil
}

// checkPath returns an error unless path can be the target of a request.
func checkPath(path []byte) error {
	if len(path) == 0 || path[0] != '/' {
		return fmt.Errorf("%s begins with no slash: want one such as /index.html", show(string(path)))
	}
	for _, c := range path {
		if c <= ' ' || c >= 0x7f || c == '#' {
			return fmt.Errorf("the byte 0x%02x cannot stand in a path: want it as %%%02X", c, c)
		}
	}
	return nil
}

func (e *Expect) exact(v map[string]string) (ExactExpect, error) {
	x := ExactExpect{Status: e.Status, Bytes: -1, Oracle: e.Oracle}
	if e.Body != nil {
		body, err := e.Body.make(v)
		if err != nil {
			return x, fmt.Errorf("body: %w", err)
		}
		if x.Body = body; body == nil {
			x.Body = []byte{}
		}
	}
	if e.Bytes != "" {
		n, err := resolve(e.Bytes, v, unit.ParseBytes)
		if err != nil {
			return x, fmt.Errorf("bytes: %w", err)
		}
		x.Bytes = n
	}
	return x, nil
}

// size returns how many bytes the text has with these values.
func (t Text) size(v map[string]string) (int64, error) {
	if t.File != "" {
		return int64(len(t.Content)), nil
	}
	if t.Bytes != "" {
		return resolve(t.Bytes, v, unit.ParseBytes)
	}
	s, err := Substitute(t.Literal, withLive(v))
	return int64(len(s)), err
}

// make returns the text with these values; nil if it is empty.
func (t Text) make(v map[string]string) ([]byte, error) {
	if t.File != "" {
		if t.Content == nil {
			return nil, fmt.Errorf("the file %s has not been read", t.File)
		}
		return t.Content, nil
	}
	if t.Bytes == "" {
		s, err := Substitute(t.Literal, withLive(v))
		return []byte(s)[:len(s):len(s)], err
	}
	n, err := resolve(t.Bytes, v, unit.ParseBytes)
	if err != nil {
		return nil, err
	}
	prefix, err := Substitute(t.Prefix, withLive(v))
	if err != nil {
		return nil, err
	}
	repeat, err := Substitute(t.Repeat, v)
	if err != nil {
		return nil, err
	}
	if n < int64(len(prefix)) {
		return nil, fmt.Errorf("%d bytes cannot hold the prefix %s: want %d at least", n, show(prefix), len(prefix))
	}
	if repeat == "" && n > int64(len(prefix)) {
		return nil, errors.New("there is nothing to repeat: want a text under repeat")
	}
	b := make([]byte, 0, n)
	b = append(b, prefix...)
	for int64(len(b)) < n {
		b = append(b, repeat[:min(int64(len(repeat)), n-int64(len(b)))]...)
	}
	return b, nil
}

// resolve reads a value that may be a {factor}.
func resolve[T any](s string, v map[string]string, parse func(string) (T, error)) (T, error) {
	s, err := Substitute(s, v)
	if err != nil {
		var none T
		return none, err
	}
	return parse(s)
}

// exact works a load out, and finds what is impossible about it.
func (l Load) exact(v map[string]string) (load.Load, error) {
	x := map[string]string{}
	for _, k := range l.keys() {
		s, err := Substitute(*k.field, v)
		if err == nil {
			s, err = k.quantity.canon(s)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", k.name, err)
		}
		x[k.name] = s
	}
	use, err := usage(x)
	if err != nil {
		return nil, err
	}
	if !l.Open {
		return closed(x, use)
	}
	o := load.Open{
		Connections:    whollyCounted(x[connectionsKey]),
		MaxConnections: whollyCounted(x[maxConnectionsKey]),
		Use:            use,
	}
	o.Rate, _ = strconv.ParseFloat(x[rateKey], 64) // canon wrote it
	if o.Arrivals, err = load.ParseArrivals(x[arrivalsKey]); err != nil {
		return nil, err
	}
	if o.Connections > 0 && o.MaxConnections > 0 {
		return nil, errors.New("connections: and max_connections: exclude each other: want connections for a fixed pool, or max_connections as a limit to what arrivals demand")
	}
	return o, nil
}

func closed(x map[string]string, use load.Use) (load.Load, error) {
	c := load.Closed{Connections: whollyCounted(x[connectionsKey]), Use: use}
	var err error
	if c.Think, err = unit.ParseDuration(x[thinkKey]); err != nil {
		return nil, fmt.Errorf("think: %w", err)
	}
	if c.Thinking, err = load.ParseThinking(x[thinkTimeKey]); err != nil {
		return nil, err
	}
	if c.Think > 0 && use.Depth() > 1 {
		return nil, fmt.Errorf("think: who has %d requests in flight on a connection does not wait for answers: want pipeline: 1, or no think time", use.Depth())
	}
	return c, nil
}

func usage(x map[string]string) (load.Use, error) {
	u := load.Use{PerConnection: whollyCounted(x[perConnectionKey]), Pipeline: whollyCounted(x[pipelineKey]), Idle: whollyCounted(x[idleKey])}
	var err error
	if u.Close, err = load.ParseClose(x[closeKey]); err != nil {
		return u, err
	}
	if u.Timeout, err = unit.ParseDuration(x[timeoutKey]); err != nil {
		return u, err
	}
	if u.PerConnection > 0 && u.Pipeline > u.PerConnection {
		return u, fmt.Errorf("%d requests cannot be in flight on a connection that carries only %d: want pipeline at most per_connection",
			u.Pipeline, u.PerConnection)
	}
	return u, nil
}

// whollyCounted returns a count that canon has written.
func whollyCounted(s string) int {
	n, _ := strconv.Atoi(s)
	return n
}
