// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// A real server on a free port with a folder of its own, and the programs that publish to it.

import { createSocket } from "node:dgram";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { networkInterfaces, tmpdir } from "node:os";
import { join } from "node:path";

import { run, start } from "./children.mjs";
import { clipPath, ffmpegPath, fieraPath, loadtestPath, requirePrograms } from "./paths.mjs";
import { until } from "./until.mjs";

export const EVENT = "demo";
export const STAGE = "main";

const ADDRESS = "127.0.0.1";

/** What clients are told for media: this machine as the network knows it, then loopback. */
const advertised = () => {
  const all = Object.values(networkInterfaces()).flat();
  const outer = all.find((it) => it.family === "IPv4" && !it.internal);
  return [...(outer ? [outer.address] : []), ADDRESS].join(",");
};

/** A port that is free for TCP and UDP alike. */
export async function freePort() {
  for (let attempt = 0; attempt < 50; attempt += 1) {
    const port = 20_000 + Math.floor(Math.random() * 10_000);
    if ((await tcpFree(port)) && (await udpFree(port))) return port;
  }
  throw new Error("no free port found");
}

const tcpFree = (port) =>
  new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen({ host: "0.0.0.0", port, exclusive: true }, () => server.close(() => resolve(true)));
  });

const udpFree = (port) =>
  new Promise((resolve) => {
    const socket = createSocket("udp4");
    socket.once("error", () => resolve(false));
    socket.bind({ address: "0.0.0.0", port, exclusive: true }, () => socket.close(() => resolve(true)));
  });

/**
 * Starts `fiera serve --demo` on free ports with a data folder of its own. `listen` is the address for HTTP, which is
 * HTTPS with a certificate of its own where `tls`; `media_port` is another number for media than that of HTTP.
 */
export async function startServer({ args = [], env = {}, listen = ADDRESS, media_port = null, tls = false } = {}) {
  requirePrograms();
  const port = await freePort();
  const mediaPort = media_port ?? port;
  const data = mkdtempSync(join(tmpdir(), "fiera-browser-"));
  const serve = () =>
    start(
      "fiera",
      fieraPath,
      ["serve", "--demo", "--listen", `${listen}:${port}`, "--media-port", `${mediaPort}`, "--advertise", advertised(), "--data", data, ...(tls ? ["--tls-self-signed"] : []), ...args],
      { env: { ...process.env, RUST_LOG: "info", ...env } },
    );
  let child = serve();
  const ready = () =>
    until("the server is ready", async () => child.mustRun() && (await fetch(`${base}/readyz`)).ok, { within_ms: 15_000 });
  const base = `${tls ? "https" : "http"}://${ADDRESS}:${port}`;
  const server = {
    get child() {
      return child;
    },
    data,
    address: ADDRESS,
    port,
    mediaPort,
    /** Where programs reach the server. */
    base,
    /** Where browsers reach it: through a link, when there is one. */
    url: base,
    log: () => child.output(),
    token: (role, name) =>
      run("fiera token", fieraPath, ["token", "--data", data, "--event", EVENT, "--role", role, "--name", name]),
    metrics: async () => parseMetrics(await (await fetch(`${base}/metrics`)).text()),
    /** As when power fails: nothing is said, nothing is flushed. */
    kill: () => child.stop("SIGKILL"),
    /** Starts it again on the same ports and the same data. */
    startAgain: async () => {
      child = serve();
      await ready();
    },
    stop: async () => {
      await child.stop();
      rmSync(data, { recursive: true, force: true });
    },
  };
  await ready();
  return server;
}

/** Prometheus text as a map from `name{labels}` to number. */
export function parseMetrics(text) {
  const values = new Map();
  for (const line of text.split("\n")) {
    const match = /^([a-zA-Z_:][^ ]*(?:\{[^}]*\})?) ([^ ]+)$/.exec(line);
    if (match && !line.startsWith("#")) values.set(match[1], Number(match[2]));
  }
  return values;
}

/** The bundled clip, looping, as a speaker would send it. */
export async function startDemoSpeaker(server, { name = "Demo speaker", room = STAGE, base = server.base } = {}) {
  const token = await server.token("speaker", name);
  return start("demo-speaker", loadtestPath, [
    "demo-speaker",
    "--server",
    base,
    "--event",
    EVENT,
    "--room",
    room,
    "--token",
    token,
  ]);
}

/** Where a program publishes to, and watches from. */
export const whipUrl = (server, room = STAGE) => `${server.base}/whip/${EVENT}/${room}`;
export const whepUrl = (server, room = STAGE) => `${server.base}/whep/${EVENT}/${room}`;

/**
 * FFmpeg publishing H.264 and Opus by WHIP: a plain colour with a moving bar, or the bundled clip.
 * @param input `{ color: "red" }` or `{ clip: true }`
 */
export async function startFfmpeg(server, { name, color = "red", clip = false, tone_hz = 440, room = STAGE }) {
  const token = await server.token("speaker", name);
  const source = clip
    ? ["-stream_loop", "-1", "-re", "-i", clipPath]
    : [
        "-re",
        "-f",
        "lavfi",
        "-i",
        `color=${color}:s=640x360:r=25[back];color=white:s=640x12:r=25[bar];[back][bar]overlay=y='mod(n*4,348)'`,
        "-re",
        "-f",
        "lavfi",
        "-i",
        `sine=frequency=${tone_hz}:sample_rate=48000`,
      ];
  return start("ffmpeg", ffmpegPath(), [
    "-hide_banner",
    "-loglevel",
    "warning",
    ...source,
    "-c:v",
    "libx264",
    "-preset",
    "ultrafast",
    "-tune",
    "zerolatency",
    "-profile:v",
    "baseline",
    "-pix_fmt",
    "yuv420p",
    "-bf",
    "0",
    "-g",
    "25",
    "-b:v",
    "800k",
    "-maxrate",
    "1000k",
    "-bufsize",
    "500k",
    "-c:a",
    "libopus",
    "-ar",
    "48000",
    "-ac",
    "2",
    "-b:a",
    "48k",
    "-f",
    "whip",
    "-authorization",
    token,
    whipUrl(server, room),
  ]);
}
