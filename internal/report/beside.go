package report

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"webdyno/internal/evidence"
	"webdyno/internal/stat"
	"webdyno/internal/unit"
)

// A ServiceUsed is what ran beside the subjects, and what it used.
type ServiceUsed struct {
	Name string `json:"name"`
	Says string `json:"says,omitempty"` // what it says of itself: "Redis 7.0.15"
	CPUs string `json:"cpus,omitempty"` // where it ran, and who else did
	URL  string `json:"url,omitempty"`  // of one that was running already

	Counted  []string     `json:"counted,omitempty"` // commands whose calls were held against the answers
	Balanced int          `json:"balanced"`          // trials in which they agreed
	Beside   []ServiceCPU `json:"beside,omitempty"`
}

// A ServiceCPU is what a service used beside one variant: medians over trials.
type ServiceCPU struct {
	Who
	CPU  Number `json:"cpu_us"` // per answer
	Busy Number `json:"busy"`   // of the CPUs that it may run on, as a share
}

// Tested is the code that was under test.
type Tested struct {
	Who
	Content map[string]string `json:"content,omitempty"`
	Modules map[string]string `json:"modules,omitempty"`
	Tools   map[string]string `json:"tools,omitempty"`
}

// A beside is what is kept of a service during one trial.
type beside struct {
	name, says string
	cpu, busy  Number
	counted    []string
	balanced   bool
}

func besideOf(m *evidence.Measurement) []beside {
	var all []beside
	for i := range m.Services {
		s := &m.Services[i]
		b := beside{name: s.Name, says: s.Says}
		if u := s.Usage; u != nil && u.Span > 0 {
			if u.Answered > 0 {
				b.cpu = exactly(float64(u.CPU.Nanoseconds()) / 1000 / float64(u.Answered))
			}
			if s.CPUs > 0 {
				b.busy = exactly(busyShare(s))
			}
		}
		if s.Calls != nil {
			b.counted, b.balanced = s.Calls.Commands, s.Calls.Balanced()
		}
		all = append(all, b)
	}
	return all
}

// imbalance says what calls that do not match the answers mean.
func imbalance(c *evidence.Calls) string {
	text := ""
	if c.Wrong > 0 {
		text = fmt.Sprintf(" (%s of them wrong)", unit.Count(int64(c.Wrong)))
	}
	if c.Due != c.Answered {
		text += fmt.Sprintf(" to %s requests", unit.Count(int64(c.Due)))
	}
	if c.Made < c.Answered-min(c.Wrong, c.Answered) {
		return text + ": requests were answered without asking it"
	}
	return text + ": requests asked it more than once, or something else did"
}

// upper writes commands as Redis's documents do.
func upper(commands []string) string {
	var all []string
	for _, c := range commands {
		all = append(all, strings.ToUpper(c))
	}
	return strings.Join(all, " and ")
}

// busyShare is the share that a service used of the CPUs that it may run on.
func busyShare(s *evidence.Service) float64 {
	return s.Usage.CPU.Seconds() / s.Usage.Span.Seconds() / float64(s.CPUs)
}

// serviceCalls warns where answers did not cost the calls that they should have.
func (g *grader) serviceCalls(l limits) {
	for i := range g.m.Services {
		s := &g.m.Services[i]
		c := s.Calls
		if c == nil {
			continue
		}
		if c.Balanced() {
			g.see(max(g.now.value, 0))
			continue
		}
		g.graded(l, 1, "calls-unbalanced", "%s counted %s calls of %s for %s answers%s",
			s.Name, unit.Count(int64(c.Made)), upper(c.Commands), unit.Count(int64(c.Answered)), imbalance(c))
	}
}

// serviceCPU warns where a service, and not the subject, may be what was
// measured.
func (g *grader) serviceCPU(l limits) {
	for i := range g.m.Services {
		s := &g.m.Services[i]
		if u := s.Usage; u == nil || u.Span <= 0 || s.CPUs == 0 || s.Shared {
			continue
		}
		most := max(g.now.value, busyShare(s))
		g.graded(l, busyShare(s), "service-near-limit", "%s used %s of its own CPUs: it, and not the subject, may be the limit", s.Name, unit.Share(busyShare(s)))
		g.see(most)
	}
}

// serviceWeight warns where a service on the subject's own CPUs took more of them
// than the subject did.
func (g *grader) serviceWeight(l limits) {
	for i := range g.m.Services {
		s := &g.m.Services[i]
		u, subject := s.Usage, g.m.Server
		if u == nil || u.Span <= 0 || s.CPUs == 0 || !s.Shared || subject == nil || u.CPU <= 0 {
			continue
		}
		weight := float64(u.CPU) / float64(u.CPU+subject.CPU)
		most := max(g.now.value, weight)
		g.graded(l, weight, "service-weighs-more", "%s, on the same CPUs as the subject, used more of them (%s) than the subject did", s.Name, unit.Share(busyShare(s)))
		g.see(most)
	}
}

// servicesUsed gathers what ran beside the subjects.
func (t *table) servicesUsed() []ServiceUsed {
	var all []ServiceUsed
	for i := range t.plan.Services {
		if u := t.serviceUsed(t.plan.Services[i].Name); u != nil {
			t.servicePlace(u)
			all = append(all, *u)
		}
	}
	return all
}

