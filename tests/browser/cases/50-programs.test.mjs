// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// Programs that are no browsers: FFmpeg publishes by WHIP, aiortc watches by WHEP. Neither shares code with Fiera.

import assert from "node:assert/strict";
import { join as path } from "node:path";
import { after, before, describe, it } from "node:test";

import { startChromium } from "../lib/browsers.mjs";
import { run } from "../lib/children.mjs";
import { hasCodecs, join } from "../lib/fair.mjs";
import { browserTestsDir, pythonPath } from "../lib/paths.mjs";
import { hears, moves, showsClip, showsColor } from "../lib/senses.mjs";
import { freePort, startDemoSpeaker, startFfmpeg, startServer, whepUrl } from "../lib/server.mjs";
import { until } from "../lib/until.mjs";

describe("FFmpeg publishes by WHIP", () => {
  let server, chromium, ffmpeg, page;
  before(async () => {
    server = await startServer();
    chromium = await startChromium();
    page = await chromium.newPage("Listener");
    await join(server, page);
  });
  after(async () => {
    await ffmpeg?.stop("SIGINT");
    await chromium?.stop();
    await server?.stop();
  });

  it("H.264 and Opus are on air at once, seen and heard", async () => {
    ffmpeg = await startFfmpeg(server, { name: "Forno FFmpeg", color: "red", tone_hz: 700 });
    await until(
      "the picture of FFmpeg comes",
      async () => ffmpeg.mustRun() && (await page.probe("tiles")).some((tile) => tile.shown),
      { within_ms: 15_000 },
    );
    await showsColor(page, { source: "camera" }, "red");
    await moves(page, { source: "camera" });
    await until("the tone of FFmpeg is heard", async () => {
      const { tone_hz } = await hears(page);
      assert.ok(Math.abs(tone_hz - 700) < 40, `heard ${Math.round(tone_hz)} Hz`);
      return true;
    });
    await hasCodecs(page, "video/H264");
  });

  it("a newcomer sees it at once", async () => {
    const newcomer = await chromium.newPage("Newcomer");
    await join(server, newcomer);
    await showsColor(newcomer, { source: "camera" }, "red", { within_ms: 5_000 });
  });

  it("leaves the stage when it ends", async () => {
    await ffmpeg.stop("SIGINT");
    await until("nothing is on stage", async () => (await page.probe("tiles")).every((tile) => !tile.shown), {
      within_ms: 10_000,
    });
  });

  it("is refused with a wrong token, and says why", async () => {
    const liar = { ...server, token: async () => "not-a-token" };
    const refused = await startFfmpeg(liar, { name: "Nobody" });
    const { code } = await refused.ended;
    assert.notEqual(code, 0);
    assert.match(refused.output(), /401|Unauthorized/i);
  });
});

describe("aiortc watches by WHEP", () => {
  let server, speaker;
  before(async () => {
    server = await startServer();
    speaker = await startDemoSpeaker(server);
  });
  after(async () => {
    await speaker?.stop();
    await server?.stop();
  });

  it("decodes the clip's pictures, in order, and its sound", async () => {
    await until("the demo speaker is on air", async () => speaker.mustRun() && [...(await server.metrics())].some(([name, value]) => name.startsWith("fiera_") && name.includes("publishers") && value > 0));
    const token = await server.token("attendee", "aiortc");
    const script = path(browserTestsDir, "programs/whep_watch.py");
    const printed = await run("aiortc", pythonPath, [script, whepUrl(server), token, "20"]);
    const seen = JSON.parse(printed.split("\n").at(-1));
    assert.equal(seen.status, 201, seen.answer);
    assert.equal(seen.connection, "connected");
    assert.ok(new Set(seen.stamps).size >= 20, `frame stamps read: ${seen.stamps.length} of ${seen.frames} frames`);
    const steps = seen.stamps.slice(1).map((stamp, at) => (stamp - seen.stamps[at] + 250) % 250);
    assert.ok(steps.every((step) => step < 125), `frames came out of order: ${seen.stamps.join(" ")}`);
    assert.ok(seen.loudest > 0.01, `the loudest sound was ${seen.loudest}`);
    assert.ok(seen.deleted === 200 || seen.deleted === 204, `DELETE was answered ${seen.deleted}`);
  });
});

describe("aioice uses the relay", () => {
  let server, turn_port;
  before(async () => {
    turn_port = await freePort();
    server = await startServer({ args: ["--turn-port", String(turn_port)] });
  });
  after(async () => {
    await server?.stop();
  });

  it("reaches our media by UDP, TCP and the port of the pages, and nobody else", async () => {
    const script = path(browserTestsDir, "programs/turn_check.py");
    const seen = JSON.parse((await run("aioice", pythonPath, [script, server.base, String(turn_port)])).split("\n").at(-1));
    for (const way of ["udp", "tcp", "pages"]) {
      assert.deepEqual(seen[way], { answered: true, mapped_is_relayed: true, stranger: 403 }, way);
    }
  });
});
