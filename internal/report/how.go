package report

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"webdyno/internal/evidence"
	"webdyno/internal/latency"
	"webdyno/internal/plan"
	"webdyno/internal/stat"
	"webdyno/internal/unit"
)

// A Method is how the figures of a report came about.
type Method struct {
	Began   time.Time `json:"began,omitzero"`
	Webdyno string    `json:"webdyno,omitempty"` // version and commit
	Machine string    `json:"machine,omitempty"`
	CPUs    string    `json:"cpus,omitempty"` // who ran where, and why

	Services []ServiceUsed `json:"services,omitempty"`
	Tested   []Tested      `json:"tested,omitempty"`

	Rounds int    `json:"rounds"`
	Blocks int    `json:"blocks"` // in a round
	Trials int    `json:"trials"`
	Window string `json:"window,omitempty"`
	Ended  string `json:"ended,omitempty"` // why there were no more rounds, where the budget allowed none
	Load   string `json:"load,omitempty"`

	Mode       *evidence.Mode `json:"mode,omitempty"`        // which subjects were alive while one was under load, and why
	BestBlocks *Blocks        `json:"best_blocks,omitempty"` // how many blocks a round should have held

	Measured bool `json:"measured,omitempty"` // each trial is one run of a command that measures itself

	Seed   uint64 `json:"seed"`
	Preset string `json:"preset,omitempty"`

	Backend    string `json:"backend,omitempty"`
	Loops      int    `json:"loops"`
	EngineCPU  Number `json:"engine_cpu"`  // of its loops' CPUs, as a share: the median trial
	BusiestCPU Number `json:"busiest_cpu"` // likewise: the busiest trial
	LagP99     Number `json:"lag_p99_us"`  // of all trials together

	Margin float64 `json:"margin"` // of equivalence, as a share, by the primary metric

	Global []Global `json:"global,omitempty"` // whether the subjects of a setting differ at all

	Interval string `json:"interval"` // how the intervals are made
}

func (t *table) method() Method {
	m := Method{
		Rounds: t.rounds(), Blocks: t.plan.Blocks, Trials: len(t.trials),
		Load: loadText(t.plan.Load, t.plan.Factors), Seed: t.plan.Seed, Preset: t.plan.Preset,
		Margin:   t.margin(t.primary()),
		Ended:    t.endedBy(),
		Interval: "median over rounds, with the exact 95 % signed-rank interval (Hodges–Lehmann)",
	}
	if t.plan.Searches() {
		m.Load = searchedLoad(m.Load)
	}
	if t.confidence() != Level {
		m.Interval += ", computed at 96 % because rounds end when intervals are narrow"
	}
	if m.Measured = t.measured(); m.Measured {
		m.Load = ""
	} else if t.plan.Window > 0 {
		m.Window = unit.Duration(t.plan.Window)
	}
	if s := t.setup; s != nil {
		m.setup(s)
	}
	t.instrument(&m)
	m.Global = t.globals()
	m.Services, m.Tested = t.servicesUsed(), t.tested()
	return m
}

func (m *Method) setup(s *evidence.Setup) {
	m.Began = s.Began.UTC()
	m.Webdyno = strings.TrimSpace(s.Webdyno.Version + " " + s.Webdyno.Commit)
	var facts []string
	for _, f := range []string{"cpu.model", "kernel.release"} {
		if v := s.Facts[f]; v != "" && v != "unavailable" {
			facts = append(facts, v)
		}
	}
	m.Machine = strings.Join(facts, ", ")
	if m.Measured && len(s.CPUs.Subjects) > 0 {
		m.CPUs = "subjects on " + cpus(s.CPUs.Subjects)
	} else if len(s.CPUs.Engine) > 0 {
		m.CPUs = fmt.Sprintf("engine on %s, subjects on %s", cpus(s.CPUs.Engine), cpus(s.CPUs.Subjects))
		if s.CPUs.Why != "" {
			m.CPUs += ": " + s.CPUs.Why
		}
	}
}

// cpus writes a set of processors as "CPU 0" or "CPUs 0, 2".
func cpus(set []int) string {
	var parts []string
	for _, c := range set {
		parts = append(parts, fmt.Sprint(c))
	}
	if len(set) == 1 {
		return "CPU " + parts[0]
	}
	return "CPUs " + strings.Join(parts, ", ")
}

// instrument says what the engine itself used and how late it was.
func (t *table) instrument(m *Method) {
	var used []float64
	lag := latency.New()
	for _, tr := range t.trials {
		if !tr.loaded {
			continue
		}
		m.Backend, m.Loops = tr.backend, max(m.Loops, tr.loops)
		if tr.engineCPU.Known() {
			used = append(used, tr.engineCPU.X)
		}
		tr.lag.AddTo(lag)
	}
	if len(used) > 0 {
		m.EngineCPU, m.BusiestCPU = exactly(stat.Median(used)), exactly(slices.Max(used))
	}
	if tellable(lag.Count(), 0.99) {
		m.LagP99 = exactly(1000 * ms(lag.Quantile(0.99)))
	}
}

// loadText says a plan's load in words. Factors of one level are that level; what
// others stand for varies, and is in the tables.
func loadText(l plan.Load, factors []plan.Factor) string {
	only := map[string]string{}
	for _, f := range factors {
		if only[f.Name] = "varying"; len(f.Levels) == 1 {
			only[f.Name] = f.Levels[0].String()
		}
	}
	said := func(s string) string {
		if text, err := plan.Substitute(s, only); err == nil {
			return text
		}
		return s
	}
	var parts []string
	switch {
	case l.Open && said(l.Rate) == "varying":
		parts = append(parts, "open, varying rates")
	case l.Open && l.Rate != "":
		parts = append(parts, "open, "+said(l.Rate)+" requests per second")
	case l.Open:
		parts = append(parts, "open")
	case l.Connections != "":
		parts = append(parts, "closed")
	}
	for _, p := range []struct{ value, text string }{
		{l.Arrivals, "%s arrivals"},
		{l.Connections, "%s connections"},
		{l.PerConnection, "%s requests per connection"},
		{l.Pipeline, "%s in flight on each"},
		{l.Idle, "%s idle connections beside"},
	} {
		switch value := said(p.value); value {
		case "", "0":
		case "1":
			text := strings.Replace(strings.Replace(p.text, "connections", "connection", 1), "requests", "request", 1)
			parts = append(parts, fmt.Sprintf(text, value))
		default:
			parts = append(parts, fmt.Sprintf(p.text, value))
		}
	}
	return strings.Join(parts, ", ")
}
