// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! What goes wrong: tabs that close, reload or missed something, connections that stall or break, a server that is
//! killed, a disk that fails, a wall clock that jumps.

use fiera_hub::Input;
use fiera_protocol::ids::{ParticipantId, RoomId, SourceKind};
use serde_json::json;

use super::World;
use crate::link::Up;
use crate::model::stands::Stand;
use crate::server::Kill;
use crate::shelf::Disk;

impl World {
    pub(super) fn asks(&mut self) {
        let at = self.random.index(self.tabs.len());
        let (nth, what) = (self.random.index(8), self.random.below(17));
        let stands: Vec<&Stand> = self.model.kept.stands.iter().collect();
        let stand = self.random.pick(&stands).map(|stand| (stand.id, stand.secret));
        let link = self.random.permille(200);
        let rounds = self.model.kept.rounds.iter();
        let read_out = rounds.filter(|round| round.shows.is_some() || link);
        let rooms: Vec<&RoomId> = read_out.flat_map(|round| &round.rooms).map(|room| &room.id).collect();
        let notes = self.random.pick(&rooms).map(|room| (*room).clone());
        let (now_ms, tab) = (self.now_ms, &mut self.tabs[at]);
        let secrets = self.cast[tab.person].secrets.iter().rev().take(20).copied().collect();
        if !tab.welcomed {
            return;
        }
        let says = match what {
            0 => Some(Up::Roster).filter(|_| tab.you().is_some_and(|you| you.room.is_some())),
            1 => Some(Up::Mine { secrets }),
            2 => Some(Up::FollowUps),
            15 | 16 => notes.map(|room| Up::Cards { room }),
            12 => stand.map(|(stand, _)| Up::Stand { stand }),
            13 | 14 => stand.map(|(stand, secret)| {
                let secret = secret.filter(|_| link);
                Up::StandMessages { stand, secret }
            }),
            // What was remembered long ago is worth most: much has come and gone since.
            3..9 => {
                if tab.earlier.is_none() {
                    tab.remembers(nth);
                }
                None
            }
            _ => tab.falls_back(now_ms),
        };
        let link = tab.link.and_then(|link| self.links.get_mut(&link));
        says.into_iter()
            .zip(link)
            .for_each(|(up, link)| link.send_up(now_ms, up));
    }

    pub(super) fn tab_changes(&mut self) {
        let at = self.random.index(self.tabs.len());
        let (left, soon) = (self.random.permille(300), self.random.below(25_000));
        let tab = &mut self.tabs[at];
        if !tab.open || tab.link.is_none() {
            // Somebody opens the page again; what was not answered is long forgotten.
            tab.open = true;
            tab.retry_ms = self.now_ms;
            return;
        }
        let link = tab.link.expect("looked at");
        // A page that reloads loses what it waited for, and comes back sooner or later.
        tab.pending.clear();
        tab.lost(self.now_ms + soon);
        if left {
            tab.open = false;
        }
        let now_ms = self.now_ms;
        if let Some(link) = self.links.get_mut(&link) {
            link.down.clear();
            link.send_up(now_ms, Up::Close { left });
        }
        self.record(at, || json!("lost"));
        self.note(|| format!("tab {at} closes, for good: {left}"));
    }

    pub(super) fn link_changes(&mut self) {
        let open: Vec<u64> = self.links.keys().copied().collect();
        let Some(conn) = self.random.pick(&open).copied() else {
            return;
        };
        let (what, ms) = (self.random.below(4), self.random.below(8_000));
        self.note(|| format!("connection {conn}: trouble {what} for {ms} ms"));
        let link = self.links.get_mut(&conn).expect("open");
        match what {
            0 => link.go_silent(),
            1 => link.stalled_until_ms = self.now_ms + ms,
            2 => link.latency_ms = ms / 16,
            _ => self.break_link(conn),
        }
    }

    /// The media plane says that something of somebody arrives, or no longer does.
    pub(super) fn media_change(&mut self) {
        if !self.hub_is_up() {
            return;
        }
        let people = &self.model.here.people;
        let sources = people
            .iter()
            .flat_map(|(who, person)| person.sources.iter().map(|source| (*who, *source)));
        let on = sources.map(|(who, source)| (who, source, !self.random.permille(300)));
        let mut all: Vec<(ParticipantId, SourceKind, bool)> = on.collect();
        let flows = self.model.here.flows.iter();
        all.extend(flows.flat_map(|(who, flows)| flows.iter().map(|source| (*who, *source, false))));
        if let Some((participant, source, flowing)) = self.random.pick(&all).copied() {
            self.note(|| format!("{source:?} of {participant} arrives: {flowing}"));
            self.round_of(vec![Input::SourceFlow {
                participant,
                source,
                flowing,
            }]);
        }
    }

    /// Both sides learn at once that the connection is gone.
    fn break_link(&mut self, conn: u64) {
        self.close_link(conn);
        self.inbox.push_back((conn, Up::Close { left: false }));
    }

    pub(super) fn server_changes(&mut self) {
        let ms = self.random.below(12_000);
        match self.random.below(10) {
            0..3 => {
                let kills = [Kill::BeforeTheWrite, Kill::AfterTheWrite, Kill::AmidTheAnswers];
                self.kill = *self.random.pick(&kills).expect("three");
            }
            3 => self.crash(),
            4..6 => {
                self.shelf.disk = if self.random.coin() {
                    Disk::Fails
                } else {
                    Disk::FailsLate
                };
                self.disk_until_ms = self.now_ms + ms;
            }
            _ => {
                let jump = i64::try_from(self.random.below(400_000)).expect("small") - 200_000;
                self.unix_shift_ms += jump;
                self.note(|| format!("the wall clock jumps by {jump} ms"));
            }
        }
    }
}
