package plan

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"

	"webdyno/internal/load"
	"webdyno/internal/unit"
)

// A quantity is a kind of value that a factor may take the place of: what it is
// called, and how it is read. Canon returns the one way in which the value is
// written in a Plan.
type quantity struct {
	want  string
	json  object
	canon func(string) (string, error)
}

func counted(least, most int64) quantity {
	return quantity{
		want: fmt.Sprintf("want a whole number from %d to %d, or a {factor}", least, most),
		json: object{"type": "integer", "minimum": least, "maximum": most},
		canon: func(s string) (string, error) {
			n, err := unit.ParseCount(s)
			if err == nil && (n < least || n > most) {
				err = fmt.Errorf("%s is out of range: want a whole number from %d to %d", s, least, most)
			}
			return strconv.FormatInt(n, 10), err
		},
	}
}

func bytesUpTo(most int64) quantity {
	return quantity{
		want: "want a number of bytes such as 1000 or 64KiB, or a {factor}",
		json: object{"type": "integer", "minimum": 0, "maximum": most},
		canon: func(s string) (string, error) {
			n, err := unit.ParseBytes(s)
			if err == nil && n > most {
				err = fmt.Errorf("%s is out of range: want %s at most", s, unit.Bytes(most))
			}
			return strconv.FormatInt(n, 10), err
		},
	}
}

// bytesFrom is bytesUpTo with a least number.
func bytesFrom(least, most int64) quantity {
	q := bytesUpTo(most)
	q.json = object{"type": "integer", "minimum": least, "maximum": most}
	upTo := q.canon
	q.canon = func(s string) (string, error) {
		v, err := upTo(s)
		if n, _ := strconv.ParseInt(v, 10, 64); err == nil && n < least {
			err = fmt.Errorf("%s is out of range: want %d bytes at least", s, least)
		}
		return v, err
	}
	return q
}

func ratio() quantity {
	return quantity{
		want: "want a rate per second such as 1000 or 2.5k, or a {factor}",
		json: object{"type": "number", "exclusiveMinimum": 0, "maximum": maxRate},
		canon: func(s string) (string, error) {
			x, err := unit.ParseRate(s)
			if err == nil && (x <= 0 || x > maxRate) {
				err = fmt.Errorf("%s is out of range: want more than 0 and at most %d a second", s, int(maxRate))
			}
			return strconv.FormatFloat(x, 'f', -1, 64), err
		},
	}
}

const maxRate = 100e6

func timed(least, most time.Duration) quantity {
	return quantity{
		want: "want a time such as 500ms or 10s, or a {factor}",
		json: object{"type": "number", "minimum": 0},
		canon: func(s string) (string, error) {
			d, err := unit.ParseDuration(s)
			if err == nil && (d < least || d > most) {
				err = fmt.Errorf("%s is out of range: want a time from %s to %s", s, unit.ExactDuration(least), unit.ExactDuration(most))
			}
			return unit.ExactDuration(d), err
		},
	}
}

func worded(words ...string) quantity {
	want := "want one of " + strings.Join(words, ", ")
	return quantity{
		want: want + ", or a {factor}",
		json: object{"enum": words},
		canon: func(s string) (string, error) {
			for _, w := range words {
				if s == w {
					return s, nil
				}
			}
			return "", fmt.Errorf("%q is none of the words known here: %s", s, want)
		},
	}
}

// The keys of a load, in the order of the fields of Load.
const (
	rateKey           = "rate"
	arrivalsKey       = "arrivals"
	connectionsKey    = "connections"
	maxConnectionsKey = "max_connections"
	perConnectionKey  = "per_connection"
	pipelineKey       = "pipeline"
	closeKey          = "close"
	timeoutKey        = "timeout"
	idleKey           = "idle"
	thinkKey          = "think"
	thinkTimeKey      = "think_time"
)

// A loadKey is a key of a load: its field, what may stand there, and the value
// where nothing does.
type loadKey struct {
	name     string
	doc      string
	field    *string
	quantity quantity
	absent   string // default
}

const maxConnections = 1_000_000

