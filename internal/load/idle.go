package load

// WithoutIdle returns l without the idle connections beside it.
func WithoutIdle(l Load) Load {
	switch x := l.(type) {
	case Open:
		x.Idle = 0
		return x
	case Closed:
		x.Idle = 0
		return x
	}
	return l
}
