package sys

import (
	"net"
	"net/netip"
	"os"
	"slices"
	"testing"

	"golang.org/x/sys/unix"
)

func TestTakes(t *testing.T) {
	tests := []struct {
		listens string
		dual    bool
		addr    string
		want    bool
	}{
		{"127.0.0.1:80", false, "127.0.0.1:80", true},
		{"127.0.0.1:80", false, "127.0.0.1:81", false},
		{"127.0.0.2:80", false, "127.0.0.1:80", false},
		{"0.0.0.0:80", false, "127.0.0.1:80", true},
		{"0.0.0.0:80", false, "[::1]:80", false},
		{"[::]:80", true, "127.0.0.1:80", true},
		{"[::]:80", false, "127.0.0.1:80", false},
		{"[::]:80", false, "[::1]:80", true},
		{"[::1]:80", false, "[::1]:80", true},
		{"[::ffff:127.0.0.1]:80", false, "127.0.0.1:80", true},
		{"127.0.0.1:80", false, "[::ffff:127.0.0.1]:80", true},
	}
	for _, tt := range tests {
		l := Listener{Addr: netip.MustParseAddrPort(tt.listens), Dual: tt.dual}
		if got := l.Takes(netip.MustParseAddrPort(tt.addr)); got != tt.want {
			t.Errorf("%s (dual %t) takes %s: %t, want %t", tt.listens, tt.dual, tt.addr, got, tt.want)
		}
	}
}

// What we listen on ourselves must be found, once, whichever way is asked, and
// found to be ours.
func TestListeners(t *testing.T) {
	ways := []struct {
		name string
		ask  func() ([]Listener, error)
	}{{"sock_diag and what stands in for it", Listeners}, {"/proc/net", procListeners}}
	for _, at := range []struct{ network, addr string }{
		{"tcp4", "127.0.0.1:0"}, {"tcp4", "0.0.0.0:0"}, {"tcp6", "[::1]:0"}, {"tcp6", "[::]:0"}, {"tcp", ":0"},
	} {
		l, err := net.Listen(at.network, at.addr)
		if err != nil {
			t.Logf("%s %s: %v", at.network, at.addr, err)
			continue
		}
		want := l.Addr().(*net.TCPAddr).AddrPort()
		for _, way := range ways {
			all, err := way.ask()
			if err != nil {
				t.Fatal(err)
			}
			there := slices.DeleteFunc(all, func(l Listener) bool { return l.Addr.Port() != want.Port() })
			if len(there) != 1 || there[0].Addr != want || there[0].UID != uint32(os.Getuid()) {
				t.Fatalf("%s: %s %s: found %+v; want %s once", way.name, at.network, at.addr, there, want)
			}
			owners, err := SocketOwners([]uint64{there[0].Inode})
			if err != nil || !slices.Equal(owners[there[0].Inode], []int{os.Getpid()}) {
				t.Errorf("%s: owners %v, %v; want this process alone", way.name, owners, err)
			}
			if way.name == "/proc/net" {
				continue // does not know
			}
			if dual := at.network == "tcp"; there[0].Dual != dual && want.Addr().Is6() {
				t.Errorf("%s %s: dual %t, want %t", at.network, at.addr, there[0].Dual, dual)
			}
		}
		l.Close()
	}
}

func TestParseNetTCP(t *testing.T) {
	text := `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 4711 1 0 100 0 0 10 0
   1: 0100007F:1F91 0100007F:C000 01 00000000:00000000 00:00000000 00000000  1000        0 4712 1 0 100 0 0 10 0
   2: 00000000000000000000000000000000:0050 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4713 1 0 100 0 0 10 0
`
	got, err := parseNetTCP(text)
	want := []Listener{
		{Addr: netip.MustParseAddrPort("127.0.0.1:8080"), Inode: 4711, UID: 1000},
		{Addr: netip.MustParseAddrPort("[::]:80"), Dual: true, Inode: 4713},
	}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("got %+v, %v; want %+v", got, err, want)
	}
}

func FuzzParseDiag(f *testing.F) {
	f.Add(diagRequest(unix.AF_INET))
	f.Add(slices.Repeat([]byte{88, 0, 0, 0, 20, 0, 0, 0}, 40))
	f.Add([]byte{20, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 255, 255})
	f.Fuzz(func(t *testing.T, b []byte) {
		found, _, _ := parseDiag(b)
		if len(found) > len(b)/diagMessageSize {
			t.Errorf("%d listeners in %d bytes", len(found), len(b))
		}
	})
}

func FuzzParseNetTCP(f *testing.F) {
	f.Add("   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 4711 1")
	f.Fuzz(func(t *testing.T, text string) {
		ls, err := parseNetTCP(text)
		for _, l := range ls {
			if err == nil && !l.Addr.IsValid() {
				t.Errorf("%q gave %+v", text, l)
			}
		}
	})
}
