// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! One media thread without IO: it owns its publishers and viewers, never sees another thread's, and tells other threads
//! of rooms by message.
//! Parts: `datagrams` (what comes in), `control` (commands), `replan` (who is in which slot), `handshakes` (who comes in),
//! `fanout` (what goes out), `allotment` (which layer each viewer gets), `congestion` (what did not fit), `mirror` (rooms
//! across threads), `moving` (from room to room), `inspect` (what is seen from outside), `timers`.

mod allotment;
mod congestion;
mod control;
mod datagrams;
mod fanout;
mod handshakes;
mod inspect;
mod mirror;
mod moving;
mod publisher;
mod relay;
mod replan;
mod room;
mod stage;
mod tables;
mod timers;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Instant;

use crate::api::{Event, RoomKey};
use crate::clock::ServerClock;
use crate::counters::Counters;
use crate::egress::Path;
use crate::transport::dtls::DtlsIdentity;
use room::{Room, Work};
use tables::{Entry, Tables};

pub use congestion::CONGESTED_KEYFRAMES_APART;
pub use inspect::{Carrier, ConnectionView, LOSS_BUCKETS, LayerView, RoomQuality, SlotView, SourceView, Traffic};
pub use moving::{MovingPublisher, Vacancy};
pub use relay::{Relay, ThreadId};
pub use stage::{Stage, StageSource};
pub use timers::TICK;

/// The media plane of one thread.
///
/// Contract, in a loop: feed [`Sfu::handle_datagram`] and [`Sfu::handle_command`]; call [`Sfu::handle_tick`] every
/// [`TICK`]; call [`Sfu::transmit`] until it returns false, sending and clearing the arena after each call, telling
/// [`Sfu::handle_congestion`] what could not be sent, and reading the socket in between; drain [`Sfu::poll_event`]
/// and, where there are several threads, [`Sfu::poll_relay`]. Of those, each must be told by [`Sfu::handle_home`] where a
/// room's publishers are before the first of them comes, and all have the same [`ServerClock`]. Time never comes from
/// anywhere but the `now` arguments.
#[derive(Debug)]
pub struct Sfu {
    thread: ThreadId,
    /// Homes of rooms, as told.
    homes: BTreeMap<RoomKey, ThreadId>,
    relays: VecDeque<(ThreadId, Relay)>,
    identity: Arc<DtlsIdentity>,
    clock: ServerClock,
    tables: Tables,
    rooms: BTreeMap<RoomKey, Room>,
    /// Rooms with packets of this wake-up.
    touched: Vec<RoomKey>,
    work: VecDeque<Work>,
    /// Packets in it.
    queued: usize,
    /// Emptied buffers, kept so that the hot path allocates nothing.
    spare: Vec<Work>,
    events: VecDeque<Event>,
    counters: Counters,
    scratch: Vec<u8>,
    /// The RTCP packet that was opened last.
    opened: Vec<u8>,
    /// Connections whose transport has something to do soon.
    attention: Vec<Entry>,
    /// Viewers whose paths are being probed.
    probing: Vec<usize>,
    /// Slots that replay: viewer and place of the slot.
    replaying: Vec<(usize, usize)>,
    /// Slots that wait for a keyframe: viewer, place of the slot, since when.
    waiting: Vec<Waiting>,
    next_source: u64,
    rotation: usize,
    tick: u64,
    last_tick: Option<Instant>,
    /// Ticks that the time since the last one was worth, more than one when it came late.
    ticks_passed: usize,
    /// Datagrams of handshakes that wait for their turn.
    handshakes: VecDeque<(Path, Box<[u8]>)>,
    /// Datagrams of handshakes that may be read until the next tick.
    handshakes_left: usize,
    /// Those read since the arena was last sent.
    handshakes_read: usize,
}

/// A slot that waits for a keyframe.
#[derive(Debug, Clone, Copy)]
struct Waiting {
    viewer: usize,
    slot: usize,
    since: Instant,
}

impl Sfu {
    /// An empty media plane of one thread.
    #[must_use]
    pub fn new(identity: Arc<DtlsIdentity>, clock: ServerClock) -> Self {
        Self::on_thread(identity, clock, ThreadId(0), 0)
    }

    /// An empty media plane of one thread of several. `life`: how often this thread began anew, so that its sources are
    /// told from those before.
    #[must_use]
    pub fn on_thread(identity: Arc<DtlsIdentity>, clock: ServerClock, thread: ThreadId, life: u16) -> Self {
        Self {
            thread,
            homes: BTreeMap::new(),
            relays: VecDeque::new(),
            identity,
            clock,
            tables: Tables::default(),
            rooms: BTreeMap::new(),
            touched: Vec::new(),
            work: VecDeque::new(),
            queued: 0,
            spare: Vec::new(),
            events: VecDeque::new(),
            counters: Counters::default(),
            scratch: Vec::with_capacity(1_500),
            opened: Vec::with_capacity(1_500),
            attention: Vec::new(),
            probing: Vec::new(),
            replaying: Vec::new(),
            waiting: Vec::new(),
            next_source: (u64::from(thread.0) << 48 | u64::from(life) << 32) + 1,
            rotation: 0,
            tick: 0,
            last_tick: None,
            ticks_passed: 1,
            handshakes: VecDeque::new(),
            handshakes_left: handshakes::PER_TICK,
            handshakes_read: 0,
        }
    }

    /// What was counted so far.
    #[must_use]
    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    /// The next thing that the control plane should know.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }
}
