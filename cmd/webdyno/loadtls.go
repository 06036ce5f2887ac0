package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"webdyno/internal/engine"
	"webdyno/internal/evidence"
)

// secure gives the load TLS if its URL asks for it, and notes what the reader
// must know of that.
func (f *loadFlags) secure(c *complaints, l *loadJob, u *url.URL) {
	if u == nil {
		return // complained of elsewhere
	}
	if u.Scheme != "https" {
		if f.tlsResume {
			c.say("--tls-resume is for https")
		}
		if f.cert != "" || f.key != "" {
			c.say("--cert and --key are for https")
		}
		return
	}
	if b := l.config.Backend; b != engine.Auto && b != engine.Net {
		c.say("--backend %s speaks no TLS: want net, or auto, which picks it", b)
	}
	l.job.TLS = &engine.TLS{Name: u.Hostname(), Insecure: f.insecure, Resume: f.tlsResume}
	l.job.TLS.Certificates = f.certificates(c)
	if f.insecure {
		l.note("tls-unchecked", "the server's certificate was not checked (--insecure)")
	}
	if f.tlsResume {
		l.note("tls-resumed", "connections after a loop's first resumed its TLS session where the server let them (--tls-resume)")
	}
}

// certificates reads the certificate that is shown to a server that asks for one.
func (f *loadFlags) certificates(c *complaints) []tls.Certificate {
	if f.cert == "" && f.key == "" {
		return nil
	}
	if f.cert == "" {
		c.say("--key without --cert: the key belongs to a certificate")
		return nil
	}
	key := f.key
	if key == "" {
		key = f.cert // both may be in one file
	}
	one, err := tls.LoadX509KeyPair(f.cert, key)
	if err != nil {
		c.say("--cert %s with --key %s: %s: want both in PEM, the key not encrypted", f.cert, key, strings.TrimPrefix(err.Error(), "tls: "))
		return nil
	}
	return []tls.Certificate{one}
}

func (l *loadJob) note(kind, text string) {
	l.notes = append(l.notes, evidence.Note{Kind: kind, Grade: evidence.A, Text: text})
}

// portOf returns a URL's port, or its scheme's.
func portOf(u *url.URL) string {
	switch {
	case u.Port() != "":
		return u.Port()
	case u.Scheme == "https":
		return "443"
	}
	return "80"
}

// resolve looks the URL's host up once, before the load, and has the result
// shown where it is not what was typed.
func (l *loadJob) resolve(u *url.URL) error {
	n, err := strconv.ParseUint(portOf(u), 10, 16)
	if err != nil {
		return usageError{fmt.Errorf("port %q of %s", u.Port(), u)}
	}
	host := u.Hostname()
	if ip, err := netip.ParseAddr(host); err == nil {
		l.job.Address = netip.AddrPortFrom(ip.Unmap(), uint16(n))
		return nil
	}
	addrs, err := net.DefaultResolver.LookupNetIP(context.Background(), "ip", host)
	if err != nil {
		return err
	}
	l.job.Address = netip.AddrPortFrom(addrs[0].Unmap(), uint16(n))
	text := fmt.Sprintf("%s was looked up once and is %s", host, addrs[0].Unmap())
	if len(addrs) > 1 {
		text += fmt.Sprintf(", the first of %d addresses", len(addrs))
	}
	l.note("address", text)
	return nil
}
