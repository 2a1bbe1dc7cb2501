/**
 * The thread that answers while cells compute: heartbeats, and what the user types when a cell asks, for which the
 * cell's thread waits.
 */
"use strict";
const threads = require("node:worker_threads");
const { Reply, Router } = require("zeromq");

/** @typedef {{ heartbeat: string, stdin: string, arrived: Int32Array, port: threads.MessagePort }} Given */
/** @type {unknown} */
const given = threads.workerData;
const { heartbeat, stdin, arrived, port } = /** @type {Given} */ (given);

/** Sends back what comes. @param {import("zeromq").Reply} socket */
async function echo(socket) {
  for await (const frames of socket) await socket.send(frames);
}

/** @param {import("zeromq").Router} socket */
async function relay(socket) {
  port.on("message", (/** @type {(Buffer | string)[]} */ frames) => void socket.send(frames));
  for await (const frames of socket) {
    port.postMessage(frames);
    notify();
  }
}

/** Wakes the thread that waits. */
function notify() {
  Atomics.add(arrived, 0, 1);
  Atomics.notify(arrived, 0);
}

async function serve() {
  const [beats, answers] = [new Reply({ linger: 0 }), new Router({ linger: 0 })];
  threads.parentPort?.once("message", () => {
    // zeromq ends the process with an error of its own where sockets are open when their thread ends
    for (const socket of [beats, answers]) socket.close();
    notify();
  });
  await Promise.all([beats.bind(heartbeat), answers.bind(stdin)]);
  threads.parentPort?.postMessage("ready");
  await Promise.all([echo(beats), relay(answers)]);
}
void serve();
