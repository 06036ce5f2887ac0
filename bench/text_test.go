package bench_test

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"webdyno/internal/stat"
)

// printResult writes the table of one comparison: a row per tool, and in the
// last two columns what ours need for each of what it needs.
func printResult(out io.Writer, r *result) {
	fmt.Fprintf(out, "\n%s: %s\n", r.name, r.about)
	median, most := r.foreign()
	fmt.Fprintf(out, "  rounds %d; others used %.2f CPUs, at worst %.2f", len(r.rounds), median, most)
	if r.shared {
		fmt.Fprint(out, "; the client's CPUs are the server's as well")
	}
	fmt.Fprintln(out)
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprint(w, "  tool\tCPU/request\tuser\tsystem\tserver\trequests/s\tepoll's to it\turing's to it\t")
	if r.rate > 0 {
		fmt.Fprint(w, "lag p50\tlag p99\t")
	}
	fmt.Fprintln(w)
	for _, name := range r.tools {
		fmt.Fprintf(w, "  %s\t%s µs\t%s\t%s\t%s\t%.0f\t%s\t%s\t", name,
			short(r.typical(name, cpuPerRequest).Value), short(r.median(name, userPerRequest)),
			short(r.median(name, systemPerRequest)), short(r.median(name, serverPerRequest)),
			r.median(name, requestsPerSecond), beside(r, oursEpoll, name), beside(r, oursUring, name))
		if r.rate > 0 && r.median(name, lagMedian) > 0.001 {
			fmt.Fprintf(w, "%s µs\t%s µs\t", short(r.median(name, lagMedian)), short(r.median(name, lag99)))
		}
		fmt.Fprintln(w)
	}
	w.Flush()
	for _, line := range r.out {
		fmt.Fprintf(out, "  left out: %s\n", line)
	}
}

func beside(r *result, mine, peer string) string {
	if mine == peer {
		return "1"
	}
	return estimated(r.ratio(mine, peer, cpuPerRequest), "")
}

// estimated writes an estimate and its interval: "0.91 (0.90–0.92)".
func estimated(e stat.Estimate, unit string) string {
	switch {
	case e.N == 0:
		return "–"
	case unit != "":
		unit = " " + unit
	}
	switch {
	case !e.HasInterval():
		return short(e.Value) + unit + " (?)"
	case e.Lo == e.Hi:
		return short(e.Value) + unit
	}
	return fmt.Sprintf("%s%s (%s–%s)", short(e.Value), unit, short(e.Lo), short(e.Hi))
}

// printMarks writes the marks, a line each and one more for a reason.
func printMarks(out io.Writer, marks []mark, missing []string) {
	if len(marks) > 0 {
		fmt.Fprint(out, "\nmarks\n")
	}
	for _, m := range marks {
		fmt.Fprintf(out, "  %-12s  %s", m.standing, m.what)
		if m.standing != notTried {
			fmt.Fprintf(out, ": %s, n %d", estimated(m.estimate, m.unit), m.estimate.N)
		}
		fmt.Fprintln(out)
		if m.why != "" {
			fmt.Fprintf(out, "%16s%s\n", "", m.why)
		}
	}
	if len(missing) > 0 {
		fmt.Fprintf(out, "\nnot on PATH: %s\n", strings.Join(missing, ", "))
	}
}
