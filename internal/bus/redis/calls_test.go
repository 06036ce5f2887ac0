package redis_test

import (
	"bufio"
	"io"
	"net"
	"strconv"
	"strings"
	"testing"
)

// countCalls asks for the commandstats, in plain bytes.
func countCalls(t *testing.T, conn net.Conn) map[string]int {
	t.Helper()
	if _, err := io.WriteString(conn, "INFO commandstats\r\n"); err != nil {
		t.Fatal(err)
	}
	r := bufio.NewReader(conn)
	head, err := r.ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	size, err := strconv.Atoi(strings.TrimSpace(strings.TrimPrefix(head, "$")))
	if err != nil {
		t.Fatal(err)
	}
	text := make([]byte, size)
	if _, err := io.ReadFull(r, text); err != nil {
		t.Fatal(err)
	}
	counts := map[string]int{}
	for line := range strings.Lines(string(text)) {
		name, rest, ok := strings.Cut(strings.TrimPrefix(line, "cmdstat_"), ":calls=")
		if !ok {
			continue
		}
		n, _, _ := strings.Cut(rest, ",")
		if counts[name], err = strconv.Atoi(n); err != nil {
			t.Fatal(err)
		}
	}
	return counts
}
