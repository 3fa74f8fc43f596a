// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// Runs the cases one file after the other: they share two cores with the browsers they start.
// `node run.mjs stage switch` runs the files whose names contain one of the words.

import { spawnSync } from "node:child_process";
import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";

import { artifactsDir, browserTestsDir } from "./lib/paths.mjs";

const words = process.argv.slice(2);
const files = readdirSync(join(browserTestsDir, "cases"))
  .filter((name) => name.endsWith(".test.mjs"))
  .filter((name) => words.length === 0 || words.some((word) => name.includes(word)))
  .sort()
  .map((name) => join("cases", name));
if (files.length === 0) {
  console.error(`no case matches ${words.join(" ")}`);
  process.exit(1);
}
if (words.length === 0) rmSync(artifactsDir, { recursive: true, force: true });
const { status } = spawnSync(
  process.execPath,
  ["--test", "--test-concurrency=1", "--test-timeout=240000", "--test-reporter=spec", ...files],
  { cwd: browserTestsDir, stdio: "inherit" },
);
process.exit(status ?? 1);
