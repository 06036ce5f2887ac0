package load

import (
	"encoding/binary"
	"hash/fnv"
)

// Seed derives a seed from another and the path of numbers that leads to where
// it is used, such as round and block: the same everywhere for equal paths, and
// unrelated for different ones.
func Seed(seed uint64, path ...int) uint64 {
	h := fnv.New64a()
	var b [8]byte
	binary.LittleEndian.PutUint64(b[:], seed)
	h.Write(b[:])
	for _, n := range path {
		binary.LittleEndian.PutUint64(b[:], uint64(n))
		h.Write(b[:])
	}
	return mix(h.Sum64()) // FNV leaves the low bits of nearby inputs alike
}

// golden is what SplitMix64 adds to its state at each step: 2^64 divided by the
// golden ratio, and odd.
const golden = 0x9e3779b97f4a7c15

// mix spreads every bit of z over all of them, one to one: the finaliser of
// SplitMix64 (Steele, Lea, Flood 2014).
func mix(z uint64) uint64 {
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}
