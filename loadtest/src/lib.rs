// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Headless participants for Fiera: a load of viewers that measures, a speaker that loops a clip, a crowd that takes part.
//! It shares the wire messages with the server and nothing else, so that it can prove the server wrong.

pub mod audience;
pub mod breakouts;
pub mod cli;
pub mod client;
pub mod clock;
pub mod crowd;
pub mod http;
pub mod janus;
pub mod measure;
pub mod peer;
pub mod publish;
pub mod report;
pub mod run;
pub mod scenario;
pub mod socket;
pub mod speaker;
pub mod sys;
pub mod watch;
pub mod wire;
