// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Notes of a breakout room: short cards that its people put up, change, and support. Words stand among the texts; who
//! supports what is a hash under a key of the room that ends with the round.

use std::collections::{BTreeMap, BTreeSet};

use fiera_protocol::breakouts::{CardView, RoundPhase};
use fiera_protocol::ids::{AuthorSecret, CardId, ParticipantId, RoomId};
use fiera_protocol::limits::{CARD_WINDOW_MS, CARDS_PER_ROOM_MAX, CARDS_PER_WINDOW_MAX};
use fiera_protocol::text::CardText;
use fiera_protocol::view::{Change, StreamState};

use crate::access::{Deed, Seat};
use crate::chance::{Key, keyed};
use crate::fact::{Fact, KeptText};
use crate::hub::Hub;
use crate::input::Now;
use crate::keeping::{from_hex, hex, row};
use crate::output::StreamKey;
use crate::participant::Participant;
use crate::refusal::{self, Refusal};
use crate::room::Room;
use crate::view;

/// The cards of one room.
#[derive(Debug, Default)]
pub(crate) struct Cards {
    known: BTreeMap<CardId, Card>,
    /// Cards put up so far, erased ones included.
    put_up: u32,
    key: Option<Key>,
}

#[derive(Debug)]
struct Card {
    order: u32,
    voters: BTreeSet<u128>,
    /// The number for good, once nobody can tell any more whose votes they were.
    counted: Option<u32>,
}

impl Card {
    fn votes(&self) -> u32 {
        let open = u32::try_from(self.voters.len()).unwrap_or(u32::MAX);
        self.counted.unwrap_or(open)
    }
}

impl Cards {
    /// How many there are.
    pub(crate) fn count(&self) -> u32 {
        u32::try_from(self.known.len()).unwrap_or(u32::MAX)
    }

    fn voter(&self, participant: ParticipantId) -> Option<u128> {
        let key = self.key.as_ref()?;
        Some(keyed(key, &[&participant.as_u128().to_be_bytes()]))
    }

    /// The cards that somebody supports.
    pub(crate) fn voted(&self, participant: ParticipantId) -> Vec<CardId> {
        let Some(voter) = self.voter(participant) else {
            return Vec::new();
        };
        let of = |(id, card): (&CardId, &Card)| card.voters.contains(&voter).then_some(*id);
        self.known.iter().filter_map(of).collect()
    }

    pub(crate) fn forget_voters(&mut self) {
        self.key = None;
        self.known.values_mut().for_each(|card| card.voters.clear());
    }

    /// The cards as the room sees them, in the order in which they were put up.
    pub(crate) fn views(&self, texts: &BTreeMap<u128, KeptText>) -> Vec<CardView> {
        let view = |(id, card): (&CardId, &Card)| {
            let (text, by, _) = view::kept(id.as_u128(), texts)?;
            Some(CardView {
                card: *id,
                text,
                by: by?,
                votes: card.votes(),
                order: card.order,
            })
        };
        let mut views: Vec<CardView> = self.known.iter().filter_map(view).collect();
        views.sort_by_key(|card| card.order);
        views
    }
}

fn vote_key(room: &RoomId, card: CardId, voter: u128) -> String {
    format!("cardvote/{room}/{}/{}", hex(card.as_u128()), hex(voter))
}

impl Hub {
    /// The open breakout room where somebody is, for something about its cards.
    fn board_of(&self, deed: Deed, actor: ParticipantId) -> Result<RoomId, Refusal> {
        let (room_id, seat) = self.room_seat(deed, actor)?;
        debug_assert!(seat.fits(&room_id, &[deed]), "{seat:?}");
        match self.breakouts.of_room(&room_id).map(|round| round.phase) {
            Some(RoundPhase::Open | RoundPhase::Closing) => Ok(room_id),
            _ => Err(refusal::NOT_IN_BREAKOUT),
        }
    }

    fn take_card_pace(&mut self, now: Now, actor: ParticipantId) -> Result<(), Refusal> {
        let pace = self.paces.of(actor, now.mono_ms);
        if pace.cards.take(now.mono_ms, CARDS_PER_WINDOW_MAX, CARD_WINDOW_MS) {
            return Ok(());
        }
        Err(refusal::CARDS_TOO_FAST)
    }

