// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// Where the programs under test and the programs that test them are.

import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));

export const browserTestsDir = resolve(here, "..");
export const rootDir = resolve(here, "../../..");
export const artifactsDir = join(browserTestsDir, "artifacts");
mkdirSync(artifactsDir, { recursive: true });

const targetDir = process.env.CARGO_TARGET_DIR ?? join(rootDir, "target");
const cacheDir = process.env.FIERA_CACHE ?? join(homedir(), ".cache/fiera");

const program = (variable, name) => {
  const given = process.env[variable];
  // The test runner names programs relative to the root of the repository.
  if (given) return resolve(rootDir, given);
  return join(targetDir, "debug", name);
};

export const fieraPath = program("FIERA", "fiera");
export const loadtestPath = program("LOADTEST", "fiera-loadtest");
export const chromiumPath = process.env.CHROMIUM ?? "/usr/bin/chromium";
export const firefoxPath = process.env.FIREFOX ?? "/usr/bin/firefox-esr";
export const pythonPath = join(cacheDir, "python/bin/python3");
export const clipPath = join(rootDir, "loadtest/clip/fiera-demo.webm");

/** FFmpeg 8 or newer with the WHIP muxer, from the Python package that brings it. */
export function ffmpegPath() {
  if (process.env.FFMPEG) return process.env.FFMPEG;
  const lib = join(cacheDir, "python/lib");
  const python = existsSync(lib) ? readdirSync(lib).find((name) => name.startsWith("python3")) : undefined;
  const folder = python && join(lib, python, "site-packages/imageio_ffmpeg/binaries");
  const binary = folder && existsSync(folder) && readdirSync(folder).find((name) => name.startsWith("ffmpeg-"));
  if (!binary) throw new Error("no FFmpeg: run `make test` once, or tests/setup.sh");
  return join(folder, binary);
}

/** Fails with a sentence when something the tests need is not there. */
export function requirePrograms() {
  for (const [path, what] of [
    [fieraPath, "the server: run `cargo build -p fiera-app`"],
    [loadtestPath, "the demo speaker: run `cargo build -p fiera-loadtest`"],
    [chromiumPath, "Chromium: install the package chromium"],
    [firefoxPath, "Firefox: install the package firefox-esr"],
    [pythonPath, "the Python environment: run tests/setup.sh"],
  ]) {
    if (!existsSync(path)) throw new Error(`missing ${what} (${path})`);
  }
}
