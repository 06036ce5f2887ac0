package calibrate

import (
	"fmt"
	"strings"
	"time"

	"webdyno/internal/host"
	"webdyno/internal/unit"
)

// conclude puts into words what was found.
func (r *Report) conclude(facts map[string]string) {
	r.Verdict = r.verdict()
	r.Advice = r.advice(facts)
}

// verdict says what can be measured here, and how well.
func (r *Report) verdict() string {
	var s []string
	if broken := r.Broken(); len(broken) > 0 {
		s = append(s, fmt.Sprintf("Do not trust this webdyno: %s, %s: got %s, want %s.", broken[0].Oracle, broken[0].Name,
			value(broken[0].Got, broken[0].Unit), value(broken[0].Want, broken[0].Unit)))
	}
	s = append(s, r.aboutTimes(), r.aboutRates())
	s = append(s, fmt.Sprintf("Of %d figures known beforehand %d were kept, %d missed%s, and %d not judged for noise.",
		len(r.Findings), r.count(Kept), r.count(Missed), r.missed(), r.count(NotTried)))
	return strings.Join(s, " ")
}

// missed names what was missed, in parentheses; three at most.
func (r *Report) missed() string {
	var names []string
	for _, f := range r.Findings {
		if f.Verdict == Missed {
			names = append(names, f.Oracle+": "+f.Name)
		}
	}
	if len(names) == 0 {
		return ""
	}
	if more := len(names) - 3; more > 0 {
		names = append(names[:3], fmt.Sprintf("and %d more", more))
	}
	return " (" + strings.Join(names, "; ") + ")"
}

func (r *Report) aboutTimes() string {
	a := r.Accuracy
	span := fmt.Sprintf("%s (95 of 100 requests; 99 of 100: %s)", micro(a.P95US), micro(a.P99US))
	if !a.Judged {
		return "The machine was not quiet, so this judges nothing. As it was, response times were off by up to " + span + "."
	}
	return "Response times can be measured here to about " + span + "."
}

func (r *Report) aboutRates() string {
	best := r.best(KeepAlive)
	if best.Rate == 0 {
		return "Nothing was answered at full load."
	}
	s := fmt.Sprintf("One loop (%s) asks up to %s over kept connections", best.Backend, best.span())
	if each := r.best(ByReset); each.Rate > 0 {
		s += fmt.Sprintf(", %s with a connection for each request", each.span())
	}
	return s + "; a server that answers more needs more loops, or is shown as a bound."
}

// span is the rate, or both rates where the two tries differ by much.
func (c Ceiling) span() string {
	if c.Other > 1.1*c.Rate {
		return unit.Rate(c.Rate) + " to " + unit.Rate(c.Other)
	}
	return unit.Rate(c.Rate)
}

// best returns the ceiling of a mode on the default backend, or the highest
// where it is not known which that is.
func (r *Report) best(mode string) Ceiling {
	var best Ceiling
	for _, c := range r.Ceilings {
		if c.Mode == mode && c.Rate > best.Rate && (c.Backend == r.Backend || r.Backend == "") {
			best = c
		}
	}
	return best
}

// advice says what would make measurements better, by weight.
func (r *Report) advice(facts map[string]string) []string {
	advice := []string{} // never null in JSON
	say := func(when bool, format string, args ...any) {
		if when {
			advice = append(advice, fmt.Sprintf(format, args...))
		}
	}
	q, b := r.Quiet, r.Budget
	say(q.Foreign >= quietForeign, "stop what else runs: others kept %.2f CPUs busy%s", q.Foreign, named(q.Culprits))
	say(q.Foreign < quietForeign && !r.Accuracy.Judged, "calibrate again at a quieter moment: others were busy while it was measured")
	say(q.Steal >= quietSteal, "have CPUs of your own: the hypervisor took %.1f%% of the time", 100*q.Steal)
	say(q.Hiccups.Stalled >= quietStalled, "find what holds the machine up: wake-ups were late by up to %.1f ms, %.2f%% of the time",
		q.Hiccups.MaxUS/1000, 100*q.Hiccups.Stalled)
	say(r.CPUs.Shared, "use a machine with more CPUs: engine and server share them here")
	say(odd(facts["cpu.governor"], "performance"), "set the CPUs' governor to performance, it is %s: cpupower frequency-set -g performance", facts["cpu.governor"])
	say(r.Clock.ReadNS > slowClock, "the clock (%s) takes %.0f ns a reading: boot with clocksource=tsc if the hardware allows", r.Clock.Source, r.Clock.ReadNS)
	say(b.Descriptors < fewDescriptors, "allow more than %d open files: ulimit -n 65536", b.Descriptors)
	say(b.PerSecond > 0, "with a connection per request, stay below %.0f a second, use --close reset, or sysctl -w net.ipv4.tcp_tw_reuse=1", b.PerSecond)
	say(b.Waiting > b.Ports/2, "wait a minute before measuring with a connection per request: %d that have ended still hold their ports", b.Waiting)
	for _, l := range r.Lags {
		say(l.Backend != r.Backend && r.Backend != "" && l.P50US > us(allowedLag),
			"do not time with --backend %s: at %s it hands requests over %s late (p50)", l.Backend, unit.Rate(l.Rate), micro(l.P50US))
	}
	best := r.best(KeepAlive)
	say(best.Limit == "server", "the ceiling over kept connections is the null server's, not the loop's, which was busy %.0f%% of the time", 100*best.LoopBusy)
	return advice
}

