// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! The dry run of a round (O13, O14): its course by the clock, and moderators who look in. Nothing of it is kept, and
//! nobody else notices; which bot sits where is drawn by lot and looked at where it is told.

use std::collections::BTreeSet;

use fiera_protocol::breakouts::{BreakoutStep, RoundMode, RoundPhase};
use fiera_protocol::ids::{ParticipantId, RoomId, RoundId};
use fiera_protocol::limits::{
    REHEARSAL_BOTS_MAX, ROUND_EXTENSION_MIN_MAX, ROUND_GRACE_MS, ROUND_MINUTES_MAX, ROUND_NOTICE_MS,
};

use super::{Model, Verdict};
use crate::words::numbers_in;

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Rehearsal {
    pub(crate) round: RoundId,
    pub(crate) phase: RoundPhase,
    pub(crate) minutes: u16,
    pub(crate) until_ms: u64,
    pub(crate) until_unix_ms: u64,
    /// How many bots there are.
    pub(crate) bots: usize,
    pub(crate) told: Option<String>,
}

impl Rehearsal {
    pub(crate) fn is_inside(&self) -> bool {
        matches!(self.phase, RoundPhase::Open | RoundPhase::Closing)
    }
}

impl Model {
    pub(crate) fn is_rehearsed(&self, id: RoundId) -> bool {
        self.here.rehearsal.as_ref().is_some_and(|of| of.round == id)
    }

    /// Whether bots are in this room.
    pub(crate) fn bots_are_in(&self, room: &RoomId) -> bool {
        let inside = self.here.rehearsal.as_ref().filter(|of| of.is_inside());
        let round = inside.and_then(|of| self.kept.round(of.round));
        round.is_some_and(|round| round.nth(room).is_some())
    }

    /// Whether somebody only looks in where bots are, and leaves nothing there.
    pub(in crate::model) fn looks_in(&self, who: ParticipantId) -> bool {
        self.room_of(who).is_some_and(|room| self.bots_are_in(&room))
    }

    pub(super) fn judge_rehearsal(&self, step: &BreakoutStep) -> Option<Verdict> {
        let on = self.here.rehearsal.as_ref();
        if let BreakoutStep::Rehearse { round, bots } = step {
            let draft = self.kept.round(*round).filter(|of| of.phase == RoundPhase::Draft);
            let fits = draft.is_some_and(|of| match of.mode {
                RoundMode::Random => {
                    of.seats.len().max(usize::from(*bots)) <= usize::from(of.capacity) * of.rooms.len()
                }
                RoundMode::Assigned => !of.seats.is_empty(),
                RoundMode::SelfSelect => true,
            });
            let one = (1..=REHEARSAL_BOTS_MAX).contains(bots) && on.is_none() && self.kept.live().is_none();
            return Some((one && fits).into());
        }
        if let BreakoutStep::EndRehearsal {} = step {
            return Some(on.is_some().into());
        }
        let on = on?;
        let round = self.kept.round(on.round).expect("a draft");
        Some(match step {
            BreakoutStep::Seat {
                round,
                participant,
                room,
                ..
            } if *round == on.round => {
                let fits = match room {
                    None => on.phase == RoundPhase::Announced,
                    Some(room) => {
                        let known = self.kept.round(*round).expect("a draft").nth(room);
                        known.is_some() && on.phase != RoundPhase::Closing
                    }
                };
                // How full a room is by now, and whether a bot is still there, is not known here.
                if fits && self.here.bots.contains(participant) {
                    Verdict::Either
                } else {
                    Verdict::Refuse
                }
            }
            BreakoutStep::Extend { minutes } => {
                let fits = (1..=ROUND_EXTENSION_MIN_MAX).contains(minutes);
                (fits && on.is_inside() && on.minutes + minutes <= ROUND_MINUTES_MAX).into()
            }
            BreakoutStep::BringBack {} => (on.phase != RoundPhase::Closing).into(),
            BreakoutStep::Tell { .. } => Verdict::Accept,
            BreakoutStep::Acknowledge { room } if round.nth(room).is_some() => Verdict::Either,
            BreakoutStep::Acknowledge { .. } => Verdict::Refuse,
            _ => return None,
        })
    }

    /// False where it is not about a dry run.
    pub(super) fn do_rehearsal(&mut self, step: &BreakoutStep) -> bool {
        if let BreakoutStep::Rehearse { round, bots } = step {
            let draft = self.kept.round(*round).expect("judged");
            let (chosen, minutes) = (draft.mode == RoundMode::SelfSelect, draft.minutes);
            self.here.rehearsal = Some(Rehearsal {
                round: *round,
                phase: RoundPhase::Announced,
                minutes,
                until_ms: 0,
                until_unix_ms: 0,
                bots: draft.seats.len().max(usize::from(*bots)),
                told: None,
            });
            if chosen {
                self.bots_move(RoundPhase::Open, u64::from(minutes) * 60_000);
            } else {
                self.bots_move(RoundPhase::Announced, ROUND_NOTICE_MS);
            }
            return true;
        }
        let now_ms = self.now_ms;
        let Some(on) = &mut self.here.rehearsal else {
            return false;
        };
        match step {
            BreakoutStep::Seat { round, .. } => return *round == on.round,
            BreakoutStep::Extend { minutes } => {
                on.minutes += minutes;
                let left_ms = on.until_ms.saturating_sub(now_ms);
                let left_ms = if on.phase == RoundPhase::Open { left_ms } else { 0 };
                self.bots_move(RoundPhase::Open, left_ms + u64::from(*minutes) * 60_000);
            }
            BreakoutStep::BringBack {} if on.phase == RoundPhase::Announced => self.end_rehearsal(),
            BreakoutStep::BringBack {} => self.bots_move(RoundPhase::Closing, ROUND_GRACE_MS),
            BreakoutStep::Tell { text } => {
                if on.told.replace(text.as_str().to_owned()).is_some() {
                    self.here.rehearsed_until_ms = Some(now_ms);
                }
                self.here.rehearsed_words.extend(numbers_in(text.as_str()));
            }
            BreakoutStep::EndRehearsal {} => self.end_rehearsal(),
            BreakoutStep::Acknowledge { .. } => {}
            _ => return false,
        }
        true
    }

    fn bots_move(&mut self, phase: RoundPhase, ms: u64) {
        let on = self.here.rehearsal.as_mut().expect("it is on");
        on.phase = phase;
        (on.until_ms, on.until_unix_ms) = (self.now_ms + ms, self.unix_ms + ms);
    }

    pub(super) fn rehearsal_due(&mut self) {
        let Some(on) = self.here.rehearsal.as_ref().filter(|on| on.until_ms <= self.now_ms) else {
            return;
        };
        match on.phase {
            RoundPhase::Announced => self.bots_move(RoundPhase::Open, u64::from(on.minutes) * 60_000),
            RoundPhase::Open => self.bots_move(RoundPhase::Closing, ROUND_GRACE_MS),
            _ => self.end_rehearsal(),
        }
    }

    /// Who looked in is at the plenary again.
    pub(in crate::model) fn end_rehearsal(&mut self) {
        let Some(on) = self.here.rehearsal.take() else { return };
        self.here.rehearsed_until_ms = Some(self.now_ms);
        self.here.bots = BTreeSet::new();
        let round = self.kept.round(on.round).expect("a draft");
        let (from, rooms) = (round.from.clone(), round.rooms.clone());
        for room in rooms {
            for who in self.people_in(&room.id) {
                self.go_to(who, Some(from.clone()));
            }
        }
    }
}
