// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! `audience`: many light sockets in one process under a steady load of votes, messages and upvotes. It measures how long
//! a command takes to be accepted and to be on everyone's screen, what a socket costs the server, and how long all need
//! to be back after a restart. One thread; its own lag is part of the result.

pub mod desk;
pub mod hall;
pub mod light;
pub mod load;
pub mod report;
pub mod run;
pub mod score;
pub mod socket;
