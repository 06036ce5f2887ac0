package plan

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"
)

// The language of plans, from the top down. What each key means is told to
// people in docs/plans.md; a test keeps that page complete.

// What a plan may have at most.
const (
	maxSubjects = 100
	maxFactors  = 20
	maxPresets  = 32
	maxArgs     = 1000
	maxPath     = 32 << 10 // bytes; no server takes more
	maxBody     = 64 << 20
)

// grammar returns the whole language around the fields of p.
func grammar(p *Plan) mapping {
	return mapping{what: "a plan", empty: true, keys: []key{
		{"title", "What the plan asks, in one line. The plan's name.", text(&p.Title, "want a line of text"), false},
		{"subjects", "The servers that are compared.", subjects(&p.Subjects), true},
		{"take", "The subjects that take part, by name, or variants of them, such as gevent[python=cpython]; or all. all.", picks{&p.Take}, false},
		{"services", "What subjects need running beside them, such as a store: each name with how it is run.", services(&p.Services), false},
		{"factors", "What varies from trial to trial, in the workload and the load: each name with its levels.", factors(&p.Factors, planFactor), false},
		{"workload", "What is asked, and how a right answer looks.", p.Workload.grammar(), false},
		{"capacity", "Goals whose highest rate is searched for: the load is open and has no rate of its own.", p.Capacity.grammar(), false},
		{"load", "How hard: closed (so many requests in flight) or open (arrivals at a rate).", loads{&p.Load}, false},
		{"warmup", "Of a freshly started subject, discarded: auto, a time, a count such as 30000req, or none. auto.", warmup(&p.Warmup), false},
		{"rewarm", "Discarded at the start of each trial, since another subject ran before. 500ms.", span(&p.Rewarm, 0, time.Minute), false},
		{"window", "What is counted of each trial. 5s.", span(&p.Window, 10*time.Millisecond, time.Hour), false},
		{"blocks", "How often each setting is tried in a round. 1.", count(&p.Blocks, 1, 100), false},
		{"rounds", "How often everything is repeated with freshly started subjects: a number, or {min, max, until}.", rounds(&p.Rounds), false},
		{"budget", "No new round starts after it; 0: no limit. 30m.", span(&p.Budget, 0, 1000*time.Hour), false},
		{"mode", "Which subjects are alive while one is under load: resident (all), frozen (all, the others stopped in their tracks), exclusive (that one alone), or auto. auto.",
			oneOf(&p.Mode, AutoMode, Resident, Frozen, Exclusive), false},
		{"cpus", "Processors of each subject: a number, or all. 1.", cpus(&p.CPUs), false},
		{"compare", "The figure that verdicts are about. throughput; of an open load response_p90.", comparedMetric(p), false},
		{"margin", "How large a difference must be to matter, for all metrics or for each: 2%, or {throughput: 2%, response_p99: 5%}. 2%; of errors a tenth of a point.", margins(&p.Margin), false},
		{"profile", "Where the time goes: a profile of every subject, taken in trials of their own at the end of a round. off.", profiling(&p.Profile), false},
		{"objectives", "Bounds to be kept, such as p99<50ms, errors<0.1% or rate>1000.",
			list[Objective]{into: &p.Objectives, each: objective, what: "objectives", most: 100}, false},
		{"claims", "Sentences about figures that the plan puts to the test, such as throughput: a > b at per_connection=1.", claims(&p.Claims), false},
		{"kernel", "Kernel settings that the machine is held against, by sysctl's names; a difference is noted, and nothing is set.", kernel(&p.Kernel), false},
		{"strict", "Whether doubt about the machine makes a trial invalid, and no answer is better than a doubtful one. false.", boolean(&p.Strict), false},
		{"thresholds", "Where a signal becomes a warning and where it becomes worse, by its name, such as foreign_cpu: {warn: 0.1, worse: 0.3}.", thresholds(&p.Thresholds), false},
		{"seed", "Of orders, arrivals and random values. 1.", seed(&p.Seed), false},
		{"fallback", "The shipped plan to carry out instead where fewer than two subjects can run.", name(&p.Fallback), false},
		{"preset", "Written by webdyno into a record: the preset that led to this plan.", name(&p.Preset), false},
		{"quick", "Written by webdyno into a record: the plan is a shortened form, and its report not publishable.", boolean(&p.Quick), false},
		{"aa", "Written by webdyno into a record: an A/A run, in which every subject is measured against itself.", boolean(&p.AA), false},
	}}
}

func subjects(into *[]Subject) form {
	return list[Subject]{
		into: into, what: "subjects", least: 1, most: maxSubjects, lines: true,
		each: func(s *Subject) form { return s.grammar() },
	}
}

