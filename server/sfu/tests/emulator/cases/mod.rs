// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! The behaviours, one test each.

mod check;
mod congestion;
mod delivery;
mod flood;
mod hostile;
mod inspect;
mod join;
mod negotiated;
mod newcomer;
mod regressions;
mod repair;
mod roaming;
mod simulcast;
mod speakers;
mod stage;
mod sync;
mod threads;
