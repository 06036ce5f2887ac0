package workload

import (
	"context"
	"errors"
	"net"
	"os"
	"time"
)

// holdFor is how long the end of a request is held back: many times what an
// answer takes that does not wait for it.
const holdFor = 300 * time.Millisecond

// Hold sends a request but for its last byte over an open connection, and tells
// whether the whole answer, with a right status, comes all the same: whether the
// server answers without having read what it was sent. It then sends the last
// byte. An error means that nothing can be said.
func Hold(ctx context.Context, conn net.Conn, r *Request) (unread bool, err error) {
	stop := context.AfterFunc(ctx, func() { conn.SetDeadline(longAgo()) })
	defer stop()
	if len(r.Bytes) < 2 {
		return false, errors.New("there is no request to hold back")
	}
	last := len(r.Bytes) - 1
	if _, err := conn.Write(r.Bytes[:last]); err != nil {
		return false, err
	}
	if err := conn.SetReadDeadline(time.Now().Add(holdFor)); err != nil {
		return false, err
	}
	a, err := receive(conn, r)
	if err == nil {
		return r.Expect.StatusOK(a.Status), nil
	}
	if !errors.Is(err, os.ErrDeadlineExceeded) || ctx.Err() != nil {
		return false, err
	}
	_, err = conn.Write(r.Bytes[last:]) // it waits for the rest, as it should
	return false, err
}
