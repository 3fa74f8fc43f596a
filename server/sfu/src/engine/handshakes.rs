// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Handshakes cost far more than media packets: so many per tick are read at once, the others wait behind
//! the media of those who are here already.

use std::time::Instant;

use super::Sfu;
use super::tables::Entry;
use crate::counters::Drop;
use crate::egress::{Egress, Path};
use crate::transport::Change;

/// Datagrams of handshakes per tick. A browser's handshake is four or five, so that a thread takes about 300 joins a second
/// and gives them less than a fifth of its time.
pub(super) const PER_TICK: usize = 8;
/// Datagrams that wait; later ones are dropped, and repeated by their senders.
const WAITING_MAX: usize = 1_024;
/// Of them, from one address: two flights of any browser.
const WAITING_PER_ADDRESS_MAX: usize = 12;
/// Datagrams that one of ours may answer with.
const ANSWERS_MAX: usize = 8;

impl Sfu {
    pub(super) fn handle_dtls(&mut self, now: Instant, path: Path, datagram: &[u8], egress: &mut Egress) {
        let Some(entry) = self.tables.of_path(&path) else {
            self.counters.dropped(Drop::UnknownAddress);
            return;
        };
        if self.tables.transport(entry).is_some_and(|t| t.is_connected()) {
            self.read_dtls(now, entry, datagram, egress);
        } else if self.handshakes.is_empty() && self.handshakes_left > 0 && self.handshakes_read < PER_TICK {
            self.handshakes_left -= 1;
            self.handshakes_read += 1;
            self.read_dtls(now, entry, datagram, egress);
        } else {
            let own = self.handshakes.iter().filter(|(from, _)| from.end() == path.end());
            if self.handshakes.len() >= WAITING_MAX || own.count() >= WAITING_PER_ADDRESS_MAX {
                self.counters.dropped(Drop::Handshake);
                return;
            }
            self.handshakes.push_back((path, datagram.into()));
        }
    }

    /// Reads what waits, as far as this tick allows, and after a late tick no more at once than after any other. Returns
    /// whether there is more, for which the arena must be sent and the socket looked at first.
    pub(super) fn shake_hands(&mut self, now: Instant, egress: &mut Egress) -> bool {
        let read = std::mem::take(&mut self.handshakes_read);
        for _ in read..PER_TICK {
            if self.handshakes_left == 0 || !egress.has_room_for(ANSWERS_MAX) {
                break;
            }
            let Some((path, datagram)) = self.handshakes.pop_front() else {
                break;
            };
            self.handshakes_left -= 1;
            // It may be gone since.
            if let Some(entry) = self.tables.of_path(&path) {
                self.read_dtls(now, entry, &datagram, egress);
            }
        }
        self.handshakes_left > 0 && !self.handshakes.is_empty()
    }

    fn read_dtls(&mut self, now: Instant, entry: Entry, datagram: &[u8], egress: &mut Egress) {
        let transport = self.tables.transport(entry);
        match transport.and_then(|t| t.handle_dtls(now, datagram, egress)) {
            Some(Change::Connected) => self.connected(now, entry),
            Some(Change::Closed(reason)) => self.remove(now, entry, reason, egress),
            None => {}
        }
    }
}
