package lab

import (
	"context"
	"io"
	"math"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"

	"webdyno/internal/engine"
	"webdyno/internal/host"
	"webdyno/internal/serve"
	"webdyno/internal/workload"
)

// The limits of a quiet machine, as calibrate has them.
const (
	quietForeign = 0.1
	quietStalled = 0.005
	quietShare   = 0.8 // of the trials
)

// A truthful is a Server that is truth, in this process.
type truthful struct {
	*puppet
	at Address
}

func (s *truthful) Address() Address { return s.at }

// The capacity of a real server whose queue is M/D/1 must be that of the closed
// form, by a real engine in real time. It takes a minute of a quiet machine, and
// is skipped, with the reason, where there is none: never passed by default.
func TestCapacityOfTruth(t *testing.T) {
	if os.Getenv("WEBDYNO_QUIET_WAIT") == "" {
		t.Skip("takes more than a minute of a quiet machine: set WEBDYNO_QUIET_WAIT, such as 60s")
	}
	addr := serveTruth(t)
	topology, err := host.ReadTopology(os.DirFS("/"))
	if err != nil {
		t.Skipf("the machine's CPUs cannot be told: %v", err)
	}
	eng, err := engine.Open(engine.Config{Loops: 1})
	if err != nil {
		t.Skipf("no engine: %v", err)
	}
	defer eng.Close()
	q := Equipment{Root: os.DirFS("/"), CPUs: host.Assign(topology, 1, false)}
	l := &Lab{
		Generate: eng, Progress: eng.Progress, Watch: q.WatchMachine,
		Start: func(context.Context, *Entry, map[string]string, string) (Server, error) {
			return &truthful{&puppet{name: "truth", done: make(chan struct{})}, Address{TCP: addr, Host: addr.String()}}, nil
		},
		Ask: func(context.Context, Address, *workload.Request) (*workload.Answer, error) {
			time.Sleep(time.Millisecond)
			return &workload.Answer{Status: 200}, nil
		},
	}
	x := hunted(t, 2*time.Second, 1, "], steps: 16, trials: 3", "truth")
	x.Plan.Load.Connections = "256"
	if x.Settings, err = x.Plan.Settings(); err != nil {
		t.Fatal(err)
	}
	rec := &paper{}
	if err := l.Run(t.Context(), x, rec); err != nil {
		t.Fatal(err)
	}
	quiet := 0
	for _, m := range rec.lines {
		if m.Host.Foreign >= 0 && m.Host.Foreign < quietForeign && (m.Host.Hiccups == nil || m.Host.Hiccups.Stalled < quietStalled) {
			quiet++
		}
	}
	c := conclude(t, x, rec).Capacities[0]
	t.Logf("%.0f/s, bracket %.0f to %.0f; %d of %d trials were quiet", c.Value.X, c.Lower.X, c.Upper.X, quiet, len(rec.lines))
	if float64(quiet) < quietShare*float64(len(rec.lines)) {
		t.Skipf("noisy machine: %d of %d trials were quiet; %.0f/s was found", quiet, len(rec.lines), c.Value.X)
	}
	if off := math.Abs(c.Value.X/known - 1); off > x.Plan.Capacity.Width+.03 {
		t.Errorf("capacity %v, want %v: off by %.1f %%", c.Value.X, known, 100*off)
	}
}

// serveTruth serves the queue of the closed form until the test ends.
func serveTruth(t *testing.T) netip.AddrPort {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	out, in := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		ended <- serve.Run(ctx, "truth", serve.Options{Addr: "127.0.0.1:0", Args: []string{"-service=" + service.String()}, Out: in})
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	said := make([]byte, 100)
	n, err := out.Read(said)
	if err != nil {
		t.Fatal(err)
	}
	addr, err := netip.ParseAddrPort(strings.TrimSpace(strings.TrimPrefix(string(said[:n]), "listening on ")))
	if err != nil {
		t.Fatal(err)
	}
	return addr
}
