package latency

import (
	"bytes"
	"compress/zlib"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"slices"
)

// A Decoder decodes histogram after histogram and keeps its buffers: setting up a
// decompressor for each took as long as a third of the decoding. The zero
// Decoder is ready. It is not safe for concurrent use.
type Decoder struct {
	packed, plain []byte
	cells         []cell
	z             interface { // nil before the first
		io.Reader
		zlib.Resetter
	}
	in   bytes.Reader
	scan []byte // of the LogReader that reads through it
}

// sparse decodes what MarshalText wrote without ever laying out the empty
// buckets, which are nine in ten: going through a record of 1,000 trials took
// three times as long with them. It returns nil for anything that is not
// exactly a histogram of ours; the way that is slower and knows the errors
// is then to be taken.
func (d *Decoder) sparse(text []byte) *Histogram {
	packed, err := base64.StdEncoding.AppendDecode(d.packed[:0], text)
	d.packed = packed
	if err != nil || len(packed) < 8 {
		return nil
	}
	const compressed = 0x1c849304
	length := binary.BigEndian.Uint32(packed[4:])
	if cookie(packed) != compressed || uint64(length) > uint64(len(packed)-8) {
		return nil
	}
	if d.inflate(packed[8:8+length]) != nil {
		return nil
	}
	var header [40]byte
	if _, err := io.ReadFull(d.z, header[:]); err != nil {
		return nil
	}
	l, size := sparseHeader(header[:])
	if l == 0 {
		return nil
	}
	// One byte more than there should be: none is there, and to have seen the
	// end is to have checked the sum.
	d.plain = slices.Grow(d.plain[:0], int(size)+1)[:size+1]
	n, err := io.ReadFull(d.z, d.plain)
	if !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) || int64(n) != size {
		return nil
	}
	return d.read(l, d.plain[:n])
}

// inflate makes d.z a reader of what is packed.
func (d *Decoder) inflate(packed []byte) error {
	d.in.Reset(packed)
	if d.z != nil {
		return d.z.Reset(&d.in, nil)
	}
	z, err := zlib.NewReader(&d.in)
	if err != nil {
		return err
	}
	d.z = z.(interface {
		io.Reader
		zlib.Resetter
	})
	return nil
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

// read reads the counts: a positive number is the count of the next bucket, a
// negative one stands for so many empty ones.
func (d *Decoder) read(l layout, payload []byte) *Histogram {
	h := &Histogram{layout: l}
	filled := d.cells[:0]
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
				filled = append(filled, cell{int32(at), uint64(count)})
				h.total += uint64(count)
			}
			at++
		}
	}
	d.cells = filled
	h.filled = slices.Clone(filled)
	return h
}

// zigzag reads a number of seven bits a byte, lowest first, of which the ninth
// byte holds eight; and returns how many bytes it took, 0 if it is cut off.
func zigzag(b []byte) (int64, int) {
	if len(b) > 0 && b[0] < 0x80 { // most counts are small
		return int64(b[0]>>1) ^ -int64(b[0]&1), 1
	}
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
