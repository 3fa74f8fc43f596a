// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Two extracts for pages that follow no stream: a room for the projector, public and without any participant id; and
//! what the hub holds about one participant, for their eyes alone.

use fiera_protocol::breakouts::CardsShown;
use fiera_protocol::fair::{Localised, PollView, QuestionStage, YourHand};
use fiera_protocol::ids::{DisplayName, EventId, ParticipantId, Role, RoomId};
use fiera_protocol::programme::AgendaSlot;
use fiera_protocol::stage::StageShow;
use fiera_protocol::text::TitleText;
use fiera_protocol::view::{EventPhase, Place, Publisher, RoomSummary, StreamState};
use serde::Serialize;

use crate::breakouts::Note;
use crate::hub::Hub;
use crate::recap::PublicQuestion;

/// What a projector shows of a room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Board {
    /// Short name of the event.
    pub event: EventId,
    /// Title in the event's first language.
    pub title: String,
    /// Title in each language that the organiser wrote.
    pub titles: Localised,
    /// Where in its life the event is.
    pub phase: EventPhase,
    /// Short name of the room.
    pub room: RoomId,
    /// The room's title in the event's first language.
    pub room_title: String,
    /// The room's title in each language that the organiser wrote.
    pub room_titles: Localised,
    /// Participants in the room.
    pub people: u32,
    /// How the stage is directed.
    pub show: StageShow,
    /// The lower thirds that are shown, in the order of those on air; without one nobody is named.
    pub lines: Vec<LowerThird>,
    /// The question that is being answered.
    pub now: Option<PublicQuestion>,
    /// Questions that come up soon, in the order in which they were asked.
    pub next: Vec<PublicQuestion>,
    /// The poll that is open, or was last; its tally once revealed.
    pub poll: Option<PollView>,
    /// Notes of a breakout room that are read out.
    pub cards: Option<BoardCards>,
    /// Slots of the programme that take place, in order of time.
    pub agenda: Vec<BoardSlot>,
    /// The rooms of the event, so that slots can name theirs.
    pub rooms: Vec<BoardRoom>,
}

/// Notes of a breakout room on the wall.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BoardCards {
    /// What the room is called.
    pub title: String,
    /// What it was about.
    pub topic: Option<String>,
    /// Which of the rooms with notes it is, from 1.
    pub number: usize,
    /// How many rooms have notes.
    pub rooms: usize,
    /// Best supported first.
    pub notes: Vec<Note>,
}

/// A room as the wall names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BoardRoom {
    /// Short name.
    pub room: RoomId,
    /// Title in each language; in the first one at least.
    pub titles: Localised,
}

/// A slot of the programme on the wall: no ids but that of its room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BoardSlot {
    /// Where.
    pub room: RoomId,
    /// What about.
    pub title: Localised,
    /// Who speaks.
    pub speakers: Vec<String>,
    /// Start, milliseconds since 1970.
    pub starts_unix_ms: u64,
    /// End, milliseconds since 1970.
    pub ends_unix_ms: u64,
}

impl From<&AgendaSlot> for BoardSlot {
    fn from(slot: &AgendaSlot) -> Self {
        Self {
            room: slot.room.clone(),
            title: slot.title.clone(),
            speakers: slot.speakers.clone(),
            starts_unix_ms: slot.starts_unix_ms,
            ends_unix_ms: slot.ends_unix_ms,
        }
    }
}

/// A name on air and the line under it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LowerThird {
    /// The name others see.
    pub name: DisplayName,
    /// What stands under it.
    pub title: TitleText,
}

/// What the hub holds about one participant now. All of it is in memory or in rows that end with the event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StoredAbout {
    /// Who.
    pub participant: ParticipantId,
    /// The name others see; none: not here at present.
    pub name: Option<DisplayName>,
    /// The role in this event; none: not here at present.
    pub role: Option<Role>,
    /// The room they are in.
    pub room: Option<RoomId>,
    /// Where they stand in it.
    pub place: Place,
    /// Open connections (tabs).
    pub connections: u32,
    /// Rooms in which their hand is up, with what it is about.
    pub hands: Vec<(RoomId, YourHand)>,
    /// A moderator has silenced them.
    pub silenced: bool,
    /// A moderator has banned them.
    pub banned: bool,
    /// A ballot of theirs lies in a poll that is open somewhere; destroyed when it closes.
    pub has_open_ballot: bool,
    /// They support questions of some room; destroyed when the event ends.
    pub has_upvotes: bool,
    /// They support ideas for the programme; destroyed when the event ends.
    pub has_idea_votes: bool,
    /// Thanks for them; whom they are for is forgotten when the event ends.
    pub thanks: usize,
    /// Questions that they are to answer; forgotten when the event ends.
    pub assigned_questions: usize,
    /// They would reuse what some stand shows; destroyed when the event ends.
    pub has_reuses: bool,
    /// They keep a stand, or opened one; forgotten when the event ends.
    pub keeps_stand: bool,
    /// A line of theirs stands under their name on the stage; forgotten when the event ends.
    pub has_title: bool,
}

