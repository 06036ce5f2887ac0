package record

import (
	"crypto/sha256"
	"fmt"
	"strings"
)

// maxName bounds a file's name without its ending; file systems allow 255
// bytes.
const maxName = 200

// safeName returns a file name for s: letters, digits, "-", "_", "+" and "."
// stand for themselves, every other byte becomes % and two hexadecimal digits,
// as does a dot in front. Different texts have different names, which is why a
// mere "_" in place of what is not allowed would not do. A name that would be
// too long ends in a part of its hash instead.
func safeName(s string) string {
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		if isPlain(c) && (c != '.' || i > 0) {
			b.WriteByte(c)
			continue
		}
		fmt.Fprintf(&b, "%%%02X", c)
	}
	name := b.String()
	if name == "" {
		return "%"
	}
	if len(name) > maxName {
		sum := sha256.Sum256([]byte(s))
		return fmt.Sprintf("%s%%%x", name[:maxName-33], sum[:16])
	}
	return name
}

func isPlain(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' ||
		strings.IndexByte("-_+.", c) >= 0
}
