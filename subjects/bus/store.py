"""Where the events are: Redis, MongoDB, or this process's memory.

A store is told a channel, a marker (ms, seq) and a limit, and returns pairs of
marker and event, both bytes, in their order:

    store = open_store("redis://127.0.0.1:6379", ttl=3600)
    entries = store.read("1k", (0, 0), 10)
    marker = store.append("1k", b'{"event":"started"}')

open_async_store returns one whose methods are to be awaited. They raise one of the
store's `errors` when it cannot be reached. Drivers are
imported where they are used, after a server has patched what it patches.

In Redis a channel is a stream bus:CHANNEL, and an event one entry of it with the
field e. A read is one XRANGE.
"""

import json
import time
from bisect import bisect_left, bisect_right

# Events with a marker below this one were primed: they never expire.
PRIMED = 1000000

# Both of redis's pools would open connections without limit, or fail beyond it;
# these make requests wait for one of so many.
CONNECTIONS = 100

WANT = "want redis://HOST:PORT, mongodb://HOST:PORT/DATABASE or mem:"


def open_store(url, ttl, channels=""):
    if url == "mem:":
        return MemoryStore(ttl, channels)
    if url.startswith("redis://"):
        return RedisStore(url, ttl)
    if url.startswith("mongodb://"):
        from store_mongo import MongoStore

        return MongoStore(url, ttl)
    raise SystemExit("--store=%s: %s" % (url, WANT))


def open_async_store(url, ttl, channels=""):
    if url == "mem:":
        return AsyncMemoryStore(ttl, channels)
    if url.startswith("redis://"):
        return AsyncRedisStore(url, ttl)
    if url.startswith("mongodb://"):
        from store_mongo import AsyncMongoStore

        return AsyncMongoStore(url, ttl)
    raise SystemExit("--store=%s: %s" % (url, WANT))


def add_arguments(parser):
    """Adds the options of every server that stands on a store."""
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8080)
    parser.add_argument("--store", default="redis://127.0.0.1:6379")
    parser.add_argument("--channels", default="", metavar="FILE", help="what mem: begins with")
    parser.add_argument("--ttl", type=float, default=3600, metavar="SECONDS")


class Store:
    """What all stores share: which events have expired. Primed ones never do."""

    def __init__(self, ttl):
        self.ttl = int(ttl * 1000)

    def oldest(self):
        """Returns the ms part of the least marker that has not expired."""
        return int(time.time() * 1000) - self.ttl

    def start(self, marker):
        """Returns where XRANGE is to start for what lies behind marker."""
        ms, seq = marker
        oldest = self.oldest()
        if PRIMED <= ms < oldest:
            return "%d-0" % oldest
        return "(%d-%d" % marker if ms or seq else "-"

    def live(self, entries):
        """Returns the entries that have not expired, in their order."""
        oldest = self.oldest()
        return [entry for entry in entries if not PRIMED <= ms_of(entry[0]) < oldest]


def ms_of(marker):
    return int(marker.partition(b"-")[0])


class RedisStore(Store):
    """Redis by its usual driver. Under gevent the driver's sockets are gevent's."""

    def __init__(self, url, ttl):
        import redis

        super().__init__(ttl)
        self.errors = (redis.RedisError,)
        pool = redis.BlockingConnectionPool.from_url(url, max_connections=CONNECTIONS, timeout=None)
        self.redis = redis.Redis(connection_pool=pool)

    def read(self, channel, marker, limit):
        entries = self.range(channel, self.start(marker), limit)
        live = self.live(entries)
        if len(live) < len(entries) == limit:
            # Expired events took the place of others that have not.
            live += self.range(channel, "%d-0" % self.oldest(), limit - len(live))
        return live

    def range(self, channel, start, limit):
        found = self.redis.xrange("bus:" + channel, min=start, count=limit)
        return [(marker, fields[b"e"]) for marker, fields in found]

    def append(self, channel, event):
        return self.redis.xadd("bus:" + channel, {"e": event})


class AsyncRedisStore(Store):
    """The same by the same driver's asynchronous half."""

    def __init__(self, url, ttl):
        import redis.asyncio as redis

        super().__init__(ttl)
        self.errors = (redis.RedisError,)
        pool = redis.BlockingConnectionPool.from_url(url, max_connections=CONNECTIONS, timeout=None)
        self.redis = redis.Redis(connection_pool=pool)

    async def read(self, channel, marker, limit):
        entries = await self.range(channel, self.start(marker), limit)
        live = self.live(entries)
        if len(live) < len(entries) == limit:
            # Expired events took the place of others that have not.
            live += await self.range(channel, "%d-0" % self.oldest(), limit - len(live))
        return live

    async def range(self, channel, start, limit):
        found = await self.redis.xrange("bus:" + channel, min=start, count=limit)
        return [(marker, fields[b"e"]) for marker, fields in found]

    async def append(self, channel, event):
        return await self.redis.xadd("bus:" + channel, {"e": event})


class MemoryStore(Store):
    """A list for each channel in this process: what a server does without a store.

    It begins with the channels in a file, {"1k": [EVENT, ...], ...}, each event a
    string of JSON. Several workers would have one each.
    """

    errors = ()

    def __init__(self, ttl, file):
        super().__init__(ttl)
        self.channels = {}  # lists of ((ms, seq), marker, event)
        if file:
            with open(file, encoding="utf-8") as f:
                primed = json.load(f)
            for channel, events in primed.items():
                self.channels[channel] = [
                    ((i, 0), b"%d-0" % i, event.encode()) for i, event in enumerate(events, 1)
                ]

    def read(self, channel, marker, limit):
        kept = self.channels.get(channel, [])
        first = bisect_right(kept, (marker, b"~"))  # "~" is behind every digit
        found = kept[first:first + limit]
        if found and found[-1][0][0] >= PRIMED:
            primed = bisect_left(kept, ((PRIMED, 0),))
            alive = bisect_left(kept, ((self.oldest(), 0),), primed)
            found = kept[first:primed] + kept[max(first, alive):]
        return [entry[1:] for entry in found[:limit]]

    def append(self, channel, event):
        kept = self.channels.setdefault(channel, [])
        ms, seq = int(time.time() * 1000), 0
        if kept and kept[-1][0] >= (ms, seq):
            ms, seq = kept[-1][0][0], kept[-1][0][1] + 1
        text = b"%d-%d" % (ms, seq)
        kept.append(((ms, seq), text, event))
        return text


class AsyncMemoryStore(MemoryStore):
    async def read(self, channel, marker, limit):
        return MemoryStore.read(self, channel, marker, limit)

    async def append(self, channel, event):
        return MemoryStore.append(self, channel, event)
