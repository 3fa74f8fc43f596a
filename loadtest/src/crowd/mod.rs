// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! `crowd`: labelled bots over real WebSockets who behave as people at a fair do, and check on the way that everything
//! accepted appears and that no stream diverges. No media.

pub mod bot;
pub mod brain;
pub mod member;
pub mod phrases;
pub mod promise;
pub mod regia;
pub mod run;
pub mod session;
pub mod tally;

#[cfg(test)]
mod toy;
