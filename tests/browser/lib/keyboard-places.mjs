// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// Stands, captions and breakout rooms with a keyboard alone: also where somebody else changes the page under the focus, it
// stays where one can go on; and the announcer says where one is taken to. A case runs it for each pair of browsers.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";

import { startChromium, startFirefox } from "./browsers.mjs";
import { join, joinAs } from "./fair.mjs";
import { Keyboard, listenAloud, saidAloud } from "./keyboard.mjs";
import { EVENT, STAGE, startServer } from "./server.mjs";
import { becomes, until } from "./until.mjs";

const STAND = "Sportello";
const FILE = '{publiccodeYmlVersion: "0.4", name: Sportello, legal: {license: EUPL-1.2}}';
/** The announcer speaks at most every 5 s; timers of a page are not exact. */
const POLITE_EVERY_MS_MIN = 4_900;
const BACK_MS_MAX = 45_000;

const reads = (page, testid, words, options) =>
  until(`${page.name} reads ${words} in ${testid}`, async () => words.test((await page.text(testid)) ?? ""), options);
const readsNot = (page, testid, words) =>
  until(`${page.name} reads no ${words} in ${testid}`, async () => !words.test((await page.text(testid)) ?? ""));
const heard = (page, kind, words) =>
  until(`${page.name} hears ${words}`, async () => (await saidAloud(page))[kind].some(({ text }) => words.test(text)), { within_ms: 12_000 });
/** The announcer has waited long enough to say the next thing at once. */
const quiet = (page) =>
  until(`the announcer of ${page.name} may speak at once`, () =>
    page.evaluate((every_ms) => performance.now() - (globalThis.__aloud.polite.at(-1)?.at_ms ?? -Infinity) > every_ms, POLITE_EVERY_MS_MIN + 200));
/** The item that a control with these words belongs to. */
const itemOf = (page, testid, words, key) =>
  until(`${page.name} has ${testid} of ${words}`, () =>
    page.evaluate(([name, text, item]) => {
      const all = [...document.querySelectorAll(`[data-testid="${name}"]`)];
      const found = all.find((one) => (one.closest("li") ?? one).innerText.includes(text));
      return found?.closest(`[data-${item}]`)?.dataset[item] ?? null;
    }, [testid, words, key]));
/** What somebody with a mouse does meanwhile. Firefox draws only the page in front. */
const meanwhile = async (page, work) => {
  await page.native.bringToFront();
  return work();
};
/** The focus comes, by itself, to what is named or begins so. */
const comes = (keys, name, after) =>
  until(`the focus of ${keys.page.name} comes to ${name} after ${after}`, async () => {
    const at = await keys.where();
    if (!at.name.startsWith(name)) throw new Error(`it is on ${at.name}`);
    return keys.mustSee(after);
  }, { within_ms: 5_000 });
const presses = async (keys, testid, options) => {
  await keys.tabTo(testid, options);
  await keys.press(options?.key ?? "Enter");
};
const writesAnew = async (keys, testid, text) => {
  await keys.tabTo(testid);
  await keys.press("Control+KeyA");
  await keys.type(text);
};

