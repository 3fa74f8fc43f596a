// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Time: what is due on the way arrives, in order, at both ends of every connection.

use serde_json::{Value, json};

use super::World;
use crate::compare::breakouts::same_but_erased;
use crate::link::{Down, Link, Up};
use crate::shelf::Disk;

impl World {
    fn connect(&mut self, at: usize) {
        self.opened += 1;
        let tab = &mut self.tabs[at];
        let mut link = Link::new(at, self.cast[tab.person].id, 1 + self.random.below(60));
        let token = tab.token.clone().filter(|_| !self.random.permille(100));
        link.send_up(self.now_ms, Up::Hello { token });
        (tab.link, tab.heard_ms) = (Some(self.opened), self.now_ms);
        self.links.insert(self.opened, link);
    }

    /// The client's side of a connection is gone; its tab tries again.
    pub(crate) fn close_link(&mut self, conn: u64) {
        let Some(link) = self.links.remove(&conn) else { return };
        let retry_ms = self.now_ms + 250 + self.random.below(1_750);
        let tab = &mut self.tabs[link.tab];
        if tab.link == Some(conn) {
            tab.lost(retry_ms);
            self.record(link.tab, || json!("lost"));
        }
    }

    /// Lets time pass, with all that is due on the way.
    pub(crate) fn pass(&mut self, ms: u64) {
        let end = self.now_ms + ms;
        loop {
            let tabs = self
                .tabs
                .iter()
                .filter(|tab| tab.open && tab.link.is_none())
                .map(|tab| tab.retry_ms);
            let dead = self.tabs.iter().filter(|tab| tab.link.is_some());
            let dead = dead.map(|tab| tab.heard_ms + fiera_protocol::limits::PEER_DEAD_MS);
            let links = self.links.values().filter_map(Link::next_ms);
            let next = tabs.chain(dead).chain(links).chain(self.server_next_ms()).min();
            let Some(next) = next.filter(|at| *at <= end) else {
                break;
            };
            self.now_ms = next.max(self.now_ms);
            self.turn();
        }
        self.now_ms = end;
        self.compare_read_out();
    }

    fn turn(&mut self) {
        if self.now_ms >= self.disk_until_ms {
            self.shelf.disk = Disk::Works;
        }
        let open: Vec<u64> = self.links.keys().copied().collect();
        for conn in &open {
            while let Some(up) = self.links.get_mut(conn).and_then(|link| link.take_up(self.now_ms)) {
                if self.hub_is_up() {
                    self.inbox.push_back((*conn, up));
                } else {
                    // Nobody listens there.
                    self.close_link(*conn);
                }
            }
        }
        self.serve();
        for conn in open {
            while let Some(down) = self.links.get_mut(&conn).and_then(|link| link.take_down(self.now_ms)) {
                let at = self.links[&conn].tab;
                if matches!(down, Down::Closed) || self.tabs[at].link != Some(conn) {
                    self.close_link(conn);
                    continue;
                }
                if let Down::Text(text) = &down {
                    let said: Value = serde_json::from_str(text).expect("JSON");
                    // Answers are between a tab and the server; who replays this asked nothing.
                    if ["welcome", "snapshot", "update"]
                        .map(Value::from)
                        .contains(&said["kind"])
                    {
                        self.record(at, || json!({ "said": said }));
                    }
                }
                for up in self.tabs[at].hears(self.now_ms, down) {
                    let now_ms = self.now_ms;
                    self.links.get_mut(&conn).expect("open").send_up(now_ms, up);
                }
                self.converged(at);
            }
        }
        for at in 0..self.tabs.len() {
            if self.tabs[at].is_dead(self.now_ms) {
                let conn = self.tabs[at].link.expect("dead");
                self.close_link(conn);
            }
            let tab = &self.tabs[at];
            if tab.open && tab.link.is_none() && tab.retry_ms <= self.now_ms {
                self.connect(at);
            }
        }
    }

    /// S2: a tab that is up to date with a stream knows what the server has told of it.
    fn converged(&mut self, at: usize) {
        let touched = std::mem::take(&mut self.tabs[at].touched);
        let tab = &self.tabs[at];
        for stream in touched {
            let Some(known) = tab.streams.get(&stream) else {
                continue;
            };
            let key = crate::watch::key_of(&stream, self.cast[tab.person].id);
            if self.is_newest(&key, known.at) {
                let mirror = &self.mirrors[&key];
                let alike = same_but_erased(&self.model, self.now_ms, &known.state, &mirror.state);
                assert!(alike, "S2: tab {at} knows another {stream:?}: {known:?}, {mirror:?}");
            }
        }
    }
}
