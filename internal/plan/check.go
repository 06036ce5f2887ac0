package plan

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// startNames are the names that may be used in what starts a subject, beside
// the subject's own factors.
var startNames = []string{"port", "host", "url", "python", "dir", "cpus", "webdyno"}

// check complains of what is wrong between the parts of a plan that are right
// each for itself.
func (r *reader) check() {
	for i := range r.plan.Subjects {
		r.checkSubject(&r.plan.Subjects[i], item("subjects", i))
	}
	r.checkServices()
	r.checkSubjectNames()
	r.checkTwins()
	r.checkTake()
	r.checkComparable()
	r.checkLevels("factors", r.plan.Factors)
	r.checkNames()
	r.checkWorkload()
	r.checkCapacity()
	r.checkProfile()
	r.checkUses()
	r.checkSize()
	r.checkSettings()
	r.checkRounds()
	r.checkMargins()
	r.checkThresholds()
	r.checkOldOf()
	r.checkPlain()
	r.checkClaims()
}

func (r *reader) checkSubject(s *Subject, at string) {
	if r.checkKind(s, at) {
		r.checkOnlyWith(s, at)
	}
	r.checkLevels(join(at, "variants"), s.Variants)
	r.checkClash(s, at)
	r.checkSubstitution(s, at)
	r.checkCPUs(s, at)
	if s.Measures() {
		r.checkMeasured(s, at)
	}
	if s.URL != "" {
		if err := checkURL(s.URL); err != nil {
			r.complainErr(join(at, "url"), err)
		}
	}
	if s.Serve != "" && r.opt.Serves != nil && !slices.Contains(r.opt.Serves, s.Serve) {
		r.complain(join(at, "serve"), "want one of "+strings.Join(r.opt.Serves, ", "), "serve: webdyno has no server %s", show(s.Serve))
	}
	if s.Ready.Path != "" {
		if err := checkPath([]byte(s.Ready.Path)); err != nil {
			r.complainErr(join(at, "ready.path"), err)
		}
	}
	r.checkFolder(s.In, join(at, "in"))
	r.checkBuilds(s, at)
}

// kinds are the keys of which a subject has exactly one.
var kinds = []string{"serve", "start", "shell", "url", "measure"}

func (r *reader) checkKind(s *Subject, at string) bool {
	var has []string
	for _, k := range kinds {
		if r.written(join(at, k)) {
			has = append(has, k)
		}
	}
	const want = "want exactly one of serve, start, shell, url and measure"
	switch len(has) {
	case 0:
		if r.sound(at) {
			r.complain(at, want, "%s: nothing says how it is run", s.called())
		}
		return false
	case 1:
		return true
	}
	r.complainOfKey(join(at, has[1]), want, "%s: %s exclude each other", s.called(), strings.Join(has, ": and ")+":")
	return false
}

// checkOnlyWith complains of keys that mean nothing for the subject's kind.
func (r *reader) checkOnlyWith(s *Subject, at string) {
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
	if s.Serve != "" {
		refuse("a server of webdyno's own needs neither a folder nor building", "in", "build", "venv")
	}
	if !s.Measures() {
		refuse("it is for commands that measure themselves", "metric", "timeout")
	} else {
		refuse("a command that measures itself answers nobody, and ends of itself", "ready", "stop")
	}
	if !s.TLS() {
		refuse("only an address of https has a certificate", "insecure")
	}
	if s.URL != "" {
		refuse("what runs already is not started by webdyno",
			"in", "env", "build", "venv", "uses", "needs", "variants", "cpus", "limits", "stop")
	}
}

// TLS tells whether the subject is asked over TLS.
func (s *Subject) TLS() bool { return strings.HasPrefix(strings.ToLower(s.URL), "https:") }

// called names the subject in complaints.
func (s *Subject) called() string {
	if s.Name == "" {
		return "this subject"
	}
	return "subject " + s.Name
}

