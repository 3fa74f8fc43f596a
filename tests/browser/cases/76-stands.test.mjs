// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// A stand as people live it: an attendee opens one, fills its card, another visits it quietly, would reuse it and leaves a
// message; the keeper reads it after a reload, an organiser takes all cards along, a moderator hides it and shows it again.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";

import { startChromium } from "../lib/browsers.mjs";
import { join, joinAs } from "../lib/fair.mjs";
import { EVENT, startServer } from "../lib/server.mjs";
import { until } from "../lib/until.mjs";

const NAME = "Sportello di prova";

/** Opens the list of all stands. */
async function openStands(page) {
  await page.click("all-stands");
  await page.waitFor("stands");
  if (await page.has("stands-back")) await page.click("stands-back");
}

/** Opens a stand from the list by the beginning of its words. */
async function openStand(page, name) {
  await openStands(page);
  const stand = await until(`${page.name} finds ${name}`, () =>
    page.evaluate((name) => [...document.querySelectorAll('[data-testid="stand"]')].find((one) => one.innerText.trim().startsWith(name))?.dataset.stand, name),
  );
  await page.click(`[data-testid="stand-list"] [data-stand="${stand}"]`);
  await page.waitFor("stand-page");
  return stand;
}

describe("stands", () => {
  let server, chromium, keeper, visitor, organiser;
  before(async () => {
    server = await startServer();
    chromium = await startChromium();
    keeper = await chromium.newPage("Lia");
    visitor = await chromium.newPage("Marta");
    organiser = await chromium.newPage("Olga");
    await join(server, keeper);
    await join(server, visitor);
    await joinAs(server, organiser, "organiser");
  });
  after(async () => {
    await chromium?.stop();
    await server?.stop();
  });

  it("is opened with a name and a line, and is there for everybody", async (test) => {
    const from = performance.now();
    await openStands(keeper);
    await keeper.click("stand-new");
    await keeper.fill("stand-name", NAME);
    await keeper.fill("stand-line", "Una riga sola");
    await keeper.click("stand-save");
    await keeper.waitFor("stand-page");
    await keeper.waitFor("keeper-tools");
    const took_ms = Math.round(performance.now() - from);
    test.diagnostic(`opened after ${took_ms} ms`);
    await openStand(visitor, NAME);
    assert.equal(await visitor.has("keeper-tools"), false);
  });

  it("has a card that its keeper fills in, and visitors read it at once", async () => {
    await keeper.click("stand-edit");
    await keeper.fill("card-problem", "Code di due ore, però solo al catasto.");
    await keeper.fill("card-licence", "EUPL-1.2");
    await keeper.click("stand-save");
    for (const page of [keeper, visitor]) {
      await until(`${page.name} reads the card`, async () => (await page.text("stand-card"))?.includes("EUPL-1.2"));
    }
  });

  it("takes what a publiccode.yml says onto its card, once the keeper has looked at it", async () => {
    await keeper.click("stand-edit");
    await keeper.click("publiccode");
    await keeper.fill("publiccode-file", "name: [");
    await keeper.click("publiccode-read");
    await keeper.waitFor("publiccode-fault");
    await keeper.fill("publiccode-file", 'publiccodeYmlVersion: "0.4"\nname: Sportello\nsoftwareVersion: "2.1"\nlegal: { license: AGPL-3.0-only }\nusedBy: [Ente]\nurl: [https://code.example.org]\nmaintenance: { contacts: [{ name: Lia, email: lia@example.org }] }\n');
    await keeper.click("publiccode-read");
    await keeper.waitFor("publiccode-left");
    assert.match(await keeper.text("publiccode-left"), /url.*usedBy/);
    await keeper.click("publiccode-use");
    await keeper.click("stand-save");
    await until("the visitor reads it", async () => /Sportello 2\.1[^]*AGPL-3\.0-only/.test((await visitor.text("stand-card")) ?? ""));
    assert.match(await visitor.text("stand-card"), /Code di due ore/, "what the file does not say stays");
    assert.doesNotMatch(await visitor.text("stand-card"), /lia@example/, "an address is public only where the keeper says so");
  });

  it("is found by a word of its card, without accents and capitals", async () => {
    await openStands(visitor);
    await visitor.fill("stand-search", "PERO SOLO Catasto");
    await until("one is left", () =>
      visitor.evaluate((name) => {
        const found = [...document.querySelectorAll('[data-testid="stand"]')].map((one) => one.innerText);
        return found.length === 1 && found[0].includes(name);
      }, NAME),
    );
    await visitor.fill("stand-search", "");
  });

  it("counts who would reuse it, and names an organisation", async () => {
    await openStand(visitor, NAME);
    await visitor.fill("reuse-organisation", "Comune di Esempio");
    await visitor.click("reuse-yes");
    for (const page of [visitor, keeper]) {
      await until(`${page.name} sees the count`, async () => /1/.test((await page.text("reuse-count")) ?? ""));
    }
    for (const page of [visitor, keeper]) {
      await until(`${page.name} reads the name`, async () => (await page.text("adopters"))?.includes("Comune di Esempio"));
    }
  });

  it("takes a message that its keeper alone reads, after a reload too", async () => {
    await visitor.fill("stand-message-input", "Possiamo sentirci?");
    await visitor.click("stand-message-send");
    await visitor.waitFor("stand-left");
    await until("the keeper reads it", async () => (await keeper.text("stand-messages"))?.includes("Possiamo sentirci?"));
    await keeper.reload();
    await keeper.waitFor("stage");
    await openStand(keeper, NAME);
    await until("it is still there", async () => (await keeper.text("stand-messages"))?.includes("Possiamo sentirci?"));
  });

  it("gets another secret, which its keeper's browser has at once and over a reload", async () => {
    const secrets = () =>
      keeper.evaluate(() => {
        const key = Object.keys(localStorage).find((one) => one.startsWith("fiera.stands."));
        return Object.values(JSON.parse(localStorage.getItem(key)).kept);
      });
    await keeper.waitFor("keeper-renew");
    const [before] = await secrets();
    await keeper.click("keeper-renew");
    await keeper.click("confirm");
    await until("there is another one", async () => (await secrets())[0] !== before);
    await keeper.reload();
    await keeper.waitFor("stage");
    await openStand(keeper, NAME);
    await keeper.waitFor("keeper-link");
  });

  it("is in the table that an organiser takes along, and no message is", async () => {
    const table = await organiser.evaluate(async (event) => (await fetch(`/api/v1/events/${event}/stands.csv`)).text(), EVENT);
    assert.match(table, /Sportello di prova/);
    assert.match(table, /Comune di Esempio/);
    assert.doesNotMatch(table, /Possiamo sentirci/);
  });

  it("is hidden by who moderates, and shown again", async () => {
    await openStand(organiser, NAME);
    await organiser.click("stand-hide");
    await organiser.waitFor("stand-show");
    await openStands(visitor);
    await until("the visitor does not find it", () =>
      visitor.evaluate((name) => ![...document.querySelectorAll('[data-testid="stand"]')].some((one) => one.innerText.includes(name)), NAME),
    );
    await organiser.click("stand-show");
    await openStand(visitor, NAME);
  });
});
