package main

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"time"

	"webdyno/internal/engine"
	"webdyno/internal/load"
	"webdyno/internal/unit"
)

// complaints gathers what is wrong with a command line.
type complaints []string

func (c *complaints) say(format string, args ...any) {
	*c = append(*c, fmt.Sprintf(format, args...))
}

func (c *complaints) add(flag string, err error) {
	if err != nil {
		c.say("%s: %v", flag, err)
	}
}

func (c complaints) err() error {
	if len(c) == 0 {
		return nil
	}
	return usageError{errors.New(strings.Join(c, "\n"+programName+": "))}
}

func (c *complaints) url(raw string) *url.URL {
	if !strings.Contains(raw, "://") {
		raw = "http://" + raw
	}
	u, err := url.Parse(raw)
	if err != nil {
		c.add("URL", err)
		return &url.URL{Host: "invalid"}
	}
	if u.Scheme != "http" && u.Scheme != "https" {
		c.say("URL %s: webdyno speaks http and https, not %s", raw, u.Scheme)
	}
	if u.User != nil {
		c.say("URL %s: a name and password are not sent from a URL: use -H 'Authorization: …'", u.Redacted())
	}
	if u.Host == "" {
		c.say("URL %s: want http://HOST:PORT/PATH", raw)
	}
	return u
}

func (c *complaints) count(flag, s string) int64 {
	if s == "" {
		return 0
	}
	n, err := unit.ParseCount(s)
	c.add(flag, err)
	return n
}

func (c *complaints) rate(flag, s string) float64 {
	r, err := unit.ParseRate(s)
	c.add(flag, err)
	if err == nil && r <= 0 {
		c.say("%s %s: want more than 0", flag, s)
	}
	return r
}

func (c *complaints) duration(flag, s string) time.Duration {
	d, err := unit.ParseDuration(s)
	c.add(flag, err)
	return d
}

// extent reads a time, or a count that ends in "req".
func (c *complaints) extent(flag, s string) load.Extent {
	if n, ok := strings.CutSuffix(s, "req"); ok {
		return load.Extent{Count: c.count(flag, n)}
	}
	return load.Extent{Time: c.duration(flag, s)}
}

// content is a flag's text, or that of the file it names after an @.
func (c *complaints) content(flag, s string) []byte {
	name, isFile := strings.CutPrefix(s, "@")
	if !isFile {
		return []byte(s)
	}
	b, err := os.ReadFile(name)
	c.add(flag, err)
	return b
}

func (c *complaints) backend(s string) engine.Backend {
	b, err := engine.ParseBackend(s)
	c.add("--backend", err)
	return b
}
