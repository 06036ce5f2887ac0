// Sets V8's profiler on a node process that webdyno has started, by NODE_OPTIONS.
//
// It lays the profiler ready and waits at a socket until webdyno says when to
// begin and when to end, so that neither starting nor warming up are in the
// profile, and it does not matter how the process dies: --cpu-prof writes only
// when a process ends of itself, which servers do not. Workers of a cluster and
// worker threads each have their own.
'use strict';

const net = require('node:net');
const fs = require('node:fs');
const inspector = require('node:inspector');
const { threadId } = require('node:worker_threads');

const control = process.env.WEBDYNO_CONTROL;
const folder = process.env.WEBDYNO_PROFILES;

function begin() {
  const session = new inspector.Session();
  session.connect();
  const socket = net.connect(control);
  socket.unref(); // it keeps no process alive
  const say = (word, text = '') => socket.write(`${word} ${String(text).replace(/\n/g, ' ')}`.trim() + '\n');
  const post = (method, params, then) => session.post(method, params, (err, result) => {
    if (err) say('cannot', err.message);
    else then(result);
  });
  const orders = {
    start: () => post('Profiler.enable', {}, () =>
      post('Profiler.setSamplingInterval', { interval: 1000 }, () =>
        post('Profiler.start', {}, () => say('started')))),
    stop: () => post('Profiler.stop', {}, ({ profile }) => {
      const file = `${folder}/${process.pid}-${threadId}.cpuprofile`;
      fs.writeFileSync(file, JSON.stringify(profile));
      say('file', file);
      say('done');
    }),
  };
  let rest = '';
  socket.setEncoding('utf8');
  socket.on('error', () => {}); // nobody listens any more
  socket.on('data', (more) => {
    const lines = (rest + more).split('\n');
    rest = lines.pop();
    for (const word of lines) {
      try {
        orders[word]?.();
      } catch (err) {
        say('cannot', err.message);
      }
    }
  });
  say('hello', `${process.pid} ${process.version}`);
}

if (control && folder) {
  try {
    begin();
  } catch (err) {
    process.stderr.write(`webdyno: no profile: ${err.message}\n`);
  }
}
