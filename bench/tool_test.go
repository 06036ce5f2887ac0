package bench_test

import (
	"fmt"
	"os/exec"
	"strconv"
)

// A tool is a load generator: ours on one of its backends, or a peer.
type tool struct {
	name    string
	program string // as found on PATH

	// args returns the arguments for about a second of c against url, nil if the
	// tool cannot do that. guess is roughly how many requests a second brings, for
	// tools that are told a count and not a time.
	args func(c comparison, url string, guess int64) []string
	read func(output []byte) (count, error)
}

// The names of our own, by backend.
const (
	oursEpoll = "webdyno epoll"
	oursUring = "webdyno uring"
)

func isOurs(name string) bool { return name == oursEpoll || name == oursUring }

func (t tool) isOurs() bool { return isOurs(t.name) }

// tools are in the order of a round. Ours come first: tools that want a count
// are told what ours did last.
func tools(webdyno string) []tool {
	return []tool{
		{oursEpoll, webdyno, webdynoArgs("epoll"), readWebdyno},
		{oursUring, webdyno, webdynoArgs("uring"), readWebdyno},
		{"gcannon", "gcannon", gcannonArgs, readGcannon},
		{"h1load", "h1load", h1loadArgs, readH1load},
		{"wrk", "wrk", wrkArgs, readWrk},
		{"wrk2", "wrk2", wrk2Args, readWrk},
		{"h2load", "h2load", h2loadArgs, readH2load},
		{"ab", "ab", abArgs, readAb},
		{"hey", "hey", heyArgs, readHey},
		{"oha", "oha", ohaArgs, readOha},
		{"bombardier", "bombardier", bombardierArgs, readBombardier},
	}
}

// look splits tools into those that are there, with the paths of their programs,
// and the names of those that are not.
func look(all []tool) (found []tool, missing []string) {
	for _, t := range all {
		path, err := exec.LookPath(t.program)
		if err != nil {
			missing = append(missing, t.name)
			continue
		}
		t.program = path
		found = append(found, t)
	}
	return found, missing
}

func webdynoArgs(backend string) func(comparison, string, int64) []string {
	return func(c comparison, url string, _ int64) []string {
		args := []string{"load", "--backend", backend, "-o", "json", "-d", "1s",
			"-c", itoa(c.connections), "-p", itoa(c.pipeline), "-t", itoa(c.loops)}
		if c.each {
			args = append(args, "--per-connection", "1")
		}
		if c.reset {
			args = append(args, "--close", "reset")
		}
		if c.rate > 0 {
			args = append(args, "-R", itoa(c.rate), "--arrivals", "constant")
		}
		return append(args, url)
	}
}

// gcannon ends its connections by reset.
func gcannonArgs(c comparison, url string, _ int64) []string {
	if c.rate > 0 || c.each && !c.reset {
		return nil
	}
	args := []string{url, "-c", itoa(c.connections), "-t", itoa(c.loops), "-p", itoa(c.pipeline), "-d", "1", "--json"}
	if c.each {
		args = append(args, "-r", "1")
	}
	return args
}

// h1load ends its connections by reset. It is told a count, somewhat less than
// what takes a second: with a time it goes on for two seconds more.
func h1loadArgs(c comparison, url string, guess int64) []string {
	if c.rate > 0 || c.pipeline > 1 || c.each && !c.reset {
		return nil
	}
	args := []string{"-c", itoa(c.connections), "-t", itoa(c.loops), "-n", strconv.FormatInt(guess*4/5, 10)}
	if c.each {
		args = append(args, "-r", "1")
	}
	return append(args, url)
}

// wrk opens a connection per request only if the server ends it, and pipelines
// by a script.
func wrkArgs(c comparison, url string, _ int64) []string {
	if c.rate > 0 || c.reset {
		return nil
	}
	args := []string{"-c", itoa(c.connections), "-t", itoa(c.loops), "-d", "1"}
	if c.each {
		args = append(args, "-H", "Connection: close")
	}
	if c.pipeline > 1 {
		args = append(args, "-s", "testdata/pipeline.lua")
	}
	args = append(args, url)
	if c.pipeline > 1 {
		args = append(args, "--", itoa(c.pipeline))
	}
	return args
}

func wrk2Args(c comparison, url string, _ int64) []string {
	if c.rate == 0 {
		return nil
	}
	return []string{"-c", itoa(c.connections), "-t", itoa(c.loops), "-d", "1", "-R", itoa(c.rate), url}
}

// h2load is told a count where the server ends connections: with a time it does
// not come to an end there.
func h2loadArgs(c comparison, url string, guess int64) []string {
	if c.rate > 0 || c.reset {
		return nil
	}
	args := []string{"--h1", "-c", itoa(c.connections), "-t", itoa(c.loops), "-m", itoa(c.pipeline)}
	if c.each {
		args = append(args, "-n", strconv.FormatInt(max(guess, int64(c.connections)), 10), "-H", "Connection: close")
	} else {
		args = append(args, "-D", "1")
	}
	return append(args, url)
}

// ab ends after 50,000 requests, unless it is told a count after the time. It
// has one thread.
func abArgs(c comparison, url string, _ int64) []string {
	if c.rate > 0 || c.reset || c.pipeline > 1 || c.loops > 1 {
		return nil
	}
	args := []string{"-q", "-c", itoa(c.connections), "-t", "1", "-n", "2000000"}
	if !c.each {
		args = append(args, "-k")
	}
	return append(args, url)
}

func heyArgs(c comparison, url string, _ int64) []string {
	if c.rate > 0 || c.reset || c.pipeline > 1 {
		return nil
	}
	args := []string{"-c", itoa(c.connections), "-cpus", itoa(c.loops), "-z", "1s"}
	if c.each {
		args = append(args, "-disable-keepalive")
	}
	return append(args, url)
}

// oha has as many threads as it has CPUs.
func ohaArgs(c comparison, url string, _ int64) []string {
	if c.rate > 0 || c.reset || c.pipeline > 1 {
		return nil
	}
	args := []string{"--no-tui", "--output-format", "json", "-c", itoa(c.connections), "-z", "1s"}
	if c.each {
		args = append(args, "--disable-keepalive")
	}
	return append(args, url)
}

// Debian has a bombardier, too: a game. What it prints is not read as an answer.
func bombardierArgs(c comparison, url string, _ int64) []string {
	if c.rate > 0 || c.reset || c.pipeline > 1 {
		return nil
	}
	args := []string{"-c", itoa(c.connections), "-d", "1s", "-o", "json", "-p", "r"}
	if c.each {
		args = append(args, "-a")
	}
	return append(args, url)
}

func itoa(n int) string { return fmt.Sprint(n) }
