package plan

import (
	"fmt"
	"hash/fnv"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"webdyno/internal/load"
)

// Variants returns everything the plan starts: the subjects in the order
// written, each with every combination of the levels of its own factors, the
// last factor changing fastest, as far as Take has them; each of a control's
// followed by its twin.
func (p *Plan) Variants() []Variant {
	var vs []Variant
	for i := range p.Subjects {
		s := &p.Subjects[i]
		twin := s.twin()
		for _, c := range product(s.Variants) {
			v := Variant{Subject: s, Choice: c}
			if !p.Takes(v) {
				continue
			}
			vs = append(vs, v)
			if s.Control {
				vs = append(vs, Variant{Subject: twin, Choice: c})
			}
		}
	}
	return vs
}

// product returns every choice of one level for each factor, the last factor
// changing fastest; for no factors, the one empty choice.
func product(fs []Factor) [][]Choice {
	choices := [][]Choice{nil}
	for _, f := range fs {
		var longer [][]Choice
		for _, c := range choices {
			for _, l := range f.Levels {
				longer = append(longer, append(c[:len(c):len(c)], Choice{f.Name, l}))
			}
		}
		choices = longer
	}
	return choices
}

// combinations returns how many choices product makes of fs, at most
// maxTrials+1.
func combinations(fs []Factor) int {
	n := 1
	for _, f := range fs {
		n *= len(f.Levels)
		if n > maxTrials {
			return maxTrials + 1
		}
	}
	return n
}

// Name returns the variant as reports show it; see VariantName.
func (v Variant) Name() string { return VariantName(v.Subject.Name, v.Values()) }

// VariantName returns what a subject with a choice of its own factors is called
// wherever people read it: "uvloop", or "tornado[cython=none,python=pypy]" with
// the factors in alphabetical order, since a record keeps no other.
func VariantName(subject string, choice map[string]string) string {
	return called(subject, slices.Sorted(maps.Keys(choice)), choice)
}

func called(subject string, order []string, choice map[string]string) string {
	if len(order) == 0 {
		return subject
	}
	var parts []string
	for _, f := range order {
		parts = append(parts, f+"="+choice[f])
	}
	return subject + "[" + strings.Join(parts, ",") + "]"
}

// CPUsOf returns how many processors the plan gives the variant.
func (p *Plan) CPUsOf(v Variant) CPUs {
	c := v.Subject.CPUs
	if c.Factor != "" {
		c, _ = parseCPUs(v.Values()[c.Factor]) // checked as the plan was read
	}
	if c == (CPUs{}) {
		return p.CPUs
	}
	return c
}

// Values returns the variant's choice for Substitute.
func (v Variant) Values() map[string]string { return values(v.Choice) }

func values(choice []Choice) map[string]string {
	m := make(map[string]string, len(choice))
	for _, c := range choice {
		m[c.Factor] = c.Level.String()
	}
	return m
}

// Round returns the blocks of round n, from 1, with all variants of the plan:
// see RoundAmong.
func (p *Plan) Round(n int) []Block {
	all := make([]int, len(p.Variants()))
	for i := range all {
		all[i] = i
	}
	return p.RoundAmong(n, all)
}

// RoundAmong returns the blocks of round n, from 1, in the order in which they
// are measured: p.Blocks of each setting, shuffled, each with the variants that
// are present, which are indices into Variants. Their orders over the blocks of
// a setting, all rounds together, are the rows of balanced squares: each variant
// is measured at each place equally often, and after each other one. That holds
// for those that are present, and so whoever cannot run some must say so.
//
// It depends on nothing but the plan, n and present, so that a round can be taken
// up again where it was broken off.
func (p *Plan) RoundAmong(n int, present []int) []Block {
	settings := combinations(p.Factors)
	rng := rand.New(rand.NewPCG(load.Seed(p.Seed, n), 0))

	blocks := make([]Block, 0, settings*p.Blocks)
	for range p.Blocks {
		for s := range settings {
			blocks = append(blocks, Block{Setting: s})
		}
	}
	rng.Shuffle(len(blocks), func(i, j int) { blocks[i], blocks[j] = blocks[j], blocks[i] })
	orders := newOrders(p.Seed, present)
	before := make([]int, settings) // blocks of each setting
	for i := range blocks {
		s := blocks[i].Setting
		blocks[i].Number = i + 1
		blocks[i].Order = orders.of(s, (n-1)*p.Blocks+before[s])
		blocks[i].Seed = load.Seed(p.Seed, n, i+1)
		before[s]++
	}
	return blocks
}

// TrialID names a trial: "r03-b05-uvloop". Every trial of a plan has an ID of
// its own, it is the same each time the plan is carried out, and it is fit for a
// file name.
func TrialID(round int, b Block, v Variant) string {
	return fmt.Sprintf("r%02d-b%02d-%s", round, b.Number, v.fileName())
}

