// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! The world of one run: people at their tabs, a network, a server around a real hub, a store, a model, and time.

mod clock;
mod opening;
mod rest;
mod setup;
mod trouble;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use fiera_hub::{EventConfig, Hub, StreamKey};
use fiera_protocol::client::Command;
use fiera_protocol::ids::{AuthorSecret, CommandId, DisplayName, ParticipantId, Role, RoomId};
use fiera_protocol::view::EventPhase;
use fiera_store::Store;
use serde_json::Value;

use crate::compare::Numbers;
use crate::deeds;
use crate::link::{Link, Up};
use crate::model::{Kept, Model, Presence, Room};
use crate::random::Random;
use crate::server::{Kill, Socket};
use crate::shared::Shared;
use crate::shelf::Shelf;
use crate::tab::{Known, Pending, Tab};
use crate::words::Surface;

const UNIX_START_MS: u64 = 1_790_000_000_000;
/// Steps from one rest to the next.
const REST_EVERY: u64 = 125;

pub(crate) struct Person {
    pub(crate) id: ParticipantId,
    pub(crate) name: DisplayName,
    pub(crate) role: Role,
    /// What their browser keeps of what they wrote.
    pub(crate) secrets: Vec<AuthorSecret>,
}

/// What happened in a run, to see that it was lively.
#[derive(Debug, Default)]
pub(crate) struct Counted {
    /// Commands by what they are counted as (see `coverage`).
    pub(crate) accepted: BTreeMap<String, u32>,
    pub(crate) refused: BTreeMap<String, u32>,
    pub(crate) repeated: u32,
    pub(crate) crashes: u32,
    pub(crate) restarts: u32,
    pub(crate) cut_off: u32,
    pub(crate) quiet: u32,
}

pub(crate) struct World {
    pub(crate) random: Random,
    pub(crate) now_ms: u64,
    unix_shift_ms: i64,
    pub(crate) config: EventConfig,
    pub(crate) hub: Hub,
    pub(crate) hub_started_ms: u64,
    pub(crate) epoch: u32,
    pub(crate) shelf: Shelf,
    disk_until_ms: u64,
    pub(crate) probe_ms: Option<u64>,
    pub(crate) kill: Kill,
    pub(crate) inbox: VecDeque<(u64, Up)>,
    pub(crate) sockets: BTreeMap<u64, Socket>,
    pub(crate) links: BTreeMap<u64, Link>,
    opened: u64,
    pub(crate) cast: Vec<Person>,
    pub(crate) tabs: Vec<Tab>,
    pub(crate) model: Model,
    /// What of the model is written.
    pub(crate) durable: Shared<Kept>,
    /// Each stream as the server has told it so far.
    pub(crate) mirrors: BTreeMap<StreamKey, Known>,
    pub(crate) changed: BTreeSet<StreamKey>,
    pub(crate) numbers: Numbers,
    pub(crate) numbers_ms: u64,
    pub(crate) words: u32,
    /// Which words were seen where so far.
    pub(crate) shown: BTreeSet<(u32, Surface)>,
    pub(crate) counted: Counted,
    /// What happened last, where it is asked for.
    pub(crate) trace: Option<VecDeque<String>>,
    /// What some tabs were told and made of it, where it is asked for.
    pub(crate) recorded: BTreeMap<usize, Vec<Value>>,
}

impl World {
    pub(crate) fn new(seed: u64, store: Box<dyn Store>, traced: bool) -> Self {
        let mut random = Random::of_step(seed, 0);
        let config = setup::config(&mut random);
        let roles = [
            Role::Organiser,
            Role::Moderator,
            Role::Moderator,
            Role::Speaker,
            Role::Speaker,
            Role::Attendee,
            Role::Attendee,
            Role::Attendee,
            Role::Attendee,
            Role::Attendee,
            Role::Attendee,
            Role::Organiser,
            Role::Captioner,
        ];
        let person = |(nth, role): (u32, &Role)| Person {
            id: ParticipantId::from_u128(random.id()),
            name: format!("Person {nth}").try_into().expect("a name"),
            role: *role,
            secrets: Vec::new(),
        };
        let cast: Vec<Person> = (0..).zip(&roles).map(person).collect();
        // Everybody has a tab, some a second one.
        let tab = |person| Tab {
            person,
            open: true,
            ..Tab::default()
        };
        let tabs = (0..cast.len()).chain([0, 1, 3, 5, 6]).map(tab).collect();
        let rooms: BTreeMap<RoomId, Shared<Room>> = config
            .rooms
            .iter()
            .map(|room| (room.room.clone(), Shared::new(Room::new(room.kind, room.settings))))
            .collect();
        let hub = Hub::new(config.clone(), 1, [9; 32]).expect("a good configuration");
        let kept = Shared::new(Kept::new(config.phase, rooms));
        let mut model = Model {
            kept: kept.clone(),
            here: Presence::default(),
            capacity: BTreeMap::new(),
            setup: Vec::new(),
            stands_open_to: config.stands.open_to,
            stands_max: config.stands.max,
            keeps_captions: false,
            started_ms: 0,
            now_ms: 0,
            unix_ms: 0,
        };
        setup::tell(&mut model, &config);
        model.crash(kept);
        let kept = model.kept.clone();
        let trace = traced.then(VecDeque::new);
        Self {
            random,
            now_ms: 1_000,
            unix_shift_ms: 0,
            config,
            hub,
            hub_started_ms: 0,
            epoch: 1,
            shelf: Shelf::new(store),
            disk_until_ms: 0,
            probe_ms: None,
            kill: Kill::No,
            inbox: VecDeque::new(),
            sockets: BTreeMap::new(),
            links: BTreeMap::new(),
            opened: 0,
            cast,
            tabs,
            model,
            durable: kept,
            mirrors: BTreeMap::new(),
            changed: BTreeSet::new(),
            numbers: Numbers::default(),
            numbers_ms: 0,
            words: 0,
            shown: BTreeSet::new(),
            counted: Counted::default(),
            trace,
            recorded: BTreeMap::new(),
        }
    }

