// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// A network between browser and server that a test can cut or make lossy, outside the browser: a proxy in a process
// of its own, for TCP and UDP alike, that needs no root. Pages reach the server through it by address, and their media
// because `probe.js` puts the proxy's port into the server's candidates before the browser reads them.

import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";

import { freePort } from "./server.mjs";

/**
 * Puts a link before a running server. Give `link.page` to `newPage` and `link.server` to what joins.
 * `set` takes `{ cut, loss_up, loss_down, down_bps }`: losses from 0 to 1 and on UDP only; a rate of the way down, of UDP
 * and for all together, null for none. One seed is one run.
 */
export async function startLink(server, { seed = 1 } = {}) {
  const { address, port: upstream } = server;
  const port = await freePort();
  const worker = fork(fileURLToPath(new URL("./cut-worker.mjs", import.meta.url)), [
    JSON.stringify({ address, port, upstream, seed }),
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
    port,
    page: { media_via: { from: upstream, to: port } },
    server: { ...server, url: `http://${address}:${port}` },
    set: (rules) => ask({ set: rules }),
    /** Datagrams and bytes so far: `up_packets`, `down_packets`, `dropped_up`, `dropped_down`, ... */
    counts: () => ask({}),
    stop: async () => {
      process.off("exit", kill);
      kill();
    },
  };
}