// serviceUsed returns what is known of one service; nil if no trial had it.
func (t *table) serviceUsed(name string) *ServiceUsed {
	u := &ServiceUsed{Name: name}
	cpu, busy := map[*variant][]float64{}, map[*variant][]float64{}
	seen := false
	for _, tr := range t.trials {
		i := slices.IndexFunc(tr.beside, func(b beside) bool { return b.name == name })
		if i < 0 {
			continue
		}
		seen = true
		b := tr.beside[i]
		u.add(b)
		if b.cpu.Known() && tr.sound() {
			cpu[tr.variant] = append(cpu[tr.variant], b.cpu.X)
		}
		if b.busy.Known() && tr.sound() {
			busy[tr.variant] = append(busy[tr.variant], b.busy.X)
		}
	}
	for _, v := range t.variants {
		c := ServiceCPU{Who: v.Who}
		if len(cpu[v]) > 0 {
			c.CPU = exactly(stat.Median(cpu[v]))
		}
		if len(busy[v]) > 0 {
			c.Busy = exactly(stat.Median(busy[v]))
		}
		if c.CPU.Known() || c.Busy.Known() {
			u.Beside = append(u.Beside, c)
		}
	}
	if !seen {
		return nil
	}
	return u
}

// add takes in what the service said in one trial.
func (u *ServiceUsed) add(b beside) {
	if b.says != "" {
		u.Says = b.says
	}
	if b.counted != nil {
		u.Counted = b.counted
	}
	if b.balanced {
		u.Balanced++
	}
}

// servicePlace says where a service ran.
func (t *table) servicePlace(u *ServiceUsed) {
	if t.setup == nil {
		return
	}
	for _, s := range t.setup.Services {
		if s.Name != u.Name {
			continue
		}
		u.URL = s.URL
		if len(s.CPUs) == 0 {
			return
		}
		u.CPUs = cpus(s.CPUs) + ", its own"
		for _, other := range t.setup.Subjects {
			if overlap(s.CPUs, other.CPUs) {
				u.CPUs = cpus(s.CPUs) + ", which the subjects have too"
			}
		}
		if overlap(s.CPUs, t.setup.CPUs.Engine) {
			u.CPUs += ", the engine's among them"
		}
	}
}

func overlap(a, b []int) bool {
	return slices.ContainsFunc(a, func(c int) bool { return slices.Contains(b, c) })
}

// tested lists the code that was under test, as far as more is known of it than
// its name.
func (t *table) tested() []Tested {
	if t.setup == nil {
		return nil
	}
	var all []Tested
	for _, s := range slices.Concat(t.setup.Subjects, t.setup.Services) {
		if s.Skipped == "" && len(s.Content)+len(s.Modules)+len(s.Tools) > 0 {
			all = append(all, Tested{Who: who(s.Name, s.Variant), Content: s.Content, Modules: s.Modules, Tools: s.Tools})
		}
	}
	return all
}

// lines says what ran beside the subjects.
func (u *ServiceUsed) lines(p *page) {
	text := "Service " + u.Name
	if u.Says != "" {
		text += ": " + u.Says
	}
	switch {
	case u.URL != "":
		text += ", running already at " + u.URL
	case u.CPUs != "":
		text += ", on " + u.CPUs
	}
	text += "."
	if cpu := u.cpuText(); cpu != "" {
		text += " Its CPU time for each answer: " + cpu + "."
	}
	if u.Counted != nil {
		text += fmt.Sprintf(" Its calls of %s were held against the answers: they agreed in %s.",
			upper(u.Counted), plural(u.Balanced, "trial"))
	}
	p.paragraph("  ", text)
}

// cpuText lists what a service used beside each variant, or, beside many, from
// the least to the most.
func (u *ServiceUsed) cpuText() string {
	var known []ServiceCPU
	for _, b := range u.Beside {
		if b.CPU.Known() {
			known = append(known, b)
		}
	}
	const many = 6
	if len(known) > many {
		least := slices.MinFunc(known, func(a, b ServiceCPU) int { return int(1000 * (a.CPU.X - b.CPU.X)) })
		most := slices.MaxFunc(known, func(a, b ServiceCPU) int { return int(1000 * (a.CPU.X - b.CPU.X)) })
		return fmt.Sprintf("%s beside %s to %s beside %s", least.CPU.in("us"), least.name(), most.CPU.in("us"), most.name())
	}
	var parts []string
	for _, b := range known {
		parts = append(parts, b.CPU.in("us")+" beside "+b.name())
	}
	return strings.Join(parts, ", ")
}

// lines says which code was under test.
func (t *Tested) lines(p *page) {
	var parts []string
	for _, m := range []map[string]string{t.Tools, t.Modules, t.Content} {
		for _, name := range slices.Sorted(maps.Keys(m)) {
			parts = append(parts, name+" "+m[name])
		}
	}
	p.paragraph("  ", "Under test, "+t.name()+": "+strings.Join(parts, "; ")+".")
}