    fn record(&mut self, tab: usize, event: impl FnOnce() -> Value) {
        if let Some(events) = self.recorded.get_mut(&tab) {
            events.push(event());
        }
    }

    pub(crate) fn unix_ms(&self) -> u64 {
        (UNIX_START_MS + self.now_ms).saturating_add_signed(self.unix_shift_ms)
    }

    pub(crate) fn note(&mut self, line: impl FnOnce() -> String) {
        if let Some(trace) = &mut self.trace {
            trace.push_back(format!("{:>8} ms  {}", self.now_ms, line()));
            if trace.len() > 400 {
                trace.pop_front();
            }
        }
    }

    /// One step: somebody does something, or something happens, and a little time passes.
    pub(crate) fn step(&mut self, seed: u64, step: u64, of: u64) {
        self.random = Random::of_step(seed, step);
        // Near its end the event may end, to see what outlives it.
        if step + 30 == of && self.random.coin() {
            self.end_event();
        }
        match self.random.below(100) {
            0..67 => {
                // The few who run the fair do as much as the many who visit it.
                let runs = |tab: &usize| self.cast[self.tabs[*tab].person].role >= Role::Moderator;
                let open = |tab: &usize| self.tabs[*tab].open;
                let among: Vec<usize> = (0..self.tabs.len()).filter(open).collect();
                let few: Vec<usize> = among.iter().copied().filter(runs).collect();
                let among = if self.random.permille(450) { few } else { among };
                if let Some(tab) = self.random.pick(&among).copied()
                    && let Some(command) = deeds::any(self, tab)
                {
                    self.says(tab, command);
                }
            }
            // Now and then nothing happens but time.
            67..78 => {}
            78..82 => self.media_change(),
            82..90 => self.asks(),
            90..94 => self.tab_changes(),
            94..98 => self.link_changes(),
            _ => self.server_changes(),
        }
        let ms = *self
            .random
            .weighted(&[(60, 10), (25, 120), (10, 700), (4, 5_000), (1, 17_000)]);
        let ms = self.random.below(ms) + 1;
        self.pass(ms);
        self.compare_numbers();
        if step.is_multiple_of(REST_EVERY) {
            self.come_to_rest();
        }
    }

    fn end_event(&mut self) {
        for phase in [EventPhase::Open, EventPhase::Live, EventPhase::Ended] {
            self.says(0, Command::SetEventPhase { phase });
            self.pass(400);
        }
    }

    /// Sends a command from a tab, or keeps it until there is a connection.
    pub(crate) fn says(&mut self, tab: usize, command: Command) {
        let id = CommandId::from_u128(self.random.id());
        // The finger that presses twice, and the network that makes a page send again.
        let times = if self.random.permille(30) { 2 } else { 1 };
        let now_ms = self.now_ms;
        let tab = &mut self.tabs[tab];
        let link = tab
            .link
            .filter(|_| tab.welcomed)
            .and_then(|link| self.links.get_mut(&link));
        if tab.pending.len() > 20 || !tab.open {
            return;
        }
        let mut pending = Pending {
            id,
            command: command.clone(),
            sent: 0,
            answer: None,
        };
        if let Some(link) = link {
            for _ in 0..times {
                link.send_up(
                    now_ms,
                    Up::Command {
                        id,
                        command: command.clone(),
                    },
                );
                pending.sent += 1;
            }
        }
        tab.pending.push(pending);
    }
}
