// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// Chromium (Playwright) and Firefox (Puppeteer over WebDriver BiDi) behind one small page object.

import { readFileSync } from "node:fs";
import { join } from "node:path";

import { chromium } from "playwright-core";
import puppeteer from "puppeteer-core";

import { artifactsDir, browserTestsDir, chromiumPath, firefoxPath } from "./paths.mjs";
import { until } from "./until.mjs";

const probeSource = readFileSync(join(browserTestsDir, "lib/probe.js"), "utf8");
const SIZE = { width: 1280, height: 800 };
/** What Playwright and Puppeteer allow of themselves. */
const FILL_MS_MAX = 30_000;

const CHROMIUM_ARGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-background-networking",
  "--disable-background-timer-throttling",
  "--disable-backgrounding-occluded-windows",
  "--disable-renderer-backgrounding",
  "--disable-component-update",
  "--disable-sync",
  "--disable-features=WebRtcHideLocalIpsWithMdns,Translate,MediaRouter",
  "--allow-loopback-in-peer-connection",
  "--use-fake-ui-for-media-stream",
  "--use-fake-device-for-media-stream",
];

const FIREFOX_PREFS = {
  "media.navigator.streams.fake": true,
  "media.navigator.permission.disabled": true,
  "media.peerconnection.ice.loopback": true,
  "media.peerconnection.ice.obfuscate_host_addresses": false,
  "media.autoplay.default": 0,
  "media.autoplay.blocking_policy": 0,
  "media.gmp-manager.url": "",
  "app.update.enabled": false,
  "network.captive-portal-service.enabled": false,
  "network.connectivity-service.enabled": false,
  "dom.min_background_timeout_value": 4,
  "dom.timeout.enable_budget_timer_throttling": false,
};

/** Elements are named by their `data-testid`; what holds a bracket is a selector already. */
const selectorOf = (name) => (name.includes("[") ? name : `[data-testid="${name}"]`);

/** In a page: why an element could not be used, as far as it can be seen now. */
const inTheWay = (selector) => {
  const at = document.querySelector(selector);
  if (!at) return "it is gone";
  if (!at.checkVisibility({ visibilityProperty: true, opacityProperty: true })) return "it is hidden";
  if (at.matches(":disabled, [aria-disabled=true]")) return "it is disabled";
  const { left, top, width, height } = at.getBoundingClientRect();
  const over = document.elementFromPoint(left + width / 2, top + height / 2);
  if (!over) return "it is out of sight";
  if (at.contains(over) || over.contains(at)) return "nothing covers it: it moves, or the page is too busy";
  const named = over.closest("[data-testid]")?.dataset.testid;
  const name = over.tagName.toLowerCase() + [...over.classList].map((one) => `.${one}`).join("");
  return `${name}${named ? ` of ${named}` : ""} lies over it`;
};

/** A page of either browser. Elements are named by their `data-testid`. */
class Page {
  constructor(name, native, kind, session = null) {
    this.name = name;
    this.native = native;
    this.kind = kind;
    this.session = session;
    this.errors = [];
    native.on("pageerror", (error) => this.errors.push(String(error?.stack ?? error)));
    native.on("console", (message) => {
      if (message.type() === "error") this.errors.push(message.text());
    });
  }

  goto(url) {
    return this.native.goto(url, { waitUntil: "domcontentloaded" });
  }

  reload() {
    return this.native.reload({ waitUntil: "domcontentloaded" });
  }

  /** Runs a function, or a text as a script, in the page. Never counts as a gesture of the user. */
  async evaluate(work, argument) {
    if (!this.session) return this.native.evaluate(work, argument);
    // Playwright's own `evaluate` gives the page a user's gesture, and so leave to play sound.
    const expression = typeof work === "string" ? work : `(${work})(${JSON.stringify(argument)})`;
    const { result, exceptionDetails } = await this.session.send("Runtime.evaluate", {
      expression,
      awaitPromise: true,
      returnByValue: true,
      userGesture: false,
    });
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    return result.value;
  }

  /** Calls a function of `probe.js` in the page. */
  probe(name, argument) {
    return this.evaluate(([called, given]) => globalThis.__probe[called](given), [name, argument ?? null]);
  }

  waitFor(testid, within_ms = 10_000) {
    return until(`${this.name} shows ${testid}`, () => this.has(testid), { within_ms });
  }

  waitGone(testid, within_ms = 10_000) {
    return until(`${this.name} hides ${testid}`, async () => !(await this.has(testid)), { within_ms });
  }

  has(testid) {
    return this.evaluate((selector) => {
      const found = document.querySelector(selector);
      return Boolean(found?.checkVisibility({ visibilityProperty: true, opacityProperty: true }));
    }, selectorOf(testid));
  }