func checkURL(s string) error {
	const want = "want an address such as http://127.0.0.1:8080"
	u, err := url.Parse(s)
	if err != nil {
		return fmt.Errorf("%s is no address: %s", show(s), want)
	}
	if u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return fmt.Errorf("%s is no address of a server: %s", show(s), want)
	}
	return nil
}

// checkClash complains of a variant that has the name of a factor of the plan,
// since the two would be mixed up in the report.
func (r *reader) checkClash(s *Subject, at string) {
	for _, v := range s.Variants {
		for _, f := range r.plan.Factors {
			if f.Name == v.Name {
				r.complainOfKey(join(join(at, "variants"), v.Name), "want another name",
					"%s is a factor of the plan already", v.Name)
			}
		}
	}
}

// A use is a text in which names may be replaced, and where it stands.
type use struct {
	place string
	text  string
}

func (s *Subject) uses(at string) (started, built []use) {
	for i, a := range s.Args {
		started = append(started, use{item(join(at, "args"), i), a})
	}
	for i, a := range s.Start {
		started = append(started, use{item(join(at, "start"), i), a})
	}
	for i, a := range s.Measure {
		started = append(started, use{item(join(at, "measure"), i), a})
	}
	started = append(started, use{join(at, "shell"), s.Shell})
	for _, v := range s.Env {
		started = append(started, use{join(join(at, "env"), v.Name), v.Value})
	}
	for i, step := range s.Build {
		for j, a := range step {
			built = append(built, use{item(item(join(at, "build"), i), j), a})
		}
	}
	return started, append(built, s.buildUses(at)...)
}

func (r *reader) checkSubstitution(s *Subject, at string) {
	var own []string
	for _, v := range s.Variants {
		own = append(own, v.Name)
	}
	started, built := s.uses(at)
	names := append(slices.Clone(startNames), profileName)
	for _, v := range own {
		if !slices.Contains(names, v) {
			names = append(names, v)
		}
	}
	if len(s.Builds) > 0 {
		names = append(names, "build")
	}
	still := slices.DeleteFunc(slices.Clone(names), func(n string) bool { return n == "port" || n == "url" || n == profileName })
	for _, v := range r.plan.Services {
		names = append(names, serviceWords(v.Name)...)
	}
	hint := ""
	if s.Measures() {
		names = slices.DeleteFunc(names, func(n string) bool { return n == "port" || n == "url" })
		names = append(names, factorNames(r.plan.Factors)...) // it is run anew in each trial
		hint = "; a command that measures itself has no port"
	}
	for _, u := range started {
		r.checkText(u, names, hint)
	}
	for _, u := range built {
		r.checkText(u, still, "; ports, those of services too, are chosen at each start, after building")
	}
	if f := s.CPUs.Factor; f != "" {
		started = append(started, use{join(at, "cpus"), "{" + f + "}"})
	}
	if !r.sound(at) {
		return
	}
	for _, v := range own {
		if !s.builtBy(v) && !slices.ContainsFunc(slices.Concat(started, built), func(u use) bool { return slices.Contains(namesIn(u.text), v) }) {
			r.complainOfKey(join(join(at, "variants"), v), fmt.Sprintf("want {%s} in start, shell, args, env, cpus or build", v),
				"%s: its factor %s is used nowhere", s.called(), v)
		}
	}
}

// checkText complains of the first name in a text that has no value there.
func (r *reader) checkText(u use, names []string, hint string) {
	for _, p := range cut(u.text) {
		switch {
		case p.stray != "":
			what, want, _ := strings.Cut(p.stray, "; ")
			r.complain(u.place, want, "%s: %s", show(u.text), what)
			return
		case p.name == "" || slices.Contains(names, p.name):
		case r.hasFactor(p.name) == nil && !strings.HasPrefix(u.place, "workload"):
			r.complain(u.place, "want it in the workload or the load; what a subject is started with varies under its `variants:`",
				"{%s} varies from trial to trial, and a subject is started once in a round", p.name)
			return
		default:
			r.complain(u.place, known(names), "there is no {%s} here%s", p.name, hint)
			return
		}
	}
}

