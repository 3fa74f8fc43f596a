// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! What people are told of breakouts: everybody which round runs, each their own seat, moderators and organisers the grid,
//! at most twice a second. Counts are exact and in memory.

use fiera_protocol::breakouts::{
    BreakoutRoom, BreakoutView, CardView, RoundPhase, RoundRoom, RoundView, Seated, YourBreakout,
};
use fiera_protocol::ids::{ParticipantId, RoomId};
use fiera_protocol::limits::ROUND_GRID_INTERVAL_MS;
use fiera_protocol::view::{Change, StreamState};
use serde::Serialize;

use super::Round;
use crate::fact::KeptRoom;
use crate::hub::Hub;
use crate::input::Now;
use crate::output::StreamKey;
use crate::participant::Participant;
use crate::timers::Timer;
use crate::view;

/// The cards of a breakout room, as they are read out when everybody is back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BreakoutNotes {
    /// What the room is called.
    pub title: String,
    /// What it is about.
    pub topic: Option<String>,
    /// Its cards, best supported first.
    pub cards: Vec<Note>,
}

/// A card on a page that follows no stream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Note {
    /// What it says.
    pub text: String,
    /// The name of who wrote it.
    pub by: String,
    /// Participants who support it.
    pub votes: u32,
}

impl From<CardView> for Note {
    fn from(card: CardView) -> Self {
        Self {
            text: card.text,
            by: String::from(card.by),
            votes: card.votes,
        }
    }
}

impl Hub {
    /// Tells everybody what changed about breakouts. `moved` where people or rooms changed.
    pub(crate) fn settle_breakouts(&mut self, now: Now, changed: bool, moved: bool) {
        if changed {
            let breakout = self.breakout_view();
            if !self.knows_round(breakout.as_ref()) {
                self.publish(StreamKey::Event, Change::Breakout { breakout });
            }
            self.settle_shown();
        }
        // What was thrown away is gone at once, and its words with it.
        for change in self.rounds_gone() {
            self.publish(StreamKey::Breakouts, change);
        }
        if !(changed || moved) || self.breakouts.rounds.is_empty() && !self.knows_rounds() {
            return;
        }
        let (grid, timers) = (&mut self.breakouts.grid, &mut self.timers);
        if !grid.ready(now.mono_ms, ROUND_GRID_INTERVAL_MS, timers, Timer::BreakoutGrid) {
            return;
        }
        self.tell_erased();
        for change in self.grid_changes() {
            match change {
                Change::Rehearsal { .. } => self.show_rehearsal(change),
                change => self.publish(StreamKey::Breakouts, change),
            }
        }
        if let Some(change) = self.places_change() {
            self.publish(StreamKey::Event, change);
        }
    }

    pub(crate) fn grid_due(&mut self) {
        self.breakouts.grid.came();
        self.dirty.breakouts = true;
    }

    /// Whether moderators know the grid as it is, or are going to be told.
    pub(crate) fn grid_is_told(&self) -> bool {
        self.rounds_gone().is_empty() && (self.breakouts.grid.is_due() || self.grid_changes().is_empty())
    }

    /// Whether everybody knows the round that runs as it is, and the places left in it or is going to be told.
    pub(crate) fn round_is_told(&self) -> bool {
        let told = self.breakouts.grid.is_due() || self.places_change().is_none();
        told && self.knows_round(self.breakout_view().as_ref())
    }

    fn known_round(&self) -> Option<&BreakoutView> {
        match self.stream.state() {
            StreamState::Event(known) => known.breakout.as_ref(),
            _ => None,
        }
    }

    /// Whether everybody knows a round but for the places that are left.
    fn knows_round(&self, now: Option<&BreakoutView>) -> bool {
        let known = self.known_round().map(|known| BreakoutView {
            free: now.map_or_else(Vec::new, |now| now.free.clone()),
            ..known.clone()
        });
        known.as_ref() == now
    }

    /// How many places are left, where everybody knows another number.
    fn places_change(&self) -> Option<Change> {
        let (round, known) = (self.breakouts.live()?, self.known_round()?);
        let free = round.free();
        (known.round == round.id && known.free != free).then_some(Change::BreakoutPlaces { free })
    }

    fn knows_rounds(&self) -> bool {
        matches!(self.breakouts.stream.state(), StreamState::Breakouts(known) if !known.rounds.is_empty())
    }

    /// What moderators do not know of the rounds.
    fn grid_changes(&self) -> Vec<Change> {
        let StreamState::Breakouts(known) = self.breakouts.stream.state() else {
            return Vec::new();
        };
        let views = self.breakouts.rounds.iter().map(|round| self.round_view(round));
        let new = views.filter(|view| !known.rounds.contains(view));
        let new = new.map(|round| Change::Round { round });
        new.chain(self.rehearsal_change(known.rehearsal.as_ref())).collect()
    }

    /// Rounds that moderators know of and that are gone.
    fn rounds_gone(&self) -> Vec<Change> {
        let StreamState::Breakouts(known) = self.breakouts.stream.state() else {
            return Vec::new();
        };
        let gone = known
            .rounds
            .iter()
            .filter(|known| self.breakouts.get(known.round).is_none());
        gone.map(|known| Change::RoundGone { round: known.round }).collect()
    }

    pub(super) fn titled(&self, kept: &KeptRoom) -> (String, Option<String>) {
        self.title_of(kept.text)
            .unwrap_or_else(|| (kept.room.to_string(), None))
    }

