// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// A fair as people live it: they ask, support, vote, chat and speak; the server is killed in the middle of it, and
// nothing that anybody saw done is lost or doubled.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";

import { ask, beside, cardOf, chatOf, openDirect, openPanel, openPoll, question, say, upvote } from "../lib/audience.mjs";
import { startChromium, startFirefox } from "../lib/browsers.mjs";
import { join, joinAs, tileOf } from "../lib/fair.mjs";
import { EVENT, STAGE, startDemoSpeaker, startServer } from "../lib/server.mjs";
import { until } from "../lib/until.mjs";

const ROLLBACK = "How do you roll back a migration?";
const COST = "What did it cost?";
const HELLO = "Hello from Lecce";
const POLL = "Which do you use?";
/** Also by the slowest retry everybody is back. */
const BACK_MS_MAX = 15_000;

const backIn = (page) => page.waitGone("connection-banner", BACK_MS_MAX);

describe("a fair with questions, chat, a poll and a raised hand", () => {
  let server, demo, chromium, firefox, moderator, organiser, ada, bo, projector;
  before(async () => {
    server = await startServer();
    demo = await startDemoSpeaker(server);
    chromium = await startChromium();
    firefox = await startFirefox();
    organiser = await chromium.newPage("Olga");
    moderator = await chromium.newPage("Mario");
    ada = await chromium.newPage("Ada", { camera: { color: "#1020e0", width: 640, height: 360 } });
    bo = await firefox.newPage("Bo");
    projector = await chromium.newPage("Projector");
    await joinAs(server, moderator, "moderator");
    await join(server, ada);
    await join(server, bo);
    await projector.goto(`${server.url}/e/${EVENT}/projector?room=${STAGE}`);
  });
  after(async () => {
    await chromium?.stop();
    await firefox?.stop();
    await demo?.stop();
    await server?.stop();
  });

  it("shows a question to everybody, counts support, and shows nobody's name where it was asked without", async () => {
    await ask(ada, ROLLBACK);
    await openPanel(bo, "questions");
    await question(bo, ROLLBACK, { stage: "published" });
    await upvote(bo, ROLLBACK);
    await until("one supporter", async () => (await question(ada, ROLLBACK)).upvotes === 1);
    await ask(bo, COST, { anonymous: true });
    const seen = await question(ada, COST);
    assert.ok(!seen.text.includes("Bo"), seen.text);
  });

  it("lets the moderator bring one up: everybody and the projector see it", async () => {
    await openDirect(moderator);
    await moderator.click(await cardOf(moderator, ROLLBACK, "q-now"));
    await question(ada, ROLLBACK, { stage: "now" });
    await until("the projector shows it", async () => (await projector.text("projector-now"))?.includes(ROLLBACK));
    await moderator.click(await cardOf(moderator, COST, "q-next"));
    await question(bo, COST, { stage: "next" });
    await until("that move can be taken back", async () => (await moderator.text("undo-toast"))?.includes(COST));
    await moderator.click("undo");
    await question(bo, COST, { stage: "published" });
  });

  it("carries the chat", async () => {
    await say(ada, HELLO);
    await openPanel(bo, "chat");
    await until("Bo reads it", async () => (await chatOf(bo)).some((line) => line.includes(HELLO)));
  });

  it("takes votes that can be changed, and shows numbers only when they are revealed", async () => {
    await openPoll(moderator, POLL, ["GitLab", "Jenkins"]);
    for (const page of [ada, bo]) await openPanel(page, "polls");
    await ada.click("poll-option-0");
    await bo.click("poll-option-1");
    await bo.click("poll-option-0");
    await until("two answers", async () => (await moderator.text("poll-answers"))?.includes("2"));
    assert.ok(!(await ada.has("poll-bar-0")), "numbers are shown while the poll is open");
  });

  it("brings an attendee with a raised hand on air, after a countdown that both sides see", async () => {
    await ada.click("hand-button");
    await ada.fill("hand-topic", "Our migration");
    await ada.click("hand-raise");
    await ada.waitFor("hand-position");
    await moderator.click(await beside(moderator, "Ada", "hand-accept"));
    await ada.waitFor("hand-accepted");
    await ada.waitFor("preview");
    assert.ok(!(await ada.has("up-state")), "something is sent before she said so");
    const onStage = () => ada.evaluate(() => document.querySelector(".tile video.self") !== null);
    assert.ok(!(await onStage()), "the stage shows her what nobody else sees");
    await ada.click("enter-backstage");
    await until("she sees herself on the stage", onStage);
    await until("Ada sends to backstage", () =>
      ada.evaluate(() => document.querySelector('[data-testid="up-state"]')?.dataset.state === "connected"),
      { within_ms: 15_000 },
    );
    await moderator.click(await beside(moderator, "Ada", "put-on-air"));
    await ada.waitFor("countdown");
    await ada.waitFor("on-air-badge", 20_000);
    await tileOf(bo, "Ada");
  });

  it("loses and doubles nothing when the server is killed in the middle of it", async (test) => {
    // In the air when it dies: not answered yet, so each must be there exactly once afterwards.
    await openPanel(bo, "chat");
    await bo.fill("chat-input", "Sent as the server died");
    await bo.click("chat-send");
    await server.kill();
    await until("Bo sees that the connection is lost", () => bo.has("connection-banner"));
    const started = performance.now();
    await server.startAgain();
    for (const page of [moderator, ada, bo]) await backIn(page);
    test.diagnostic(`everybody back ${Math.round(performance.now() - started)} ms after the start`);

    await tileOf(bo, "Ada", { within_ms: BACK_MS_MAX });
    await ada.waitFor("on-air-badge");
    await until("the message that was in the air is there once", async () => {
      const lines = (await chatOf(bo)).filter((line) => line.includes("Sent as the server died"));
      return lines.length === 1;
    });
    assert.equal((await chatOf(bo)).filter((line) => line.includes(HELLO)).length, 1);
    await openPanel(bo, "questions");
    const kept = await question(bo, ROLLBACK, { stage: "now" });
    assert.equal(kept.upvotes, 1);
    await question(bo, COST, { stage: "published" });
    await openPanel(bo, "polls");
    await until("Bo's vote is still there", () =>
      bo.evaluate(() => document.querySelector('[data-testid="poll-option-0"]')?.matches('[aria-pressed="true"], [aria-checked="true"], :checked')),
    );
  });

  it("closes and reveals the poll: two of two", async () => {
    await moderator.click("poll-close");
    await moderator.click("poll-reveal");
    await openPanel(ada, "polls");
    await ada.waitFor("poll-bar-0");
    assert.match(await ada.text("poll-card"), /2/);
    await until("the projector shows the poll", () => projector.has("projector-poll"));
  });

  it("brings Ada back to her place in the audience", async () => {
    await moderator.click(await beside(moderator, "Ada", "take-off-air"));
    await ada.waitGone("on-air-badge");
    await moderator.click(await beside(moderator, "Ada", "send-back"));
    await ada.waitGone("on-air-badge");
    await until("Ada is in the audience", () => ada.evaluate(() => document.querySelector("[data-place]")?.dataset.place === "audience"));
  });

  it("shows the organiser the numbers, and everybody the end with its report", async () => {
    await joinAs(server, organiser, "organiser");
    const tab = await chromium.newTab(organiser, "Olga's dashboard");
    await tab.goto(`${server.url}/e/${EVENT}/dashboard`);
    await until("four people", async () => /[45]/.test((await tab.text("dash-now")) ?? ""));
    await openDirect(organiser);
    await organiser.click("phase-end");
    await organiser.click("phase-ended");
    await until("the event has ended", async () => {
      const info = await (await fetch(`${server.base}/api/v1/events/${EVENT}`)).json();
      return info.phase === "ended";
    });
    await tab.goto(`${server.url}/e/${EVENT}/report`);
    await until("the report has the question", async () => (await tab.text("report-questions"))?.includes(ROLLBACK));
    for (const page of [moderator, ada, organiser, projector]) {
      assert.deepEqual(page.errors.filter((line) => !/WebSocket|Failed to load resource|ERR_CONNECTION/.test(line)), [], page.name);
    }
  });
});
