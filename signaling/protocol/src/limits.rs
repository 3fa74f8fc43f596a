// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Every size and rate a client can run into, in one place.

/// Longest inbound WebSocket message, bytes (an SDP answer with simulcast is about 6 kB).
pub const CLIENT_MESSAGE_BYTES_MAX: usize = 32 * 1024;
/// Longest SDP accepted from a client, bytes.
pub const SDP_BYTES_MAX: usize = 24 * 1024;
/// Messages a client may send in a burst.
pub const CLIENT_MESSAGES_BURST: u32 = 60;
/// Messages a client may send per second, sustained.
pub const CLIENT_MESSAGES_PER_S: u32 = 20;
/// Refused-for-rate messages in a row after which the socket is closed.
pub const CLIENT_FLOOD_STRIKES_MAX: u32 = 200;
/// Bytes of an event or room id.
pub const SLUG_BYTES_MAX: usize = 64;
/// Characters of a display name.
pub const DISPLAY_NAME_CHARS_MAX: usize = 60;
/// Connections (tabs) one participant may hold.
pub const CONNECTIONS_PER_PARTICIPANT_MAX: usize = 5;
/// Publishers on air in one room.
pub const ON_AIR_MAX: usize = 12;
/// People backstage in one room.
pub const BACKSTAGE_MAX: usize = 24;
/// Names on one page of the roster.
pub const ROSTER_PAGE_MAX: usize = 100;
/// Updates kept per stream for a client that comes back.
pub const STREAM_RING_MAX: usize = 512;
/// The server pings this often, milliseconds.
pub const PING_INTERVAL_MS: u64 = 5_000;
/// A peer that was silent for this long is gone, milliseconds.
pub const PEER_DEAD_MS: u64 = 12_000;
/// A resume token is good for this long, milliseconds.
pub const RESUME_TOKEN_TTL_MS: u64 = 150_000;
/// Resume tokens are renewed this often, milliseconds.
pub const RESUME_TOKEN_RENEW_MS: u64 = 30_000;
/// Updates of one stream are gathered this long into one frame, milliseconds.
pub const FRAME_BATCH_MS: u64 = 50;
/// Counters (people in a room) are broadcast at most this often, milliseconds.
pub const COUNTS_INTERVAL_MS: u64 = 500;
/// After its last connection broke a participant keeps room, place and sources for this long, milliseconds.
pub const PLACE_GRACE_MS: u64 = 15_000;
/// Answers to commands remembered per participant, so that a repeated command id is answered and not run again.
pub const ANSWERS_REMEMBERED_MAX: usize = 64;
