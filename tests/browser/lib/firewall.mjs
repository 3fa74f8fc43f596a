// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// A firewall between the other network of `roaming.mjs` and the server: what it drops is dropped without a word, as the
// firewalls of offices do. Made of routing rules, which every kernel with policy routing has; no iptables is needed.

import { spawnSync } from "node:child_process";

const INTO_SERVER = "fiera2";
/** Before the table of local addresses, which otherwise comes first. */
const DROP = "1";
const LOCAL = "9";

const rule = (words) => spawnSync("ip", ["rule", ...words.split(" ")], { encoding: "utf8" });

/** Why no firewall can be made here; null: it can. */
export const noFirewall = () => {
  if (process.env.FIERA_TEST_NETWORK !== "own") return "needs a network of its own";
  const made = rule(`add pref ${DROP} iif lo ipproto udp dport 9 blackhole`);
  rule(`del pref ${DROP}`);
  return made.status === 0 ? null : `the kernel has no routing rules by protocol: ${made.stderr.trim()}`;
};

/** Drops what `drops` names, such as `ipproto udp` or `ipproto tcp dport 8443`, until `stop()`. */
export function startFirewall(drops) {
  const sure = (words) => {
    const { status, stderr } = rule(words);
    if (status !== 0) throw new Error(`ip rule ${words}: ${stderr}`);
  };
  sure(`add pref ${LOCAL} lookup local`);
  sure("del pref 0");
  for (const what of drops) sure(`add pref ${DROP} iif ${INTO_SERVER} ${what} blackhole`);
  return {
    stop: () => {
      for (const _ of drops) rule(`del pref ${DROP}`);
      rule("add pref 0 lookup local");
      rule(`del pref ${LOCAL}`);
    },
  };
}
