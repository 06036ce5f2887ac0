package calibrate

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"testing"

	"go.uber.org/goleak"

	"webdyno/internal/serve"
	"webdyno/internal/supervise"
)

// TestMain lets the test binary stand in for webdyno: as the keeper, as what
// becomes a server, and as the server.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 {
		switch os.Args[1] {
		case "keeper":
			os.Exit(supervise.KeeperMain())
		case "exec":
			os.Exit(supervise.ExecMain())
		case "serve":
			os.Exit(serveMain(os.Args[2], os.Args[3:]))
		}
	}
	goleak.VerifyTestMain(m)
}

func serveMain(name string, args []string) int {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	addr := strings.TrimPrefix(args[0], "--addr=")
	if err := serve.Run(ctx, name, serve.Options{Addr: addr, Args: args[2:]}); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}
