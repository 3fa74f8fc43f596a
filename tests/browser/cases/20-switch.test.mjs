// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// A change of speaker in one slot: the old picture never stands under the new name, also when the codec changes with it.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";

import { startChromium, startFirefox } from "../lib/browsers.mjs";
import { enterBackstage, goOnAir, hasCodecs, join, joinAs, leaveAir, tileOf } from "../lib/fair.mjs";
import { hears, moves, showsColor } from "../lib/senses.mjs";
import { startFfmpeg, startServer } from "../lib/server.mjs";
import { until } from "../lib/until.mjs";

const SMALL = { width: 640, height: 360 };
const COLORS = { "Rosa Red": "red", "Bruno Blue": "blue", "Vera Verde": "green" };

describe("a change of speaker", () => {
  let server, chromium, firefox, red, blue, listener, fox;
  before(async () => {
    server = await startServer();
    chromium = await startChromium();
    firefox = await startFirefox();
    red = await chromium.newPage("Rosa Red", { camera: { color: "#e01010", tone_hz: 440, ...SMALL } });
    blue = await chromium.newPage("Bruno Blue", { camera: { color: "#1020e0", tone_hz: 660, ...SMALL } });
    listener = await chromium.newPage("Listener");
    fox = await firefox.newPage("Fox");
    for (const page of [red, blue]) {
      await joinAs(server, page, "speaker");
      await enterBackstage(page);
    }
    await goOnAir(red);
    for (const page of [listener, fox]) await join(server, page);
  });
  after(async () => {
    await chromium?.stop();
    await firefox?.stop();
    await server?.stop();
  });

  /** Every picture that was seen stood under its own name. */
  async function onlyOwnPictures(page, recording) {
    const bySlot = await page.probe("names", recording);
    const wrong = [];
    for (const [slot, entries] of Object.entries(bySlot)) {
      for (const entry of entries) {
        const own = COLORS[Object.keys(COLORS).find((name) => entry.name.includes(name))];
        if (entry.color !== own) wrong.push({ slot, ...entry });
      }
    }
    assert.deepEqual(wrong, [], `${page.name} saw a picture under another name`);
    return bySlot;
  }

  it("never shows the old picture under the new name", async () => {
    const pages = [listener, fox];
    for (const page of pages) await showsColor(page, { name: "Rosa Red" }, "red");
    const recordings = await Promise.all(pages.map((page) => page.probe("recordNames")));
    for (const [goes, comes, color] of [
      [red, blue, "blue"],
      [blue, red, "red"],
      [red, blue, "blue"],
      [blue, red, "red"],
    ]) {
      await leaveAir(goes);
      await goOnAir(comes);
      for (const page of pages) {
        await showsColor(page, { name: comes.name }, color);
        await moves(page, { name: comes.name });
      }
    }
    for (const [at, page] of pages.entries()) {
      const bySlot = await onlyOwnPictures(page, recordings[at]);
      const both = Object.values(bySlot).some((entries) => new Set(entries.map((it) => it.color)).size > 1);
      assert.ok(both, `no slot of ${page.name} ever changed its speaker: ${JSON.stringify(bySlot)}`);
    }
  });

  it("goes from VP8 to H.264 and back in the same slot", async () => {
    const { slot } = await tileOf(listener, "Rosa Red");
    await hasCodecs(listener, "video/VP8");
    const recording = await listener.probe("recordNames");
    await leaveAir(red);
    const ffmpeg = await startFfmpeg(server, { name: "Vera Verde", color: "0x10c010" });
    try {
      await showsColor(listener, { name: "Vera Verde" }, "green", { within_ms: 15_000 });
      await moves(listener, { name: "Vera Verde" });
      await hears(listener);
      assert.equal((await tileOf(listener, "Vera Verde")).slot, slot, "it came in another slot");
      await hasCodecs(listener, "video/H264");
      // Debian's Firefox has no H.264: words instead of a black picture.
      await fox.waitFor("cannot-decode");
      assert.match(await fox.text("cannot-decode"), /H264|H\.264/);
      await hears(fox);
    } finally {
      await ffmpeg.stop("SIGINT");
    }
    await until("the tile of FFmpeg is gone", async () =>
      !(await listener.probe("tiles")).some((tile) => tile.shown && tile.name?.includes("Vera")),
    { within_ms: 15_000 });
    await goOnAir(red);
    await showsColor(listener, { name: "Rosa Red" }, "red");
    await showsColor(fox, { name: "Rosa Red" }, "red");
    await hasCodecs(listener, "video/VP8");
    await onlyOwnPictures(listener, recording);
  });
});
