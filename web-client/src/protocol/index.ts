// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// What the rest of the client imports of the wire. Knows shapes and limits only: no socket, no state.
export type * from './generated/messages';

export * from './generated/limits';
