package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"go.yaml.in/yaml/v4"

	"webdyno/internal/plan"
)

// versusFlags are those of load that make sense for a comparison, as typed,
// and what a plan has besides.
type versusFlags struct {
	run runFlags

	path                    string
	connections, rate       string
	arrivals, close         string
	perConnection, pipeline string
	timeout, warmup         string
	duration                string
	rounds                  int
	cpus                    string
	method, body, headerSet string
	headers, expectStatus   []string
	expectBody, expectBytes string
	objectives              []string
	seed                    uint64
	shell, printPlan        bool
	insecure                bool
}

func versusCommand(con console) *cobra.Command {
	var f versusFlags
	cmd := &cobra.Command{
		Use:   "versus A B …",
		Short: "Compare commands and running addresses at once, without writing a plan",
		Long: `Compares servers: each argument is a command to start one, with {port} where the
port goes, or the URL of one that is running. Every round starts each command
afresh, warms it, and measures all of them close together in random order; the
answer is a ratio with its interval.

A command is split into words as a shell would split it, and run without one;
--shell runs each by /bin/sh instead. A command without {port} gets it as PORT
in its environment. --print-plan prints the plan that this amounts to.`,
		Example: `  webdyno versus 'python3 a.py {port}' './b -p {port}'
  webdyno versus -R 500 'node old.js {port}' 'node new.js {port}'
  webdyno versus http://127.0.0.1:8080/ http://127.0.0.1:8081/`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) < 2 {
				return usageError{errors.New("versus wants at least two: commands with {port}, or URLs")}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			src, err := f.source(args)
			if err != nil {
				return err
			}
			if f.printPlan {
				_, err := con.out.Write(src.text)
				return err
			}
			f.run.versus = true
			return startRun(cmd.Context(), con, src, f.run)
		},
	}
	f.define(cmd)
	return cmd
}

func (f *versusFlags) define(cmd *cobra.Command) {
	fs := cmd.Flags()
	fs.SortFlags = false
	fs.StringVar(&f.path, "path", "", "ask for `PATH` (that of the first URL, or /)")
	fs.StringVarP(&f.connections, "connections", "c", "", "keep `N` connections in use (64 in a closed load)")
	fs.StringVarP(&f.rate, "rate", "R", "", "open load: `N` arrivals per second")
	fs.StringVar(&f.arrivals, "arrivals", "", "how arrivals are spaced: poisson, constant")
	fs.StringVarP(&f.duration, "duration", "d", "", "window of one trial: `D` such as 2s (2s)")
	fs.IntVar(&f.rounds, "rounds", 10, "how often everything is repeated; 6 at least for an interval")
	fs.StringVar(&f.warmup, "warmup", "", "of each start: auto, a time, or a count such as 30000req (auto)")
	fs.StringVar(&f.perConnection, "per-connection", "", "`K` requests per connection; 0: as many as the server allows")
	fs.StringVar(&f.close, "close", "", "how a connection ends after its last request: server, fin, reset")
	fs.StringVarP(&f.pipeline, "pipeline", "p", "", "`N` requests in flight per connection")
	fs.StringVar(&f.timeout, "timeout", "", "of one request, from when it was due (10s)")
	fs.StringVar(&f.cpus, "cpus", "", "CPUs that each server gets: a number, or all (1)")
	fs.StringVarP(&f.method, "method", "m", "", "method")
	fs.StringArrayVarP(&f.headers, "header", "H", nil, "header `'K: V'`; repeatable")
	fs.StringVarP(&f.body, "body", "b", "", "body: `TEXT`, or @FILE to read a file")
	fs.StringVar(&f.headerSet, "headers", "", "named header set")
	fs.StringSliceVar(&f.expectStatus, "expect-status", nil, "a right answer's status (200 to 399)")
	fs.StringVar(&f.expectBody, "expect-body", "", "a right answer's body, exactly: `TEXT`, or @FILE to read a file")
	fs.StringVar(&f.expectBytes, "expect-bytes", "", "a right answer's length of body")
	fs.StringArrayVar(&f.objectives, "objective", nil, "`'p99<50ms'`; repeatable; missed by any: exit status 3")
	fs.Uint64Var(&f.seed, "seed", 1, "of orders, arrivals and random values")
	fs.BoolVarP(&f.insecure, "insecure", "k", false, "take any certificate of https URLs")
	fs.BoolVar(&f.shell, "shell", false, "run each command by /bin/sh")
	fs.BoolVar(&f.printPlan, "print-plan", false, "print the plan that this amounts to, and stop")
	addRunFlags(cmd, &f.run)
}

