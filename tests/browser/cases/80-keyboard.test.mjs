// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// Every role does its work with a keyboard alone, in both browsers: the focus is always seen, is never lost and never
// caught. What counts is what other people see of it. And what is said aloud does not drown anybody.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";

import { answered, ask, chatOf, openPanel, question } from "../lib/audience.mjs";
import { startChromium, startFirefox } from "../lib/browsers.mjs";
import { join, joinAs } from "../lib/fair.mjs";
import { Keyboard, listenAloud, saidAloud } from "../lib/keyboard.mjs";
import { EVENT, startServer } from "../lib/server.mjs";
import { until } from "../lib/until.mjs";

const HERS = "How do you test a backup?";
const HIS = "Who pays for the servers?";
const POLL = "Which shell?";
/** The announcer speaks at most every 5 s; timers of a page are not exact. */
const POLITE_EVERY_MS_MIN = 4_900;

const running = {};
before(async () => {
  [running.chromium, running.firefox] = await Promise.all([startChromium(), startFirefox()]);
});
after(async () => {
  await running.chromium?.stop();
  await running.firefox?.stop();
});

const dataOf = (page, selector, name) =>
  page.evaluate(([it, key]) => document.querySelector(it)?.dataset[key] ?? null, [selector, name]);
/** Firefox draws only the page in front, and only that one takes clicks and keys. */
const toFront = (page) => page.native.bringToFront();
/** What others do meanwhile, by mouse. */
const meanwhile = async (page, work) => {
  await toFront(page);
  return work();
};
const placeOf = (page) => dataOf(page, "[data-place]", "place");

