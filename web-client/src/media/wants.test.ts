// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Wants } from './wants';

let layout: () => void;
beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal('devicePixelRatio', 2);
  vi.stubGlobal('ResizeObserver', class {
    constructor(changed: () => void) {
      layout = changed;
    }
    observe(): void {}
    disconnect(): void {}
  });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

it('asks for the lines that are drawn, not for those of the box around them, in device pixels', () => {
  const told: [number, number | null][] = [];
  const wants = new Wants((slot, height) => told.push([slot, height]));
  const box = Object.assign(new EventTarget(), { clientWidth: 360, clientHeight: 500 });
  let aspect = 16 / 9;
  wants.watch(3, box as unknown as Element, () => aspect);
  const laidOut = (): void => {
    layout();
    vi.advanceTimersByTime(250);
  };
  laidOut();
  expect(told).toEqual([[3, 405]]);
  // The same picture in a lower box: the box decides.
  box.clientHeight = 100;
  laidOut();
  expect(told.at(-1)).toEqual([3, 200]);
  // A telephone held upright: its picture fills a high box.
  box.clientHeight = 500;
  aspect = 9 / 16;
  box.dispatchEvent(new Event('resize'));
  vi.advanceTimersByTime(250);
  expect(told.at(-1)).toEqual([3, 1000]);
  // Taken out of the page, it keeps its want.
  Object.assign(box, { clientWidth: 0, clientHeight: 0 });
  laidOut();
  expect(told).toHaveLength(3);
  wants.dispose();
});
