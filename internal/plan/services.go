package plan

import (
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"
)

const (
	maxServices = 10
	redisScheme = "redis"
)

// A Service is something that subjects need running beside them: a store, say.
// It is described like a subject, and started, shown to listen and stopped like
// one, before the subjects of each round and after them; it is asked nothing.
// Its address is SCHEME://127.0.0.1:PORT. A URL is that of one which runs
// already, in whatever scheme it speaks.
type Service struct {
	Subject // Name, Serve, Args, Start, Shell, URL, In, Env, Needs, CPUs, Limits, Ready.Timeout and Stop

	Scheme string   // of the address: "redis"; "tcp" unless the plan says otherwise
	Prime  []string // run once after each start, and before the first use of one that runs already
	Counts []string // Redis commands that are counted over each trial: their calls must be the requests answered
}

// serviceWords are the names that stand for a service of the name given, in what
// starts the subjects that use it.
func serviceWords(name string) []string {
	return []string{name + ".url", name + ".host", name + ".port"}
}

// Words returns what stands for the service at an address, by name: "store.url",
// "store.host" and "store.port". Host and port are empty where the address has
// several.
func (s *Service) Words(address string) map[string]string {
	words := map[string]string{s.Name + ".url": address, s.Name + ".host": "", s.Name + ".port": ""}
	u, err := url.Parse(address)
	if err == nil && !strings.Contains(u.Host, ",") {
		words[s.Name+".host"], words[s.Name+".port"] = u.Hostname(), u.Port()
	}
	return words
}

// Service returns the service of a name, or nil.
func (p *Plan) Service(name string) *Service {
	for i := range p.Services {
		if p.Services[i].Name == name {
			return &p.Services[i]
		}
	}
	return nil
}

// Replace has a service of the plan stand for one that runs already at an
// address. It is then neither started nor stopped, but primed, and counted as
// the plan says.
func (p *Plan) Replace(name, address string) error {
	s := p.Service(name)
	if s == nil {
		var there []string
		for _, s := range p.Services {
			there = append(there, s.Name)
		}
		if there == nil {
			return fmt.Errorf("the plan has no services: there is no %s to replace", show(name))
		}
		return fmt.Errorf("the plan has no service %s: want %s", show(name), strings.Join(there, " or "))
	}
	if err := checkServiceURL(address); err != nil {
		return err
	}
	there := Service{
		Subject: Subject{Name: s.Name, URL: address, In: s.In, Env: s.Env, Needs: Needs{Debian: s.Needs.Debian, Modules: s.Needs.Modules}},
		Prime:   s.Prime,
	}
	there.Uses = s.Uses
	if there.Scheme, _, _ = strings.Cut(address, ":"); there.Scheme == redisScheme {
		there.Counts = s.Counts // nothing else can be asked for its calls
	}
	*s = there
	return nil
}

// checkServiceURL returns an error unless s is an address with a scheme and a
// host. What lies behind them is for those who use it.
func checkServiceURL(s string) error {
	const want = "want one such as redis://127.0.0.1:6379"
	scheme, rest, found := strings.Cut(s, "://")
	if !found || !isScheme(scheme) || rest == "" || rest[0] == '/' || strings.ContainsFunc(s, func(c rune) bool { return c <= ' ' || c == 0x7f }) {
		return fmt.Errorf("%s is no address of a service: %s", show(s), want)
	}
	return nil
}

func isScheme(s string) bool {
	for i, c := range []byte(s) {
		letter := 'a' <= c && c <= 'z'
		if !letter && (i == 0 || !strings.ContainsRune("0123456789+.-", rune(c))) {
			return false
		}
	}
	return s != "" && len(s) <= 32
}

