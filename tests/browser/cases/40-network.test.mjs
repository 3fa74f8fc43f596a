// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// Bad networks, made outside the browsers: a proxy loses datagrams or everything (the browser's own offline switch
// leaves media and open sockets running).

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { setTimeout as pause } from "node:timers/promises";

import { startChromium } from "../lib/browsers.mjs";
import { startLink } from "../lib/cut.mjs";
import { join, received, speakOnAir } from "../lib/fair.mjs";
import { frameGaps, hears, moves, showsClip, showsColor } from "../lib/senses.mjs";
import { startDemoSpeaker, startServer } from "../lib/server.mjs";
import { always, oneHolds, timed, until } from "../lib/until.mjs";

const FREEZE_MS_MAX = 500;
const WATCHED_MS = 20_000;
const CUT_MS = 10_000;
const BACK_MS_MAX = 5_000;

describe("a speaker with 5 % loss on the uplink", () => {
  let server, link, chromium, speaker, listener;
  before(async () => {
    server = await startServer();
    link = await startLink(server);
    chromium = await startChromium();
    speaker = await chromium.newPage("Lossy Lucia", { ...link.page, camera: { color: "#1020e0", width: 640, height: 360 } });
    listener = await chromium.newPage("Listener");
  });
  after(async () => {
    await chromium?.stop();
    await link?.stop();
    await server?.stop();
  });

  it("is seen without a freeze of more than 500 ms", async (test) => {
    const picture = { name: "Lossy Lucia", source: "camera" };
    await speakOnAir(link.server, speaker);
    await join(server, listener);
    await showsColor(listener, picture, "blue");
    await moves(listener, picture);
    await link.set({ loss_up: 0.05 });
    await oneHolds(test, `no freeze of more than ${FREEZE_MS_MAX} ms`, () => watched(picture));
    await hears(listener);
  });

  /** Watches the picture for a time; what was lost, shown and for how long it stood still at most. */
  async function watched(picture) {
    const before = await link.counts();
    const recording = await listener.probe("recordFrames", picture);
    await always("the picture is the speaker's", async () => (await listener.probe("tiles")).length > 0, {
      for_ms: WATCHED_MS,
      poll_ms: 1_000,
    });
    const { frames, longest_ms } = await frameGaps(listener, recording);
    const { dropped_up, up_packets } = await link.counts();
    const lost = dropped_up - before.dropped_up;
    assert.ok(lost > 20 && up_packets > before.up_packets, `the link lost ${lost}: the test tested nothing`);
    const tells = `${frames} frames, longest gap ${Math.round(longest_ms)} ms, ${lost} datagrams lost`;
    return { holds: longest_ms <= FREEZE_MS_MAX && frames > (WATCHED_MS / 1_000) * 10, tells };
  }
});

describe("a listener whose network is cut for 10 s", () => {
  let server, link, chromium, demo, listener;
  before(async () => {
    server = await startServer();
    link = await startLink(server);
    demo = await startDemoSpeaker(server);
    chromium = await startChromium();
    listener = await chromium.newPage("Cut Carlo", link.page);
  });
  after(async () => {
    await chromium?.stop();
    await demo?.stop();
    await link?.stop();
    await server?.stop();
  });

  it("is back in the same place within 5 s, and RTP had stopped", async (test) => {
    const picture = { source: "camera" };
    await join(link.server, listener);
    await showsClip(listener, picture);
    await hears(listener);
    const through = await link.counts();
    assert.ok(through.down_packets > 0, "media do not pass the link: the test tests nothing");

    await link.set({ cut: true });
    const cut_at = performance.now();
    await until("RTP has stopped", async () => {
      const before = await received(listener);
      await pause(1_000);
      const after = await received(listener);
      return before.audio === after.audio && before.video === after.video;
    });
    assert.ok(!(await listener.has("join")), "the door is shown while reconnecting");
    await pause(Math.max(0, CUT_MS - (performance.now() - cut_at)));

    await link.set({ cut: false });
    const { took_ms } = await timed(async () => {
      await showsClip(listener, picture, { within_ms: BACK_MS_MAX });
      await hears(listener, null, { within_ms: BACK_MS_MAX });
      await listener.waitGone("connection-banner", BACK_MS_MAX);
    });
    test.diagnostic(`back after ${Math.round(took_ms)} ms`);
    assert.ok(took_ms <= BACK_MS_MAX, `it took ${Math.round(took_ms)} ms`);
    assert.ok(await listener.has("stage"), "not on the stage any more");
    assert.ok(!(await listener.has("join")), "sent back to the door");
  });

  it("sees a banner when the cut outlasts the server's patience, and comes back all the same", async () => {
    await link.set({ cut: true });
    await listener.waitFor("connection-banner", 20_000);
    await link.set({ cut: false });
    await showsClip(listener, { source: "camera" }, { within_ms: BACK_MS_MAX });
    await listener.waitGone("connection-banner", BACK_MS_MAX);
    assert.ok(await listener.has("stage"));
  });
});
