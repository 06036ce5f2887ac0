// Node's own http module, in one process or in a cluster of them.
//
//     node hello.js --port=8080

"use strict";

const cluster = require("node:cluster");
const http = require("node:http");
const { parseArgs } = require("node:util");

const { values } = parseArgs({
  options: {
    host: { type: "string", default: "127.0.0.1" },
    port: { type: "string", default: "8080" },
    workers: { type: "string", short: "w", default: "1" },
  },
});

const body = "hello";

function serve() {
  const server = http.createServer((req, res) => {
    res.writeHead(200, { "Content-Type": "text/plain", "Content-Length": body.length });
    res.end(body);
  });
  // By default Node ends a connection that was idle for 5 s, and says so in each
  // answer.
  server.keepAliveTimeout = 0;
  server.listen({ host: values.host, port: Number(values.port), backlog: 1024 });
}

const workers = Number(values.workers);
if (workers > 1 && cluster.isPrimary) {
  for (let i = 0; i < workers; i++) cluster.fork();
} else {
  serve();
}
