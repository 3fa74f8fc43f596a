// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Rounds of breakouts: who has a seat where, who goes there when, and how everybody comes back. Seats that are drawn
//! by lot are read from what the hub kept, and looked at.

mod course;
mod rehearsal;
mod seats;

use std::collections::BTreeMap;

use fiera_protocol::breakouts::{BreakoutStep, HelpStage, Latecomers, RoundMode, RoundPhase, RoundPlan};
use fiera_protocol::client::Command;
use fiera_protocol::fair::RoomSettings;
use fiera_protocol::ids::{AnnouncementId, ParticipantId, RoomId, RoomKind, RoundId};
use fiera_protocol::limits::{
    ROUND_CAPACITY_MAX, ROUND_EXTENSION_MIN_MAX, ROUND_MINUTES_MAX, ROUND_ROOMS_MAX, ROUNDS_MAX,
};
use serde_json::Value;

pub(crate) use course::Card;
pub(crate) use rehearsal::Rehearsal;

use super::{Drawn, Kept, Model, Room, Verdict};
use crate::shared::Shared;

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Round {
    pub(crate) id: RoundId,
    pub(crate) from: RoomId,
    pub(crate) rooms: Vec<SmallRoom>,
    pub(crate) mode: RoundMode,
    pub(crate) latecomers: Latecomers,
    pub(crate) capacity: u16,
    pub(crate) minutes: u16,
    pub(crate) phase: RoundPhase,
    pub(crate) until_unix_ms: Option<u64>,
    pub(crate) seats: BTreeMap<ParticipantId, Seat>,
    pub(crate) told: Option<(AnnouncementId, String, u64)>,
    /// Whose cards are read out at the plenary, once the round is over.
    pub(crate) shows: Option<usize>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct SmallRoom {
    pub(crate) id: RoomId,
    pub(crate) title: String,
    pub(crate) topic: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Seat {
    /// Which room of the round, counted from 0.
    pub(crate) nth: usize,
    pub(crate) facilitator: bool,
    /// Nobody moves them.
    pub(crate) stays: bool,
    /// They took it by walking in.
    pub(crate) chosen: bool,
    /// Where they come from, if not from the plenary room.
    pub(crate) back: Option<RoomId>,
}

impl Round {
    pub(crate) fn is_live(&self) -> bool {
        !matches!(self.phase, RoundPhase::Draft | RoundPhase::Ended)
    }

    pub(crate) fn is_open(&self) -> bool {
        matches!(self.phase, RoundPhase::Open | RoundPhase::Closing)
    }

    pub(crate) fn nth(&self, room: &RoomId) -> Option<usize> {
        self.rooms.iter().position(|one| one.id == *room)
    }

    pub(crate) fn taken(&self) -> Vec<usize> {
        let of = |nth| self.seats.values().filter(|seat| seat.nth == nth).count();
        (0..self.rooms.len()).map(of).collect()
    }

    fn has_space(&self, nth: usize) -> bool {
        self.taken()[nth] < usize::from(self.capacity)
    }
}

impl Kept {
    pub(crate) fn round(&self, id: RoundId) -> Option<&Round> {
        self.rounds.iter().find(|round| round.id == id)
    }

    fn round_mut(&mut self, id: RoundId) -> &mut Round {
        self.rounds.iter_mut().find(|round| round.id == id).expect("known")
    }

    /// The round that is announced, open or closing.
    pub(crate) fn live(&self) -> Option<&Round> {
        self.rounds.iter().find(|round| round.is_live())
    }

    fn live_mut(&mut self) -> Option<&mut Round> {
        self.rounds.iter_mut().find(|round| round.is_live())
    }

    /// O12: the round whose cards are read out in a plenary room.
    pub(crate) fn read_out(&self, from: &RoomId) -> Option<&Round> {
        self.rounds
            .iter()
            .find(|round| round.from == *from && round.shows.is_some())
    }

    fn hide_cards(&mut self, from: &RoomId) {
        let here = self.rounds.iter_mut().filter(|round| round.from == *from);
        here.for_each(|round| round.shows = None);
    }

    /// The round that a room belongs to.
    pub(crate) fn round_of(&self, room: &RoomId) -> Option<&Round> {
        self.rounds.iter().find(|round| round.nth(room).is_some())
    }
}

impl Model {
    fn can_be_planned(&self, plan: &RoundPlan) -> bool {
        self.capacity.contains_key(&plan.from)
            && (1..=ROUND_ROOMS_MAX).contains(&plan.rooms.len())
            && (1..=ROUND_CAPACITY_MAX).contains(&plan.capacity)
            && (1..=ROUND_MINUTES_MAX).contains(&plan.minutes)
    }

    pub(super) fn judge_breakouts(&self, now_ms: u64, actor: ParticipantId, command: &Command) -> Option<Verdict> {
        let Command::Breakouts { step } = command else {
            return None;
        };
        if let Some(verdict) = self.judge_rehearsal(step) {
            return Some(verdict);
        }
        let draft = |id: &RoundId| {
            let round = self.kept.round(*id).filter(|round| round.phase == RoundPhase::Draft);
            round.filter(|round| !self.is_rehearsed(round.id))
        };
        let live = self.kept.live();
        let fits = match step {
            BreakoutStep::Prepare { replaces, plan } => {
                let space = match replaces {
                    Some(id) => draft(id).is_some(),
                    None => self.kept.rounds.len() < ROUNDS_MAX,
                };
                space && self.can_be_planned(plan)
            }
            BreakoutStep::Discard { round } => draft(round).is_some(),
            BreakoutStep::Deal { round } => {
                draft(round).is_some_and(|of| of.mode == RoundMode::Random && self.can_deal(of, true))
            }
            BreakoutStep::Send { round } => {
                let ready = |of: &Round| match of.mode {
                    RoundMode::Random => self.can_deal(of, false),
                    RoundMode::Assigned => !of.seats.is_empty(),
                    RoundMode::SelfSelect => true,
                };
                live.is_none() && self.here.rehearsal.is_none() && draft(round).is_some_and(ready)
            }
            BreakoutStep::Seat {
                round,
                participant,
                room,
                ..
            } => {
                let Some(round) = self.kept.round(*round) else {
                    return Some(Verdict::Refuse);
                };
                let early = matches!(round.phase, RoundPhase::Draft | RoundPhase::Announced);
                match room.as_ref().map(|room| round.nth(room)) {
                    None => early,
                    Some(None) => false,
                    Some(Some(nth)) => {
                        let sits = round.seats.get(participant).is_some_and(|seat| seat.nth == nth);
                        (early || round.phase == RoundPhase::Open)
                            && self.here.people.contains_key(participant)
                            && (sits || round.has_space(nth))
                    }
                }
            }
            BreakoutStep::Extend { minutes } => live.is_some_and(|round| {
                let fits = (1..=ROUND_EXTENSION_MIN_MAX).contains(minutes);
                fits && round.is_open() && round.minutes + minutes <= ROUND_MINUTES_MAX
            }),
            BreakoutStep::BringBack {} => live.is_some_and(|round| round.phase != RoundPhase::Closing),
            BreakoutStep::Tell { .. } => live.is_some(),
            BreakoutStep::Acknowledge { room } => self.kept.round_of(room).is_some() && self.room(room).help.is_some(),
            BreakoutStep::ShowCards { round, room } => {
                let over = self.kept.round(*round).filter(|of| of.phase == RoundPhase::Ended);
                over.is_some_and(|of| room.as_ref().is_none_or(|room| of.nth(room).is_some()))
            }
            BreakoutStep::Stay {} => live.is_some_and(|round| {
                let announced =
                    round.phase == RoundPhase::Announced && self.room_of(actor).as_ref() == Some(&round.from);
                round.seats.contains_key(&actor) && (announced || self.here.going.contains_key(&actor))
            }),
            BreakoutStep::CallHelp { .. } => {
                let room = self.room_of(actor);
                room.is_some_and(|room| self.kept.round_of(&room).is_some())
            }
            _ => return Some(self.judge_card(now_ms, actor, step)),
        };
        Some(fits.into())
    }

    pub(super) fn do_breakouts(&mut self, actor: ParticipantId, command: &Command, drawn: &Drawn<'_>) {
        let Command::Breakouts { step } = command else { return };
        if self.do_rehearsal(step) {
            return;
        }
        match step {
            BreakoutStep::Prepare { replaces, plan } => {
                if let Some(replaced) = replaces {
                    self.discard(*replaced);
                }
                self.prepare(plan, drawn);
            }
            BreakoutStep::Discard { round } => self.discard(*round),
            BreakoutStep::Deal { round } => self.dealt(*round, true, drawn),
            BreakoutStep::Send { round } => self.send(*round, drawn),
            BreakoutStep::Seat {
                round,
                participant,
                room,
                facilitator,
            } => {
                let known = self.kept.round_mut(*round);
                let Some(room) = room else {
                    known.seats.remove(participant);
                    self.here.going.remove(participant);
                    return;
                };
                let (nth, open) = (known.nth(room).expect("judged"), known.is_open());
                let back = known.seats.get(participant).and_then(|seat| seat.back.clone());
                let seat = Seat {
                    nth,
                    facilitator: *facilitator,
                    back,
                    ..Seat::default()
                };
                known.seats.insert(*participant, seat);
                if open {
                    self.go_to(*participant, Some(room.clone()));
                }
            }
            BreakoutStep::Extend { minutes } => {
                let round = self.kept.live_mut().expect("judged");
                round.minutes += minutes;
                let left_ms = self.here.round_until_ms.expect("it ends").saturating_sub(self.now_ms);
                let left_ms = if round.phase == RoundPhase::Open { left_ms } else { 0 };
                let id = round.id;
                self.lasts(RoundPhase::Open, id, left_ms + u64::from(*minutes) * 60_000);
            }
            BreakoutStep::BringBack {} => {
                let round = self.kept.live().expect("judged");
                if round.phase == RoundPhase::Announced {
                    self.end_round();
                } else {
                    self.moves(RoundPhase::Closing, round.id);
                }
            }
            BreakoutStep::Tell { text } => {
                let id: AnnouncementId = drawn.of("round_told", "announcement");
                let round = self.kept.live_mut().expect("judged");
                round.told = Some((id, text.as_str().to_owned(), drawn.minute_unix_ms()));
            }
            BreakoutStep::Acknowledge { room } => self.room_mut(room).help = Some(HelpStage::Coming),
            BreakoutStep::ShowCards { round, room } => {
                let known = self.kept.round(*round).expect("judged");
                let (from, nth) = (known.from.clone(), room.as_ref().and_then(|room| known.nth(room)));
                if nth.is_some() {
                    self.kept.hide_cards(&from);
                }
                self.kept.round_mut(*round).shows = nth;
            }
            BreakoutStep::Stay {} => {
                let round = self.kept.live_mut().expect("judged");
                round.seats.get_mut(&actor).expect("judged").stays = true;
                self.here.going.remove(&actor);
            }
            BreakoutStep::CallHelp { on } => {
                let room = self.room_of(actor).expect("judged");
                let help = &mut self.room_mut(&room).help;
                if *on != help.is_some() {
                    *help = on.then_some(HelpStage::Called);
                }
            }
            step => self.do_card(actor, step, drawn),
        }
    }

    fn send(&mut self, id: RoundId, drawn: &Drawn<'_>) {
        let round = self.kept.round(id).expect("judged");
        let (from, mode) = (round.from.clone(), round.mode);
        match mode {
            RoundMode::Random => {
                self.dealt(id, false, drawn);
                self.moves(RoundPhase::Announced, id);
            }
            RoundMode::Assigned => self.moves(RoundPhase::Announced, id),
            RoundMode::SelfSelect => {
                self.moves(RoundPhase::Open, id);
                self.send_seated();
            }
        }
        self.kept.hide_cards(&from);
    }

    fn prepare(&mut self, plan: &RoundPlan, drawn: &Drawn<'_>) {
        let names: Vec<Value> = drawn.of("round_prepared", "rooms");
        let names = names
            .iter()
            .map(|one| serde_json::from_value(one["room"].clone()).expect("an id"));
        let rooms: Vec<SmallRoom> = names
            .zip(&plan.rooms)
            .map(|(id, planned)| SmallRoom {
                id,
                title: planned.title.as_str().to_owned(),
                topic: planned.topic.as_ref().map(|topic| topic.as_str().to_owned()),
            })
            .collect();
        assert_eq!(rooms.len(), plan.rooms.len(), "O1: rooms of a round");
        let settings = RoomSettings {
            moderated: false,
            questions_closed: true,
            chat_open: true,
            links_off: false,
            slow_mode_s: 0,
        };
        for room in &rooms {
            let new = Shared::new(Room::new(RoomKind::Breakout, settings));
            let before = self.kept.rooms.insert(room.id.clone(), new);
            assert!(before.is_none(), "O1: {} is another room's name", room.id);
            self.here.on_air.insert(room.id.clone(), Vec::new());
            self.here.waiting.insert(room.id.clone(), Vec::new());
        }
        self.kept.rounds.push(Round {
            id: drawn.of("round_prepared", "round"),
            from: plan.from.clone(),
            rooms,
            mode: plan.mode,
            latecomers: plan.latecomers,
            capacity: plan.capacity,
            minutes: plan.minutes,
            phase: RoundPhase::Draft,
            until_unix_ms: None,
            seats: BTreeMap::new(),
            told: None,
            shows: None,
        });
    }

    fn discard(&mut self, id: RoundId) {
        for room in self.kept.round(id).expect("known").rooms.clone() {
            self.kept.rooms.remove(&room.id);
            self.here.on_air.remove(&room.id);
            self.here.waiting.remove(&room.id);
            self.here.captions.remove(&room.id);
        }
        self.kept.rounds.retain(|round| round.id != id);
    }
}