// source writes the plan that the command line amounts to, so that all that
// follows, checks and complaints included, is that of any plan.
func (f *versusFlags) source(args []string) (source, error) {
	if f.arrivals != "" && f.rate == "" {
		return source{}, usageError{errors.New("--arrivals is for open loads (--rate)")}
	}
	var list []any
	for _, arg := range args {
		s, err := f.subject(arg)
		if err != nil {
			return source{}, err
		}
		list = append(list, s)
	}
	distinguish(list)
	var names []string
	for _, s := range list {
		names = append(names, s.(map[string]any)["name"].(string))
	}
	path, err := f.onePath(args)
	if err != nil {
		return source{}, err
	}
	doc := mapping{
		{"title", strings.Join(names, " versus ")},
		{"subjects", list},
		{"cpus", scalar(f.cpus)},
		{"workload", f.workload(path)},
		{"load", f.load()},
		{"warmup", orElse(f.warmup, "auto")},
		{"window", orElse(f.duration, "2s")},
		{"rounds", f.rounds},
		{"profile", f.run.profile},
		{"objectives", f.objectives},
		{"seed", f.seed},
	}
	text, err := yaml.Marshal(doc.node())
	if err != nil {
		return source{}, err
	}
	here, err := os.Getwd()
	if err != nil {
		return source{}, err
	}
	return source{name: "versus.yaml", text: text, dir: here}, nil
}

func (f *versusFlags) subject(arg string) (map[string]any, error) {
	if strings.HasPrefix(arg, "http://") || strings.HasPrefix(arg, "https://") {
		parts := strings.SplitN(arg, "/", 4)
		s := map[string]any{"name": cleanName(parts[2]), "url": strings.Join(parts[:3], "/")}
		if f.insecure && strings.HasPrefix(arg, "https://") {
			s["insecure"] = true
		}
		return s, nil
	}
	words, err := plan.SplitWords(arg)
	if err != nil {
		return nil, usageError{fmt.Errorf("%q: %w", arg, err)}
	}
	if len(words) == 0 {
		return nil, usageError{errors.New("an empty command: want one with {port}, or a URL")}
	}
	s := map[string]any{"name": nameOf(words)}
	for i := range words {
		words[i] = literal(words[i])
	}
	if f.shell {
		s["shell"] = literal(arg)
	} else {
		s["start"] = words
	}
	if !strings.Contains(arg, "{port}") {
		s["env"] = map[string]any{"PORT": "{port}"}
	}
	return s, nil
}

// nameOf names a command by its script, where it runs one, or its program.
func nameOf(words []string) string {
	for _, w := range words[1:] {
		switch filepath.Ext(w) {
		case ".py", ".js", ".mjs", ".rb", ".php", ".jar", ".pl":
			return cleanName(strings.TrimSuffix(filepath.Base(w), filepath.Ext(w)))
		}
	}
	return cleanName(filepath.Base(words[0]))
}

// cleanName makes of s a name that plans allow.
func cleanName(s string) string {
	s = strings.ToLower(s)
	s = strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '.' || r == '_' || r == '-' {
			return r
		}
		return '-'
	}, s)
	if s = strings.TrimLeft(s, "._-"); s == "" {
		return "server"
	}
	return s
}

// distinguish gives servers of one name the words by which their commands
// differ, and where that does not tell them apart, numbers: a, a-2, a-3.
func distinguish(list []any) {
	taken := map[string]bool{}
	for i, s := range list {
		s := s.(map[string]any)
		name := s["name"].(string)
		if more := ownWords(list, i); more != "" {
			name = cleanName(name + "-" + more)
		}
		s["name"] = name
		for n := 2; taken[s["name"].(string)]; n++ {
			s["name"] = fmt.Sprintf("%s-%d", name, n)
		}
		taken[s["name"].(string)] = true
	}
}

// ownWords returns the words of the i-th server's command that none of the
// others of its name has, joined by hyphens; at most three of them.
func ownWords(list []any, i int) string {
	mine := list[i].(map[string]any)
	words, _ := mine["start"].([]string)
	others := map[string]bool{}
	twins := 0
	for j, o := range list {
		other := o.(map[string]any)
		program, _ := other["start"].([]string)
		if j == i || len(program) == 0 || len(words) == 0 || nameOf(program) != nameOf(words) {
			continue
		}
		twins++
		for _, w := range program {
			others[w] = true
		}
	}
	if twins == 0 {
		return ""
	}
	var own []string
	for _, w := range words {
		if !others[w] && !strings.Contains(w, "{port}") && len(own) < 3 {
			own = append(own, strings.Trim(w, "-"))
		}
	}
	return strings.Join(own, "-")
}

