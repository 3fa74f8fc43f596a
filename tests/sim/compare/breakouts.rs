// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Breakouts: what everybody, those who run them, the people of a room and everybody for themselves are told.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use fiera_protocol::breakouts::{
    BreakoutRoom, BreakoutView, BreakoutsView, CardView, CardsOfRoom, CardsShown, Latecomers, RehearsalView, RoundMode,
    RoundPhase, RoundRoom, RoundView, Seated, YourBreakout,
};
use fiera_protocol::fair::Announcement;
use fiera_protocol::ids::{CardId, ParticipantId, RoomId};
use fiera_protocol::limits::REHEARSAL_CALLS_MAX;
use fiera_protocol::server::ServerMessage;
use fiera_protocol::view::{EventView, RoomView, StreamState, YouView};

use crate::model::breakouts::{Card, Round, SmallRoom};
use crate::model::{Model, Room};

/// The round that runs, but for the places that are left.
pub(super) fn same_round(model: &Model, view: &EventView) {
    let free = view.breakout.as_ref().map_or_else(Vec::new, |view| view.free.clone());
    let shown = |round: &Round| BreakoutView {
        round: round.id,
        from: round.from.clone(),
        phase: round.phase,
        mode: round.mode,
        latecomers: round.latecomers,
        capacity: round.capacity,
        rooms: round
            .rooms
            .iter()
            .map(|room| BreakoutRoom {
                room: room.id.clone(),
                title: room.title.clone(),
                topic: room.topic.clone(),
            })
            .collect(),
        free: free.clone(),
        until_unix_ms: round.until_unix_ms.expect("it ends"),
        told: round.told.clone().map(|(announcement, text, at_unix_ms)| Announcement {
            announcement,
            text,
            at_unix_ms,
        }),
    };
    assert_eq!(view.breakout, model.kept.live().map(shown), "O: the round that runs");
}

/// O7, O8: the call for help, and the cards but for the numbers of their supporters.
pub(super) fn same_board(room: &Room, view: &RoomView) {
    assert_eq!(view.help, room.help, "O7: help in {}", view.room);
    let shown = view
        .cards
        .iter()
        .map(|card| (card.card, card.text.as_str(), &card.by, card.votes as usize, card.order));
    let known = room
        .cards
        .iter()
        .map(|card| (card.id, card.text.as_str(), &card.by, card.votes(), card.order));
    assert_eq!(
        shown.collect::<Vec<_>>(),
        known.collect::<Vec<_>>(),
        "O8: cards of {}",
        view.room
    );
}

/// Cards of a room of a round, best supported first.
fn cards_of(room: &Room) -> Vec<CardView> {
    let view = |card: &Card| CardView {
        card: card.id,
        text: card.text.clone(),
        by: card.by.clone(),
        votes: u32::try_from(card.votes()).expect("few"),
        order: card.order,
    };
    let mut cards: Vec<CardView> = room.cards.iter().map(view).collect();
    cards.sort_by_key(|card| (Reverse(card.votes), card.order));
    cards
}

/// O12: what is read out in a plenary room.
fn read_out(model: &Model, from: &RoomId) -> Option<CardsShown> {
    let round = model.kept.read_out(from)?;
    let shown = &round.rooms[round.shows?];
    let of = |small: &SmallRoom| CardsOfRoom {
        room: small.id.clone(),
        title: small.title.clone(),
        cards: u32::try_from(model.room(&small.id).cards.len()).expect("few"),
    };
    let listed = |of: &CardsOfRoom| of.cards > 0 || of.room == shown.id;
    Some(CardsShown {
        round: round.id,
        rooms: round.rooms.iter().map(of).filter(listed).collect(),
        room: shown.id.clone(),
        topic: shown.topic.clone(),
        cards: cards_of(model.room(&shown.id)),
    })
}

/// O12: what is read out at the plenary is told at once, but for what was erased a moment ago.
pub(super) fn same_read_out(model: &Model, now_ms: u64, view: &RoomView) {
    let (shown, known) = (&view.cards_shown, read_out(model, &view.room));
    let alike = match (shown, &known) {
        (Some(shown), Some(known)) => shown == known || lacks_erased(model, now_ms, known, shown),
        (shown, known) => shown.is_none() && known.is_none(),
    };
    assert!(alike, "O12: {shown:?} is read out in {}, not {known:?}", view.room);
}

/// O12: an erased card is in no snapshot any more, and nothing else is missing there.
pub(crate) fn same_in_snapshot(model: &Model, state: &StreamState) {
    if let StreamState::Room(view) = state {
        let known = read_out(model, &view.room);
        assert_eq!(view.cards_shown, known, "O12: a snapshot of {}", view.room);
    }
}

