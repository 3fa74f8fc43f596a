// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Breakouts: some prepare and run a round, the others go, stay, come late, call for help, put up cards.

use fiera_protocol::breakouts::{BreakoutStep, HelpStage, Latecomers, PlannedRoom, RoundMode, RoundPhase, RoundPlan};
use fiera_protocol::client::Command;
use fiera_protocol::ids::{ParticipantId, RoomId};

use super::Deed;
use crate::model::breakouts::{Card, Round, SmallRoom};

pub(super) fn draw(deed: &mut Deed<'_>) -> Option<Command> {
    if let Some(on) = deed.model.here.rehearsal.as_ref().filter(|_| deed.random.permille(120)) {
        let rooms: Vec<&SmallRoom> = deed.model.kept.round(on.round)?.rooms.iter().collect();
        let room = deed.random.pick(&rooms)?.id.clone();
        return Some(Command::Enter { room });
    }
    if deed.runs() && deed.random.permille(700) {
        let step = runs(deed)?;
        return Some(Command::Breakouts { step });
    }
    takes_part(deed)
}

fn plan(deed: &mut Deed<'_>) -> RoundPlan {
    let from: RoomId = if deed.random.permille(700) {
        "hall-a".parse().expect("an id")
    } else {
        deed.a_room()
    };
    let rooms = (0..*deed.random.weighted(&[(8, 2), (6, 3), (2, 1), (1, 0)]))
        .map(|_| PlannedRoom {
            title: deed.text(),
            topic: deed.random.coin().then(|| deed.text()),
        })
        .collect();
    let modes = [RoundMode::Random, RoundMode::SelfSelect, RoundMode::Assigned];
    RoundPlan {
        from,
        rooms,
        mode: *deed.random.pick(&modes).expect("three"),
        capacity: *deed.random.weighted(&[(4, 6), (4, 3), (3, 2), (2, 1), (1, 0)]),
        minutes: *deed.random.weighted(&[(10, 1), (4, 2), (1, 240), (1, 0)]),
        latecomers: if deed.random.coin() {
            Latecomers::Placed
        } else {
            Latecomers::Choose
        },
    }
}

/// A round that fits, now and then any.
fn round<'a>(deed: &mut Deed<'a>, fits: fn(&Round) -> bool) -> Option<&'a Round> {
    let anyone = deed.random.permille(50);
    let model = deed.model;
    let all: Vec<&Round> = model.kept.rounds.iter().filter(|round| anyone || fits(round)).collect();
    deed.random.pick(&all).copied()
}

fn runs(deed: &mut Deed<'_>) -> Option<BreakoutStep> {
    let drafts = |of: &Round| of.phase == RoundPhase::Draft;
    let (live, any_draft) = (deed.model.kept.live(), deed.model.kept.rounds.iter().any(drafts));
    if deed.model.here.rehearsal.is_some() && deed.random.permille(600) {
        return rehearses(deed);
    }
    let what = deed.random.below(20);
    if deed.random.permille(if any_draft || live.is_some() { 60 } else { 700 }) {
        let replaces = round(deed, drafts).map(|round| round.id).filter(|_| deed.random.coin());
        let plan = plan(deed);
        return Some(BreakoutStep::Prepare { replaces, plan });
    }
    Some(match live.map(|round| round.phase) {
        None | Some(RoundPhase::Draft | RoundPhase::Ended) => {
            let round = round(deed, drafts)?;
            match what {
                0..8 if round.mode == RoundMode::Random || what == 0 => BreakoutStep::Deal { round: round.id },
                1..10 => seat(deed, round)?,
                10 => BreakoutStep::Discard { round: round.id },
                11..14 => BreakoutStep::Rehearse {
                    round: round.id,
                    bots: *deed.random.weighted(&[(10, 4), (6, 9), (1, 200), (1, 0), (1, 1_001)]),
                },
                _ => BreakoutStep::Send { round: round.id },
            }
        }
        Some(RoundPhase::Announced) => match what {
            0..2 => BreakoutStep::BringBack {},
            2 => BreakoutStep::Extend { minutes: 1 },
            3..6 => BreakoutStep::Tell { text: deed.text() },
            _ => seat(deed, live?)?,
        },
        Some(_) => {
            let called = |room: &RoomId| deed.model.room(room).help == Some(HelpStage::Called);
            let called = live?
                .rooms
                .iter()
                .map(|room| &room.id)
                .find(|room| called(room))
                .cloned();
            match what {
                0 => BreakoutStep::BringBack {},
                1..3 => BreakoutStep::Extend {
                    minutes: *deed.random.weighted(&[(8, 1), (1, 0), (1, 60), (1, 61)]),
                },
                3..5 => BreakoutStep::Tell { text: deed.text() },
                5..9 => {
                    let rooms: Vec<RoomId> = live?.rooms.iter().map(|room| room.id.clone()).collect();
                    let room = called.or_else(|| deed.random.pick(&rooms).cloned())?;
                    BreakoutStep::Acknowledge { room }
                }
                _ => {
                    let round = round(deed, Round::is_live)?;
                    seat(deed, round)?
                }
            }
        }
    })
}

