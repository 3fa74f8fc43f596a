// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Rounds of breakouts: small rooms that open together and come back together. Made of facts (which rooms, which phase,
//! until when) and of rows (who has a seat where, without a time); what each step does stands in the modules beside.

mod cards;
mod commands;
mod course;
mod plenary;
mod rehearsal;
mod seating;
mod told;

use std::collections::{BTreeMap, BTreeSet};

use fiera_protocol::breakouts::{HelpStage, Latecomers, RoundMode, RoundPhase};
use fiera_protocol::fair::RoomSettings;
use fiera_protocol::ids::{AnnouncementId, ParticipantId, RoomId, RoomKind, RoundId};
use fiera_protocol::limits::{ROUND_EXTENSION_MIN_MAX, ROUND_MINUTES_MAX, ROUND_SEATS_MAX};
use serde::{Deserialize, Serialize};

pub(crate) use cards::Cards;
pub use told::{BreakoutNotes, Note};

use crate::cadence::Cadence;
use crate::config::RoomConfig;
use crate::fact::{Fact, KeptRoom};
use crate::hub::Hub;
use crate::input::Now;
use crate::keeping::{from_hex, hex, row};
use crate::refusal::{self, Refusal};
use crate::stream::Stream;

/// How a breakout room works at first. What is asked there, people say to each other; for the plenary they write cards.
const SETTINGS: RoomSettings = RoomSettings {
    moderated: false,
    questions_closed: true,
    chat_open: true,
    links_off: false,
    slow_mode_s: 0,
};

/// All rounds of the event.
#[derive(Debug)]
pub(crate) struct Breakouts {
    /// In the order in which they were prepared.
    rounds: Vec<Round>,
    /// When [`crate::timers::Timer::Breakouts`] comes.
    due_ms: Option<u64>,
    /// Deadlines were restored as wall-clock times alone.
    restored: bool,
    grid: Cadence,
    /// Plenary rooms whose people are told with the grid that cards shown there were erased.
    cards_untold: BTreeSet<RoomId>,
    /// Bots in place of people; never together with a round that runs.
    rehearsal: Option<rehearsal::Rehearsal>,
    /// What moderators and organisers know.
    pub(crate) stream: Stream,
}

/// One round. A dry run is a copy of its draft.
#[derive(Debug, Clone)]
struct Round {
    id: RoundId,
    from: RoomId,
    rooms: Vec<KeptRoom>,
    mode: RoundMode,
    latecomers: Latecomers,
    capacity: u16,
    /// How long the rooms are open, extensions included.
    minutes: u16,
    phase: RoundPhase,
    /// When the phase ends: what people are shown, milliseconds since 1970.
    until_unix_ms: Option<u64>,
    /// When the phase ends, monotonic milliseconds.
    until_ms: Option<u64>,
    placements: BTreeMap<ParticipantId, Placement>,
    /// Latecomers who are moved soon, with the time of it: monotonic, and as they are shown it.
    going: BTreeMap<ParticipantId, (u64, u64)>,
    told: Option<AnnouncementId>,
    /// Which room's cards are shown at the plenary, counted from 0.
    shows: Option<u16>,
}

/// Whose seat is where, as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Placement {
    /// Which room of the round, counted from 0.
    nth: u16,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    facilitator: bool,
    /// They chose to stay, or came back by themselves: nobody moves them.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    stays: bool,
    /// They took it by walking in.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    chosen: bool,
    /// Where they were before, if that was not the plenary room.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    back: Option<RoomId>,
}

impl Placement {
    /// A seat as it is given: nobody has used it yet.
    fn at(nth: u16) -> Self {
        Self {
            nth,
            facilitator: false,
            stays: false,
            chosen: false,
            back: None,
        }
    }
}

impl Round {
    fn is_live(&self) -> bool {
        matches!(
            self.phase,
            RoundPhase::Announced | RoundPhase::Open | RoundPhase::Closing
        )
    }

    fn nth_of(&self, room: &RoomId) -> Option<u16> {
        let at = self.rooms.iter().position(|one| one.room == *room)?;
        u16::try_from(at).ok()
    }

    fn room_at(&self, nth: u16) -> Option<&RoomId> {
        self.rooms.get(usize::from(nth)).map(|one| &one.room)
    }

    fn room_of(&self, participant: ParticipantId) -> Option<&RoomId> {
        self.room_at(self.placements.get(&participant)?.nth)
    }

    /// Seats that are taken, room by room.
    fn taken(&self) -> Vec<u16> {
        let mut taken = vec![0_u16; self.rooms.len()];
        for placement in self.placements.values() {
            if let Some(count) = taken.get_mut(usize::from(placement.nth)) {
                *count = count.saturating_add(1);
            }
        }
        taken
    }

    /// Whether there is anybody who chooses a room.
    fn is_chosen_from(&self) -> bool {
        let by_choice = self.mode == RoundMode::SelfSelect || self.latecomers == Latecomers::Choose;
        by_choice && self.phase == RoundPhase::Open
    }