/// Whether one is the other but for cards that were erased, each at most as long ago as it may go untold.
fn lacks_erased(model: &Model, now_ms: u64, newer: &CardsShown, older: &CardsShown) -> bool {
    let erased: BTreeMap<CardId, &RoomId> = model.just_erased(now_ms).collect();
    let same = (newer.round, &newer.room, &newer.topic) == (older.round, &older.room, &older.topic);
    let is_gone = |card: &&CardView| newer.cards.iter().all(|one| one.card != card.card);
    let (gone, left): (Vec<&CardView>, Vec<&CardView>) = older.cards.iter().partition(is_gone);
    let cards =
        left.into_iter().eq(&newer.cards) && gone.iter().all(|card| erased.get(&card.card) == Some(&&older.room));
    let counted = |room: &RoomId| newer.rooms.iter().find(|of| of.room == *room).map_or(0, |of| of.cards);
    let fewer = |of: &CardsOfRoom| {
        let erased = erased.values().filter(|room| ***room == of.room).count();
        let missing = of.cards.checked_sub(counted(&of.room));
        missing.is_some_and(|missing| missing as usize <= erased)
    };
    let recounted = older.rooms.iter().map(|of| CardsOfRoom {
        cards: counted(&of.room),
        ..of.clone()
    });
    let listed = recounted.filter(|of| of.cards > 0 || of.room == newer.room);
    same && cards && older.rooms.iter().all(fewer) && listed.eq(newer.rooms.iter().cloned())
}

/// O12: those who were shown a card are told that it was erased a little later than it is gone from snapshots, so that
/// at one position a later one lacks it.
pub(crate) fn same_but_erased(model: &Model, now_ms: u64, newer: &StreamState, older: &StreamState) -> bool {
    if newer == older {
        return true;
    }
    let (StreamState::Room(newer), StreamState::Room(older)) = (newer, older) else {
        return false;
    };
    let (Some(own), Some(theirs)) = (&newer.cards_shown, &older.cards_shown) else {
        return false;
    };
    let cards_shown = Some(theirs.clone());
    let newer_with_theirs = RoomView {
        cards_shown,
        ..newer.clone()
    };
    lacks_erased(model, now_ms, own, theirs) && *older == newer_with_theirs
}

/// O12: the cards of one room, for who asks while its round is read out where they are.
pub(crate) fn same_cards(model: &Model, who: ParticipantId, asked: &RoomId, answer: Option<&ServerMessage>) {
    let round = model.room_of(who).and_then(|from| model.kept.read_out(&from));
    let small = round.and_then(|round| round.rooms.iter().find(|small| small.id == *asked));
    let known = small.map(|small| ServerMessage::Cards {
        room: asked.clone(),
        topic: small.topic.clone(),
        cards: cards_of(model.room(asked)),
    });
    assert_eq!(answer, known.as_ref(), "O12: cards of {asked} for {who}");
}

/// O2, O4: one's own seat, and when one goes; O8: the cards one supports.
pub(super) fn same_own(model: &Model, who: ParticipantId, view: &YouView) {
    let seat = |round: &Round| {
        let seat = round.seats.get(&who)?;
        let waits = !seat.stays && model.room_of(who).as_ref() == Some(&round.from);
        let goes_at_unix_ms = match round.phase {
            RoundPhase::Announced => round.until_unix_ms,
            _ => model.here.going.get(&who).map(|(_, unix_ms)| *unix_ms),
        };
        Some(YourBreakout {
            room: round.rooms[seat.nth].id.clone(),
            goes_at_unix_ms: goes_at_unix_ms.filter(|_| waits),
            facilitator: seat.facilitator,
        })
    };
    assert_eq!(view.breakout, model.kept.live().and_then(seat), "O2: the seat of {who}");
    let room = model.room_of(who).map(|room| model.room(&room));
    let cards = room.iter().flat_map(|room| &room.cards);
    let known: BTreeSet<CardId> = cards
        .filter(|card| card.voters.contains(&who))
        .map(|card| card.id)
        .collect();
    let shown: BTreeSet<CardId> = view.card_votes.iter().copied().collect();
    assert_eq!(shown, known, "O8: cards that {who} supports");
}

fn by_name(mut seated: Vec<Seated>) -> Vec<Seated> {
    seated.sort_by_key(|one| (one.name.as_str().to_lowercase(), one.participant));
    seated
}

/// The grid as those who run the rounds see it.
pub(super) fn grid(model: &Model) -> Vec<RoundView> {
    model.kept.rounds.iter().map(|round| round_view(model, round)).collect()
}

