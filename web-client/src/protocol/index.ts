// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// What the rest of the client imports of the wire. Knows shapes only: no socket, no state.
export type * from './generated/messages';

export { DISPLAY_NAME_CHARS_MAX, PEER_DEAD_MS, PROTOCOL_VERSION } from './generated/limits';
