// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Cards of a round that is over, read out at the plenary. Which room everybody looks at is a row that a moderator sets;
//! its cards go to the plenary room's stream, those of the other rooms to whoever asks, and neither is kept anew.

use std::cmp::Reverse;

use fiera_protocol::breakouts::{CardView, CardsOfRoom, CardsShown, RoundPhase};
use fiera_protocol::codec::encode;
use fiera_protocol::ids::{RoomId, RoundId};
use fiera_protocol::server::ServerMessage;
use fiera_protocol::view::{Change, StreamState};

use super::Round;
use crate::fact::KeptRoom;
use crate::hub::Hub;
use crate::input::ConnectionId;
use crate::keeping::hex;
use crate::output::StreamKey;
use crate::refusal::{self, Refusal};
use crate::view;

impl Round {
    /// The row that says which room's cards are read out.
    fn shows_key(&self) -> String {
        format!("cardsshown/{}", hex(self.id.as_u128()))
    }
}

impl Hub {
    /// Shows the cards of one room of a round that is over in its plenary room, or of none any more.
    pub(super) fn show_cards(&mut self, id: RoundId, room: Option<&RoomId>) -> Result<(), Refusal> {
        let round = self.breakouts.get(id).ok_or(refusal::UNKNOWN_ROUND)?;
        if round.phase != RoundPhase::Ended {
            return Err(refusal::ROUND_NOT_OVER);
        }
        let nth = room.map(|room| round.nth_of(room).ok_or(refusal::UNKNOWN_ROOM));
        let nth = nth.transpose()?;
        if nth == round.shows {
            return Ok(());
        }
        let (key, from) = (round.shows_key(), round.from.clone());
        if nth.is_some() {
            self.hide_cards(&from);
        }
        self.keep_row(key, nth);
        Ok(())
    }

    /// No cards of any round are shown in a plenary room any more.
    pub(super) fn hide_cards(&mut self, from: &RoomId) {
        let rounds = self.breakouts.rounds.iter();
        let shown = rounds.filter(|round| round.from == *from && round.shows.is_some());
        let rows: Vec<String> = shown.map(Round::shows_key).collect();
        for row in rows {
            self.keep_row(row, None::<u16>);
        }
    }

    /// The round whose cards are shown in a plenary room.
    fn round_shown(&self, from: &RoomId) -> Option<&Round> {
        let mut rounds = self.breakouts.rounds.iter();
        rounds.find(|round| round.from == *from && round.shows.is_some())
    }

    fn count_cards(&self, room: &RoomId) -> u32 {
        self.rooms.get(room).map_or(0, |room| room.cards.count())
    }

    /// The cards of a breakout room, best supported first.
    pub(super) fn cards_by_votes(&self, room: &RoomId) -> Vec<CardView> {
        let room = self.rooms.get(room);
        let mut cards = room.map_or_else(Vec::new, |room| room.cards.views(&self.texts));
        cards.sort_by_key(|card| (Reverse(card.votes), card.order));
        cards
    }

    /// What a plenary room is shown.
    fn cards_shown(&self, from: &RoomId) -> Option<CardsShown> {
        let round = self.round_shown(from)?;
        let shown = round.room_at(round.shows?)?;
        let of_room = |kept: &KeptRoom| {
            let cards = self.count_cards(&kept.room);
            (cards > 0 || kept.room == *shown).then(|| CardsOfRoom {
                room: kept.room.clone(),
                title: self.titled(kept).0,
                cards,
            })
        };
        let kept = round.rooms.iter().find(|kept| kept.room == *shown)?;
        Some(CardsShown {
            round: round.id,
            rooms: round.rooms.iter().filter_map(of_room).collect(),
            room: shown.clone(),
            topic: self.titled(kept).1,
            cards: self.cards_by_votes(shown),
        })
    }

    /// What plenary rooms do not know of the cards that are shown there.
    pub(crate) fn shown_changes(&self) -> Vec<(RoomId, Change)> {
        let change = |from: &RoomId| {
            let StreamState::Room(known) = self.rooms.get(from)?.stream.state() else {
                return None;
            };
            let cards_shown = self.cards_shown(from);
            (known.cards_shown != cards_shown).then(|| (from.clone(), Change::CardsShown { cards_shown }))
        };
        self.order.iter().filter_map(change).collect()
    }

    /// Tells plenary rooms at once which room is shown there, or that none is any more. What was erased meanwhile goes out
    /// with the grid: all cards of a room for everybody are much, and one person may erase 60 in a moment.
    pub(super) fn settle_shown(&mut self) {
        for (from, change) in self.shown_changes() {
            let Change::CardsShown { cards_shown } = &change else {
                continue;
            };
            let Some(room) = self.rooms.get_mut(&from) else {
                continue;
            };
            let known = match room.stream.state() {
                StreamState::Room(known) => known.cards_shown.as_ref(),
                _ => None,
            };
            let of = |shown: &CardsShown| (shown.round, shown.room.clone());
            if cards_shown.is_some() && known.map(of) == cards_shown.as_ref().map(of) {
                room.stream.amend(&change);
                self.breakouts.cards_untold.insert(from);
            } else {
                self.breakouts.cards_untold.remove(&from);
                self.publish(StreamKey::Room(from), change);
            }
        }
    }

    /// Tells plenary rooms of cards that were erased since the last time.
    pub(super) fn tell_erased(&mut self) {
        for from in std::mem::take(&mut self.breakouts.cards_untold) {
            let cards_shown = self.cards_shown(&from);
            self.publish(StreamKey::Room(from), Change::CardsShown { cards_shown });
        }
    }

    /// Tells one connection the cards of a room, while they are shown in the room where its participant is.
    pub(crate) fn tell_cards(&mut self, conn: ConnectionId, room: RoomId) {
        let Some(connection) = self.connections.get(&conn) else {
            return;
        };
        let here = self.people.get(&connection.participant);
        let here = here.and_then(|person| person.room.as_ref());
        let round = here.and_then(|here| self.round_shown(here));
        let kept = round.and_then(|round| round.rooms.iter().find(|kept| kept.room == room));
        let text = match kept {
            None => view::refused(None, refusal::CARDS_NOT_SHOWN),
            Some(kept) => encode(&ServerMessage::Cards {
                topic: self.titled(kept).1,
                cards: self.cards_by_votes(&room),
                room,
            }),
        };
        self.tell(conn, text);
    }
}
