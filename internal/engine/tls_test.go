package engine

import (
	"bufio"
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"webdyno/internal/evidence"
	"webdyno/internal/load"
	"webdyno/internal/workload"
)

// A certified is a certificate, and those who trust its issuer.
type certified struct {
	tls.Certificate
	roots *x509.CertPool
}

// certify makes a certificate for the name test.example and for 127.0.0.1,
// good for some time around now unless change says otherwise.
func certify(t *testing.T, change func(*x509.Certificate)) certified {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{
		SerialNumber:          big.NewInt(1),
		Subject:               pkix.Name{CommonName: "a server under test"},
		NotBefore:             time.Now().Add(-time.Hour),
		NotAfter:              time.Now().Add(time.Hour),
		DNSNames:              []string{"test.example"},
		IPAddresses:           []net.IP{net.IPv4(127, 0, 0, 1)},
		IsCA:                  true,
		BasicConstraintsValid: true,
		KeyUsage:              x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	if change != nil {
		change(c)
	}
	der, err := x509.CreateCertificate(rand.Reader, c, c, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(parsed)
	return certified{tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, roots}
}

// client is a TLS that trusts c and asks for test.example.
func (c certified) client() *TLS { return &TLS{Name: "test.example", Roots: c.roots} }

// overTLS makes a handler of TLS connections one of plain ones. A handshake
// that fails ends the connection.
func overTLS(c *tls.Config, handle func(*server, net.Conn, *bufio.Reader)) func(*server, net.Conn, *bufio.Reader) {
	return func(s *server, plain net.Conn, _ *bufio.Reader) {
		conn := tls.Server(plain, c)
		defer conn.Close()
		if conn.Handshake() == nil {
			handle(s, conn, bufio.NewReader(conn))
		}
	}
}

// A server that wants to know who asks is shown a certificate; without one, it
// answers nothing, and its reason is told.
func TestClientCertificates(t *testing.T) {
	own := certify(t, nil)
	client := certify(t, func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth} })
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		s := serve(t, overTLS(&tls.Config{
			Certificates: []tls.Certificate{own.Certificate}, MaxVersion: version,
			ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: client.roots,
		}, answering(hello)))
		job := s.job(load.Closed{Connections: 2, Use: load.Use{PerConnection: 5}}, count(20))
		job.TLS = own.client()
		job.TLS.Certificates = []tls.Certificate{client.Certificate}
		expect(t, carryOut(t, Config{}, job), map[evidence.Outcome]uint64{evidence.Answered: 20})

		job.TLS = own.client()
		tally := carryOut(t, Config{}, job)
		for cause := range tally.Causes {
			if tally.Outcomes[evidence.Answered] > 0 || !strings.HasPrefix(cause, "tls: ") && cause != "ECONNRESET" && cause != "EPIPE" {
				t.Errorf("%s, no certificate: outcomes %v, causes %v", tls.VersionName(version), tally.Outcomes, tally.Causes)
			}
		}
	}
}

