// The classifier on Node's own http module.
//
//     node classifier.js --port=8080
//
// With --workers=N it is a cluster: a primary process that accepts, and N that
// serve, to which it deals out connections in turn.

"use strict";

const cluster = require("node:cluster");
const http = require("node:http");
const { parseArgs } = require("node:util");

const NAVYTUX = "navytux.spb.ru";
const NEXEDI = "www.nexedi.com";
const LAB = "lab.nexedi.com";
const ERP5 = "www.erp5.com";

// Counts the bytes it is shown; one is made for each request. A byte at a time,
// four calls for each, an inner loop that stops at the first byte close enough:
// that shape is the workload, and a table of 256 entries would measure
// something else.
class Classifier {
  constructor() {
    this.navytux = 0;
    this.nexedi = 0;
    this.lab = 0;
    this.erp5 = 0;
    this.total = 0;
  }

  isClose(byte, string) {
    for (let i = 0; i < string.length; i++) {
      if (Math.abs(byte - string.charCodeAt(i)) <= 1) return true;
    }
    return false;
  }

  classify(byte) {
    if (this.isClose(byte, NAVYTUX)) this.navytux++;
    if (this.isClose(byte, NEXEDI)) this.nexedi++;
    if (this.isClose(byte, LAB)) this.lab++;
    if (this.isClose(byte, ERP5)) this.erp5++;
    this.total++;
  }

  answer() {
    return (
      `${NAVYTUX}:\t${this.navytux}\n${NEXEDI}:\t${this.nexedi}\n` +
      `${LAB}:\t${this.lab}\n${ERP5}:\t${this.erp5}\ntotal:\t${this.total}\n`
    );
  }
}

const { values } = parseArgs({
  options: {
    host: { type: "string", default: "127.0.0.1" },
    port: { type: "string", default: "8080" },
    workers: { type: "string", default: "1" },
  },
});

const signals = ["SIGTERM", "SIGINT"];
const workers = Number(values.workers);

if (cluster.isPrimary && workers > 1) lead();
else serve();

// Starts the workers and ends with them. One that ends unasked takes all along.
function lead() {
  let stopping = false;
  const stop = () => {
    stopping = true;
    for (const w of Object.values(cluster.workers)) w.process.kill("SIGTERM");
  };
  for (const signal of signals) process.on(signal, stop);
  cluster.on("exit", () => {
    if (stopping) return;
    process.exitCode = 1;
    stop();
  });
  for (let i = 0; i < workers; i++) cluster.fork();
}

function serve() {
  const server = http.createServer((req, res) => {
    const classifier = new Classifier();
    for (let i = 0; i < req.url.length; i++) {
      classifier.classify(req.url.charCodeAt(i));
    }
    const body = classifier.answer();
    res.writeHead(200, { "Content-Type": "text/plain", "Content-Length": body.length });
    res.end(body);
  });

  // By default Node ends a connection that was idle for 5 s, and says so in each
  // answer. The other implementations keep theirs, so this one does too.
  server.keepAliveTimeout = 0;

  for (const signal of signals) {
    process.on(signal, () => {
      server.close();
      server.closeAllConnections();
      if (cluster.isWorker) process.disconnect();
    });
  }

  server.listen({ host: values.host, port: Number(values.port), backlog: 1024 });
}
