package main

import (
	"context"
	"net"

	"webdyno/internal/lab"
	"webdyno/internal/workload"
)

// hold finds out whether a server answers before it has had the whole of a
// request.
func hold(ctx context.Context, to lab.Address, r *workload.Request) (unread bool, err error) {
	var conn net.Conn
	if to.TLS != nil {
		conn, err = to.TLS.Dial(ctx, to.Network(), to.String())
	} else {
		conn, err = new(net.Dialer).DialContext(ctx, to.Network(), to.String())
	}
	if err != nil {
		return false, err
	}
	defer conn.Close()
	return workload.Hold(ctx, conn, r)
}