func (r *reader) checkSubjectNames() {
	first := map[string]int{}
	for i, s := range r.plan.Subjects {
		if j, twice := first[s.Name]; twice && s.Name != "" {
			r.complain(join(item("subjects", i), "name"), "want a name of its own for each subject",
				"subjects %d and %d are both called %s", j+1, i+1, s.Name)
			continue
		}
		first[s.Name] = i
	}
}

// checkLevels complains of levels that occur twice.
func (r *reader) checkLevels(at string, fs []Factor) {
	for _, f := range fs {
		seen := map[string]bool{}
		if !r.sound(join(at, f.Name)) {
			continue
		}
		for i, l := range f.Levels {
			if seen[l.String()] {
				r.complain(r.levelPlace(at, f.Name, i), "want each level once", "%s: the level %s is here twice", f.Name, show(l.String()))
			}
			seen[l.String()] = true
		}
	}
}

func (r *reader) levelPlace(at, factor string, i int) string {
	if at == "factors" && r.inPlace[factor] != "" {
		return item(r.inPlace[factor], i)
	}
	return item(join(at, factor), i)
}

// checkNames complains of names that are known elsewhere, or not.
func (r *reader) checkNames() {
	known := func(name, place, what string, names []string) {
		if name != "" && names != nil && !slices.Contains(names, name) && r.sound(place) {
			r.complain(place, "want one of "+strings.Join(names, ", "), "there is no %s %s", what, show(name))
		}
	}
	check := func(at string, h *Headers, e *Expect) {
		place := join(at, "headers")
		if r.written(join(place, "set")) {
			place = join(place, "set")
		}
		if h != nil {
			known(r.fixedSet(h, place), place, "set of headers", r.opt.HeaderSets)
		}
		if e != nil {
			known(e.Oracle, join(at, "expect.oracle"), "oracle", r.opt.Oracles)
		}
	}
	w := &r.plan.Workload
	check("workload", &w.Headers, &w.Expect)
	for i, p := range w.Mix {
		check(item("workload.mix", i), p.Headers, p.Expect)
	}
	known(r.plan.Fallback, "fallback", "shipped plan", r.opt.Plans)
}

// fixedSet returns the set of headers that does not vary; where a factor chooses
// it, nothing, having complained of levels that are no such set.
func (r *reader) fixedSet(h *Headers, place string) string {
	f, varies := whole(h.Set)
	if !varies {
		return h.Set
	}
	for _, one := range r.plan.Factors {
		for i, l := range one.Levels {
			if one.Name == f && r.opt.HeaderSets != nil && !slices.Contains(r.opt.HeaderSets, l.String()) && r.sound(place) {
				r.complain(r.levelPlace("factors", f, i), "want one of "+strings.Join(r.opt.HeaderSets, ", "),
					"%s: there is no set of headers %s", f, show(l.String()))
			}
		}
	}
	return ""
}

// checkCPUs complains of a factor for the number of processors that is not the
// subject's, and of levels that are no such number.
func (r *reader) checkCPUs(s *Subject, at string) {
	name := s.CPUs.Factor
	if name == "" || !r.sound(join(at, "cpus"), join(at, "variants")) {
		return
	}
	for _, f := range s.Variants {
		if f.Name != name {
			continue
		}
		for i, l := range f.Levels {
			if _, err := parseCPUs(l.String()); err != nil {
				what, want, _ := strings.Cut(err.Error(), ": ")
				r.complain(r.levelPlace(join(at, "variants"), name, i), want, "%s: it is taken for cpus, and %s", name, what)
			}
		}
		return
	}
	r.complain(join(at, "cpus"), "want a factor under its `variants:`, or a number", "%s has no factor %s", s.called(), show(name))
}

