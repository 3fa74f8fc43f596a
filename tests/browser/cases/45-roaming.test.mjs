// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// A listener whose machine gets another address while the stage plays.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";

import { startChromium } from "../lib/browsers.mjs";
import { join } from "../lib/fair.mjs";
import { canRoam, startRoaming } from "../lib/roaming.mjs";
import { frameGaps, hears, showsClip } from "../lib/senses.mjs";
import { startDemoSpeaker, startServer } from "../lib/server.mjs";
import { timed } from "../lib/until.mjs";

const SERVER = "198.51.100.2";
const BACK_MS_MAX = 5_000;

describe("a listener who goes from one network address to another", { skip: !canRoam && "needs a network of its own" }, () => {
  let server, demo, network, chromium, listener;
  before(async () => {
    server = await startServer({ listen: "0.0.0.0" });
    demo = await startDemoSpeaker(server);
    network = await startRoaming();
    chromium = await startChromium({ executablePath: network.executablePath });
    listener = await chromium.newPage("Roaming Rosa");
  });
  after(async () => {
    await chromium?.stop();
    network?.stop();
    await demo?.stop();
    await server?.stop();
  });

  it("sees and hears the stage again within 5 s, in the same place", async (test) => {
    const picture = { source: "camera" };
    await join({ ...server, url: `http://${SERVER}:${server.port}` }, listener);
    await showsClip(listener, picture);
    const recording = await listener.probe("recordFrames", picture);
    network.move();
    const { took_ms } = await timed(async () => {
      await showsClip(listener, picture, { within_ms: BACK_MS_MAX });
      await hears(listener, null, { within_ms: BACK_MS_MAX });
    });
    // Frames that were under way count as the old picture: what tells is the longest gap.
    const gaps = await frameGaps(listener, recording).catch(() => null);
    test.diagnostic(`playing after ${Math.round(took_ms)} ms, longest gap ${Math.round(gaps?.longest_ms ?? NaN)} ms`);
    await listener.waitGone("connection-banner", BACK_MS_MAX);
    await showsClip(listener, picture, { within_ms: BACK_MS_MAX });
    assert.ok(await listener.has("stage"), "not on the stage any more");
    assert.ok(!(await listener.has("join")), "sent back to the door");
  });
});
