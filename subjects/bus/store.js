// Where the events are: Redis, or this process's memory. A store is told a
// channel, a marker [ms, seq] and a limit, and gives entries {marker, event} in
// their order. store.py says more.

"use strict";

const fs = require("node:fs");

// Events with a marker below this one were primed: they never expire.
const PRIMED = 1000000;

async function openStore(url, ttl, channels) {
  if (url === "mem:") return new MemoryStore(ttl, channels);
  if (!url.startsWith("redis://")) throw new Error(`--store=${url}: want redis://HOST:PORT or mem:`);
  const { createClient } = require("redis");
  const client = createClient({ url });
  client.on("error", (error) => console.error(String(error)));
  await client.connect();
  return new RedisStore(ttl, client);
}

class Store {
  constructor(ttl) {
    this.ttl = ttl * 1000;
  }

  // The ms part of the least marker that has not expired.
  oldest() {
    return Math.floor(Date.now() - this.ttl);
  }

  live(entries) {
    const oldest = this.oldest();
    return entries.filter(({ marker }) => {
      const ms = Number.parseInt(marker, 10);
      return ms < PRIMED || ms >= oldest;
    });
  }
}

// The driver sends all queries on one connection, one behind the other.
class RedisStore extends Store {
  constructor(ttl, client) {
    super(ttl);
    this.client = client;
  }

  async read(channel, [ms, seq], limit) {
    const oldest = this.oldest();
    let start = ms || seq ? `(${ms}-${seq}` : "-";
    if (ms >= PRIMED && ms < oldest) start = `${oldest}-0`;
    const entries = await this.range(channel, start, limit);
    const live = this.live(entries);
    if (live.length < entries.length && entries.length === limit) {
      // Expired events took the place of others that have not.
      live.push(...(await this.range(channel, `${this.oldest()}-0`, limit - live.length)));
    }
    return live;
  }

  async range(channel, start, limit) {
    const found = await this.client.xRange(`bus:${channel}`, start, "+", { COUNT: limit });
    return found.map(({ id, message }) => ({ marker: id, event: message.e }));
  }

  append(channel, event) {
    return this.client.xAdd(`bus:${channel}`, "*", { e: event });
  }
}

// A list for each channel, which begins with what a file holds.
class MemoryStore extends Store {
  constructor(ttl, file) {
    super(ttl);
    this.channels = new Map();
    const primed = file ? JSON.parse(fs.readFileSync(file, "utf8")) : {};
    for (const [channel, events] of Object.entries(primed)) {
      this.channels.set(channel, events.map((event, i) => ({ ms: i + 1, seq: 0, marker: `${i + 1}-0`, event })));
    }
  }

  async read(channel, [ms, seq], limit) {
    const kept = this.channels.get(channel) ?? [];
    const first = indexOf(kept, ms, seq + 1);
    const found = kept.slice(first, first + limit);
    if (found.length === 0 || found.at(-1).ms < PRIMED) return found;
    const primed = indexOf(kept, PRIMED, 0);
    const alive = Math.max(first, primed, indexOf(kept, this.oldest(), 0));
    return [...kept.slice(first, primed), ...kept.slice(alive, alive + limit)].slice(0, limit);
  }

  async append(channel, event) {
    const kept = this.channels.get(channel) ?? [];
    this.channels.set(channel, kept);
    const last = kept.at(-1) ?? { ms: 0, seq: 0 };
    const now = Date.now();
    const [ms, seq] = now > last.ms ? [now, 0] : [last.ms, last.seq + 1];
    kept.push({ ms, seq, marker: `${ms}-${seq}`, event });
    return `${ms}-${seq}`;
  }
}

// The index of the first entry with at least this marker.
function indexOf(kept, ms, seq) {
  let first = 0;
  for (let end = kept.length; first < end; ) {
    const middle = (first + end) >> 1;
    const entry = kept[middle];
    if (entry.ms < ms || (entry.ms === ms && entry.seq < seq)) first = middle + 1;
    else end = middle;
  }
  return first;
}

module.exports = { openStore };