// grammar is what may be said of a service.
func (s *Service) grammar() mapping {
	b := &s.Subject
	return mapping{what: "a service", keys: []key{
		{"serve", "One of webdyno's own servers, by name.", name(&b.Serve), false},
		{"args", "Further arguments to it.", arguments(&b.Args, 0), false},
		{"start", "The command that runs it, as an argument list. It may hold {port}, {host}, {url}, {python}, {dir}, {cpus} and {webdyno}, and the address of a service above it.",
			arguments(&b.Start, 1), false},
		{"shell", "The command that runs it, as a line for /bin/sh.", text(&b.Shell, "want a line for /bin/sh"), false},
		{"url", "Where it runs already: it is neither started nor stopped.", text(&b.URL, "want an address such as redis://127.0.0.1:6379"), false},
		{"scheme", "What its address begins with: {NAME.url} is SCHEME://127.0.0.1:PORT. tcp.", scheme(&s.Scheme), false},
		{"in", "The folder it starts in: one beside the plan, or one of subjects/. The plan's folder.", text(&b.In, "want a folder"), false},
		{"env", "Variables beside the clean environment that it gets.", variables(&b.Env), false},
		{"needs", "What the machine must have, or the subjects that use it are left out with the reason.", b.Needs.grammar(), false},
		{"prime", "A command that is run once after each start of it, and against one that runs already: an argument list.", arguments(&s.Prime, 1), false},
		{"counts", "A Redis command, or several, whose calls are counted over each trial: they must be as many as the requests answered.", commands(&s.Counts), false},
		{"cpus", "Processors of its own, where the machine has them beside the engine's and the subjects': a number, or all. Those of the subjects.", cpus(&b.CPUs), false},
		{"limits", "What it may use at most.", b.Limits.grammar(), false},
		{"ready", "When it counts as started: when it listens.", mapping{what: "`ready:`", keys: []key{
			{"timeout", "After which it counts as not started. 10s.", span(&b.Ready.Timeout, 10*time.Millisecond, time.Hour), false},
		}}, false},
		{"stop", "How it is ended.", b.Stop.grammar(), false},
	}}
}

// services maps names to services.
func services(into *[]Service) form {
	return table[Service]{
		into: into, what: "a service", most: maxServices,
		name: func(s *Service) *string { return &s.Name },
		each: func(s *Service) form { return s.grammar() },
		rule: func(name string) error {
			if !isName(name) || strings.Contains(name, ".") {
				return fmt.Errorf("%s is no name of a service: want %s, without a '.'", show(name), nameRule)
			}
			return nil
		},
	}
}

func scheme(into *string) form {
	return scalar{
		want: "want a scheme such as redis",
		json: object{"type": "string", "pattern": "^[a-z][a-z0-9+.-]{0,31}$"},
		accept: func(_ *reader, _ string, n *yaml.Node) error {
			if !isScheme(n.Value) {
				return fmt.Errorf("%s is no scheme of an address", show(n.Value))
			}
			*into = n.Value
			return nil
		},
		print: func() *yaml.Node { return textOrNothing(*into) },
	}
}

// commands are the names of Redis commands: one, or a list.
func commands(into *[]string) form {
	all := list[string]{into: into, each: command, what: "commands", least: 1, most: 20}
	return either{
		want: "want a Redis command such as xrange, or a list of them",
		scalar: scalar{
			want: "want a Redis command such as xrange",
			json: object{"type": "string", "pattern": commandPattern},
			accept: func(r *reader, at string, n *yaml.Node) error {
				var one string
				command(&one).read(r, at, n)
				*into = []string{one}
				return nil
			},
		},
		list:   all,
		chosen: func() form { return all },
	}
}

const commandPattern = "^[A-Za-z][A-Za-z0-9._|-]{0,63}$"

// command is a name as INFO commandstats has it, which is in small letters.
func command(into *string) form {
	return scalar{
		want: "want a Redis command such as xrange",
		json: object{"type": "string", "pattern": commandPattern},
		accept: func(_ *reader, _ string, n *yaml.Node) error {
			s := strings.ToLower(n.Value)
			if s == "" || len(s) > 64 || strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789._|-") != "" || s[0] < 'a' || s[0] > 'z' {
				return fmt.Errorf("%s is no name of a command", show(n.Value))
			}
			*into = s
			return nil
		},
		print: func() *yaml.Node { return textNode(*into) },
	}
}

// fillServices fills in what plans leave out of services, and which of them
// each subject uses.
func (r *reader) fillServices() {
	p := r.plan
	for i := range p.Services {
		s := &p.Services[i]
		if s.Scheme == "" {
			s.Scheme = "tcp"
			if before, _, found := strings.Cut(s.URL, "://"); found && isScheme(before) {
				s.Scheme = before
			}
		}
		place := join("services", s.Name)
		fillSubject(&s.Subject, r.written(join(place, "needs.modules")))
		if s.URL != "" {
			s.Ready = Ready{}
		}
		s.Uses = r.mentioned(s.started(place, "prime"), nil)
		s.Uses = slices.DeleteFunc(s.Uses, func(n string) bool { return n == s.Name })
	}
	for i := range p.Subjects {
		s := &p.Subjects[i]
		started, built := s.uses(item("subjects", i))
		s.Uses = r.mentioned(slices.Concat(started, built), s.Uses)
	}
}

