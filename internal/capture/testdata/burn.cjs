// As burn.py.
'use strict';
const readline = require('node:readline');

function a() { let x = 0; for (let i = 0; i < 500000; i++) x = (x + i * i) % 1000003; return x; }
function b() { let x = 0; for (let i = 0; i < 300000; i++) x = (x + i * i) % 1000003; return x; }
function c() { let x = 0; for (let i = 0; i < 200000; i++) x = (x + i * i) % 1000003; return x; }
function outer() { return a() + b() + c(); }

readline.createInterface({ input: process.stdin }).on('line', (line) => {
  for (let i = 0; i < Number(line); i++) outer();
  console.log('done');
});
