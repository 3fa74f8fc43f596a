// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Janus (meetecho/janus-gateway, its VideoRoom plugin over the HTTP transport) as a venue of the same load, and the
//! comparison of what was measured. It starts no server and knows nothing of Fiera's own signalling.

pub mod api;
pub mod args;
pub mod compare;
pub mod venue;
