// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// What the browser keeps of one's own: for each participant who uses it, and of a stand by what the server says it is.

import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { OwnQuestion, StandStep } from '../../protocol';
import { EMPTY, type FairState } from '../../state/fair';
import type { OwnText } from '../../state/own';
import { youView } from '../../testing/views';
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

describe('stands of one\'s own (J3, J13)', () => {
  const made = (ok = true) => {
    const steps: StandStep[] = [];
    let n = 0;
    const model = new Stands({
      event: 'demo', tell: () => true, uuid: () => `u-${(n += 1)}`, find: vi.fn(),
      run: (step) => {
        steps.push(step);
        return Promise.resolve(ok ? { ok: true } : { ok: false, code: 'too_many', sentence: '' });
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
    const refused = made(false);
    await refused.model.open(content);
    expect(refused.model.waiting).toEqual([]);
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
