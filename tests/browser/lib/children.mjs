// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// Programs started by a test: their output is kept, and they end with the test.

import { spawn } from "node:child_process";

const OUTPUT_LINES_MAX = 2_000;
const STOP_MS_MAX = 5_000;
const running = new Set();

process.on("exit", () => {
  for (const child of running) child.process.kill("SIGKILL");
});

/** Starts a program; `stop()` ends it, `output()` is what it said. */
export function start(name, path, args, options = {}) {
  const lines = [];
  const child = {
    name,
    process: spawn(path, args, { stdio: ["ignore", "pipe", "pipe"], ...options }),
    output: () => lines.join("\n"),
    exited: null,
  };
  running.add(child);
  for (const stream of [child.process.stdout, child.process.stderr]) {
    let rest = "";
    stream.setEncoding("utf8");
    stream.on("data", (chunk) => {
      const parts = (rest + chunk).split("\n");
      rest = parts.pop();
      lines.push(...parts);
      if (lines.length > OUTPUT_LINES_MAX) lines.splice(0, lines.length - OUTPUT_LINES_MAX);
    });
    stream.on("end", () => rest && lines.push(rest));
  }
  child.ended = new Promise((resolve) => {
    const end = (code, signal) => {
      running.delete(child);
      child.exited = { code, signal };
      resolve(child.exited);
    };
    child.process.on("exit", end);
    child.process.on("error", (error) => {
      lines.push(String(error));
      end(null, null);
    });
  });
  child.stop = async (signal = "SIGTERM") => {
    if (child.exited) return child.exited;
    child.process.kill(signal);
    const timer = setTimeout(() => child.process.kill("SIGKILL"), STOP_MS_MAX);
    const exited = await child.ended;
    clearTimeout(timer);
    return exited;
  };
  /** Fails with the program's own words when it has ended by itself. */
  child.mustRun = () => {
    if (child.exited) throw new Error(`${name} ended (${JSON.stringify(child.exited)}):\n${child.output()}`);
    return true;
  };
  return child;
}

/** Runs a program to its end and returns what it printed; fails when it fails. */
export async function run(name, path, args, options = {}) {
  const child = start(name, path, args, options);
  const { code } = await child.ended;
  if (code !== 0) throw new Error(`${name} failed with ${code}:\n${child.output()}`);
  return child.output().trim();
}
