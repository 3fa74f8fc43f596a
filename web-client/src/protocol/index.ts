// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// What the rest of the client imports of the wire. Knows shapes only: no socket, no state.
export type * from './wire';

/** Version of the protocol that `hello` carries. */
export const PROTOCOL_VERSION = 1;
/** A peer that was silent for this long is gone, milliseconds. */
export const PEER_DEAD_MS = 12_000;
/** Characters of a display name. */
export const DISPLAY_NAME_CHARS_MAX = 60;
