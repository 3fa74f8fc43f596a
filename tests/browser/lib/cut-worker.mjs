// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// The process behind `cut.mjs`: forwards TCP and UDP, drops by rule. A cut holds TCP back (as lost segments would be)
// and loses every datagram, both ways.

import { createSocket } from "node:dgram";
import { connect, createServer } from "node:net";

const { address, port, upstream, seed } = JSON.parse(process.argv[2]);
const rules = { cut: false, loss_up: 0, loss_down: 0, down_bps: Infinity };
const counts = { up_packets: 0, down_packets: 0, dropped_up: 0, dropped_down: 0, overflowed: 0, tcp_connections: 0 };
/** What waits before a narrow link at most; more is dropped, as by a home router. */
const QUEUE_MS = 300;
/** Headers of IPv4 and UDP. */
const OVERHEAD_BYTES = 28;

// xorshift32: one seed is one run.
let state = seed || 1;
const random = () => {
  state ^= state << 13;
  state ^= state >>> 17;
  state ^= state << 5;
  return (state >>> 0) / 2 ** 32;
};

const passes = (loss, dropped) => {
  const kept = !rules.cut && random() >= loss;
  if (!kept) counts[dropped] += 1;
  return kept;
};

// A narrow link is a line: what entered first leaves first, however late the clock rings.
const line = [];
let free_at = 0;
let ringing = null;

/** Sends a datagram on when it has passed the narrow link; one that does not fit into the queue before it is dropped. */
function pass(bytes, send) {
  if (rules.down_bps === Infinity && line.length === 0) return sent(send);
  const now = performance.now();
  const waiting_ms = Math.max(free_at - now, 0);
  if (waiting_ms > QUEUE_MS) {
    counts.overflowed += 1;
    return;
  }
  free_at = now + waiting_ms + ((bytes + OVERHEAD_BYTES) * 8_000) / rules.down_bps;
  line.push({ free_at, send });
  ringing ??= setTimeout(drain, free_at - now);
}

function drain() {
  const now = performance.now();
  while (line.length > 0 && line[0].free_at <= now) sent(line.shift().send);
  ringing = line.length > 0 ? setTimeout(drain, line[0].free_at - now) : null;
}

function sent(send) {
  counts.down_packets += 1;
  send();
}

// UDP: one upstream socket per client address, so that the server sees each client as its own address.
const clients = new Map();
const front = createSocket({ type: "udp4", recvBufferSize: 1 << 21, sendBufferSize: 1 << 21 });
front.on("message", (datagram, from) => {
  if (!passes(rules.loss_up, "dropped_up")) return;
  counts.up_packets += 1;
  back(from).send(datagram, upstream, address, () => {});
});

function back(from) {
  const key = `${from.address}:${from.port}`;
  let socket = clients.get(key);
  if (!socket) {
    socket = createSocket({ type: "udp4", recvBufferSize: 1 << 21, sendBufferSize: 1 << 21 });
    socket.on("message", (datagram) => {
      if (!passes(rules.loss_down, "dropped_down")) return;
      pass(datagram.length, () => front.send(datagram, from.port, from.address, () => {}));
    });
    socket.on("error", () => {});
    clients.set(key, socket);
  }
  return socket;
}

// TCP: a pair of sockets; while cut, neither is read.
const pairs = new Set();
const tcp = createServer({ pauseOnConnect: true }, (client) => {
  counts.tcp_connections += 1;
  const pair = { client, server: null };
  pairs.add(pair);
  const close = () => {
    client.destroy();
    pair.server?.destroy();
    pairs.delete(pair);
  };
  client.on("error", close);
  client.on("close", close);
  if (!rules.cut) join(pair, close);
  else pair.wait = () => join(pair, close);
});

function join(pair, close) {
  pair.wait = null;
  pair.server = connect(upstream, address);
  pair.server.on("error", close);
  pair.server.on("close", close);
  pair.client.on("data", (data) => pair.server.write(data));
  pair.server.on("data", (data) => pair.client.write(data));
  pair.client.resume();
}

function apply() {
  for (const pair of pairs) {
    if (rules.cut) {
      pair.client.pause();
      pair.server?.pause();
    } else if (pair.wait) {
      pair.wait();
    } else {
      pair.client.resume();
      pair.server?.resume();
    }
  }
}

process.on("message", (request) => {
  if (request.set) {
    Object.assign(rules, request.set);
    // JSON has no infinity.
    rules.down_bps ??= Infinity;
    apply();
  }
  process.send({ ...counts });
});
process.on("disconnect", () => process.exit(0));

// Media come by whichever of the advertised addresses the browser chose.
front.bind(port, () => {
  tcp.listen(port, address, () => process.send({ ready: true }));
});
