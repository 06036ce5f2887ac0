package evidence

// A Note is something the reader of a measurement must be told.
type Note struct {
	Kind  string `json:"kind"`  // a few words joined by hyphens, for programs: "client-near-limit"
	Grade Grade  `json:"grade"` // what it does to the measurement
	Text  string `json:"text"`  // one sentence, for people
}

// BudgetSpent is the kind of the note that a run ended because its time was up: of
// a line that is of no subject, whose round is the last one.
const BudgetSpent = "budget-spent"

// A Grade says how far a measurement may be trusted.
type Grade uint8

const (
	A Grade = iota // clean
	B              // a warning, kept and shown
	L              // response times not to be trusted; rates and CPU stand
	X              // invalid: a number in it is wrong
)

const gradeLetters = "ABLX"

func (g Grade) String() string { return gradeLetters[g : g+1] }

// MarshalText writes the grade's letter.
func (g Grade) MarshalText() ([]byte, error) { return []byte(g.String()), nil }

// UnmarshalText reads a grade's letter.
func (g *Grade) UnmarshalText(b []byte) error {
	for i := range gradeLetters {
		if string(b) == gradeLetters[i:i+1] {
			*g = Grade(i)
			return nil
		}
	}
	return errUnknownGrade(b)
}

type errUnknownGrade []byte

func (e errUnknownGrade) Error() string { return "unknown grade " + string(e) }

// Worst returns the worst grade among the notes; A if there are none.
func Worst(notes []Note) Grade {
	worst := A
	for _, n := range notes {
		worst = max(worst, n.Grade)
	}
	return worst
}
