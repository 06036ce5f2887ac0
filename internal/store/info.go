package store

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"time"
)

// redisVersion is the Redis whose ways this store has, for clients that ask.
const redisVersion = "7.0.0"

// info tells about the store, in the form of Redis's own INFO.
func info(c *client, args [][]byte) error {
	sections := []struct {
		name      string
		isDefault bool
		write     func(*strings.Builder, *Server)
	}{
		{"server", true, infoServer},
		{"clients", true, infoClients},
		{"memory", true, infoMemory},
		{"stats", true, infoStats},
		{"commandstats", false, infoCommands},
		{"keyspace", true, infoKeyspace},
	}
	var wanted []string
	for _, a := range args[1:] {
		wanted = append(wanted, strings.ToLower(string(a)))
	}
	all := slices.Contains(wanted, "all") || slices.Contains(wanted, "everything")
	byDefault := len(wanted) == 0 || slices.Contains(wanted, "default")
	var b strings.Builder
	for _, s := range sections {
		if asked := all || byDefault && s.isDefault || slices.Contains(wanted, s.name); !asked {
			continue
		}
		if b.Len() > 0 {
			b.WriteString("\r\n")
		}
		b.WriteString("# " + strings.ToUpper(s.name[:1]) + s.name[1:] + "\r\n")
		s.write(&b, c.server)
	}
	c.out.verbatim(b.String())
	return nil
}

func infoServer(b *strings.Builder, s *Server) {
	fmt.Fprintf(b, "redis_version:%s\r\nserver_name:webdyno store\r\nredis_mode:standalone\r\n", redisVersion)
	fmt.Fprintf(b, "process_id:%d\r\nuptime_in_seconds:%d\r\nwebdyno_delay_us:%d\r\n",
		os.Getpid(), int(time.Since(s.began).Seconds()), s.config.Delay.Microseconds())
}

func infoClients(b *strings.Builder, s *Server) {
	fmt.Fprintf(b, "connected_clients:%d\r\nmaxclients:%d\r\n", s.connected.Load(), s.config.Connections)
}

func infoMemory(b *strings.Builder, s *Server) {
	s.data.mu.RLock()
	defer s.data.mu.RUnlock()
	fmt.Fprintf(b, "used_memory:%d\r\nmaxmemory:%d\r\nmaxmemory_policy:noeviction\r\n", s.data.used, s.data.limit)
}

func infoStats(b *strings.Builder, s *Server) {
	fmt.Fprintf(b, "total_connections_received:%d\r\ntotal_commands_processed:%d\r\nrejected_connections:%d\r\n",
		s.accepted.Load(), s.commands.Load(), s.turnedAway.Load())
}

func infoCommands(b *strings.Builder, s *Server) {
	for _, cmd := range commands() {
		k := s.known[cmd.name]
		calls, spent := k.calls.Load(), k.spent.Load()/1000
		rejected, failed := k.rejected.Load(), k.failed.Load()
		if calls == 0 && rejected == 0 {
			continue
		}
		fmt.Fprintf(b, "cmdstat_%s:calls=%d,usec=%d,usec_per_call=%.2f,rejected_calls=%d,failed_calls=%d\r\n",
			k.name, calls, spent, float64(spent)/float64(max(calls, 1)), rejected, failed)
	}
}

func infoKeyspace(b *strings.Builder, s *Server) {
	s.data.mu.RLock()
	defer s.data.mu.RUnlock()
	if n := len(s.data.values); n > 0 {
		fmt.Fprintf(b, "db0:keys=%d,expires=%d,avg_ttl=0\r\n", n, len(s.data.expires))
	}
}
