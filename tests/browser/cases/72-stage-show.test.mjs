// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// What stands around a talk: captions that somebody types and that a program sends.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";

import { startChromium } from "../lib/browsers.mjs";
import { join, joinAs } from "../lib/fair.mjs";
import { EVENT, STAGE, startServer } from "../lib/server.mjs";
import { until } from "../lib/until.mjs";

/** A line is read while it still belongs to what is being said. */
const WITHIN_MS = 1_000;

describe("around a talk", () => {
  let server, chromium, ada, bo, captioner, token;
  before(async () => {
    server = await startServer();
    chromium = await startChromium();
    [ada, bo, captioner] = await Promise.all(["Ada", "Bo", "Cleo"].map((name) => chromium.newPage(name)));
    for (const page of [ada, bo]) {
      await join(server, page);
      await page.click("first-visit-dismiss");
    }
    await joinAs(server, captioner, "captioner");
    // The same token is the same source: its lines replace each other.
    token = await server.token("captioner", "Listener");
  });
  after(async () => {
    await chromium?.stop();
    await server?.stop();
  });

  const read = (page) =>
    page.evaluate(() => [...document.querySelectorAll('[data-testid="caption"]')].map((one) => `${one.lang} ${one.innerText}`));

  const reads = (page, wanted) =>
    until(`${page.name} reads "${wanted}"`, async () => (await read(page)).at(-1) === wanted, { within_ms: WITHIN_MS });

  async function chooses(page, lang) {
    await page.click("captions-button");
    await page.click("captions-on");
    await page.evaluate((tag) => {
      const select = document.querySelector('[data-testid="captions-lang"]');
      select.append(new Option(tag, tag));
      select.value = tag;
      select.dispatchEvent(new Event("change", { bubbles: true }));
    }, lang);
    await page.click("captions-button");
    await page.waitFor("captions");
  }

  async function posts(lines) {
    const answer = await fetch(`${server.base}/api/v1/events/${EVENT}/rooms/${STAGE}/captions`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      body: JSON.stringify({ lines }),
    });
    assert.equal(answer.status, 204, await answer.text());
  }

  it("what is typed and what a program sends is read within a second, each in the language chosen", async () => {
    await chooses(ada, "it");
    await chooses(bo, "en");
    await captioner.waitFor("caption-line");
    await captioner.evaluate(() => {
      const select = document.querySelector('[data-testid="caption-lang"]');
      select.value = "it";
      select.dispatchEvent(new Event("change", { bubbles: true }));
    });
    await captioner.fill("caption-line", "Buongiorno a tutti");
    await reads(ada, "it Buongiorno a tutti");
    await captioner.click("caption-finish");
    await until("the line is final", () => ada.evaluate(() => document.querySelector('[data-testid="caption"]')?.dataset.final === "true"));
    await posts([{ lang: "en", text: "Good morning", final: false, sequence: 1 }]);
    await reads(bo, "en Good morning");
    await posts([{ lang: "en", text: "Good morning everybody", final: true, sequence: 1 }]);
    await reads(bo, "en Good morning everybody");
    assert.equal((await read(bo)).length, 1, "what was being said was replaced");
    // What nobody has said anything after for a while is no longer shown.
    assert.ok((await read(ada)).every((line) => line === "it Buongiorno a tutti"), "Ada reads Italian alone");
  });

  it("the transcript has what was said, also after the page was loaded anew", async () => {
    await bo.reload();
    await bo.waitFor("captions");
    await bo.click("captions-button");
    await bo.click("open-transcript");
    await until("Bo reads it again", async () => (await bo.text("transcript"))?.includes("Good morning everybody"));
    const live = await bo.evaluate(() => document.querySelector('[data-testid="transcript"]').getAttribute("aria-live"));
    assert.equal(live, "off");
  });
});
