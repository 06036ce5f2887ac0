package load

// Values that differ from request to request. A text of a workload holds a mark
// where one of them is to stand; package workload finds the marks, and the
// engine puts a value in their place each time it sends. A mark is as long as
// its value, so that a text and its length are known before any load, and is
// fit to stand in a path. Nobody types the marks: what people write is {seq} and
// {random}.
const (
	SeqMark    = "~seq~9f3kq7x2w8"  // of {seq}: 15 digits
	RandomMark = "~rnd~x81v6hq2z7c" // of {random}: 16 hexadecimal digits
)

const (
	// seqPerJob is how many requests of one job have numbers of their own, and
	// seqJobs how many jobs have.
	seqPerJob = 1_000_000_000
	seqJobs   = 100_000
	// seqFirst is the first number. It gives all of them the same width, without
	// zeros in front, which JSON forbids; the last is below 2^53, as far as
	// JavaScript counts.
	seqFirst = seqPerJob * seqJobs
)

// PutSeq writes, into the first 15 bytes of b, the number of request n of a job:
// 1, five digits of the job and nine of n. Numbers repeat after 10^9 requests
// of one job, and from job 100,000 on.
func PutSeq(b []byte, job int, n int64) {
	v := seqFirst + uint64(job)%seqJobs*seqPerJob + uint64(n)%seqPerJob
	for i := len(SeqMark) - 1; i >= 0; i-- {
		b[i] = byte('0' + v%10)
		v /= 10
	}
}

// PutRandom writes, into the first 16 bytes of b, what request n has as its k-th
// random value: the same for equal seeds, and unrelated for different ones.
func PutRandom(b []byte, seed uint64, n int64, k int) {
	const digits = "0123456789abcdef"
	// Mixed before it is added to, so that neighbouring seeds have no values in
	// common.
	v := mix(mix(seed) + uint64(n)*golden + uint64(k)*randomStep)
	for i := len(RandomMark) - 1; i >= 0; i-- {
		b[i] = digits[v&15]
		v >>= 4
	}
}

// randomStep is odd, and no small multiple of golden.
const randomStep = 0xd1342543de82ef95