func (s *Subject) grammar() mapping {
	return mapping{what: "a subject", keys: []key{
		{"name", "What reports call it.", name(&s.Name), true},
		{"serve", "One of webdyno's own servers, by name.", name(&s.Serve), false},
		{"args", "Further arguments to it.", arguments(&s.Args, 0), false},
		{"start", "The command that runs it, as an argument list. It may hold {port}, {host}, {url}, {python}, {dir}, {cpus}, {webdyno}, {build}, the addresses of services and its own factors.",
			arguments(&s.Start, 1), false},
		{"shell", "The command that runs it, as a line for /bin/sh.", text(&s.Shell, "want a line for /bin/sh"), false},
		{"url", "Where it runs already, http or https: it is neither started nor stopped.", text(&s.URL, "want an address such as http://127.0.0.1:8080"), false},
		{"insecure", "With an address of https: whatever certificate it shows will do. false.", boolean(&s.Insecure), false},
		{"measure", "A command that measures itself, as an argument list. It may hold what start may, but for {port} and {url}, and factors of the plan.",
			arguments(&s.Measure, 1), false},
		{"metric", "With measure: what it prints.", s.Metric.grammar(), false},
		{"timeout", "With measure: how long one run of it may take. 10m.", span(&s.Timeout, 10*time.Millisecond, 24*time.Hour), false},
		{"in", "The folder it starts in: one beside the plan, or one of subjects/. The plan's folder.",
			text(&s.In, "want a folder"), false},
		{"env", "Variables beside the clean environment that every subject gets.", variables(&s.Env), false},
		{"uses", "The services it needs. Those whose {NAME.url}, {NAME.host} or {NAME.port} it mentions.",
			list[string]{into: &s.Uses, each: name, what: "services", most: maxServices}, false},
		{"venv", "A virtual environment whose python runs it, or a folder of Python modules (pip install --target).", text(&s.Venv, "want a folder"), false},
		{"build", "Commands that are run once, before the first round: argument lists. Or, by a factor of its own, what is built into {build} and kept.", builds(s), false},
		{"needs", "What the machine must have, or the subject is left out with the reason.", s.Needs.grammar(), false},
		{"variants", "Its own factors: each combination of their levels is started by itself.", factors(&s.Variants, variantFactor), false},
		{"cpus", "Processors of this subject: a number, all, or one of its own factors, such as \"{cores}\". The plan's.", subjectCPUs(&s.CPUs), false},
		{"limits", "What it may use at most.", s.Limits.grammar(), false},
		{"ready", "When it counts as started: when it answers.", s.Ready.grammar(), false},
		{"stop", "How it is ended.", s.Stop.grammar(), false},
		{"profile", "How it is profiled where the plan asks for profiles: off, or another profiler than the plan's. The plan's.", subjectProfile(&s.Profile), false},
		{"plain", "The subject that this one is when no profiler is in it: the report sets what a change gains there beside what it seems to gain here.", name(&s.Plain), false},
		{"old_of", "The subject of which this one is the old build: the report says what changed between the two, and run ends with status 3 if it got worse.", name(&s.OldOf), false},
		{"bound", "It is shown as a bound, and takes part in no verdict. false.", boolean(&s.Bound), false},
		{"control", "It takes part twice, the second time as NAME.twin: the report says whether the two could be told apart, which they should not. false.", boolean(&s.Control), false},
	}}
}

func (n *Needs) grammar() form {
	names := func(into *[]string, what string) list[string] {
		return list[string]{into: into, what: what, most: 100,
			each: func(s *string) form { return text(s, "want a name") }}
	}
	modules := names(&n.Modules, "modules")
	modules.empty = len(n.Debian) > 0 // else they would be derived again
	return mapping{what: "`needs:`", keys: []key{
		{"debian", "Debian packages that bring what it needs.", names(&n.Debian, "packages"), false},
		{"npm", "npm packages that node must find from the subject's folder, such as express or express@5.", names(&n.Npm, "packages"), false},
		{"modules", "Python modules that {python} must be able to import. X of each Debian package python3-X.", modules, false},
		{"commands", "Programs that must be on PATH.", names(&n.Commands, "commands"), false},
		{"hint", "What would mend it, where installing those packages does not.", text(&n.Hint, "want a command, or words"), false},
	}}
}

func (l *Limits) grammar() form {
	return mapping{what: "`limits:`", keys: []key{
		{"files", "Open descriptors.", count(&l.Files, 16, 100_000_000), false},
		{"memory", "Memory of all its processes together.", size(&l.Memory, 1<<20, 1<<50), false},
	}}
}

func (r *Ready) grammar() form {
	return mapping{what: "`ready:`", keys: []key{
		{"path", "What is asked. The workload's first request.", text(&r.Path, "want a path such as /health"), false},
		{"timeout", "After which it counts as not started. 10s.", span(&r.Timeout, 10*time.Millisecond, time.Hour), false},
	}}
}

func (s *Stop) grammar() form {
	return mapping{what: "`stop:`", keys: []key{
		{"signal", "What its process group is sent first: TERM, INT or QUIT. TERM.", oneOf(&s.Signal, "TERM", "INT", "QUIT"), false},
		{"grace", "After which it is killed. 5s.", span(&s.Grace, time.Millisecond, time.Hour), false},
	}}
}

