// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// What people do at a fair, as steps: join, go behind the stage, go on air. Pages are named by what they show.

import { EVENT } from "./server.mjs";
import { becomes, until } from "./until.mjs";

/** Opens the door and goes in by one click, as a listener does. */
export async function join(server, page, { name = page.name, token = null, within_ms = 10_000 } = {}) {
  await page.goto(`${server.url}/e/${EVENT}${token ? `#t=${encodeURIComponent(token)}` : ""}`);
  await page.waitFor("join", within_ms);
  await page.fill("name", name);
  await page.click("join");
  await page.waitFor("stage", within_ms);
}

/** Joins by a link of a role. */
export async function joinAs(server, page, role, name = page.name) {
  await join(server, page, { name, token: await server.token(role, name) });
}

/** A speaker goes behind the stage: devices are asked for, and sending is connected. */
export async function enterBackstage(page) {
  await page.click("enter-backstage");
  await until(
    `${page.name} sends to backstage`,
    () => page.evaluate(() => document.querySelector('[data-testid="up-state"]')?.dataset.state === "connected"),
    { within_ms: 15_000 },
  );
}

/** From backstage to on air, without waiting for the countdown. */
export async function goOnAir(page) {
  await page.click("go-on-air");
  await page.click("go-on-air-now");
  await page.waitFor("on-air-badge");
}

export async function leaveAir(page) {
  await page.click("leave-air");
  await page.waitFor("go-on-air");
}

/** A speaker who is on air when this returns. */
export async function speakOnAir(server, page, name = page.name) {
  await joinAs(server, page, "speaker", name);
  await enterBackstage(page);
  await goOnAir(page);
}

/** The tile on which a name stands, once there is one. */
export const tileOf = (page, name, { source = "camera", within_ms = 10_000 } = {}) =>
  until(
    `${page.name} has a tile of ${name} (${source})`,
    async () => (await page.probe("tiles")).find((tile) => tile.source === source && tile.name?.includes(name)),
    { within_ms },
  );

/** Packets that all viewing connections of a page have received, by kind. */
export async function received(page) {
  const totals = { audio: 0, video: 0 };
  for (const { inbound } of await page.probe("stats")) {
    for (const stream of inbound) totals[stream.kind] += stream.packetsReceived ?? 0;
  }
  return totals;
}

/** The video streams that bring pictures have these codecs, such as `video/VP8`, and no others. */
export const hasCodecs = (page, ...codecs) => becomes(`the codecs that ${page.name} decodes`, () => codecsNow(page), codecs);

/** Codecs of the video streams of which pictures are decoded within a moment. */
async function codecsNow(page) {
  const before = new Map();
  for (const { inbound } of await page.probe("stats")) {
    for (const stream of inbound) before.set(stream.ssrc, stream.framesDecoded ?? 0);
  }
  await new Promise((resolve) => setTimeout(resolve, 400));
  const codecs = new Set();
  for (const { inbound } of await page.probe("stats")) {
    for (const stream of inbound) {
      if (stream.kind === "video" && (stream.framesDecoded ?? 0) > (before.get(stream.ssrc) ?? 0)) codecs.add(stream.mimeType);
    }
  }
  return [...codecs].sort();
}
