// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// What the browser keeps of one's own: for each participant who uses it, and of a stand by what the server says it is.

import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { OwnQuestion, StandStep } from '../../protocol';
import type { Outcome } from '../../session/outbox';
import { EMPTY, type FairState } from '../../state/fair';
import type { OwnText } from '../../state/own';
import { youView } from '../../testing/views';
import { rememberPicks } from '../memory';
import { Picks } from '../programme/picks.svelte';
import { OwnTexts } from './own-texts.svelte';
import { Stands } from './stands.svelte';

const stored = new Map<string, string>();

beforeEach(() => {
  stored.clear();
  vi.stubGlobal('localStorage', {
    getItem: (key: string) => stored.get(key) ?? null,
    setItem: (key: string, value: string) => void stored.set(key, value),
    removeItem: (key: string) => void stored.delete(key),
  });
  vi.stubGlobal('location', { origin: 'https://fiera.example' });
});

const as = (participant: string): FairState => ({ ...EMPTY, you: { ...youView({ participant }) } });

const text: OwnText = { kind: 'question', room: 'main', backstage: false, text: 'Why?', anonymous: true, secret: 's-1', id: null };

describe('own texts', () => {
  it('are those of the participant, whoever else uses the browser, and are gone when one leaves', () => {
    const asked: string[][] = [];
    const first = new OwnTexts('demo', (secrets) => asked.push(secrets));
    first.follow(as('ada'));
    first.add(text);
    const other = new OwnTexts('demo', (secrets) => asked.push(secrets));
    other.follow(as('bo'));
    expect(other.all).toEqual([]);
    expect(asked).toEqual([]);
    const again = new OwnTexts('demo', (secrets) => asked.push(secrets));
    again.follow(as('ada'));
    expect(again.all).toEqual([text]);
    expect(asked).toEqual([['s-1']]);
    again.found = [{ secret: 's-1' } as OwnQuestion];
    again.forget();
    expect([again.all, again.found, stored.size]).toEqual([[], [], 0]);
  });
});

describe('secrets of what was sent', () => {
  it('are kept where nobody answered, and forgotten where the server refused', () => {
    const own = new OwnTexts('demo', vi.fn());
    own.follow(as('ada'));
    own.add({ ...text, secret: 'lost' });
    own.add({ ...text, secret: 'refused' });
    own.ended('lost', { ok: false, code: 'unavailable', sentence: '', lost: true });
    own.ended('refused', { ok: false, code: 'unavailable', sentence: '' });
    expect(own.all.map((one) => one.secret)).toEqual(['lost']);
  });

  it('of thanks that were given hide nothing: only those of who showed them do (PR23)', () => {
    const own = new OwnTexts('demo', vi.fn());
    own.follow(as('ada'));
    own.add({ ...text, kind: 'thanks', room: '', text: 'Bo', secret: 'given' });
    own.add({ ...text, kind: 'shown', room: '', text: '', secret: 'shown' });
    own.heard({ kind: 'mine', questions: [], messages: [], thanks: [{ secret: 'given', thanks: 't1' }, { secret: 'shown', thanks: 't2' }] });
    expect([own.secret('t1'), own.shownSecret('t1')]).toEqual(['given', null]);
    expect([own.secret('t2'), own.shownSecret('t2')]).toEqual(['shown', 'shown']);
  });
});

describe('one\'s own agenda', () => {
  it('is that of the participant, and not of the public page', () => {
    new Picks('demo', 'ada').toggle('slot-1');
    new Picks('demo', null).toggle('slot-2');
    expect([...new Picks('demo', 'ada').ids]).toEqual(['slot-1']);
    expect([...new Picks('demo', 'bo').ids]).toEqual([]);
    expect([...new Picks('demo', null).ids]).toEqual(['slot-2']);
    rememberPicks('demo', 'ada', []);
    expect([...stored.keys()]).toEqual(['fiera.agenda.demo']);
  });
});

