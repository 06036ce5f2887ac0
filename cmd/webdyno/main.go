// Command webdyno is a dynamometer for web servers: it starts real servers,
// loads them with an exactly known load, and says which is better, by how
// much, and how sure one may be.
//
// Each verb has a file of its own here: flags in, one call into a package,
// rendering out.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"

	"github.com/spf13/cobra"

	"webdyno/internal/plan"
	"webdyno/internal/supervise"
)

// Exit statuses. They are documented; scripts depend on them.
const (
	statusOK      = 0
	statusFailed  = 1 // webdyno could not do its work, or nothing was answered
	statusUsage   = 2 // the command line or the plan is wrong
	statusMissed  = 3 // done, but an objective was missed or a subject got worse
	statusSignal  = 128
	hiddenKeeper  = "keeper" // looks after one subject's processes
	hiddenExec    = "exec"   // sets limits, then becomes the subject
	programName   = "webdyno"
	unknownCommit = "unknown"
)

// version and commit are set by the linker (see Makefile).
var (
	version = "0.1.0"
	commit  = unknownCommit
)

// A console is the outside world as a verb sees it. Tests pass their own.
type console struct {
	in  io.Reader
	out io.Writer // results, and nothing else
	err io.Writer // everything meant for a person
}

func main() {
	// The two hidden verbs come before everything else: a keeper must not parse
	// flags, install handlers or load what it does not need.
	if len(os.Args) > 1 {
		switch os.Args[1] {
		case hiddenKeeper:
			os.Exit(supervise.KeeperMain())
		case hiddenExec:
			os.Exit(supervise.ExecMain())
		}
	}
	os.Exit(run(os.Args[1:], console{os.Stdin, os.Stdout, os.Stderr}))
}

// run is main, with its surroundings passed in and its status passed out.
func run(args []string, con console) int {
	ctx, stop := withSignals(context.Background())
	defer stop()

	root := rootCommand(con)
	root.SetArgs(withTwoDashes(root, args))
	err := root.ExecuteContext(ctx)
	return status(con, err)
}

// A signalled error is the cause of a context that a signal ended.
type signalled struct{ syscall.Signal }

func (s signalled) Error() string {
	if s.Signal == syscall.SIGINT { // Ctrl-C, and q on a screen
		return "ended by hand (" + s.String() + ")"
	}
	return "ended by " + s.String()
}

// partings are what is still to be done if the process ends at once. They are
// called beside everything else that goes on, and must be quick.
type partings struct {
	mu   sync.Mutex
	last int
	do   map[int]func()
}

// partingsKey is the key under which a context carries its partings.
type partingsKey struct{}

// beforeExit has f called if a second signal ends the process, until the function
// returned is called.
func beforeExit(ctx context.Context, f func()) (forget func()) {
	p, ok := ctx.Value(partingsKey{}).(*partings)
	if !ok {
		return func() {}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.last++
	number := p.last
	p.do[number] = f
	return func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		delete(p.do, number)
	}
}

func (p *partings) all() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, f := range p.do {
		f()
	}
}

// withSignals returns a context that the first INT, TERM or HUP cancels, with a
// signalled cause. A second one ends the process at once, with no more than what
// [beforeExit] was told; keepers see to it that the subjects end with it.
func withSignals(parent context.Context) (context.Context, func()) {
	last := &partings{do: map[int]func(){}}
	ctx, cancel := context.WithCancelCause(context.WithValue(parent, partingsKey{}, last))
	ch := make(chan os.Signal, 2)
	signal.Notify(ch, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	done := make(chan struct{})
	go func() {
		for {
			select {
			case s := <-ch:
				if ctx.Err() != nil {
					last.all()
					os.Exit(statusSignal + int(s.(syscall.Signal)))
				}
				cancel(signalled{s.(syscall.Signal)})
			case <-done:
				return
			}
		}
	}()
	return ctx, func() { signal.Stop(ch); close(done); cancel(nil) }
}

// A usageError is a command line that cannot be obeyed.
type usageError struct{ err error }

func (e usageError) Error() string { return e.err.Error() }
func (e usageError) Unwrap() error { return e.err }

// errMissed ends a verb that did its work but missed an objective.
var errMissed = errors.New("an objective was missed")

// untoldError is the end of a verb that measured too little to decide an
// objective: it was neither kept nor missed, and the work is not done.
func untoldError(objectives []string) error {
	return hinted{
		fmt.Errorf("cannot be told: %s: too few requests were due", strings.Join(objectives, ", ")),
		"the result says how many it takes: let it last longer (-d, window), or ask for a lower percentile",
	}
}

// A hinted error knows what the user could do about it.
type hinted struct {
	error
	hint string
}

func (h hinted) Unwrap() error { return h.error }

// status prints what err has to say and returns the exit status it stands for.
func status(con console, err error) int {
	var sig signalled
	var usage usageError
	var complaints plan.Complaints
	switch {
	case err == nil:
		return statusOK
	case errors.As(err, &sig):
		fmt.Fprintf(con.err, "%s: %v\n", programName, err)
		return statusSignal + int(sig.Signal)
	case errors.Is(err, errMissed), errors.Is(err, errWorse), errors.Is(err, errItself):
		fmt.Fprintf(con.err, "%s: %v\n", programName, err)
		return statusMissed
	case errors.As(err, &complaints):
		fmt.Fprintln(con.err, complaints.Error())
		return statusUsage
	}
	fmt.Fprintf(con.err, "%s: %v\n", programName, err)
	var h hinted
	if errors.As(err, &h) {
		fmt.Fprintf(con.err, "%s: hint: %s\n", programName, h.hint)
	}
	if errors.As(err, &usage) {
		return statusUsage
	}
	return statusFailed
}

func rootCommand(con console) *cobra.Command {
	root := &cobra.Command{
		Use:   programName,
		Short: "A dynamometer for web servers",
		Long: `webdyno starts real servers, loads them with an exactly known load, and says
which is better, by how much, and how sure one may be.

Begin with:
  webdyno run first-look                     what a little work does to Go, Node and Python
  webdyno versus './a {port}' './b {port}'   compare two servers at once
  webdyno load http://127.0.0.1:8080/        load one address`,
		Version:           versionText(),
		SilenceErrors:     true,
		SilenceUsage:      true,
		CompletionOptions: cobra.CompletionOptions{HiddenDefaultCmd: true},
		Args:              knownVerb,

		SuggestionsMinimumDistance: 2,
		RunE:                       func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetVersionTemplate("{{.Version}}\n")
	root.SetIn(con.in)
	root.SetOut(con.out)
	root.SetErr(con.err)
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usageError{fmt.Errorf("%w; see %s --help", err, cmd.CommandPath())}
	})
	root.AddCommand(
		startsSubjects(runCommand(con)),
		startsSubjects(versusCommand(con)),
		loadCommand(con),
		reportCommand(con),
		compareCommand(con),
		profileCommand(con),
		plansCommand(con),
		startsSubjects(subjectsCommand(con)),
		serveCommand(con),
		startsSubjects(calibrateCommand(con)),
	)
	for _, verb := range root.Commands() {
		completed(verb)
	}
	return root
}

// knownVerb complains about a word that is no verb, and guesses which was meant.
func knownVerb(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	err := usageError{fmt.Errorf("no verb %q; see %s --help", args[0], programName)}
	if guess := cmd.SuggestionsFor(args[0]); len(guess) > 0 {
		return hinted{err, "did you mean " + strings.Join(guess, " or ") + "?"}
	}
	return err
}
