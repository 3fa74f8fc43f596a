// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! A run: peers, links and the `Sfu`s of one to three media threads, moved on in steps of a millisecond of virtual time.

use std::collections::{BTreeMap, VecDeque};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use fiera_sfu::api::{Command, Event, ParticipantKey, PeerId, RoomKey, Side, SourceKind};
use fiera_sfu::clock::ServerClock;
use fiera_sfu::counters::{Counters, Drop as Dropped};
use fiera_sfu::egress::{Egress, Path, Via};
use fiera_sfu::engine::{Relay, Sfu, TICK, ThreadId};
use fiera_sfu::sdp::{Codec, PublisherMedia, RemoteTransport, TransportCredentials, ViewerMedia};
use fiera_sfu::transport::ice::{self, Claim};

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

/// Media threads of a run: by the place of its seed, so that every behaviour is seen on one, two and three.
#[allow(clippy::disallowed_methods)]
fn threads(seed: u64) -> usize {
    if let Ok(given) = std::env::var("EMULATOR_THREADS") {
        return given.parse().expect("EMULATOR_THREADS is a number");
    }
    SEEDS_DEFAULT
        .iter()
        .position(|known| *known == seed)
        .map_or(2, |place| place + 1)
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

/// What a meter is told: the beginning (true) and the end of a piece of the server's work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Metered {
    /// One datagram of a publisher.
    Ingest,
    /// One call of `transmit`.
    Transmit,
}

/// One run.
pub(crate) struct Fair {
    pub(crate) meter: fn(Metered, bool),
    pub(crate) now_us: u64,
    /// One per media thread.
    pub(crate) threads: Vec<Sfu>,
    /// The thread of the publishers of each room.
    pub(crate) rooms: BTreeMap<RoomKey, usize>,
    /// Packets that wait for this thread are dropped, as from a full queue.
    pub(crate) clogged: Option<usize>,
    pub(crate) relays_dropped: u64,
    /// Stages that homes told their followers.
    pub(crate) stages_told: u64,
    /// What threads have for each other: from, to.
    mail: VecDeque<(usize, usize, Relay)>,
    /// Where each connection lives, by its number, our ufrag and addresses it was seen at.
    owners: BTreeMap<PeerId, usize>,
    ufrags: BTreeMap<String, (usize, String)>,
    seen: BTreeMap<SocketAddr, usize>,
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
        Self::on_threads(seed, threads(seed))
    }

    /// A run on so many media threads.
    pub(crate) fn on_threads(seed: u64, threads: usize) -> Self {
        Self {
            meter: |_, _| (),
            leaving: Vec::new(),
            now_us: 0,
            threads: (0..threads).map(|place| Self::thread(place, 0)).collect(),
            rooms: BTreeMap::new(),
            clogged: None,
            relays_dropped: 0,
            stages_told: 0,
            mail: VecDeque::new(),
            owners: BTreeMap::new(),
            ufrags: BTreeMap::new(),
            seen: BTreeMap::new(),
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

    pub(crate) fn thread(place: usize, life: u16) -> Sfu {
        let clock = ServerClock::new(*BASE, SERVER_WALL_US);
        Sfu::on_thread(Arc::clone(&SERVER_IDENTITY), clock, ThreadId(place as u16), life)
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
        let place = self.place_of(&command);
        self.command_to(place, command);
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

    /// Carries what threads tell each other until nobody has anything to say.
    fn deliver_mail(&mut self) {
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
    fn owner_of(&mut self, from: SocketAddr, datagram: &[u8]) -> usize {
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
            for place in 0..self.threads.len() {
                self.threads[place].handle_tick(now, &mut self.egress);
                self.flush();
            }
        }
        self.deliver_mail();
        for place in 0..self.threads.len() {
            self.transmit(place);
        }
        self.deliver_mail();
        for sfu in &mut self.threads {
            while let Some(event) = sfu.poll_event() {
                self.events.push((now_us, event));
            }
        }
    }

    fn transmit(&mut self, place: usize) {
        let now = self.now();
        loop {
            (self.meter)(Metered::Transmit, true);
            let more = self.threads[place].transmit(now, &mut self.egress);
            (self.meter)(Metered::Transmit, false);
            self.flush();
            if !more {
                break;
            }
            if let Some(peer) = self.leaving.pop() {
                self.command(Command::RemovePeer { peer });
            }
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
                let place = self.owner_of(flight.from, &flight.datagram);
                let publishes = matches!(self.homes.get(&flight.from), Some(Who::Publisher(_)));
                if publishes {
                    (self.meter)(Metered::Ingest, true);
                }
                self.threads[place].handle_datagram(now, path, &flight.datagram, &mut self.egress);
                if publishes {
                    (self.meter)(Metered::Ingest, false);
                }
                self.flush();
                self.deliver_mail();
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
        self.counters().drops[reason as usize]
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
