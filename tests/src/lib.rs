// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Tests of the whole: the shape of the source tree here, real browsers in `browser/`.
//! This library only reads the tree; it depends on no other crate of the workspace.
#![forbid(unsafe_code)]

pub mod tree;
