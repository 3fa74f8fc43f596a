// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! The course of a round by the clock, and the cards that its rooms leave behind.

use std::collections::BTreeSet;

use fiera_protocol::breakouts::{BreakoutStep, RoundPhase};
use fiera_protocol::ids::{AuthorSecret, CardId, DisplayName, ParticipantId, RoomId, RoundId};
use fiera_protocol::limits::{
    CARD_WINDOW_MS, CARDS_PER_ROOM_MAX, CARDS_PER_WINDOW_MAX, ROUND_GRACE_MS, ROUND_GRID_INTERVAL_MS, ROUND_NOTICE_MS,
};

use super::{Drawn, Model, Round, Verdict};

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Card {
    pub(crate) id: CardId,
    pub(crate) by: DisplayName,
    pub(crate) text: String,
    pub(crate) order: u32,
    pub(crate) secret: AuthorSecret,
    pub(crate) voters: BTreeSet<ParticipantId>,
    /// Once nobody can tell any more whose votes they were.
    pub(crate) counted: Option<usize>,
}

impl Card {
    pub(crate) fn votes(&self) -> usize {
        self.counted.unwrap_or(self.voters.len())
    }
}

/// How long a phase is, milliseconds.
fn length_ms(round: &Round, phase: RoundPhase) -> u64 {
    match phase {
        RoundPhase::Announced => ROUND_NOTICE_MS,
        RoundPhase::Open => u64::from(round.minutes) * 60_000,
        _ => ROUND_GRACE_MS,
    }
}

impl Model {
    /// A round comes to a phase that lasts as long as it does.
    pub(super) fn moves(&mut self, phase: RoundPhase, id: RoundId) {
        let ms = length_ms(self.kept.round(id).expect("known"), phase);
        self.lasts(phase, id, ms);
    }

    pub(super) fn lasts(&mut self, phase: RoundPhase, id: RoundId, ms: u64) {
        let until_unix_ms = self.unix_ms + ms;
        let round = self.kept.round_mut(id);
        (round.phase, round.until_unix_ms) = (phase, Some(until_unix_ms));
        self.here.round_until_ms = Some(self.now_ms + ms);
    }

    /// O9: what is left after a crash is told by the wall clock, and is never more than the whole of it.
    pub(in crate::model) fn round_goes_on(&mut self) {
        let Some(round) = self.kept.live() else { return };
        let left_ms = round.until_unix_ms.expect("it ends").saturating_sub(self.unix_ms);
        let left_ms = left_ms.min(length_ms(round, round.phase));
        self.here.round_until_ms = Some(self.now_ms + left_ms);
    }

    /// When something of the round that runs is due.
    pub(in crate::model) fn round_due_ms(&self) -> Option<u64> {
        let going = self.here.going.values().map(|(at_ms, _)| *at_ms);
        let rehearsal = self.here.rehearsal.as_ref().map(|on| on.until_ms);
        going.chain(self.here.round_until_ms).chain(rehearsal).min()
    }

    pub(in crate::model) fn round_due(&mut self) {
        self.rehearsal_due();
        let now_ms = self.now_ms;
        let due = self.here.going.iter().filter(|(_, (at_ms, _))| *at_ms <= now_ms);
        let due: Vec<ParticipantId> = due.map(|(who, _)| *who).collect();
        for who in due {
            self.here.going.remove(&who);
            self.sends(who);
        }
        if self.here.round_until_ms.is_some_and(|at_ms| at_ms <= now_ms) {
            let round = self.kept.live().expect("it runs");
            match round.phase {
                RoundPhase::Announced => {
                    self.moves(RoundPhase::Open, round.id);
                    self.send_seated();
                }
                RoundPhase::Open => self.moves(RoundPhase::Closing, round.id),
                _ => self.end_round(),
            }
        }
    }

    /// Moves somebody who is in the plenary room to their seat.
    fn sends(&mut self, who: ParticipantId) {
        let round = self.kept.live().expect("it runs");
        let Some(seat) = round.seats.get(&who) else { return };
        if self.room_of(who).as_ref() == Some(&round.from) {
            let room = round.rooms[seat.nth].id.clone();
            self.go_to(who, Some(room));
        }
    }

    pub(super) fn send_seated(&mut self) {
        let seats = &self.kept.live().expect("it runs").seats;
        let go: Vec<ParticipantId> = seats
            .iter()
            .filter(|(_, seat)| !seat.stays)
            .map(|(who, _)| *who)
            .collect();
        go.into_iter().for_each(|who| self.sends(who));
    }

    /// O5, O8: everybody is back, and nothing says who sat where and voted what.
    pub(in crate::model) fn end_round(&mut self) {
        self.here.round_until_ms = None;
        self.here.going.clear();
        let Some(round) = self.kept.live_mut() else { return };
        (round.phase, round.until_unix_ms, round.told) = (RoundPhase::Ended, None, None);
        let (from, rooms) = (round.from.clone(), round.rooms.clone());
        let seats = std::mem::take(&mut round.seats);
        for room in rooms {
            for who in self.people_in(&room.id) {
                let back = seats.get(&who).and_then(|seat| seat.back.clone());
                let back = back.unwrap_or_else(|| from.clone());
                // A stand may have been closed meanwhile.
                let open = self.may_walk(who, &back);
                self.go_to(who, Some(back).filter(|_| open));
            }
            let room = self.room_mut(&room.id);
            room.help = None;
            for card in &mut room.cards {
                card.counted = Some(card.votes());
                card.voters.clear();
            }
        }
    }

