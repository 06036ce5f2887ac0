package screen

// An Action is what somebody at the keys wants of the run.
type Action struct {
	Kind ActionKind
	Name string // of the subject to skip
}

// ActionKind says what is wanted.
type ActionKind uint8

// The actions.
const (
	Nothing ActionKind = iota
	Pause              // no further trial
	Resume
	Skip // a subject, for the rest of the run
	Stop // after this round
	GoOn // beyond this round after all
	Quit // now
)

// Press takes in a key and returns what it asks of the run. What cannot be taken
// back is asked for twice.
func (m *Model) Press(k Key) Action {
	if q := m.question; q != 0 {
		m.question = 0
		return m.answered(q, k)
	}
	switch k {
	case 'p':
		m.wanted = !m.wanted
		if m.wanted {
			return Action{Kind: Pause}
		}
		return Action{Kind: Resume}
	case 'e':
		m.stopping = !m.stopping
		if m.stopping {
			return Action{Kind: Stop}
		}
		return Action{Kind: GoOn}
	case 's':
		if i := m.pointed(); i >= 0 && m.subjects[i].state != skipped {
			m.question, m.chosen = 's', i
		}
	case 'q':
		m.question = 'q'
	case Up, 'k':
		m.choose(-1)
	case Down, 'j':
		m.choose(+1)
	case Left, 'h':
		m.turn(-1)
	case Right, 'l':
		m.turn(+1)
	case Escape:
		m.chosen, m.setting = -1, -1
	}
	return Action{}
}

func (m *Model) answered(question, k Key) Action {
	if k != 'y' && k != question {
		return Action{}
	}
	if question == 'q' {
		return Action{Kind: Quit}
	}
	i := m.chosen
	m.chosen = -1
	return Action{Kind: Skip, Name: m.subjects[i].name}
}

// pointed is the subject that a key is about: the chosen one, or that under way.
func (m *Model) pointed() int {
	if m.chosen >= 0 {
		return m.chosen
	}
	return m.current
}

func (m *Model) choose(step int) {
	if len(m.subjects) == 0 {
		return
	}
	m.chosen = min(max(m.pointed()+step, 0), len(m.subjects)-1)
}

// turn shows the standings at another setting.
func (m *Model) turn(step int) {
	if n := len(m.settings); n > 0 {
		m.setting = (m.shownSetting() + step + n) % n
	}
}
