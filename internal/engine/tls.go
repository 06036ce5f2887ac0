package engine

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"syscall"
	"time"
)

// TLS says how a job speaks TLS. Its bytes in tallies are HTTP's, not TLS's.
type TLS struct {
	// Name is who the server must prove to be, and whom it is asked for (SNI): a
	// host's name or an IP address, without a port.
	Name string

	Insecure bool // whoever it is will do
	Resume   bool // connections after the first resume its session where the server lets them; else each makes a full handshake

	Roots *x509.CertPool // whose word is taken; nil: of those this system trusts

	Certificates []tls.Certificate // of which one is shown to a server that asks who we are; may be empty
}

// sessionsKept is how many sessions a loop remembers: the newest. All of them are of
// one server, and of one server package tls keeps no more.
const sessionsKept = 1

// config returns what package tls is told, once for each loop.
func (t *TLS) config() *tls.Config {
	c := &tls.Config{
		ServerName:         t.Name,
		RootCAs:            t.Roots,
		NextProtos:         []string{"http/1.1"},
		InsecureSkipVerify: t.Insecure,
		Certificates:       t.Certificates,
	}
	if t.Resume {
		c.ClientSessionCache = tls.NewLRUClientSessionCache(sessionsKept)
	}
	return c
}

// Dial connects to an address and agrees on TLS there, for asking apart from any
// load. An error of TLS names the server and wraps what package tls said.
func (t *TLS) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	var d net.Dialer
	plain, err := d.DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	conn := tls.Client(plain, t.config())
	if err := conn.HandshakeContext(ctx); err != nil {
		plain.Close()
		return nil, fmt.Errorf("agree on TLS with %s at %s: %w", t.Name, address, err)
	}
	return conn, nil
}

// A handshakeError is why a TLS connection could not be made, though a TCP
// connection was.
type handshakeError struct{ err error }

func (e *handshakeError) Error() string { return "TLS handshake: " + e.err.Error() }
func (e *handshakeError) Unwrap() error { return e.err }

// tlsCause returns a few words for an error of TLS, always the same for the
// same cause; empty if it is no error of TLS.
func tlsCause(err error) string {
	if cause := certificateCause(err); cause != "" {
		return cause
	}
	var alert *net.OpError
	if errors.As(err, &alert) && alert.Op == "remote error" {
		// Of the words that RFC 8446 has for it.
		return "tls: server says " + strings.TrimPrefix(alert.Err.Error(), "tls: ")
	}
	var record tls.RecordHeaderError
	if errors.As(err, &record) {
		return "tls: not TLS what the server says"
	}
	var handshake *handshakeError
	if !errors.As(err, &handshake) {
		var local *net.OpError
		if errors.As(err, &local) && local.Op == "local error" {
			return "tls: " + strings.TrimPrefix(local.Err.Error(), "tls: ")
		}
		return ""
	}
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "tls: ended within the handshake"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return "tls: reset within the handshake"
	}
	return "tls: handshake failed"
}

// certificateCause tells what is wrong with a server's certificate.
func certificateCause(err error) string {
	var (
		unverified *tls.CertificateVerificationError
		authority  x509.UnknownAuthorityError
		name       x509.HostnameError
		invalid    x509.CertificateInvalidError
		roots      x509.SystemRootsError
	)
	switch {
	case errors.As(err, &authority):
		return "tls: certificate not trusted"
	case errors.As(err, &name):
		return "tls: certificate of another name"
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		if invalid.Cert != nil && time.Now().Before(invalid.Cert.NotBefore) {
			return "tls: certificate not valid yet"
		}
		return "tls: certificate expired"
	case errors.As(err, &roots):
		return "tls: no trusted certificates on this system"
	case errors.As(err, &unverified):
		return "tls: certificate not valid"
	}
	return ""
}
