// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! The media threads of a run: which of them a command or a datagram belongs to, and what they tell each other.

use std::net::SocketAddr;

use fiera_sfu::api::{Command, PeerId, RoomKey};
use fiera_sfu::counters::Counters;
use fiera_sfu::egress::{Path, Via};
use fiera_sfu::engine::{Relay, ThreadId};
use fiera_sfu::sdp::TransportCredentials;
use fiera_sfu::transport::ice::{self, Claim};

use super::{Fair, SERVER};
use crate::peer::endpoint::SERVER_IDENTITY;

impl Fair {
    pub(crate) fn command(&mut self, command: Command) {
        let place = self.place_of(&command);
        self.command_to(place, command);
    }

    /// A publisher moves: the thread that is the home of its next room takes it over, and gets the command as well.
    fn take_along(&mut self, peer: PeerId, room: RoomKey) -> usize {
        let (now, home) = (self.now(), self.home_of(room));
        let Some(before) = self.owners.get(&peer).copied().filter(|before| *before != home) else {
            return home;
        };
        let Some(moving) = self.threads[before].release_publisher(now, peer) else {
            return before;
        };
        for (_, address) in moving.ends() {
            self.seen.insert(*address, home);
        }
        self.threads[home].adopt_publisher(now, moving, room, &mut self.egress);
        let publisher = self.publishers.iter().find(|publisher| publisher.peer == peer);
        if let Some(local) = publisher.map(|publisher| publisher.endpoint.server.clone()) {
            self.own(peer, &local, home);
        }
        home
    }

    fn command_to(&mut self, place: usize, command: Command) {
        let now = self.now();
        self.threads[place].handle_command(now, command, &mut self.egress);
        self.flush();
        self.deliver_mail();
    }

    /// The thread that a command belongs to, as the shell would choose: rooms spread by their number, viewers one by one.
    fn place_of(&mut self, command: &Command) -> usize {
        let count = self.threads.len();
        match command {
            Command::AddPublisher { peer, room, local, .. } => {
                let home = self.home_of(*room);
                self.own(*peer, local, home);
                home
            }
            Command::AddViewer { peer, local, .. } => {
                let place = peer.0 as usize % count;
                self.own(*peer, local, place);
                place
            }
            Command::MovePublisher { peer, room } => self.take_along(*peer, *room),
            Command::RemovePeer { peer } | Command::MoveViewer { peer, .. } | Command::Want { peer, .. } => {
                self.owners.get(peer).copied().unwrap_or(0)
            }
            Command::SetOnAir { participant, .. } | Command::SetLive { participant, .. } => {
                let publisher = self.publishers.iter().rev().find(|p| p.participant == *participant);
                publisher.map_or(0, |publisher| self.owners[&publisher.peer])
            }
        }
    }

    fn own(&mut self, peer: PeerId, local: &TransportCredentials, place: usize) {
        self.owners.insert(peer, place);
        let known = (place, local.ice_pwd.clone());
        self.ufrags.insert(local.ice_ufrag.clone(), known);
    }

    fn home_of(&mut self, room: RoomKey) -> usize {
        if let Some(home) = self.rooms.get(&room) {
            return *home;
        }
        let home = (self.threads.len() + room.0 as usize) % self.threads.len();
        self.set_home(room, Some(home));
        home
    }

    /// Tells all threads where the publishers of a room are.
    pub(crate) fn set_home(&mut self, room: RoomKey, home: Option<usize>) {
        match home {
            Some(home) => self.rooms.insert(room, home),
            None => self.rooms.remove(&room),
        };
        let now = self.now();
        for sfu in &mut self.threads {
            sfu.handle_home(now, room, home.map(|home| ThreadId(home as u16)));
        }
        self.deliver_mail();
    }

    /// A thread tells another one something, whatever is true.
    pub(crate) fn tell(&mut self, from: usize, to: usize, relay: Relay) {
        self.mail.push_back((from, to, relay));
        self.deliver_mail();
    }

    /// Carries what threads tell each other until nobody has anything to say.
    pub(super) fn deliver_mail(&mut self) {
        let now = self.now();
        loop {
            for (from, sfu) in self.threads.iter_mut().enumerate() {
                while let Some((to, relay)) = sfu.poll_relay() {
                    self.mail.push_back((from, usize::from(to.0), relay));
                }
            }
            let Some((from, to, relay)) = self.mail.pop_front() else {
                break;
            };
            self.stages_told += u64::from(matches!(relay, Relay::Stage(..)));
            if self.clogged == Some(to) && relay.is_droppable() {
                self.relays_dropped += 1;
                continue;
            }
            self.threads[to].handle_relay(now, ThreadId(from as u16), relay);
        }
    }

    /// The thread that gets a datagram in the end: that of the connection, wherever the kernel put it first.
    pub(super) fn owner_of(&mut self, from: SocketAddr, datagram: &[u8]) -> usize {
        if let Ok(Claim::Request { local_ufrag }) = ice::claim(datagram)
            && let Some((place, password)) = self.ufrags.get(local_ufrag)
        {
            if ice::prove_request(datagram, password, SERVER_IDENTITY.provider().crypto()).is_ok() {
                self.seen.insert(from, *place);
            }
            return *place;
        }
        self.seen.get(&from).copied().unwrap_or(0)
    }

    /// What all threads counted.
    pub(crate) fn counters(&self) -> Counters {
        let mut sum = Counters::default();
        self.threads.iter().for_each(|sfu| sum.add(sfu.counters()));
        sum
    }

    /// A viewer's way out is full.
    pub(crate) fn congest(&mut self, viewer: usize) {
        let path = Path {
            via: Via::Udp,
            local: Some(SERVER),
            remote: self.viewers[viewer].endpoint.address,
        };
        let (now, place) = (self.now(), self.owners[&self.viewers[viewer].peer]);
        self.threads[place].handle_congestion(now, path);
        self.deliver_mail();
    }
}
