// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// Listeners behind firewalls: one that drops all UDP, one that lets through nothing but HTTPS. What counts is the
// picture that moves and the sound, by the way that the door has announced.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";

import { startChromium } from "../lib/browsers.mjs";
import { join, speakOnAir } from "../lib/fair.mjs";
import { noFirewall, startFirewall } from "../lib/firewall.mjs";
import { startRoaming } from "../lib/roaming.mjs";
import { hears, moves, showsClip, showsColor } from "../lib/senses.mjs";
import { EVENT, freePort, startDemoSpeaker, startServer } from "../lib/server.mjs";
import { becomes, until } from "../lib/until.mjs";

const SERVER = "198.51.100.2";
/** A wait, no promise: the door asks by each way in turn, and each that is closed takes its time. */
const CHECK_MS = 40_000;
const skip = noFirewall() ?? false;

/** How the viewing connection of a page goes: protocol and kind of the local end, and how the relay is reached. */
const wayOf = (page) =>
  page.evaluate(async () => {
    for (const connection of globalThis.__probe.connections()) {
      if (connection.connectionState !== "connected") continue;
      const all = [...(await connection.getStats()).values()];
      const id = all.find((one) => one.type === "transport")?.selectedCandidatePairId;
      const local = all.find((one) => one.id === all.find((pair) => pair.id === id)?.localCandidateId);
      if (local) return { protocol: local.protocol, type: local.candidateType, relay: local.relayProtocol ?? null };
    }
    return null;
  });

const verdict = (page, wanted) =>
  until(
    `the door of ${page.name} says ${wanted}`,
    () => page.evaluate((result) => document.querySelector('[data-check="media"]')?.dataset.result === result, wanted),
    { within_ms: CHECK_MS },
  );

describe("a network that drops all UDP", { skip }, () => {
  let server, demo, network, firewall, chromium, listener;
  before(async () => {
    server = await startServer({ listen: "0.0.0.0" });
    demo = await startDemoSpeaker(server);
    network = await startRoaming();
    firewall = startFirewall(["ipproto udp"]);
    chromium = await startChromium({ executablePath: network.executablePath });
    listener = await chromium.newPage("Office Olga");
  });
  after(async () => {
    await chromium?.stop();
    firewall?.stop();
    network?.stop();
    await demo?.stop();
    await server?.stop();
  });

  it("is named on the door", async () => {
    await listener.goto(`http://${SERVER}:${server.port}/e/${EVENT}`);
    await verdict(listener, "weak");
    assert.match(await listener.text("check"), /UDP.*TCP/s);
  });

  it("lets picture and sound through by TCP", async () => {
    const picture = { source: "camera" };
    await join({ ...server, url: `http://${SERVER}:${server.port}` }, listener);
    await showsClip(listener, picture);
    await moves(listener, picture);
    await hears(listener);
    await until("the way is TCP, without the relay", async () => {
      const way = await wayOf(listener);
      assert.equal(way?.protocol, "tcp");
      assert.notEqual(way.type, "relay");
      return true;
    });
  });
});

describe("a network that lets through nothing but HTTPS", { skip }, () => {
  const tls = ["--ignore-certificate-errors"];
  let server, network, firewall, chromium, outside, speaker, listener;
  before(async () => {
    // The server's certificate is its own; browsers are told to take it.
    process.env.NODE_TLS_REJECT_UNAUTHORIZED = "0";
    server = await startServer({ listen: "0.0.0.0", media_port: await freePort(), tls: true });
    outside = await startChromium({ args: tls });
    speaker = await outside.newPage("Clear Clara", { camera: { color: "#1020e0", width: 640, height: 360 } });
    await speakOnAir(server, speaker);
    network = await startRoaming();
    firewall = startFirewall(["ipproto udp", `ipproto tcp dport ${server.mediaPort}`]);
    chromium = await startChromium({ executablePath: network.executablePath, args: tls });
    listener = await chromium.newPage("Ministry Mario");
  });
  after(async () => {
    await chromium?.stop();
    await outside?.stop();
    firewall?.stop();
    network?.stop();
    await server?.stop();
    delete process.env.NODE_TLS_REJECT_UNAUTHORIZED;
  });

  it("is named on the door, and lets picture and sound through by the relay within TLS", async () => {
    const picture = { name: "Clear Clara", source: "camera" };
    const url = `https://${SERVER}:${server.port}`;
    await listener.goto(`${url}/e/${EVENT}`);
    await verdict(listener, "weak");
    await join({ ...server, url }, listener);
    await showsColor(listener, picture, "blue", { within_ms: 15_000 });
    await moves(listener, picture);
    await hears(listener);
    await becomes("the way", () => wayOf(listener), { protocol: "udp", type: "relay", relay: "tls" });
  });
});
