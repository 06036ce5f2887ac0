package lab

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"os"
	"strconv"
	"strings"
	"time"

	"webdyno/internal/evidence"
	"webdyno/internal/plan"
	"webdyno/internal/probe"
	"webdyno/internal/supervise"
)

// What a command that measures itself may print.
const (
	mostPrinted = 16 << 20 // bytes on standard output
	mostValues  = 10_000
	longestLine = 64 << 10 // of those that hold a value
)

// measureItself runs the command of s once and fills m. It is a trial without a
// load: the command is its own instrument.
func (r *round) measureItself(ctx context.Context, b plan.Block, s *seat, m *evidence.Measurement) {
	words := maps.Clone(r.wordsOf(s.entry.Subject.Uses))
	if words == nil {
		words = map[string]string{}
	}
	for _, c := range r.x.Settings[b.Setting].Choice {
		words[c.Factor] = c.Level.String()
	}
	w := &witness{lab: r.lab}
	if r.lab.Watch != nil {
		w.endWatch = r.lab.Watch()
	}
	file, err := r.toWrite(s, m, words)
	if err != nil {
		m.Failure = new(failure(err))
		return
	}
	m.Measured, w.usage, err = r.lab.Measure(ctx, s.entry, words, r.rec.LogPath(m.Trial.ID))
	if w.endWatch != nil {
		w.activity = w.endWatch(cpuOf(w.usage))
	}
	w.testify(m)
	if err == nil {
		err = r.takeWritten(m, file)
	}
	switch {
	case ctx.Err() != nil:
		m.Failure = &evidence.Failure{Kind: evidence.Abandoned, Text: context.Cause(ctx).Error()}
	case err != nil:
		m.Failure = new(failure(err))
		if said := new(lastWords); errors.As(err, &said) {
			m.Failure.Last = said.lines
		}
	}
}

func cpuOf(u *evidence.Usage) time.Duration {
	if u == nil {
		return 0
	}
	return u.CPU
}

// unmade adds the plan's factors to the names that are shown as they are, since
// they are not known before the trial.
func unmade(p *plan.Plan, unknown map[string]string) map[string]string {
	all := map[string]string{}
	maps.Copy(all, unknown)
	for _, f := range p.Factors {
		all[f.Name] = "{" + f.Name + "}"
	}
	return all
}

// Measure runs the command of an entry that measures itself, with words filled
// in, and returns what it printed and what it used. It is what Lab.Measure wants.
func (q *Equipment) Measure(prepared *Prepared) func(context.Context, *Entry, map[string]string, string) (*evidence.Measured, *evidence.Usage, error) {
	return func(ctx context.Context, e *Entry, words map[string]string, log string) (*evidence.Measured, *evidence.Usage, error) {
		l := prepared.launches[e.Index]
		cmd, err := q.on(l, "", words)
		if err != nil {
			return nil, nil, &Trouble{evidence.NotStarted, err}
		}
		cmd.Log = log
		cmd.Output = strings.TrimSuffix(log, ".log") + "-output.log"
		return q.measure(ctx, cmd, e.Subject)
	}
}

func (q *Equipment) measure(ctx context.Context, cmd supervise.Command, s *plan.Subject) (*evidence.Measured, *evidence.Usage, error) {
	p, err := q.Supervisor.Start(ctx, cmd)
	if err != nil {
		return nil, nil, &Trouble{evidence.NotStarted, err}
	}
	before, meterErr := probe.Take(p)
	err = awaitEnd(ctx, p, cmd.Output, s.Timeout)
	lasted := p.Since()
	var used *evidence.Usage
	if after, err := probe.Take(p); err == nil && meterErr == nil {
		used = after.Since(before)
		used.Replaced = 0 // it was to end
	}
	words := p.LastLines(lastLines)
	ending, stopErr := p.Stop()
	if err == nil {
		err = stopErr
	}
	var m *evidence.Measured
	if err == nil {
		m, err = readMeasured(cmd.Output, s.Metric)
	}
	if err != nil {
		return nil, used, withLastWords(err, words, cmd.Output)
	}
	m.Lasted = lasted
	if problem := ending.Problem(); problem != "" {
		err = &Trouble{evidence.Lingered, errors.New(problem)} // what it printed stands
	}
	return m, used, err
}