/** Visitor, reader and participant in the one browser; keeper, captioner and organiser in the other. */
export const keyboardPlaces = (front, behind) =>
  describe(`keyboard only: who comes in ${front}, who receives in ${behind}`, () => {
    let server, ada, bo, cleo, olga, adas, bos, cleos, olgas;
    const running = {};
    before(async () => {
      [running.chromium, running.firefox] = await Promise.all([startChromium(), startFirefox()]);
      server = await startServer();
      ada = await running[front].newPage("Ada");
      [bo, cleo, olga] = [await running[behind].newPage("Bo"), await running[behind].newPage("Cleo"), await running[behind].newPage("Olga")];
      [adas, bos, cleos, olgas] = [ada, bo, cleo, olga].map((page) => new Keyboard(page));
      for (const page of [ada, bo]) {
        await meanwhile(page, () => join(server, page));
        await page.click("first-visit-dismiss");
      }
      await meanwhile(cleo, () => joinAs(server, cleo, "captioner"));
      await listenAloud(ada);
    });
    after(async () => {
      await running.chromium?.stop();
      await running.firefox?.stop();
      await server?.stop();
    });

    it("keeper: opens a stand, pastes a file into its card, changes it", async () => {
      await bos.takesOver();
      await presses(bos, "all-stands");
      await comes(bos, "h2", "opening the stands");
      await presses(bos, "stand-new");
      await comes(bos, "stand-name", "a new stand");
      // Into the clipboard by the keyboard too.
      await bos.write("stand-line", FILE);
      await bos.press("Control+KeyA");
      await bos.press("Control+KeyX");
      await bos.type("Una riga sola");
      await presses(bos, "stand-more");
      await presses(bos, "publiccode");
      await bos.tabTo("publiccode-file");
      await bos.press("Control+KeyV");
      await presses(bos, "publiccode-read");
      await comes(bos, "publiccode-heading", "reading the file");
      await presses(bos, "publiccode-use");
      await comes(bos, "publiccode", "using the file");
      await bos.activate("stand-save");
      await comes(bos, `h3 ${STAND}`, "opening a stand");
      await reads(bo, "stand-card", /EUPL-1\.2/);
      await presses(bos, "stand-edit");
      await comes(bos, "stand-name", "changing it");
      await bos.write("card-problem", "Due ore di coda al catasto.");
      await bos.activate("stand-save");
      await comes(bos, `h3 ${STAND}`, "saving");
      await presses(bos, "stand-remove");
      await comes(bos, "confirm", "removing it");
      await bos.press("Escape");
      await bo.waitGone("confirm");
      await bos.mustSee("not removing it");
      const stops = await bos.goesThrough();
      assert.ok(stops.includes("stand-close") && stops.includes("close-panel"), stops.join(", "));
    });

    it("visitor: searches, visits, would reuse it, leaves a message and goes back", async () => {
      await adas.takesOver();
      await presses(adas, "all-stands");
      await comes(adas, "h2", "opening the stands");
      await adas.write("stand-search", "CATASTO");
      await until("one stand is left", () => ada.evaluate(() => document.querySelectorAll('[data-testid="stand"]').length === 1));
      const stand = await itemOf(ada, "stand", STAND, "stand");
      await presses(adas, "stand", { item: stand });
      await comes(adas, `h3 ${STAND}`, "choosing a stand");
      await reads(ada, "stand-card", /catasto/);

      await adas.tabTo("stand-enter");
      await bos.takesOver();
      await presses(bos, "stand-close");
      await comes(bos, "stand-reopen", "closing it");
      await ada.waitGone("stand-enter");
      await adas.takesOver();
      await comes(adas, `h3 ${STAND}`, "somebody closed the stand");
      await bos.takesOver();
      await bos.press("Enter");
      await comes(bos, "stand-close", "opening it again");

      await adas.takesOver();
      await presses(adas, "stand-enter");
      await ada.waitGone("stand-enter");
      await comes(adas, `h3 ${STAND}`, "going in");
      await heard(ada, "urgent", new RegExp(STAND));

      await adas.write("reuse-organisation", "Comune di Esempio");
      await presses(adas, "reuse-yes");
      await comes(adas, "p ", "saying that one would reuse it");
      await reads(bo, "reuse-count", /1/);
      await reads(ada, "adopters", /Comune di Esempio/);
      await adas.write("stand-message-input", "Possiamo sentirci?");
      await adas.press("Enter");
      await reads(bo, "stand-messages", /Possiamo sentirci/);
      await adas.comesTo("stand-message-input", "leaving a message");

      await presses(adas, "stands-back");
      assert.equal((await comes(adas, "stand", "going back")).item, stand);
      await presses(adas, "close-panel");
      await comes(adas, "all-stands", "closing the stands");
      await presses(adas, "place", { item: STAGE });
      await until("Ada is at the stage", () =>
        ada.evaluate((room) => document.querySelector(`[data-testid="place"][data-room="${room}"]`)?.ariaCurrent === "location", STAGE));
      await adas.mustSee("going back to the stage");
    });

    it("captioner: types and corrects; reader: switches captions on, chooses and reads again", async () => {
      await cleos.takesOver();
      await cleos.tabTo("caption-lang");
      await cleos.press("Home");
      await cleos.write("caption-line", "Buongiorno a tuti");
      await adas.takesOver();
      await presses(adas, "captions-button");
      await comes(adas, "captions-on", "opening the captions");
      await adas.press("Space");
      await adas.tabTo("captions-size-m");
      await adas.press("ArrowRight");
      await comes(adas, "captions-size-l", "a size");
      await adas.tabTo("captions-lang");
      await adas.press("End");
      await adas.press("Escape");
      await comes(adas, "captions-button", "Escape");
      await ada.waitGone("captions-on");
      await ada.waitFor('[data-testid="captions"].size-l');

      await cleos.takesOver();
      await cleos.press("Backspace");
      await cleos.press("Backspace");
      await cleos.type("tti");
      await cleos.press("Enter");
      await reads(ada, '[data-testid="caption"][data-final="true"]', /^Buongiorno a tutti$/);
      await cleos.type("Sbagliato");
      await cleos.press("Enter");
      await reads(ada, '[data-testid="caption"][data-final="true"]:last-child', /Sbagliato/);
      // The first button is of the last line, once it stands there.
      await until("Cleo can erase it", () =>
        cleo.evaluate(() => {
          const last = document.querySelector('[data-testid="caption-past"] li');
          return Boolean(last?.innerText.includes("Sbagliato") && last.querySelector('[data-testid="erase-caption"]'));
        }));
      await presses(cleos, "erase-caption");
      await readsNot(ada, "captions", /Sbagliato/);
      await cleos.comesTo("erase-caption", "erasing a line");

      await adas.takesOver();
      await presses(adas, "captions-button");
      await presses(adas, "open-transcript");
      await comes(adas, "h2", "opening the transcript");
      await adas.tabTo("transcript");
      await reads(ada, "transcript", /^Buongiorno a tutti$/);
      await presses(adas, "close-panel");
      await comes(adas, "captions-button", "closing the transcript");
    });

    it("organiser: plans a round, seats by two lists and sends; participant: stays, then goes", async () => {
      const token = await server.token("organiser", "Olga");
      await olgas.takesOver();
      await olga.goto(`${server.url}/e/${EVENT}/dashboard#t=${encodeURIComponent(token)}`);
      await olgas.tabTo("breakouts-by-people");
      await olgas.press("ArrowDown");
      await comes(olgas, "breakouts-by-rooms", "choosing by rooms");
      await writesAnew(olgas, "breakouts-rooms", "2");
      await olgas.tabTo("breakouts-mode");
      await olgas.press("End");
      await olgas.write("breakouts-names", "Testing");
      await olgas.press("Enter");
      await olgas.type("Deploying");
      await presses(olgas, "breakouts-prepare");
      await comes(olgas, "breakouts-draft", "the preview");
      const room = await itemOf(olga, "draft-room", "Testing", "room");
      for (const name of ["Ada", "Bo"]) await presses(olgas, "unseated", { key: "Space", item: await itemOf(olga, "unseated", name, "participant") });
      await presses(olgas, "place-here", { item: room });
      await reads(olga, `[data-testid="draft-room"][data-room="${room}"]`, /Ada[^]*Bo|Bo[^]*Ada/);
      await olgas.comesTo("place-here", "seating");
      await quiet(ada);
      await presses(olgas, "breakouts-send");
      await adas.takesOver();
      await adas.tabTo("breakout-stay");
      await heard(ada, "polite", /In a few seconds you go to the breakout room Testing/);
      await adas.press("Enter");
      await ada.waitGone("breakout-stay");
      await comes(adas, "p ", "staying");
      await comes(olgas, "breakouts-grid", "sending");
      await reads(bo, "breakout-here", /Testing/);
      await presses(adas, "breakout-go");
      await comes(adas, "p You are in “Testing”", "going");
      await heard(ada, "urgent", /Testing/);
      await reads(olga, `[data-testid="grid-room"][data-room="${room}"]`, /Testing\s+2\b/);
    });

    it("participant: switches the microphone on, calls for help, writes, changes and supports notes", async () => {
      await presses(adas, "mic");
      await until("the microphone is on", () => ada.has('[data-testid="mic"][data-on="true"]'));
      await reads(olga, "grid-room", /Testing\s+2\s+1\b/, { within_ms: 15_000 });
      await adas.mustSee("the microphone");
      await presses(adas, "breakout-help");
      await olgas.takesOver();
      await presses(olgas, "acknowledge");
      await olga.waitGone("acknowledge");
      await comes(olgas, "breakouts-grid", "answering a call");
      await reads(ada, "breakout-help-state", /coming/);

      // The notes came to the front with the room; the banner leads to them.
      await adas.takesOver();
      await presses(adas, "breakout-notes");
      await adas.write("card-input", "Roll back first");
      await adas.activate("card-add");
      await reads(bo, "cards", /Roll back first/);
      await presses(adas, "card-edit");
      await comes(adas, "card-words", "changing a note");
      await adas.press("Escape");
      await comes(adas, "card-edit", "leaving it");
      await adas.press("Enter");
      await comes(adas, "card-words", "changing it again");
      await adas.press("Control+KeyA");
      await adas.type("Roll forward first");
      await presses(adas, "card-save");
      await comes(adas, "card-edit", "saving");
      await reads(bo, "cards", /Roll forward first/);
      const mine = await itemOf(ada, "card", "Roll forward", "card");
      await meanwhile(bo, async () => {
        await bo.fill("card-input", "Write it down");
        await bo.click("card-add");
      });
      const his = await itemOf(ada, "card", "Write it down", "card");
      await adas.takesOver();
      await presses(adas, "card-vote", { item: his });
      await reads(bo, `[data-card="${his}"]`, /1 vote/);
      await becomes("the note with the focus after supporting", async () => (await adas.mustSee("supporting")).item, his);
      await meanwhile(bo, () => bo.click(`[data-card="${his}"] [data-testid="card-erase"]`));
      await readsNot(ada, "cards", /Write it down/);
      assert.equal((await comes(adas, "card-", "somebody erased the note")).item, mine);
      const stops = await adas.goesThrough();
      for (const needed of ["breakout-help", "breakout-leave", "mic", "card-input", "chat-input"]) assert.ok(stops.includes(needed), `no ${needed} in ${stops}`);
    });

    it("organiser: extends, tells and brings back; participant: comes back alone, then with all", async () => {
      await olgas.takesOver();
      await olgas.activate("breakouts-extend");
      await reads(ada, "breakout-left", /\b(1[6-9]|20):/);
      await olgas.write("breakouts-tell", "Three points, please");
      await olgas.press("Enter");
      await reads(ada, "breakout-told", /Three points/);
      await olgas.comesTo("breakouts-tell", "telling");
      await heard(ada, "polite", /Three points/);

      await adas.takesOver();
      await presses(adas, "breakout-leave");
      await comes(adas, "p Your breakout room", "coming back alone");
      await presses(adas, "breakout-go");
      await comes(adas, "p You are in “Testing”", "going again");
      await adas.tabTo("breakout-leave");
      await olgas.takesOver();
      await olgas.activate("breakouts-back");
      await ada.waitGone("breakout-leave");
      await comes(adas, "p You are in “Testing”", "the way back is about to close");
      await adas.tabTo("breakout-notes");
      await heard(ada, "polite", /Everybody goes back in 30 seconds/);
      await ada.waitGone("breakout-banner", BACK_MS_MAX);
      await comes(adas, "main", "being brought back");
      await until("Olga can plan again", () => olga.has("breakouts-wizard"));
      await olgas.mustSee("the end of the round");
    });

    it("participant: chooses a room among those of the list", async () => {
      await olgas.takesOver();
      await writesAnew(olgas, "breakouts-each", "2");
      await olgas.tabTo("breakouts-mode");
      await olgas.press("Home");
      await olgas.press("ArrowDown");
      await presses(olgas, "breakouts-prepare");
      await comes(olgas, "breakouts-draft", "the preview");
      await olgas.activate("breakouts-send");
      await adas.takesOver();
      await ada.waitFor("breakout-room");
      const room = await itemOf(ada, "breakout-room", "Room 2", "room");
      await presses(adas, "breakout-room", { item: room });
      await comes(adas, "p You are in “Room 2”", "choosing a room");
      await reads(olga, `[data-testid="grid-room"][data-room="${room}"]`, /Room 2\s+1\b/);
      await presses(adas, "breakout-leave");
      await ada.waitFor("breakout-room");
      await comes(adas, "p ", "leaving it");
    });

    it("nothing was said over anything else, and no page complained", async () => {
      // To the stand and back; to the room, back, to the room, back with all; to the chosen one and back.
      const texts = async () => (await saidAloud(ada)).urgent.map(({ text }) => text);
      await until("eight urgent sentences were said", async () => (await texts()).length >= 8);
      const { polite, urgent } = await saidAloud(ada);
      const gaps = polite.slice(1).map(({ at_ms }, i) => Math.round(at_ms - polite[i].at_ms));
      assert.ok(polite.length > 4 && gaps.every((gap) => gap >= POLITE_EVERY_MS_MIN), `polite messages came after ${gaps.join(", ")} ms`);
      assert.equal(urgent.length, 8, JSON.stringify(await texts()));
      for (const page of [ada, bo, cleo, olga]) assert.deepEqual(page.errors, [], page.name);
    });
  });
