package calibrate

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"webdyno/internal/unit"
)

// Text writes the report for people: the verdict first, then what would do
// better, then the figures. Width is the columns there are, 60 at least.
func (r *Report) Text(w io.Writer, width int) error {
	var b bytes.Buffer
	paragraph(&b, "", r.Verdict, width)
	if len(r.Advice) > 0 {
		b.WriteString("\nTo do better:\n")
		for _, a := range r.Advice {
			paragraph(&b, "  - ", a, width)
		}
	}
	r.writeCeilings(&b)
	r.writeLags(&b)
	r.writeFindings(&b, width)
	r.writeMachine(&b, width)
	_, err := w.Write(b.Bytes())
	return err
}

func (r *Report) writeCeilings(b *bytes.Buffer) {
	fmt.Fprintf(b, "\nCeiling of one loop, %d connections, against a server that does nothing\n", ceilingConnections)
	t := table(b)
	fmt.Fprintln(t, "  backend\tconnections\trate\tagain\tclient CPU\tloop busy\tlimit")
	for _, c := range r.Ceilings {
		if c.Missing != "" {
			fmt.Fprintf(t, "  %s\tnot here: %s\n", c.Backend, c.Missing)
			continue
		}
		limit := c.Limit
		if c.Failed > 0 {
			limit += fmt.Sprintf(" (%d requests failed)", c.Failed)
		}
		fmt.Fprintf(t, "  %s\t%s\t%s\t%s\t%s\t%.0f%%\t%s\n", c.Backend, c.Mode,
			unit.Rate(c.Rate), unit.Rate(c.Other), micro(c.ClientUS), 100*c.LoopBusy, limit)
	}
	t.Flush()
}

func (r *Report) writeLags(b *bytes.Buffer) {
	b.WriteString("\nPacing: due until handed to the kernel\n")
	t := table(b)
	fmt.Fprintln(t, "  backend\trate\tp50\tp99\tp99.9\tmax")
	for _, l := range r.Lags {
		fmt.Fprintf(t, "  %s\t%s\t%s\t%s\t%s\t%s\n", l.Backend, unit.Rate(l.Rate),
			micro(l.P50US), micro(l.P99US), micro(l.P999US), micro(l.MaxUS))
	}
	t.Flush()
}

func (r *Report) writeFindings(b *bytes.Buffer, width int) {
	b.WriteString("\nWhat was known beforehand\n")
	t := table(b)
	fmt.Fprintln(t, "  oracle\t\twant\tgot\tallowed\t")
	for _, f := range r.Findings {
		fmt.Fprintf(t, "  %s\t%s\t%s\t%s\t±%s\t%s\n", f.Oracle, f.Name,
			value(f.Want, f.Unit), value(f.Got, f.Unit), value(f.Tolerance, f.Unit), f.Verdict)
	}
	t.Flush()
	told := map[string]bool{}
	tell := func(oracle, why string) {
		if line := oracle + ": " + why; why != "" && !told[line] {
			told[line] = true
			paragraph(b, "  ", line, width)
		}
	}
	for _, f := range r.Findings {
		tell(f.Oracle, f.Noise)
		if f.Verdict == Missed || f.Oracle == oracleControl {
			tell(f.Oracle, f.Note)
		}
	}
}

func (r *Report) writeMachine(b *bytes.Buffer, width int) {
	q := r.Quiet
	b.WriteString("\nThe machine\n")
	paragraph(b, "  quiet   ", fmt.Sprintf("%s; stolen %.2f%%; wake-ups late p50 %s, p99 %s, max %s, %.2f%% of the time over 1 ms",
		busy(q.Foreign), 100*max(q.Steal, 0), micro(q.Hiccups.P50US), micro(q.Hiccups.P99US), micro(q.Hiccups.MaxUS), 100*q.Hiccups.Stalled), width)
	paragraph(b, "  clock   ", fmt.Sprintf("%s; a reading takes %.0f ns, the smallest step is %.0f ns", r.Clock.Source, r.Clock.ReadNS, r.Clock.StepNS), width)
	ports := fmt.Sprintf("%d for connections to one address, %d waiting, tcp_tw_reuse %s", r.Budget.Ports, r.Budget.Waiting, r.Budget.Reuse)
	if r.Budget.PerSecond > 0 {
		ports += fmt.Sprintf(": %.0f connections a second for ever", r.Budget.PerSecond)
	}
	paragraph(b, "  ports   ", ports, width)
	paragraph(b, "  files   ", fmt.Sprintf("%d may be open; a listener may keep %s connections waiting", r.Budget.Descriptors, r.Budget.Backlog), width)
	paragraph(b, "  CPUs    ", r.CPUs.Why, width)
	paragraph(b, "  host    ", fmt.Sprintf("%s, Linux %s", r.Host.CPU, r.Host.Kernel), width)
}

func table(b *bytes.Buffer) *tabwriter.Writer { return tabwriter.NewWriter(b, 0, 0, 2, ' ', 0) }

// paragraph writes text in lines of so many columns, the first behind lead and
// the others indented as far.
func paragraph(b *bytes.Buffer, lead, text string, width int) {
	room := max(width, 60) - len(lead)
	for text != "" {
		var line string
		line, text = firstLine(text, room)
		b.WriteString(lead + line + "\n")
		lead = strings.Repeat(" ", len(lead))
	}
}

// firstLine cuts text at the last space that leaves a line of that length.
func firstLine(text string, room int) (line, rest string) {
	if len(text) <= room {
		return text, ""
	}
	at := strings.LastIndexByte(text[:room+1], ' ')
	if at <= 0 {
		if at = strings.IndexByte(text, ' '); at < 0 {
			return text, ""
		}
	}
	return text[:at], strings.TrimLeft(text[at:], " ")
}