// Attendee and speaker in the one browser, moderator and organiser in the other; then the other way round.
for (const [front, behind] of [["chromium", "firefox"], ["firefox", "chromium"]]) {
  describe(`keyboard only: attendee and speaker in ${front}, moderator and organiser in ${behind}`, () => {
    let server, ada, sara, mario, olga, bo, adaKeys, marioKeys;
    before(async () => {
      server = await startServer();
      const audience = running[front];
      const staff = running[behind];
      ada = await audience.newPage("Ada");
      sara = await audience.newPage("Sara");
      mario = await staff.newPage("Mario");
      olga = await staff.newPage("Olga");
      bo = await staff.newPage("Bo");
      adaKeys = new Keyboard(ada);
      marioKeys = new Keyboard(mario);
      await toFront(bo);
      await join(server, bo);
      await listenAloud(bo);
      await toFront(mario);
      await joinAs(server, mario, "moderator");
      await mario.waitFor("direct");
    });
    after(async () => {
      for (const page of [ada, sara, mario, olga, bo]) await page?.close();
      await server?.stop();
    });

    it("attendee: joins, goes along the tabs, asks, supports and chats", async () => {
      await meanwhile(bo, () => ask(bo, HIS));
      await adaKeys.takesOver();
      await ada.goto(`${server.url}/e/${EVENT}`);
      await ada.waitFor("join");
      await adaKeys.tabTo("name");
      await adaKeys.type("Ada");
      await adaKeys.tabTo("join");
      await adaKeys.press("Enter");
      await ada.waitFor("stage");
      await adaKeys.mustSee("joining");
      await listenAloud(ada);

      await adaKeys.activate("first-visit-dismiss");
      await ada.waitGone("first-visit-card");
      await adaKeys.tabTo("panel-tab-chat");
      await adaKeys.press("ArrowRight");
      await ada.waitFor("panel-questions");
      await adaKeys.comesTo("panel-tab-questions", "an arrow on the tabs");

      await adaKeys.write("ask-input", HERS);
      await adaKeys.press("Enter");
      await question(bo, HERS, { stage: "published" });
      await adaKeys.comesTo("ask-input", "asking");

      const { id } = await question(ada, HIS);
      await adaKeys.activate(`upvote-${id}`, { key: "Space" });
      await until("Bo sees the support", async () => (await question(bo, HIS)).upvotes === 1);

      await adaKeys.press("Alt+Shift+KeyC");
      await ada.waitFor("panel-chat");
      await adaKeys.mustSee("Alt+Shift+C");
      await adaKeys.write("chat-input", "Good morning");
      await adaKeys.press("Enter");
      await meanwhile(bo, () => openPanel(bo, "chat"));
      await until("Bo reads it", async () => (await chatOf(bo)).some((line) => line.includes("Good morning")));
      await adaKeys.takesOver();
      await adaKeys.comesTo("chat-input", "writing");
    });

    it("attendee: Tab goes through the page without a trap", async () => {
      const stops = await adaKeys.goesThrough();
      for (const needed of ["agenda-button", "lang-en", "mute", "hand-button", "react-button", "leave", "panel-tab-chat", "chat-input"]) {
        assert.ok(stops.includes(needed), `${needed} is not among ${stops.join(", ")}`);
      }
    });

    it("attendee: looks at the agenda, reacts, raises and lowers a hand", async () => {
      await adaKeys.tabTo("agenda-button");
      await adaKeys.press("Enter");
      await ada.waitFor("agenda-dialog");
      await adaKeys.mustSee("opening the agenda");
      await adaKeys.press("Escape");
      await ada.waitGone("agenda-dialog");
      await adaKeys.comesTo("agenda-button", "closing the agenda");

      await adaKeys.tabTo("react-button");
      await adaKeys.press("Enter");
      await ada.waitFor("react-heart");
      const flies = bo.evaluate(() => new Promise((resolve) => {
        const seen = () => document.querySelector('[data-testid="flying"]')?.childElementCount > 0 && resolve(true);
        seen();
        new MutationObserver(seen).observe(document.body, { childList: true, subtree: true });
        setTimeout(() => resolve(false), 8_000);
      }));
      await adaKeys.activate("react-heart");
      assert.ok(await flies, "Bo sees no reaction");
      await adaKeys.press("Escape");
      await adaKeys.comesTo("react-button", "Escape");

      await adaKeys.activate("hand-button");
      await adaKeys.write("hand-topic", "Our backups");
      await adaKeys.press("Enter");
      await until("the moderator sees the hand", async () => (await mario.text("hand-queue"))?.includes("Our backups"));
      await ada.waitFor("hand-position");
      await adaKeys.comesTo("hand-button", "raising a hand");
      await adaKeys.press("Enter");
      await adaKeys.activate("hand-lower");
      await until("the moderator sees no hand", async () => !(await mario.text("hand-queue"))?.includes("Our backups"));
      await adaKeys.comesTo("hand-button", "lowering the hand");
    });

    it("moderator: publishes a question, brings it up, has it answered, and takes that back", async () => {
      await marioKeys.takesOver();
      // By what stands where nothing waits one sees that it holds.
      const open = await mario.text("direct-incoming");
      await marioKeys.activate("set-moderated", { key: "Space" });
      await until("questions wait from now on", async () => (await mario.text("direct-incoming")) !== open);
      await meanwhile(bo, () => ask(bo, "Is this recorded?"));
      await marioKeys.takesOver();
      const id = await until("the question waits", () => dataOf(mario, '[data-testid="direct-incoming"] [data-question]', "question"));
      await marioKeys.activate("q-publish", { item: id });
      await question(bo, "Is this recorded?", { stage: "published" });
      await mario.waitFor(`[data-list="published"] [data-question="${id}"]`);
      await marioKeys.activate("q-now", { item: id });
      await question(bo, "Is this recorded?", { stage: "now" });
      await mario.waitFor(`[data-list="now"] [data-question="${id}"]`);
      await marioKeys.activate("q-answered", { item: id });
      await until("Bo sees it no more", async () => (await dataOf(bo, `[data-testid="question-${id}"]`, "stage")) !== "now");
      // Undo means the last move that was answered.
      await until("that move can be taken back", async () => /(?<!being )answered/.test((await mario.text("undo-toast")) ?? ""));
      await marioKeys.press("Alt+Shift+KeyZ");
      await question(bo, "Is this recorded?", { stage: "now" });
      await marioKeys.mustSee("undo");
    });

    it("moderator opens a poll, the attendee votes, the moderator closes and reveals it", async () => {
      await marioKeys.press("Alt+Shift+Digit4");
      await marioKeys.mustSee("Alt+Shift+4");
      await marioKeys.write("poll-draft-question", POLL);
      await marioKeys.write("poll-draft-option-1", "bash");
      await marioKeys.write("poll-draft-option-2", "fish");
      // One person votes: from "3 answers" up to "the first answer".
      await marioKeys.activate("poll-draft-min", { key: "ArrowUp" });
      await marioKeys.activate("poll-draft-save");
      await mario.waitFor("poll-open");
      await marioKeys.activate("poll-open");
      await mario.waitFor("poll-close");

      await adaKeys.takesOver();
      await adaKeys.tabTo("panel-tab-chat");
      await adaKeys.press("ArrowRight");
      await adaKeys.press("ArrowRight");
      await ada.waitFor("poll-option-1");
      await adaKeys.activate("poll-option-1", { key: "Space" });
      await until("the moderator counts one", async () => (await mario.text("poll-answers"))?.includes("1"));

      await marioKeys.takesOver();
      await marioKeys.mustSee("the poll opened");
      await marioKeys.activate("poll-close");
      await mario.waitFor("poll-reveal");
      await marioKeys.activate("poll-reveal");
      await ada.waitFor("poll-bar-1");
      await adaKeys.takesOver();
      await adaKeys.mustSee("the poll was revealed");
    });

    it("moderator accepts a hand and sends her back; both always know where they are", async () => {
      await adaKeys.press("Alt+Shift+KeyH");
      await ada.waitFor("hand-raise");
      await adaKeys.mustSee("Alt+Shift+H");
      await adaKeys.activate("hand-raise");
      await marioKeys.takesOver();
      await mario.waitFor("hand-accept");
      await marioKeys.activate("hand-accept");
      await until("Ada is backstage", async () => (await placeOf(ada)) === "backstage");
      await marioKeys.mustSee("accepting");
      await adaKeys.takesOver();
      await ada.waitFor("hand-accepted");
      await adaKeys.mustSee("being accepted");
      await marioKeys.takesOver();
      await marioKeys.activate("send-back");
      await until("Ada is in the audience", async () => (await placeOf(ada)) === "audience");
      await marioKeys.mustSee("sending back");
      await adaKeys.takesOver();
      await adaKeys.mustSee("being back");
      const urgent = await until("Ada hears of it", async () => {
        const said = await saidAloud(ada);
        return said.urgent.length > 0 && said.urgent;
      });
      assert.equal(urgent.length, 1, `urgent were ${JSON.stringify(urgent)}`);
      assert.match(urgent[0].text, /backstage|quinte/);
    });

    it("speaker: backstage, devices, countdown, on air and back", async () => {
      const keys = new Keyboard(sara);
      await keys.takesOver();
      await joinAs(server, sara, "speaker");
      await sara.waitFor("enter-backstage");
      await keys.activate("enter-backstage");
      await until("Sara sends", async () => (await dataOf(sara, '[data-testid="up-state"]', "state")) === "connected", { within_ms: 15_000 });
      await until("the moderator sees her wait", async () => (await mario.text("direct-waiting"))?.includes("Sara"));
      await keys.mustSee("going backstage");
      await keys.tabTo("choose-cam");
      await keys.press("End");
      await keys.mustSee("choosing a camera");
      await keys.activate("go-on-air");
      await sara.waitFor("countdown");
      await until("the moderator sees the countdown", () => mario.has("goes-on-air"));
      await keys.activate("cancel-countdown");
      await sara.waitFor("go-on-air");
      await keys.activate("go-on-air");
      await keys.activate("go-on-air-now");
      await sara.waitFor("on-air-badge");
      await until("the moderator sees her on air", async () => (await mario.text("direct-on-air"))?.includes("Sara"));
      await keys.mustSee("going on air");
      await keys.press("Alt+Shift+KeyM");
      await keys.mustSee("Alt+Shift+M");
      await keys.activate("leave-air");
      await sara.waitFor("go-on-air");
      await until("the moderator sees her off air", async () => !(await mario.text("direct-on-air"))?.includes("Sara"));
      await keys.mustSee("leaving the air");
      await keys.activate("leave-backstage");
      await until("Sara is in the audience", async () => (await placeOf(sara)) === "audience");
      await keys.mustSee("leaving backstage");
    });

    it("attendee leaves and is at the door", async () => {
      await adaKeys.takesOver();
      await adaKeys.tabTo("leave");
      await adaKeys.press("Enter");
      await ada.waitFor("join");
    });

    it("organiser: announces, and ends the event after a second step; what is said aloud keeps its distance", async () => {
      const keys = new Keyboard(olga);
      const token = await server.token("organiser", "Olga");
      await keys.takesOver();
      await olga.goto(`${server.url}/e/${EVENT}/dashboard#t=${encodeURIComponent(token)}`);
      await olga.waitFor("announce-input");
      // Three at once, with the other news of this room.
      for (const words of ["Lunch at one", "Room two is open", "Lights out at six"]) {
        await keys.write("announce-input", words);
        await keys.activate("announce-send");
        await until(`the announcement "${words}" is out`, async () => (await olga.text("announcements"))?.includes(words));
        await answered(olga, "announce");
      }
      await until("Bo heard of the last", async () =>
        (await saidAloud(bo)).polite.some(({ text }) => text.includes("Lights out at six")), { within_ms: 12_000 });

      await keys.activate("phase-end");
      await olga.waitFor("phase-ended");
      await keys.activate("phase-ended");
      await until("the door says that it is over", async () =>
        (await (await fetch(`${server.base}/api/v1/events/${EVENT}`)).json()).phase === "ended");
      await keys.mustSee("ending the event");

      const heard = await until("Bo heard of the end", async () => {
        const said = await saidAloud(bo);
        return said.urgent.length > 0 && said;
      });
      assert.equal(heard.urgent.length, 1, JSON.stringify(heard.urgent));
      const gaps = heard.polite.slice(1).map(({ at_ms }, i) => Math.round(at_ms - heard.polite[i].at_ms));
      assert.ok(heard.polite.length > 3 && gaps.every((gap) => gap >= POLITE_EVERY_MS_MIN), `polite messages came after ${gaps.join(", ")} ms`);
    });

    it("no page complained", () => {
      for (const page of [ada, sara, mario, olga, bo]) assert.deepEqual(page.errors, [], page.name);
    });
  });
}
