// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! A run: peers, links and one `Sfu`, moved on in steps of a millisecond of virtual time.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use fiera_sfu::api::{Command, Event, ParticipantKey, PeerId, RoomKey, Side, SourceKind};
use fiera_sfu::clock::ServerClock;
use fiera_sfu::counters::Drop as Dropped;
use fiera_sfu::egress::{Egress, Path, Via};
use fiera_sfu::engine::{Sfu, TICK};
use fiera_sfu::sdp::{Codec, PublisherMedia, RemoteTransport, ViewerMedia};

use crate::net::link::{Link, LinkSpec};
use crate::net::random::Random;
use crate::net::wire_log::WireLog;
use crate::peer::endpoint::{Endpoint, SERVER_IDENTITY};
use crate::peer::media::{full_rack, published};
use crate::peer::publisher::Publisher;
use crate::peer::track::Track;
use crate::peer::viewer::Viewer;

pub(crate) const ROOM: RoomKey = RoomKey(1);
/// Slots of the full rack.
pub(crate) const VOICE: u8 = 0;
pub(crate) const CAMERA: u8 = 3;
pub(crate) const SCREEN: u8 = 7;
pub(crate) const SCREEN_AUDIO: u8 = 8;

const STEP_US: u64 = 1_000;
const SERVER: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
/// What the server's wall clock shows at time 0, microseconds since 1970.
const SERVER_WALL_US: u64 = 1_750_000_000_000_000;
const SEEDS_DEFAULT: [u64; 3] = [1, 9, 0xF1E2_A5ED];

/// Zero of virtual time: the one look at a real clock, whose value changes nothing.
#[allow(clippy::disallowed_methods)]
static BASE: LazyLock<Instant> = LazyLock::new(Instant::now);

/// The seeds to run with.
#[allow(clippy::disallowed_methods)]
pub(crate) fn seeds() -> Vec<u64> {
    let given = std::env::var("EMULATOR_SEED").ok();
    given.map_or(SEEDS_DEFAULT.to_vec(), |seed| {
        vec![seed.parse().expect("EMULATOR_SEED is a number")]
    })
}

/// Who is at an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Who {
    Publisher(usize),
    Viewer(usize),
}

#[derive(Debug)]
struct Flight {
    to: Option<Who>,
    from: SocketAddr,
    datagram: Vec<u8>,
}

#[derive(Debug)]
struct Links {
    up: Link,
    down: Link,
}

/// When a slot changed, to whose source, from which timestamp on.
pub(crate) type SlotChange = (u64, Option<(u8, SourceKind)>, u32);

/// One run.
pub(crate) struct Fair {
    pub(crate) now_us: u64,
    pub(crate) sfu: Sfu,
    pub(crate) publishers: Vec<Publisher>,
    pub(crate) viewers: Vec<Viewer>,
    pub(crate) events: Vec<(u64, Event)>,
    pub(crate) wire: WireLog,
    /// What went to addresses where nobody is.
    pub(crate) astray: Vec<(u64, SocketAddr, Vec<u8>)>,
    pub(crate) random: Random,
    /// Who is taken away when a fan-out is between two chunks of viewers.
    pub(crate) leaving: Vec<PeerId>,
    seed: u64,
    egress: Egress,
    links: BTreeMap<PeerId, Links>,
    homes: BTreeMap<SocketAddr, Who>,
    flights: BTreeMap<(u64, u64), Flight>,
    flown: u64,
    next_peer: u64,
}

impl Drop for Fair {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!(
                "repeat with EMULATOR_SEED={} (at {} us of the run)",
                self.seed, self.now_us
            );
        }
    }
}

