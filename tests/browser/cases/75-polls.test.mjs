// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// Polls of every kind as a moderator and two attendees live them: answered, changed, counted at the reveal, and on the
// wall. What else holds of them is checked without a browser (section V of SPEC.md).

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";

import { choose, openDirect, openPanel, openPoll } from "../lib/audience.mjs";
import { startChromium } from "../lib/browsers.mjs";
import { join, joinAs } from "../lib/fair.mjs";
import { Keyboard } from "../lib/keyboard.mjs";
import { EVENT, STAGE, startServer } from "../lib/server.mjs";
import { becomes, until } from "../lib/until.mjs";

/** The poll that is open, on the moderator's desk: the ones before it stand there too. */
const OPEN = '[data-testid="direct-polls"] > [data-phase="open"]';
const OPTIONS = ["Longer breaks", "Shorter talks", "A better lunch"];

describe("polls of every kind", () => {
  let server, chromium, moderator, ada, bo, projector;
  before(async () => {
    server = await startServer();
    chromium = await startChromium();
    [moderator, ada, bo, projector] = await Promise.all(["Mario", "Ada", "Bo", "Projector"].map((name) => chromium.newPage(name)));
    await joinAs(server, moderator, "moderator");
    for (const page of [ada, bo]) {
      await join(server, page);
      await page.click("first-visit-dismiss");
      await openPanel(page, "polls");
    }
    await openDirect(moderator);
    await projector.goto(`${server.url}/e/${EVENT}/projector?room=${STAGE}`);
  });
  after(async () => {
    await chromium?.stop();
    await server?.stop();
  });

  /** Screenshots of everybody, where they are asked for: SCREENSHOTS=1. */
  async function look(name) {
    if (!process.env.SCREENSHOTS) return;
    const all = [[ada, "attendee", "poll-card"], [moderator, "direct", "direct-polls"], [projector, "projector", "projector-poll"]];
    for (const [page, who, part] of all) {
      for (const size of [{ width: 390, height: 1_200 }, { width: 1440, height: 900 }]) {
        await page.size(size.width, size.height);
        await page.evaluate((testid) => document.querySelector(`[data-testid="${testid}"]`).scrollIntoView(), part);
        await page.screenshot(`poll-${name}-${who}`, size);
      }
    }
  }

  const pollOn = (page, card, asks, phase) =>
    until(`${page.name} sees "${asks}" ${phase}`, () =>
      page.evaluate(([selector, question, wanted]) => {
        const shown = document.querySelector(selector);
        return shown?.dataset.phase === wanted && shown.innerText.includes(question);
      }, [`[data-testid="${card}"]`, asks, phase]));

  /** The moderator opens one; everybody sees it. */
  async function opens(asks, options, more) {
    await openPoll(moderator, asks, options, more);
    for (const page of [ada, bo]) await pollOn(page, "poll-card", asks, "open");
    await pollOn(projector, "projector-poll", asks, "open");
  }

  /** Both have answered; the moderator closes and reveals; everybody sees it, and no number before. */
  async function reveals(asks, name) {
    await until("two answers are counted", async () => (await moderator.text(`${OPEN} [data-testid="poll-answers"]`))?.includes("2"));
    await look(`${name}-open`);
    for (const page of [ada, projector]) assert.ok(!(await page.has("poll-outcome")), "results are shown while the poll is open");
    await moderator.click("poll-close");
    await moderator.click("poll-reveal");
    for (const page of [ada, bo]) await pollOn(page, "poll-card", asks, "revealed");
    await pollOn(projector, "projector-poll", asks, "revealed");
    await look(`${name}-revealed`);
  }

  /** One's own answer comes back, and the form is for the next change: in messages of their own. */
  const sends = async (page) => {
    await page.click("poll-send");
    await page.waitFor("poll-sent");
    await until(`${page.name} may change it`, () => page.evaluate(() => document.querySelector('[data-testid="poll-send"]')?.ariaDisabled === "true"));
  };

  /** A selector for the button that shows or hides what somebody wrote. */
  async function entry(words) {
    const id = await until(`the moderator has "${words}"`, () =>
      moderator.evaluate((text) => [...document.querySelectorAll("[data-entry]")].find((one) => one.innerText.includes(text))?.dataset.entry ?? null, words));
    return `[data-entry="${id}"] [data-testid="entry-show"]`;
  }

  it("several answers: as many as may be chosen, and changed before it closes", async () => {
    const asks = "What do we change?";
    await opens(asks, OPTIONS, { kind: "multiple" });
    await ada.click("poll-option-0");
    await ada.click("poll-option-2");
    await until("a third may not be ticked", () => ada.evaluate(() => document.querySelector('[data-testid="poll-option-1"]').disabled));
    await sends(ada);
    await bo.click("poll-option-1");
    // What is ticked while an answer is on its way stays ticked, and is the next answer.
    await bo.evaluate(() => {
      for (const one of ["poll-send", "poll-option-1", "poll-option-2"]) document.querySelector(`[data-testid="${one}"]`).click();
    });
    await bo.waitFor("poll-sent");
    await sends(bo);
    await reveals(asks, "multiple");
    const votes = await ada.evaluate(() => [...document.querySelectorAll('[data-testid^="poll-bar-"]')].map((one) => one.dataset.votes));
    assert.deepEqual(votes, ["1", "0", "2"]);
  });

  it("a rating: mean, promoter score and how often each was given", async () => {
    const asks = "Would you come again?";
    await opens(asks, [], { kind: "rating", fill: () => choose(moderator, "poll-draft-scale", "2") });
    await ada.click("poll-rate-10");
    await bo.click("poll-rate-7");
    await reveals(asks, "rating");
    for (const page of [ada, projector]) {
      const said = await page.text("poll-outcome");
      assert.match(said, /8\.5/);
      assert.match(said, /\+50/);
    }
  });

  it("a ranking, put in order with the keyboard", async () => {
    const asks = "What comes first?";
    await opens(asks, OPTIONS, { kind: "ranking" });
    const keys = new Keyboard(ada);
    await keys.takesOver();
    await keys.activate("poll-up-2");
    await keys.activate("poll-up-2");
    await keys.comesTo("poll-down-2", "moving to the top");
    await keys.activate("poll-send");
    await sends(bo);
    await reveals(asks, "ranking");
    const ranks = await ada.evaluate(() => [...document.querySelectorAll('[data-testid^="poll-rank-"] .row')].map((one) => one.innerText.replace(/\s+/g, " ")));
    assert.deepEqual(ranks, ["1. Longer breaks 3 points", "2. A better lunch 2 points", "3. Shorter talks 1 point"]);
  });

  it("a word cloud: what is the same is counted once, and the moderator takes a word off the wall", async () => {
    const asks = "This fair in a word?";
    await opens(asks, [], { kind: "words", fill: () => choose(moderator, "poll-draft-words", "2") });
    await ada.fill("poll-word-0", "Lively");
    await ada.fill("poll-word-1", "rude");
    await sends(ada);
    await bo.fill("poll-word-0", "lively");
    await sends(bo);
    await reveals(asks, "words");
    await until("the cloud has both words", async () => /lively\s*: 2\s*rude\s*: 1/i.test((await ada.text("poll-cloud")) ?? ""));
    await moderator.click(await entry("rude"));
    for (const page of [ada, projector]) {
      await until(`${page.name} no longer has the word`, async () => !(await page.text("poll-cloud")).includes("rude"));
    }
  });

  it("an open question: nothing is shown that a moderator has not published", async () => {
    const asks = "What did you miss?";
    await opens(asks, [], { kind: "text" });
    await ada.fill("poll-text", "More time between the talks");
    await sends(ada);
    await bo.fill("poll-text", "My name is Bo");
    await sends(bo);
    await reveals(asks, "text");
    assert.ok(!(await ada.text("poll-card")).includes("My name"), "shown before it is published");
    await moderator.click(await entry("More time"));
    for (const page of [ada, projector]) {
      await until(`${page.name} reads it`, async () => (await page.text("poll-texts")) === "More time between the talks");
    }
    await look("text-published");
  });

  it("a quiz up to its leader board: who is right and fast is first", async () => {
    const asks = "What do you know of Git?";
    const quiz = [["Who wrote it first?", ["Torvalds", "Hamano"]], ["Since when?", ["1991", "2005", "2010"]]];
    await opens(asks, [], {
      kind: "quiz",
      fill: async () => {
        await moderator.click("quiz-draft-add");
        for (const [n, [question, options]] of quiz.entries()) {
          await moderator.fill(`quiz-draft-question-${n + 1}`, question);
          for (const [i, option] of options.entries()) {
            const field = `quiz-draft-option-${n + 1}-${i + 1}`;
            if (!(await moderator.has(field))) await moderator.click(`quiz-draft-more-${n + 1}`);
            await moderator.fill(field, option);
          }
        }
        await moderator.click("quiz-draft-right-2-2");
      },
    });
    for (const [page, nickname] of [[ada, "Fox"], [bo, "Owl"]]) {
      await page.fill("quiz-nickname", nickname);
      await page.click("quiz-join");
      await page.waitFor("quiz-me");
    }
    await until("the wall says how to take part and how many do", async () => /Play[^]*2 players/.test((await projector.text("projector-poll")) ?? ""));
    await look("quiz-players");

    const asked = async (question) => {
      await moderator.click("quiz-ask");
      for (const page of [ada, bo, projector]) {
        await until(`${page.name} is asked "${question}"`, async () => (await page.text(page === projector ? "projector-poll" : "poll-card"))?.includes(question));
      }
      // The button asks what comes after the one that the moderator sees.
      await until(`the moderator sees "${question}"`, async () => (await moderator.text(OPEN))?.includes(question));
    };
    const plays = async (page, option) => {
      await page.click(`quiz-option-${option}`);
      await until(`${page.name}'s answer is counted`, () =>
        page.evaluate((at) => document.querySelector(`[data-testid="quiz-option-${at}"]`).ariaPressed === "true", option));
    };
    await asked("Who wrote it first?");
    await plays(ada, 1);
    await plays(ada, 0);
    await plays(bo, 1);
    await look("quiz-asked");
    await asked("Since when?");
    await until("Ada has the points of the first", async () => /[5-9]\d\d|1000/.test(await ada.text("quiz-me")));
    await plays(ada, 1);
    await plays(bo, 1);
    await reveals(asks, "quiz");
    for (const page of [ada, bo, projector]) {
      const board = (await page.text("poll-board")).replace(/\s+/g, " ");
      assert.match(board, /^1\. Fox 1\d\d\d points 2\. Owl \d{3,4} points$/, page.name);
    }
  });

  it("a draft is changed before it is opened, with all that it was prepared with", async () => {
    const asks = "Git, once more?";
    const typed = (testid) => moderator.evaluate((it) => document.querySelector(`[data-testid="${it}"]`)?.value, testid);
    await moderator.click("poll-clone");
    await moderator.click("poll-edit");
    await until("the draft is in the form", async () => (await typed("poll-draft-question")) === "What do you know of Git?");
    await becomes("its second question", () => typed("quiz-draft-question-2"), "Since when?");
    await look("draft-edited");
    await moderator.click("poll-draft-leave");
    await becomes("the form is for a new one again", () => typed("poll-draft-question"), "");
    await moderator.click("poll-edit");
    await until("the draft is in the form", async () => (await typed("poll-draft-question")) !== "");
    await moderator.fill("poll-draft-question", asks);
    await moderator.fill("quiz-draft-question-1", "Who maintains it?");
    await moderator.click("poll-draft-save");
    await until("the draft reads so", () =>
      moderator.evaluate((question) => {
        const drafts = [...document.querySelectorAll('[data-testid="direct-polls"] > [data-phase="draft"]')];
        return drafts.length === 1 && drafts[0].innerText.includes(question);
      }, asks));
    await moderator.click("poll-open");
    for (const page of [ada, bo]) await pollOn(page, "poll-card", asks, "open");
    await moderator.click("quiz-ask");
    await until("the changed question is asked", async () => (await ada.text("poll-card"))?.includes("Who maintains it?"));
    await moderator.click("poll-close");
  });

  it("no page complained", () => {
    for (const page of [moderator, ada, bo, projector]) assert.deepEqual(page.errors, [], page.name);
  });
});