    pub(super) fn add_card(
        &mut self,
        now: Now,
        actor: ParticipantId,
        text: &CardText,
        secret: AuthorSecret,
    ) -> Result<(), Refusal> {
        let room_id = self.board_of(Deed::WriteCards, actor)?;
        self.has_voice(actor)?;
        self.lets_through(text.as_str())?;
        let room = self.rooms.get(&room_id).ok_or(refusal::UNKNOWN_ROOM)?;
        if room.cards.known.len() >= CARDS_PER_ROOM_MAX {
            return Err(refusal::TOO_MANY_CARDS);
        }
        let name = self
            .people
            .get(&actor)
            .ok_or(refusal::UNKNOWN_PARTICIPANT)?
            .name
            .clone();
        self.take_card_pace(now, actor)?;
        let card = CardId::from_u128(self.chance.id());
        let (text, by) = (text.as_str().to_owned(), Some(name.as_str().to_owned()));
        let kept = KeptText::signed(text, by, secret, now.unix_min());
        self.keep_text(card.as_u128(), Some(kept));
        self.keep_fact(&Fact::CardAdded { room: room_id, card });
        Ok(())
    }

    pub(super) fn edit_card(
        &mut self,
        now: Now,
        actor: ParticipantId,
        card: CardId,
        text: &CardText,
        secret: AuthorSecret,
    ) -> Result<(), Refusal> {
        let room_id = self.board_of(Deed::WriteCards, actor)?;
        self.has_voice(actor)?;
        let room = self.rooms.get(&room_id).ok_or(refusal::UNKNOWN_ROOM)?;
        if !room.cards.known.contains_key(&card) {
            return Err(refusal::UNKNOWN_CARD);
        }
        if !self.is_author(card.as_u128(), secret) {
            return Err(refusal::NOT_THE_AUTHOR);
        }
        self.lets_through(text.as_str())?;
        self.take_card_pace(now, actor)?;
        self.reword(card.as_u128(), text.as_str());
        // What it said before is gone for good, also from what late readers are sent.
        self.dirty.erased = true;
        self.dirty.cards.insert(room_id);
        Ok(())
    }

    pub(super) fn erase_card(
        &mut self,
        actor: ParticipantId,
        card: CardId,
        secret: Option<AuthorSecret>,
    ) -> Result<(), Refusal> {
        let role = self.people.get(&actor).ok_or(refusal::UNKNOWN_PARTICIPANT)?.role;
        let own = secret.is_some_and(|secret| self.is_author(card.as_u128(), secret));
        if secret.is_some() && !own && !crate::access::moderates(role) {
            return Err(refusal::NOT_THE_AUTHOR);
        }
        let deed = if own { Deed::EraseOwnCard } else { Deed::EraseOtherCard };
        let seat = Seat::in_event(deed, role, self.phase, actor)?;
        debug_assert!(seat.fits_event(&[deed]), "{seat:?}");
        let holds = |(_, room): &(&RoomId, &Room)| room.cards.known.contains_key(&card);
        let (room, _) = self.rooms.iter().find(holds).ok_or(refusal::UNKNOWN_CARD)?;
        let room = room.clone();
        self.drop_votes(&room, Some(card));
        self.keep_text(card.as_u128(), None);
        self.keep_fact(&Fact::CardErased { room, card });
        Ok(())
    }

    pub(super) fn vote_card(&mut self, actor: ParticipantId, card: CardId, up: bool) -> Result<(), Refusal> {
        let room_id = self.board_of(Deed::VoteCards, actor)?;
        let room = self.rooms.get(&room_id).ok_or(refusal::UNKNOWN_ROOM)?;
        if !room.cards.known.contains_key(&card) {
            return Err(refusal::UNKNOWN_CARD);
        }
        if room.cards.key.is_none() {
            let key = self.chance.key();
            self.keep_row(format!("cardkey/{room_id}"), Some(key));
        }
        let cards = self.rooms.get(&room_id).map(|room| &room.cards);
        let Some((cards, voter)) = cards.and_then(|cards| Some((cards, cards.voter(actor)?))) else {
            return Ok(());
        };
        let is_up = cards.known.get(&card).is_some_and(|card| card.voters.contains(&voter));
        if is_up != up {
            self.keep_row(vote_key(&room_id, card, voter), up.then_some(()));
            self.dirty.people.insert(actor);
        }
        Ok(())
    }

