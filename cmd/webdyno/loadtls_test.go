package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A certificate and its key are read from two files or from one; what does not
// do is told before the load.
func TestClientCertificateFiles(t *testing.T) {
	dir := t.TempDir()
	write := func(name string, content ...[]byte) string {
		path := filepath.Join(dir, name)
		var all []byte
		for _, c := range content {
			all = append(all, c...)
		}
		if err := os.WriteFile(path, all, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	cert, key := pemPair(t)
	_, otherKey := pemPair(t)
	c, k, both, other, none := write("c", cert), write("k", key), write("both", cert, key), write("other", otherKey), write("none", []byte("x"))
	for _, tc := range []struct{ url, cert, key, want string }{
		{"https://h/", c, k, ""},
		{"https://h/", both, "", ""},
		{"https://h/", "", "", ""},
		{"https://h/", "", k, "--key without --cert"},
		{"https://h/", c, other, "--cert " + c + " with --key " + other},
		{"https://h/", none, "", "--cert " + none},
		{"https://h/", filepath.Join(dir, "nowhere"), "", "no such file"},
		{"http://h/", c, k, "--cert and --key are for https"},
	} {
		u, err := url.Parse(tc.url)
		if err != nil {
			t.Fatal(err)
		}
		var said complaints
		l := new(loadJob)
		(&loadFlags{cert: tc.cert, key: tc.key}).secure(&said, l, u)
		if got := strings.Join(said, "; "); (got == "") != (tc.want == "") || !strings.Contains(got, tc.want) {
			t.Errorf("%+v: %q", tc, got)
		}
		if tc.want == "" && len(l.job.TLS.Certificates) != min(len(tc.cert), 1) {
			t.Errorf("%+v: %d certificates", tc, len(l.job.TLS.Certificates))
		}
	}
}

func pemPair(t *testing.T) (cert, key []byte) {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1)}
	der, err := x509.CreateCertificate(rand.Reader, c, c, k.Public(), k)
	if err != nil {
		t.Fatal(err)
	}
	own, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: own})
}