// On every kind of load and of connection, TLS changes nothing about what is
// counted.
func TestCountsAgreeWithTheServerOverTLS(t *testing.T) {
	cert := certify(t, nil)
	for _, c := range []struct {
		load     load.Load
		loops    int
		requests int64
		accepted int64 // -1: any
	}{
		{load.Closed{Connections: 8}, 1, 1000, 8},
		{load.Closed{Connections: 8}, 3, 1000, 8},
		{load.Closed{Connections: 4, Use: load.Use{Pipeline: 8}}, 1, 1001, 4},
		{load.Closed{Connections: 4, Use: load.Use{PerConnection: 1}}, 1, 60, 60},
		{load.Closed{Connections: 4, Use: load.Use{PerConnection: 1, Close: load.ByFIN}}, 1, 60, 60},
		{load.Closed{Connections: 4, Use: load.Use{PerConnection: 1, Close: load.ByReset}}, 1, 60, 60},
		{load.Closed{Connections: 1, Use: load.Use{PerConnection: 10, Pipeline: 4}}, 1, 100, 10},
		{load.Open{Rate: 5000, Connections: 20, Arrivals: load.Constant}, 2, 500, 20},
		{load.Open{Rate: 1000}, 1, 200, -1},
	} {
		t.Run(fmt.Sprintf("%+v on %d", c.load, c.loops), func(t *testing.T) {
			s := serve(t, overTLS(&tls.Config{Certificates: []tls.Certificate{cert.Certificate}}, answering(hello)))
			job := s.job(c.load, count(c.requests))
			job.TLS = cert.client()
			tally := carryOut(t, Config{Loops: c.loops}, job)
			expect(t, tally, map[evidence.Outcome]uint64{evidence.Answered: uint64(c.requests)})
			if got := s.requests.Load(); got != c.requests+int64(tally.Connections.Stale) {
				t.Errorf("the server counted %d requests, the engine %d", got, c.requests)
			}
			// On demand, handshakes may be under way that nobody needs any more.
			got, opened := s.accepted.Load(), int64(tally.Connections.Opened)
			if c.accepted >= 0 && (got != c.accepted || got != opened) || got < opened {
				t.Errorf("the server accepted %d connections, the engine opened %d; want %d", got, opened, c.accepted)
			}
			if in := uint64(c.requests) * uint64(len(hello)); tally.BytesIn != in {
				t.Errorf("%d bytes in, want %d: those of HTTP", tally.BytesIn, in)
			}
			if tally.Backend != "net+tls" {
				t.Errorf("backend %q", tally.Backend)
			}
		})
	}
}

// The server is asked for by name and in HTTP/1.1, and connecting lasts until
// the handshake is done.
func TestHandshakeIsPartOfConnecting(t *testing.T) {
	const takes = 30 * time.Millisecond
	cert := certify(t, nil)
	var asked tls.ClientHelloInfo
	s := serve(t, overTLS(&tls.Config{
		NextProtos: []string{"h2", "http/1.1"},
		GetCertificate: func(h *tls.ClientHelloInfo) (*tls.Certificate, error) {
			asked.ServerName, asked.SupportedProtos = h.ServerName, h.SupportedProtos
			time.Sleep(takes)
			return &cert.Certificate, nil
		},
	}, answering(hello)))
	job := s.job(load.Closed{Connections: 1}, count(3))
	job.TLS = cert.client()
	tally := carryOut(t, Config{}, job)
	expect(t, tally, map[evidence.Outcome]uint64{evidence.Answered: 3})
	if asked.ServerName != "test.example" || fmt.Sprint(asked.SupportedProtos) != "[http/1.1]" {
		t.Errorf("asked for %q speaking %q", asked.ServerName, asked.SupportedProtos)
	}
	if n, took := tally.Connect.Count(), tally.Connect.Max(); n != 1 || took < takes {
		t.Errorf("%d requests waited for a connection, at most %v; want 1 and at least %v", n, took, takes)
	}
}

// Connections are worth a full handshake each, unless resumption is chosen.
func TestResumptionIsAChoice(t *testing.T) {
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		for _, resume := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s %t", tls.VersionName(version), resume), func(t *testing.T) {
				var full, resumed atomic.Int64
				srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if r.TLS.DidResume {
						resumed.Add(1)
					} else {
						full.Add(1)
					}
				}))
				srv.TLS = &tls.Config{MaxVersion: version}
				srv.StartTLS()
				defer srv.Close()
				roots := x509.NewCertPool()
				roots.AddCert(srv.Certificate())

				tally := carryOut(t, Config{}, Job{
					Address: netip.MustParseAddrPort(srv.Listener.Addr().String()), Requests: get(),
					Load:   load.Closed{Connections: 1, Use: load.Use{PerConnection: 1}},
					Window: count(20),
					TLS:    &TLS{Name: "example.com", Roots: roots, Resume: resume},
				})
				expect(t, tally, map[evidence.Outcome]uint64{evidence.Answered: 20})
				want := int64(0)
				if resume {
					want = 19
				}
				if full.Load() != 20-want || resumed.Load() != want {
					t.Errorf("%d full handshakes, %d resumed; want %d resumed", full.Load(), resumed.Load(), want)
				}
			})
		}
	}
}