    /// Removes the rows of votes for one card of a room, or for all.
    fn drop_votes(&mut self, room_id: &RoomId, only: Option<CardId>) {
        let Some(room) = self.rooms.get(room_id) else { return };
        let cards = room
            .cards
            .known
            .iter()
            .filter(|(id, _)| only.is_none_or(|only| only == **id));
        let rows = cards.flat_map(|(id, card)| card.voters.iter().map(|voter| vote_key(room_id, *id, *voter)));
        let rows: Vec<String> = rows.collect();
        for row in rows {
            self.keep_row(row, None::<()>);
        }
    }

    /// Writes the numbers for good and destroys who voted what.
    pub(super) fn count_card_votes(&mut self, room_id: &RoomId) {
        let Some(room) = self.rooms.get(room_id) else { return };
        let has_key = room.cards.key.is_some();
        let counts = room
            .cards
            .known
            .iter()
            .filter(|(_, card)| card.counted.is_none() && card.votes() > 0);
        let counts: Vec<(CardId, u32)> = counts.map(|(id, card)| (*id, card.votes())).collect();
        for (card, votes) in counts {
            let room = room_id.clone();
            self.keep_fact(&Fact::CardVotesCounted { room, card, votes });
        }
        self.drop_votes(room_id, None);
        if has_key {
            self.keep_row(format!("cardkey/{room_id}"), None::<Key>);
        }
    }

    pub(crate) fn apply_card_fact(&mut self, fact: &Fact) {
        let (Fact::CardAdded { room, card }
        | Fact::CardErased { room, card }
        | Fact::CardVotesCounted { room, card, .. }) = fact
        else {
            return;
        };
        let Some(place) = self.rooms.get_mut(room) else { return };
        let cards = &mut place.cards;
        match fact {
            Fact::CardAdded { .. } => {
                let (order, voters, counted) = (cards.put_up, BTreeSet::new(), None);
                cards.put_up += 1;
                cards.known.insert(*card, Card { order, voters, counted });
            }
            Fact::CardErased { .. } => {
                cards.known.remove(card);
            }
            Fact::CardVotesCounted { votes, .. } => {
                if let Some(card) = cards.known.get_mut(card) {
                    card.counted = Some(*votes);
                }
            }
            _ => {}
        }
        self.dirty.cards.insert(room.clone());
        self.dirty.breakouts = true;
    }

    pub(crate) fn apply_card_row(&mut self, kind: &str, name: &[&str], value: Option<&[u8]>) {
        let Some((room, name)) = name.split_first() else { return };
        let Some(room) = room.parse().ok().and_then(|room| self.rooms.get_mut(&room)) else {
            return;
        };
        match (kind, name) {
            ("cardkey", []) => room.cards.key = value.and_then(row),
            ("cardvote", [card, voter]) => {
                let (Some(card), Some(voter)) = (from_hex(card), from_hex(voter)) else {
                    return;
                };
                let Some(card) = room.cards.known.get_mut(&CardId::from_u128(card)) else {
                    return;
                };
                if value.is_some() {
                    card.voters.insert(voter);
                } else {
                    card.voters.remove(&voter);
                }
                self.dirty.cards.insert(room.config.room.clone());
            }
            _ => {}
        }
    }

    /// Shows the room its cards as they are.
    pub(crate) fn settle_cards(&mut self, room_id: &RoomId) {
        let changes = self.card_changes(room_id);
        for change in changes {
            self.publish(StreamKey::Room(room_id.clone()), change);
        }
    }

    /// What followers of a room do not know of its cards.
    pub(crate) fn card_changes(&self, room_id: &RoomId) -> Vec<Change> {
        let Some(room) = self.rooms.get(room_id) else {
            return Vec::new();
        };
        let StreamState::Room(known) = room.stream.state() else {
            return Vec::new();
        };
        let now = room.cards.views(&self.texts);
        let gone = known
            .cards
            .iter()
            .filter(|known| !now.iter().any(|card| card.card == known.card));
        let gone = gone.map(|card| Change::CardGone { card: card.card });
        let new = now.iter().filter(|card| !known.cards.contains(card));
        let new = new.map(|card| Change::Card { card: card.clone() });
        gone.chain(new).collect()
    }

    /// The cards that somebody supports in the room where they are.
    pub(crate) fn card_votes(&self, person: &Participant) -> Vec<CardId> {
        let room = person.room.as_ref().and_then(|room| self.rooms.get(room));
        room.map(|room| room.cards.voted(person.id)).unwrap_or_default()
    }
}
