// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! A run: peers, links and the `Sfu`s of one to three media threads, moved on in steps of a millisecond of virtual time.

mod people;
mod threads;
mod wires;

use std::collections::{BTreeMap, VecDeque};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use fiera_sfu::api::{Command, Event, PeerId, RoomKey, SourceKind};
use fiera_sfu::clock::ServerClock;
use fiera_sfu::counters::Drop as Dropped;
use fiera_sfu::egress::Egress;
use fiera_sfu::engine::{Relay, Sfu, TICK, ThreadId};

use crate::net::link::Link;
use crate::net::random::Random;
use crate::net::wire_log::WireLog;
use crate::peer::endpoint::SERVER_IDENTITY;
use crate::peer::publisher::Publisher;
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
    /// Threads are so slow that they send no more than one chunk in this time, microseconds.
    pub(crate) chunk_every_us: Option<u64>,
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
            chunk_every_us: None,
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
        if self
            .chunk_every_us
            .is_none_or(|every_us| now_us.is_multiple_of(every_us))
        {
            for place in 0..self.threads.len() {
                self.transmit(place);
            }
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
            if !more || self.chunk_every_us.is_some() {
                break;
            }
            if let Some(peer) = self.leaving.pop() {
                self.command(Command::RemovePeer { peer });
            }
        }
    }

    /// How often a datagram or packet was dropped for a reason.
    pub(crate) fn dropped(&self, reason: Dropped) -> u64 {
        self.counters().drops[reason as usize]
    }

    /// When a slot of a viewer was said to be too much for its path, and whose source.
    pub(crate) fn slot_pauses(&self, viewer: usize, slot: u8) -> Vec<(u64, (u8, SourceKind))> {
        let of = self.viewers[viewer].peer;
        let pauses = self.events.iter().filter_map(|(at, event)| match *event {
            Event::SlotPaused {
                peer,
                slot: number,
                shows: (who, kind),
            } if peer == of && number == slot => Some((*at, (who.0 as u8, kind))),
            _ => None,
        });
        pauses.collect()
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
