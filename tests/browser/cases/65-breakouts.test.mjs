// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// A round of breakouts as people live it: an organiser seats four people in two rooms, nobody is asked for a device before
// they speak, each room hears its own and no other, and everybody is back on the stage by themselves.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";

import { startChromium } from "../lib/browsers.mjs";
import { join, received } from "../lib/fair.mjs";
import { hears, hearsNothing } from "../lib/senses.mjs";
import { EVENT, startServer } from "../lib/server.mjs";
import { until } from "../lib/until.mjs";

const PLACED_MS_MAX = 10_000;
const BACK_MS_MAX = 45_000;

/** Chooses an option of a list by its value or by the beginning of its words. */
const choose = (page, testid, option) =>
  page.evaluate(
    ([testid, option]) => {
      const list = document.querySelector(`[data-testid="${testid}"]`);
      const found = [...list.options].find((one) => one.value === option || one.text.startsWith(option));
      list.value = found.value;
      list.dispatchEvent(new Event("change", { bubbles: true }));
    },
    [testid, option],
  );

/** Seats somebody in the room of that number, by the two lists. */
async function seat(page, name, nth) {
  await until(`${name} is on the list`, () =>
    page.evaluate((name) => {
      const label = [...document.querySelectorAll(".unseated label")].find((one) => one.innerText.includes(name));
      label?.querySelector("input").click();
      return Boolean(label);
    }, name),
  );
  const place = `[data-testid="draft-room"]:nth-of-type(${nth}) [data-testid="place-here"]`;
  await until("the button can be pressed", () => page.evaluate((it) => document.querySelector(it)?.disabled === false, place));
  await page.click(place);
  await until(`${name} has a place`, () =>
    page.evaluate(
      ([nth, name]) => document.querySelector(`[data-testid="draft-room"]:nth-of-type(${nth})`)?.innerText.includes(name),
      [nth, name],
    ),
  );
}

/** How often the page asked the browser for a microphone or camera. */
const asked = (page) => page.evaluate(() => globalThis.__asked ?? 0);
const count = (page) =>
  page.evaluate(() => {
    const devices = navigator.mediaDevices;
    const open = devices.getUserMedia.bind(devices);
    devices.getUserMedia = (wanted) => {
      globalThis.__asked = (globalThis.__asked ?? 0) + 1;
      return open(wanted);
    };
  });
const micIs = (page, on) =>
  until(`the microphone of ${page.name} is ${on ? "on" : "off"}`, () =>
    page.evaluate((on) => document.querySelector('[data-testid="mic"]')?.dataset.on === String(on), on),
  );
const roomOf = (page) => page.text("breakout-here");

describe("breakout rooms", () => {
  let server, chromium, organiser, ada, bo, cleo, dan, all;
  before(async () => {
    server = await startServer();
    chromium = await startChromium();
    organiser = await chromium.newPage("Olga");
    ada = await chromium.newPage("Ada", { camera: { color: "#e01010", tone_hz: 440, width: 320, height: 180 } });
    bo = await chromium.newPage("Bo");
    cleo = await chromium.newPage("Cleo", { camera: { color: "#1020e0", tone_hz: 660, width: 320, height: 180 } });
    dan = await chromium.newPage("Dan");
    all = [ada, bo, cleo, dan];
    for (const page of all) {
      await join(server, page);
      await count(page);
    }
    const token = await server.token("organiser", "Olga");
    await organiser.goto(`${server.url}/e/${EVENT}/dashboard#t=${encodeURIComponent(token)}`);
    await organiser.waitFor("breakouts-desk");
  });
  after(async () => {
    await chromium?.stop();
    await server?.stop();
  });

  it("sends everybody to the room where they were seated, and asks nobody for a device", async (test) => {
    await choose(organiser, "breakouts-mode", "assigned");
    await organiser.click('[data-testid="breakouts-wizard"] input[value="rooms"]');
    await organiser.fill("breakouts-rooms", "2");
    await organiser.fill("breakouts-names", "Testing: What breaks first?\nDeploying");
    await organiser.click("breakouts-prepare");
    await organiser.waitFor("breakouts-draft");
    for (const [name, nth] of [["Ada", 1], ["Bo", 1], ["Cleo", 2], ["Dan", 2]]) await seat(organiser, name, nth);
    const sent = performance.now();
    await organiser.click("breakouts-send");
    await ada.waitFor("breakout-goes");
    for (const page of all) await page.waitFor("breakout-here", PLACED_MS_MAX);
    test.diagnostic(`everybody in their room ${Math.round(performance.now() - sent)} ms after the click`);
    assert.match(await roomOf(ada), /Testing/);
    assert.equal(await roomOf(bo), await roomOf(ada));
    assert.match(await roomOf(cleo), /Deploying/);
    for (const page of all) assert.equal(await asked(page), 0, `${page.name} was asked for a device`);
  });

  it("lets each room hear its own and no other", async () => {
    const racks = await Promise.all(all.map(async (page) => (await page.probe("stats")).length));
    await ada.click("mic");
    await micIs(ada, true);
    await hears(bo, null, { within_ms: 15_000 });
    await hearsNothing(dan);
    await cleo.click("mic");
    await micIs(cleo, true);
    await hears(dan, null, { within_ms: 15_000 });
    await ada.click("mic");
    await micIs(ada, false);
    await hearsNothing(bo);
    await hears(dan);
    await ada.click("mic");
    await hears(bo);
    assert.equal(await asked(ada), 1, "asked more than once");
    assert.equal(await asked(bo), 0, "whoever listens is never asked");
    assert.ok(racks.every((count) => count >= 1), `viewing connections: ${racks}`);
  });

  it("carries help, words to all rooms and notes", async () => {
    await bo.click("breakout-help");
    await organiser.click("acknowledge");
    await until("Bo reads that somebody comes", async () => /coming/.test((await bo.text("breakout-help-state")) ?? ""));
    await bo.fill("card-input", "Roll back first");
    await bo.click("card-add");
    await ada.click("card-vote");
    await until("Ada's room sees the note", async () => /Roll back first/.test((await ada.text("card")) ?? ""));
    assert.ok(!(await dan.has("card")), "a note of another room");
    await organiser.fill("breakouts-tell", "Three points, please");
    await organiser.click('[data-testid="breakouts-grid"] form button');
    for (const page of [ada, dan]) await page.waitFor("breakout-told");
  });

  it("brings everybody back to the stage, who see and hear it by the same connection", async (test) => {
    const back = performance.now();
    await organiser.click("breakouts-back");
    await until("both sides see it", async () =>
      (await ada.evaluate(() => document.querySelector('[data-testid="breakout-banner"]')?.dataset.phase)) === "closing");
    for (const page of all) await page.waitGone("breakout-banner", BACK_MS_MAX);
    test.diagnostic(`everybody back ${Math.round(performance.now() - back)} ms after the click, 30 s of them the grace`);
    for (const page of all) {
      assert.equal(await page.evaluate(() => document.querySelector(".fair")?.dataset.place), "audience");
      assert.ok(!(await page.has("mic")), `${page.name} has a microphone on the stage`);
    }
    await hearsNothing(dan);
    const before = await received(dan);
    assert.ok(before.audio > 0, "Dan's viewing connection is another one");
  });
});
