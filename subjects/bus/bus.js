// The message bus on Node's own http module and the usual driver of Redis.
//
//     npm ci
//     node bus.js --port=8080 --store=redis://127.0.0.1:6379

"use strict";

const cluster = require("node:cluster");
const http = require("node:http");
const { parseArgs } = require("node:util");

const { openStore } = require("./store.js");

const MOST_EVENTS = 1000;
const MOST_BYTES = 65536; // of an event

class Refused extends Error {
  constructor(status, why, headers = {}) {
    super(why);
    this.status = status;
    this.headers = headers;
  }
}

// Reads what a GET asks for: the marker to read behind as a pair [ms, seq], and
// the limit.
function queryOf(channel, params) {
  checkChannel(channel);
  const marker = /^(\d{1,15})(?:-(\d{1,15}))?$/.exec(params.get("marker") || "0");
  if (!marker) throw new Refused(400, "marker: want one that this service gave");
  const text = params.get("limit") || "10";
  const limit = Number(text);
  if (!/^\d+$/.test(text) || limit < 1 || limit > MOST_EVENTS) {
    throw new Refused(400, `limit: want 1 to ${MOST_EVENTS}`);
  }
  return { marker: [Number(marker[1]), Number(marker[2] ?? 0)], limit };
}

function checkChannel(name) {
  if (!/^[a-z0-9._-]{1,64}$/.test(name)) {
    throw new Refused(400, "channel: want 1 to 64 of a-z, 0-9, dot, hyphen and underscore");
  }
}

// Refuses what is not one JSON object in UTF-8.
function check(event) {
  let value = null;
  try {
    value = JSON.parse(event);
  } catch {
    // it is refused below
  }
  if (value === null || typeof value !== "object" || Array.isArray(value)) {
    throw new Refused(400, "event: want one JSON object");
  }
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

async function bodyOf(req) {
  const chunks = [];
  let length = 0;
  for await (const chunk of req) {
    length += chunk.length;
    if (length <= MOST_BYTES) chunks.push(chunk);
  }
  if (length > MOST_BYTES) throw new Refused(413, `event: ${MOST_BYTES} bytes are the most`);
  try {
    return utf8.decode(Buffer.concat(chunks));
  } catch {
    throw new Refused(400, "event: want UTF-8");
  }
}

function send(res, status, body, headers) {
  res.writeHead(status, {
    "Content-Type": "application/json",
    "Content-Length": Buffer.byteLength(body),
    ...headers,
  });
  res.end(body);
}

async function respond(store, req, res) {
  const url = new URL(req.url, "http://bus");
  const found = /^\/v1\/channels\/([^/]+)\/events$/.exec(url.pathname);
  if (!found) throw new Refused(404, "nothing is here");
  const channel = found[1];
  if (req.method === "GET") {
    const { marker, limit } = queryOf(channel, url.searchParams);
    const entries = await store.read(channel, marker, limit);
    if (entries.length === 0) {
      res.writeHead(204);
      res.end();
      return;
    }
    const events = entries.map((entry) => entry.event).join(",");
    send(res, 200, `{"events":[${events}],"marker":"${entries.at(-1).marker}"}`);
  } else if (req.method === "POST") {
    checkChannel(channel);
    const event = await bodyOf(req);
    check(event);
    send(res, 201, `{"marker":"${await store.append(channel, event)}"}`);
  } else {
    throw new Refused(405, "want GET or POST", { Allow: "GET, POST" });
  }
}

async function serve(options) {
  const store = await openStore(options.store, Number(options.ttl), options.channels);
  const server = http.createServer((req, res) => {
    respond(store, req, res).catch((error) => {
      if (!(error instanceof Refused)) console.error(error);
      const { status = 500, headers = {} } = error;
      send(res, status, JSON.stringify({ error: error.message }), headers);
    });
  });
  // By default Node ends a connection that was idle for 5 s, and says so in each
  // answer. The other implementations keep theirs, so this one does too.
  server.keepAliveTimeout = 0;
  for (const signal of ["SIGTERM", "SIGINT"]) {
    process.on(signal, () => process.exit(0));
  }
  server.listen({ host: options.host, port: Number(options.port), backlog: 1024 });
}

// Lets so many processes accept connections; ends them all when one ends.
function fork(workers) {
  let asked = false;
  const stop = (status) => {
    asked = true;
    process.exitCode = status;
    for (const worker of Object.values(cluster.workers)) worker.process.kill("SIGTERM");
  };
  for (let i = 0; i < workers; i++) cluster.fork();
  cluster.on("exit", () => asked || stop(1));
  for (const signal of ["SIGTERM", "SIGINT"]) process.on(signal, () => stop(0));
}

const { values } = parseArgs({
  options: {
    host: { type: "string", default: "127.0.0.1" },
    port: { type: "string", default: "8080" },
    store: { type: "string", default: "redis://127.0.0.1:6379" },
    channels: { type: "string", default: "" },
    ttl: { type: "string", default: "3600" },
    workers: { type: "string", default: "1" },
  },
});

if (cluster.isPrimary && Number(values.workers) > 1) {
  fork(Number(values.workers));
} else {
  serve(values).catch((error) => {
    console.error(error.message);
    process.exit(1);
  });
}
