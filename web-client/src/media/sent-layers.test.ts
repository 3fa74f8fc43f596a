// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { expect, it } from 'vitest';
import { SentLayers } from './sent-layers';

/** Sets parameters as browsers do: later, and only those that were given out last. */
class FakeSender {
  encodings = [{ rid: 'q', active: true }, { rid: 'h', active: true }, { rid: 'f', active: true }];
  settings: boolean[][] = [];
  refuse = false;
  #given = 0;
  #release: (() => void)[] = [];

  getParameters(): object {
    this.#given += 1;
    return { transactionId: String(this.#given), encodings: this.encodings.map((one) => ({ ...one })) };
  }

  async setParameters(parameters: { transactionId: string; encodings: { rid: string; active: boolean }[] }): Promise<void> {
    expect(parameters.transactionId).toBe(String(this.#given));
    await new Promise<void>((resolve) => this.#release.push(resolve));
    if (this.refuse) throw new DOMException('No', 'InvalidModificationError');
    this.encodings = parameters.encodings;
    this.settings.push(parameters.encodings.map((one) => one.active));
  }

  async settle(): Promise<void> {
    while (this.#release.length > 0) {
      this.#release.shift()?.();
      for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
    }
  }
}

function layersOf(sender: FakeSender): SentLayers {
  return new SentLayers(sender as unknown as RTCRtpSender);
}

it('stops and resumes layers, one change at a time, and ends with the last wish', async () => {
  const sender = new FakeSender();
  const layers = layersOf(sender);
  layers.want([0]);
  layers.want([0, 1]);
  layers.want([0, 2]);
  await sender.settle();
  expect(sender.settings).toEqual([[true, false, false], [true, false, true]]);
  layers.want(null);
  await sender.settle();
  expect(sender.settings.at(-1)).toEqual([true, true, true]);
});

it('changes nothing that is as wanted, and never stops the smallest picture', async () => {
  const sender = new FakeSender();
  layersOf(sender).want([0, 1, 2]);
  await sender.settle();
  expect(sender.settings).toEqual([]);
  layersOf(sender).want([]);
  await sender.settle();
  expect(sender.settings).toEqual([[true, false, false]]);
});

it('goes on after a browser refused', async () => {
  const sender = new FakeSender();
  const layers = layersOf(sender);
  sender.refuse = true;
  layers.want([0]);
  await sender.settle();
  sender.refuse = false;
  layers.want([0, 1]);
  await sender.settle();
  expect(sender.settings).toEqual([[true, true, false]]);
});