    /// The round that runs, as everybody sees it.
    pub(crate) fn breakout_view(&self) -> Option<BreakoutView> {
        let round = self.breakouts.live()?;
        let room = |kept: &KeptRoom| {
            let (title, topic) = self.titled(kept);
            let room = kept.room.clone();
            BreakoutRoom { room, title, topic }
        };
        Some(BreakoutView {
            round: round.id,
            from: round.from.clone(),
            phase: round.phase,
            mode: round.mode,
            latecomers: round.latecomers,
            capacity: round.capacity,
            rooms: round.rooms.iter().map(room).collect(),
            free: round.free(),
            until_unix_ms: round.until_unix_ms?,
            told: round.told.and_then(|told| view::announcement(told, &self.texts)),
        })
    }

    pub(super) fn round_view(&self, round: &Round) -> RoundView {
        let before = matches!(round.phase, RoundPhase::Draft | RoundPhase::Announced);
        let mut rooms: Vec<RoundRoom> = round.rooms.iter().map(|kept| self.round_room(kept)).collect();
        for (who, seat) in &round.placements {
            let Some(person) = self.people.get(who) else { continue };
            let own = round.room_at(seat.nth);
            let belongs = if before { Some(&round.from) } else { own };
            let seated = Seated {
                participant: *who,
                name: person.name.clone(),
                facilitator: seat.facilitator,
                here: person.room.as_ref() == belongs && belongs.is_some() && !(before && seat.stays),
            };
            if let Some(room) = rooms.get_mut(usize::from(seat.nth)) {
                room.seated.push(seated);
            }
        }
        for room in &mut rooms {
            by_name(&mut room.seated);
        }
        RoundView {
            round: round.id,
            from: round.from.clone(),
            phase: round.phase,
            mode: round.mode,
            latecomers: round.latecomers,
            capacity: round.capacity,
            minutes: round.minutes,
            until_unix_ms: round.until_unix_ms,
            cards_shown: round.shows.and_then(|nth| round.room_at(nth)).cloned(),
            rooms,
            unseated: self.unseated(round),
        }
    }

    fn round_room(&self, kept: &KeptRoom) -> RoundRoom {
        let (title, topic) = self.titled(kept);
        let room = self.rooms.get(&kept.room);
        let count = |items: usize| u32::try_from(items).unwrap_or(u32::MAX);
        RoundRoom {
            room: kept.room.clone(),
            title,
            topic,
            seated: Vec::new(),
            people: room.map_or(0, crate::room::Room::people_count),
            talking: room.map_or(0, |room| count(room.speaking().len())),
            hands: room.map_or(0, |room| room.hands.waiting()),
            help: room.and_then(|room| room.help),
            cards: room.map_or(0, |room| room.cards.count()),
        }
    }

    /// Who is in the plenary room without a seat, up to as many as can have one.
    fn unseated(&self, round: &Round) -> Vec<Seated> {
        if round.phase == RoundPhase::Ended {
            return Vec::new();
        }
        let Some(from) = self.rooms.get(&round.from) else {
            return Vec::new();
        };
        let without = from.people().iter().filter(|who| !round.placements.contains_key(who));
        let seated = |person: &Participant| Seated {
            participant: person.id,
            name: person.name.clone(),
            facilitator: false,
            here: true,
        };
        let people = without.filter_map(|who| self.people.get(who));
        let mut unseated: Vec<Seated> = people
            .filter(|person| !person.program)
            .take(fiera_protocol::limits::ROUND_SEATS_MAX)
            .map(seated)
            .collect();
        by_name(&mut unseated);
        unseated
    }

    /// What the round that runs means for one participant.
    pub(crate) fn your_breakout(&self, person: &Participant) -> Option<YourBreakout> {
        let round = self.breakouts.live()?;
        let seat = round.placements.get(&person.id)?;
        let waits = person.room.as_ref() == Some(&round.from) && !seat.stays;
        let later = round
            .until_unix_ms
            .filter(|_| waits && round.phase == RoundPhase::Announced);
        let soon = round
            .going
            .get(&person.id)
            .map(|(_, unix_ms)| *unix_ms)
            .filter(|_| waits);
        Some(YourBreakout {
            room: round.room_at(seat.nth)?.clone(),
            goes_at_unix_ms: later.or(soon),
            facilitator: seat.facilitator,
        })
    }

    /// Everybody who is concerned by the round that runs.
    pub(crate) fn concerned(&self) -> Vec<ParticipantId> {
        let live = self.breakouts.live().into_iter();
        let seated = live.flat_map(|round| round.placements.keys().copied());
        seated.filter(|who| self.people.contains_key(who)).collect()
    }

    /// What the rooms of all rounds wrote down, those without a card left out.
    pub(crate) fn breakout_notes(&self) -> Vec<BreakoutNotes> {
        let rooms = self.breakouts.rounds.iter().flat_map(|round| &round.rooms);
        let notes = |kept: &KeptRoom| {
            let (title, topic) = self.titled(kept);
            let cards: Vec<Note> = self.cards_by_votes(&kept.room).into_iter().map(Note::from).collect();
            (!cards.is_empty()).then_some(BreakoutNotes { title, topic, cards })
        };
        rooms.filter_map(notes).collect()
    }

    /// Whether a room is one of a round: not for projectors, programs and other pages that anybody may open.
    pub(crate) fn is_breakout_of_a_round(&self, room: &RoomId) -> bool {
        self.breakouts.holds(room)
    }
}

fn by_name(seated: &mut [Seated]) {
    seated.sort_by(|a, b| {
        let key = |one: &Seated| (one.name.as_str().to_lowercase(), one.participant);
        key(a).cmp(&key(b))
    });
}
