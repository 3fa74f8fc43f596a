// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// The bundled clip, sent by the demo speaker: lips and sound together, and sound that a browser holds back.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";

import { startChromium, startFirefox } from "../lib/browsers.mjs";
import { join, received } from "../lib/fair.mjs";
import { hears, hearsNothing, lipSync, showsClip } from "../lib/senses.mjs";
import { startDemoSpeaker, startServer } from "../lib/server.mjs";
import { oneHolds, until } from "../lib/until.mjs";

const LIP_SYNC_MS_MAX = 100;
const DEMO = { source: "camera" };

describe("the demo clip", () => {
  let server, speaker, chromium, firefox;
  before(async () => {
    server = await startServer();
    speaker = await startDemoSpeaker(server);
    chromium = await startChromium({ autoplay: "blocked" });
    firefox = await startFirefox();
  });
  after(async () => {
    await chromium?.stop();
    await firefox?.stop();
    await speaker?.stop();
    await server?.stop();
  });

  it("is seen and heard in Chromium and in Firefox", async () => {
    for (const browser of [chromium, firefox]) {
      const page = await browser.newPage(`Listener in ${browser.kind}`);
      await join(server, page);
      await showsClip(page, DEMO);
      await hears(page);
      speaker.mustRun();
      await page.close();
    }
  });

  it("has beep and flash within 100 ms of each other", async (test) => {
    const page = await chromium.newPage("Lip reader", { bypassCSP: true });
    await join(server, page);
    await showsClip(page, DEMO);
    await hears(page);
    // The first seconds are the buffers' to settle.
    await until("ten seconds of pictures have come", async () => (await received(page)).video > 250, { within_ms: 20_000 });
    await oneHolds(test, `the median of 7 is within ${LIP_SYNC_MS_MAX} ms`, async () => {
      const { offset_ms, offsets_ms } = await lipSync(page, { video_slot: DEMO, audio_slot: null, seconds: 8 });
      const tells = `beep after flash: median ${offset_ms} ms of ${offsets_ms.join(", ")}`;
      return { holds: Math.abs(offset_ms) <= LIP_SYNC_MS_MAX, tells };
    }, { times: 5 });
    await page.close();
  });

  it("waits for a tap where the browser holds the sound back, and says so", async () => {
    const page = await chromium.newPage("Tapper");
    await join(server, page);
    await hears(page);
    assert.equal(await page.has("tap-to-hear"), false, "asked for a tap right after a click");
    // Coming back by way of another site takes the user's gesture away; the tab remembers the place.
    const address = page.native.url();
    await page.goto("about:blank");
    await page.goto(address);
    await page.waitFor("tap-to-hear");
    await showsClip(page, DEMO);
    await hearsNothing(page);
    await page.click("tap-to-hear");
    await hears(page);
    await page.waitGone("tap-to-hear");
    await page.close();
  });
});
