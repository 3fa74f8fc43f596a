// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// The programme that changes while people look at it, a calendar of one's own picks that the server never learns of,
// ideas that become slots or are refused with a reason, and thanks that only who was thanked makes public.

import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "node:test";

import { openPanel } from "../lib/audience.mjs";
import { startChromium } from "../lib/browsers.mjs";
import { startLink } from "../lib/cut.mjs";
import { join, joinAs } from "../lib/fair.mjs";
import { Keyboard } from "../lib/keyboard.mjs";
import { EVENT, startServer } from "../lib/server.mjs";
import { becomes, until } from "../lib/until.mjs";

const IDEA = "A session on incidents";
const OTHER = "A tour of the stands";

describe("agenda, ideas, thanks", () => {
  let server, link, chromium, organiser, ada, bo;
  before(async () => {
    server = await startServer();
    link = await startLink(server);
    chromium = await startChromium();
    [organiser, ada, bo] = await Promise.all(["Olga", "Ada", "Bo"].map((name) => chromium.newPage(name, link.page)));
    await joinAs(link.server, organiser, "organiser");
    for (const page of [ada, bo]) {
      await join(link.server, page);
      await page.click("first-visit-dismiss");
    }
  });
  after(async () => {
    await chromium?.stop();
    await link?.stop();
    await server?.stop();
  });
  // Each begins without a dialog, also when the one before it failed.
  afterEach(async () => {
    for (const page of [organiser, ada, bo]) await close(page);
  });

  /** Screenshots, where they are asked for: SCREENSHOTS=1. */
  async function look(name, page) {
    if (!process.env.SCREENSHOTS) return;
    for (const size of [{ width: 1440, height: 900 }, { width: 390, height: 844 }, { width: 320, height: 640 }]) {
      await page.size(size.width, size.height);
      await page.screenshot(`agenda-${name}`, size);
    }
    await page.size(1440, 900);
  }

  /** The text of the slot or idea with that title in the open list; null: it is not there. */
  const shown = (page, kind, words) =>
    page.evaluate(([selector, text]) => [...document.querySelectorAll(selector)].find((one) => one.querySelector(".title")?.innerText.includes(text))?.innerText ?? null,
      [kind === "slot" ? "[data-slot]" : '[data-testid="idea"]', words]);

  /** Marks the button of a slot or idea, so that it can be clicked. */
  async function press(page, kind, words, testid) {
    await until(`${page.name} finds ${testid} of "${words}"`, () =>
      page.evaluate(([selector, text, name]) => {
        document.querySelectorAll("[data-pressed]").forEach((one) => one.removeAttribute("data-pressed"));
        const item = [...document.querySelectorAll(selector)].find((one) => one.querySelector(".title")?.innerText.includes(text));
        const button = item?.querySelector(`[data-testid="${name}"]`);
        button?.setAttribute("data-pressed", "");
        return Boolean(button);
      }, [kind === "slot" ? "[data-slot]" : '[data-testid="idea"]', words, testid]));
    await page.click("[data-pressed]");
  }

  /** Closes the dialogs of a page; one that is closed goes away a moment later. */
  async function close(page) {
    await page.evaluate(() => document.querySelectorAll("dialog[open]").forEach((one) => one.close()));
    await until(`${page.name} has no dialog`, () => page.evaluate(() => !document.querySelector("dialog")));
  }

  /** The organiser writes another slot at the times of that one: both are told of while she does, and once it is there. */
  async function overlaps(title) {
    const times = await organiser.evaluate((text) => {
      const slot = [...document.querySelectorAll("[data-slot]")].find((one) => one.querySelector(".title")?.innerText.includes(text));
      return [...slot.querySelectorAll("time")].map((one) => new Date(one.dateTime).toLocaleString("sv-SE").slice(0, 16).replace(" ", "T"));
    }, title);
    const warning = () => organiser.text('[data-testid="slot-form"] [data-testid="slot-overlaps"]');
    await organiser.click("slot-add");
    await organiser.fill("slot-title-en", "Round table");
    await organiser.fill("slot-starts", "2031-05-05T10:00");
    await organiser.fill("slot-ends", "2031-05-05T10:30");
    await until("nothing overlaps", async () => (await warning()) === null);
    await organiser.fill("slot-starts", times[0]);
    await organiser.fill("slot-ends", times[1]);
    await until("the form says with what it overlaps", async () => ((await warning()) ?? "").includes(title));
    assert.match(await warning(), /30 min/);
    await until("it is said aloud too", async () => (await organiser.evaluate(() => [...document.querySelectorAll("dialog [aria-live=polite]")].map((one) => one.textContent).join(" "))).includes(title));
    await organiser.click("slot-save");
    await organiser.waitGone("slot-form");
    const inList = async (of) => /\(30 min/.test((await shown(organiser, "slot", of)) ?? "");
    await until("both are marked in the list", async () => (await inList(title)) && (await inList("Round table")));
    await look("overlaps", organiser);
    await press(organiser, "slot", "Round table", "slot-erase");
    await press(organiser, "slot", "Round table", "slot-erase");
    await until("the other is gone", async () => (await shown(organiser, "slot", "Round table")) === null);
  }

  it("follows the organiser who adds, moves and cancels a slot, and refuses one who was slower", async () => {
    for (const page of [organiser, ada]) await page.click("agenda-button");
    await organiser.click("slot-add");
    await organiser.fill("slot-title-en", "Lightning talks");
    await organiser.click("slot-save");
    await until("Ada sees the new slot", () => shown(ada, "slot", "Lightning talks"));
    await organiser.waitGone("slot-form");
    await look("organiser", organiser);
    await overlaps("Lightning talks");
    await press(organiser, "slot", "Lightning talks", "slot-edit");
    await organiser.fill("slot-title-en", "Lightning talks, longer");
    // Another organiser is faster: what was written stays, and is told.
    const second = await chromium.newPage("Piera");
    await joinAs(server, second, "organiser");
    await second.click("agenda-button");
    await press(second, "slot", "Lightning talks", "slot-cancel");
    for (const page of [ada, organiser]) {
      await until(`${page.name} sees that it is cancelled`, async () => /Cancelled|Annullato/.test((await shown(page, "slot", "Lightning talks")) ?? ""));
    }
    await organiser.click("slot-save");
    await until("Olga is told", () => organiser.has('[data-testid="slot-told"][data-told="changedMeanwhile"]'));
    await organiser.click("slot-save");
    await until("Ada sees the second try", () => shown(ada, "slot", "Lightning talks, longer"));
    await second.close?.();
  });

  it("keeps picks in the browser alone and makes a calendar of them", async () => {
    await ada.click("agenda-button");
    await press(ada, "slot", "Lightning talks, longer", "agenda-pick");
    await look("attendee", ada);
    const kept = () => ada.evaluate((event) => Object.entries(localStorage).filter(([key]) => key.startsWith(`fiera.agenda.${event}.`)), EVENT);
    await becomes("picks of Ada, and of nobody else", async () => (await kept()).map(([, ids]) => JSON.parse(ids).length), [1]);
    await ada.evaluate(() => {
      const make = URL.createObjectURL.bind(URL);
      URL.createObjectURL = (file) => {
        void file.text().then((text) => (globalThis.__saved = text));
        return make(file);
      };
    });
    await ada.click("agenda-mine-ics");
    const saved = await until("a calendar is saved", () => ada.evaluate(() => globalThis.__saved ?? null));
    assert.equal(saved.match(/BEGIN:VEVENT/g)?.length, 1, saved);
    assert.ok(saved.startsWith("BEGIN:VCALENDAR\r\n") && saved.includes("Lightning talks") && saved.endsWith("END:VCALENDAR\r\n"), saved);
    const whole = await (await fetch(`${server.url}/api/v1/events/${EVENT}/agenda.ics`)).text();
    assert.ok((whole.match(/BEGIN:VEVENT/g)?.length ?? 0) > 1);
  });

  it("takes an idea from its proposal to a slot, and says why another one is not taken up", async () => {
    for (const page of [organiser, ada, bo]) await page.click("ideas-button");
    for (const [page, words] of [[ada, IDEA], [bo, OTHER]]) {
      await page.click("idea-new");
      await page.fill("idea-title", words);
      await page.click("idea-send");
      for (const reader of [organiser, ada, bo]) await until(`${reader.name} sees "${words}"`, () => shown(reader, "idea", words));
    }
    await press(bo, "idea", IDEA, "idea-vote");
    await press(ada, "idea", IDEA, "idea-vote");
    await until("two support it", async () => /^\s*2\b/.test((await shown(organiser, "idea", IDEA)) ?? ""));
    await look("ideas", ada);
    await press(organiser, "idea", OTHER, "idea-refuse");
    await organiser.fill("idea-note", "There was one last month");
    await organiser.click("idea-refuse-send");
    await until("Bo reads why not", async () => ((await shown(bo, "idea", OTHER)) ?? "").includes("last month"));
    await organiser.waitGone("idea-answer");
    await press(organiser, "idea", IDEA, "idea-plan");
    await organiser.click("slot-save");
    await until("Ada reads that it is planned", async () => /Planned|In programma/.test((await shown(ada, "idea", IDEA)) ?? ""));
    await look("ideas-organiser", organiser);
    const outside = await chromium.newPage("Gil");
    await outside.goto(`${server.url}/e/${EVENT}/ideas`);
    await until("the board is there for everybody", async () => ((await outside.text("ideas-board")) ?? "").includes(IDEA));
    await look("board", outside);
    await outside.goto(`${server.url}/e/${EVENT}/agenda`);
    await until("so is the programme", () => shown(outside, "slot", IDEA));
    await look("page", outside);
  });

  it("goes by keyboard through the agenda and the ideas, and the focus comes back to what opened a form", async () => {
    const keys = new Keyboard(organiser);
    await keys.takesOver();
    await keys.tabTo("agenda-button");
    await keys.press("Enter");
    await organiser.waitFor("agenda-dialog");
    await keys.mustSee("opening the agenda");
    await keys.activate("slot-add");
    await keys.comesTo("slot-title-it", "adding a slot");
    await keys.activate("slot-drop");
    await keys.comesTo("slot-add", "not saving it");
    await keys.activate("slot-edit");
    await keys.comesTo("slot-title-it", "changing a slot");
    await keys.activate("slot-drop");
    await keys.comesTo("slot-edit", "leaving it as it was");
    await keys.press("Escape");
    await organiser.waitGone("agenda-dialog");
    await keys.comesTo("agenda-button", "closing the agenda");

    await keys.tabTo("ideas-button");
    await keys.press("Enter");
    await organiser.waitFor("ideas-dialog");
    await keys.activate("idea-new");
    await keys.comesTo("idea-title", "writing an idea");
    await keys.type("An idea by keyboard");
    await keys.press("Enter");
    await until("the idea is on the board", () => shown(organiser, "idea", "An idea by keyboard"));
    await keys.comesTo("idea-new", "proposing");
    await until("what became of it is said where it can be heard", async () =>
      ((await organiser.text("announcer-ideas-dialog")) ?? "").length > 5, { within_ms: 8_000 });
    // The last one of the list: with a vote it moves to the top, and the focus with it.
    const stands = () => organiser.evaluate((words) => {
      const at = document.activeElement;
      const mine = at.dataset.testid === "idea-vote" && Boolean(at.closest("li")?.innerText.includes(words));
      return { mine, pressed: at.ariaPressed, first: document.querySelector('[data-testid="idea"]').innerText.includes(words) };
    }, "An idea by keyboard");
    for (let stop = 0; stop < 60 && !(await stands()).mine; stop += 1) await keys.press("Tab");
    assert.deepEqual(await stands(), { mine: true, pressed: "false", first: false });
    await keys.press("Enter");
    // The order and one's own vote come in messages of their own.
    await becomes("it moved to the top, and is pressed", stands, { mine: true, pressed: "true", first: true });
    await keys.comesTo("idea-vote", "voting");
    await keys.press("Escape");
    await organiser.waitGone("ideas-dialog");
    await keys.comesTo("ideas-button", "closing the ideas");
  });

  it("keeps what an organiser writes about an idea that is taken back meanwhile, and tells", async () => {
    const words = "A tour of the cellar";
    for (const page of [organiser, ada]) await page.click("ideas-button");
    await ada.click("idea-new");
    await ada.fill("idea-title", words);
    await ada.click("idea-send");
    await until("Olga sees it", () => shown(organiser, "idea", words));
    // The focus goes back to what opened the form: not under the presses that follow.
    await ada.waitGone("idea-form");
    await press(organiser, "idea", words, "idea-refuse");
    await organiser.fill("idea-note", "Too dark");
    // The second press is the sure one.
    const asks = () => ada.text("[data-pressed]");
    await press(ada, "idea", words, "idea-erase");
    await until("Ada is asked whether she is sure", async () => /^Really/.test((await asks()) ?? ""));
    await ada.click("[data-pressed]");
    await until("it is gone", async () => !(await shown(organiser, "idea", words)));
    const at = () => organiser.evaluate(() => [document.activeElement.dataset.testid, document.activeElement.value]);
    await becomes("what Olga wrote, and where she is", at, ["idea-note", "Too dark"]);
    await until("Olga is told", async () => /not there any more/.test((await organiser.text("idea-answer-told")) ?? ""));
    const keys = new Keyboard(organiser);
    await keys.takesOver();
    await keys.activate("idea-answer-drop");
    await organiser.waitGone("idea-answer");
    await keys.mustSee("dropping it");
    assert.ok(await organiser.evaluate(() => document.activeElement.closest("dialog") !== null), "the focus left the dialog");
  });

  /** Presses a button whose answer comes once that has been done which somebody does meanwhile. */
  async function answeredLate(page, testid, meanwhile) {
    await link.set({ cut: true });
    await page.click(testid);
    await meanwhile();
    await link.set({ cut: false });
  }
  /** The field that has the focus, and what is in it. */
  const writes = (page) => page.evaluate(() => [document.activeElement.dataset.testid, document.activeElement.value]);

  it("takes no words, form or focus from somebody when the answer about an idea comes late", async () => {
    for (const page of [organiser, ada]) await page.click("ideas-button");
    await ada.click("idea-new");
    await ada.fill("idea-title", "A day for scripts");
    await answeredLate(ada, "idea-send", () => ada.fill("idea-title", "A night for scripts"));
    // Answers come before what everybody is told.
    for (const page of [ada, organiser]) await until(`${page.name} sees the day`, () => shown(page, "idea", "A day for scripts"));
    await becomes("Ada writes on", () => writes(ada), ["idea-title", "A night for scripts"]);
    await ada.click("idea-send");
    await ada.waitGone("idea-form");
    for (const page of [ada, organiser]) await until(`${page.name} sees the night`, () => shown(page, "idea", "A night for scripts"));

    await press(ada, "idea", "A day for scripts", "idea-edit");
    await ada.fill("idea-title", "A week for scripts");
    await answeredLate(ada, "idea-send", async () => {
      await press(ada, "idea", "A night for scripts", "idea-edit");
      await ada.fill("idea-title", "A long night");
    });
    await until("Ada sees the week", () => shown(ada, "idea", "A week for scripts"));
    await becomes("Ada writes about the night", () => writes(ada), ["idea-title", "A long night"]);
    await ada.click("idea-drop");

    await press(organiser, "idea", "A week for scripts", "idea-refuse");
    await organiser.fill("idea-note", "Too long");
    await answeredLate(organiser, "idea-refuse-send", async () => {
      await press(organiser, "idea", "A night for scripts", "idea-refuse");
      await organiser.fill("idea-note", "Too dark");
    });
    await until("Olga sees the first answer", async () => ((await shown(organiser, "idea", "A week for scripts")) ?? "").includes("Too long"));
    await becomes("Olga writes the second", () => writes(organiser), ["idea-note", "Too dark"]);
  });

  it("takes no words, form or focus from an organiser when the answer about a slot comes late", async () => {
    await organiser.click("agenda-button");
    await press(organiser, "slot", "Lightning talks, longer", "slot-edit");
    await organiser.fill("slot-title-en", "Lightning talks, all day");
    await answeredLate(organiser, "slot-save", () => organiser.fill("slot-title-en", "Lightning talks, all night"));
    await until("Olga sees the day", () => shown(organiser, "slot", "Lightning talks, all day"));
    await becomes("Olga writes on", () => writes(organiser), ["slot-title-en", "Lightning talks, all night"]);
    await becomes("nobody else changed it", () => organiser.text("slot-told"), "");
    // Another form is opened before the answer comes: that one stays.
    await answeredLate(organiser, "slot-save", () => organiser.click("slot-add"));
    await until("Olga sees the night", () => shown(organiser, "slot", "Lightning talks, all night"));
    await becomes("Olga writes about a new one", () => writes(organiser), ["slot-title-it", ""]);
    assert.equal(await organiser.evaluate(() => document.querySelectorAll('[data-testid="slot-form"]').length), 1);
  });

  it("keeps what is typed about somebody when the answer about a thanks comes late", async () => {
    await openPanel(ada, "people");
    const row = await until("Ada finds Olga", () =>
      ada.evaluate(() => [...document.querySelectorAll('[data-testid="roster"] [data-participant]')].find((one) => one.innerText.includes("Olga"))?.dataset.participant ?? null));
    await ada.click(`[data-participant="${row}"] [data-testid="thank"]`);
    await ada.fill("thank-text", "For the programme");
    await answeredLate(ada, "thank-send", () => ada.fill("thank-text", "For the coffee"));
    await openPanel(organiser, "people");
    await until("Olga reads it", async () => ((await organiser.text("thanks-mine")) ?? "").includes("For the programme"));
    await until("Ada knows that it was given", () => ada.has("thanks-given"));
    await becomes("Ada writes on", () => writes(ada), ["thank-text", "For the coffee"]);
  });

  it("thanks in private, and shows it only when who was thanked wants to", async () => {
    await openPanel(ada, "people");
    const row = await until("Ada finds Bo", () =>
      ada.evaluate(() => [...document.querySelectorAll('[data-testid="roster"] [data-participant]')].find((one) => one.innerText.includes("Bo"))?.dataset.participant ?? null));
    await ada.click(`[data-participant="${row}"] [data-testid="thank"]`);
    await ada.fill("thank-text", "For the tour");
    await look("thank", ada);
    await ada.click("thank-send");
    await openPanel(bo, "people");
    await until("Bo reads it", async () => ((await bo.text("thanks-mine")) ?? "").includes("For the tour"));
    await openPanel(organiser, "people");
    assert.ok(!(await organiser.evaluate(() => document.body.innerText.includes("For the tour"))), "others see it");
    await bo.click("thanks-show");
    await until("everybody reads it", async () => ((await organiser.text("thanks-shown")) ?? "").includes("For the tour"));
    await look("thanks", bo);
    await bo.click("thanks-hide");
    await until("and no longer", async () => !((await organiser.text("thanks-shown")) ?? "").includes("For the tour"));
  });

  it("says in words that a mistyped address leads nowhere", async () => {
    const outside = await chromium.newPage("Hal");
    await outside.goto(`${server.url}/nothing/here`);
    await until("a page, not data", async () => ((await outside.text("not-found")) ?? "").length > 10);
    await look("not-found", outside);
  });
});