describe('stands of one\'s own (J3, J13)', () => {
  const made = (answer: 'ok' | 'refused' | 'lost' = 'ok') => {
    const steps: StandStep[] = [];
    let n = 0;
    const model = new Stands({
      event: 'demo', tell: () => true, uuid: () => `u-${(n += 1)}`, find: vi.fn(),
      run: (step) => {
        steps.push(step);
        return Promise.resolve<Outcome>(
          answer === 'ok' ? { ok: true } : { ok: false, code: 'too_many', sentence: '', ...(answer === 'lost' ? { lost: true } : {}) },
        );
      },
    });
    model.follow(EMPTY, as('ada'));
    return { model, steps };
  };
  const content = { name: 'Desk', line: 'Bookings', language: 'en' as const };

  it('are found by their secret, in whatever order they come', async () => {
    const { model } = made();
    await model.open(content);
    await model.open(content);
    model.proved([{ secret: 'u-2', stand: 'second' }, { secret: 'u-1', stand: 'first' }, { secret: 'u-9', stand: 'not asked for' }]);
    expect(model.keeperLink('first')).toContain('keeper=u-1');
    expect(model.keeperLink('second')).toContain('keeper=u-2');
    expect([model.waiting, model.proves('not asked for')]).toEqual([[], false]);
  });

  it('wait for their stand over a reload, and not where it was refused', async () => {
    const lost = made();
    await lost.model.open(content);
    const after = made();
    expect(after.model.waiting).toEqual(['u-1']);
    after.model.proved([{ secret: 'u-1', stand: 'first' }]);
    expect(made().model.proves('first')).toBe(true);
    const refused = made('refused');
    await refused.model.open(content);
    expect(refused.model.waiting).toEqual([]);
  });

  it('wait for an answer that was lost: the server may have done it, with whatever was sent', async () => {
    const lost = made('lost');
    await lost.model.open(content);
    await lost.model.renew('first');
    await lost.model.keep('second', 'of a link');
    await lost.model.leave('third', 'Hello', false);
    expect(lost.model.waiting).toEqual(['u-1', 'u-2', 'of a link']);
    expect(lost.model.left('third')).toEqual(['u-3']);
    lost.model.proved([{ secret: 'u-2', stand: 'first' }]);
    expect(lost.model.keeperLink('first')).toContain('keeper=u-2');
    const refused = made('refused');
    await refused.model.keep('fourth', 'of an old link');
    expect([refused.model.waiting.includes('of an old link'), refused.model.proves('fourth')]).toEqual([false, false]);
  });

  it('lose a secret that the server confirmed once and knows no more, and no other', async () => {
    const before = made();
    await before.model.keep('first', 'secret-1');
    // Asked before it was kept, answered after.
    before.model.proved([]);
    expect(before.model.proves('first')).toBe(true);
    const after = made();
    expect(after.model.asked).toEqual(['secret-1']);
    await after.model.keep('second', 'secret-2');
    after.model.proved([{ secret: 'secret-1', stand: 'first' }]);
    expect([after.model.proves('first'), after.model.proves('second')]).toEqual([true, true]);
    after.model.proved([{ secret: 'secret-2', stand: 'second' }]);
    expect([after.model.proves('first'), after.model.proves('second')]).toEqual([false, true]);
  });

  it('leave nothing behind where nothing is kept', async () => {
    const { model } = made();
    await model.leave('first', 'Hello', false);
    expect(stored.size).toBe(1);
    model.forget();
    expect(stored.size).toBe(0);
  });

  it('have one secret at a time, which proves them when they are removed', async () => {
    const { model, steps } = made();
    await model.open(content);
    model.proved([{ secret: 'u-1', stand: 'first' }]);
    await model.renew('first');
    expect(steps.at(-1)).toEqual({ kind: 'renew', stand: 'first', secret: 'u-1', fresh: 'u-2' });
    expect([model.keeperLink('first'), model.waiting]).toEqual(['https://fiera.example/e/demo#stand=first&keeper=u-2', []]);
    await model.remove('first');
    expect(steps.at(-1)).toEqual({ kind: 'remove', stand: 'first', secret: 'u-2' });
  });
});