    /// Seats that can still be taken, room by room; none while nobody chooses.
    fn free(&self) -> Vec<u16> {
        if !self.is_chosen_from() {
            return Vec::new();
        }
        let seats = ROUND_SEATS_MAX.saturating_sub(self.placements.len());
        let seats = u16::try_from(seats).unwrap_or(u16::MAX);
        let left = |taken: u16| self.capacity.saturating_sub(taken).min(seats);
        self.taken().into_iter().map(left).collect()
    }

    /// Milliseconds that are left when the rooms are kept open for so many minutes more, and all their minutes.
    fn extended(&self, now: Now, minutes: u16) -> Result<(u64, u16), Refusal> {
        if !(1..=ROUND_EXTENSION_MIN_MAX).contains(&minutes) {
            return Err(refusal::ROUND_SIZES);
        }
        if self.phase == RoundPhase::Announced {
            return Err(refusal::ROUND_NOT_OPEN);
        }
        let total = self.minutes.saturating_add(minutes);
        if total > ROUND_MINUTES_MAX {
            return Err(refusal::ROUND_TOO_LONG);
        }
        let open = self.phase == RoundPhase::Open;
        let until_ms = self.until_ms.filter(|_| open).unwrap_or(now.mono_ms);
        let left_ms = until_ms.saturating_sub(now.mono_ms);
        Ok((left_ms + u64::from(minutes) * 60_000, total))
    }

    fn has_space(&self, nth: u16) -> bool {
        self.taken()
            .get(usize::from(nth))
            .is_some_and(|taken| *taken < self.capacity)
    }

    /// The room with the fewest seats taken, the first of several; none: all are full.
    fn emptiest(taken: &[u16], capacity: u16) -> Option<u16> {
        let (at, count) = taken.iter().enumerate().min_by_key(|(_, count)| **count)?;
        u16::try_from(at).ok().filter(|_| *count < capacity)
    }

    /// The row of somebody's seat.
    fn key(&self, participant: ParticipantId) -> String {
        format!("placement/{}/{}", hex(self.id.as_u128()), hex(participant.as_u128()))
    }
}

impl Breakouts {
    pub(crate) fn new(stream: Stream) -> Self {
        Self {
            rounds: Vec::new(),
            due_ms: None,
            restored: false,
            grid: Cadence::default(),
            cards_untold: BTreeSet::new(),
            rehearsal: None,
            stream,
        }
    }

    fn get(&self, id: RoundId) -> Option<&Round> {
        self.rounds.iter().find(|round| round.id == id)
    }

    fn get_mut(&mut self, id: RoundId) -> Option<&mut Round> {
        self.rounds.iter_mut().find(|round| round.id == id)
    }

    /// The round that is announced, open or closing; there is one at most.
    fn live(&self) -> Option<&Round> {
        self.rounds.iter().find(|round| round.is_live())
    }

    /// The round that a room belongs to.
    fn of_room(&self, room: &RoomId) -> Option<&Round> {
        self.rounds.iter().find(|round| round.nth_of(room).is_some())
    }

    /// Whether a room belongs to any round.
    pub(crate) fn holds(&self, room: &RoomId) -> bool {
        self.of_room(room).is_some()
    }

    /// How many rooms all rounds have.
    pub(crate) fn rooms(&self) -> usize {
        self.rounds.iter().map(|round| round.rooms.len()).sum()
    }
}

/// The row of a call for help.
fn help_key(room: &RoomId) -> String {
    format!("help/{room}")
}

impl Hub {
    pub(crate) fn apply_breakout_fact(&mut self, fact: &Fact) {
        self.dirty.breakouts = true;
        match fact {
            Fact::RoundPrepared {
                round,
                from,
                rooms,
                mode,
                latecomers,
                capacity,
                minutes,
            } => {
                for kept in rooms {
                    self.make_breakout_room(kept, *capacity);
                }
                self.breakouts.rounds.push(Round {
                    id: *round,
                    from: from.clone(),
                    rooms: rooms.clone(),
                    mode: *mode,
                    latecomers: *latecomers,
                    capacity: *capacity,
                    minutes: *minutes,
                    phase: RoundPhase::Draft,
                    until_unix_ms: None,
                    until_ms: None,
                    placements: BTreeMap::new(),
                    going: BTreeMap::new(),
                    told: None,
                    shows: None,
                });
            }
            Fact::RoundMoved {
                round,
                phase,
                until_unix_ms,
                minutes,
            } => {
                let Some(round) = self.breakouts.get_mut(*round) else {
                    return;
                };
                (round.phase, round.until_unix_ms, round.until_ms) = (*phase, *until_unix_ms, None);
                round.minutes = minutes.unwrap_or(round.minutes);
                self.dirty
                    .people
                    .extend(round.placements.keys().filter(|id| self.people.contains_key(id)));
                if *phase == RoundPhase::Ended {
                    round.placements.clear();
                    round.going.clear();
                    round.told = None;
                }
            }
            Fact::RoundDiscarded { round } => {
                let gone = self.breakouts.get(*round).map(|round| round.rooms.clone());
                for kept in gone.into_iter().flatten() {
                    self.rooms.remove(&kept.room);
                }
                self.breakouts.rounds.retain(|known| known.id != *round);
            }
            Fact::RoundTold { round, announcement } => {
                if let Some(round) = self.breakouts.get_mut(*round) {
                    round.told = Some(*announcement);
                }
            }
            _ => {}
        }
    }

