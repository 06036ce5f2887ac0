package latency

import (
	"bytes"
	"compress/zlib"
	"encoding/base64"
	"encoding/binary"
	"io"
	"math"
)

// decodeSparse decodes what MarshalText wrote without ever laying out the empty
// buckets, which are nine in ten: going through a record of 1,000 trials took
// three times as long with them. It returns nil for anything that is not
// exactly a histogram of ours; the way that is slower and knows the errors
// is then to be taken.
func decodeSparse(text []byte) *Histogram {
	packed := make([]byte, base64.StdEncoding.DecodedLen(len(text)))
	n, err := base64.StdEncoding.Decode(packed, text)
	if err != nil || n < 8 {
		return nil
	}
	packed = packed[:n]
	const compressed = 0x1c849304
	length := binary.BigEndian.Uint32(packed[4:])
	if cookie(packed) != compressed || uint64(length) > uint64(n-8) {
		return nil
	}
	z, err := zlib.NewReader(bytes.NewReader(packed[8 : 8+length]))
	if err != nil {
		return nil
	}
	defer z.Close()
	var header [40]byte
	if _, err := io.ReadFull(z, header[:]); err != nil {
		return nil
	}
	l, size := sparseHeader(header[:])
	if l == 0 {
		return nil
	}
	// One byte more than there should be: none is there, and to have seen the
	// end is to have checked the sum.
	payload, err := io.ReadAll(io.LimitReader(z, size+1))
	if err != nil || int64(len(payload)) != size {
		return nil
	}
	return sparseCells(l, payload)
}

// cookie reads what kind of bytes follow; the low digit but one is a word size,
// and of no meaning in this version of the format.
func cookie(b []byte) uint32 { return binary.BigEndian.Uint32(b) &^ 0xf0 }

// sparseHeader returns the layout and the length of the counts, or 0 and 0 if the
// header is not one of ours.
func sparseHeader(b []byte) (layout, int64) {
	const plain = 0x1c849303
	ratio := math.Float64frombits(binary.BigEndian.Uint64(b[32:]))
	if cookie(b) != plain || ratio != 1 ||
		binary.BigEndian.Uint64(b[16:]) != Lowest || binary.BigEndian.Uint64(b[24:]) != uint64(Highest) {
		return 0, 0
	}
	size := int64(binary.BigEndian.Uint32(b[4:]))
	for _, l := range []layout{threeDigits, twoDigits} {
		if binary.BigEndian.Uint32(b[12:]) == uint32(l.digits()) && size <= 9*int64(l.size()) {
			return l, size
		}
	}
	return 0, 0
}

// sparseCells reads the counts: a positive number is the count of the next
// bucket, a negative one stands for so many empty ones.
func sparseCells(l layout, payload []byte) *Histogram {
	h := &Histogram{layout: l, filled: make([]cell, 0, filledIn(payload))}
	size := int64(l.size())
	for at := int64(0); len(payload) > 0; {
		count, n := zigzag(payload)
		if n == 0 {
			return nil
		}
		payload = payload[n:]
		switch {
		case count < 0:
			if count < at-size {
				return nil
			}
			at -= count
		case at >= size || uint64(count) > math.MaxInt64-h.total:
			return nil
		default:
			if count > 0 {
				h.filled = append(h.filled, cell{int32(at), uint64(count)})
				h.total += uint64(count)
			}
			at++
		}
	}
	return h
}

// filledIn returns how many buckets the counts fill: growing into them would copy
// them over and over.
func filledIn(payload []byte) int {
	filled := 0
	for {
		count, n := zigzag(payload)
		if n == 0 {
			return filled
		}
		if count > 0 {
			filled++
		}
		payload = payload[n:]
	}
}

// zigzag reads a number of seven bits a byte, lowest first, of which the ninth
// byte holds eight; and returns how many bytes it took, 0 if it is cut off.
func zigzag(b []byte) (int64, int) {
	var v uint64
	for i := range min(len(b), 9) {
		if i == 8 {
			v |= uint64(b[i]) << 56
			return int64(v>>1) ^ -int64(v&1), 9
		}
		v |= uint64(b[i]&0x7f) << (7 * i)
		if b[i] < 0x80 {
			return int64(v>>1) ^ -int64(v&1), i + 1
		}
	}
	return 0, 0
}
