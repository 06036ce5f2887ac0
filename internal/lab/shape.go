package lab

import (
	"slices"
	"strings"

	"webdyno/internal/evidence"
	"webdyno/internal/workload"
)

const (
	mostShapes   = 4  // of answers that are kept of one start
	longestAsked = 80 // of the text that tells which request it was
)

// framings are workload's names for what evidence calls by words.
var framings = [...]evidence.Framing{
	workload.NoBody:   evidence.NoBody,
	workload.ByLength: evidence.ByLength,
	workload.ByChunks: evidence.ByChunks,
	workload.ByClose:  evidence.ByClose,
}

// keep notes what an answer looked like, unless one was like it before: what a
// server sends beside the body is seldom another for another request.
func (g *guest) keep(ask *workload.Request, a *workload.Answer) {
	s := shapeOf(ask, a)
	like := func(o evidence.Answer) bool {
		return o.Status == s.Status && o.Version == s.Version && o.Framing == s.Framing &&
			o.Kept == s.Kept && slices.Equal(o.Headers, s.Headers)
	}
	if len(g.start.Answers) < mostShapes && !slices.ContainsFunc(g.start.Answers, like) {
		g.start.Answers = append(g.start.Answers, s)
	}
}

func shapeOf(ask *workload.Request, a *workload.Answer) evidence.Answer {
	asked, _, _ := strings.Cut(string(ask.Bytes), " HTTP/")
	if len(asked) > longestAsked {
		asked = asked[:longestAsked] + "…"
	}
	return evidence.Answer{
		Asked: asked, Status: a.Status, Version: a.Version.String(),
		Head: len(a.Header), Body: a.Bytes, Framing: framings[a.Framing],
		Kept: a.KeepAlive, Headers: a.HeaderNames(),
	}
}
