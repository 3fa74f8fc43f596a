// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! A plenary room that is sent into breakout rooms and brought back: everybody opens the sound that comes in and reads in
//! each packet who says it, so that a room that hears another one is found out.

pub mod ear;
pub mod person;
pub mod report;
pub mod run;
pub mod stage;
pub mod voice;
