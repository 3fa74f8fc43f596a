// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { expect, it } from 'vitest';
import { pollView, stageShow } from '../../testing/views';
import { VirtualClock } from '../../testing/world';
import { BOARD_EVERY_MS, BoardWatch, MISSES_TOLD, boardAddress, inColumns, mainOf, type Board } from './board';

const board = (over: Partial<Board> = {}): Board => ({
  event: 'demo', title: 'Demo', titles: {}, phase: 'live', people: 12, room: 'stage', room_title: 'Stage', room_titles: {},
  show: stageShow(), lines: [], now: null, next: [], poll: null, ...over,
});
const poll = (phase: 'open' | 'closed' | 'revealed') => pollView({ phase, answers: 3 });
const asked = { text: 'Why?', by: null, upvotes: 1 };

it('a lost network keeps the last board and says so after a few misses, until it is back', async () => {
  const clock = new VirtualClock();
  const answers: (Board | null)[] = [board(), null, null, null, board({ people: 13 })];
  const told: [number | undefined, boolean][] = [];
  const watch = new BoardWatch(() => Promise.resolve(answers.shift() ?? null), clock, (now, lost) => told.push([now?.people, lost]));
  await watch.start();
  for (let i = 0; i < 4; i += 1) {
    clock.advance(BOARD_EVERY_MS);
    await Promise.resolve();
    await Promise.resolve();
  }
  watch.stop();
  expect(MISSES_TOLD).toBe(3);
  expect(told).toEqual([[12, false], [12, false], [12, false], [12, true], [13, false]]);
});

it('fills the screen with a running poll, then the question, then results', () => {
  expect(mainOf(board({ poll: poll('open'), now: asked }))).toBe('poll');
  expect(mainOf(board({ poll: poll('revealed'), now: asked }))).toBe('poll');
  expect(mainOf(board({ now: asked }))).toBe('question');
  expect(mainOf(board({ poll: poll('revealed') }))).toBe('poll');
  expect(mainOf(board())).toBe('waiting');
});

it('notes that a moderator reads out stand before everything but a poll that is open', () => {
  const cards = { title: 'Testing', topic: null, number: 1, rooms: 1, notes: [] };
  expect(mainOf(board({ cards, now: asked, poll: poll('revealed'), show: stageShow({ resuming: true }) }))).toBe('cards');
  expect(mainOf(board({ cards, poll: poll('open') }))).toBe('poll');
  expect(mainOf(board({ cards: null, now: asked }))).toBe('question');
});

it('notes are written as large as all fit, and what does not fit is counted', () => {
  const of = (count: number, length: number) => Array.from({ length: count }, (_, n) => ({ text: 'x'.repeat(length), by: 'Ada', votes: count - n }));
  const all = (count: number, length: number) => inColumns(of(count, length));
  expect(all(0, 0)).toEqual({ size: 2.4, columns: [[], []], left: 0 });
  expect(all(4, 40).size).toBe(2.4);
  expect(all(4, 40).columns.map((one) => one.map((note) => note.votes))).toEqual([[4, 2], [3, 1]]);
  const full = all(60, 200);
  expect(full.size).toBe(1.6);
  expect(full.left + full.columns.flat().length).toBe(60);
  expect(full.columns.flat().length).toBeGreaterThanOrEqual(4);
  for (let count = 1; count < 9; count += 1) expect(all(count, 120).size).toBeGreaterThanOrEqual(all(count + 1, 120).size);
});

it('a note of many lines takes nobody else\'s place on the wall', () => {
  const note = (text: string) => ({ text, by: 'Ada', votes: 0 });
  const blank = inColumns([note(`a${'\n'.repeat(190)}b`), note('c')]);
  expect(blank.columns.map((one) => one.map(({ text }) => text))).toEqual([['a\nb'], ['c']]);
  const high = inColumns([note('a\n'.repeat(100)), note('c')]);
  expect(high.left).toBe(0);
  expect(high.columns[0][0]?.text).toBe(`${'a\n'.repeat(5)}a …`);
  // One that does not fit any more leaves its place to the shorter ones after it.
  const long = Array.from({ length: 3 }, () => note('x'.repeat(200)));
  const wraps = note(`${'x'.repeat(45)}\n`.repeat(4));
  expect(inColumns([...long, wraps, note('short')]).columns.flat().map(({ text }) => text)).toContain('short');
});

it('asks for a room by name', () => {
  expect(boardAddress('demo', 'a b')).toBe('/api/v1/events/demo/board?room=a%20b');
  expect(boardAddress('demo', null)).toBe('/api/v1/events/demo/board');
});

it('a break of the stage stands before a question, and a poll before both', () => {
  const show = stageShow({ resuming: true });
  expect(mainOf(board({ show, now: asked }))).toBe('resuming');
  expect(mainOf(board({ show, now: asked, poll: poll('open') }))).toBe('poll');
});
