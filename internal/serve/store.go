package serve

import (
	"context"
	"flag"
	"fmt"
	"net"
	"time"

	"webdyno/internal/store"
)

// prepareStore prepares the store that speaks Redis's protocol.
func prepareStore(name string, args []string) (serveFunc, error) {
	c := store.Config{Memory: 256 << 20, Connections: 10_000}
	err := parseArgs(name, args, func(fs *flag.FlagSet) {
		fs.DurationVar(&c.Delay, "delay", 0, "hold back each answer for `TIME`, as a longer way would")
		fs.Int64Var(&c.Memory, "max-memory", c.Memory, "hold about `BYTES` at most")
		fs.IntVar(&c.Connections, "max-connections", c.Connections, "serve at most `N` connections")
	})
	switch {
	case err != nil:
		return nil, err
	case c.Delay < 0 || c.Delay > time.Minute:
		return nil, &ArgsError{fmt.Errorf("-delay %v: want 0s to 1m", c.Delay)}
	case c.Memory < 1<<20:
		return nil, &ArgsError{fmt.Errorf("-max-memory %d: want 1048576 or more", c.Memory)}
	case c.Connections < 1:
		return nil, &ArgsError{fmt.Errorf("-max-connections %d: want 1 or more", c.Connections)}
	}
	return func(ctx context.Context, ln net.Listener) error { return store.New(c).Serve(ctx, ln) }, nil
}
