// Answers of a given size from Node's own http module.
//
//     node payload.js --port=8080

"use strict";

const http = require("node:http");
const { parseArgs } = require("node:util");

const xs = Buffer.alloc(1 << 20, "X"); // more is not served

const { values } = parseArgs({
  options: {
    host: { type: "string", default: "127.0.0.1" },
    port: { type: "string", default: "8080" },
  },
});

const server = http.createServer((req, res) => {
  const size = /^\/\d{1,7}$/.test(req.url) ? Number(req.url.slice(1)) : NaN;
  const found = size <= xs.length;
  const body = found ? xs.subarray(0, size) : Buffer.from("not found\n");
  res.writeHead(found ? 200 : 404, { "Content-Type": "text/plain", "Content-Length": body.length });
  res.end(body);
});

// By default Node ends a connection that was idle for 5 s, and says so in each
// answer. The other implementations keep theirs, so this one does too.
server.keepAliveTimeout = 0;

for (const signal of ["SIGTERM", "SIGINT"]) {
  process.on(signal, () => {
    server.close();
    server.closeAllConnections();
  });
}

server.listen({ host: values.host, port: Number(values.port), backlog: 1024 });
