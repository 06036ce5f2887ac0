package latency

import (
	"bytes"
	"compress/zlib"
	"encoding/base64"
	"encoding/binary"
	"testing"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// FuzzSparse holds the two ways of decoding against each other. What is fuzzed
// is the inflated histogram: few bytes survive a change under zlib's checksum.
func FuzzSparse(f *testing.F) {
	for _, h := range []*Histogram{New(), NewCoarse()} {
		for _, ns := range []int64{0, 1, 2047, 2048, 5_000_000, Highest} {
			h.RecordN(ns, uint64(ns)*1_000_003)
			text, err := h.MarshalText()
			if err != nil {
				f.Fatal(err)
			}
			f.Add(inflate(f, text))
		}
	}
	f.Fuzz(func(t *testing.T, plain []byte) {
		// A wide layout takes the library 100 MB to read, and is not ours.
		if len(plain) >= 40 && (binary.BigEndian.Uint32(plain[12:]) > 3 || plain[24] != 0) {
			return
		}
		text := deflate(plain)
		fast := new(Decoder).sparse(text)
		if fast == nil {
			return // the other way decides
		}
		foreign, err := hdrhistogram.Decode(text)
		if err != nil {
			t.Fatalf("read %d durations from what the library refuses: %v", fast.Count(), err)
		}
		s := foreign.Export()
		l, ours := ourLayout(s)
		if slow := fromCounts(l, s.Counts); !ours || !fast.Equal(slow) {
			t.Errorf("read %d durations, the library %d", fast.Count(), slow.Count())
		}
	})
}

// What we write is always read the fast way; else nobody would notice that it
// had ceased to work.
func TestSparseReadsOurs(t *testing.T) {
	var d Decoder // what was read before leaves no trace
	for _, h := range []*Histogram{New(), NewCoarse()} {
		for range 2 {
			text, err := h.MarshalText()
			if err != nil {
				t.Fatal(err)
			}
			if got := d.sparse(text); !got.Equal(h) {
				t.Errorf("%d durations of %d digits are not read as they were", h.Count(), h.layout.digits())
			}
			for ns := int64(1); ns < Highest; ns = ns*5/4 + 1 {
				h.RecordN(ns, uint64(ns))
			}
		}
	}
}

func inflate(t testing.TB, text []byte) []byte {
	t.Helper()
	packed, err := base64.StdEncoding.DecodeString(string(text))
	if err != nil {
		t.Fatal(err)
	}
	z, err := zlib.NewReader(bytes.NewReader(packed[8:]))
	if err != nil {
		t.Fatal(err)
	}
	var plain bytes.Buffer
	if _, err := plain.ReadFrom(z); err != nil {
		t.Fatal(err)
	}
	return plain.Bytes()
}

func deflate(plain []byte) []byte {
	var packed bytes.Buffer
	z := zlib.NewWriter(&packed)
	z.Write(plain)
	z.Close()
	head := binary.BigEndian.AppendUint32(nil, 0x1c849314)
	head = binary.BigEndian.AppendUint32(head, uint32(packed.Len()))
	return []byte(base64.StdEncoding.EncodeToString(append(head, packed.Bytes()...)))
}
