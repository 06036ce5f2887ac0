package store

import (
	"errors"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// go-redis begins in version 3 of the protocol, says who it is, and pipelines;
// the driver of our own bus does none of these.
func TestGoRedis(t *testing.T) {
	c := redis.NewClient(&redis.Options{Addr: up(t, Config{Delay: time.Millisecond}), ClientName: "test"})
	defer c.Close()
	ctx := t.Context()
	if got, err := c.XAdd(ctx, &redis.XAddArgs{Stream: "s", ID: "1-1", Values: []string{"e", "{}"}}).Result(); got != "1-1" || err != nil {
		t.Errorf("XADD: %q, %v", got, err)
	}
	if got, err := c.XRangeN(ctx, "s", "-", "+", 10).Result(); len(got) != 1 || got[0].Values["e"] != "{}" || err != nil {
		t.Errorf("XRANGE: %v, %v", got, err)
	}
	read := &redis.XReadArgs{Streams: []string{"s", "none", "0", "0"}, Block: time.Second}
	if got, err := c.XRead(ctx, read).Result(); len(got) != 1 || got[0].Stream != "s" || len(got[0].Messages) != 1 || err != nil {
		t.Errorf("XREAD: %v, %v", got, err)
	}
	read = &redis.XReadArgs{Streams: []string{"s", "$"}, Block: time.Millisecond}
	if _, err := c.XRead(ctx, read).Result(); !errors.Is(err, redis.Nil) {
		t.Errorf("XREAD of nothing: %v", err)
	}
	if got, err := c.Get(ctx, "none").Result(); !errors.Is(err, redis.Nil) {
		t.Errorf("GET of nothing: %q, %v", got, err)
	}
	commands, err := c.Pipelined(ctx, func(p redis.Pipeliner) error {
		p.Set(ctx, "k", "v", time.Minute)
		p.Get(ctx, "k")
		p.XLen(ctx, "s")
		p.Del(ctx, "k", "s")
		return nil
	})
	if err != nil || len(commands) != 4 || commands[1].(*redis.StringCmd).Val() != "v" || commands[3].(*redis.IntCmd).Val() != 2 {
		t.Errorf("pipeline: %v, %v", commands, err)
	}
	if got, err := c.ClientGetName(ctx).Result(); got != "test" || err != nil {
		t.Errorf("name: %q, %v", got, err)
	}
	if got, err := c.Info(ctx, "commandstats").Result(); err != nil || len(got) == 0 {
		t.Errorf("INFO: %q, %v", got, err)
	}
}
