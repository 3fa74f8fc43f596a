// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// A second network, joined to the server's by a cable, in which a browser can live and change its address: what happens
// to a laptop that goes from one access point to another. Needs the namespace that `run.mjs` makes.

import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { chromiumPath } from "./paths.mjs";
import { until } from "./until.mjs";

const SERVER_SIDE = "198.51.101.1";
const addressOf = (n) => `198.51.101.${10 + n}`;

/** Whether a network can be made here. */
export const canRoam = process.env.FIERA_TEST_NETWORK === "own";

/** `executablePath` starts Chromium in the other network; `move()` gives that network another address. */
export async function startRoaming() {
  const holder = spawn("unshare", ["--net", "sleep", "infinity"], { stdio: "ignore" });
  const kill = () => holder.kill("SIGKILL");
  process.on("exit", kill);
  const network = (pid) => readlinkSync(`/proc/${pid}/ns/net`);
  await until("the other network is there", () => network(holder.pid) !== network("self"));
  const here = (command) => execFileSync("ip", command.split(" "));
  const there = (command) => execFileSync("nsenter", ["-t", String(holder.pid), "-n", "ip", ...command.split(" ")]);
  here("link add fiera2 type veth peer name fiera3");
  // No address that comes by itself a second later: a browser drops what it loads when its network changes.
  for (const end of ["fiera2", "fiera3"]) here(`link set ${end} addrgenmode none`);
  here(`link set fiera3 netns ${holder.pid}`);
  here(`addr add ${SERVER_SIDE}/24 dev fiera2`);
  here("link set fiera2 up");
  let number = 0;
  there("link set lo up");
  there(`addr add ${addressOf(number)}/24 dev fiera3`);
  there("link set fiera3 up");
  there(`route add default via ${SERVER_SIDE}`);
  const folder = mkdtempSync(join(tmpdir(), "fiera-roaming-"));
  const executablePath = join(folder, "chromium");
  writeFileSync(executablePath, `#!/bin/sh\nexec nsenter -t ${holder.pid} -n ${chromiumPath} "$@"\n`, { mode: 0o755 });
  return {
    executablePath,
    address: () => addressOf(number),
    /** The old address is gone before the new one is there: nothing can be sent from it any more. */
    move: () => {
      there(`addr del ${addressOf(number)}/24 dev fiera3`);
      number += 1;
      there(`addr add ${addressOf(number)}/24 dev fiera3`);
      there(`route replace default via ${SERVER_SIDE}`);
    },
    stop: () => {
      process.off("exit", kill);
      // The system takes a network down when it finds the time; the cable is taken out at once.
      here("link del fiera2");
      kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
