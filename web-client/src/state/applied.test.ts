// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { expect, it } from 'vitest';
import applied from '../../../signaling/protocol/golden/applied.json';
import goldenChanges from '../../../signaling/protocol/golden/change.json';
import goldenStates from '../../../signaling/protocol/golden/stream_state.json';
import type { Change, StreamState } from '../protocol';
import { apply } from './apply';

type Step = { state: string; change: string; once: unknown; twice: unknown };

it('s2: every golden change makes of every golden state what the server makes of it, once and again', () => {
  const told = new Map((applied as Step[]).map((step) => [`${step.state} + ${step.change}`, step]));
  for (const [name, state] of Object.entries(goldenStates) as [string, StreamState][]) {
    for (const [kind, change] of Object.entries(goldenChanges) as [string, Change][]) {
      const what = `${name} + ${kind}`;
      const once = apply(state, change);
      expect(once, what).toEqual(told.get(what)?.once ?? null);
      if (once) expect(apply(once, change), `${what}, again`).toEqual(told.get(what)?.twice);
    }
  }
});
