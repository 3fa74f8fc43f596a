// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { expect, it } from 'vitest';
import { reading } from './timer';

it('j3: green, amber and red by their thresholds, and it counts on when the time is over', () => {
  const timer = { ends_unix_ms: 600_000, amber_s: 180, red_s: 60 };
  expect(reading(timer, 0)).toEqual({ verdict: 'green', time: '10:00' });
  expect(reading(timer, 420_000)).toEqual({ verdict: 'amber', time: '3:00' });
  expect(reading(timer, 540_000)).toEqual({ verdict: 'red', time: '1:00' });
  expect(reading(timer, 600_000)).toEqual({ verdict: 'over', time: '0:00' });
  expect(reading(timer, 665_000)).toEqual({ verdict: 'over', time: '1:05' });
});
