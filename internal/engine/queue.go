package engine

// A queue is a doubly linked list threaded through its members: each holds a
// node for every queue it may stand in, so that joining, leaving from the
// middle and looking at the first are a few assignments, and nothing is
// allocated. The zero queue is empty.
type queue[T any] struct {
	first, last *node[T]
	n           int
}

// A node is a member's place in a queue. Of is the member; it is set once.
type node[T any] struct {
	prev, next *node[T]
	of         *T
	in         bool
}

// len returns how many stand in the queue.
func (q *queue[T]) len() int { return q.n }

// head returns the first in the queue, nil if it is empty.
func (q *queue[T]) head() *T {
	if q.first == nil {
		return nil
	}
	return q.first.of
}

// push puts n at the end. It must not be in a queue already.
func (q *queue[T]) push(n *node[T]) {
	n.prev, n.next, n.in = q.last, nil, true
	if q.last == nil {
		q.first = n
	} else {
		q.last.next = n
	}
	q.last = n
	q.n++
}

// remove takes n out, if it is in.
func (q *queue[T]) remove(n *node[T]) {
	if !n.in {
		return
	}
	if n.prev == nil {
		q.first = n.next
	} else {
		n.prev.next = n.next
	}
	if n.next == nil {
		q.last = n.prev
	} else {
		n.next.prev = n.prev
	}
	n.prev, n.next, n.in = nil, nil, false
	q.n--
}
