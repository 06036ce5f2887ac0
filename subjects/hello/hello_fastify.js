// A route of Fastify.
//
//     npm ci && node hello_fastify.js --port=8080

"use strict";

const { parseArgs } = require("node:util");

const fastify = require("fastify");

const { values } = parseArgs({
  options: {
    host: { type: "string", default: "127.0.0.1" },
    port: { type: "string", default: "8080" },
  },
});

// It has neither a log nor an ETag of its own accord.
const app = fastify();
app.server.keepAliveTimeout = 0; // by default it ends connections that were idle for 72 s
app.get("/", async (req, reply) => {
  reply.type("text/plain");
  return "hello";
});

app.listen({ host: values.host, port: Number(values.port), backlog: 1024 });