// maxFileName keeps an ID, with what a record puts around it, below the 255
// bytes that a file name may have.
const maxFileName = 120

// fileName is the variant's name in a form fit for a file. Where a level has to
// be changed for that, a hash of the whole name stands behind, so that two names
// that differ only in what was changed stay apart.
func (v Variant) fileName() string {
	var b strings.Builder
	b.WriteString(v.Subject.Name)
	changed := false
	var order []string // the plan's: an ID stays what it was
	for _, c := range v.Choice {
		order = append(order, c.Factor)
		level := strings.Map(fileLetter, c.Level.String())
		changed = changed || level != c.Level.String()
		b.WriteString("." + c.Factor + "=" + level)
	}
	name := b.String()
	if !changed && len(name) <= maxFileName {
		return name
	}
	h := fnv.New32a()
	h.Write([]byte(called(v.Subject.Name, order, v.Values())))
	return fmt.Sprintf("%.*s~%08x", maxFileName, name, h.Sum32())
}

// fileLetter returns c, or '_' if it has a meaning to a file system, a shell or
// the names made here.
func fileLetter(c rune) rune {
	if 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.ContainsRune("._+-", c) {
		return c
	}
	return '_'
}

// What Estimate assumes of a machine of two cores.
const (
	startTime   = 500 * time.Millisecond // of an interpreter, until it answers rightly
	stopTime    = 200 * time.Millisecond
	autoTime    = 4 * time.Second        // of a warm-up whose length a pilot has shown
	quickTime   = 3 * time.Second        // of one in a plan made quick
	trialTime   = 100 * time.Millisecond // around a trial: connecting, draining, writing down
	thawTime    = time.Second            // discarded after a thaw
	measureTime = 10 * time.Second       // of a command that measures itself
	guessRate   = 5000                   // requests per second, for warm-ups that are counted
)

// Estimate says how long the plan takes if so many of its variants can run, of
// which so many compile while they run: the longest its rounds allow, or its
// budget and one round where that is shorter. Shortest says how long it takes at
// least.
//
// It assumes half a second for a subject to start and a fifth to stop, four
// seconds for a warm-up left to webdyno (three in a quick plan) and, once, as long
// as Pilot says for the pilot that says how long it is, as if none were kept from
// an earlier run; 5,000 requests a second where a warm-up
// is counted in requests, and a tenth of a second around each trial. A command
// that measures itself is taken to run for ten seconds. Builds and
// waiting for a quiet machine are not in it; neither are blocks that have to be
// repeated.
func (p *Plan) Estimate(variants, jits int) time.Duration {
	return p.estimate(variants, jits, p.Rounds.Max)
}

// Shortest is like Estimate, of the fewest rounds that the plan may end with.
func (p *Plan) Shortest(variants, jits int) time.Duration {
	if p.Rounds.Until > 0 {
		return p.estimate(variants, jits, p.Rounds.Min)
	}
	return p.Estimate(variants, jits)
}

func (p *Plan) estimate(variants, jits, rounds int) time.Duration {
	whole := p.unbounded(variants, jits, rounds)
	if p.Budget > 0 {
		whole = min(whole, p.Budget+p.roundTakes(variants))
	}
	return whole
}

// unbounded is how long so many rounds take, whatever the budget.
func (p *Plan) unbounded(variants, jits, rounds int) time.Duration {
	whole := time.Duration(rounds) * p.roundTakes(variants)
	if p.Searches() {
		_, first := p.estimateSearch(variants)
		whole += first
	}
	return whole + p.pilotsTake(variants, jits) + p.profilesTake(variants, rounds)
}

// roundTakes is how long a round takes that has no pilots and no profiles.
func (p *Plan) roundTakes(variants int) time.Duration {
	if p.Searches() {
		round, _ := p.estimateSearch(variants)
		return round
	}
	trials := combinations(p.Factors) * p.Blocks
	trial := p.Rewarm + p.Window + trialTime
	around := startTime + p.Warmup.expected(p.Quick) + stopTime
	switch {
	case p.Measures():
		trial, around = measureTime+trialTime, 0
	case p.Mode == Exclusive: // each trial has a start of its own
		trial, around = trial+around, 0
	case p.Mode == Frozen:
		trial += max(0, thawTime-p.Rewarm)
	}
	return time.Duration(variants) * (around + time.Duration(trials)*trial)
}

func (w Warmup) expected(quick bool) time.Duration {
	if w.Auto && quick {
		return quickTime
	}
	if w.Auto {
		return autoTime
	}
	counted := time.Duration(w.Extent.Count) * (time.Second / guessRate)
	if w.Extent.Time == 0 || w.Extent.Count == 0 {
		return w.Extent.Time + counted
	}
	return min(w.Extent.Time, counted)
}