impl Fair {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            leaving: Vec::new(),
            now_us: 0,
            sfu: Sfu::new(Arc::clone(&SERVER_IDENTITY), ServerClock::new(*BASE, SERVER_WALL_US)),
            publishers: Vec::new(),
            viewers: Vec::new(),
            events: Vec::new(),
            wire: WireLog::default(),
            astray: Vec::new(),
            random: Random::new(seed),
            seed,
            egress: Egress::new(),
            links: BTreeMap::new(),
            homes: BTreeMap::new(),
            flights: BTreeMap::new(),
            flown: 0,
            next_peer: 1,
        }
    }

    pub(crate) fn now(&self) -> Instant {
        *BASE + Duration::from_micros(self.now_us)
    }

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

    pub(crate) fn command(&mut self, command: Command) {
        let now = self.now();
        self.sfu.handle_command(now, command, &mut self.egress);
        self.flush();
    }

    /// A viewer's way out is full.
    pub(crate) fn congest(&mut self, viewer: usize) {
        let path = Path {
            via: Via::Udp,
            local: Some(SERVER),
            remote: self.viewers[viewer].endpoint.address,
        };
        self.sfu.handle_congestion(self.now(), path);
    }

    /// Sets how large a viewer shows a slot.
    pub(crate) fn want(&mut self, viewer: usize, slot: u8, height: Option<u16>) {
        let peer = self.viewers[viewer].peer;
        self.command(Command::Want { peer, slot, height });
    }

    pub(crate) fn set_on_air(&mut self, who: u8, on_air: bool) {
        self.command(Command::SetOnAir {
            participant: ParticipantKey(u64::from(who)),
            on_air,
        });
    }

    /// Changes a viewer's links.
    pub(crate) fn viewer_links(&mut self, viewer: usize, up: LinkSpec, down: LinkSpec) {
        let links = self
            .links
            .get_mut(&self.viewers[viewer].peer)
            .expect("a peer has links");
        (links.up.spec, links.down.spec) = (up, down);
    }

    /// Changes a publisher's links.
    pub(crate) fn publisher_links(&mut self, publisher: usize, up: LinkSpec, down: LinkSpec) {
        let links = self
            .links
            .get_mut(&self.publishers[publisher].peer)
            .expect("a peer has links");
        (links.up.spec, links.down.spec) = (up, down);
    }

    /// Moves a viewer to another address; what goes to the old one is astray from now on.
    pub(crate) fn move_viewer(&mut self, viewer: usize, address: SocketAddr) {
        let endpoint = &mut self.viewers[viewer].endpoint;
        self.homes.remove(&endpoint.address);
        endpoint.move_to(address);
        self.homes.insert(address, Who::Viewer(viewer));
    }

    /// A datagram that somebody sends to the server from any address.
    pub(crate) fn inject(&mut self, from: SocketAddr, datagram: Vec<u8>) {
        self.fly(
            self.now_us,
            Flight {
                to: None,
                from,
                datagram,
            },
        );
    }

    fn fly(&mut self, at_us: u64, flight: Flight) {
        self.flown += 1;
        self.flights.insert((at_us, self.flown), flight);
    }

    /// Runs for so many milliseconds.
    pub(crate) fn run_ms(&mut self, ms: u64) {
        let until_us = self.now_us + ms * 1_000;
        while self.now_us < until_us {
            self.step();
            self.now_us += STEP_US;
        }
    }

    fn step(&mut self) {
        while let Some(entry) = self.flights.first_entry().filter(|entry| entry.key().0 <= self.now_us) {
            let flight = entry.remove();
            self.deliver(&flight);
        }
        let (now, now_us) = (self.now(), self.now_us);
        self.publishers
            .iter_mut()
            .for_each(|publisher| publisher.poll(now, now_us));
        self.viewers.iter_mut().for_each(|viewer| viewer.poll(now, now_us));
        self.collect();
        if now_us.is_multiple_of(TICK.as_micros() as u64) {
            self.sfu.handle_tick(now, &mut self.egress);
            self.flush();
        }
        loop {
            let more = self.sfu.transmit(now, &mut self.egress);
            self.flush();
            if !more {
                break;
            }
            if let Some(peer) = self.leaving.pop() {
                self.sfu
                    .handle_command(now, Command::RemovePeer { peer }, &mut self.egress);
                self.flush();
            }
        }
        while let Some(event) = self.sfu.poll_event() {
            self.events.push((now_us, event));
        }
    }

    fn deliver(&mut self, flight: &Flight) {
        let (now, now_us) = (self.now(), self.now_us);
        match flight.to {
            None => {
                let path = Path {
                    via: Via::Udp,
                    local: Some(SERVER),
                    remote: flight.from,
                };
                self.sfu.handle_datagram(now, path, &flight.datagram, &mut self.egress);
                self.flush();
            }
            Some(Who::Publisher(place)) => self.publishers[place].handle(now, &flight.datagram),
            Some(Who::Viewer(place)) => self.viewers[place].handle(now, now_us, &flight.datagram),
        }
    }

    /// Puts what the peers sent on their links.
    fn collect(&mut self) {
        let mut sent = Vec::new();
        let publishers = self.publishers.iter_mut().map(|p| (p.peer, &mut p.endpoint));
        let viewers = self.viewers.iter_mut().map(|v| (v.peer, &mut v.endpoint));
        for (peer, endpoint) in publishers.chain(viewers) {
            let from = endpoint.address;
            sent.extend(endpoint.out.drain(..).map(|datagram| (peer, from, datagram)));
        }
        for (peer, from, datagram) in sent {
            let links = self.links.get_mut(&peer).expect("a peer has links");
            for at_us in links.up.offer(self.now_us, datagram.len()).into_iter().flatten() {
                self.fly(
                    at_us,
                    Flight {
                        to: None,
                        from,
                        datagram: datagram.clone(),
                    },
                );
            }
        }
    }

    /// Puts what the server sent on the links of those who are there.
    fn flush(&mut self) {
        if self.egress.is_empty() {
            return;
        }
        for (path, datagram) in self.wire.drain(self.now_us, &mut self.egress) {
            assert_eq!(
                path.local,
                Some(SERVER),
                "replies leave from the address that they came to"
            );
            let Some(who) = self.homes.get(&path.remote).copied() else {
                self.astray.push((self.now_us, path.remote, datagram));
                continue;
            };
            let peer = match who {
                Who::Publisher(place) => self.publishers[place].peer,
                Who::Viewer(place) => self.viewers[place].peer,
            };
            let links = self.links.get_mut(&peer).expect("a peer has links");
            for at_us in links.down.offer(self.now_us, datagram.len()).into_iter().flatten() {
                self.fly(
                    at_us,
                    Flight {
                        to: Some(who),
                        from: path.remote,
                        datagram: datagram.clone(),
                    },
                );
            }
        }
    }

    /// How often a datagram or packet was dropped for a reason.
    pub(crate) fn dropped(&self, reason: Dropped) -> u64 {
        self.sfu.counters().drops[reason as usize]
    }

    /// When slots of a viewer were said to show something, and from which timestamp on.
    pub(crate) fn slot_changes(&self, viewer: usize, slot: u8) -> Vec<SlotChange> {
        let of = self.viewers[viewer].peer;
        let changes = self.events.iter().filter_map(|(at, event)| match *event {
            Event::SlotChanged {
                peer,
                slot: number,
                shows,
                rtp_time,
            } if peer == of && number == slot => Some((*at, shows.map(|(who, kind)| (who.0 as u8, kind)), rtp_time)),
            _ => None,
        });
        // A slot that is empty when the viewer comes is told to be so: not a change.
        changes.skip_while(|change| change.1.is_none()).collect()
    }
}
