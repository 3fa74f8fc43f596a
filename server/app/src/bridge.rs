// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Where the two planes meet: the hub's people, rooms and intents on one side, the SFU's keys and commands on the other.
//! Nothing else names both. It decides nothing: the hub says who may, the SFU says what happened.

mod admit;
mod checks;
mod links;
mod peers;
mod people;
mod quality;
mod reactions;
mod reports;
mod room_media;

pub(crate) use checks::Checks;
pub(crate) use links::{Negotiator, PendingRack, PublisherLink, ResourceId, SdpProblem, ViewerLink};
pub(crate) use quality::{QualityReport, start_quality};
pub(crate) use reactions::Reaction;
pub(crate) use reports::{MediaReport, start_reports};
pub(crate) use room_media::EventMedia;

#[cfg(test)]
pub(crate) mod tests;
