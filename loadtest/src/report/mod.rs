// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! What people see of a run: a progress line meanwhile, a page with plots afterwards.

pub mod html;
pub mod progress;
pub mod svg;