// arguments is an argument list.
func arguments(into *[]string, least int) form {
	return either{
		want: `want a list of arguments such as ["python3", "app.py", "--port={port}"]; a line for a shell goes under "shell:"`,
		list: argumentList(into, least),
		chosen: func() form {
			return argumentList(into, least)
		},
	}
}

func argumentList(into *[]string, least int) form {
	return list[string]{into: into, each: template, what: "arguments", least: least, most: maxArgs}
}

// variables are an environment.
func variables(into *[]Var) form {
	return table[Var]{
		into: into, what: "a variable", most: 200,
		name: func(v *Var) *string { return &v.Name },
		each: func(v *Var) form { return template(&v.Value) },
		rule: func(name string) error {
			if name == "" || strings.ContainsAny(name, "=\x00 \n") {
				return fmt.Errorf("%s is no name of a variable: want one without '=' and spaces", show(name))
			}
			return nil
		},
	}
}

// factors map names to levels.
func factors(into *[]Factor, rule func(string) error) form {
	return table[Factor]{
		into: into, what: "a factor", most: maxFactors, rule: rule,
		name: func(f *Factor) *string { return &f.Name },
		each: levels,
	}
}

func planFactor(name string) error {
	if slices.Contains(liveNames, name) {
		return fmt.Errorf("a factor cannot be called %s: want another name, since {%s} differs from request to request", name, name)
	}
	if !isName(name) {
		return fmt.Errorf("%s is no name of a factor: want %s", show(name), nameRule)
	}
	return nil
}

func variantFactor(name string) error {
	if name == "build" || name == profileName || name != "python" && slices.Contains(startNames, name) {
		return fmt.Errorf("a variant cannot be called %s: want another name, since {%s} is filled in by webdyno", name, name)
	}
	return planFactor(name)
}

// rounds is a number, or {min, max, until}.
func rounds(into *Rounds) form {
	fixed := scalar{
		want: fmt.Sprintf("want a whole number from 1 to %d, or {min: 10, max: 40, until: 2%%}", maxRounds),
		json: object{"type": "integer", "minimum": 1, "maximum": maxRounds},
		accept: func(r *reader, at string, n *yaml.Node) error {
			var k int
			count(&k, 1, maxRounds).read(r, at, n)
			*into = Rounds{Min: k, Max: k}
			return nil
		},
	}
	return either{
		want:    fixed.want,
		scalar:  fixed,
		mapping: roundsMapping(into),
		chosen:  func() form { return roundsMapping(into) },
	}
}

const maxRounds = 10_000

func roundsMapping(into *Rounds) mapping {
	return mapping{what: "`rounds:`", keys: []key{
		{"min", "So many in any case. 10, or max if that is less.", count(&into.Min, 1, maxRounds), false},
		{"max", "So many at most. 40, or min if that is more.", count(&into.Max, 1, maxRounds), false},
		{"until", "Stop in between once every interval is this narrow, either side of its centre; 0: do all. 2%.", share(&into.Until), false},
	}}
}

// loads is {closed: …} or {open: …}.
type loads struct{ into *Load }

func (l loads) kinds() mapping {
	open, closed := *l.into, *l.into
	open.Open, closed.Open = true, false
	return mapping{what: "`load:`", keys: []key{
		{"closed", "So many requests in flight; each answer releases the next.", loadKind(&closed), false},
		{"open", "Arrivals at a rate, whether or not earlier ones have been answered.", loadKind(&open), false},
	}}
}

func loadKind(l *Load) mapping {
	m := mapping{what: "a closed load", empty: true}
	if l.Open {
		m.what = "an open load"
	}
	for _, k := range l.keys() {
		m.keys = append(m.keys, key{k.name, k.doc, amount{into: k.field, quantity: k.quantity, inPlace: true}, false})
	}
	return m
}

func (l loads) read(r *reader, at string, n *yaml.Node) {
	open, closed := lookup(n, "open") != nil, lookup(n, "closed") != nil
	if n.Kind != yaml.MappingNode {
		l.kinds().read(r, at, n) // complains
		return
	}
	if open == closed {
		l.kinds().read(r, at, n)
		r.complain(at, "want either closed: or open:", "load: neither closed nor open, or both")
		return
	}
	l.into.Open = open
	l.chosen().read(r, at, n)
}

// chosen is the load with the one key that it has.
func (l loads) chosen() mapping {
	kind := "closed"
	if l.into.Open {
		kind = "open"
	}
	return mapping{what: "`load:`", keys: []key{{kind, "", loadKind(l.into), false}}}
}

func (l loads) write() *yaml.Node { return l.chosen().write() }

func (l loads) schema(changes bool) object {
	s := l.kinds().schema(changes)
	s["minProperties"], s["maxProperties"] = 1, 1
	return s
}
