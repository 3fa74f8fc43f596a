// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// A round of breakouts as people live it: an organiser seats four people in two rooms, nobody is asked for a device before
// they speak, each room hears its own and no other, and everybody is back on the stage by themselves.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";

import { startChromium, startFirefox } from "../lib/browsers.mjs";
import { join, received } from "../lib/fair.mjs";
import { Keyboard, listenAloud, saidAloud } from "../lib/keyboard.mjs";
import { hears, hearsNothing } from "../lib/senses.mjs";
import { EVENT, STAGE, startServer } from "../lib/server.mjs";
import { becomes, until } from "../lib/until.mjs";

const PLACED_MS_MAX = 10_000;
const BACK_MS_MAX = 45_000;

/** Chooses an option of a list by its value or by the beginning of its words. */
async function choose(page, testid, option) {
  const there = ([testid, option]) =>
    [...(document.querySelector(`[data-testid="${testid}"]`)?.options ?? [])].some((one) => one.value === option || one.text.startsWith(option));
  await until(`${page.name} finds ${option} in ${testid}`, () => page.evaluate(there, [testid, option]));
  await page.evaluate(
    ([testid, option]) => {
      const list = document.querySelector(`[data-testid="${testid}"]`);
      const found = [...list.options].find((one) => one.value === option || one.text.startsWith(option));
      list.value = found.value;
      list.dispatchEvent(new Event("change", { bubbles: true }));
    },
    [testid, option],
  );
}

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
  await until("the button can be pressed", () => page.evaluate((it) => document.querySelector(it)?.ariaDisabled === "false", place));
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
/** The streams that a page sends: another connection has others. */
const sends = async (page) =>
  (await page.probe("stats")).flatMap(({ outbound }) => outbound.map(({ ssrc }) => ssrc)).sort((a, b) => a - b);
const roomOf = (page) => page.text("breakout-here");

describe("breakout rooms", () => {
  let server, chromium, firefox, fleur, organiser, ada, bo, cleo, dan, all;
  before(async () => {
    server = await startServer();
    [chromium, firefox] = await Promise.all([startChromium(), startFirefox()]);
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
    await firefox?.stop();
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

  it("takes who speaks along to another room and back, by the connection that is there", async () => {
    const before = await sends(ada);
    assert.ok(before.length > 0, "Ada publishes");
    const move = async (room) => {
      await choose(organiser, "move-who", "Ada");
      await choose(organiser, "move-where", room);
      await organiser.click('form:has([data-testid="move-who"]) button');
      await until(`Ada is in ${room}`, async () => (await roomOf(ada))?.includes(room));
    };
    await move("Deploying");
    await micIs(ada, true);
    await cleo.click("mic");
    await micIs(cleo, false);
    await hears(dan);
    await hearsNothing(bo);
    await move("Testing");
    await micIs(ada, true);
    await hears(bo);
    await hearsNothing(dan);
    await cleo.click("mic");
    await hears(dan);
    assert.deepEqual(await sends(ada), before, "another connection was made");
    assert.equal(await asked(ada), 1, "asked again");
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
    await bo.fill("card-input", "Small steps");
    await bo.click("card-add");
    await dan.fill("card-input", "Name the costs");
    await dan.click("card-add");
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
      await becomes(`the place of ${page.name}`, () => page.evaluate(() => document.querySelector(".fair")?.dataset.place), "audience");
      await page.waitGone("mic");
    }
    await hearsNothing(dan);
    const before = await received(dan);
    assert.ok(before.audio > 0, "Dan's viewing connection is another one");
  });

  it("shows what the rooms wrote to everybody who is back, and to a late reader in Firefox by keyboard alone", async () => {
    fleur = await firefox.newPage("Fleur");
    await join(server, fleur);
    const [projector, keys] = [await chromium.newPage("Projector"), new Keyboard(fleur)];
    await projector.goto(`${server.url}/e/${EVENT}/projector?room=${STAGE}`);
    await listenAloud(fleur);
    assert.ok(!(await fleur.has("notes-banner")), "shown before somebody shows them");
    await organiser.click("notes-show");
    await fleur.waitFor("notes-banner");
    await until("it is said once", async () => (await saidAloud(fleur)).polite.some(({ text }) => /notes from the breakout/i.test(text)));
    await keys.activate("notes-read");
    const notes = (page) => page.evaluate(() => [...document.querySelectorAll('[data-testid="note"]')].map((one) => one.innerText.split("\n")[0]));
    const reads = (page, what) => until(`${page.name} reads ${what}`, async () => assert.deepEqual(await notes(page), what) ?? true);
    await reads(fleur, ["Roll back first", "Small steps"]);
    assert.match(await fleur.text("note"), /Bo · 1 vote/);
    await until("the projector shows them", async () => /Testing[^]*Roll back first[^]*Small steps/.test((await projector.text("projector-notes")) ?? ""));
    // The notes of the other room, which nobody shows at present.
    await keys.tabTo("notes-pick");
    await keys.press("End");
    await reads(fleur, ["Name the costs"]);
    await organiser.click("notes-next");
    await until("the projector follows", async () => /Deploying[^]*Name the costs/.test((await projector.text("projector-notes")) ?? ""));
    // Words belong to who wrote them.
    await keys.press("Home");
    await organiser.click("notes-previous");
    await reads(fleur, ["Roll back first", "Small steps"]);
    await bo.click("notes-read");
    await reads(bo, ["Roll back first", "Small steps"]);
    await bo.click('[data-testid="note"]:nth-of-type(2) button');
    await reads(fleur, ["Roll back first"]);
    await until("it is gone from the wall", async () => !/Small steps/.test((await projector.text("projector-notes")) ?? "Small steps"));
    const said = (await saidAloud(fleur)).polite.filter(({ text }) => /notes from the breakout/i.test(text));
    assert.equal(said.length, 1, "said again");
    await organiser.click("notes-hide");
    for (const page of [fleur, bo]) await page.waitGone("notes-banner");
    await projector.waitGone("projector-notes");
  });

  it("says how many places are left to whoever chooses, and which rooms are full", async () => {
    await choose(organiser, "breakouts-mode", "self_select");
    await organiser.click('[data-testid="breakouts-wizard"] input[value="rooms"]');
    await organiser.fill("breakouts-rooms", "2");
    await organiser.fill("breakouts-capacity", "2");
    await organiser.click("breakouts-prepare");
    await organiser.click("breakouts-send");
    const places = (page) => page.evaluate(() => [...document.querySelectorAll('[data-testid="breakout-free"]')].map((one) => one.innerText));
    const see = (page, what) => until(`${page.name} sees ${what}`, async () => assert.deepEqual(await places(page), what) ?? true);
    for (const page of [ada, fleur]) await see(page, ["2 places left", "2 places left"]);
    const first = '[data-testid="breakout-choice"] li:first-child button';
    await ada.click(first);
    await see(fleur, ["1 place left", "2 places left"]);
    await bo.click(first);
    await see(fleur, ["full", "2 places left"]);
    const keys = new Keyboard(fleur);
    const shut = await fleur.evaluate((first) => {
      const button = document.querySelector(first);
      button.focus();
      return button.getAttribute("aria-disabled");
    }, first);
    assert.equal(shut, "true");
    await keys.press("Enter");
    await keys.press("Tab");
    await keys.press("Enter");
    await fleur.waitFor("breakout-here");
    await see(dan, ["full", "1 place left"]);
    await ada.click("breakout-leave");
    await see(dan, ["1 place left", "1 place left"]);
  });
});
