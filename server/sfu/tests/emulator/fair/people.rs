// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Who comes to a run and what they want: publishers, viewers, and the commands that their pages would cause.

use std::net::{Ipv4Addr, SocketAddr};

use fiera_sfu::api::{Command, ParticipantKey, PeerId, RoomKey, Side, SourceKind};
use fiera_sfu::sdp::{Codec, PublisherMedia, RemoteTransport, ViewerMedia};

use super::{Fair, Links, ROOM, Who};
use crate::net::link::{Link, LinkSpec};
use crate::peer::endpoint::Endpoint;
use crate::peer::media::{full_rack, published};
use crate::peer::publisher::Publisher;
use crate::peer::track::Track;
use crate::peer::viewer::Viewer;

impl Fair {
    /// A client that is about to join, with the number of its connection.
    pub(crate) fn endpoint(&mut self, is_dtls_client: bool) -> (PeerId, Endpoint) {
        let number = self.next_peer;
        self.next_peer += 1;
        let address = SocketAddr::from((Ipv4Addr::new(10, 0, 0, number as u8), 40_000));
        (
            PeerId(number),
            Endpoint::new(address, self.random.fork(), is_dtls_client),
        )
    }

    fn join(&mut self, peer: PeerId, address: SocketAddr, who: Who) {
        let mut link = || Link::new(LinkSpec::CLEAN, self.random.fork());
        let links = Links {
            up: link(),
            down: link(),
        };
        self.links.insert(peer, links);
        self.homes.insert(address, who);
    }

    /// A publisher of these tracks.
    pub(crate) fn publish(&mut self, who: u8, on_air: bool, tracks: Vec<Track>) -> usize {
        let (peer, endpoint) = self.endpoint(true);
        let remote = endpoint.as_remote();
        let media = published(&tracks);
        self.publish_as(who, on_air, tracks, (peer, endpoint), (remote, media))
    }

    /// A publisher of these tracks as negotiated.
    pub(crate) fn publish_as(
        &mut self,
        who: u8,
        on_air: bool,
        tracks: Vec<Track>,
        (peer, endpoint): (PeerId, Endpoint),
        (remote, media): (RemoteTransport, PublisherMedia),
    ) -> usize {
        let participant = ParticipantKey(u64::from(who));
        let local = endpoint.server.clone();
        let place = self.publishers.len();
        self.join(peer, endpoint.address, Who::Publisher(place));
        self.publishers
            .push(Publisher::new(peer, participant, endpoint, tracks, media.clone()));
        self.command(Command::AddPublisher {
            peer,
            room: ROOM,
            participant,
            on_air,
            local,
            remote,
            media,
        });
        place
    }

    /// A microphone track.
    pub(crate) fn mic(&mut self, who: u8, minus_dbov: u8) -> Track {
        let mut track = Track::audio(who, SourceKind::Mic, self.random.fork());
        track.minus_dbov = minus_dbov;
        track
    }

    /// A camera in one VP8 layer.
    pub(crate) fn camera(&mut self, who: u8) -> Track {
        Track::video(who, SourceKind::Camera, Codec::Vp8, self.random.fork())
    }

    /// A speaker with microphone and camera.
    pub(crate) fn speaker(&mut self, who: u8, on_air: bool) -> usize {
        let tracks = vec![self.mic(who, 30), self.camera(who)];
        self.publish(who, on_air, tracks)
    }

    /// A viewer with the full rack in the audience.
    pub(crate) fn watch(&mut self) -> usize {
        self.watch_as(None, Side::Audience)
    }

    /// A viewer with the full rack.
    pub(crate) fn watch_as(&mut self, participant: Option<u8>, side: Side) -> usize {
        let media = full_rack(&mut self.random);
        self.watch_with(participant, side, media)
    }

    /// A viewer with a rack of its own.
    pub(crate) fn watch_with(&mut self, participant: Option<u8>, side: Side, media: ViewerMedia) -> usize {
        let (peer, endpoint) = self.endpoint(true);
        let remote = endpoint.as_remote();
        self.add_viewer(participant, side, (peer, endpoint), (remote, media))
    }

    /// A viewer as negotiated.
    pub(crate) fn add_viewer(
        &mut self,
        participant: Option<u8>,
        side: Side,
        (peer, endpoint): (PeerId, Endpoint),
        (remote, media): (RemoteTransport, ViewerMedia),
    ) -> usize {
        let participant = participant.map(|who| ParticipantKey(u64::from(who)));
        let local = endpoint.server.clone();
        let place = self.viewers.len();
        self.join(peer, endpoint.address, Who::Viewer(place));
        self.viewers.push(Viewer::new(peer, endpoint, media.clone()));
        self.command(Command::AddViewer {
            peer,
            room: ROOM,
            participant,
            side,
            local,
            remote,
            media,
        });
        place
    }

    /// Sets how large a viewer shows a slot.
    pub(crate) fn want(&mut self, viewer: usize, slot: u8, height: Option<u16>) {
        let peer = self.viewers[viewer].peer;
        self.command(Command::Want { peer, slot, height });
    }

    /// Moves a publisher to another room.
    pub(crate) fn move_publisher(&mut self, publisher: usize, room: RoomKey) {
        let peer = self.publishers[publisher].peer;
        self.command(Command::MovePublisher { peer, room });
    }

    /// Moves a viewer to the audience of another room.
    pub(crate) fn seat_viewer(&mut self, viewer: usize, room: RoomKey) {
        let (peer, side) = (self.viewers[viewer].peer, Side::Audience);
        self.command(Command::MoveViewer { peer, room, side });
    }

    pub(crate) fn set_live(&mut self, who: u8, source: SourceKind, live: bool) {
        let participant = ParticipantKey(u64::from(who));
        self.command(Command::SetLive {
            participant,
            source,
            live,
        });
    }

    pub(crate) fn set_on_air(&mut self, who: u8, on_air: bool) {
        self.command(Command::SetOnAir {
            participant: ParticipantKey(u64::from(who)),
            on_air,
        });
    }
}
