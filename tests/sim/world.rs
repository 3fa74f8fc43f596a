// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! The world of one run: people at their tabs, a network, a server around a real hub, a store, a model, and time.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use fiera_hub::{EventConfig, Hub, PreparedSlot, RoomConfig, StreamKey};
use fiera_protocol::client::Command;
use fiera_protocol::fair::{Localised, RoomSettings};
use fiera_protocol::ids::{AuthorSecret, CommandId, DisplayName, ParticipantId, Role, RoomId, RoomKind};
use fiera_protocol::view::{EventPhase, StreamState};
use fiera_store::Store;
use serde_json::{Value, json};

use crate::compare::Numbers;
use crate::deeds;
use crate::link::{Down, Link, Up};
use crate::model::{Kept, Model, Presence, Room};
use crate::random::Random;
use crate::server::{Kill, Socket};
use crate::shared::Shared;
use crate::shelf::{Disk, Shelf};
use crate::tab::{Known, Pending, Tab};
use crate::words::Surface;

const UNIX_START_MS: u64 = 1_790_000_000_000;
/// Steps from one rest to the next.
const REST_EVERY: u64 = 125;
/// Longer than anything that is waited for: retries, silence, the store, counts.
const HEALING_MS: u64 = 30_000;
/// A wait for what is on its way, and how many of them there are at most.
const ARRIVING_MS: u64 = 30;
const ARRIVING_TRIES_MAX: u32 = 20;

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

fn room_id(id: &str) -> RoomId {
    id.parse().expect("an id")
}

fn config(random: &mut Random) -> EventConfig {
    let settings = RoomSettings {
        moderated: false,
        chat_open: true,
        slow_mode_s: 0,
        questions_closed: false,
        links_off: false,
    };
    let room = |id: &str, kind, capacity| RoomConfig {
        room: room_id(id),
        kind,
        title: id.to_owned(),
        titles: Localised::default(),
        settings,
        polls: Vec::new(),
        capacity,
        whip_on_air_at_once: true,
    };
    let phase = *random.weighted(&[(8, EventPhase::Live), (1, EventPhase::Open), (1, EventPhase::Draft)]);
    EventConfig {
        event: "fair".parse().expect("an id"),
        title: "Fair".to_owned(),
        titles: Localised::default(),
        organiser: None,
        time_zone: None,
        agenda: vec![PreparedSlot {
            name: "opening".to_owned(),
            room: room_id("hall-a"),
            title: Localised {
                it: None,
                en: Some("zk8000001k".to_owned()),
            },
            speakers: Vec::new(),
            starts_unix_ms: UNIX_START_MS,
            ends_unix_ms: UNIX_START_MS + 3_600_000,
            track: None,
            notes: None,
            poll: None,
            poll_opens: false,
        }],
        keeps_captions: false,
        ideas_closed: false,
        ideas: Vec::new(),
        phase,
        // The two halls are the same, so that nothing of one may show up in the other.
        rooms: vec![
            room("hall-a", RoomKind::Stage, 6),
            room("hall-b", RoomKind::Stage, 6),
            room("corner", RoomKind::Breakout, 1_000),
            room("lobby", RoomKind::Lobby, 1_000),
        ],
        stands: fiera_hub::StandsConfig::default(),
    }
}

