package engine

import "webdyno/internal/sys"

// Requests with blanks differ each time they are sent, and the reel, which all
// connections share, will not do for them: the kernel may still be sending one
// while the next is written. Each place of a slot's ring has a sheet of its own
// for them, in memory that the kernel may hold on to. What is the same in every
// request is written there once; blanks are filled in when it is sent.
//
// A server may answer before it has taken the whole of a request, and then its
// sheet is not free for the next one, which is written on a spare.

// sheets is what one slot writes requests with blanks on.
type sheets struct {
	mem    []byte  // of places, end to end
	places []sheet // of the ring
	spares []*sheet
	sends  uint64 // so far, on whatever connection, of requests without blanks too
}

type sheet struct {
	mem  []byte
	form int32  // what is written there: twice the request's turn, plus 1 if as a connection's last; -1: nothing
	send uint64 // the number of the send that it last went out with
}

// giveSheets gives slots for a pipeline so deep their sheets, if any request has
// blanks.
func (l *loop) giveSheets(slots []slot, depth int) error {
	size := l.reel.sheet
	if size == 0 {
		return nil
	}
	mem, err := l.mapSheets(len(slots) * depth * size)
	if err != nil {
		return err
	}
	all := make([]sheets, len(slots))
	places := make([]sheet, len(slots)*depth)
	for i := range places {
		places[i] = sheet{mem: mem[i*size:][:size:size], form: -1}
	}
	for i := range slots {
		all[i] = sheets{mem: mem[i*depth*size:][:depth*size], places: places[i*depth:][:depth]}
		slots[i].sheets = &all[i]
	}
	return nil
}

func (l *loop) mapSheets(n int) ([]byte, error) {
	mem, err := sys.Map(n)
	if err == nil {
		l.sheetMem = append(l.sheetMem, mem)
	}
	return mem, err
}

// write writes the requests to be sent next on a connection, the first of which
// has blanks: as many as go out in one piece. Last tells that the first is its
// connection's last.
func (l *loop) write(s *slot, last bool) (b []byte, n int) {
	own := s.sheets
	if own == nil {
		return l.reel.requests[s.at(s.out).turn].Bytes, 1 // there is no memory, and the loop is about to end
	}
	gone := own.sends - uint64(l.d.unsent(s.conn.id)) // sends that nobody reads any more
	place := s.index(s.out)
	if own.places[place].send > gone {
		return l.fillIn(s, s.out, last, l.spareSheet(own, gone)), 1
	}
	b = l.fillIn(s, s.out, last, &own.places[place])
	if last {
		return b, 1
	}
	most := min(l.sendable(s), len(s.ring)-place)
	for n = 1; n < most && len(b) == n*l.reel.sheet; n++ {
		next := &own.places[place+n]
		if !l.reel.hasBlanks(s.at(s.out+n).turn) || next.send > gone {
			break
		}
		b = own.mem[place*l.reel.sheet:][:len(b)+len(l.fillIn(s, s.out+n, false, next))]
	}
	return b, n
}

// spareSheet returns a sheet that nobody reads.
func (l *loop) spareSheet(own *sheets, gone uint64) *sheet {
	for _, k := range own.spares {
		if k.send <= gone {
			return k
		}
	}
	mem, err := l.mapSheets(l.reel.sheet)
	if err != nil {
		l.broken = err
		mem = make([]byte, l.reel.sheet)
	}
	k := &sheet{mem: mem, form: -1}
	own.spares = append(own.spares, k)
	return k
}

// fillIn writes request i of a slot on a sheet, for the send that is coming.
func (l *loop) fillIn(s *slot, i int, last bool, on *sheet) []byte {
	r := s.at(i)
	q := l.reel.requests[r.turn]
	bytes, form := q.Bytes, 2*r.turn
	if last = last && len(q.Last) > 0; last {
		bytes, form = q.Last, form+1
	}
	if on.form != form {
		copy(on.mem, bytes)
		on.form = form
	}
	for k := range q.Blanks {
		q.Blanks[k].Fill(on.mem, last, l.job.number, l.job.Seed, r.number)
	}
	on.send = s.sheets.sends + 1
	return on.mem[:len(bytes)]
}

func (l *loop) freeSheets() {
	for _, mem := range l.sheetMem {
		sys.Unmap(mem)
	}
	l.sheetMem = nil
}
