// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! What the server costs and what the machine's floor is: `/proc`, the floor loop, the result.

pub mod floor;
pub mod percentiles;
pub mod process;
pub mod result;
pub mod summary;
pub mod watchman;
