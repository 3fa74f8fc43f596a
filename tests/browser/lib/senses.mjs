// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// What a person would see and hear, as waits with a deadline. Packet counts prove nothing here.

import { readFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";

import { until } from "./until.mjs";

/** Sound louder than this (root mean square) is heard. */
const HEARD_RMS_MIN = 0.01;
/** Brightness of a point must differ by this much to count as motion. */
const MOTION_STEP = 12;

// Pictures are named as in `probe.js`: by slot number, or by { name, source } of their tile.
const words = (slot) => (typeof slot === "number" ? `slot ${slot}` : JSON.stringify(slot));

/** A picture is shown in a slot. Returns a sample of it. */
export const shows = (page, slot, { within_ms = 10_000 } = {}) =>
  until(
    `${page.name} shows a picture in ${words(slot)}`,
    async () => {
      const sample = await page.probe("sample", slot);
      return sample?.shown && sample.playing && sample;
    },
    { within_ms },
  );

const differs = (before, after) => before.grid.some((value, at) => Math.abs(value - after.grid[at]) > MOTION_STEP);

/** The picture in a slot changes. */
export async function moves(page, slot, { within_ms = 5_000 } = {}) {
  const first = await shows(page, slot, { within_ms });
  await until(
    `the picture in ${words(slot)} of ${page.name} moves`,
    async () => differs(first, (await page.probe("sample", slot)) ?? first),
    { within_ms },
  );
}

/** The picture in a slot stands still for a time, once frames under way have arrived. */
export async function nothingMoves(page, slot, { for_ms, settle_ms = 3_000 }) {
  await until(
    `the picture in ${words(slot)} of ${page.name} stands still for ${for_ms} ms`,
    async () => {
      const first = await page.probe("sample", slot);
      await pause(for_ms);
      const second = await page.probe("sample", slot);
      return !first || !second || !differs(first, second);
    },
    { within_ms: settle_ms + for_ms },
  );
}

/** The bundled clip plays in a slot: its frame stamp is read twice, and has advanced. */
export async function showsClip(page, slot, { within_ms = 10_000 } = {}) {
  const read = () => page.probe("stamp", slot);
  const first = await until(
    `${page.name} shows the clip in ${words(slot)}`,
    async () => {
      const stamp = await read();
      return stamp !== null && { stamp };
    },
    { within_ms },
  );
  return until(
    `the clip's frame stamp in ${words(slot)} of ${page.name} advances`,
    async () => {
      const stamp = await read();
      return stamp !== null && stamp !== first.stamp && { from: first.stamp, to: stamp };
    },
    { within_ms },
  );
}

/** The picture in a slot is mostly of one colour: red, green or blue. */
export const showsColor = (page, slot, color, { within_ms = 10_000 } = {}) =>
  until(
    `${page.name} shows ${color} in ${words(slot)}`,
    async () => {
      const sample = await page.probe("sample", slot);
      if (!sample?.shown) return false;
      const others = ["red", "green", "blue"].filter((it) => it !== color).map((it) => sample[it]);
      return sample[color] - Math.max(...others) > 30 && sample;
    },
    { within_ms },
  );

/** Sound is heard from a slot, or from any element of the page when `slot` is null. */
export const hears = (page, slot = null, { within_ms = 10_000 } = {}) =>
  until(
    `${page.name} hears ${slot === null ? "something" : `${words(slot)}`}`,
    async () => {
      const heard = slot === null ? await page.probe("loudest") : await page.probe("heard", slot);
      return heard?.audible && heard.rms > HEARD_RMS_MIN && heard;
    },
    { within_ms },
  );

/** No sound is heard for a time, once what was under way has been played. */
export const hearsNothing = (page, slot = null, { for_ms = 800, within_ms = 5_000 } = {}) => {
  let quiet_since = null;
  return until(
    `${page.name} hears nothing for ${for_ms} ms`,
    async () => {
      const heard = slot === null ? await page.probe("loudest") : await page.probe("heard", slot);
      const quiet = !heard?.audible || heard.rms < HEARD_RMS_MIN / 2;
      quiet_since = quiet ? (quiet_since ?? performance.now()) : null;
      return quiet && performance.now() - quiet_since >= for_ms;
    },
    { within_ms },
  );
};

export const frameGaps = (page, recording) => page.probe("frameGaps", recording);

const detector_source = readFileSync(new URL("./beep-detector.js", import.meta.url), "utf8");

/** Median distance from flash to beep, milliseconds, over `seconds` of the clip. Needs a page with `bypassCSP`. */
export async function lipSync(page, { video_slot, audio_slot, seconds }) {
  const recording = await page.probe("recordLipSync", { video_slot, audio_slot, detector_source });
  const seen = await until(
    `${page.name} sees ${seconds - 1} flashes and beeps`,
    async () => {
      const it = await page.probe("lipSync", recording);
      return it.offsets_ms.length >= seconds - 1 && it;
    },
    { within_ms: 3 * seconds * 1_000, poll_ms: 250 },
  );
  await page.probe("stopLipSync", recording);
  const sorted = [...seen.offsets_ms].sort((a, b) => a - b);
  return { offset_ms: sorted[Math.floor(sorted.length / 2)], pairs: sorted.length, offsets_ms: seen.offsets_ms };
}
