// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// Questions and chat beyond asking and saying: other words, merging, promises that are kept after the end, replies,
// pins, words that are not let through, and a message that becomes a question. Markup stays text everywhere.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";

import { ask, cardOf, chatOf, openDirect, openPanel, question, say, upvote } from "../lib/audience.mjs";
import { startChromium } from "../lib/browsers.mjs";
import { join, joinAs } from "../lib/fair.mjs";
import { EVENT, startServer } from "../lib/server.mjs";
import { becomes, until } from "../lib/until.mjs";

const FIRST = "How do you rol back?";
const BETTER = "How do you roll back a release?";
const SAME = "How is a release undone?";
const COURSE = "Will there be a course?";
const MARKUP = `<img src=x onerror="globalThis.__hit=1"><script>globalThis.__hit=1</script>`;

describe("questions and chat, to the last step", () => {
  let server, chromium, organiser, ada, bo;
  before(async () => {
    server = await startServer();
    chromium = await startChromium();
    [organiser, ada, bo] = await Promise.all(["Olga", "Ada", "Bo"].map((name) => chromium.newPage(name)));
    await joinAs(server, organiser, "organiser");
    for (const page of [ada, bo]) {
      await join(server, page);
      await page.click("first-visit-dismiss");
    }
    await openDirect(organiser);
  });
  after(async () => {
    await chromium?.stop();
    await server?.stop();
  });

  /** Screenshots of both sides, where they are asked for: SCREENSHOTS=1. */
  async function look(name, pages) {
    if (!process.env.SCREENSHOTS) return;
    for (const [page, who, part] of pages) {
      for (const size of [{ width: 390, height: 1_200 }, { width: 1440, height: 900 }]) {
        await page.size(size.width, size.height);
        if (part) await page.evaluate((testid) => document.querySelector(`[data-testid="${testid}"]`)?.scrollIntoView(), part);
        await page.screenshot(`questions-${name}-${who}`, size);
      }
    }
  }

  /** A selector for something within a question as attendees see it. */
  const of = async (page, text, what) => `[data-testid="question-${(await question(page, text)).id}"] [data-testid="${what}"]`;

  /** A selector for something within a message of the chat. */
  async function ofMessage(page, words, what) {
    await openPanel(page, "chat");
    const testid = await until(`${page.name} reads "${words}"`, () =>
      page.evaluate((text) => [...document.querySelectorAll('[data-testid^="message-"]')].find((one) => one.innerText.includes(text))?.dataset.testid ?? null, words));
    return `[data-testid="${testid}"] [data-testid="${what}"]`;
  }

  it("gives one's own anonymous question other words, and nobody else may", async () => {
    await ask(ada, FIRST, { anonymous: true });
    await openPanel(bo, "questions");
    await question(bo, FIRST);
    assert.ok(!(await bo.has(await of(bo, FIRST, "edit-own-question"))), "Bo may edit what Ada asked");
    await ada.click(await of(ada, FIRST, "edit-own-question"));
    await ada.fill("edit-question-input", BETTER);
    await look("edit", [[ada, "attendee", "panel-questions"]]);
    await ada.click("edit-question-send");
    const seen = await question(bo, BETTER);
    assert.ok(!seen.text.includes("Ada"), seen.text);
    assert.ok(!(await bo.evaluate((old) => document.body.innerText.includes(old), FIRST)), "the old words are still there");
  });

  it("keeps nothing that was sent as a draft, also where one changes the tab before the answer", async () => {
    const words = "On its way";
    await openPanel(ada, "chat");
    await ada.fill("chat-input", words);
    await ada.evaluate(() => {
      for (const one of ["chat-send", "panel-tab-questions"]) document.querySelector(`[data-testid="${one}"]`).click();
    });
    await openPanel(bo, "chat");
    await until("Bo reads it", async () => (await chatOf(bo)).some((one) => one.includes(words)));
    await openPanel(ada, "chat");
    await becomes("nothing is left to be sent", () => ada.evaluate(() => document.querySelector('[data-testid="chat-input"]').value), "");
    for (const page of [ada, bo]) await openPanel(page, "questions");
  });

  it("says that something alike was asked, and has its buttons outside of what is said", async () => {
    await bo.fill("ask-input", BETTER);
    await bo.waitFor("similar-up");
    assert.ok((await bo.text("similar-said")).length > 5, "nothing is said");
    const inside = await bo.evaluate(() => document.querySelector('[data-testid="similar-up"]').closest('[role="status"]') !== null);
    assert.ok(!inside, "a button in what is said");
    await bo.fill("ask-input", "");
    await bo.waitGone("similar-up");
  });

  it("makes one question of two, and counts everybody once", async () => {
    await ask(bo, SAME);
    for (const text of [BETTER, SAME]) await upvote(bo, text);
    await openPanel(ada, "questions");
    await upvote(ada, SAME);
    await until("two supporters", async () => (await question(ada, SAME)).upvotes === 2);
    for (const text of [BETTER, SAME]) await organiser.click(await cardOf(organiser, text, "q-choose"));
    await look("merge", [[organiser, "direct", "direct-approved"]]);
    await organiser.click("merge");
    await until("one is left, with both voters once", async () => {
      const { upvotes } = await question(ada, SAME);
      const both = await ada.evaluate((text) => [...document.querySelectorAll('[data-testid^="question-"]')].some((one) => one.innerText.includes(text)), BETTER);
      return upvotes === 2 && !both;
    });
    // Ada learns where hers went, and only she.
    await until("Ada finds it among her own", () => ada.has("my-question"));
    await organiser.click("undo");
    await question(bo, BETTER);
  });

  it("promises an answer with an owner and a date", async () => {
    await ask(ada, COURSE);
    await organiser.click(await cardOf(organiser, COURSE, "q-followup"));
    await organiser.fill("note", "Training office");
    await organiser.fill("due", "2031-03-01");
    await organiser.click("confirm");
    // One line under the question, and not a stage of its own.
    const outcome = await cardOf(organiser, COURSE, "q-outcome");
    await until("the desk says whose it is", async () => /Training office.*2031/.test((await organiser.text(outcome)) ?? ""));
    assert.ok((await organiser.evaluate((it) => document.querySelector(it).offsetHeight, outcome)) < 80, "taller than its words");
    await openPanel(bo, "questions");
    await bo.click('[data-testid="follow-ups"] summary');
    await until("Bo reads the promise", async () => /Training office.*2031/s.test((await bo.text("follow-ups")) ?? ""));
    await look("promises", [[bo, "attendee", "follow-ups"], [organiser, "direct", "direct-done"]]);
  });

  it("carries replies, other words, pins, and keeps out what the organiser does not want", async () => {
    await say(bo, "Helo from Lecce");
    await bo.click(await ofMessage(bo, "Helo", "edit-message"));
    await bo.fill("edit-message-input", "Hello from Lecce");
    await bo.click("edit-message-send");
    await ada.click(await ofMessage(ada, "Hello from Lecce", "reply-message"));
    await ada.waitFor("replying");
    await say(ada, "Welcome!");
    await until("Bo sees whom Ada answers", async () => (await chatOf(bo)).some((one) => one.includes("Welcome!") && one.includes("Hello from Lecce")));
    await organiser.click(`${await deskMessage("Hello from Lecce")} [data-testid="chat-pin"]`);
    await until("Ada has it on top", async () => (await ada.text("pinned"))?.includes("Hello from Lecce"));
    await organiser.fill("filter-input", "spam");
    await organiser.click("filter-save");
    await until("the list is kept", () => organiser.evaluate(() => document.querySelector('[data-testid="filter-save"]').ariaDisabled === "true"));
    await say(bo, "Buy SPAM now");
    await until("Bo is told why not", () => bo.evaluate(() => document.querySelector('[data-testid="chat-refused"]')?.dataset.code === "filtered"));
    await look("chat", [[bo, "attendee", "panel-chat"], [organiser, "direct", "direct-chat"]]);
    await bo.fill("chat-input", "");
  });

  it("makes a question of a message, without the name of who wrote it", async () => {
    await say(bo, "Can the code be reused?");
    await organiser.click(`${await deskMessage("Can the code be reused?")} [data-testid="chat-question"]`);
    await openPanel(ada, "questions");
    const seen = await question(ada, "Can the code be reused?");
    assert.ok(!seen.text.includes("Bo"), seen.text);
    await openPanel(bo, "questions");
    await until("it is Bo's to edit", async () => bo.has(await of(bo, "Can the code be reused?", "edit-own-question")));
  });

  it("shows markup as it was typed, on every page", async () => {
    await ask(ada, MARKUP);
    await say(ada, MARKUP);
    await organiser.fill("announce-input", MARKUP);
    await organiser.click("announce-send");
    for (const page of [ada, bo, organiser]) {
      await until(`${page.name} reads it as text`, () => page.evaluate((text) => document.body.innerText.includes(text), MARKUP));
      assert.equal(await page.evaluate(() => globalThis.__hit), undefined, `${page.name} ran it`);
    }
  });

  it("shows the poll that runs at the top of the direction, and to attendees before the welcome card", async () => {
    await organiser.evaluate(() => scrollTo(0, 0));
    await organiser.fill("poll-draft-question", "Coffee?");
    for (const [n, option] of ["Yes", "No"].entries()) await organiser.fill(`poll-draft-option-${n + 1}`, option);
    await organiser.click("poll-draft-save");
    await organiser.click("poll-open");
    await openPanel(ada, "polls");
    await ada.click("poll-option-0");
    await until("one answer, at the top", async () => /\b1\b/.test((await organiser.text("poll-now-answers")) ?? ""));
    await look("poll-now", [[organiser, "direct", "direct-poll-now"], [ada, "attendee", "poll-card"]]);
    // Going to a part scrolls the panel alone: the head of the page stays where it is.
    await organiser.click("poll-now-go");
    assert.deepEqual(
      await organiser.evaluate(() => [document.scrollingElement.scrollTop, document.scrollingElement.scrollHeight <= innerHeight]), [0, true]);
    await organiser.click("poll-now-close");
    await organiser.click("poll-now-reveal");
    await until("Ada is told why there is no number", async () => (await ada.text("poll-card"))?.includes("3"));
  });

  it("keeps promises after the end: another owner, another date, then the answer for everybody", async () => {
    await organiser.click("phase-end");
    await organiser.click("phase-ended");
    await until("the event has ended", async () => (await (await fetch(`${server.base}/api/v1/events/${EVENT}`)).json()).phase === "ended");
    const desk = await chromium.newTab(organiser, "Olga's report");
    const reader = await chromium.newTab(ada, "Ada's report");
    for (const page of [desk, reader]) {
      await page.goto(`${server.url}/e/${EVENT}/report`);
      await until(`${page.name} has the promise`, async () => (await page.text("report-promises"))?.includes("Training office"));
    }
    await reader.click("promises-work");
    await reader.waitFor("promises-refused");
    await desk.click("promises-work");
    await desk.fill("promise-owner", "Academy");
    await desk.fill("promise-due", "2031-06-30");
    await desk.click("promise-save");
    await until("the report says so", async () => /Academy.*2031/s.test((await desk.text("report-promises")) ?? ""));
    await look("report-desk", [[desk, "organiser", "report-promises"]]);
    await desk.fill("promise-answer-input", "Yes, from May on.");
    await desk.click("promise-answer-send");
    await until("the answer is there", async () => (await desk.text("report-promises"))?.includes("Yes, from May on."));
    await reader.reload();
    await until("Ada reads it", async () => (await reader.text("report-promises"))?.includes("Yes, from May on."));
    await look("report-kept", [[reader, "attendee", "report-promises"]]);
    for (const page of [organiser, ada, bo, desk, reader]) assert.deepEqual(page.errors, [], page.name);
  });

  /** A selector for a message on the moderator's desk. */
  async function deskMessage(words) {
    const item = await until(`${organiser.name} has "${words}" on the desk`, () =>
      organiser.evaluate((text) => [...document.querySelectorAll('[data-testid="direct-chat"] [data-item]')].find((one) => one.innerText.includes(text))?.dataset.item ?? null, words));
    return `[data-testid="direct-chat"] [data-item="${item}"]`;
  }
});
