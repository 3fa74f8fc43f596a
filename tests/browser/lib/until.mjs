// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// Waiting for conditions, with a deadline and a sentence that says what was waited for.

import { setTimeout as pause } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";

const POLL_MS = 50;

/**
 * Asks `probe` until it answers something true, and returns that answer.
 * On the deadline fails with `what` and the last answer or error.
 */
export async function until(what, probe, { within_ms = 10_000, poll_ms = POLL_MS } = {}) {
  const deadline = performance.now() + within_ms;
  let last;
  for (;;) {
    try {
      last = await probe();
      if (last) return last;
    } catch (error) {
      last = error;
    }
    if (performance.now() > deadline) {
      const seen = last instanceof Error ? last.message : JSON.stringify(last);
      throw new Error(`not within ${within_ms} ms: ${what} (last seen: ${seen})`);
    }
    await pause(poll_ms);
  }
}

/** What `read` answers becomes exactly `wanted`: all of it at one moment, for what arrives in messages of its own. */
export const becomes = (what, read, wanted, options) =>
  until(`${what}: ${JSON.stringify(wanted)}`, async () => {
    const seen = await read();
    if (!isDeepStrictEqual(seen, wanted)) throw new Error(JSON.stringify(seen) ?? "nothing");
    return true;
  }, options);

/** Runs `check` again and again for a time; it must never throw or answer false. */
export async function always(what, check, { for_ms, poll_ms = 100 }) {
  const end = performance.now() + for_ms;
  while (performance.now() < end) {
    const seen = await check();
    if (seen === false) throw new Error(`did not hold for ${for_ms} ms: ${what}`);
    await pause(poll_ms);
  }
}

/**
 * Measures until a measurement holds, `times` at most, and tells each: what else the machine does at one moment is not the
 * product's, and what is wrong with the product is wrong each time. `measure` answers `{ holds, tells }`.
 */
export async function oneHolds(test, what, measure, { times = 3 } = {}) {
  const told = [];
  for (let turn = 0; turn < times; turn += 1) {
    const { holds, tells } = await measure();
    test.diagnostic(tells);
    told.push(tells);
    if (holds) return;
  }
  throw new Error(`in none of ${times} turns: ${what} (${told.join("; ")})`);
}

/** Milliseconds that `work` took, and its answer. */
export async function timed(work) {
  const start = performance.now();
  const answer = await work();
  return { answer, took_ms: performance.now() - start };
}
