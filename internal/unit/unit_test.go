package unit

import (
	"math"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestParseDuration(t *testing.T) {
	for in, want := range map[string]time.Duration{
		"0": 0, "5": 5 * time.Second, "0.5": 500 * time.Millisecond, "10s": 10 * time.Second,
		"500ms": 500 * time.Millisecond, "1.5m": 90 * time.Second, "1h": time.Hour,
		"10us": 10 * time.Microsecond, "10µs": 10 * time.Microsecond, "10μs": 10 * time.Microsecond,
		"7ns": 7, "1m30s": 90 * time.Second, "1h0m0.5s": time.Hour + 500*time.Millisecond,
		"0.0000000015s": 2, // rounded
		"9223372036s":   9223372036 * time.Second,
	} {
		if got, err := ParseDuration(in); err != nil || got != want {
			t.Errorf("%q: %v, %v; want %v", in, got, err, want)
		}
	}
	for _, in := range []string{"", "s", "fast", "-1s", "-1", "1e3", "1_000", "0x10", "5 s", "5minutes", "1d", ".", "1.2.3s", "1m30", "inf", "NaN", "99999999999s", strings.Repeat("9", 100)} {
		if got, err := ParseDuration(in); err == nil || !strings.Contains(err.Error(), ": want ") {
			t.Errorf("%q: %v, %v; want an error that says what is right", in, got, err)
		}
	}
}

func TestParseCount(t *testing.T) {
	for in, want := range map[string]int64{
		"0": 0, "64": 64, "10k": 10_000, "1.5k": 1500, "1M": 1_000_000, "0.001k": 1, "1.0": 1,
		"9223372036854775807": math.MaxInt64,
	} {
		if got, err := ParseCount(in); err != nil || got != want {
			t.Errorf("%q: %d, %v; want %d", in, got, err, want)
		}
	}
	for _, in := range []string{"", "k", "1.5", "0.0001k", "-1", "1K", "1m", "9223372036854775808", "10000000000000M", "1e6"} {
		if got, err := ParseCount(in); err == nil {
			t.Errorf("%q: %d, want an error", in, got)
		}
	}
}

func TestParseBytes(t *testing.T) {
	for in, want := range map[string]int64{
		"0": 0, "1000": 1000, "64KiB": 65536, "1.5KiB": 1536, "512MiB": 512 << 20, "2GiB": 2 << 30,
		"1k": 1000, "1kB": 1000, "1MB": 1_000_000, "3G": 3_000_000_000, "7B": 7,
	} {
		if got, err := ParseBytes(in); err != nil || got != want {
			t.Errorf("%q: %d, %v; want %d", in, got, err, want)
		}
	}
	for _, in := range []string{"", "B", "1.5", "1.5B", "-1KiB", "1KB!", "1Ki", "99999999999GiB"} {
		if got, err := ParseBytes(in); err == nil {
			t.Errorf("%q: %d, want an error", in, got)
		}
	}
}

func TestParseRate(t *testing.T) {
	for in, want := range map[string]float64{"0": 0, "0.5": 0.5, "1000": 1000, "2.5k": 2500, "1M/s": 1e6, "20/s": 20} {
		if got, err := ParseRate(in); err != nil || got != want {
			t.Errorf("%q: %v, %v; want %v", in, got, err, want)
		}
	}
	for _, in := range []string{"", "/s", "-5", "1e3", "inf", "1/m", "fast"} {
		if got, err := ParseRate(in); err == nil {
			t.Errorf("%q: %v, want an error", in, got)
		}
	}
}

func TestParseShare(t *testing.T) {
	for in, want := range map[string]float64{"2%": 0.02, "7%": 0.07, "0.1%": 0.001, "0.02": 0.02, "0": 0, "100%": 1, "1": 1, "150%": 1.5} {
		if got, err := ParseShare(in); err != nil || got != want {
			t.Errorf("%q: %v, %v; want %v", in, got, err, want)
		}
	}
	for _, in := range []string{"", "%", "2", "-1%", "1e-2", "two%", "2 %"} {
		if got, err := ParseShare(in); err == nil {
			t.Errorf("%q: %v, want an error", in, got)
		}
	}
}

// Printing rounds first and chooses the scale then.
func TestPrint(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{Number(0), "0"}, {Number(1), "1.00"}, {Number(21600.4), "21600"}, {Number(0.012), "0.0120"},
		{Number(99.95), "100"}, {Number(-3.456), "-3.46"}, {Number(0.125), "0.125"}, {Number(999.5), "1000"},
		{Number(2.5e9), "2500000000"}, {Number(math.Inf(1)), "+Inf"},
		{Duration(0), "0 s"}, {Duration(7), "7 ns"}, {Duration(1234567), "1.23 ms"}, {Duration(999_700), "1.00 ms"},
		{Duration(5 * time.Second), "5.00 s"}, {Duration(90 * time.Second), "1.50 min"}, {Duration(3 * time.Hour), "3.00 h"},
		{Duration(-2 * time.Millisecond), "-2.00 ms"}, {Duration(59_990 * time.Millisecond), "1.00 min"},
		{Count(0), "0"}, {Count(999), "999"}, {Count(1000), "1.00k"}, {Count(216080), "216k"}, {Count(999_999), "1.00M"},
		{Rate(21601.66), "21.6k/s"}, {Rate(480), "480/s"}, {Rate(0), "0/s"},
		{Bytes(512), "512 B"}, {Bytes(1023), "1023 B"}, {Bytes(43_211_000), "41.2 MiB"}, {Bytes(1 << 30), "1.00 GiB"},
		{Share(0.02), "2.00%"}, {Share(0), "0%"}, {Share(0.0005), "0.0500%"},
		{Quantity(0.0123, "ms"), "12.3 us"}, {Quantity(1234, "ms"), "1.23 s"}, {Quantity(45.2, "us"), "45.2 us"},
		{Quantity(0, "ms"), "0 ms"}, {Quantity(85_800, "req/s"), "85.8k req/s"}, {Quantity(330, "MiB"), "330 MiB"},
		{Quantity(0.5, "MiB"), "512 KiB"}, {Quantity(0.1, "%"), "0.100%"}, {Quantity(3, "apples"), "3.00 apples"}, {Quantity(3, ""), "3.00"},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
}

// What is written exactly is read back to the last bit.
func TestExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := time.Duration(rapid.Int64Min(0).Draw(t, "duration"))
		if got, err := ParseDuration(ExactDuration(d)); err != nil || got != d {
			t.Errorf("%v is written %q and read as %v, %v", d, ExactDuration(d), got, err)
		}
		x := rapid.Float64Range(1e-12, 1).Draw(t, "share")
		if got, err := ParseShare(ExactShare(x)); err != nil || got != x {
			t.Errorf("%v is written %q and read as %v, %v", x, ExactShare(x), got, err)
		}
	})
	for d, want := range map[time.Duration]string{0: "0s", 90 * time.Second: "90s", 1500 * time.Millisecond: "1500ms", 30 * time.Minute: "30m", 2 * time.Hour: "2h", 1: "1ns", 1500: "1500ns", 10 * time.Microsecond: "10us"} {
		if got := ExactDuration(d); got != want {
			t.Errorf("%v: %q, want %q", d, got, want)
		}
	}
	for x, want := range map[float64]string{0: "0%", 0.02: "2%", 0.07: "7%", 0.015: "1.5%", 1: "100%"} {
		if got := ExactShare(x); got != want {
			t.Errorf("%v: %q, want %q", x, got, want)
		}
	}
}

// FuzzParse: whatever the text, a reader returns a quantity that is not
// negative, or an error that says what would be right.
func FuzzParse(f *testing.F) {
	for _, s := range []string{"", "5", "1m30s", "1.5k", "64KiB", "2%", "20/s", "-1", "1e9", "9999999999999999999h", "µs", "1µs"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, err1 := ParseDuration(s)
		n, err2 := ParseCount(s)
		b, err3 := ParseBytes(s)
		r, err4 := ParseRate(s)
		x, err5 := ParseShare(s)
		if d < 0 || n < 0 || b < 0 || !(r >= 0) || !(x >= 0) {
			t.Errorf("%q: %v, %d, %d, %v, %v", s, d, n, b, r, x)
		}
		for _, err := range []error{err1, err2, err3, err4, err5} {
			if err != nil && !strings.Contains(err.Error(), ": want ") {
				t.Errorf("%q: %v", s, err)
			}
		}
	})
}
