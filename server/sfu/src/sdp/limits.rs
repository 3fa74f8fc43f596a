// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! A named limit on everything that a session description may hold.
//! A browser's offer of four transceivers and a data channel has about 11 kB, 330 lines and 5 m-lines.

/// Size of a whole description in bytes.
pub const SDP_BYTES_MAX: usize = 64 * 1024;
/// Lines of a description.
pub const SDP_LINES_MAX: usize = 2_000;
/// One line in bytes, without its end.
pub const SDP_LINE_BYTES_MAX: usize = 2_048;
/// m-lines of an offer made to us.
pub const OFFER_MEDIA_MAX: usize = 8;
/// Voice slots of a rack.
pub const RACK_VOICE_SLOTS_MAX: u8 = 3;
/// Camera slots of a rack: a full stage.
pub const RACK_CAMERA_SLOTS_MAX: u8 = 12;
/// m-lines of an answer to the largest rack: voices, cameras, screen, screen audio.
pub const ANSWER_MEDIA_MAX: usize = RACK_VOICE_SLOTS_MAX as usize + RACK_CAMERA_SLOTS_MAX as usize + 2;
/// `a=mid` and rid in bytes: the one-byte header extension form holds no more (RFC 8285 section 4.2).
pub const STREAM_NAME_BYTES_MAX: usize = 16;
/// Simulcast layers of one m-line.
pub const LAYERS_MAX: usize = 4;
/// SSRCs declared by one m-line.
pub const SSRCS_MAX: usize = 16;
