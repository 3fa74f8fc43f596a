// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// Runs the cases one file after the other: they share two cores with the browsers they start.
// `node run.mjs stage switch` runs the files whose names contain one of the words.
//
// Everything runs in a network namespace of its own, with one address and no way out: browsers use only what a real
// network card has (Firefox never tries loopback for a listener), and a request to a third party cannot succeed.

import { spawnSync } from "node:child_process";
import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";

import { artifactsDir, browserTestsDir } from "./lib/paths.mjs";

const NETWORK = [
  "ip link set lo up",
  "ip link add fiera0 type veth peer name fiera1",
  "ip addr add 198.51.100.2/24 dev fiera0",
  "ip link set fiera0 up",
  "ip link set fiera1 up",
  "ip route add default via 198.51.100.1 dev fiera0",
].join(" && ");

if (!process.env.FIERA_TEST_NETWORK) {
  const root = process.getuid?.() === 0;
  const own = root ? ["--net"] : ["--user", "--map-root-user", "--net"];
  const works = spawnSync("unshare", [...own, "bash", "-c", NETWORK], { encoding: "utf8" });
  if (works.status === 0) {
    const again = `${NETWORK} && FIERA_TEST_NETWORK=own exec "$@"`;
    const command = ["bash", "-c", again, "bash", process.execPath, ...process.argv.slice(1)];
    const { status } = spawnSync("unshare", [...own, ...command], { stdio: "inherit" });
    process.exit(status ?? 1);
  }
  console.error(`no network namespace: ${works.stderr || works.error}`);
  console.error("The tests need `unshare` (util-linux), `ip` (iproute2) and leave to make a namespace.");
  if (root && process.env.CI) process.exit(1);
  console.error("Going on with the network of this machine.");
}

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
