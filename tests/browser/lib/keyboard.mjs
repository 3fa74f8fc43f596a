// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// A person who has a keyboard and nothing else, in either browser. Wherever the focus comes, it must be seen; nowhere
// may it get lost or caught.

import { until } from "./until.mjs";

/** Stops of the Tab key on one way; a page that needs more has no way. */
const STOPS_MAX = 90;
/** A page that is very busy takes so long for a key. */
const KEY_MS_MAX = 1_000;

/** Where the focus is, and whether it can be seen there. */
const whereNow = () => {
  const at = document.activeElement;
  const testid = at?.dataset?.testid ?? null;
  const name = testid ?? `${at?.tagName.toLowerCase()} ${at?.getAttribute("aria-label") ?? at?.textContent?.trim().slice(0, 40)}`;
  if (!at || at === document.body || at === document.documentElement) return { name: "body", lost: true };
  const style = getComputedStyle(at);
  const box = at.getBoundingClientRect();
  const inside = box.width > 0 && box.height > 0 && box.bottom > 0 && box.right > 0 && box.top < innerHeight && box.left < innerWidth;
  const x = Math.min(Math.max(box.left + box.width / 2, 0), innerWidth - 1);
  const y = Math.min(Math.max(box.top + box.height / 2, 0), innerHeight - 1);
  const top = document.elementFromPoint(x, y);
  // A label may lie over its own switch.
  const uncovered = top !== null && (at.contains(top) || top.contains(at) || top.closest("label")?.control === at);
  const ring = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
  // Programs put the focus on headings and on the page's main part, to read on from there: those need no ring.
  const reads = at.tabIndex < 0;
  const item = at.closest("[data-question], [data-participant], [data-poll], [data-stand], [data-room], [data-card]");
  const { question, participant, poll, stand, room, card } = item?.dataset ?? {};
  const hidden = [
    ...(inside ? [] : ["it is not on the screen"]),
    ...(inside && !uncovered ? [`${top?.className || top?.tagName} lies over it`] : []),
    ...(ring || reads ? [] : ["it has no ring"]),
  ].join(", ");
  return { testid, name, lost: false, hidden, seen: hidden === "", item: question ?? participant ?? poll ?? stand ?? room ?? card ?? null };
};

/** Whether a control comes before the one that has the focus. */
const isBefore = ({ testid, item }) => {
  const all = [...document.querySelectorAll(`[data-testid="${testid}"]`)];
  const of = (one) => {
    const at = one.closest("[data-question], [data-participant], [data-poll], [data-stand], [data-room], [data-card]");
    const { question, participant, poll, stand, room, card } = at?.dataset ?? {};
    return question ?? participant ?? poll ?? stand ?? room ?? card;
  };
  const target = item === null ? all[0] : all.find((one) => of(one) === item);
  const at = document.activeElement;
  return Boolean(target && at !== document.body && at.compareDocumentPosition(target) & Node.DOCUMENT_POSITION_PRECEDING);
};

/** Whether an item has the control: another one may have it before. */
const isThere = ({ testid, item }) =>
  [...document.querySelectorAll(`[data-testid="${testid}"]`)].some((one) => {
    const at = one.closest("[data-question], [data-participant], [data-poll], [data-stand], [data-room], [data-card]");
    return Object.values(at?.dataset ?? {}).includes(item);
  });

/** The names of the first and the last control of the page, as `whereNow` names them. */
const ends = () => {
  const all = [...document.querySelectorAll("a[href], button, input, select, textarea, summary")];
  const stops = all.filter((one) => one.tabIndex >= 0 && !one.disabled && one.checkVisibility({ visibilityProperty: true }));
  const name = (one) => one.dataset.testid ?? `${one.tagName.toLowerCase()} ${one.getAttribute("aria-label") ?? one.textContent.trim().slice(0, 40)}`;
  return [name(stops[0]), name(stops.at(-1))];
};

export class Keyboard {
  constructor(page) {
    this.page = page;
    this.keys = page.native.keyboard;
  }

  /** Only one page of a browser has the keyboard. */
  async takesOver() {
    await this.page.native.bringToFront();
  }