/// What is said and done while bots go through a draft.
fn rehearses(deed: &mut Deed<'_>) -> Option<BreakoutStep> {
    let model = deed.model;
    let on = model.here.rehearsal.as_ref()?;
    let round = model.kept.round(on.round)?;
    let rooms: Vec<&SmallRoom> = round.rooms.iter().collect();
    let room = deed.random.pick(&rooms)?.id.clone();
    Some(match deed.random.below(20) {
        0..3 => BreakoutStep::Tell { text: deed.text() },
        3..6 => BreakoutStep::Extend {
            minutes: *deed.random.weighted(&[(8, 1), (1, 0), (1, 60)]),
        },
        6 => BreakoutStep::BringBack {},
        7..9 => BreakoutStep::Acknowledge { room },
        9..11 => BreakoutStep::EndRehearsal {},
        11 => BreakoutStep::Discard { round: on.round },
        12 => BreakoutStep::Send { round: on.round },
        _ => {
            let bots: Vec<ParticipantId> = model.here.bots.iter().copied().collect();
            let bot = deed.random.pick(&bots).copied().filter(|_| deed.random.permille(850));
            BreakoutStep::Seat {
                round: on.round,
                participant: bot.unwrap_or_else(|| deed.somebody()),
                room: Some(room).filter(|_| deed.random.permille(850)),
                facilitator: deed.random.permille(200),
            }
        }
    })
}

/// Cards of a round that is over, at the plenary.
pub(super) fn plenary(deed: &mut Deed<'_>) -> Option<Command> {
    let step = if deed.runs() { reads_out(deed)? } else { return None };
    Some(Command::Breakouts { step })
}

/// Which room is read out; what should not be is erased on the spot.
fn reads_out(deed: &mut Deed<'_>) -> Option<BreakoutStep> {
    let round = round(deed, |of| of.phase == RoundPhase::Ended)?;
    let cards = |room: &SmallRoom| &deed.model.room(&room.id).cards;
    if let Some(nth) = round.shows.filter(|_| deed.random.coin()) {
        let shown: Vec<&Card> = cards(&round.rooms[nth]).iter().collect();
        let card = deed.random.pick(&shown)?.id;
        return Some(BreakoutStep::EraseCard { card, secret: None });
    }
    let empty = deed.random.permille(150);
    let rooms = round.rooms.iter().filter(|room| empty || !cards(room).is_empty());
    let rooms: Vec<RoomId> = rooms.map(|room| room.id.clone()).collect();
    let room = deed.random.pick(&rooms).cloned().filter(|_| deed.random.permille(850));
    Some(BreakoutStep::ShowCards { round: round.id, room })
}

