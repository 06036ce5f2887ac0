// Package serve holds the servers that ship inside webdyno: a ceiling, a plain
// page, the handler-work study's subject in Go, and a server whose response
// times are known beforehand.
//
// Each listens on one address and runs until it is told to stop. null and
// truth are loops of our own on epoll, a thread each, because what they are for
// (the highest rate, the exact moment) is what net/http cannot give; hello,
// classifier and payload are net/http as its users write it.
//
// The queueing formulae that tell what truth must look like from outside are
// here too, in queue.go and formula.go: pure functions that need no server.
//
// store and bus are packages of their own, put together here: a store that
// speaks Redis's protocol, and a message bus on one of four stores.
//
// There is no TLS and no HTTP/2: nothing here is meant to be reached from
// another network.
package serve

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"strings"
)

// A Server is one that ships inside the binary.
type Server struct {
	Name  string
	About string // one sentence

	// prepare reads the server's own arguments and returns what will serve.
	// It opens nothing.
	prepare func(name string, args []string) (serveFunc, error)

	// begin stands in for prepare where there is something to open before the
	// server can listen, or to do in place of serving.
	begin func(context.Context, string, Options) (*begun, error)
}

// begun is a server whose surroundings are open. Its serve function closes
// them; if it is never called, close does.
type begun struct {
	serve serveFunc
	close func() error
}

// A serveFunc serves the connections of a listener until ctx is done, and
// closes the listener. It returns nil if it ended because it was asked to.
type serveFunc func(context.Context, net.Listener) error

// servers is every server that ships, in the order they are shown.
func servers() []Server {
	return []Server{
		{"null", "Answers a constant as fast as this machine can: the ceiling that an engine is held against.", prepareNull, nil},
		{"hello", "Answers a short text through Go's net/http.", prepareHello, nil},
		{"classifier", "Examines every byte of the path: the handler-work study's subject in Go.", prepareClassifier, nil},
		{"payload", "Answers /N with N bytes of X, and does no work.", preparePayload, nil},
		{"truth", "Takes service times that are known beforehand, stalls when told, and misbehaves on request.", prepareTruth, nil},
		{"store", "Keeps streams in memory and speaks Redis's protocol: the store that other subjects share.", prepareStore, nil},
		{"bus", "Keeps events per channel, in memory, a file, Redis or MongoDB: the message bus in Go.", nil, beginBus},
	}
}

// Names returns the servers' names, in the order they are shown.
func Names() []string {
	var names []string
	for _, s := range servers() {
		names = append(names, s.Name)
	}
	return names
}

// Lookup returns the server called name.
func Lookup(name string) (Server, bool) {
	for _, s := range servers() {
		if s.Name == name {
			return s, true
		}
	}
	return Server{}, false
}

// Flags describes the server's own arguments, a few lines for people; it is
// empty if the server takes none.
func (s Server) Flags() string {
	_, err := s.start(context.Background(), Options{Args: []string{"-h"}})
	var u usage
	if errors.As(err, &u) {
		return string(u)
	}
	return ""
}

// Options say where to serve, and how.
type Options struct {
	Addr string    // HOST:PORT; port 0 lets the kernel choose
	Args []string  // the server's own arguments, see [Server.Flags]
	Out  io.Writer // told "listening on HOST:PORT" once connections are accepted; nil means nobody

	// Pprof is a second address, HOST:PORT, at which the process hands out profiles
	// of itself; empty: nowhere.
	Pprof string

	// Result takes what a server that was asked for it writes in place of
	// serving; nil means nobody.
	Result io.Writer
}

// Run runs the server called name until ctx is done, which is its only good
// end and yields nil. It complains about an unknown name, an argument that the
// server does not take, and an address that cannot be listened on, before it
// has said that it listens.
func Run(ctx context.Context, name string, opt Options) (err error) {
	s, ok := Lookup(name)
	if !ok {
		return fmt.Errorf("serve %q: no such server: want one of %s", name, strings.Join(Names(), ", "))
	}
	begun, err := s.start(ctx, opt)
	if err != nil {
		return fmt.Errorf("serve %s: %w", name, err)
	}
	if begun == nil {
		return nil
	}
	if opt.Pprof != "" {
		end, failed := servePprof(ctx, opt.Pprof)
		if failed != nil {
			return fmt.Errorf("serve %s: profiles: %w", name, errors.Join(failed, begun.close()))
		}
		defer func() { err = errors.Join(err, end()) }()
	}
	ln, err := listen(ctx, opt.Addr)
	if err != nil {
		return fmt.Errorf("serve %s: %w", name, errors.Join(err, begun.close()))
	}
	if opt.Out != nil {
		if _, err := fmt.Fprintf(opt.Out, "listening on %s\n", ln.Addr()); err != nil {
			ln.Close()
			return fmt.Errorf("serve %s: %w", name, errors.Join(err, begun.close()))
		}
	}
	if err := begun.serve(ctx, ln); err != nil {
		return fmt.Errorf("serve %s: %w", name, err)
	}
	return nil
}

// start readies the server. It returns nil if what was asked for is done.
func (s Server) start(ctx context.Context, opt Options) (*begun, error) {
	if opt.Result == nil {
		opt.Result = io.Discard
	}
	if s.begin != nil {
		return s.begin(ctx, s.Name, opt)
	}
	serve, err := s.prepare(s.Name, opt.Args)
	if err != nil {
		return nil, err
	}
	return &begun{serve, func() error { return nil }}, nil
}

// listen opens a plain TCP listener. Go would otherwise make it a Multipath TCP
// one where the kernel can, whose every accept costs more, and whose listening
// socket belongs to no process as far as sock_diag can tell.
func listen(ctx context.Context, addr string) (net.Listener, error) {
	var lc net.ListenConfig
	lc.SetMultipathTCP(false)
	return lc.Listen(ctx, "tcp", addr)
}

// usage is the error that asking a server for its flags yields.
type usage string

func (u usage) Error() string { return strings.TrimRight(string(u), "\n") }

// ArgsError is an argument that a server does not take.
type ArgsError struct{ error }

// Unwrap returns what is wrong with the argument.
func (e *ArgsError) Unwrap() error { return e.error }

// parseArgs reads a server's own arguments into the flags that define defines.
// Nothing may be left over.
func parseArgs(name string, args []string, define func(*flag.FlagSet)) error {
	fs := flag.NewFlagSet(name, flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	define(fs)
	err := fs.Parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		var b strings.Builder
		fs.SetOutput(&b)
		fs.PrintDefaults()
		return usage(b.String())
	case err != nil:
		return &ArgsError{err}
	case fs.NArg() > 0:
		return &ArgsError{fmt.Errorf("%q is more than it takes", fs.Arg(0))}
	}
	return nil
}
