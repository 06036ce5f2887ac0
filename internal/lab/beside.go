package lab

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"webdyno/internal/evidence"
	"webdyno/internal/plan"
	"webdyno/internal/probe"
	"webdyno/internal/supervise"
)

// A helperLaunch is how a service is started here, or why it cannot be.
type helperLaunch struct {
	*launch
	service *plan.Service
	shared  bool // its CPUs are the subjects' too
	err     error
}

// prepareServices finds out which of the plan's services can run here. One that
// cannot is no error: whoever uses it is skipped.
func (q *Equipment) prepareServices(ctx context.Context, p *plan.Plan, out *Prepared) error {
	taken := q.widest(p)
	for i := range p.Services {
		s := &p.Services[i]
		facts := evidence.Subject{Name: s.Name, URL: redacted(s.URL), Uses: s.Uses}
		h := &helperLaunch{service: s}
		var cpus []int
		cpus, h.shared = q.serviceCPUs(s, p, &taken)
		h.err = out.broken(s.Uses)
		if h.err == nil {
			described := s.Subject
			described.Build = [][]string{s.Prime} // so that the tools it mentions are found; Build leaves services alone
			h.launch, h.err = q.lay(ctx, plan.Variant{Subject: &described}, s.Scheme, cpus, placeholders(p), &facts)
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if h.err != nil {
			facts.Skipped, facts.Hint = h.err.Error(), hintOf(h.err)
		}
		if s.URL != "" && h.launch != nil {
			h.url, _ = url.Parse(s.URL)
			facts.CPUs, facts.Command = nil, nil
		}
		out.helpers[s.Name] = h
		out.Services = append(out.Services, facts)
	}
	return nil
}

// broken returns why one of the services named cannot run.
func (p *Prepared) broken(names []string) error {
	for _, name := range names {
		if h := p.helpers[name]; h != nil && h.err != nil {
			return fmt.Errorf("needs service %s: %w", name, h.err)
		}
	}
	return nil
}

// redacted is an address without its password, fit for a record.
func redacted(address string) string {
	if u, err := url.Parse(address); err == nil {
		return u.Redacted()
	}
	return ""
}

// widest is how many of the CPUs that subjects are given from the largest of them
// gets.
func (q *Equipment) widest(p *plan.Plan) int {
	most := 0
	for _, v := range p.Variants() {
		if cpus, err := q.cpusOf(p.CPUsOf(v), v.Subject.CPUs.Factor != ""); err == nil {
			most = max(most, min(len(cpus), len(q.CPUs.Subjects)))
		}
	}
	return most
}

// serviceCPUs chooses a service's CPUs: the subjects', unless it is to have its
// own and there are some beside those already taken.
func (q *Equipment) serviceCPUs(s *plan.Service, p *plan.Plan, taken *int) (cpus []int, shared bool) {
	free := q.CPUs.Subjects[min(*taken, len(q.CPUs.Subjects)):]
	switch {
	case s.CPUs.All:
		return q.Machine, true
	case s.CPUs.N > 0 && s.CPUs.N <= len(free) && !q.CPUs.Shared:
		*taken += s.CPUs.N
		return free[:s.CPUs.N], false
	}
	return q.CPUs.Subjects[:min(q.widest(p), len(q.CPUs.Subjects))], true
}

// StartService starts a service on a port of its own, shows that it is what
// listens there, and primes it. One that runs already is primed only. It is what
// Lab.StartService wants.
func (q *Equipment) StartService(prepared *Prepared) func(context.Context, *plan.Service, map[string]string, string) (Service, error) {
	return func(ctx context.Context, s *plan.Service, beside map[string]string, log string) (Service, error) {
		h := prepared.helpers[s.Name]
		if h.err != nil {
			return nil, &Trouble{evidence.NotStarted, h.err}
		}
		up, err := q.serviceUp(ctx, h, beside, log)
		if err != nil {
			return nil, err
		}
		if err := q.prime(ctx, h, up, beside, log); err != nil {
			_, stopErr := up.Stop()
			return nil, errors.Join(&Trouble{evidence.NotReady, err}, stopErr)
		}
		return up, nil
	}
}

func (q *Equipment) serviceUp(ctx context.Context, h *helperLaunch, beside map[string]string, log string) (Service, error) {
	s := h.service
	if s.URL != "" {
		return &hired{Server: &neighbour{addr: Address{Host: s.URL}, never: make(chan struct{})}, service: s, address: s.URL}, nil
	}
	server, err := q.start(ctx, h.launch, beside, log)
	if err != nil {
		return nil, err
	}
	up := &hired{Server: server, service: s, cpus: len(h.command.CPUs), shared: h.shared}
	tcp := server.Address().TCP
	up.address = s.Address(tcp.Addr().String(), strconv.Itoa(int(tcp.Port())))
	return up, nil
}

// prime runs the service's own preparation once, against the address it has.
func (q *Equipment) prime(ctx context.Context, h *helperLaunch, up Service, beside map[string]string, log string) error {
	if len(h.service.Prime) == 0 {
		return nil
	}
	words := maps.Clone(beside)
	if words == nil {
		words = map[string]string{}
	}
	maps.Copy(words, up.Words())
	port := ""
	if tcp := up.Address().TCP; tcp != (netip.AddrPort{}) {
		_, port, _ = net.SplitHostPort(tcp.String())
	}
	cmd := h.command
	all := h.filled(port, words)
	argv, err := fill(h.service.Prime, all)
	if err == nil {
		cmd.Env, err = q.environment(h.launch, all)
	}
	if err != nil {
		return fmt.Errorf("prime: %w", err)
	}
	if argv[0], err = q.programOf(&h.service.Subject, argv[0]); err != nil {
		return fmt.Errorf("prime: %w", err)
	}
	if err := q.runStep(ctx, argv, supervise.Command{Dir: cmd.Dir, Env: cmd.Env}, strings.TrimSuffix(log, ".log")+"-prime.log"); err != nil {
		return fmt.Errorf("prime: %s: %w", strings.Join(h.service.Prime, " "), err)
	}
	return nil
}

// A hired is a Service: a server of ours, or one that runs already.
type hired struct {
	Server
	service *plan.Service
	address string
	cpus    int
	shared  bool
}

func (s *hired) Words() map[string]string { return s.service.Words(s.address) }

func (s *hired) CPUs() (int, bool) { return s.cpus, s.shared }

func (s *hired) Ask(ctx context.Context) (probe.Store, error) {
	if s.service.Scheme != "redis" {
		return probe.Store{}, nil
	}
	return probe.ReadStore(ctx, s.address)
}
