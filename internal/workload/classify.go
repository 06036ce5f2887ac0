package workload

import "fmt"

// Oracles returns the names of the computations that a plan may let decide
// what a right answer is.
func Oracles() []string { return []string{"classifier"} }

// Classify returns the right answer of the classifier workload to a request
// for path. For each of four strings it counts the bytes of path that are
// close to the string, which is: no more than 1 away from one of its bytes.
//
// It is written to be obviously right. The servers under test do the same the
// long way round, because the work is what they are measured by.
func Classify(path []byte) []byte {
	var answer []byte
	for _, s := range []string{"navytux.spb.ru", "www.nexedi.com", "lab.nexedi.com", "www.erp5.com"} {
		count := 0
		for _, b := range path {
			if isClose(b, s) {
				count++
			}
		}
		answer = fmt.Appendf(answer, "%s:\t%d\n", s, count)
	}
	return fmt.Appendf(answer, "total:\t%d\n", len(path))
}

func isClose(b byte, s string) bool {
	for i := range len(s) {
		distance := int(b) - int(s[i])
		if -1 <= distance && distance <= 1 {
			return true
		}
	}
	return false
}