  text(testid) {
    return this.evaluate((selector) => document.querySelector(selector)?.innerText.trim() ?? null, selectorOf(testid));
  }

  /** A real click, as of a mouse, once the element takes one: it counts as the user's gesture. */
  async click(testid, within_ms = 10_000) {
    const selector = selectorOf(testid);
    await this.waitFor(testid, within_ms);
    // Playwright waits for this by itself.
    if (this.kind === "firefox") {
      const takes = () => this.evaluate((it) => !document.querySelector(it)?.matches("[aria-disabled=true]"), selector);
      await until(`${this.name} may press ${testid}`, takes, { within_ms });
    }
    await this.#does(`click ${testid}`, selector, within_ms, () =>
      this.kind === "chromium"
        ? this.native.click(selector, { timeout: within_ms })
        : this.native.locator(selector).setTimeout(within_ms).click());
  }

  async fill(testid, value) {
    const [selector, within_ms] = [selectorOf(testid), FILL_MS_MAX];
    await this.waitFor(testid);
    await this.#does(`fill ${testid}`, selector, within_ms, () =>
      this.kind === "chromium"
        ? this.native.fill(selector, value, { timeout: within_ms })
        : this.native.locator(selector).setTimeout(within_ms).fill(value));
  }

  /** What the driver does with an element; where it cannot, one sentence instead of the driver's log. */
  async #does(what, selector, within_ms, work) {
    try {
      await work();
    } catch (error) {
      const [first] = String(error?.message ?? error).split("\n");
      if (!/time(d )?out/i.test(first)) throw new Error(`${this.name} could not ${what}: ${first}`);
      const why = await this.evaluate(inTheWay, selector).catch(() => "the page does not answer");
      throw new Error(`${this.name} could not ${what} within ${within_ms} ms: ${why}`);
    }
  }

  async size(width, height) {
    if (this.kind === "chromium") await this.native.setViewportSize({ width, height });
    else await this.native.setViewport({ width, height });
  }

  async screenshot(name, { width = 1440, height = 900 } = {}) {
    await this.size(width, height);
    const path = join(artifactsDir, `${name}-${width}.png`);
    await this.native.screenshot({ path });
    return path;
  }

  close() {
    return this.native.close();
  }
}

/**
 * Starts Chromium. `autoplay: "blocked"` keeps the policy of an ordinary visitor; the default lets media play.
 * `args` are further switches; `executablePath` may be a program that starts the browser elsewhere.
 */
export async function startChromium({ autoplay = "allowed", args = [], executablePath = chromiumPath } = {}) {
  const policy = autoplay === "allowed" ? ["--autoplay-policy=no-user-gesture-required"] : ["--autoplay-policy=document-user-activation-required"];
  const browser = await chromium.launch({
    executablePath,
    headless: true,
    ignoreDefaultArgs: ["--mute-audio"],
    args: [...CHROMIUM_ARGS, ...policy, ...args],
  });
  return {
    kind: "chromium",
    native: browser,
    /** A page with a profile of its own: a person of its own. `camera` and `media_via`: see `probe.js`. */
    // `bypassCSP` lets the page take an instrument of the test as a script.
    newPage: async (name, { camera, media_via, locale = "en-GB", reducedMotion, bypassCSP } = {}) => {
      const context = await browser.newContext({ viewport: SIZE, locale, reducedMotion, bypassCSP });
      await context.addInitScript(probeScript({ camera, media_via }));
      return chromiumPage(name, context);
    },
    /** A second tab of the same person. */
    newTab: (page, name) => chromiumPage(name, page.native.context()),
    stop: () => browser.close(),
  };
}

async function chromiumPage(name, context) {
  const native = await context.newPage();
  return new Page(name, native, "chromium", await context.newCDPSession(native));
}

/** Starts Firefox ESR. */
export async function startFirefox({ prefs = {} } = {}) {
  const browser = await puppeteer.launch({
    browser: "firefox",
    executablePath: firefoxPath,
    headless: true,
    extraPrefsFirefox: { ...FIREFOX_PREFS, ...prefs },
  });
  return {
    kind: "firefox",
    native: browser,
    newPage: async (name, { camera, media_via } = {}) => {
      const context = await browser.createBrowserContext();
      const native = await context.newPage();
      await native.setViewport(SIZE);
      await native.evaluateOnNewDocument(probeScript({ camera, media_via }));
      return new Page(name, native, "firefox");
    },
    stop: () => browser.close(),
  };
}

const probeScript = (options) => `(${probeSource})(${JSON.stringify(options)})`;
