package report

import (
	"encoding/xml"
	"fmt"
	"io"
)

// The part of JUnit's XML that CI systems read: suites of cases, each passed,
// failed or skipped.
type (
	junitSuites struct {
		XMLName  xml.Name     `xml:"testsuites"`
		Tests    int          `xml:"tests,attr"`
		Failures int          `xml:"failures,attr"`
		Skipped  int          `xml:"skipped,attr"`
		Suites   []junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		Name     string      `xml:"name,attr"`
		Tests    int         `xml:"tests,attr"`
		Failures int         `xml:"failures,attr"`
		Errors   int         `xml:"errors,attr"`
		Skipped  int         `xml:"skipped,attr"`
		Time     string      `xml:"time,attr"`
		Cases    []junitCase `xml:"testcase"`
		Out      string      `xml:"system-out,omitempty"`
	}
	junitCase struct {
		Class   string       `xml:"classname,attr"`
		Name    string       `xml:"name,attr"`
		Time    string       `xml:"time,attr"`
		Failure *junitReason `xml:"failure"`
		Skipped *junitReason `xml:"skipped"`
	}
	junitReason struct {
		Message string `xml:"message,attr"`
		Type    string `xml:"type,attr,omitempty"`
		Text    string `xml:",chardata"`
	}
)

// JUnit writes what is held as a suite of tests: one case for each figure, failed
// where it was shown to be worse by more than its margin, skipped where nothing
// can be told.
func (c *Changes) JUnit(w io.Writer) error {
	suite := junitSuite{Name: c.Title, Time: "0"}
	for _, l := range c.Lost {
		name := "works" + space(settingName(c.factors, l.Factors))
		suite.add(junitCase{Class: l.name(), Name: name, Failure: &junitReason{Message: l.What, Type: "lost", Text: l.What}})
	}
	for _, x := range c.held() {
		suite.add(x.junit(c.factors))
	}
	for _, s := range c.Answer {
		suite.Out += s + "\n"
	}
	all := junitSuites{Tests: suite.Tests, Failures: suite.Failures, Skipped: suite.Skipped, Suites: []junitSuite{suite}}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return fmt.Errorf("write changes: %w", err)
	}
	e := xml.NewEncoder(w)
	e.Indent("", "  ")
	if err := e.Encode(all); err != nil {
		return fmt.Errorf("write changes: %w", err)
	}
	_, err := io.WriteString(w, "\n")
	return err
}

func (x *Change) junit(factors []string) junitCase {
	k := junitCase{Class: x.name(), Name: string(x.Metric) + space(settingName(factors, x.Factors))}
	text := x.sentence(factors)
	switch {
	case x.Worse:
		k.Failure = &junitReason{Message: text, Type: "worse", Text: text}
	case x.Verdict == Undetermined && !x.dull():
		k.Skipped = &junitReason{Message: text}
	}
	return k
}

func (s *junitSuite) add(k junitCase) {
	k.Time = "0"
	s.Tests++
	if k.Failure != nil {
		s.Failures++
	}
	if k.Skipped != nil {
		s.Skipped++
	}
	s.Cases = append(s.Cases, k)
}