// What can be wrong with a handshake has its name, and is a connection that was
// not made.
func TestHandshakesThatFail(t *testing.T) {
	good := certify(t, nil)
	expired := certify(t, func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Minute) })
	early := certify(t, func(c *x509.Certificate) { c.NotBefore = time.Now().Add(time.Minute) })
	client := certify(t, func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth} })
	speaking := func(c certified, change func(*tls.Config)) func(*server, net.Conn, *bufio.Reader) {
		config := &tls.Config{Certificates: []tls.Certificate{c.Certificate}}
		if change != nil {
			change(config)
		}
		return overTLS(config, answering(hello))
	}
	for name, c := range map[string]struct {
		handle func(*server, net.Conn, *bufio.Reader)
		tls    *TLS
		cause  string
	}{
		"not trusted":  {speaking(good, nil), &TLS{Name: "test.example", Roots: x509.NewCertPool()}, "tls: certificate not trusted"},
		"another name": {speaking(good, nil), &TLS{Name: "else.example", Roots: good.roots}, "tls: certificate of another name"},
		"another IP":   {speaking(good, nil), &TLS{Name: "127.0.0.2", Roots: good.roots}, "tls: certificate of another name"},
		"expired":      {speaking(expired, nil), expired.client(), "tls: certificate expired"},
		"early":        {speaking(early, nil), early.client(), "tls: certificate not valid yet"},
		"for clients":  {speaking(client, nil), client.client(), "tls: certificate not valid"},
		"another protocol": {speaking(good, func(c *tls.Config) { c.NextProtos = []string{"imap"} }), good.client(),
			"tls: server says no application protocol"},
		"an old version": {speaking(good, func(c *tls.Config) { c.MinVersion, c.MaxVersion = tls.VersionTLS10, tls.VersionTLS11 }), good.client(),
			"tls: server says protocol version not supported"},
		"no TLS": {func(_ *server, c net.Conn, r *bufio.Reader) {
			c.Write([]byte("HTTP/1.1 400 Bad Request\r\n\r\n"))
			r.ReadByte()
			io.Copy(io.Discard, r)
		}, good.client(), "tls: not TLS what the server says"},
		"an end": {func(_ *server, _ net.Conn, r *bufio.Reader) {
			r.ReadByte()
			r.Discard(r.Buffered())
		}, good.client(), "tls: ended within the handshake"},
		"a reset": {func(_ *server, c net.Conn, r *bufio.Reader) {
			r.ReadByte()
			c.(*net.TCPConn).SetLinger(0)
		}, good.client(), "tls: reset within the handshake"},
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, c.handle)
			job := s.job(load.Closed{Connections: 1}, count(3))
			job.TLS = c.tls
			tally := carryOut(t, Config{}, job)
			expect(t, tally, map[evidence.Outcome]uint64{evidence.Refused: 3})
			if tally.Causes[c.cause] != 3 {
				t.Errorf("causes %v, want 3 of %q", tally.Causes, c.cause)
			}
			if tally.Connections.Opened != 0 || tally.Connections.Failed != 3 {
				t.Errorf("connections %+v, want 3 failed", tally.Connections)
			}
		})
	}
}

// Whoever does not care who the server is asks all the same.
func TestInsecureTakesAnyCertificate(t *testing.T) {
	expired := certify(t, func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Minute) })
	s := serve(t, overTLS(&tls.Config{Certificates: []tls.Certificate{expired.Certificate}}, answering(hello)))
	job := s.job(load.Closed{Connections: 2}, count(20))
	job.TLS = &TLS{Name: "else.example", Insecure: true}
	tally := carryOut(t, Config{Backend: Net}, job)
	expect(t, tally, map[evidence.Outcome]uint64{evidence.Answered: 20})
}