impl World {
    pub(crate) fn new(seed: u64, store: Box<dyn Store>, traced: bool) -> Self {
        let mut random = Random::of_step(seed, 0);
        let config = config(&mut random);
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
        let mut kept = Kept::new(config.phase, rooms);
        kept.slots = hub.agenda().to_vec();
        assert_eq!(kept.slots.len(), config.agenda.len(), "PR4: the setup's programme");
        let capacity = config
            .rooms
            .iter()
            .map(|room| (room.room.clone(), room.capacity as usize))
            .collect();
        let kept = Shared::new(kept);
        let mut model = Model {
            kept: kept.clone(),
            here: Presence::default(),
            capacity,
        };
        model.crash(kept.clone());
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
            0..82 => {
                // The few who run the fair do as much as the many who visit it.
                let runs = |tab: &usize| self.cast[self.tabs[*tab].person].role >= Role::Moderator;
                let among: Vec<usize> = (0..self.tabs.len()).collect();
                let few: Vec<usize> = among.iter().copied().filter(runs).collect();
                let among = if self.random.permille(400) { few } else { among };
                let tab = *self.random.pick(&among).expect("tabs");
                if let Some(command) = deeds::any(self, tab) {
                    self.says(tab, command);
                }
            }
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

    fn asks(&mut self) {
        let at = self.random.index(self.tabs.len());
        let (nth, what) = (self.random.index(8), self.random.below(12));
        let (now_ms, tab) = (self.now_ms, &mut self.tabs[at]);
        let secrets = self.cast[tab.person].secrets.iter().rev().take(20).copied().collect();
        if !tab.welcomed {
            return;
        }
        let says = match what {
            0 => Some(Up::Roster).filter(|_| tab.you().is_some_and(|you| you.room.is_some())),
            1 => Some(Up::Mine { secrets }),
            2 => Some(Up::FollowUps),
            // What was remembered long ago is worth most: much has come and gone since.
            3..9 => {
                if tab.earlier.is_none() {
                    tab.remembers(nth);
                }
                None
            }
            _ => tab.falls_back(now_ms),
        };
        let link = tab.link.and_then(|link| self.links.get_mut(&link));
        says.into_iter()
            .zip(link)
            .for_each(|(up, link)| link.send_up(now_ms, up));
    }

    fn tab_changes(&mut self) {
        let at = self.random.index(self.tabs.len());
        let (left, soon) = (self.random.permille(300), self.random.below(25_000));
        let tab = &mut self.tabs[at];
        if !tab.open || tab.link.is_none() {
            // Somebody opens the page again; what was not answered is long forgotten.
            tab.open = true;
            tab.retry_ms = self.now_ms;
            return;
        }
        let link = tab.link.expect("looked at");
        // A page that reloads loses what it waited for, and comes back sooner or later.
        tab.pending.clear();
        tab.lost(self.now_ms + soon);
        if left {
            tab.open = false;
        }
        let now_ms = self.now_ms;
        if let Some(link) = self.links.get_mut(&link) {
            link.down.clear();
            link.send_up(now_ms, Up::Close { left });
        }
        self.record(at, || json!("lost"));
        self.note(|| format!("tab {at} closes, for good: {left}"));
    }

    fn link_changes(&mut self) {
        let open: Vec<u64> = self.links.keys().copied().collect();
        let Some(conn) = self.random.pick(&open).copied() else {
            return;
        };
        let (what, ms) = (self.random.below(4), self.random.below(8_000));
        self.note(|| format!("connection {conn}: trouble {what} for {ms} ms"));
        let link = self.links.get_mut(&conn).expect("open");
        match what {
            0 => link.go_silent(),
            1 => link.stalled_until_ms = self.now_ms + ms,
            2 => link.latency_ms = ms / 16,
            _ => self.break_link(conn),
        }
    }

    /// Both sides learn at once that the connection is gone.
    fn break_link(&mut self, conn: u64) {
        self.close_link(conn);
        self.inbox.push_back((conn, Up::Close { left: false }));
    }

    fn server_changes(&mut self) {
        let ms = self.random.below(12_000);
        match self.random.below(10) {
            0..3 => {
                let kills = [Kill::BeforeTheWrite, Kill::AfterTheWrite, Kill::AmidTheAnswers];
                self.kill = *self.random.pick(&kills).expect("three");
            }
            3 => self.crash(),
            4..6 => {
                self.shelf.disk = if self.random.coin() {
                    Disk::Fails
                } else {
                    Disk::FailsLate
                };
                self.disk_until_ms = self.now_ms + ms;
            }
            _ => {
                let jump = i64::try_from(self.random.below(400_000)).expect("small") - 200_000;
                self.unix_shift_ms += jump;
                self.note(|| format!("the wall clock jumps by {jump} ms"));
            }
        }
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

    fn connect(&mut self, at: usize) {
        self.opened += 1;
        let tab = &mut self.tabs[at];
        let mut link = Link::new(at, self.cast[tab.person].id, 1 + self.random.below(60));
        let token = tab.token.clone().filter(|_| !self.random.permille(100));
        link.send_up(self.now_ms, Up::Hello { token });
        (tab.link, tab.heard_ms) = (Some(self.opened), self.now_ms);
        self.links.insert(self.opened, link);
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
                assert_eq!(
                    known.state, self.mirrors[&key].state,
                    "S2: tab {at} knows another {stream:?}"
                );
            }
        }
    }

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