impl Board {
    /// Slots that run, or come next, of each at most.
    const SLOTS_MAX: usize = 6;

    /// Leaves of the programme what a wall can show: what runs now, and what comes next.
    #[must_use]
    pub fn at(mut self, now_unix_ms: u64) -> Self {
        let (mut running, mut coming) = (0, 0);
        self.agenda.retain(|slot| {
            let of = if slot.starts_unix_ms > now_unix_ms {
                &mut coming
            } else {
                &mut running
            };
            let shown = slot.ends_unix_ms > now_unix_ms && *of < Self::SLOTS_MAX;
            *of += usize::from(shown);
            shown
        });
        self
    }
}

impl Hub {
    /// A room for the projector; none: no such room, or the event is not public yet.
    #[must_use]
    pub fn board(&self, room: &RoomId) -> Option<Board> {
        let StreamState::Event(event) = self.stream.state() else {
            return None;
        };
        // What is said in a breakout room or at a stand is for those who are there.
        let apart = self.is_breakout_of_a_round(room) || self.stands.holds(room);
        let shown = self.phase != EventPhase::Draft && !apart;
        let place = self.rooms.get(room).filter(|_| shown)?;
        let StreamState::Room(view) = place.stream.state() else {
            return None;
        };
        let of = |stage| {
            view.questions
                .iter()
                .filter(move |q| q.stage == stage)
                .cloned()
                .map(PublicQuestion::from)
        };
        let named = |room: &RoomSummary| BoardRoom {
            room: room.room.clone(),
            titles: match (&room.titles.it, &room.titles.en) {
                (None, None) => Localised {
                    it: Some(room.title.clone()),
                    en: None,
                },
                _ => room.titles.clone(),
            },
        };
        Some(Board {
            event: self.event.clone(),
            title: event.title.clone(),
            titles: event.titles.clone(),
            phase: self.phase,
            room: room.clone(),
            room_title: place.config.title.clone(),
            room_titles: place.config.titles.clone(),
            people: view.people,
            show: view.show,
            lines: view
                .on_air
                .iter()
                .filter(|_| view.show.titles)
                .filter_map(lower_third)
                .collect(),
            now: of(QuestionStage::Now).next(),
            next: of(QuestionStage::Next).collect(),
            poll: view.poll.clone(),
            cards: view.cards_shown.clone().and_then(board_cards),
            agenda: event
                .agenda
                .iter()
                .filter(|slot| !slot.cancelled)
                .map(BoardSlot::from)
                .collect(),
            rooms: event.rooms.iter().map(named).collect(),
        })
    }

    /// What is held about one participant.
    #[must_use]
    pub fn stored_about(&self, participant: ParticipantId) -> StoredAbout {
        let person = self.people.get(&participant);
        let hand = |(id, room): (&RoomId, &crate::room::Room)| Some((id.clone(), room.hands.yours(participant)?));
        let voted = |room: &crate::room::Room| room.polls.has_ballot_of(participant);
        let (has_reuses, keeps_stand) = self.stands.known_about(participant);
        StoredAbout {
            has_reuses,
            keeps_stand,
            has_title: self.titles.contains_key(&participant),
            participant,
            name: person.map(|person| person.name.clone()),
            role: person.map(|person| person.role),
            room: person.and_then(|person| person.room.clone()),
            place: person.map_or(Place::Audience, |person| self.place(person)),
            connections: person.map_or(0, |person| u32::try_from(person.connections.len()).unwrap_or(u32::MAX)),
            hands: self.rooms.iter().filter_map(hand).collect(),
            silenced: self.is_silenced(participant),
            banned: self.not_banned(participant).is_err(),
            has_open_ballot: self.rooms.values().any(voted),
            has_idea_votes: !self.ideas.voted_by(participant).is_empty(),
            thanks: self.thanks.count_for(participant),
            assigned_questions: self
                .rooms
                .values()
                .map(|room| room.questions.assigned_to(participant))
                .sum(),
            has_upvotes: self.rooms.values().any(|room| room.questions.is_supporter(participant)),
        }
    }
}

fn board_cards(shown: CardsShown) -> Option<BoardCards> {
    let at = shown.rooms.iter().position(|one| one.room == shown.room)?;
    Some(BoardCards {
        title: shown.rooms.get(at)?.title.clone(),
        topic: shown.topic,
        number: at + 1,
        rooms: shown.rooms.len(),
        notes: shown.cards.into_iter().map(Note::from).collect(),
    })
}

fn lower_third(one: &Publisher) -> Option<LowerThird> {
    let title = one.title.clone()?;
    Some(LowerThird {
        name: one.name.clone(),
        title,
    })
}
