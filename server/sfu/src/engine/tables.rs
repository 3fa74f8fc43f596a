// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Who is connected to this thread, found by peer, ICE fragment or address.
//! Lookups only: nothing here iterates over a hash map, so a run is repeatable.

use std::collections::HashMap;
use std::net::SocketAddr;

use slab::Slab;

use super::publisher::Publisher;
use crate::api::{ParticipantKey, PeerId};
use crate::egress::{Path, Via};
use crate::transport::{ADDRESSES_MAX, Transport};
use crate::viewer::Viewer;

/// A connection's place in the tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Entry {
    /// Index of a publisher.
    Publisher(usize),
    /// Index of a viewer.
    Viewer(usize),
}

/// All connections of one media thread.
#[derive(Debug, Default)]
pub(crate) struct Tables {
    pub(crate) publishers: Slab<Publisher>,
    pub(crate) viewers: Slab<Viewer>,
    by_peer: HashMap<PeerId, Entry>,
    by_ufrag: HashMap<String, Entry>,
    by_address: HashMap<(Via, SocketAddr), Entry>,
    addresses: HashMap<PeerId, Vec<(Via, SocketAddr)>>,
    by_participant: HashMap<ParticipantKey, usize>,
}

impl Tables {
    pub(crate) fn add_publisher(&mut self, publisher: Publisher) -> usize {
        let (peer, participant) = (publisher.peer, publisher.participant);
        let ufrag = publisher.transport.local_ufrag().to_owned();
        let index = self.publishers.insert(publisher);
        self.by_peer.insert(peer, Entry::Publisher(index));
        self.by_ufrag.insert(ufrag, Entry::Publisher(index));
        self.by_participant.insert(participant, index);
        index
    }

    pub(crate) fn add_viewer(&mut self, viewer: Viewer) -> usize {
        let peer = viewer.peer;
        let ufrag = viewer.transport.local_ufrag().to_owned();
        let index = self.viewers.insert(viewer);
        self.by_peer.insert(peer, Entry::Viewer(index));
        self.by_ufrag.insert(ufrag, Entry::Viewer(index));
        index
    }

    fn forget(&mut self, peer: PeerId, ufrag: &str, entry: Entry) {
        self.by_peer.remove(&peer);
        self.by_ufrag.remove(ufrag);
        for address in self.addresses.remove(&peer).unwrap_or_default() {
            if self.by_address.get(&address) == Some(&entry) {
                self.by_address.remove(&address);
            }
        }
    }

    pub(crate) fn remove_publisher(&mut self, index: usize) -> Option<Publisher> {
        let publisher = self.publishers.try_remove(index)?;
        self.forget(
            publisher.peer,
            publisher.transport.local_ufrag(),
            Entry::Publisher(index),
        );
        if self.by_participant.get(&publisher.participant) == Some(&index) {
            self.by_participant.remove(&publisher.participant);
        }
        Some(publisher)
    }

    pub(crate) fn remove_viewer(&mut self, index: usize) -> Option<Viewer> {
        let viewer = self.viewers.try_remove(index)?;
        self.forget(viewer.peer, viewer.transport.local_ufrag(), Entry::Viewer(index));
        Some(viewer)
    }

    pub(crate) fn of_peer(&self, peer: PeerId) -> Option<Entry> {
        self.by_peer.get(&peer).copied()
    }

    pub(crate) fn of_ufrag(&self, ufrag: &str) -> Option<Entry> {
        self.by_ufrag.get(ufrag).copied()
    }

    pub(crate) fn of_path(&self, path: &Path) -> Option<Entry> {
        self.by_address.get(&path.end()).copied()
    }

    pub(crate) fn publisher_of(&self, participant: ParticipantKey) -> Option<usize> {
        self.by_participant.get(&participant).copied()
    }

    pub(crate) fn peer(&self, entry: Entry) -> Option<PeerId> {
        match entry {
            Entry::Publisher(index) => self.publishers.get(index).map(|p| p.peer),
            Entry::Viewer(index) => self.viewers.get(index).map(|v| v.peer),
        }
    }

    pub(crate) fn transport(&mut self, entry: Entry) -> Option<&mut Transport> {
        match entry {
            Entry::Publisher(index) => self.publishers.get_mut(index).map(|p| &mut p.transport),
            Entry::Viewer(index) => self.viewers.get_mut(index).map(|v| &mut v.transport),
        }
    }

    /// Forgets whose an address is.
    pub(crate) fn forget_path(&mut self, path: &Path) {
        let address = path.end();
        let peer = self.by_address.remove(&address).and_then(|entry| self.peer(entry));
        if let Some(known) = peer.and_then(|peer| self.addresses.get_mut(&peer)) {
            known.retain(|one| *one != address);
        }
    }

    /// Remembers where a proved check came from; the oldest is forgotten when there are too many.
    pub(crate) fn remember(&mut self, entry: Entry, path: &Path) {
        self.remember_end(entry, path.end());
    }

    /// The proved addresses of a connection, the oldest first.
    pub(crate) fn ends_of(&self, peer: PeerId) -> Vec<(Via, SocketAddr)> {
        self.addresses.get(&peer).cloned().unwrap_or_default()
    }

    pub(crate) fn remember_end(&mut self, entry: Entry, address: (Via, SocketAddr)) {
        if self.by_address.get(&address) == Some(&entry) {
            return;
        }
        let Some(peer) = self.peer(entry) else { return };
        let known = self.addresses.entry(peer).or_default();
        if known.len() >= ADDRESSES_MAX {
            let oldest = known.remove(0);
            if self.by_address.get(&oldest) == Some(&entry) {
                self.by_address.remove(&oldest);
            }
        }
        known.push(address);
        self.by_address.insert(address, entry);
    }
}
