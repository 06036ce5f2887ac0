package bus

// answer appends the body of a successful read to b: the events' own texts, and
// the marker to go on from. There is no space outside the events.
func answer(b []byte, events []Event, last Marker) []byte {
	b = append(b, `{"events":[`...)
	for i, e := range events {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, e.JSON...)
	}
	b = append(b, `],"marker":"`...)
	b = last.append(b)
	return append(b, `"}`...)
}

// receipt is the body of the answer to a post.
func receipt(m Marker) []byte {
	b := append([]byte(nil), `{"marker":"`...)
	b = m.append(b)
	return append(b, `"}`...)
}
