// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Bandwidth estimation against a network of its own: one bottleneck, random and bursty loss, jitter, steps of capacity,
//! one or two viewers, reports as Chromium writes them. One seed is one run; `SCOREBOARD.md` holds what comes out, and
//! `FIERA_GENERATE=1` writes it.

mod cost;
mod hostile;
mod path;
#[path = "../support/random.rs"]
mod random;
mod receiver;
mod scoreboard;
mod source;
mod world;
