// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Light viewers: each has a place, a transport and an account of what it got, and sends what a browser sends.

pub mod account;
pub mod counters;
pub mod inbound;
pub mod join;
pub mod negotiated;
pub mod network;
pub mod place;
pub mod pool;
pub mod settings;
pub mod signal;
pub mod track;
pub mod venue;
pub mod viewer;