// keys returns the keys that l may have, which depend on its kind.
func (l *Load) keys() []loadKey {
	least, connections := int64(1), "64"
	what := "Kept in use: so many requests are in flight at any time, times the pipeline. 64."
	if l.Open {
		least, connections = 0, "0"
		what = "Opened before the schedule starts; 0: opened as arrivals demand. 0."
	}
	ks := []loadKey{
		{connectionsKey, what, &l.Connections, counted(least, maxConnections), connections},
		{perConnectionKey, "Requests on a connection before it is closed; 0: as many as the server allows; 1: a connection for each. 0.",
			&l.PerConnection, counted(0, maxRequests), "0"},
		{pipelineKey, "Requests in flight on one connection. 1.", &l.Pipeline, counted(1, 1000), "1"},
		{closeKey, "How a connection ends after its last request: server (asked to, by a header), fin or reset. server.",
			&l.Close, worded("server", "fin", "reset"), load.ByServer.String()},
		{timeoutKey, "Of one request, from when it was due. 10s.", &l.Timeout, timed(time.Millisecond, time.Hour),
			unit.ExactDuration(load.DefaultTimeout)},
		{idleKey, "Further connections, held open and silent during each trial. 0.", &l.Idle, counted(0, maxConnections), "0"},
	}
	if !l.Open {
		return append(ks,
			loadKey{thinkKey, "Mean time between an answer and the next request in its place. 0s.", &l.Think, timed(0, time.Hour), "0s"},
			loadKey{thinkTimeKey, "How think times are spread: exponential or constant. exponential.",
				&l.ThinkTime, worded("exponential", "constant"), load.ExponentialThinking.String()})
	}
	return append([]loadKey{
		{rateKey, "Arrivals per second.", &l.Rate, ratio(), ""},
		{arrivalsKey, "How arrivals are spaced: poisson or constant. poisson.",
			&l.Arrivals, worded("poisson", "constant"), load.Poisson.String()},
		{maxConnectionsKey, "The limit where connections open on demand; 0: what descriptors and ports allow. 0.",
			&l.MaxConnections, counted(0, maxConnections), "0"},
	}, ks...)
}

// An amount is a quantity or, in its place, a factor.
type amount struct {
	into *string
	quantity

	// inPlace lets levels stand here: they make a factor that has the name of
	// the key.
	inPlace bool
}

func (a amount) read(r *reader, at string, n *yaml.Node) {
	if a.inPlace && (n.Kind == yaml.SequenceNode || n.Kind == yaml.MappingNode) {
		a.readFactor(r, at, n)
		return
	}
	scalar{want: a.want, accept: a.accept}.read(r, at, n)
}

func (a amount) accept(r *reader, _ string, n *yaml.Node) error {
	s := n.Value
	if f, ok := whole(s); ok {
		if err := r.hasFactor(f); err != nil {
			return err
		}
		*a.into = s
		return nil
	}
	if strings.ContainsAny(s, "{}") {
		return fmt.Errorf("%s is more than one {factor}: want a value, or one {factor} and nothing else", show(s))
	}
	v, err := a.canon(s)
	if err == nil {
		*a.into = v
		return nil
	}
	if isName(s) && n.Tag == "!!str" && (s[0] < '0' || s[0] > '9') && r.hasFactor(s) == nil {
		*a.into = "{" + s + "}"
		return nil
	}
	return err
}

// readFactor makes a factor of the levels that stand in place of a value.
func (a amount) readFactor(r *reader, at string, n *yaml.Node) {
	f := Factor{Name: strings.TrimSuffix(label(at), ": ")}
	levels(&f).read(r, at, n)
	if !r.sound(at) {
		return
	}
	if r.hasFactor(f.Name) == nil {
		r.complain(at, "want its levels in one place", "there is a factor %s already, under `factors:`", f.Name)
		return
	}
	r.plan.Factors = append(r.plan.Factors, f)
	r.inPlace[f.Name] = at
	*a.into = "{" + f.Name + "}"
}

// hasFactor returns an error that names the factors there are if there is none
// called name.
func (r *reader) hasFactor(name string) error {
	var names []string
	if name == rateKey && r.plan.Searches() {
		return nil // what is searched for is filled in from trial to trial
	}
	for _, f := range r.plan.Factors {
		if f.Name == name {
			return nil
		}
		names = append(names, f.Name)
	}
	if len(names) == 0 {
		return fmt.Errorf("there is no factor %s: want a value, or a factor under `factors:`", show(name))
	}
	return fmt.Errorf("there is no factor %s: want one of %s", show(name), strings.Join(names, ", "))
}

func (a amount) write() *yaml.Node {
	switch _, err := strconv.ParseFloat(*a.into, 64); {
	case *a.into == "":
		return nil
	case err != nil:
		return textNode(*a.into)
	case strings.Contains(*a.into, "."):
		return scalarNode("!!float", *a.into)
	}
	return scalarNode("!!int", *a.into)
}

func (a amount) schema(changes bool) object {
	any := []any{a.json, object{"type": "string"}}
	if a.inPlace {
		any = append(any, levels(new(Factor)).schema(changes))
	}
	return object{"anyOf": any}
}
