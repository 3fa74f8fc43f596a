// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Headless participants for Fiera: a load of viewers that measures, and a speaker that loops a clip.
//! It shares the wire messages with the server and nothing else, so that it can prove the server wrong.

mod clock;
mod peer;
mod sys;
mod wire;

fn main() {}
