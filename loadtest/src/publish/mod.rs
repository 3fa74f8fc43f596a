// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! A speaker without a browser: a source of frames (made up, or from the clip) sent by WHIP.

pub mod clip;
pub mod media;
pub mod pacer;
pub mod sender;
pub mod session;
pub mod synthetic;
