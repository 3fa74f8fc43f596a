// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! How well those who watch in a room are served, in one word for organisers: of rooms only, never of few, never kept.
//! One connection alone never makes the word.

use std::collections::BTreeMap;

use fiera_protocol::fair::Quality;
use fiera_protocol::ids::RoomId;
use fiera_protocol::limits::SUPPRESSED_BELOW;

use crate::hub::Hub;
use crate::room::Room;

/// How those who watch in one room fare, counted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Service {
    /// Connections of people that something is sent to.
    pub viewers: u32,
    /// Of those, who get a smaller picture than they want, or none, for bandwidth or loss.
    pub limited: u32,
    /// The median of their losses, of 1,000, rounded up as the counting does.
    pub median_loss_permille: u16,
}

/// From one in so many who are limited it is fair ...
const FAIR_ONE_IN: u32 = 5;
/// ... and from one in so many poor.
const POOR_ONE_IN: u32 = 2;
/// A median of losses above is fair, of 1,000 ...
const FAIR_LOSS_PERMILLE: u16 = 20;
/// ... and above this poor: retransmission no longer hides it.
const POOR_LOSS_PERMILLE: u16 = 50;

impl Service {
    /// The word; none where so few are counted that it would be about somebody.
    fn quality(&self) -> Option<Quality> {
        if self.viewers < SUPPRESSED_BELOW {
            return None;
        }
        let one_in = |share: u32| self.limited >= self.viewers.div_ceil(share);
        let loses = |permille: u16| self.median_loss_permille > permille;
        Some(if one_in(POOR_ONE_IN) || loses(POOR_LOSS_PERMILLE) {
            Quality::Poor
        } else if one_in(FAIR_ONE_IN) || loses(FAIR_LOSS_PERMILLE) {
            Quality::Fair
        } else {
            Quality::Good
        })
    }
}

impl Room {
    /// What organisers are told. One person may watch in many tabs: the people in the room count too.
    pub(crate) fn quality(&self) -> Option<Quality> {
        self.service
            .filter(|_| self.people_count() >= SUPPRESSED_BELOW)
            .and_then(|service| service.quality())
    }
}

impl Hub {
    /// What is known of all rooms from now on; of those that are not named nothing is.
    pub(crate) fn serviced(&mut self, mut rooms: BTreeMap<RoomId, Service>) {
        for (id, room) in &mut self.rooms {
            room.service = rooms.remove(id);
        }
        self.dirty.numbers = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word(viewers: u32, limited: u32, median_loss_permille: u16) -> Option<Quality> {
        let service = Service {
            viewers,
            limited,
            median_loss_permille,
        };
        service.quality()
    }

    #[test]
    fn nothing_is_said_of_few_and_one_alone_never_makes_the_word() {
        for limited in 0..SUPPRESSED_BELOW {
            assert_eq!(word(SUPPRESSED_BELOW - 1, limited, 1_000), None);
        }
        for viewers in SUPPRESSED_BELOW..200 {
            assert_eq!(word(viewers, 1, 5), Some(Quality::Good), "{viewers}");
        }
    }

    #[test]
    fn it_gets_worse_with_the_share_that_is_limited_and_with_the_median_loss() {
        assert_eq!(word(100, 19, 20), Some(Quality::Good));
        assert_eq!(word(100, 20, 0), Some(Quality::Fair));
        assert_eq!(word(100, 0, 50), Some(Quality::Fair));
        assert_eq!(word(100, 50, 0), Some(Quality::Poor));
        assert_eq!(word(100, 0, 100), Some(Quality::Poor));
    }
}
