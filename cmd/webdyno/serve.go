package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"webdyno/internal/lab"
	"webdyno/internal/serve"
)

func serveCommand(con console) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "serve NAME [FLAGS OF THE SERVER]",
		Short: "Run one of webdyno's own servers",
		Long: "Runs one of webdyno's own servers until it is interrupted:\n\n" + serverList() +
			"\nThe flags that a server takes: webdyno serve NAME --help",
		Example: `  webdyno serve hello
  webdyno serve truth --addr 127.0.0.1:9000 -service 500us -stall 200ms/2s
  webdyno serve store --addr 127.0.0.1:6379 --delay 1ms
  webdyno serve bus --store bolt:events.db`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usageError{errors.New("serve wants a name: one of " + strings.Join(serve.Names(), ", "))}
			}
			return usageError{errors.New("no server " + args[0] + ": there are " + strings.Join(serve.Names(), ", "))}
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.PersistentFlags().String("addr", serveAddr, "listen on `HOST:PORT`")
	for _, name := range serve.Names() {
		cmd.AddCommand(serverCommand(con, name))
	}
	return cmd
}

// serveAddr is where a server listens that is not told where.
const serveAddr = "127.0.0.1:8080"

// serverCommand runs one server. Its flags are read by the server itself, all
// but --addr, which is the same for every one of them.
func serverCommand(con console, name string) *cobra.Command {
	s, _ := serve.Lookup(name)
	c := &cobra.Command{
		Use:                name,
		Short:              s.About,
		DisableFlagParsing: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			addr, rest := splitAddr(args)
			if wantsHelp(rest) {
				return cmd.Help()
			}
			err := serve.Run(cmd.Context(), name, serve.Options{Addr: addr, Args: rest, Out: con.err, Result: con.out, Pprof: os.Getenv(lab.PprofVariable)})
			if args := new(serve.ArgsError); errors.As(err, &args) {
				return hinted{usageError{err}, "webdyno serve " + name + " --help lists the flags"}
			}
			return err
		},
	}
	c.SetHelpFunc(func(cmd *cobra.Command, _ []string) {
		fmt.Fprintf(cmd.OutOrStdout(), "%s\n\nUsage:\n  %s [FLAGS]\n\nFlags:\n  -addr HOST:PORT\n    \tlisten there (default %s)\n%s",
			s.About, cmd.CommandPath(), serveAddr, s.Flags())
	})
	return c
}

// splitAddr takes --addr out of a server's arguments. The "--" that may set
// them apart is left out.
func splitAddr(args []string) (addr string, rest []string) {
	addr = serveAddr
	for i := 0; i < len(args); i++ {
		flag, value, given := strings.Cut(strings.TrimPrefix(args[i], "-"), "=")
		switch {
		case args[i] == "--":
			return addr, append(rest, args[i+1:]...)
		case flag != "-addr" && flag != "addr" || !strings.HasPrefix(args[i], "-"):
			rest = append(rest, args[i])
		case given:
			addr = value
		case i+1 < len(args):
			i++
			addr = args[i]
		default:
			rest = append(rest, args[i])
		}
	}
	return addr, rest
}

func wantsHelp(args []string) bool {
	for _, a := range args {
		if a == "-h" || a == "-help" || a == "--help" {
			return true
		}
	}
	return false
}

func serverList() string {
	var b strings.Builder
	for _, name := range serve.Names() {
		s, _ := serve.Lookup(name)
		b.WriteString("  " + name + strings.Repeat(" ", max(12-len(name), 1)) + s.About + "\n")
	}
	return b.String()
}