fn round_view(model: &Model, round: &Round) -> RoundView {
    let named = |who: ParticipantId, facilitator, here| Seated {
        participant: who,
        name: model.name(who),
        facilitator,
        here,
    };
    let before = matches!(round.phase, RoundPhase::Draft | RoundPhase::Announced);
    let seated = |nth: usize| {
        let of = round.seats.iter().filter(|(_, seat)| seat.nth == nth);
        let of = of.filter(|(who, _)| model.here.people.contains_key(who));
        let of = of.map(|(who, seat)| {
            let belongs = if before { &round.from } else { &round.rooms[nth].id };
            let here = model.room_of(*who).as_ref() == Some(belongs) && !(before && seat.stays);
            named(*who, seat.facilitator, here)
        });
        by_name(of.collect())
    };
    let count = |number: usize| u32::try_from(number).expect("few");
    let room = |(nth, small): (usize, &SmallRoom)| {
        let room = model.room(&small.id);
        RoundRoom {
            room: small.id.clone(),
            title: small.title.clone(),
            topic: small.topic.clone(),
            seated: seated(nth),
            people: count(model.people_in(&small.id).len()),
            talking: 0,
            hands: count(room.hands.iter().filter(|hand| !hand.is_accepted()).count()),
            help: room.help,
            cards: count(room.cards.len()),
        }
    };
    let unseated = if round.phase == RoundPhase::Ended {
        Vec::new()
    } else {
        let without = model.people_in(&round.from).into_iter();
        let without = without.filter(|who| !round.seats.contains_key(who));
        by_name(without.map(|who| named(who, false, true)).collect())
    };
    RoundView {
        round: round.id,
        from: round.from.clone(),
        phase: round.phase,
        mode: round.mode,
        latecomers: round.latecomers,
        capacity: round.capacity,
        minutes: round.minutes,
        until_unix_ms: round.until_unix_ms,
        rooms: round.rooms.iter().enumerate().map(room).collect(),
        cards_shown: round.shows.map(|nth| round.rooms[nth].id.clone()),
        unseated,
    }
}

/// Once nothing changed for a while, the grid is told as it is.
pub(super) fn same_grid(known: &[RoundView], view: &BreakoutsView) {
    assert_eq!(view.rounds, known, "O: the grid of rounds");
}

/// O13: who is a bot, as moderators are told.
pub(super) fn bots(view: &RehearsalView) -> BTreeSet<ParticipantId> {
    let seated = view.round.rooms.iter().flat_map(|room| &room.seated);
    seated.chain(&view.round.unseated).map(|one| one.participant).collect()
}

/// O13, O14: the dry run that is on, as a round of bots alone; where each sits is drawn by lot.
pub(super) fn same_rehearsal(model: &Model, view: &BreakoutsView) {
    let (known, shown) = (&model.here.rehearsal, &view.rehearsal);
    let (Some(known), Some(shown)) = (known, shown) else {
        assert_eq!(known.is_some(), shown.is_some(), "O13: a dry run is on");
        return;
    };
    let told = shown.told.as_ref().map(|told| told.text.clone());
    assert_eq!(told, known.told, "O14: what bots are told");
    let bots = bots(shown);
    assert_eq!(bots.len(), known.bots, "O13: bots");
    assert!(
        bots.iter().all(|bot| !model.here.people.contains_key(bot)),
        "O13: a bot is somebody"
    );
    let draft = model.kept.round(known.round).expect("a draft");
    let mut round = RoundView {
        phase: known.phase,
        minutes: known.minutes,
        until_unix_ms: Some(known.until_unix_ms),
        unseated: shown.round.unseated.clone(),
        ..round_view(model, draft)
    };
    for (room, shown) in round.rooms.iter_mut().zip(&shown.round.rooms) {
        let seats = u32::try_from(shown.seated.len()).expect("few");
        assert!(seats <= u32::from(draft.capacity), "O13: {seats} bots in {}", room.room);
        (room.seated, room.help) = (shown.seated.clone(), shown.help);
        room.people = if known.is_inside() { seats } else { 0 };
        (room.hands, room.cards) = (0, 0);
    }
    let calls = round.rooms.iter().filter(|room| room.help.is_some()).count();
    assert!(calls <= REHEARSAL_CALLS_MAX, "O13: {calls} calls for help");
    assert_eq!(shown.round, round, "O13: the dry run");
}

/// O11: places that are left, while people choose a room.
pub(super) fn free(model: &Model) -> Vec<u16> {
    let chosen_from = |round: &&Round| {
        let choose = round.mode == RoundMode::SelfSelect || round.latecomers == Latecomers::Choose;
        choose && round.phase == RoundPhase::Open
    };
    let left = |round: &Round| {
        let taken = round.taken().into_iter();
        taken
            .map(|taken| round.capacity - u16::try_from(taken).expect("few"))
            .collect()
    };
    model.kept.live().filter(chosen_from).map_or_else(Vec::new, left)
}

/// What must hold of rounds whatever anybody did.
pub(super) fn sound(model: &Model) {
    let live = model.kept.rounds.iter().filter(|round| round.is_live()).count();
    assert!(live <= 1, "O2: {live} rounds run");
    for round in model.kept.rounds.iter() {
        let taken = round.taken();
        let full = taken.iter().all(|taken| *taken <= usize::from(round.capacity));
        assert!(full, "O4: seats {taken:?} of {}", round.capacity);
        for room in &round.rooms {
            let inside = model.people_in(&room.id);
            assert!(
                round.is_open() || model.bots_are_in(&room.id) || inside.is_empty(),
                "O5: {inside:?} are still in {}",
                room.id
            );
            let sits = |who: &&ParticipantId| !model.moderates(**who);
            let seated = |who: &ParticipantId| {
                round
                    .seats
                    .get(who)
                    .is_some_and(|seat| round.rooms[seat.nth].id == room.id)
            };
            let astray = inside.iter().filter(sits).find(|who| !seated(who));
            assert_eq!(astray, None, "O4: somebody without a seat in {}", room.id);
        }
    }
}
