// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// The pages as they are: axe finds nothing serious in any state, in both languages, wide and narrow; a screenshot of
// each is kept in artifacts/ to be looked at.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before, describe, it } from "node:test";

import { startChromium } from "../lib/browsers.mjs";
import { startLink } from "../lib/cut.mjs";
import { enterBackstage, goOnAir, join, joinAs } from "../lib/fair.mjs";
import { showsClip } from "../lib/senses.mjs";
import { EVENT, STAGE, startDemoSpeaker, startServer } from "../lib/server.mjs";
import { until } from "../lib/until.mjs";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const SIZES = [
  { width: 1440, height: 900 },
  { width: 390, height: 844 },
];
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

/** Screenshots and axe at both sizes; what is found is kept until the visit ends. */
async function inspect(page, state) {
  const { found } = page;
  for (const size of SIZES) {
    await page.screenshot(state, size);
    await page.evaluate(axe);
    const { violations } = await page.evaluate(
      (tags) => globalThis.axe.run(document, { runOnly: { type: "tag", values: tags }, resultTypes: ["violations"] }),
      RULES,
    );
    for (const { id, impact, help, nodes } of violations) {
      if (impact !== "serious" && impact !== "critical") continue;
      found.push(`${state} at ${size.width} px: ${id} (${impact}): ${help}: ${nodes.map((node) => node.target).join(", ")}`);
    }
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    if (wide > 0) found.push(`${state} at ${size.width} px: scrolls sideways by ${wide} px`);
  }
}

