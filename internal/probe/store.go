package probe

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// A Store is what a server of the Redis protocol says of itself.
type Store struct {
	Says  string            // its name and version: "Redis 7.0.15"; "" if it does not tell
	Calls map[string]uint64 // how often each command has been called so far, by its name in small letters
}

// storeLimit is how long a store may take to tell.
const storeLimit = 5 * time.Second

// maxInfo bounds what is read of an answer to INFO, in bytes. Redis 7 with all
// of its commands in use says 30 KB.
const maxInfo = 1 << 20

// ReadStore asks the store at an address such as redis://127.0.0.1:6379 for what
// INFO tells of the server and of its commands. The asking is a connection of
// its own, and counted by the store as a call of INFO alone (and of AUTH, where
// the address holds a password).
func ReadStore(ctx context.Context, address string) (Store, error) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "redis" || u.Hostname() == "" {
		return Store{}, errors.New("ask a store: want an address such as redis://127.0.0.1:6379")
	}
	port := u.Port()
	if port == "" {
		port = "6379"
	}
	at := net.JoinHostPort(u.Hostname(), port)
	ctx, cancel := context.WithTimeout(ctx, storeLimit)
	defer cancel()
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", at)
	if err != nil {
		return Store{}, fmt.Errorf("ask the store at %s: %w", at, err)
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.SetDeadline(time.Unix(1, 0)) })()
	s, err := readStore(conn, u.User)
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	if err != nil {
		return Store{}, fmt.Errorf("ask the store at %s: %w", at, err)
	}
	return s, nil
}

func readStore(conn io.ReadWriter, user *url.Userinfo) (Store, error) {
	in := bufio.NewReader(conn)
	if password, ok := user.Password(); ok {
		words := []string{"AUTH", password}
		if name := user.Username(); name != "" {
			words = []string{"AUTH", name, password}
		}
		if _, err := call(conn, in, words...); err != nil {
			return Store{}, err
		}
	}
	s := Store{Calls: map[string]uint64{}}
	server, err := call(conn, in, "INFO", "server")
	if err != nil {
		return s, err
	}
	s.Says = saysOfItself(server)
	stats, err := call(conn, in, "INFO", "commandstats")
	if err != nil {
		return s, err
	}
	for name, value := range fields(stats) {
		command, ok := strings.CutPrefix(name, "cmdstat_")
		if !ok {
			continue
		}
		n, err := calls(value)
		if err != nil {
			return s, fmt.Errorf("INFO commandstats says %q of %s: %w", value, command, err)
		}
		s.Calls[strings.ToLower(command)] = n
	}
	return s, nil
}

// call sends a command and returns the text it is answered with.
func call(out io.Writer, in *bufio.Reader, words ...string) (string, error) {
	var b strings.Builder
	fmt.Fprintf(&b, "*%d\r\n", len(words))
	for _, w := range words {
		fmt.Fprintf(&b, "$%d\r\n%s\r\n", len(w), w)
	}
	if _, err := io.WriteString(out, b.String()); err != nil {
		return "", err
	}
	text, err := readText(in)
	if err != nil {
		return "", fmt.Errorf("%s: %w", words[0], err)
	}
	return text, nil
}

// readText reads one answer that is a text: +OK, or $5 and five bytes. An
// answer that begins with '-' is the store's own error.
func readText(in *bufio.Reader) (string, error) {
	line, err := readLine(in)
	if err != nil {
		return "", err
	}
	if line == "" {
		return "", errors.New("an empty line is no answer of the Redis protocol")
	}
	switch line[0] {
	case '+':
		return line[1:], nil
	case '-':
		return "", errors.New(line[1:])
	case '$', '=': // '=' is a text with its format before it, as RESP3 has it
	default:
		return "", fmt.Errorf("%.40q is no text of the Redis protocol", line)
	}
	n, err := strconv.Atoi(line[1:])
	if err != nil || n < 0 || n > maxInfo {
		return "", fmt.Errorf("%.40q is no length that is read", line)
	}
	b := make([]byte, n+2)
	if _, err := io.ReadFull(in, b); err != nil {
		return "", err
	}
	if string(b[n:]) != "\r\n" {
		return "", errors.New("a text does not end where it says")
	}
	return string(b[:n]), nil
}

// readLine reads up to CR LF, which it leaves out. Lines of this protocol are
// short; one that does not end within the reader's buffer is none.
func readLine(in *bufio.Reader) (string, error) {
	b, err := in.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) {
		return "", errors.New("a line is too long for the Redis protocol")
	}
	if err != nil {
		return "", err
	}
	line, ok := strings.CutSuffix(string(b), "\r\n")
	if !ok {
		return "", errors.New("a line ends without CR LF")
	}
	return line, nil
}

// fields are the lines "name:value" of an answer to INFO.
func fields(info string) map[string]string {
	all := map[string]string{}
	for line := range strings.Lines(info) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), ":"); ok && !strings.HasPrefix(name, "#") {
			all[name] = value
		}
	}
	return all
}

// saysOfItself is the name and version in INFO server. Those who took the
// protocol over give redis_version for the sake of clients, and their own beside
// it: server_name, and NAME_version.
func saysOfItself(info string) string {
	all := fields(info)
	if name := all["server_name"]; name != "" && !strings.EqualFold(name, "redis") {
		version := all[name+"_version"]
		if version == "" {
			version = all["server_version"]
		}
		return clip(strings.TrimSpace(name + " " + version))
	}
	for _, known := range []struct{ field, name string }{
		{"dragonfly_version", "Dragonfly"}, {"valkey_version", "Valkey"}, {"redis_version", "Redis"},
	} {
		if version := all[known.field]; version != "" {
			return clip(known.name + " " + version)
		}
	}
	return ""
}

// clip makes what a stranger says fit for a line of a report.
func clip(s string) string {
	s = strings.Map(func(c rune) rune {
		if c < ' ' || c == 0x7f {
			return -1
		}
		return c
	}, strings.ToValidUTF8(s, ""))
	if rs := []rune(s); len(rs) > 100 {
		s = string(rs[:100])
	}
	return s
}

// calls reads "calls=12,usec=34,…".
func calls(stat string) (uint64, error) {
	for part := range strings.SplitSeq(stat, ",") {
		if n, ok := strings.CutPrefix(part, "calls="); ok {
			return strconv.ParseUint(n, 10, 64)
		}
	}
	return 0, errors.New("it has no calls=")
}
