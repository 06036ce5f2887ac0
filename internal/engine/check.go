package engine

import (
	"webdyno/internal/httpwire"
	"webdyno/internal/workload"
)

const (
	// The first answers of a trial have their bodies compared whatever their
	// size: a server that answers wrongly mostly does so from the beginning.
	alwaysCompared = 100
	// smallBody is up to what size every body is compared: it costs less than
	// 20 ns.
	smallBody = 1 << 10
	// Of larger ones, one in comparedEvery. It is odd against no pattern of
	// requests that people write, and keeps the cost of comparing 64 KiB under
	// that of copying them out of the kernel by far.
	comparedEvery = 64

	wrongDescribed = 5 // wrong answers put into words
)

// A checker decides which answers are right. Status and length are always
// checked, bodies byte by byte as far as the constants above say.
type checker struct {
	begun  uint64   // answers begun
	wrongs []string // the first few
}

// A look is what is known of the answer being read.
type look struct {
	expect  *workload.Expect
	compare bool
	differs *workload.WrongError // found in a part of the body
	wrong   bool

	// otherBytes tells, once there is a verdict, that the status was right and
	// the body, as far as one is expected, was not.
	otherBytes bool
}

// begin makes ready for the answer to a request.
func (c *checker) begin(k *look, expect *workload.Expect) {
	*k = look{expect: expect}
	if expect.Body != nil {
		k.compare = c.begun < alwaysCompared || len(expect.Body) <= smallBody || c.begun%comparedEvery == 0
	}
	c.begun++
}

// part looks at a part of the body that ends after so many bytes of it.
func (c *checker) part(k *look, part []byte, end int64) {
	if !k.compare || k.wrong {
		return
	}
	offset := end - int64(len(part))
	if k.expect.PartOK(offset, part) {
		return
	}
	k.wrong = true
	if len(c.wrongs) < wrongDescribed {
		k.differs = k.expect.Differs(offset, part)
	}
}

// verdict tells whether the answer that p has read to its end is right. More
// tells that bytes follow it which nobody asked for.
func (c *checker) verdict(k *look, p *httpwire.Parser, more bool) (right bool) {
	statusOK := k.expect.StatusOK(p.Status())
	lengthOK := k.expect.WholeOK(p.BodyBytes())
	if statusOK && lengthOK && !k.wrong && !more {
		return true
	}
	k.otherBytes = statusOK && (k.wrong || !lengthOK)
	if len(c.wrongs) < wrongDescribed {
		c.wrongs = append(c.wrongs, describe(k, p, statusOK))
	}
	return false
}

func describe(k *look, p *httpwire.Parser, statusOK bool) string {
	if statusOK && k.differs != nil {
		return k.differs.What
	}
	if wrong := k.expect.Wrong(p.Status(), nil, p.BodyBytes()); wrong != nil {
		return wrong.What
	}
	return httpwire.ErrSurplus.Cause
}
