// A route of Express.
//
//     npm ci && node hello_express.js --port=8080

"use strict";

const { parseArgs } = require("node:util");

const express = require("express");

const { values } = parseArgs({
  options: {
    host: { type: "string", default: "127.0.0.1" },
    port: { type: "string", default: "8080" },
  },
});

const body = Buffer.from("hello"); // to a text it would add a charset

const app = express();
app.disable("etag"); // no hash of each body
app.get("/", (req, res) => {
  res.setHeader("Content-Type", "text/plain");
  res.send(body);
});

const server = app.listen({ host: values.host, port: Number(values.port), backlog: 1024 });
server.keepAliveTimeout = 0; // by default it ends connections that were idle for 5 s