// mentioned returns the services of uses and those that the texts mention, in
// the plan's order, so that a plan reads back the same.
func (r *reader) mentioned(texts []use, uses []string) []string {
	var all []string
	for _, s := range r.plan.Services {
		speaks := func(u use) bool {
			return slices.ContainsFunc(serviceWords(s.Name), func(w string) bool { return slices.Contains(names(u.text), w) })
		}
		if slices.Contains(uses, s.Name) || slices.ContainsFunc(texts, speaks) {
			all = append(all, s.Name)
		}
	}
	for _, u := range uses { // those that do not exist: complained of
		if !slices.Contains(all, u) {
			all = append(all, u)
		}
	}
	return all
}

// started are the texts in which names are replaced when the service starts,
// and, with "prime", afterwards.
func (s *Service) started(at string, also string) []use {
	texts, _ := s.uses(at)
	if also == "prime" {
		for i, a := range s.Prime {
			texts = append(texts, use{item(join(at, "prime"), i), a})
		}
	}
	return texts
}

// checkServices complains of services that cannot be run, and of uses of ones
// that the plan has not.
func (r *reader) checkServices() {
	var above []string
	for i := range r.plan.Services {
		s := &r.plan.Services[i]
		at := join("services", s.Name)
		r.checkServiceKind(s, at)
		names := slices.Concat(startNames, above)
		for _, u := range s.started(at, "") {
			r.checkText(u, names, "; a service knows those above it")
		}
		above = append(above, serviceWords(s.Name)...)
		for i, a := range s.Prime {
			r.checkText(use{item(join(at, "prime"), i), a}, slices.Concat(startNames, above), "")
		}
		r.checkFolder(s.In, join(at, "in"))
		if s.Serve != "" && r.opt.Serves != nil && !slices.Contains(r.opt.Serves, s.Serve) {
			r.complain(join(at, "serve"), "want one of "+strings.Join(r.opt.Serves, ", "), "serve: webdyno has no server %s", show(s.Serve))
		}
		if len(s.Counts) > 0 && s.Scheme != redisScheme && r.sound(at) {
			r.complainOfKey(join(at, "counts"), "want scheme: redis, or counts: left out", "%s: only what speaks the Redis protocol can be asked for its calls", s.called())
		}
	}
	for i, s := range r.plan.Subjects {
		for j, name := range s.Uses {
			if r.plan.Service(name) == nil && r.written(join(item("subjects", i), "uses")) {
				r.complain(item(join(item("subjects", i), "uses"), j), "want names of the plan's services", "uses: there is no service %s", show(name))
			}
		}
	}
}

func (r *reader) checkServiceKind(s *Service, at string) {
	var has []string
	for _, k := range kinds {
		if r.written(join(at, k)) {
			has = append(has, k)
		}
	}
	const want = "want exactly one of serve, start, shell and url"
	switch {
	case len(has) > 1:
		r.complainOfKey(join(at, has[1]), want, "%s: %s exclude each other", s.called(), strings.Join(has, ": and ")+":")
		return
	case len(has) == 0:
		if r.sound(at) {
			r.complainOfKey(at, want, "%s: nothing says how it is run", s.called())
		}
		return
	}
	refuse := func(why string, keys ...string) {
		for _, k := range keys {
			if r.written(join(at, k)) {
				r.complainOfKey(join(at, k), "want it left out", "%s: %s: %s", s.called(), k, why)
			}
		}
	}
	if s.Serve == "" {
		refuse("it is for servers of webdyno's own", "args")
	}
	if s.URL == "" {
		return
	}
	refuse("what runs already is not started by webdyno", "cpus", "limits", "ready", "stop")
	if err := checkServiceURL(s.URL); err != nil {
		r.complainErr(join(at, "url"), err)
	}
}

// called names the service in complaints.
func (s *Service) called() string { return "service " + s.Name }

// Address is where a service that webdyno starts is found on a port.
func (s *Service) Address(host, port string) string {
	return s.Scheme + "://" + net.JoinHostPort(host, port)
}
