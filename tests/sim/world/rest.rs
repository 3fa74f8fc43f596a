// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Rest: everything works again for a while, and then everybody knows the same.

use std::collections::BTreeSet;

use fiera_hub::StreamKey;
use fiera_protocol::view::StreamState;
use serde_json::json;

use super::World;
use crate::link::Up;
use crate::server::Kill;

/// Longer than anything that is waited for: retries, silence, the store, counts.
const HEALING_MS: u64 = 30_000;
/// A wait for what is on its way, and how many of them there are at most.
const ARRIVING_MS: u64 = 30;
const ARRIVING_TRIES_MAX: u32 = 20;

impl World {
    /// Everything works again for a while, and nobody does anything: then everybody knows the same, has got all answers
    /// and is where they were.
    pub(crate) fn come_to_rest(&mut self) {
        self.note(|| "all comes to rest".to_owned());
        self.counted.quiet += 1;
        self.kill = Kill::No;
        self.disk_until_ms = 0;
        for link in self.links.values_mut() {
            (link.stalled_until_ms, link.latency_ms) = (0, link.latency_ms.min(50));
        }
        self.pass(HEALING_MS);
        self.compare_numbers();
        // Clocks go on, and with them minutes and windows: what was said just now is still on its way.
        for _ in 0..ARRIVING_TRIES_MAX {
            if self.links.values().all(|link| link.down.is_empty()) {
                break;
            }
            self.pass(ARRIVING_MS);
        }
        for at in 0..self.tabs.len() {
            let tab = &self.tabs[at];
            let who = self.cast[tab.person].id;
            if !tab.open {
                continue;
            }
            let stays_out = !self.model.may_connect(who, self.cast[tab.person].role);
            assert!(tab.welcomed || stays_out, "R5: tab {at} is not back");
            assert!(tab.pending.is_empty(), "C1: tab {at} waits for {:?}", tab.pending);
            assert_eq!(tab.you(), self.hub.you(who).as_ref(), "S2: tab {at}");
            for (stream, known) in &tab.streams {
                let key = crate::watch::key_of(stream, who);
                if let Some(mirror) = self.mirrors.get(&key) {
                    assert_eq!(known, mirror, "S2: tab {at} is behind with {stream:?}");
                }
            }
            if self.recorded.contains_key(&at) {
                let states: Vec<&StreamState> = tab.streams.values().map(|known| &known.state).collect();
                let knows = json!({ "knows": states });
                self.record(at, || knows);
            }
            let tab = &self.tabs[at];
            let Some(conn) = tab.link.filter(|_| tab.welcomed) else {
                continue;
            };
            let follows = self.sockets[&conn]
                .follows
                .iter()
                .map(StreamKey::id)
                .collect::<BTreeSet<_>>();
            assert_eq!(
                tab.streams.keys().cloned().collect::<BTreeSet<_>>(),
                follows,
                "S4: what tab {at} follows"
            );
            // A fresh snapshot of everything: it is compared on its way out.
            for stream in tab.streams.keys().cloned().collect::<Vec<_>>() {
                let resync = Up::Resync { stream, have: None };
                self.inbox.push_back((conn, resync));
            }
        }
        self.serve();
        self.check_pages();
        self.pass(1_000);
    }
}
