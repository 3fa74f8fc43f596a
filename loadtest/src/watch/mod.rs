// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Light viewers: each has a socket, a transport and an exact account of what it got, and sends what a browser sends.

pub mod account;
pub mod inbound;
pub mod join;
pub mod negotiated;
pub mod pool;
pub mod signal;
pub mod track;
pub mod viewer;
