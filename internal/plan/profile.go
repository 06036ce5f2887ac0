package plan

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"
)

// A Profiler is a way of finding out where a subject's time goes.
type Profiler string

const (
	// AutoProfiler is the least disturbing one that knows the subject's language.
	AutoProfiler Profiler = "auto"
	NoProfiler   Profiler = "off"

	CProfile Profiler = "cprofile" // Python's own, which counts every call
	Sampler  Profiler = "sampler"  // webdyno's own for Python, which looks now and then
	Pprof    Profiler = "pprof"    // Go's, asked for over HTTP
	V8       Profiler = "v8"       // of node
	Perf     Profiler = "perf"     // the kernel's, of anything
)

// profilers are all that a plan can name.
var profilers = []Profiler{AutoProfiler, NoProfiler, CProfile, Sampler, Pprof, V8, Perf}

// Profiling asks for profiles, taken in trials of their own at the end of a
// round. The zero Profiling is none.
type Profiling struct {
	With   Profiler      // of every subject that says nothing else; "": there are no profiles
	At     []Choice      // at which levels; a factor that is not named is at its last
	Rounds int           // so many, the first ones
	Window time.Duration // of each of these trials
}

// A SubjectProfile says how one subject is profiled where the plan asks for
// profiles. The zero SubjectProfile leaves that to the plan.
type SubjectProfile struct {
	With Profiler
	URL  string // with Pprof: where it is asked for; may hold {url}, {host}, {port}
}

// profileName is the word that stands for the file that a subject writes a
// profile of itself to.
const profileName = "profile"

// WritesProfile tells whether the subject writes a profile of itself, since
// {profile} stands in what starts it.
func (s *Subject) WritesProfile() bool {
	started, _ := s.uses("")
	return slices.ContainsFunc(started, func(u use) bool { return slices.Contains(names(u.text), profileName) })
}

// What profiling is where the plan does not say.
const (
	profileRounds = 5 // with fewer it cannot be told which functions changed
	profileWindow = 3 * time.Second
	quickProfile  = 2 * time.Second

	profiledWarmth = 2 * time.Second // as Estimate assumes it
)

// Profiles tells whether the plan asks for profiles.
func (p *Plan) Profiles() bool { return p.Profile.With != "" && !p.Measures() }

// ProfileOf returns how s is profiled; with NoProfiler it is not.
func (p *Plan) ProfileOf(s *Subject) SubjectProfile {
	switch {
	case !p.Profiles():
		return SubjectProfile{With: NoProfiler}
	case s.Profile.With != "":
		return s.Profile
	}
	return SubjectProfile{With: p.Profile.With}
}

// ProfileID names the trial of round n that takes a profile of v:
// "r03-profile-uvloop".
func ProfileID(n int, v Variant) string {
	return fmt.Sprintf("r%02d-profile-%s", n, v.fileName())
}

// profilesTake is how long the profiles of so many rounds take.
func (p *Plan) profilesTake(variants, rounds int) time.Duration {
	if !p.Profiles() {
		return 0
	}
	each := startTime + profiledWarmth + p.Rewarm + p.Profile.Window + stopTime
	profiled := 0
	for _, v := range p.Variants() {
		if p.ProfileOf(v.Subject).With != NoProfiler {
			profiled++
		}
	}
	return time.Duration(min(variants, profiled)*min(rounds, p.Profile.Rounds)) * each
}

// ProfiledSetting returns the index among Settings of the one at which profiles
// are taken.
func (p *Plan) ProfiledSetting() int {
	n := 0
	for _, f := range p.Factors {
		n = n*len(f.Levels) + p.Profile.levelOf(f)
	}
	return n
}

func (q *Profiling) levelOf(f Factor) int {
	for _, c := range q.At {
		if c.Factor != f.Name {
			continue
		}
		if i := slices.IndexFunc(f.Levels, func(l Level) bool { return l.String() == c.Level.String() }); i >= 0 {
			return i
		}
	}
	return len(f.Levels) - 1
}

// TakeProfiles turns profiling on, as a command line does: a plan that says more
// of it keeps that.
func (p *Plan) TakeProfiles(with Profiler) {
	p.Profile.With = with
	if with == NoProfiler {
		p.Profile = Profiling{}
	}
	p.Profile.fill()
	if p.Quick {
		p.Profile.shorten()
	}
}

// ParseProfiler reads the name of a profiler.
func ParseProfiler(s string) (Profiler, bool) {
	return Profiler(s), slices.Contains(profilers, Profiler(s))
}

// ProfilerNames are the names that ParseProfiler knows.
func ProfilerNames() string { return joined(profilers) }

func joined(ps []Profiler) string {
	var names []string
	for _, p := range ps {
		names = append(names, string(p))
	}
	return strings.Join(names, ", ")
}

// fill fills in what the plan does not say.
func (q *Profiling) fill() {
	if q.With == NoProfiler {
		*q = Profiling{}
	}
	if q.With == "" {
		return
	}
	if q.Rounds == 0 {
		q.Rounds = profileRounds
	}
	if q.Window == 0 {
		q.Window = profileWindow
	}
}

func (q *Profiling) shorten() { q.Window = min(q.Window, quickProfile) }

