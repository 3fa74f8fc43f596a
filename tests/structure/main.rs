// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! The shape of the source tree, as rules that fail: see `ARCHITECTURE.md` for the reasons.

mod edges;
mod files;
mod planes;
mod publiccode;
