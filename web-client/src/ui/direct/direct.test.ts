// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { describe, expect, it, vi } from 'vitest';
import type { Command, PollDraft, QuestionStage, QuestionView } from '../../protocol';
import type { Outcome } from '../../session/outbox';
import { EMPTY } from '../../state/fair';
import { VirtualClock } from '../../testing/world';
import { SHORTCUTS } from '../fair/shortcuts';
import type { FairModel } from '../model/shape';
import { actsOf, columns, meant, neighbour } from './columns';
import { Direct } from './direct.svelte';
import { deskOrder, pollDraft, percents, typedOf, type Typed } from './poll-draft';
import { DIRECT_KEYS, directAction } from './shortcuts';
import { UNDO_MS } from './undo.svelte';

const question = (id: string, stage: QuestionStage, order = 0, upvotes = 0): QuestionView => ({
  question: id, text: `What about ${id}?`, by: null, stage, note: null, upvotes, at_unix_ms: 0, order,
});
const ids = (all: readonly QuestionView[]): string[] => all.map((one) => one.question);

describe('the columns', () => {
  it('hold every question once, waiting ones by age, published ones by support', () => {
    const sorted = columns(
      [question('p1', 'published', 3, 4), question('p2', 'published', 4, 9), question('n', 'now', 1), question('a', 'answered', 2)],
      [question('w2', 'pending', 7), question('w1', 'pending', 6), question('d', 'dismissed', 5)],
    );
    expect(ids(sorted.incoming)).toEqual(['w1', 'w2']);
    expect(ids(sorted.published)).toEqual(['p2', 'p1']);
    expect(sorted.now?.question).toBe('n');
    expect(ids(sorted.done)).toEqual(['d', 'a']);
  });

  it('believe the room where both streams name a question on its way', () => {
    const sorted = columns([question('q', 'published')], [question('q', 'pending')]);
    expect(sorted.incoming).toEqual([]);
    expect(ids(sorted.published)).toEqual(['q']);
  });

  it('know whose turn it is for a key without focus', () => {
    const sorted = columns([question('p', 'published', 1), question('x', 'next', 2), question('n', 'now', 3)], [question('w', 'pending', 4)]);
    expect(meant(sorted, 'publish')?.question).toBe('w');
    expect(meant(sorted, 'now')?.question).toBe('x');
    expect(meant(sorted, 'answered')?.question).toBe('n');
    expect(meant(columns([], [question('w', 'pending')]), 'now')).toBeNull();
  });

  it('offer nothing that leads where the question is', () => {
    for (const stage of ['pending', 'published', 'next', 'now', 'answered', 'follow_up', 'dismissed'] as const) {
      expect(actsOf(stage)).not.toContain(stage);
    }
  });
});

it('the focus goes to what took the place, at the end to the one before', () => {
  expect(neighbour(['a', 'b'], 0)).toBe('a');
  expect(neighbour(['a', 'b'], 2)).toBe('b');
  expect(neighbour([], 0)).toBeNull();
});

describe('moves', () => {
  const make = (answer: Outcome = { ok: true }) => {
    const sent: Command[] = [];
    const clock = new VirtualClock();
    const ask = vi.fn((command: Command) => {
      sent.push(command);
      return Promise.resolve(answer);
    });
    const fair = { state: EMPTY, ask } as unknown as FairModel;
    return { direct: new Direct(fair, clock), clock, sent };
  };

  it('say where the question was when the moderator decided, with words where there are any', async () => {
    const { direct, sent } = make();
    await direct.act(question('q', 'published'), 'followup', '  Team rete ');
    await direct.act(question('q', 'published'), 'next');
    expect(sent).toEqual([
      { kind: 'set_question', question: 'q', from: 'published', to: 'follow_up', note: 'Team rete' },
      { kind: 'set_question', question: 'q', from: 'published', to: 'next' },
    ]);
  });

  it('can be undone once, for ten seconds', async () => {
    const { direct, clock, sent } = make();
    await direct.act(question('q', 'pending'), 'publish');
    clock.advance(UNDO_MS - 1);
    expect(direct.undo.moved?.question).toBe('q');
    await direct.takeBack();
    await direct.takeBack();
    expect(sent.filter((one) => one.kind === 'undo_question')).toHaveLength(1);

    await direct.act(question('r', 'pending'), 'publish');
    clock.advance(UNDO_MS);
    expect(direct.undo.moved).toBeNull();
    expect(await direct.takeBack()).toBe(false);
  });

  it('start their ten seconds anew with a later move', async () => {
    const { direct, clock } = make();
    await direct.act(question('q', 'pending'), 'publish');
    clock.advance(UNDO_MS - 1);
    await direct.act(question('r', 'pending'), 'publish');
    clock.advance(UNDO_MS - 1);
    expect(direct.undo.moved?.question).toBe('r');
  });

  it('that came too late offer no undo and name the question', async () => {
    const { direct } = make({ ok: false, code: 'wrong_state', sentence: '' });
    expect(await direct.act(question('q', 'pending'), 'publish')).toBe(false);
    expect(direct.undo.moved).toBeNull();
    expect(direct.trouble).toEqual({ code: 'wrong_state', question: 'q' });
  });

  it('offer to switch on again only what was switched off from here', async () => {
    const { direct } = make();
    const program = { participant: 'obs', name: 'OBS', sources: [] };
    expect(direct.offOf(program)).toEqual([]);
    await direct.setSource(program, 'camera', false);
    expect(direct.offOf(program)).toEqual(['camera']);
    await direct.setSource(program, 'camera', true);
    expect(direct.offOf(program)).toEqual([]);
  });
});

