// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// What people around a stage do and see: questions, chat, polls, hands; and what moderators do with them.

import { until } from "./until.mjs";

/** Opens a panel by its button, unless it is open: what is in it may come later than the panel itself. */
async function open(page, button) {
  await page.waitFor(button);
  const isOpen = () => page.evaluate((it) => document.querySelector(`[data-testid="${it}"]`)?.ariaExpanded === "true", button);
  if (!(await isOpen())) await page.click(button);
  await until(`${page.name} has ${button} open`, isOpen);
}

/** Opens a tab of the panel, unless it is open. */
export async function openPanel(page, tab) {
  await open(page, "panel-attend");
  const name = `panel-tab-${tab}`;
  const isOpen = () => page.evaluate((it) => document.querySelector(`[data-testid="${it}"]`)?.ariaSelected === "true", name);
  if (!(await isOpen())) await page.click(name);
  await until(`${page.name} has ${tab} open`, isOpen);
}

/** Opens what only moderators have: it is fetched when it is opened first. */
export async function openDirect(page) {
  await open(page, "panel-direct");
  await page.waitFor("direct");
}

/** What was sent is answered: the field is empty, or says why it was refused. Who sends before is not heard. */
export const answered = (page, testid) =>
  until(`what ${page.name} sent by ${testid} is answered`, () =>
    page.evaluate((it) => {
      const field = document.querySelector(`[data-testid="${it}-input"]`);
      return field?.value === "" || document.querySelector(`[data-testid="${it}-refused"]`) !== null;
    }, testid));

export async function ask(page, text, { anonymous = false } = {}) {
  await openPanel(page, "questions");
  await page.fill("ask-input", text);
  if (anonymous) await page.click("ask-anonymous");
  await page.click("ask-send");
  await answered(page, "ask");
}

export async function say(page, text) {
  await openPanel(page, "chat");
  await page.fill("chat-input", text);
  await page.click("chat-send");
  await answered(page, "chat");
}

/** The id and the stage of a question, once the page shows it. */
export function question(page, text, { stage = null, within_ms = 10_000 } = {}) {
  return until(
    `${page.name} sees the question "${text}"${stage ? ` as ${stage}` : ""}`,
    async () => {
      const found = await page.evaluate((words) => {
        const all = [...document.querySelectorAll('[data-testid^="question-"]')];
        const it = all.find((one) => one.innerText.includes(words));
        if (!it) return null;
        const upvotes = Number(it.querySelector('[data-testid="upvotes"], .count')?.innerText ?? NaN);
        return { id: it.dataset.testid.slice("question-".length), stage: it.dataset.stage, upvotes, text: it.innerText };
      }, text);
      return found && (!stage || found.stage === stage) && found;
    },
    { within_ms },
  );
}

export async function upvote(page, text) {
  const { id } = await question(page, text);
  await page.click(`upvote-${id}`);
}

/** Texts of the chat as the page shows it, oldest first. */
export const chatOf = (page) =>
  page.evaluate(() => [...document.querySelectorAll('[data-testid^="message-"]')].map((one) => one.innerText));

/** A selector for something within the moderator's card of a question. */
export async function cardOf(page, text, what) {
  const id = await until(`${page.name} has a card of "${text}"`, () =>
    page.evaluate((words) => {
      const all = [...document.querySelectorAll("[data-question]")];
      return all.find((one) => one.innerText.includes(words))?.dataset.question ?? null;
    }, text),
  );
  return `[data-question="${id}"] [data-testid="${what}"]`;
}

/** Chooses in a list, by the value of its entry. */
export async function choose(page, testid, value) {
  await page.waitFor(testid);
  await page.evaluate(([name, wanted]) => {
    const list = document.querySelector(`[data-testid="${name}"]`);
    const at = [...list.options].findIndex((one) => one.value === wanted);
    if (at < 0) throw new Error(`${name} has no ${wanted}`);
    list.selectedIndex = at;
    list.dispatchEvent(new Event("change", { bubbles: true }));
  }, [testid, value]);
}

/** A moderator prepares a poll and opens it; `fill` writes what only polls of its kind have. */
export async function openPoll(page, asks, options = [], { kind = "single", fill = null } = {}) {
  await openDirect(page);
  await choose(page, "poll-draft-kind", kind);
  await page.fill("poll-draft-question", asks);
  for (const [at, option] of options.entries()) {
    const field = `poll-draft-option-${at + 1}`;
    if (!(await page.has(field))) await page.click("poll-draft-add");
    await page.fill(field, option);
  }
  // Few people vote in a test: the results come from the first answer on.
  if (kind !== "quiz") await choose(page, "poll-draft-min", "1");
  await fill?.();
  await page.click("poll-draft-save");
  await page.click("poll-open");
}

/** A selector for a button beside somebody in the moderator's lists of who is on and behind the stage. */
export async function beside(page, name, what) {
  const id = await until(`${page.name} has ${name} in a list with ${what}`, () =>
    page.evaluate(
      ([who, button]) => {
        const all = [...document.querySelectorAll("[data-participant]")];
        const row = all.find((one) => one.innerText.includes(who) && one.querySelector(`[data-testid="${button}"]`));
        return row?.dataset.participant ?? null;
      },
      [name, what],
    ),
  );
  return `[data-participant="${id}"] [data-testid="${what}"]`;
}
