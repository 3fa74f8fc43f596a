// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! The peers of a run: a small publisher and a small viewer over one client transport.

pub(crate) mod dependency;
pub(crate) mod endpoint;
pub(crate) mod media;
pub(crate) mod payload;
pub(crate) mod publisher;
/// As browsers report, shared with the tests of the estimator.
#[path = "../../bwe/receiver.rs"]
pub(crate) mod receiver;
pub(crate) mod track;
pub(crate) mod viewer;
