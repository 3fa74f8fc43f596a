// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { expect, it } from 'vitest';
import { pollView, stageShow } from '../../testing/views';
import { VirtualClock } from '../../testing/world';
import { BOARD_EVERY_MS, BoardWatch, MISSES_TOLD, boardAddress, mainOf, type Board } from './board';

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

it('asks for a room by name', () => {
  expect(boardAddress('demo', 'a b')).toBe('/api/v1/events/demo/board?room=a%20b');
  expect(boardAddress('demo', null)).toBe('/api/v1/events/demo/board');
});

it('a break of the stage stands before a question, and a poll before both', () => {
  const show = stageShow({ resuming: true });
  expect(mainOf(board({ show, now: asked }))).toBe('resuming');
  expect(mainOf(board({ show, now: asked, poll: poll('open') }))).toBe('poll');
});
