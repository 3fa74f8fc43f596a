// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// A moderator directs a stage: layout, lower third, timer, a message that is read, everything silent at once. The
// speaker's network breaks: everybody is told that the talk resumes, and it does. What counts is what the others see
// and hear.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";

import { startChromium } from "../lib/browsers.mjs";
import { startLink } from "../lib/cut.mjs";
import { join, joinAs, speakOnAir } from "../lib/fair.mjs";
import { hears, hearsNothing, moves, shows } from "../lib/senses.mjs";
import { EVENT, STAGE, startServer } from "../lib/server.mjs";
import { becomes, until } from "../lib/until.mjs";

const SARA = "Sara Speaker";
const LINE = "Head of backups";
const MESSAGE = "Louder, please";
/** What one person does is seen by the others while it still matters. */
const WITHIN_MS = 2_000;

describe("directing a stage", () => {
  let server, link, chromium, sara, mario, ada, wall;
  const camera = { name: SARA, source: "camera" };
  const screen = { name: SARA, source: "screen" };
  before(async () => {
    server = await startServer();
    link = await startLink(server);
    chromium = await startChromium();
    sara = await chromium.newPage(SARA, { ...link.page, camera: { screen: { color: "#2040ff" } } });
    [mario, ada, wall] = await Promise.all(["Mario", "Ada", "Wall"].map((name) => chromium.newPage(name)));
    await speakOnAir(link.server, sara);
    await joinAs(server, mario, "moderator");
    await join(server, ada);
    await ada.click("first-visit-dismiss");
    await shows(ada, camera);
    await wall.goto(`${server.url}/e/${EVENT}/projector?room=${STAGE}`);
  });
  after(async () => {
    await chromium?.stop();
    await link?.stop();
    await server?.stop();
  });

  const spotOf = (page, source) =>
    page.evaluate((kind) => document.querySelector(`[data-testid="stage"] [data-source="${kind}"]`)?.dataset.spot ?? null, source);
  const spots = (page, wanted) =>
    until(`${page.name} sees ${JSON.stringify(wanted)}`, async () => {
      const seen = await Promise.all(Object.keys(wanted).map((source) => spotOf(page, source)));
      return Object.values(wanted).every((spot, i) => seen[i] === spot);
    }, { within_ms: WITHIN_MS });

  it("the layout that a moderator chooses is everybody's, but for who has put a picture in front", async () => {
    await sara.click("share");
    await shows(ada, screen);
    await spots(ada, { screen: "main", camera: "side" });
    await mario.click("layout-speaker");
    await spots(ada, { screen: "side", camera: "main" });
    await mario.click("layout-slides");
    // Slides alone: nobody is sent what nobody sees.
    await spots(ada, { screen: "even", camera: null });
    await mario.click("layout-grid");
    await spots(ada, { screen: "even", camera: "even" });
    await moves(ada, camera);
    await ada.click(`[data-source="screen"] [data-testid="pin"]`);
    await spots(ada, { screen: "main", camera: "side" });
    await mario.click("layout-speaker");
    await ada.waitFor('[data-layout="speaker"]', WITHIN_MS);
    await spots(ada, { screen: "main", camera: "side" });
    await ada.click(`[data-source="screen"] [data-testid="pin"]`);
    await spots(ada, { screen: "side", camera: "main" });
    await moves(ada, camera);
  });

  it("a lower third stands under the speaker and on the projector, until lines are switched off", async () => {
    await mario.click(`[data-testid="direct-on-air"] [data-testid="line-edit"]`);
    await mario.fill("line-of", LINE);
    await mario.click("line-save");
    await until("Ada reads it", async () => (await ada.text("on-air-line")) === LINE, { within_ms: WITHIN_MS });
    await until("the hall reads it", async () => (await wall.text("projector-on-air"))?.includes(LINE), { within_ms: 5_000 });
    await mario.click("titles-on");
    await ada.waitGone("on-air-line", WITHIN_MS);
    await wall.waitGone("projector-on-air", 5_000);
    await mario.click("titles-on");
    await ada.waitFor("on-air-line", WITHIN_MS);
  });

  const verdict = (page) => page.evaluate(() => document.querySelector('[data-testid="speaker-timer"]')?.dataset.verdict ?? null);

  it("the timer runs on the speaker's page in colours and words, and never on Ada's", async () => {
    await mario.fill("timer-minutes", "1");
    await mario.fill("timer-amber", "1");
    await mario.fill("timer-red", "0");
    await mario.click("timer-start");
    await until("it is amber", async () => (await verdict(sara)) === "amber", { within_ms: WITHIN_MS });
    assert.match(await sara.text("speaker-timer"), /^0:5\d left|^1:00 left/);
    await mario.click("timer-more-5");
    await until("it is green", async () => (await verdict(sara)) === "green", { within_ms: WITHIN_MS });
    assert.equal(await verdict(ada), null);
    await mario.click("timer-stop");
    await sara.waitGone("speaker-timer", WITHIN_MS);
  });

  it("a message reaches the speaker alone, and the moderator sees that it was read", async () => {
    await mario.fill("direction-text", MESSAGE);
    await mario.click("direction-send");
    await until("Sara reads it", async () => (await sara.text("direction"))?.includes(MESSAGE), { within_ms: WITHIN_MS });
    const read = () => mario.evaluate(() => document.querySelector('[data-testid="direction-reader"]')?.dataset.read);
    await becomes("Mario knows that it was not read", read, "false", { within_ms: WITHIN_MS });
    assert.equal(await ada.has("direction"), false);
    await sara.click("acknowledge");
    await until("Mario knows", async () => (await read()) === "true", { within_ms: WITHIN_MS });
    await sara.waitGone("direction", WITHIN_MS);
  });

  it("everything is silent at once by two presses of Enter, and is heard again", async () => {
    await hears(ada);
    await mario.evaluate(() => document.querySelector('[data-testid="sound-off"]').focus());
    await mario.native.keyboard.press("Enter");
    await mario.waitFor("confirm");
    await mario.native.keyboard.press("Enter");
    await ada.waitFor("sound-off-note", WITHIN_MS);
    await hearsNothing(ada);
    await sara.waitFor("silenced-all", WITHIN_MS);
    await mario.waitFor('[data-testid="sound"][data-off="true"]', WITHIN_MS);
    await becomes("the keyboard keeps its place", () => mario.evaluate(() => document.activeElement.dataset.testid), "sound-off");
    await mario.click("sound-off");
    await mario.click("confirm");
    await hears(ada);
    await ada.waitGone("sound-off-note", WITHIN_MS);
  });

  it("the speaker's network breaks: everybody is told, in the hall too, and the talk goes on by itself", async () => {
    await link.set({ cut: true });
    await ada.waitFor("resuming", 12_000);
    await mario.waitFor("direct-resuming", WITHIN_MS);
    await wall.waitFor("projector-resuming", 5_000);
    await link.set({ cut: false });
    await ada.waitGone("resuming", 20_000);
    await moves(ada, camera, { within_ms: 15_000 });
    await wall.waitGone("projector-resuming", 5_000);
  });
});
