package store

import (
	"path"
	"strconv"
	"strings"
)

func ping(c *client, args [][]byte) error {
	switch len(args) {
	case 1:
		c.out.simple("PONG")
	case 2:
		c.out.bytes(args[1])
	default:
		return failure("ERR wrong number of arguments for 'ping' command")
	}
	return nil
}

func echo(c *client, args [][]byte) error {
	c.out.bytes(args[1])
	return nil
}

func quit(c *client, _ [][]byte) error {
	c.out.simple("OK")
	c.leaving = true
	return nil
}

// auth says that nobody has to. A password that was set in some client all the
// same is a mistake that should be heard of.
func auth(*client, [][]byte) error {
	return failure("ERR AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?")
}

func selectDatabase(c *client, args [][]byte) error {
	n, err := strconv.Atoi(string(args[1]))
	switch {
	case err != nil:
		return failure("ERR value is not an integer or out of range")
	case n != 0:
		return failure("ERR DB index is out of range")
	}
	c.out.simple("OK")
	return nil
}

// hello agrees on the protocol's version: HELLO [2|3 [SETNAME name] [AUTH …]]
func hello(c *client, args [][]byte) error {
	v := c.out.v
	if len(args) > 1 {
		n, err := strconv.Atoi(string(args[1]))
		if err != nil {
			return failure("ERR Protocol version is not an integer or out of range")
		}
		if n != 2 && n != 3 {
			return failure("NOPROTO unsupported protocol version")
		}
		v = n
	}
	for i := 2; i < len(args); i++ {
		switch {
		case is(args[i], "auth"):
			return failure("WRONGPASS invalid username-password pair or user is disabled.")
		case is(args[i], "setname") && i+1 < len(args):
			i++
			c.name = string(args[i])
		default:
			return failure("ERR Syntax error in HELLO option '" + string(args[i]) + "'")
		}
	}
	c.out.v = v
	c.out.pairs(7)
	c.out.bulk("server")
	c.out.bulk("redis")
	c.out.bulk("version")
	c.out.bulk(redisVersion)
	c.out.bulk("proto")
	c.out.integer(int64(v))
	c.out.bulk("id")
	c.out.integer(c.id)
	c.out.bulk("mode")
	c.out.bulk("standalone")
	c.out.bulk("role")
	c.out.bulk("master")
	c.out.bulk("modules")
	c.out.array(0)
	return nil
}

func clientID(c *client, _ [][]byte) error {
	c.out.integer(c.id)
	return nil
}

func clientSetName(c *client, args [][]byte) error {
	for _, b := range args[2] {
		if b < '!' || b > '~' {
			return failure("ERR Client names cannot contain spaces, newlines or special characters.")
		}
	}
	c.name = string(args[2])
	c.out.simple("OK")
	return nil
}

func clientGetName(c *client, _ [][]byte) error {
	if c.name == "" {
		c.out.null()
	} else {
		c.out.bulk(c.name)
	}
	return nil
}

// clientSetInfo hears what library the client uses, and has no use for it.
func clientSetInfo(c *client, _ [][]byte) error {
	c.out.simple("OK")
	return nil
}

// commandList answers that there is nothing to be told about commands, which
// clients ask to offer completion.
func commandList(c *client, args [][]byte) error {
	switch {
	case len(args) > 1 && is(args[1], "count"):
		c.out.integer(int64(len(c.server.known)))
	case len(args) > 1 && is(args[1], "docs"):
		c.out.pairs(0)
	default:
		c.out.array(0)
	}
	return nil
}

// configGet tells the few settings there are.
func configGet(c *client, args [][]byte) error {
	settings := [][2]string{
		{"appendonly", "no"},
		{"maxclients", strconv.Itoa(c.server.config.Connections)},
		{"maxmemory", strconv.FormatInt(c.server.config.Memory, 10)},
		{"maxmemory-policy", "noeviction"},
		{"save", ""},
	}
	var found [][2]string
	for _, s := range settings {
		for _, glob := range args[2:] {
			if ok, _ := path.Match(strings.ToLower(string(glob)), s[0]); ok {
				found = append(found, s)
				break
			}
		}
	}
	c.out.pairs(len(found))
	for _, s := range found {
		c.out.bulk(s[0])
		c.out.bulk(s[1])
	}
	return nil
}

func configResetStat(c *client, _ [][]byte) error {
	for _, k := range c.server.known {
		k.calls.Store(0)
		k.spent.Store(0)
		k.rejected.Store(0)
		k.failed.Store(0)
	}
	c.server.commands.Store(0)
	c.server.accepted.Store(0)
	c.out.simple("OK")
	return nil
}