fn seat(deed: &mut Deed<'_>, round: &Round) -> Option<BreakoutStep> {
    let rooms: Vec<&RoomId> = round.rooms.iter().map(|room| &room.id).collect();
    let room = deed.random.pick(&rooms).map(|room| (*room).clone());
    Some(BreakoutStep::Seat {
        round: round.id,
        participant: deed.somebody(),
        room: room.filter(|_| deed.random.permille(850)),
        facilitator: deed.random.permille(200),
    })
}

fn takes_part(deed: &mut Deed<'_>) -> Option<Command> {
    let (here, what) = (deed.room_id(), deed.random.below(24));
    let inside = here.as_ref().and_then(|room| deed.model.kept.round_of(room));
    let live = deed.model.kept.live();
    let goes = live
        .filter(|round| round.seats.contains_key(&deed.me))
        .is_some_and(|round| {
            let announced = round.phase == RoundPhase::Announced && here.as_ref() == Some(&round.from);
            announced || deed.model.here.going.contains_key(&deed.me)
        });
    if goes && deed.random.permille(700) {
        let step = BreakoutStep::Stay {};
        return Some(Command::Breakouts { step });
    }
    let step = match (inside, live) {
        (Some(round), _) if what < 6 => {
            // Out again, or over to another room.
            let rooms: Vec<&RoomId> = round.rooms.iter().map(|room| &room.id).collect();
            return Some(match what {
                0 => Command::Leave {},
                1..3 => Command::Enter {
                    room: round.from.clone(),
                },
                _ => Command::Enter {
                    room: (*deed.random.pick(&rooms)?).clone(),
                },
            });
        }
        (Some(_), _) => on_the_board(deed)?,
        (None, Some(round)) if what < 12 => {
            let seat = round.seats.get(&deed.me);
            if seat.is_some() && what < if round.phase == RoundPhase::Announced { 10 } else { 4 } {
                BreakoutStep::Stay {}
            } else {
                let all: Vec<RoomId> = round.rooms.iter().map(|room| room.id.clone()).collect();
                let own = seat
                    .map(|seat| all[seat.nth].clone())
                    .filter(|_| deed.random.permille(700));
                let any = deed.random.pick(&all).cloned();
                let plenary = Some(round.from.clone()).filter(|_| what > 8);
                let room = plenary.or(own).or(any)?;
                return Some(Command::Enter { room });
            }
        }
        (None, _) if what == 23 => on_the_board(deed)?,
        _ => return None,
    };
    Some(Command::Breakouts { step })
}

/// A card of the room where one is, now and then of any.
fn card(deed: &mut Deed<'_>) -> Option<Card> {
    let anywhere = deed.random.permille(80);
    let rooms = &deed.model.kept.rooms;
    let all: Vec<&Card> = match deed.room() {
        Some(room) if !anywhere => room.cards.iter().collect(),
        _ => rooms.values().flat_map(|room| &room.cards).collect(),
    };
    deed.random.pick(&all).map(|card| (*card).clone())
}

/// The board of the breakout room where one is.
pub(super) fn board(deed: &mut Deed<'_>) -> Option<Command> {
    let room = deed.room_id()?;
    deed.model.kept.round_of(&room)?;
    let step = on_the_board(deed)?;
    Some(Command::Breakouts { step })
}

fn on_the_board(deed: &mut Deed<'_>) -> Option<BreakoutStep> {
    let what = deed.random.below(20);
    Some(match what {
        0..3 => BreakoutStep::CallHelp {
            on: deed.random.permille(700),
        },
        3..9 => BreakoutStep::AddCard {
            text: deed.text(),
            secret: deed.secret(),
        },
        9..11 => {
            let known = card(deed)?;
            BreakoutStep::EditCard {
                card: known.id,
                text: deed.text(),
                secret: deed.secret_of(known.secret),
            }
        }
        11..13 => {
            let known = card(deed)?;
            let secret = deed.random.permille(700).then(|| deed.secret_of(known.secret));
            BreakoutStep::EraseCard { card: known.id, secret }
        }
        _ => BreakoutStep::VoteCard {
            card: card(deed)?.id,
            up: deed.random.permille(750),
        },
    })
}
