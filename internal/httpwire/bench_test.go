package httpwire

import (
	"fmt"
	"strings"
	"testing"
)

// BenchmarkFeed reads one answer in one piece, as an engine does with a small
// answer on a kept connection, or many as they lie in one read.
func BenchmarkFeed(b *testing.B) {
	for _, bm := range []struct{ name, text string }{
		{"bare", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"},
		{"go", goAnswer},
		{"chunked", chunkedAnswer},
		{"nginx", "HTTP/1.1 200 OK\r\nServer: nginx/1.22.1\r\nDate: Thu, 05 Jul 2018 10:00:00 GMT\r\nContent-Type: text/html\r\n" +
			"Content-Length: 615\r\nLast-Modified: Tue, 17 Jun 2014 20:00:00 GMT\r\nConnection: keep-alive\r\nETag: \"53a09f00-267\"\r\n" +
			"Accept-Ranges: bytes\r\n\r\n" + strings.Repeat("x", 615)},
		{"64k", fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", 64<<10, strings.Repeat("x", 64<<10))},
	} {
		b.Run(bm.name, func(b *testing.B) {
			text := []byte(bm.text)
			var p Parser
			b.ReportAllocs()
			for b.Loop() {
				p.Reset(false)
				if n, done, err := p.Feed(text); n != len(text) || !done || err != nil {
					b.Fatal(n, done, err)
				}
			}
		})
	}
}

// BenchmarkFeedCut reads answers that lie across the ends of reads.
func BenchmarkFeedCut(b *testing.B) {
	text := []byte(strings.Repeat(goAnswer, 64))
	var p Parser
	b.ReportAllocs()
	for b.Loop() {
		p.Reset(false)
		for rest := text; len(rest) > 0; {
			n, done, err := p.Feed(rest[:min(len(rest), 1000)])
			if err != nil {
				b.Fatal(err)
			}
			if rest = rest[n:]; done {
				p.Reset(false)
			}
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/64, "ns/answer")
}
