// Command ferretdb serves FerretDB over SQLite at one address, for the tests of
// the store that speaks MongoDB's protocol: a stand-in where no MongoDB can be
// had. It lacks TTL indexes and change streams, which that store does without.
// What it measures is FerretDB, and never to be called MongoDB.
//
// It is a module of its own, so that its hundred dependencies are no part of
// webdyno's.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/FerretDB/FerretDB/ferretdb"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:27117", "where to listen, HOST:PORT")
	dir := flag.String("dir", "", "an empty folder to keep the database in")
	flag.Parse()
	if err := serve(*addr, *dir); err != nil {
		fmt.Fprintln(os.Stderr, "ferretdb:", err)
		os.Exit(1)
	}
}

func serve(addr, dir string) error {
	if dir == "" {
		return fmt.Errorf("want -dir, a folder to keep the database in")
	}
	f, err := ferretdb.New(&ferretdb.Config{
		Listener:  ferretdb.ListenerConfig{TCP: addr},
		Handler:   "sqlite",
		SQLiteURL: "file:" + dir + "/",
	})
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	return f.Run(ctx)
}