  /** One key, or several held together such as `Alt+Shift+KeyC`. */
  async press(combination) {
    const keys = combination.split("+");
    const last = keys.pop();
    for (const key of keys) await this.keys.down(key);
    await this.keys.press(last === "Space" && this.page.kind === "firefox" ? " " : last);
    for (const key of keys.reverse()) await this.keys.up(key);
  }

  async type(text) {
    await this.keys.type(text);
  }

  where() {
    return this.page.evaluate(whereNow);
  }

  /** The focus is somewhere, and is seen there. */
  async mustSee(after) {
    return until(`${this.page.name} sees the focus after ${after}`, async () => {
      const at = await this.where();
      if (at.lost || !at.seen) throw new Error(`it is on ${at.name}; ${at.hidden}`);
      return at;
    }, { within_ms: 3_000 });
  }

  /** The focus comes, by itself, to what has this test id, and is seen there. */
  async comesTo(testid, after) {
    return until(`the focus of ${this.page.name} comes to ${testid} after ${after}`, async () => {
      const at = await this.where();
      if (at.testid !== testid || !at.seen) throw new Error(`it is on ${at.name}; ${at.hidden ?? "lost"}`);
      return at;
    }, { within_ms: 5_000 });
  }

  /** Tab or Shift+Tab, whichever leads there, until the focus is on `testid`, of the given item where there are several. */
  async tabTo(testid, { item = null } = {}) {
    const is = (at) => at.testid === testid && (item === null || at.item === item);
    await this.page.waitFor(testid);
    if (item !== null) await until(`${this.page.name} has ${testid} of ${item}`, () => this.page.evaluate(isThere, { testid, item }));
    return this.#walk(await this.page.evaluate(isBefore, { testid, item }), is, testid);
  }

  async #walk(back, is, towards) {
    const way = [];
    for (let stop = 0; stop < STOPS_MAX; stop += 1) {
      const at = await this.where();
      if (is(at)) return way;
      await this.#tab(back);
      const next = await this.where();
      way.push(next.name);
      if (!next.seen) await this.mustSee(`Tab on the way ${way.join(", ")}`);
    }
    throw new Error(`${this.page.name}: Tab never comes to ${towards}; the way was ${way.join(", ")}`);
  }

  /** The Tab key, until the page has done what it does: the key that goes up comes after that. */
  async #tab(back) {
    const before = await this.page.evaluate(() => {
      if (globalThis.__tabs === undefined) addEventListener("keyup", ({ key }) => (globalThis.__tabs += Number(key === "Tab")), { capture: true });
      return (globalThis.__tabs ??= 0);
    });
    await this.press(back ? "Shift+Tab" : "Tab");
    // Past the last control the browser's own come, and the key goes up there.
    const letGo = () => this.page.evaluate((tabs) => globalThis.__tabs > tabs || !document.hasFocus(), before);
    await until("the key was let go", letGo, { within_ms: KEY_MS_MAX }).catch(() => {});
  }

  /** Goes to a control and presses it. */
  async activate(testid, { key = "Enter", item = null } = {}) {
    await this.tabTo(testid, { item });
    await this.press(key);
    return this.mustSee(`${key} on ${testid}`);
  }

  /** Goes to a field and writes there. */
  async write(testid, text, options) {
    await this.tabTo(testid, options);
    await this.type(text);
  }

  /** From the first control of the page to the last by Tab, then back to the first: there is no trap. Answers the stops. */
  async goesThrough() {
    const [first, last] = await this.page.evaluate(ends);
    await this.#walk(true, (at) => at.name === first, first);
    const stops = await this.#walk(false, (at) => at.name === last, last);
    await this.#walk(true, (at) => at.name === first, first);
    return stops;
  }
}

/** Keeps what the announcer says in a page, with the time of each sentence. */
export const listenAloud = (page) =>
  page.evaluate(() => {
    const said = { polite: [], urgent: [] };
    globalThis.__aloud = said;
    for (const [kind, testid] of [["polite", "announcer"], ["urgent", "announcer-urgent"]]) {
      const region = document.querySelector(`[data-testid="${testid}"]`);
      new MutationObserver(() => {
        const text = region.textContent.trim();
        if (text) said[kind].push({ at_ms: performance.now(), text });
      }).observe(region, { childList: true, characterData: true, subtree: true });
    }
  });

export const saidAloud = (page) => page.evaluate(() => globalThis.__aloud);
