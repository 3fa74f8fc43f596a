// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// A network that becomes narrow and wide again: the picture follows, and the sound goes on. What Chromium reports of
// what it receives is all that the server knows of the network.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";

import { startChromium } from "../lib/browsers.mjs";
import { startLink } from "../lib/cut.mjs";
import { join, speakOnAir } from "../lib/fair.mjs";
import { frameGaps, hears, moves } from "../lib/senses.mjs";
import { startServer } from "../lib/server.mjs";
import { always, oneHolds, timed, until } from "../lib/until.mjs";

const SPEAKER = "Wide Wanda";
const PICTURE = { name: SPEAKER, source: "camera" };
/** Less than the full picture of the fake camera takes (500 to 750 kbit/s), more than the middle one (300) and sound. */
const NARROW_BPS = 450_000;
const SMALLER_MS_MAX = 8_000;
const WATCHED_MS = 12_000;
const FULL_AGAIN_MS_MAX = 20_000;
/** While the smaller picture is watched the old one may stand still for so long at most. */
const FREEZE_MS_MAX = 1_000;

describe("a listener whose network becomes narrow", () => {
  let server, link, chromium, speaker, listener;
  const height = async () => (await listener.probe("sample", PICTURE))?.height ?? 0;
  const isSmall = async () => [180, 360].includes(await height());
  before(async () => {
    server = await startServer();
    link = await startLink(server);
    chromium = await startChromium();
    speaker = await chromium.newPage(SPEAKER);
    listener = await chromium.newPage("Narrow Nino", link.page);
    await speakOnAir(server, speaker);
    // For somebody else the full picture goes on being sent: how fast the speaker's browser begins with it again is its own affair.
    const other = await chromium.newPage("Wide Wilma");
    await join(server, other);
    await other.size(1600, 1000);
    await join(link.server, listener);
    await listener.size(1600, 1000);
    await until("the full picture comes", async () => (await height()) === 720, { within_ms: 15_000 });
  });
  after(async () => {
    await chromium?.stop();
    await link?.stop();
    await server?.stop();
  });

  it("gets a smaller picture soon, which moves without freezes, and the sound", async (test) => {
    await oneHolds(test, `no freeze of more than ${FREEZE_MS_MAX} ms`, async () => {
      // Each turn begins with the wide link: what there is to see is the narrowing.
      await link.set({ down_bps: null });
      await until("the full picture comes", async () => (await height()) === 720, { within_ms: FULL_AGAIN_MS_MAX });
      await link.set({ down_bps: NARROW_BPS });
      const { took_ms } = await timed(() =>
        until("a smaller picture comes", isSmall, { within_ms: SMALLER_MS_MAX }),
      );
      await hears(listener);
      const before = await link.counts();
      const recording = await listener.probe("recordFrames", PICTURE);
      await always("the picture stays small", isSmall, { for_ms: WATCHED_MS, poll_ms: 500 });
      const { frames, longest_ms } = await frameGaps(listener, recording);
      const overflowed = (await link.counts()).overflowed - before.overflowed;
      const tells =
        `smaller after ${Math.round(took_ms)} ms, then ${frames} frames, longest gap ${Math.round(longest_ms)} ms, ` +
        `${overflowed} datagrams did not fit the link`;
      return { holds: longest_ms <= FREEZE_MS_MAX, tells };
    });
    await hears(listener);
  });

  it("gets the full picture back when it is wide again", async (test) => {
    await link.set({ down_bps: null });
    const { took_ms } = await timed(() =>
      until("the full picture is back", async () => (await height()) === 720, { within_ms: FULL_AGAIN_MS_MAX }),
    );
    test.diagnostic(`full again after ${Math.round(took_ms)} ms`);
    await moves(listener, PICTURE);
  });
});