describe("page states", () => {
  let server, link, chromium, demo;
  before(async () => {
    server = await startServer();
    link = await startLink(server);
    chromium = await startChromium({ autoplay: "blocked" });
  });
  after(async () => {
    await chromium?.stop();
    await demo?.stop();
    await link?.stop();
    await server?.stop();
  });

  const visit = async (name, options, work) => {
    const page = await chromium.newPage(name, { reducedMotion: "reduce", ...options });
    page.found = [];
    try {
      await work(page);
      assert.ok(page.found.length === 0, page.found.join("\n"));
    } finally {
      await page.close();
    }
  };

  it("door", () =>
    visit("Door", {}, async (page) => {
      await page.goto(`${server.url}/e/${EVENT}`);
      await page.waitFor("join");
      await inspect(page, "door-en");
      await page.click("lang-it");
      await inspect(page, "door-it");
    }));

  it("door of an unknown event", () =>
    visit("Lost", {}, async (page) => {
      await page.goto(`${server.url}/e/no-such-event`);
      await page.waitFor("refusal");
      await inspect(page, "door-unknown");
    }));

  it("stage with nobody on air", () =>
    visit("Early", {}, async (page) => {
      await join(server, page);
      await page.waitFor("stage-empty");
      await inspect(page, "stage-empty");
    }));

  it("stage with somebody on air, in both languages, and the list of people", async () => {
    demo = await startDemoSpeaker(server);
    await visit("Listener", {}, async (page) => {
      await join(server, page);
      await showsClip(page, { source: "camera" });
      await inspect(page, "stage-en");
      await page.click("lang-it");
      await inspect(page, "stage-it");
      await page.size(1440, 900);
      await page.click("people-button");
      await inspect(page, "stage-people");
    });
  });

  it("a part of the page that the server has no more", () =>
    visit("Late", {}, async (page) => {
      await join(server, page);
      await page.waitFor("agenda-button");
      await page.native.route(/\/assets\/programme-/, (route) => route.fulfill({ status: 404 }));
      await page.click("agenda-button");
      await page.waitFor("missing");
      await inspect(page, "missing-part");
      // It stands in what fills the screen too, and takes a click there.
      await page.size(1440, 900);
      await page.click("full-screen");
      await until("the stage fills the screen", () => page.evaluate(() => document.fullscreenElement !== null));
      await page.click("missing-close");
      await page.waitGone("missing");
      await page.click("full-screen");
      await until("the page is back", () => page.evaluate(() => document.fullscreenElement === null));
      // Asked for again: told again, also within a dialog, behind which the page takes no click.
      await page.click("agenda-button");
      await page.waitFor("missing");
      await page.click("keys");
      await page.waitFor('[data-testid="keys-dialog"] [data-testid="missing"]');
      await inspect(page, "missing-part-dialog");
      await page.size(1440, 900);
      await page.click('[data-testid="keys-dialog"] header button');
      await page.waitGone("keys-dialog");
      // Without a connection a reload would lead nowhere.
      const reload = () => page.evaluate(() => document.querySelector('[data-testid="missing-reload"]')?.getAttribute("aria-disabled"));
      await page.native.context().setOffline(true);
      await until("no reload while the network is away", async () => (await reload()) === "true");
      assert.match(await page.text("missing"), /reload when it is back/);
      await page.native.context().setOffline(false);
      await until("a reload when it is back", async () => (await reload()) === "false");
      // A reload leads back inside, where that part is there again.
      await page.native.unroute(/\/assets\/programme-/);
      await page.click("missing-reload");
      await page.waitGone("missing");
      await page.click("agenda-button", 20_000);
      await page.waitFor("agenda-dialog");
      page.errors.length = 0;
    }));

  it("a part that comes at the next try", () =>
    visit("Patient", {}, async (page) => {
      await join(server, page);
      await page.waitFor("keys");
      await page.native.route(/\/assets\/keys-/, (route) => route.abort());
      await page.click("keys");
      await page.waitFor("missing");
      await page.native.unroute(/\/assets\/keys-/);
      await page.click("keys");
      await page.waitFor("keys-dialog");
      await page.waitGone("missing");
      page.errors.length = 0;
    }));

  it("a stage that does not come at the door", () =>
    visit("Early bird", {}, async (page) => {
      let failed = 0;
      await page.native.route(/\/assets\/fair-.*js$/, (route) => (failed += 1, route.abort()));
      await page.goto(`${server.url}/e/${EVENT}`);
      await page.waitFor("join");
      await until("the stage was fetched ahead", async () => failed > 0);
      // Nobody has asked for it yet.
      assert.equal(await page.has("missing"), false);
      await page.fill("name", "Early bird");
      await page.click("join");
      await page.waitFor("missing");
      await page.waitFor("refusal");
      await inspect(page, "door-stage-missing");
      await page.native.unroute(/\/assets\/fair-.*js$/);
      await page.click("join");
      await page.waitFor("stage");
      await page.waitGone("missing");
      page.errors.length = 0;
    }));

  it("sound held back", () =>
    visit("Silent", {}, async (page) => {
      await join(server, page);
      await showsClip(page, { source: "camera" });
      const address = page.native.url();
      await page.goto("about:blank");
      await page.goto(address);
      await page.waitFor("tap-to-hear");
      await inspect(page, "tap-to-hear");
    }));

  it("connection lost", () =>
    visit("Cut", link.page, async (page) => {
      await join(link.server, page);
      await showsClip(page, { source: "camera" });
      await link.set({ cut: true });
      await page.waitFor("connection-banner", 20_000);
      await inspect(page, "connection-lost");
      await link.set({ cut: false });
    }));

  it("speaker: before, backstage, on air, sharing", () =>
    visit("Sara Speaker", { camera: { screen: { color: "#2040ff" } } }, async (page) => {
      await joinAs(server, page, "speaker");
      await page.waitFor("enter-backstage");
      await inspect(page, "speaker-before");
      await page.size(1440, 900);
      await enterBackstage(page);
      await inspect(page, "speaker-backstage");
      await page.size(1440, 900);
      await goOnAir(page);
      await inspect(page, "speaker-on-air");
      await page.size(1440, 900);
      await page.click("share-sound");
      await page.waitFor("stop-share");
      await inspect(page, "speaker-sharing");
    }));

  it("direction", () =>
    visit("Olga Organiser", {}, async (page) => {
      await joinAs(server, page, "organiser");
      await page.waitFor("direct-on-air");
      await inspect(page, "direction");
    }));

  it("a link to a room leads there, and a reload stays where one went since", () =>
    visit("Walker", {}, async (page) => {
      const here = () => page.evaluate(() => document.querySelector('[data-testid="places"] [aria-current]')?.dataset.room);
      const other = "workshop";
      await page.goto(`${server.url}/e/${EVENT}?room=${other}`);
      await page.click("join");
      await until(`Walker is in ${other}`, async () => (await here()) === other);
      await page.click(`[data-testid="places"] [data-room="${STAGE}"]`);
      await until(`Walker is in ${STAGE}`, async () => (await here()) === STAGE);
      await page.reload();
      await page.waitFor("stage");
      await until(`Walker is in ${STAGE} again`, async () => (await here()) === STAGE);
    }));

  it("no page made a request to another host", () =>
    visit("Watcher", {}, async (page) => {
      const foreign = [];
      page.native.on("request", (request) => {
        const { protocol, host } = new URL(request.url());
        if (/^(http|ws)/.test(protocol) && host !== new URL(server.url).host) foreign.push(request.url());
      });
      await join(server, page);
      await showsClip(page, { source: "camera" });
      assert.deepEqual(foreign, []);
    }));
});
