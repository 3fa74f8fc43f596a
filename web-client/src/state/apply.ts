// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// Applies one change to the whole state of a stream, as `apply.rs` of the protocol does. Pure.

import type { Change, StreamState } from '../protocol';
import { captionsAfter } from './streams/captions';
import { eventAfter } from './streams/event';
import { backstageAfter, roomAfter } from './streams/room';
import { breakoutsAfter, moderatorsAfter, organisersAfter } from './streams/staff';

/** The state after; null: the change is of another stream, or of the future, and nothing is changed by it. */
export function apply(state: StreamState, change: Change): StreamState | null {
  switch (state.of) {
    case 'event':
      return marked('event', eventAfter(state, change));
    case 'room':
      return marked('room', roomAfter(state, change));
    case 'backstage':
      return marked('backstage', backstageAfter(state, change));
    case 'captions':
      return marked('captions', captionsAfter(state, change));
    case 'moderators':
      return marked('moderators', moderatorsAfter(state, change));
    case 'organisers':
      return marked('organisers', organisersAfter(state, change));
    case 'breakouts':
      return marked('breakouts', breakoutsAfter(state, change));
    case 'you':
      return change.kind === 'you' ? { of: 'you', ...change.you } : null;
    default:
      return null;
  }
}

function marked<O extends StreamState['of'], V>(of: O, view: V | null): ({ of: O } & V) | null {
  return view && { ...view, of };
}