// A handshake that never ends is a request that did not get out in time, in a
// closed load and in an open one.
func TestHandshakeThatStalls(t *testing.T) {
	s := serve(t, func(_ *server, _ net.Conn, r *bufio.Reader) { io.Copy(io.Discard, r) })
	use := load.Use{Timeout: 50 * time.Millisecond}
	for _, ld := range []load.Load{
		load.Closed{Connections: 2, Use: use},
		load.Open{Rate: 1000, Use: use},
		load.Open{Rate: 1000, Connections: 2, Use: use},
	} {
		job := s.job(ld, count(4))
		job.TLS = &TLS{Insecure: true}
		tally := carryOut(t, Config{}, job)
		unmade := tally.Outcomes[evidence.Unsent] + tally.Outcomes[evidence.Refused]
		if tally.Due() != 4 || unmade != 4 || tally.Connections.Opened != 0 {
			t.Errorf("%+v: outcomes %v, causes %v, connections %+v; want 4 without a connection", ld, tally.Outcomes, tally.Causes, tally.Connections)
		}
	}
}

// Each way of not answering has its name over TLS too, and ends without a
// farewell are ends.
func TestFailuresHaveTheirNamesOverTLS(t *testing.T) {
	cert := certify(t, nil)
	answerThen := func(first string, then func(plain net.Conn)) func(*server, net.Conn, *bufio.Reader) {
		return func(s *server, plain net.Conn, _ *bufio.Reader) {
			conn := tls.Server(plain, &tls.Config{Certificates: []tls.Certificate{cert.Certificate}})
			if _, ok := s.read(bufio.NewReader(conn)); ok {
				io.WriteString(conn, first)
				then(plain)
			}
		}
	}
	for name, c := range map[string]struct {
		handle func(*server, net.Conn, *bufio.Reader)
		want   evidence.Outcome
		cause  string
	}{
		"reset":        {answerThen("", func(c net.Conn) { c.(*net.TCPConn).SetLinger(0) }), evidence.Reset, "ECONNRESET"},
		"end":          {answerThen("", func(net.Conn) {}), evidence.Cut, endedBefore},
		"end within":   {answerThen(hello[:30], func(net.Conn) {}), evidence.Cut, endedWithin},
		"half answer":  {answerThen(hello[:30], func(c net.Conn) { io.Copy(io.Discard, c) }), evidence.TimedOut, partAnswer},
		"not HTTP":     {answerThen("220 mail ready\r\n", func(c net.Conn) { io.Copy(io.Discard, c) }), evidence.Malformed, "bad status line"},
		"not TLS left": {answerThen("", func(c net.Conn) { io.WriteString(c, hello); io.Copy(io.Discard, c) }), evidence.Reset, "tls: not TLS what the server says"},
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, c.handle)
			job := s.job(load.Closed{Connections: 1, Use: load.Use{Timeout: 100 * time.Millisecond}}, count(3))
			job.TLS = cert.client()
			tally := carryOut(t, Config{}, job)
			expect(t, tally, map[evidence.Outcome]uint64{c.want: 3})
			if tally.Causes[c.cause] != 3 {
				t.Errorf("causes %v, want 3 of %q", tally.Causes, c.cause)
			}
		})
	}
}

// How a connection ends is as it was asked for: with a farewell and FIN, or by
// a reset.
func TestEndingsOverTLS(t *testing.T) {
	cert := certify(t, nil)
	for _, how := range []load.Close{load.ByServer, load.ByFIN, load.ByReset} {
		t.Run(how.String(), func(t *testing.T) {
			saw := make(chan error, 20)
			s := serve(t, overTLS(&tls.Config{Certificates: []tls.Certificate{cert.Certificate}}, func(s *server, c net.Conn, r *bufio.Reader) {
				last, ok := s.read(r)
				if !ok {
					return
				}
				io.WriteString(c, hello)
				if last {
					return
				}
				_, err := r.ReadByte()
				saw <- err
			}))
			job := s.job(load.Closed{Connections: 2, Use: load.Use{PerConnection: 1, Close: how}}, count(20))
			job.TLS = cert.client()
			tally := carryOut(t, Config{}, job)
			if c := tally.Connections; how == load.ByServer && c.ClosedByServer != 20 || how != load.ByServer && c.ClosedByUs != 20 {
				t.Errorf("connections %+v", c)
			}
			if how == load.ByServer {
				return
			}
			for range 20 {
				if err := <-saw; errors.Is(err, io.EOF) != (how == load.ByFIN) {
					t.Errorf("the server saw %v", err)
				}
			}
		})
	}
}