    fn make_breakout_room(&mut self, kept: &KeptRoom, capacity: u16) {
        let title = self.texts.get(&kept.text.as_u128()).map(|text| text.text.clone());
        let config = RoomConfig {
            room: kept.room.clone(),
            kind: RoomKind::Breakout,
            title: title.unwrap_or_else(|| kept.room.to_string()),
            titles: fiera_protocol::fair::Localised::default(),
            settings: SETTINGS,
            capacity: u32::from(capacity),
            whip_on_air_at_once: false,
            polls: Vec::new(),
        };
        let room = Self::make_room(config, self.epoch);
        self.rooms.entry(kept.room.clone()).or_insert(room);
        // Moderators who look in know who is silenced or banned, there as everywhere.
        self.dirty.restricted = true;
    }

    pub(crate) fn apply_breakout_row(&mut self, kind: &str, name: &[&str], value: Option<&[u8]>) {
        match (kind, name) {
            ("placement", [round, participant]) => {
                let (Some(round), Some(participant)) = (from_hex(round), from_hex(participant)) else {
                    return;
                };
                let participant = ParticipantId::from_u128(participant);
                let Some(round) = self.breakouts.get_mut(RoundId::from_u128(round)) else {
                    return;
                };
                let rooms = round.rooms.len();
                let placement: Option<Placement> = value.and_then(row);
                match placement.filter(|placement| usize::from(placement.nth) < rooms) {
                    Some(placement) => round.placements.insert(participant, placement),
                    None => round.placements.remove(&participant),
                };
                if self.people.contains_key(&participant) {
                    self.dirty.people.insert(participant);
                }
            }
            ("cardsshown", [round]) => {
                let Some(round) = from_hex(round).map(RoundId::from_u128) else {
                    return;
                };
                if let Some(round) = self.breakouts.get_mut(round) {
                    let shows: Option<u16> = value.and_then(row);
                    round.shows = shows.filter(|nth| usize::from(*nth) < round.rooms.len());
                }
            }
            ("help", [room]) => {
                let Some(room) = room.parse().ok().and_then(|room| self.rooms.get_mut(&room)) else {
                    return;
                };
                room.help = value.and_then(row::<HelpStage>);
                self.dirty.rooms.insert(room.config.room.clone());
            }
            _ => {}
        }
        self.dirty.breakouts = true;
    }

    /// Nobody's seat and nobody's votes are known any more.
    pub(crate) fn wipe_breakouts(&mut self) {
        for round in &mut self.breakouts.rounds {
            round.placements.clear();
            round.going.clear();
            round.shows = None;
        }
        for (id, room) in &mut self.rooms {
            room.cards.forget_voters();
            if room.help.take().is_some() {
                self.dirty.rooms.insert(id.clone());
            }
        }
        self.dirty.people.extend(self.people.keys());
        self.dirty.breakouts = true;
    }

    /// What must hold of breakouts between two inputs; see `invariants`.
    pub(crate) fn check_breakouts(&self) {
        self.check_rehearsal();
        debug_assert!(self.breakouts.rounds.iter().filter(|round| round.is_live()).count() <= 1);
        debug_assert!(
            self.shown_changes().is_empty(),
            "plenary rooms know other cards of their breakouts"
        );
        debug_assert!(
            self.breakouts.cards_untold.is_empty() || self.breakouts.grid.is_due(),
            "nobody is going to tell of erased cards"
        );
        for round in &self.breakouts.rounds {
            let open = matches!(round.phase, RoundPhase::Open | RoundPhase::Closing);
            debug_assert!(round.is_live() || round.going.is_empty(), "{}: goes nowhere", round.id);
            debug_assert!(
                round.going.keys().all(|id| round.placements.contains_key(id)),
                "moved without a seat"
            );
            debug_assert!(
                round.taken().iter().all(|taken| *taken <= round.capacity),
                "{}: more seats than there are",
                round.id
            );
            debug_assert!(
                !round.is_live() || self.breakouts.restored || round.until_ms.is_some(),
                "{}: never ends",
                round.id
            );
            debug_assert!(
                round.shows.is_none() || round.phase == RoundPhase::Ended,
                "{}: shown before it is over",
                round.id
            );
            for kept in &round.rooms {
                let people = self.rooms.get(&kept.room).map_or(0, |room| room.people().len());
                debug_assert!(
                    open || people == 0 || self.bots_are_in(&kept.room),
                    "{}: somebody is in a room that is not open",
                    kept.room
                );
            }
        }
    }
}
