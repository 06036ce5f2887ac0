package store

import (
	"strings"
	"sync/atomic"
	"time"
)

// A command is one of those that the store knows.
type command struct {
	name string
	// args is how many arguments it takes, its name included; if negative, that
	// is how many at least.
	args int
	do   func(c *client, args [][]byte) error
}

// commands are all the store knows. The names of those with a bar are a command
// and its first argument.
func commands() []command {
	return []command{
		{"auth", -2, auth},
		{"client|getname", 2, clientGetName},
		{"client|id", 2, clientID},
		{"client|setinfo", 4, clientSetInfo},
		{"client|setname", 3, clientSetName},
		{"command", -1, commandList},
		{"config|get", -3, configGet},
		{"config|resetstat", 2, configResetStat},
		{"dbsize", 1, dbsize},
		{"del", -2, del},
		{"echo", 2, echo},
		{"eval", -3, eval},
		{"evalsha", -3, evalSHA},
		{"exists", -2, exists},
		{"expire", 3, expire},
		{"flushall", -1, flushAll},
		{"flushdb", -1, flushAll},
		{"get", 2, get},
		{"hello", -1, hello},
		{"info", -1, info},
		{"ping", -1, ping},
		{"pttl", 2, pttl},
		{"quit", -1, quit},
		{"scan", -2, scan},
		{"select", 2, selectDatabase},
		{"set", -3, set},
		{"ttl", 2, ttl},
		{"type", 2, typeOf},
		{"unlink", -2, del},
		{"xadd", -5, xadd},
		{"xdel", -3, xdel},
		{"xlen", 2, xlen},
		{"xrange", -4, xrange},
		{"xread", -4, xread},
		{"xrevrange", -4, xrevrange},
		{"xtrim", -4, xtrim},
	}
}

// A known command is one beside what has been counted of it.
type known struct {
	command
	calls, spent, rejected, failed atomic.Int64 // spent is in nanoseconds
}

// families are the commands that are told apart by their first argument.
func isFamily(name string) bool { return name == "client" || name == "config" }

// execute carries out one request and appends its answer to c.out.
func (c *client) execute(args [][]byte) {
	k, problem := c.server.lookup(args)
	if problem != "" {
		c.out.failed(problem)
		return
	}
	if k.args >= 0 && len(args) != k.args || len(args) < -k.args {
		k.rejected.Add(1)
		c.out.failed("ERR wrong number of arguments for '" + k.name + "' command")
		return
	}
	began := time.Now()
	c.waited = 0
	if err := k.do(c, args); err != nil {
		k.failed.Add(1)
		c.out.failed(err.Error())
	}
	k.calls.Add(1)
	k.spent.Add(int64(time.Since(began) - c.waited))
}

// lookup finds a request's command, or says what is wrong.
func (s *Server) lookup(args [][]byte) (*known, string) {
	name := strings.ToLower(string(args[0][:min(len(args[0]), 128)]))
	if isFamily(name) {
		if len(args) < 2 {
			return nil, "ERR wrong number of arguments for '" + name + "' command"
		}
		sub := strings.ToLower(string(args[1][:min(len(args[1]), 128)]))
		if k := s.known[name+"|"+sub]; k != nil {
			return k, ""
		}
		return nil, "ERR unknown subcommand '" + string(args[1][:min(len(args[1]), 128)]) + "'. Try " + strings.ToUpper(name) + " HELP."
	}
	if k := s.known[name]; k != nil {
		return k, ""
	}
	var b strings.Builder
	for _, a := range args[1:] {
		if b.Len() >= 128 {
			break
		}
		b.WriteString("'" + string(a[:min(len(a), 128-b.Len())]) + "' ")
	}
	return nil, "ERR unknown command '" + string(args[0][:min(len(args[0]), 128)]) + "', with args beginning with: " + b.String()
}

// is compares an argument with a keyword.
func is(arg []byte, word string) bool { return strings.EqualFold(string(arg), word) }
