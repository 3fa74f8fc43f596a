// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! The network between peers and server. It knows times and sizes, never what a datagram holds.

pub(crate) mod link;
#[path = "../../support/random.rs"]
pub(crate) mod random;
pub(crate) mod wire_log;

impl random::Random {
    pub(crate) fn next_u32(&mut self) -> u32 {
        (self.next() >> 32) as u32
    }

    pub(crate) fn bytes(&mut self, count: usize) -> Vec<u8> {
        (0..count).map(|_| self.next() as u8).collect()
    }
}
