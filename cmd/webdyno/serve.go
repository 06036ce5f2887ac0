package main

import (
	"errors"
	"strings"

	"github.com/spf13/cobra"

	"webdyno/internal/serve"
)

func serveCommand(con console) *cobra.Command {
	addr := "127.0.0.1:8080"
	cmd := &cobra.Command{
		Use:   "serve NAME [-- FLAGS OF THE SERVER]",
		Short: "Run one of webdyno's own servers",
		Long:  "Runs one of webdyno's own servers until it is interrupted:\n\n" + serverList(),
		Example: `  webdyno serve hello
  webdyno serve truth --addr 127.0.0.1:9000 -- -service 500us -stall 200ms/2s`,
		ValidArgs: serve.Names(),
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usageError{errors.New("serve wants a name: one of " + strings.Join(serve.Names(), ", "))}
			}
			if _, ok := serve.Lookup(args[0]); !ok {
				return usageError{errors.New("no server " + args[0] + ": there are " + strings.Join(serve.Names(), ", "))}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			return serve.Run(cmd.Context(), args[0], serve.Options{Addr: addr, Args: args[1:], Out: con.err})
		},
	}
	cmd.Flags().StringVar(&addr, "addr", addr, "listen on `HOST:PORT`")
	return cmd
}

func serverList() string {
	var b strings.Builder
	for _, name := range serve.Names() {
		s, _ := serve.Lookup(name)
		b.WriteString("  " + name + strings.Repeat(" ", max(12-len(name), 1)) + s.About + "\n")
	}
	return b.String()
}