// literal makes a text of the command line one of a plan: braces stand for
// themselves, but for the words that a start command may use.
func literal(s string) string {
	s = plan.Escape(s)
	for _, word := range []string{"port", "host", "cpus"} {
		s = strings.ReplaceAll(s, "{{"+word+"}}", "{"+word+"}")
	}
	return s
}

// onePath returns what every server is asked for: --path, or the path that the
// URLs have in common.
func (f *versusFlags) onePath(args []string) (string, error) {
	path := f.path
	for _, a := range args {
		parts := strings.SplitN(a, "/", 4)
		if f.path != "" || !strings.Contains(a, "://") || len(parts) < 4 || parts[3] == "" {
			continue
		}
		if own := "/" + parts[3]; path == "" || path == own {
			path = own
		} else {
			return "", usageError{fmt.Errorf("the URLs have different paths, %s and %s, and all servers are asked for one: say which with --path", path, own)}
		}
	}
	return withValues(orElse(path, "/")), nil
}

func (f *versusFlags) workload(path string) mapping {
	headers := any(f.headerSet)
	if len(f.headers) > 0 {
		var add []string
		for _, h := range f.headers {
			add = append(add, plan.Escape(h))
		}
		headers = mapping{{"set", f.headerSet}, {"add", add}}
	}
	return mapping{
		{"method", f.method},
		{"path", path},
		{"headers", headers},
		{"body", bodyOrFile(f.body)},
		{"expect", mapping{
			{"status", f.expectStatus},
			{"body", textOrFile(f.expectBody)},
			{"bytes", scalar(f.expectBytes)},
		}},
	}
}

func (f *versusFlags) load() mapping {
	use := mapping{
		{"per_connection", scalar(f.perConnection)},
		{"pipeline", scalar(f.pipeline)},
		{"close", f.close},
		{"timeout", f.timeout},
	}
	if f.rate != "" {
		return mapping{{"open", append(mapping{
			{"rate", scalar(f.rate)}, {"arrivals", f.arrivals}, {"connections", scalar(f.connections)},
		}, use...)}}
	}
	return mapping{{"closed", append(mapping{{"connections", scalar(orElse(f.connections, "64"))}}, use...)}}
}

func orElse(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

func textOrFile(s string) any {
	if name, ok := strings.CutPrefix(s, "@"); ok {
		return mapping{{"file", name}}
	}
	return plan.Escape(s)
}

func bodyOrFile(s string) any {
	if strings.HasPrefix(s, "@") {
		return textOrFile(s)
	}
	return withValues(s)
}

// withValues makes a path or a body of the command line a text of a plan: {seq}
// and {random} mean what they do there, and all other braces themselves.
func withValues(s string) string {
	s = plan.Escape(marked(s))
	for _, v := range valueWords {
		s = strings.ReplaceAll(s, v.mark, v.word)
	}
	return s
}

// A mapping is a YAML mapping whose keys keep their order; entries that are
// empty are left out.
type mapping []entry

type entry struct {
	key   string
	value any
}

// A scalar is a text that is written without quotes, so that a number stays
// one.
type scalar string

func (m mapping) node() *yaml.Node {
	n := &yaml.Node{Kind: yaml.MappingNode}
	for _, e := range m {
		if v := valueNode(e.value); v != nil {
			n.Content = append(n.Content, &yaml.Node{Kind: yaml.ScalarNode, Value: e.key}, v)
		}
	}
	return n
}

// valueNode returns the node for v, or nil if there is nothing to say.
func valueNode(v any) *yaml.Node {
	switch v := v.(type) {
	case mapping:
		if n := v.node(); len(n.Content) > 0 {
			return n
		}
		return nil
	case scalar:
		if v == "" {
			return nil
		}
		return &yaml.Node{Kind: yaml.ScalarNode, Value: string(v)}
	case string:
		if v == "" {
			return nil
		}
	case []string:
		if len(v) == 0 {
			return nil
		}
	}
	n := new(yaml.Node)
	if err := n.Encode(v); err != nil {
		panic(err) // only texts, numbers and lists of them come here
	}
	return n
}
