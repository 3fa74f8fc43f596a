// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// Whether somebody behind or on the stage sends anything, or is about to. Pure.

import type { YouView } from '../../protocol';
import type { SpeakerModel } from './shape';

export function sendsFrom(place: YouView['place'], { entering, devices, up }: Pick<SpeakerModel, 'entering' | 'devices' | 'up'>): boolean {
  return place !== 'audience' && (entering || (devices === 'open' && up !== 'idle'));
}
