package workload

import (
	"net"

	"webdyno/internal/httpwire"
)

// A HeaderSet is the headers a known client sends, in its order.
type HeaderSet struct {
	Name      string
	Headers   []httpwire.Header // a Host with an empty value marks the place of Host, which is otherwise first
	Version10 bool              // the client speaks HTTP/1.0
	BareHost  bool              // the client leaves the port out of Host
}

// HeaderSets returns the names of all sets, the smallest first.
func HeaderSets() []string {
	sets := headerSets()
	names := make([]string, len(sets))
	for i, s := range sets {
		names[i] = s.Name
	}
	return names
}

// Headers returns the set called name, and whether there is one.
func Headers(name string) (HeaderSet, bool) {
	for _, s := range headerSets() {
		if s.Name == name {
			return s, true
		}
	}
	return HeaderSet{}, false
}

// headerSets are the sets. Those named for a tool were captured from it, in
// the version they name. Chrome-2013 is put together from period sources; no
// cookie is assumed. Chrome has the fields and the order of a capture from
// Chromium 156, with the brands of the browser people have.
func headerSets() []HeaderSet {
	type fields = []httpwire.Header
	return []HeaderSet{
		{Name: "minimal"},
		{Name: "wrk"},
		{Name: "httperf", BareHost: true, Headers: fields{
			{Name: "User-Agent", Value: "httperf/0.9.0"},
			{Name: "Host"},
		}},
		{Name: "ab", Version10: true, Headers: fields{
			{Name: "Host"},
			{Name: "User-Agent", Value: "ApacheBench/2.3"},
			{Name: "Accept", Value: "*/*"},
		}},
		{Name: "curl", Headers: fields{
			{Name: "Host"},
			{Name: "User-Agent", Value: "curl/7.88.1"},
			{Name: "Accept", Value: "*/*"},
		}},
		{Name: "chrome-2013", Headers: fields{
			{Name: "Host"},
			{Name: "Connection", Value: "keep-alive"},
			{Name: "Cache-Control", Value: "max-age=0"},
			{Name: "Accept", Value: "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"},
			{Name: "User-Agent", Value: "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.31 (KHTML, like Gecko) Chrome/26.0.1410.63 Safari/537.31"},
			{Name: "Accept-Encoding", Value: "gzip,deflate,sdch"},
			{Name: "Accept-Language", Value: "en-US,en;q=0.8"},
			{Name: "Accept-Charset", Value: "ISO-8859-1,utf-8;q=0.7,*;q=0.3"},
		}},
		{Name: "chrome", Headers: fields{
			{Name: "Host"},
			{Name: "Connection", Value: "keep-alive"},
			{Name: "sec-ch-ua", Value: `"Google Chrome";v="156", "Chromium";v="156", "Not_A Brand";v="24"`},
			{Name: "sec-ch-ua-mobile", Value: "?0"},
			{Name: "sec-ch-ua-platform", Value: `"Linux"`},
			{Name: "Upgrade-Insecure-Requests", Value: "1"},
			{Name: "User-Agent", Value: "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36"},
			{Name: "Accept", Value: "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8,application/signed-exchange;v=b3;q=0.7"},
			{Name: "Sec-Fetch-Site", Value: "none"},
			{Name: "Sec-Fetch-Mode", Value: "navigate"},
			{Name: "Sec-Fetch-User", Value: "?1"},
			{Name: "Sec-Fetch-Dest", Value: "document"},
			{Name: "Accept-Encoding", Value: "gzip, deflate, br, zstd"},
			{Name: "Accept-Language", Value: "en-US,en;q=0.9"},
		}},
	}
}

func withoutPort(host string) string {
	name, _, err := net.SplitHostPort(host)
	if err != nil {
		return host
	}
	if ip := net.ParseIP(name); ip != nil && ip.To4() == nil {
		return "[" + name + "]"
	}
	return name
}