    fn room_of_card(&self, id: CardId) -> Option<RoomId> {
        let holds = |room: &super::Room| room.cards.iter().any(|card| card.id == id);
        self.kept
            .rooms
            .iter()
            .find(|(_, room)| holds(room))
            .map(|(id, _)| id.clone())
    }

    fn card(&self, id: CardId) -> Option<&Card> {
        self.room(&self.room_of_card(id)?)
            .cards
            .iter()
            .find(|card| card.id == id)
    }

    /// O12: whether it is a card of the room that a plenary looks at.
    pub(crate) fn is_read_out(&self, id: CardId) -> bool {
        let room = self.room_of_card(id);
        let round = room.as_ref().and_then(|room| self.kept.round_of(room));
        round.is_some_and(|round| round.shows.is_some() && round.shows == room.and_then(|room| round.nth(&room)))
    }

    fn card_mut(&mut self, id: CardId) -> &mut Card {
        let room = self.room_of_card(id).expect("judged");
        let cards = &mut self.room_mut(&room).cards;
        cards.iter_mut().find(|card| card.id == id).expect("found")
    }

    /// O12: cards that were erased while they were read out, of which those who were shown them may not know yet, each
    /// with its room. The clock of the world stops at every deadline of the hub, so nothing is added for its steps.
    pub(crate) fn just_erased(&self, now_ms: u64) -> impl Iterator<Item = (CardId, &RoomId)> {
        let erased = self.here.erased_cards.iter();
        let lately = erased.filter(move |(_, (_, at_ms))| now_ms <= at_ms + ROUND_GRID_INTERVAL_MS);
        lately.map(|(card, (room, _))| (*card, room))
    }

    fn may_write_card(&self, now_ms: u64, who: ParticipantId, text: &str) -> bool {
        let recent = |at: &&u64| **at + CARD_WINDOW_MS > now_ms;
        let written = self.here.cards.get(&who);
        let lately = written.map_or(0, |at| at.iter().filter(recent).count());
        self.has_voice(who) && self.lets_through(text) && lately < CARDS_PER_WINDOW_MAX as usize
    }

    pub(super) fn judge_card(&self, now_ms: u64, actor: ParticipantId, step: &BreakoutStep) -> Verdict {
        let open = |room: &RoomId| self.kept.round_of(room).is_some_and(Round::is_open);
        let board = self.room_of(actor).filter(open);
        let here = |id: &CardId| board.is_some() && self.room_of_card(*id) == board;
        let fits = match step {
            BreakoutStep::AddCard { text, .. } => {
                let space = |room| self.room(room).cards.len() < CARDS_PER_ROOM_MAX;
                board.as_ref().is_some_and(space) && self.may_write_card(now_ms, actor, text.as_str())
            }
            BreakoutStep::EditCard { card, text, secret } => {
                let own = self.card(*card).is_some_and(|card| card.secret == *secret);
                here(card) && own && self.may_write_card(now_ms, actor, text.as_str())
            }
            BreakoutStep::EraseCard { card, secret } => self
                .card(*card)
                .is_some_and(|card| *secret == Some(card.secret) || self.moderates(actor)),
            BreakoutStep::VoteCard { card, .. } => here(card),
            step => panic!("the model does not know {step:?}"),
        };
        fits.into()
    }

    pub(super) fn do_card(&mut self, actor: ParticipantId, step: &BreakoutStep, drawn: &Drawn<'_>) {
        match step {
            BreakoutStep::AddCard { text, secret } => {
                let (by, room) = (self.name(actor), self.room_of(actor).expect("judged"));
                self.here.cards.entry(actor).or_default().push(drawn.now_ms);
                let room = self.room_mut(&room);
                room.cards.push(Card {
                    id: drawn.of("card_added", "card"),
                    by,
                    text: text.as_str().to_owned(),
                    order: room.put_up,
                    secret: *secret,
                    voters: BTreeSet::new(),
                    counted: None,
                });
                room.put_up += 1;
            }
            BreakoutStep::EditCard { card, text, .. } => {
                self.here.cards.entry(actor).or_default().push(drawn.now_ms);
                self.card_mut(*card).text = text.as_str().to_owned();
            }
            BreakoutStep::EraseCard { card, .. } => {
                let room = self.room_of_card(*card).expect("judged");
                self.room_mut(&room).cards.retain(|one| one.id != *card);
                if self.kept.round_of(&room).is_some_and(|round| round.shows.is_some()) {
                    self.here.erased_cards.insert(*card, (room, drawn.now_ms));
                }
            }
            BreakoutStep::VoteCard { card, up } => {
                let voters = &mut self.card_mut(*card).voters;
                if *up {
                    voters.insert(actor);
                } else {
                    voters.remove(&actor);
                }
            }
            _ => {}
        }
    }
}
