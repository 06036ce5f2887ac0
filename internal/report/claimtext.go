package report

import (
	"fmt"
	"strings"
)

// claimLines writes each claim with its outcome before it and its figure below.
// Where the plan says a claim in words, the words come first, and the short form
// has them alone.
func (r *Report) claimLines(p *page, short bool) {
	if len(r.Claims) == 0 {
		return
	}
	p.title("Claims: " + r.outcomes())
	for _, c := range r.Claims {
		mark := "  " + pad(c.Outcome.String(), len(DoesNotHold.String()), left) + "  "
		blank := strings.Repeat(" ", len(mark))
		if c.Says != "" {
			p.paragraph(mark, c.Says)
			mark = blank
		}
		if c.Says == "" || !short {
			p.paragraph(mark, c.Claim)
		}
		if c.Figure != "" {
			p.paragraph(blank, c.Figure)
		}
	}
	p.paragraph("  ", byLuck(len(r.Claims)))
}

// outcomes counts the claims by their outcome: "3 hold, 1 does not, 2 are
// undecided".
func (r *Report) outcomes() string {
	var n [len(outcomeNames)]int
	for _, c := range r.Claims {
		n[c.Outcome]++
	}
	var parts []string
	for _, o := range []struct {
		outcome   Outcome
		one, many string
	}{
		{Holds, "1 holds", "%d hold"},
		{DoesNotHold, "1 does not", "%d do not"},
		{Undecided, "1 is undecided", "%d are undecided"},
	} {
		switch k := n[o.outcome]; k {
		case 0:
		case 1:
			parts = append(parts, o.one)
		default:
			parts = append(parts, fmt.Sprintf(o.many, k))
		}
	}
	return strings.Join(parts, ", ")
}

// byLuck says how far claims can be trusted that are tested side by side.
func byLuck(claims int) string {
	const each = "Tested on its own at 95 %, a false claim holds by luck once in twenty times at most"
	if claims == 1 {
		return each + "."
	}
	return fmt.Sprintf("%s: were all %d false, %s of them on average.", each, claims, plainNumber((1-Level)*float64(claims)))
}