// Requests and answers that no buffer holds arrive whole, in both directions at
// once, without the loop ever waiting for a write.
func TestLargeBodiesOverTLS(t *testing.T) {
	cert := certify(t, nil)
	body := bytes.Repeat([]byte("0123456789abcdef"), 3<<20/16)
	head := fmt.Sprintf("POST / HTTP/1.1\r\nContent-Length: %d\r\n\r\n", len(body))
	s := serve(t, overTLS(&tls.Config{Certificates: []tls.Certificate{cert.Certificate}}, func(s *server, c net.Conn, r *bufio.Reader) {
		got := make([]byte, len(body))
		for {
			if _, ok := s.read(r); !ok {
				return
			}
			if _, err := io.ReadFull(r, got); err != nil || !bytes.Equal(got, body) {
				return
			}
			fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n", len(body))
			c.Write(body)
		}
	}))
	job := s.job(load.Closed{Connections: 2, Use: load.Use{Pipeline: 2}}, count(8))
	job.TLS = cert.client()
	job.Requests = &workload.Set{Requests: []workload.Request{{
		Bytes: append([]byte(head), body...), Expect: workload.Expect{Body: body, Bytes: -1},
	}}}
	tally := carryOut(t, Config{}, job)
	expect(t, tally, map[evidence.Outcome]uint64{evidence.Answered: 8})
	if tally.Wrong != 0 {
		t.Errorf("%d wrong: %q", tally.Wrong, tally.WrongAnswers)
	}
}

// A server that takes nothing stops neither the loop nor its timeouts, and the
// bytes it did not take are given up.
func TestServerThatTakesNothing(t *testing.T) {
	cert := certify(t, nil)
	body := make([]byte, 16<<20)
	head := fmt.Sprintf("POST / HTTP/1.1\r\nContent-Length: %d\r\n\r\n", len(body))
	for name, over := range map[string]*TLS{"net": nil, "net+tls": cert.client()} {
		t.Run(name, func(t *testing.T) {
			gone := make(chan struct{})
			defer close(gone)
			hold := func(*server, net.Conn, *bufio.Reader) { <-gone }
			handle := hold
			if over != nil {
				handle = overTLS(&tls.Config{Certificates: []tls.Certificate{cert.Certificate}}, hold)
			}
			s := serve(t, handle)
			job := s.job(load.Closed{Connections: 2, Use: load.Use{Timeout: 200 * time.Millisecond}}, count(2))
			job.TLS = over
			job.Requests = &workload.Set{Requests: []workload.Request{{
				Bytes: append([]byte(head), body...), Expect: workload.Expect{Bytes: -1},
			}}}
			tally := carryOut(t, Config{Backend: Net}, job)
			expect(t, tally, map[evidence.Outcome]uint64{evidence.TimedOut: 2})
		})
	}
}

// Where TLS cannot be spoken it is refused, not left out.
func TestTLSNeedsTheNetBackend(t *testing.T) {
	e, err := Open(Config{Backend: Epoll})
	if err != nil {
		t.Skip(err)
	}
	defer e.Close()
	job := Job{Address: netip.MustParseAddrPort("127.0.0.1:1"), Requests: get(), Load: load.Closed{Connections: 1}, Window: count(1)}
	job.TLS = &TLS{Name: "test.example"}
	if _, err := e.Run(t.Context(), job); err == nil || !strings.Contains(err.Error(), "no TLS on epoll") {
		t.Errorf("error %v", err)
	}
	job.TLS.Name = ""
	if _, err := e.Run(t.Context(), job); err == nil {
		t.Error("TLS with nobody was begun")
	}
}
