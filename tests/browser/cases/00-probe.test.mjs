// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// The instruments, before anything is measured with them: each must see what is there and notice when it is gone.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";

import { startChromium, startFirefox } from "../lib/browsers.mjs";
import { startFixturePage } from "../lib/fixture-page.mjs";
import { startLink } from "../lib/cut.mjs";
import { until } from "../lib/until.mjs";
import { frameGaps, hears, lipSync, moves, nothingMoves, showsClip } from "../lib/senses.mjs";

for (const [name, start] of [
  ["Chromium", startChromium],
  ["Firefox", startFirefox],
]) {
  describe(`probes in ${name}`, () => {
    let fixture, browser, page;
    before(async () => {
      fixture = await startFixturePage();
      browser = await start();
      page = await browser.newPage("fixture");
      await page.goto(fixture.url);
      await page.click("play");
    });
    after(async () => {
      await browser?.stop();
      fixture?.stop();
    });

    it("read the frame stamp, and see the picture move", async () => {
      await showsClip(page, 0);
      await moves(page, 0);
    });

    it("hear the sound", () => hears(page, 0));

    it("time flash and beep", { skip: name === "Firefox" && "no sound graph without an audio device" }, async (test) => {
      const { offset_ms, pairs, offsets_ms } = await lipSync(page, { video_slot: 0, audio_slot: 0, seconds: 6 });
      test.diagnostic(`beep after flash: median ${offset_ms} ms of ${offsets_ms.join(", ")}`);
      assert.ok(pairs >= 4, `only ${pairs} pairs of flash and beep`);
      assert.ok(Math.abs(offset_ms) < 250, `beep ${offset_ms} ms after flash on a connection to itself`);
    });

    it("notice a picture that stands still", async () => {
      const recording = await page.probe("recordFrames", 0);
      await page.evaluate(() => globalThis.hold());
      await nothingMoves(page, 0, { for_ms: 1_500 });
      const { longest_ms } = await frameGaps(page, recording);
      assert.ok(longest_ms > 500, `the longest gap was ${longest_ms} ms`);
    });

    it("notice an element that is muted", async () => {
      await page.evaluate(() => globalThis.hush());
      await assert.rejects(hears(page, 0, { within_ms: 500 }));
    });
  });
}

describe("the link between browser and server", () => {
  it("loses what it is told to lose, and everything when cut", async () => {
    const { createSocket } = await import("node:dgram");
    const upstream = createSocket("udp4");
    let arrived = 0;
    upstream.on("message", () => (arrived += 1));
    await new Promise((resolve) => upstream.bind(0, "127.0.0.1", resolve));
    const { port } = upstream.address();
    const link = await startLink({ address: "127.0.0.1", port });
    const client = createSocket("udp4");
    const send = async (count) => {
      const before = await link.counts();
      for (let at = 0; at < count; at += 1) {
        await new Promise((resolve) => client.send("x", link.port, "127.0.0.1", resolve));
      }
      await until("the link has seen them all", async () => {
        const now = await link.counts();
        return now.up_packets + now.dropped_up - before.up_packets - before.dropped_up === count;
      });
    };
    try {
      await send(200);
      await until("all arrive", () => arrived === 200);
      await link.set({ loss_up: 0.2 });
      await send(1_000);
      const { dropped_up } = await link.counts();
      assert.ok(dropped_up > 150 && dropped_up < 250, `${dropped_up} of 1,000 were dropped`);
      await link.set({ loss_up: 0 });
      await until("nothing is under way", async () => {
        const before = arrived;
        await new Promise((resolve) => setTimeout(resolve, 100));
        return arrived === before;
      });
      await link.set({ cut: true });
      const before = arrived;
      await send(100);
      assert.equal(arrived, before);
    } finally {
      client.close();
      upstream.close();
      await link.stop();
    }
  });
});