const (
	slowClock      = 200  // ns; the vDSO's costs 25 to 60
	fewDescriptors = 4096 // leaves some 4000 connections
)

// odd tells whether a fact is known and other than it should be.
func odd(fact, should string) bool { return fact != should && fact != "unavailable" && fact != "" }

func named(cs []Culprit) string {
	var names []string
	for _, c := range cs {
		names = append(names, fmt.Sprintf("%s (process %d, %.2f)", c.Name, c.PID, c.CPUs))
	}
	if len(names) == 0 {
		return ""
	}
	return ": " + strings.Join(names, ", ")
}

// micro prints microseconds on the scale that suits them.
func micro(x float64) string { return unit.Quantity(x, "us") }

// value prints a number of a finding.
func value(x float64, u string) string {
	if u == "us" {
		return micro(x)
	}
	return fmt.Sprintf("%.0f %s", x, u)
}

// Quote is the report in one line, for a record that stands on it.
func (r *Report) Quote() string {
	s := fmt.Sprintf("calibrated %s by webdyno %s: ", r.Taken.Format(time.DateTime), r.Webdyno.Version)
	if !r.Accuracy.Judged {
		s += "not quiet; "
	}
	best := r.best(KeepAlive)
	return s + fmt.Sprintf("response times to %s (p95), %s (p99); %s a loop over kept connections (%s)",
		micro(r.Accuracy.P95US), micro(r.Accuracy.P99US), unit.Rate(best.Rate), best.Backend)
}

// LastFacts are those of the calibration that was last kept for this machine. Where
// there is none, the keys are the same, and say so.
func LastFacts() map[string]string {
	if r, ok := Last(); ok {
		return r.Facts()
	}
	facts := new(Report).Facts()
	for key := range facts {
		facts[key] = host.Unavailable
	}
	return facts
}

// Facts is what a record keeps of the report beside the machine's facts: keys
// that begin with "calibration.".
func (r *Report) Facts() map[string]string {
	facts := map[string]string{
		"calibration.taken":         r.Taken.Format(time.RFC3339),
		"calibration.webdyno":       r.Webdyno.Version + " " + r.Webdyno.Commit,
		"calibration.boot":          r.Host.Boot,
		"calibration.judged":        fmt.Sprint(r.Accuracy.Judged),
		"calibration.error.p95_us":  fmt.Sprintf("%.1f", r.Accuracy.P95US),
		"calibration.error.p99_us":  fmt.Sprintf("%.1f", r.Accuracy.P99US),
		"calibration.missed":        fmt.Sprint(r.count(Missed)),
		"calibration.quote":         r.Quote(),
		"calibration.clock.read_ns": fmt.Sprintf("%.1f", r.Clock.ReadNS),
		"calibration.clock.step_ns": fmt.Sprintf("%.0f", r.Clock.StepNS),
	}
	for _, c := range r.Ceilings {
		if c.Missing == "" {
			facts["calibration.ceiling."+c.Backend+"."+short(c.Mode)] = fmt.Sprintf("%.0f", c.Rate)
		}
	}
	return facts
}

// short is a mode's name in a key.
func short(mode string) string {
	return map[string]string{KeepAlive: "keep-alive", Pipelined: "pipelined", ByReset: "reset", ByServer: "close"}[mode]
}
