// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// The server is killed and started again in the middle of a fair: hands keep their place in the queue, also of somebody
// whose network is still broken; rooms, votes, what was being typed and breakout rooms with their way back are kept.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";

import { beside, cardOf, choose, openDirect, openPanel, openPoll } from "../lib/audience.mjs";
import { startChromium, startFirefox } from "../lib/browsers.mjs";
import { startLink } from "../lib/cut.mjs";
import { join, joinAs } from "../lib/fair.mjs";
import { EVENT, STAGE, startServer } from "../lib/server.mjs";
import { becomes, until } from "../lib/until.mjs";

const POLL = "Which do you use?";
const CARD = "Ask the archive first";
const TYPED = "What was lost in the fl";
/** A room beside the stage. */
const OTHER = "workshop";
/** Also by the slowest retry everybody is back. */
const BACK_MS_MAX = 15_000;
/** The time to come back from a breakout room, and the slowest retry. */
const RETURN_MS_MAX = 45_000;

describe("what a restart of the server must not cost anybody", () => {
  let server, link, chromium, firefox, olga, desk, ada, bo, cleo, dan, breakout;
  before(async () => {
    server = await startServer();
    link = await startLink(server);
    [chromium, firefox] = await Promise.all([startChromium(), startFirefox()]);
    ada = await firefox.newPage("Ada", link.page);
    [olga, bo, cleo, dan] = await Promise.all(["Olga", "Bo", "Cleo", "Dan"].map((name) => chromium.newPage(name)));
    await joinAs(server, olga, "organiser");
    await join(link.server, ada);
    for (const page of [bo, cleo, dan]) await join(server, page);
    for (const page of [ada, bo]) await page.click("first-visit-dismiss");
    desk = await chromium.newTab(olga, "Olga's dashboard");
    await desk.goto(`${server.url}/e/${EVENT}/dashboard`);
    await openDirect(olga);
  });
  after(async () => {
    await chromium?.stop();
    await firefox?.stop();
    await link?.stop();
    await server?.stop();
  });

  const roomOf = (page) => page.evaluate(() => document.querySelector('[data-testid="places"] [aria-current]')?.dataset.room ?? null);
  const placeOf = (page) => page.evaluate(() => document.querySelector("[data-place]")?.dataset.place ?? null);
  const pressed = (page, testid) => page.evaluate((it) => document.querySelector(`[data-testid="${it}"]`)?.ariaPressed ?? null, testid);
  /** The queue as the organiser sees it: who, whether away, whether to be accepted. */
  const queue = () =>
    olga.evaluate(() =>
      [...document.querySelectorAll('[data-testid="hand-queue"] [data-participant]')].map((row) => ({
        name: row.querySelector(".name").textContent,
        away: row.querySelector('[data-testid="hand-away"]') !== null,
        accept: row.querySelector('[data-testid="hand-accept"]') !== null,
      })));
  const here = (name) => ({ name, away: false, accept: true });

  async function raise(page, topic) {
    await page.click("hand-button");
    await page.fill("hand-topic", topic);
    await page.click("hand-raise");
    await page.waitFor("hand-position");
  }

  /** As when power fails: whoever has a network notices, and is back by themselves. */
  async function restart(pages) {
    await server.kill();
    for (const page of pages) await until(`${page.name} sees that the connection is lost`, () => page.has("connection-banner"));
    await server.startAgain();
    for (const page of pages) await page.waitGone("connection-banner", BACK_MS_MAX);
  }

  it("hands are up, a vote is given, a question is half typed, a breakout room is taken", async () => {
    await raise(ada, "Our paper archive");
    await becomes("the queue", queue, [here("Ada")]);
    await raise(bo, "Ten years of backups");
    await becomes("the queue", queue, [here("Ada"), here("Bo")]);

    await openPoll(olga, POLL, ["GitLab", "Jenkins"]);
    await openPanel(bo, "polls");
    await bo.click("poll-option-0");
    await becomes("Bo's vote", () => pressed(bo, "poll-option-0"), "true");
    await openPanel(bo, "questions");
    await bo.fill("ask-input", TYPED);

    for (const page of [cleo, dan]) {
      await page.click(`[data-testid="places"] [data-room="${OTHER}"]`);
      await becomes(`the room of ${page.name}`, () => roomOf(page), OTHER);
    }
    // The fullest room is meant, once the counts are there.
    await becomes("where the round is from", () => desk.evaluate(() => document.querySelector('[data-testid="breakouts-wizard"] select').value), STAGE);
    await desk.click("breakouts-by-rooms");
    await desk.fill("breakouts-rooms", "2");
    await choose(desk, "breakouts-mode", "self_select");
    await desk.click("breakouts-prepare");
    await desk.click("breakouts-send");
    await cleo.click('[data-testid="breakout-choice"] li:nth-child(2) button');
    await cleo.waitFor("breakout-here");
    breakout = await cleo.text("breakout-here");
    await cleo.fill("card-input", CARD);
    await cleo.click("card-add");
    await until("the note is there", async () => (await cleo.text("card"))?.includes(CARD));
  });

  it("the hand of who is not back yet keeps its place, says so, and cannot be accepted", async () => {
    await link.set({ cut: true });
    await restart([olga, bo, cleo, dan]);
    await becomes("the queue", queue, [{ name: "Ada", away: true, accept: false }, here("Bo")]);
    await becomes("Bo's hand", () => bo.text("hand-position"), "You are 2nd");
  });

  it("it is like any other once its owner is back", async () => {
    await link.set({ cut: false });
    await becomes("the queue", queue, [here("Ada"), here("Bo")], { within_ms: BACK_MS_MAX });
    await becomes("Ada's hand", () => ada.text("hand-position"), "You are next");
    await olga.click(await beside(olga, "Ada", "hand-accept"));
    await ada.waitFor("hand-accepted");
    await becomes("the queue", queue, [here("Bo")]);
  });

  it("everybody is in the room where they were, and what was being typed goes on", async () => {
    await becomes("the room of Dan", () => roomOf(dan), OTHER);
    await becomes("the room of Bo", () => roomOf(bo), STAGE);
    const typing = () => bo.evaluate(() => [document.activeElement.dataset.testid, document.activeElement.value]);
    await becomes("Bo writes", typing, ["ask-input", TYPED]);
    await bo.native.bringToFront();
    await bo.native.keyboard.type("ood?");
    await bo.click("ask-send");
    await olga.waitFor(await cardOf(olga, `${TYPED}ood?`, "q-now"));
  });

  it("a vote is there, can be changed and counts once", async () => {
    await openPanel(bo, "polls");
    await becomes("Bo's vote", () => pressed(bo, "poll-option-0"), "true");
    await bo.click("poll-option-1");
    await becomes("Bo's vote", () => pressed(bo, "poll-option-1"), "true");
    await olga.click("poll-close");
    await olga.click("poll-reveal");
    await bo.waitFor("poll-bar-0");
    const votes = () => bo.evaluate(() => [...document.querySelectorAll('[data-testid^="poll-bar-"]')].map((one) => one.dataset.votes));
    await becomes("the votes", votes, ["0", "1"]);
  });

  it("a breakout room goes on with its notes, and leads back where one came from, also past another restart", async () => {
    await becomes("Cleo's room", () => cleo.text("breakout-here"), breakout);
    await until("its note is there", async () => (await cleo.text("card"))?.includes(CARD));
    await desk.click("breakouts-back");
    const phase = () => cleo.evaluate(() => document.querySelector('[data-testid="breakout-banner"]')?.dataset.phase ?? null);
    await becomes("the round", phase, "closing");
    await restart([olga, ada, bo, cleo, dan]);
    await cleo.waitGone("breakout-banner", RETURN_MS_MAX);
    await becomes("the room of Cleo", () => roomOf(cleo), OTHER);
    await becomes("the place of Cleo", () => placeOf(cleo), "audience");
  });

  it("an accepted hand is kept, with its owner behind the stage", async () => {
    await becomes("the place of Ada", () => placeOf(ada), "backstage");
    await becomes("the queue", queue, [here("Bo")]);
    await becomes("the room of Dan", () => roomOf(dan), OTHER);
  });

  it("no page complained", () => {
    for (const page of [olga, desk, ada, bo, cleo, dan]) {
      assert.deepEqual(page.errors.filter((line) => !/WebSocket|Failed to load resource|ERR_CONNECTION|can.t establish a connection/.test(line)), [], page.name);
    }
  });
});
