package capture

import (
	"net/http"
	"net/http/httptest"
	"runtime/pprof"
	"strconv"
	"strings"
	"testing"
	"time"
)

// The known program of Go: as burn.c.

//go:noinline
func a() uint32 { return spin(500_000) + 1 }

//go:noinline
func b() uint32 { return spin(300_000) + 2 }

//go:noinline
func c() uint32 { return spin(200_000) + 3 }

//go:noinline
func spin(n uint32) (x uint32) {
	for i := range n {
		x += i * i
		x ^= x >> 3
	}
	return x
}

// goServer answers with a profile of this process, as net/http/pprof does.
func goServer(t *testing.T) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n, err := strconv.Atoi(r.FormValue("seconds"))
		if err != nil || r.URL.Path != "/profile" {
			http.Error(w, "nothing here", http.StatusNotFound)
			return
		}
		if err := pprof.StartCPUProfile(w); err != nil {
			http.Error(w, err.Error(), http.StatusConflict)
			return
		}
		time.Sleep(time.Duration(n) * time.Second)
		pprof.StopCPUProfile()
	}))
	t.Cleanup(s.Close)
	return s.URL
}

// fetchWhileBurning burns for so long while a profile is taken.
func fetchWhileBurning(t *testing.T, lasts time.Duration) *Taken {
	t.Helper()
	f := Fetch(goServer(t)+"/profile", lasts, nil)
	if err := f.Begin(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	var x uint32
	for end := time.Now().Add(lasts); time.Now().Before(end); {
		x += a() + b() + c()
	}
	if err := f.End(t.Context()); err != nil {
		t.Fatal(err)
	}
	taken, err := f.Read()
	if err != nil {
		t.Fatalf("%v (%d)", err, x)
	}
	return taken
}

// What burns while the profile is taken is in it.
func TestFetch(t *testing.T) {
	got := shares(fetchWhileBurning(t, 500*time.Millisecond).Profile)
	if len(got) == 0 {
		t.Error("nothing of what burnt is in the profile")
	}
}

func TestFetchShares(t *testing.T) {
	wanted(t)
	wantShares(t, fetchWhileBurning(t, 5*time.Second).Profile)
}

// A server that does not hand out profiles is told so in words.
func TestFetchFromElsewhere(t *testing.T) {
	f := Fetch(goServer(t)+"/other", 0, nil)
	err := f.Begin(t.Context(), nil)
	if err == nil {
		t.Fatal("it began")
	}
	if !strings.Contains(err.Error(), "404") || !strings.Contains(err.Error(), "net/http/pprof") {
		t.Errorf("%v; want the status, and what would mend it", err)
	}
}