// checkWorkload complains of what a workload cannot ask for.
func (r *reader) checkWorkload() {
	w := &r.plan.Workload
	r.checkTexts("workload", w.texts())
	r.checkHeaders("workload.headers", &w.Headers)
	r.checkExpect("workload.expect", &w.Expect, w.Method)
	for i := range w.Mix {
		p, place := &w.Mix[i], item("workload.mix", i)
		r.checkTexts(place, p.texts())
		if p.Headers != nil {
			r.checkHeaders(join(place, "headers"), p.Headers)
		}
		if p.Expect != nil || p.Method != "" {
			one := p.over(*w)
			r.checkExpect(join(place, "expect"), &one.Expect, one.Method)
		}
	}
	for i, one := range w.whole() {
		place := "workload"
		if len(w.Mix) > 0 {
			place = item("workload.mix", i)
		}
		if err := one.unforeseen(); err != nil {
			r.complainErr(join(place, "expect.oracle"), err)
		}
	}
}

// checkTexts complains of texts that cannot be made, and of names in them that
// stand for nothing.
func (r *reader) checkTexts(at string, texts []part) {
	for _, t := range texts {
		place := join(at, t.name)
		r.checkMade(t, place)
		known := factorNames(r.plan.Factors)
		for i, u := range t.uses(place) {
			if i < 2 && t.name != "expect.body" { // what is repeated may be cut anywhere
				r.checkText(u, append(known, liveNames...), "")
				continue
			}
			r.checkText(u, known, "")
		}
	}
}

func (r *reader) checkHeaders(at string, hs *Headers) {
	if r.written(join(at, "add")) {
		at = join(at, "add")
	}
	for i, h := range hs.Add {
		r.checkText(use{item(at, i), h.Value}, factorNames(r.plan.Factors), "")
		r.checkHeader(h)
	}
}

func (r *reader) checkExpect(at string, e *Expect, method string) {
	if e.Oracle != "" && (e.Body != nil || e.Bytes != "") {
		r.complainOfKey(at+".oracle", "want one of them", "oracle: computes the whole body; body: and bytes: say the same again")
	}
	if e.Body != nil && e.Bytes != "" {
		r.complainOfKey(at+".bytes", "want one of them", "bytes: body: says how long it is already")
	}
	if method == "HEAD" && (e.Oracle != "" || e.Body != nil || e.Bytes != "") {
		r.complain(at, "want a status only", "expect: an answer to HEAD has no body")
	}
}

// checkHeader complains of levels that would end the header they stand in. One
// level at a time is enough, and the combinations may be many.
func (r *reader) checkHeader(h Var) {
	used := names(h.Value)
	for _, f := range r.plan.Factors {
		for i, l := range f.Levels {
			if slices.Contains(used, f.Name) && strings.ContainsAny(l.String(), "\r\n\x00") {
				r.complain(r.levelPlace("factors", f.Name, i), "want one line",
					"%s: a level with a line break would end the header %s", f.Name, h.Name)
			}
		}
	}
}

// uses returns the parts of the text in which names are replaced.
func (t Text) uses(place string) []use {
	return []use{{place, t.Literal}, {join(place, "prefix"), t.Prefix}, {join(place, "repeat"), t.Repeat}}
}

// checkMade complains of a text that is half given and half made.
func (r *reader) checkMade(t part, place string) {
	if !t.made() || !r.sound(place) {
		return
	}
	const want = "want {literal: …}, {file: …}, or {prefix: …, repeat: …, bytes: …}"
	switch lengthy := t.Bytes != "" || t.Repeat != "" || t.Prefix != ""; {
	case t.File != "" && (lengthy || t.Literal != ""), t.Literal != "" && lengthy:
		r.complain(place, want, "%s: it is given in two ways", t.name)
	case t.File != "":
		r.readFile(t.Text, join(place, "file"))
	case t.Bytes == "":
		r.complain(place, "want bytes: how long it is in all", "%s: nothing says how long it is", t.name)
	case t.Repeat == "":
		r.complain(place, "want repeat: what fills it up", "%s: nothing says what it is made of", t.name)
	}
}

// checkRounds complains of bounds that exclude each other.
func (r *reader) checkRounds() {
	if n := r.plan.Rounds; n.Min > n.Max && r.sound("rounds") {
		r.complain("rounds", "want min at most max", "rounds: min is %d and max is %d", n.Min, n.Max)
	}
}