describe('shortcuts', () => {
  const press = (code: string, over = {}) =>
    ({ code, altKey: true, shiftKey: true, ctrlKey: false, metaKey: false, ...over });

  it('are all different, and none means something else on this page', () => {
    const keys = [...DIRECT_KEYS.map((one) => one.keys), ...SHORTCUTS.map((one) => one.keys)];
    expect(new Set(keys).size).toBe(keys.length);
    const sign = (code: string): string => (code === 'Period' ? '.' : (code.at(-1) ?? '?'));
    for (const { code, keys } of DIRECT_KEYS) expect(keys.endsWith(sign(code))).toBe(true);
  });

  it('mean the question whose turn it is, and nothing where there is none', () => {
    const done = columns([question('d', 'answered')], [question('i', 'pending')]);
    expect(meant(done, 'edit')?.question).toBe('i');
    expect(meant(done, 'archive')?.question).toBe('d');
    expect(meant(columns([], []), 'archive')).toBeNull();
  });

  it('need both modifiers and can be switched off', () => {
    expect(directAction(press('KeyE'), true)).toBe('publish');
    expect(directAction(press('KeyE', { shiftKey: false }), true)).toBeNull();
    expect(directAction(press('KeyE', { ctrlKey: true }), true)).toBeNull();
    expect(directAction(press('KeyE'), false)).toBeNull();
  });
});

describe('a poll', () => {
  it('is listed first while it runs or is seen, drafts stay in their order, what was comes last first', () => {
    const phases = { a: 'revealed', b: 'draft', c: 'revealed', d: 'draft', e: 'open', f: 'revealed' } as const;
    const all = Object.entries(phases).map(([poll, phase]) => ({ poll, phase }));
    const listed = (onScreen?: string): string => deskOrder(all, onScreen).map((one) => one.poll).join('');
    expect(listed()).toBe('ebdfca');
    expect(listed('a')).toBe('eabdfc');
  });

  it('is a draft with a question and two different answers', () => {
    const typed: Typed = {
      kind: 'single', question: ' Tabs? ', options: ['yes', ' ', 'no '], min: 1, max: 2, scale: [0, 10], words: 2, quiz: [], answersMin: 3,
    };
    const single = { question: 'Tabs?', form: { kind: 'single' }, answers_min: 3, options: ['yes', 'no'] };
    expect(pollDraft(typed)).toEqual(single);
    expect(pollDraft({ ...typed, options: ['yes', 'yes'] })).toBeNull();
    expect(pollDraft({ ...typed, options: ['yes'] })).toBeNull();
    expect(pollDraft({ ...typed, question: ' ' })).toBeNull();
    expect(pollDraft({ ...typed, kind: 'multiple', max: 3 })).toBeNull();
    expect(pollDraft({ ...typed, kind: 'multiple' })).toEqual({ ...single, form: { kind: 'multiple', min: 1, max: 2 } });
    expect(pollDraft({ ...typed, kind: 'rating' })).toEqual({ question: 'Tabs?', form: { kind: 'rating', from: 0, to: 10 }, answers_min: 3 });
  });

  it('keeps the right answer of a quiz question where empty answers go', () => {
    const asked = { question: 'First?', options: ['', 'a', 'b'], right: 2, seconds: 20 };
    const quiz: Typed = {
      kind: 'quiz', question: 'Quiz', options: [], min: 1, max: 2, scale: [1, 5], words: 1, quiz: [asked], answersMin: 3,
    };
    expect(pollDraft(quiz)?.quiz).toEqual([{ question: 'First?', options: ['a', 'b'], right: 1, seconds: 20 }]);
    expect(pollDraft({ ...quiz, quiz: [{ ...asked, right: 0 }] })).toBeNull();
    expect(pollDraft({ ...quiz, quiz: [] })).toBeNull();
  });

  it('is changed from what it was prepared as', () => {
    const drafts: PollDraft[] = [
      { question: 'One?', form: { kind: 'single' }, options: ['a', 'b'], answers_min: 5 },
      { question: 'Some?', form: { kind: 'multiple', min: 2, max: 3 }, options: ['a', 'b', 'c'], answers_min: 1 },
      { question: 'How much?', form: { kind: 'rating', from: 1, to: 10 }, answers_min: 3 },
      { question: 'In order?', form: { kind: 'ranking' }, options: ['a', 'b'], answers_min: 20 },
      { question: 'Words?', form: { kind: 'words', max: 3 }, answers_min: 3 },
      { question: 'Texts?', form: { kind: 'text' }, answers_min: 10 },
      { question: 'Quiz', form: { kind: 'quiz' }, quiz: [{ question: 'First?', options: ['a', 'b'], right: 1, seconds: 30 }] },
    ];
    for (const draft of drafts) expect(pollDraft(typedOf(draft))).toEqual(draft);
  });

  it('shows percents that sum to a hundred', () => {
    expect(percents([1, 1, 1])).toEqual([34, 33, 33]);
    expect(percents([0, 0])).toEqual([0, 0]);
    for (const tally of [[7, 3, 11, 2], [1, 0, 0], [99, 1, 13, 8, 4]]) {
      expect(percents(tally).reduce((sum, one) => sum + one, 0)).toBe(100);
    }
  });
});
