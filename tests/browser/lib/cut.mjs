// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// A network between browser and server that a test can cut or make lossy, outside the browser: a proxy in a process
// of its own, on the same port number at another loopback address, for TCP and UDP alike. It needs no root.

import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";

import { freePort, startServer } from "./server.mjs";

const SERVER_ADDRESS = "127.0.0.1";
const PROXY_ADDRESS = "127.0.0.2";

/** A server that browsers reach only through a `Link`; `server.url` is the address for browsers. */
export async function startServerBehindLink(options = {}) {
  const port = await freePort([SERVER_ADDRESS, PROXY_ADDRESS]);
  const server = await startServer({ address: SERVER_ADDRESS, advertise: PROXY_ADDRESS, port, ...options });
  const link = await startLink({ listen: PROXY_ADDRESS, upstream: SERVER_ADDRESS, port });
  return { server, link };
}

/** Starts the proxy. Its `set` takes `{ cut, loss_up, loss_down }`, losses from 0 to 1, on UDP only. */
export async function startLink({ listen, upstream, port, seed = 1 }) {
  const worker = fork(fileURLToPath(new URL("./cut-worker.mjs", import.meta.url)), [
    JSON.stringify({ listen, upstream, port, seed }),
  ]);
  const kill = () => worker.kill("SIGKILL");
  process.on("exit", kill);
  const answers = [];
  let ready;
  const listening = new Promise((resolve, reject) => {
    ready = resolve;
    worker.once("exit", (code) => reject(new Error(`the proxy ended with ${code}`)));
  });
  listening.catch(() => {});
  worker.on("message", (message) => (message.ready ? ready() : answers.shift()?.(message)));
  const ask = (request) =>
    new Promise((resolve) => {
      answers.push(resolve);
      worker.send(request);
    });
  await listening;
  return {
    set: (rules) => ask({ set: rules }),
    /** Datagrams and bytes so far: `up_packets`, `down_packets`, `dropped_up`, `dropped_down`, ... */
    counts: () => ask({}),
    stop: async () => {
      process.off("exit", kill);
      kill();
    },
  };
}