// awaitEnd waits until the command has ended by itself, within its time and
// without filling the disk. An error says how it ended instead.
func awaitEnd(ctx context.Context, p *supervise.Process, output string, limit time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	look := time.NewTicker(time.Second)
	defer look.Stop()
	for {
		select {
		case <-p.Done():
			if exit := p.Exit(); exit.Status != 0 || exit.Signal != 0 {
				return &Trouble{evidence.Died, errors.New(exit.String())}
			}
			return nil
		case <-ctx.Done():
			return &Trouble{evidence.Died, fmt.Errorf("had not ended after %v", limit)}
		case <-look.C:
			if info, err := os.Stat(output); err == nil && info.Size() > mostPrinted {
				return &Trouble{evidence.Died, fmt.Errorf("printed more than %d MiB", mostPrinted>>20)}
			}
		}
	}
}

// lastWords is an error with what the command wrote last.
type lastWords struct {
	error
	lines []string
}

func (w *lastWords) Unwrap() error { return w.error }

// withLastWords adds to an error what the command wrote last: on standard error,
// or, where that is empty, on standard output.
func withLastWords(err error, lines []string, output string) error {
	if len(lines) == 0 {
		lines = lastPrinted(output)
	}
	if len(lines) == 0 {
		return err
	}
	return &lastWords{fmt.Errorf("%w; its last words: %s", err, lines[len(lines)-1]), lines}
}

// lastPrinted returns the last lines of a file, without what a terminal would
// obey.
func lastPrinted(name string) []string {
	f, err := os.Open(name)
	if err != nil {
		return nil
	}
	defer f.Close()
	const reach, longest = 8 << 10, 500
	info, err := f.Stat()
	if err != nil {
		return nil
	}
	b := make([]byte, min(info.Size(), reach))
	n, _ := f.ReadAt(b, info.Size()-int64(len(b)))
	b = b[:n]
	var lines []string
	for line := range strings.Lines(string(b)) {
		line = strings.Map(func(c rune) rune {
			if c < ' ' || 0x7f <= c && c < 0xa0 {
				return -1
			}
			return c
		}, line)
		if line != "" {
			lines = append(lines, strings.ToValidUTF8(line[:min(len(line), longest)], ""))
		}
	}
	return lines[max(len(lines)-lastLines, 0):]
}

// readMeasured reads the values that a command has printed.
func readMeasured(output string, metric plan.OwnMetric) (*evidence.Measured, error) {
	f, err := os.Open(output)
	if err != nil {
		return nil, &Trouble{evidence.Instrument, err}
	}
	defer f.Close()
	values, err := parseValues(f, string(metric.Name))
	if err != nil {
		return nil, &Trouble{evidence.WrongBytes, err}
	}
	return &evidence.Measured{
		Metric: string(metric.Name), Unit: metric.Unit, Better: string(metric.Better), Values: values,
	}, nil
}

// parseValues returns the values of the metric in what a command printed: a line
// "NAME: NUMBER" is one, and so is a bare number. All other lines are passed
// over, but one that names the metric without a number.
func parseValues(r io.Reader, metric string) ([]float64, error) {
	var values []float64
	lines := bufio.NewReader(io.LimitReader(r, mostPrinted+1))
	for n, seen := 1, 0; ; n++ {
		line, err := lines.ReadString('\n')
		if seen += len(line); seen > mostPrinted {
			return nil, fmt.Errorf("printed more than %d MiB", mostPrinted>>20)
		}
		if len(line) <= longestLine {
			x, ok, bad := valueIn(line, metric)
			if bad != nil {
				return nil, fmt.Errorf("line %d of its output: %w", n, bad)
			}
			if ok {
				values = append(values, x)
			}
		}
		if len(values) > mostValues {
			return nil, fmt.Errorf("printed more than %d values", mostValues)
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
	}
	if len(values) == 0 {
		return nil, fmt.Errorf("printed no number: want lines such as \"%s: 0.0912\"", metric)
	}
	return values, nil
}

// valueIn returns the value that a line holds, if it holds one.
func valueIn(line, metric string) (x float64, ok bool, bad error) {
	line = strings.TrimSpace(line)
	name, text, named := strings.Cut(line, ":")
	if named = named && strings.TrimSpace(name) == metric; named {
		line = strings.TrimSpace(text)
	}
	x, err := strconv.ParseFloat(line, 64)
	switch {
	case err != nil && errors.Is(err, strconv.ErrRange), err == nil && (math.IsNaN(x) || math.IsInf(x, 0)):
		return 0, false, fmt.Errorf("%.60q is no finite number", line)
	case err != nil && named:
		return 0, false, fmt.Errorf("%.60q is no number", line)
	case err != nil:
		return 0, false, nil
	case x < 0:
		return 0, false, fmt.Errorf("%s is below zero: a metric is a size", line)
	}
	return x, true, nil
}
