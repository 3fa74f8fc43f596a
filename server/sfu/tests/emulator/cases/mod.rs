// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! The behaviours, one test each.

mod bandwidth;
mod check;
mod congestion;
mod delivery;
mod demand;
mod flood;
mod hostile;
mod hostile_publishers;
mod hostile_viewers;
mod inspect;
mod join;
mod measure;
mod moving;
mod negotiated;
mod newcomer;
mod offair;
mod regressions;
mod repair;
mod restless;
mod roaming;
mod simulcast;
mod sound;
mod speakers;
mod stage;
mod svc;
mod sync;
mod threads;