// profiling is one word, or a mapping.
func profiling(into *Profiling) form {
	return either{
		want:    "want one of " + joined(profilers) + ", or {with: auto, at: {path_bytes: 101}, rounds: 5, window: 3s}",
		scalar:  oneOf(&into.With, profilers...),
		mapping: profilingMapping{into},
		chosen: func() form {
			if into.With == "" {
				return unsaid{}
			}
			return profilingMapping{into}
		},
	}
}

// profilingMapping is a mapping whose profiler is chosen by itself if it says
// nothing of it.
type profilingMapping struct{ into *Profiling }

func (m profilingMapping) keys() mapping {
	return mapping{what: "`profile:`", keys: []key{
		{"with", "The profiler, of every subject that says nothing else. auto.", oneOf(&m.into.With, profilers...), false},
		{"at", "The levels at which profiles are taken: each factor with one of its levels. The last of each.", table[Choice]{
			into: &m.into.At, what: "a factor", most: maxFactors,
			name: func(c *Choice) *string { return &c.Factor },
			each: func(c *Choice) form { return level(&c.Level) },
			rule: func(string) error { return nil }, // checkProfile knows them
		}, false},
		{"rounds", "In how many rounds, the first ones; it takes 5 to tell which functions a change touched. 5.", count(&m.into.Rounds, 1, maxRounds), false},
		{"window", "What is counted of each. 3s.", span(&m.into.Window, 100*time.Millisecond, 10*time.Minute), false},
	}}
}

func (m profilingMapping) read(r *reader, at string, n *yaml.Node) {
	m.into.With = AutoProfiler
	m.keys().read(r, at, n)
}

func (m profilingMapping) write() *yaml.Node          { return m.keys().write() }
func (m profilingMapping) schema(changes bool) object { return m.keys().schema(changes) }

// unsaid is a form of what need not be written.
type unsaid struct{}

func (unsaid) read(*reader, string, *yaml.Node) {}
func (unsaid) write() *yaml.Node                { return nil }
func (unsaid) schema(bool) object               { return object{} }

// subjectProfile is one word, or where to ask for Go's profile.
func subjectProfile(into *SubjectProfile) form {
	word := oneOf(&into.With, profilers...)
	return either{
		want:    "want one of " + joined(profilers) + `, or {pprof: "{url}/debug/pprof/profile"}`,
		scalar:  word,
		mapping: pprofAt{into},
		chosen: func() form {
			if into.URL != "" {
				return pprofAt{into}
			}
			return word
		},
	}
}

type pprofAt struct{ into *SubjectProfile }

func (m pprofAt) keys() mapping {
	return mapping{what: "`profile:`", keys: []key{
		{"pprof", "Where Go's net/http/pprof answers, such as \"{url}/debug/pprof/profile\"; what it may hold is {url}, {host} and {port}.",
			text(&m.into.URL, `want an address such as "{url}/debug/pprof/profile"`), true},
	}}
}

func (m pprofAt) read(r *reader, at string, n *yaml.Node) {
	m.into.With = Pprof
	m.keys().read(r, at, n)
}

func (m pprofAt) write() *yaml.Node          { return m.keys().write() }
func (m pprofAt) schema(changes bool) object { return m.keys().schema(changes) }

// checkProfile complains of profiles that could not be taken.
func (r *reader) checkProfile() {
	p := r.plan
	if p.Profile.With != "" && p.Searches() {
		r.complainOfKey("profile", "want a plan of its own with a load", "profile: a search for capacities has no setting whose load is known beforehand")
	}
	for _, c := range p.Profile.At {
		place := join("profile.at", c.Factor)
		at := slices.IndexFunc(p.Factors, func(f Factor) bool { return f.Name == c.Factor })
		switch {
		case at < 0 && r.sound("factors"):
			r.complainOfKey(place, known(factorNames(p.Factors)), "the plan has no factor %s", show(c.Factor))
		case at >= 0 && !slices.ContainsFunc(p.Factors[at].Levels, func(l Level) bool { return l.String() == c.Level.String() }):
			r.complain(place, "want one of its levels", "%s has no level %s", c.Factor, show(c.Level.String()))
		}
	}
	for i := range p.Subjects {
		r.checkSubjectProfile(&p.Subjects[i], join(item("subjects", i), "profile"))
	}
}

func (r *reader) checkSubjectProfile(s *Subject, at string) {
	with := s.Profile.With
	switch {
	case with == "" || !r.sound(at):
	case s.Measures() && with != NoProfiler:
		r.complainOfKey(at, "want {profile} in its command: the file that it writes its own profile to", "%s: it measures itself, and no other profiler is set on it", s.called())
	case s.URL != "" && with != NoProfiler && s.Profile.URL == "":
		r.complainOfKey(at, `want {pprof: "http://…/debug/pprof/profile"} where it has that, or nothing`, "%s: what runs already cannot be started anew with a profiler", s.called())
	case with == Pprof && s.Profile.URL == "" && s.Serve == "":
		r.complain(at, `want {pprof: "{url}/debug/pprof/profile"}`, "%s: nothing says where its profile is asked for", s.called())
	case s.Profile.URL != "":
		r.checkText(use{join(at, "pprof"), s.Profile.URL}, []string{"url", "host", "port"}, "")
	}
}
