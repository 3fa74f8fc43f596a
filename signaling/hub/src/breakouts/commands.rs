// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! What moderators and organisers do about a round, and what its people may say: stay, call for help.

use std::collections::BTreeSet;

use fiera_protocol::breakouts::{BreakoutStep, HelpStage, RoundMode, RoundPhase, RoundPlan};
use fiera_protocol::ids::{AnnouncementId, CardId, ParticipantId, RoomId, RoundId};
use fiera_protocol::limits::{ROUND_CAPACITY_MAX, ROUND_MINUTES_MAX, ROUND_ROOMS_MAX, ROUNDS_MAX};
use fiera_protocol::text::AnnouncementText;

use super::{Placement, help_key};
use crate::access::{Deed, Seat};
use crate::fact::{Fact, KeptRoom, KeptText};
use crate::hub::Hub;
use crate::input::Now;
use crate::refusal::{self, Refusal};

impl Hub {
    pub(crate) fn breakout_command(
        &mut self,
        now: Now,
        actor: ParticipantId,
        step: BreakoutStep,
    ) -> Result<(), Refusal> {
        match step {
            BreakoutStep::Stay {} => self.stay(actor),
            BreakoutStep::CallHelp { on } => self.call_help(actor, on),
            BreakoutStep::AddCard { text, secret } => self.add_card(now, actor, &text, secret),
            BreakoutStep::EditCard { card, text, secret } => self.edit_card(now, actor, card, &text, secret),
            BreakoutStep::EraseCard { card, secret } => self.erase_card(actor, card, secret),
            BreakoutStep::VoteCard { card, up } => self.vote_card(actor, card, up),
            step => {
                let seat = self.event_seat(Deed::RunBreakouts, actor)?;
                self.run_breakouts(now, step, &seat)
            }
        }
    }

    fn run_breakouts(&mut self, now: Now, step: BreakoutStep, seat: &Seat) -> Result<(), Refusal> {
        debug_assert!(seat.fits_event(&[Deed::RunBreakouts]), "{seat:?}");
        if let Some(done) = self.run_rehearsal(now, &step) {
            return done;
        }
        match step {
            BreakoutStep::Prepare { replaces, plan } => self.prepare_round(now, replaces, plan),
            BreakoutStep::Deal { round } => self.deal(round),
            BreakoutStep::Seat {
                round,
                participant,
                room,
                facilitator,
            } => self.seat(now, round, participant, room, facilitator),
            BreakoutStep::Discard { round } => {
                self.draft(round)?;
                self.discard(round);
                Ok(())
            }
            BreakoutStep::Send { round } => self.send(now, round),
            BreakoutStep::Rehearse { round, bots } => self.rehearse(now, round, bots),
            BreakoutStep::EndRehearsal {} if self.breakouts.rehearsal.is_none() => Err(refusal::NO_ROUND),
            BreakoutStep::EndRehearsal {} => {
                self.end_rehearsal();
                Ok(())
            }
            BreakoutStep::Extend { minutes } => self.extend(now, minutes),
            BreakoutStep::BringBack {} => self.bring_back(now),
            BreakoutStep::Tell { text } => self.tell_rooms(now, &text),
            BreakoutStep::Acknowledge { room } => self.acknowledge(&room),
            BreakoutStep::ShowCards { round, room } => self.show_cards(round, room.as_ref()),
            _ => Err(refusal::NOT_ALLOWED),
        }
    }

    /// A round that is not sent yet, and that no bots play.
    pub(super) fn draft(&self, id: RoundId) -> Result<&super::Round, Refusal> {
        let round = self.breakouts.get(id).ok_or(refusal::UNKNOWN_ROUND)?;
        if round.phase != RoundPhase::Draft {
            return Err(refusal::ROUND_SENT);
        }
        if self.is_rehearsed(id) {
            return Err(refusal::REHEARSED);
        }
        Ok(round)
    }

    /// A draft that can be sent now: no people and no bots are in other rooms.
    pub(super) fn sendable(&self, id: RoundId) -> Result<&super::Round, Refusal> {
        let round = self.draft(id)?;
        if self.breakouts.live().is_some() {
            return Err(refusal::ROUND_LIVE);
        }
        if self.breakouts.rehearsal.is_some() {
            return Err(refusal::REHEARSED);
        }
        Ok(round)
    }

    fn prepare_round(&mut self, now: Now, replaces: Option<RoundId>, plan: RoundPlan) -> Result<(), Refusal> {
        if plan.rooms.is_empty() || plan.rooms.len() > ROUND_ROOMS_MAX {
            return Err(refusal::ROUND_ROOMS);
        }
        let fits = (1..=ROUND_CAPACITY_MAX).contains(&plan.capacity) && (1..=ROUND_MINUTES_MAX).contains(&plan.minutes);
        if !fits {
            return Err(refusal::ROUND_SIZES);
        }
        if !self.order.contains(&plan.from) {
            return Err(refusal::UNKNOWN_ROOM);
        }
        if let Some(replaced) = replaces {
            self.draft(replaced)?;
        } else if self.breakouts.rounds.len() >= ROUNDS_MAX {
            return Err(refusal::TOO_MANY_ROUNDS);
        }
        if let Some(replaced) = replaces {
            self.discard(replaced);
        }
        let names = self.free_room_names(plan.rooms.len());
        let mut rooms = Vec::with_capacity(plan.rooms.len());
        for (planned, room) in plan.rooms.into_iter().zip(names) {
            let text = CardId::from_u128(self.chance.id());
            let kept = KeptText {
                options: planned.topic.map(String::from).into_iter().collect(),
                ..KeptText::plain(String::from(planned.title), now.unix_min())
            };
            self.keep_text(text.as_u128(), Some(kept));
            rooms.push(KeptRoom { room, text });
        }
        let round = RoundId::from_u128(self.chance.id());
        self.keep_fact(&Fact::RoundPrepared {
            round,
            from: plan.from,
            rooms,
            mode: plan.mode,
            latecomers: plan.latecomers,
            capacity: plan.capacity,
            minutes: plan.minutes,
        });
        Ok(())
    }

    /// Short names that no room of the event has: `breakout-1-1`, `breakout-1-2` and so on, the first number per round.
    fn free_room_names(&self, count: usize) -> Vec<RoomId> {
        let name = |round: usize, nth: usize| format!("breakout-{round}-{nth}").parse::<RoomId>().ok();
        let of_round = |round: usize| (1..=count).filter_map(|nth| name(round, nth)).collect::<Vec<_>>();
        let used: BTreeSet<&RoomId> = self.rooms.keys().collect();
        let first = self.breakouts.rounds.len() + 1;
        let free = |names: &Vec<RoomId>| !names.iter().any(|name| used.contains(name));
        // Each round and each configured room can take one number at most.
        let mut tries = (first..=first + used.len() + ROUNDS_MAX).map(of_round);
        tries.find(free).unwrap_or_default()
    }

    /// Throws a draft away, with its texts and seats.
    fn discard(&mut self, id: RoundId) {
        let Some(round) = self.breakouts.get(id) else { return };
        let rows: Vec<String> = round.placements.keys().map(|who| round.key(*who)).collect();
        let texts: Vec<CardId> = round.rooms.iter().map(|kept| kept.text).collect();
        for row in rows {
            self.keep_row(row, None::<Placement>);
        }
        for text in texts {
            self.keep_text(text.as_u128(), None);
        }
        self.keep_fact(&Fact::RoundDiscarded { round: id });
    }

    fn send(&mut self, now: Now, id: RoundId) -> Result<(), Refusal> {
        let round = self.sendable(id)?;
        let from = round.from.clone();
        match round.mode {
            RoundMode::Random => {
                self.seat_by_lot(id, false)?;
                self.move_round(now, id, RoundPhase::Announced);
            }
            RoundMode::Assigned if round.placements.is_empty() => return Err(refusal::NOBODY_SEATED),
            RoundMode::Assigned => self.move_round(now, id, RoundPhase::Announced),
            RoundMode::SelfSelect => {
                self.move_round(now, id, RoundPhase::Open);
                // Those who have a seat already, such as facilitators, go by themselves.
                self.send_seated(now, id);
            }
        }
        // What an earlier round wrote is not what people go for now.
        self.hide_cards(&from);
        Ok(())
    }

    fn extend(&mut self, now: Now, minutes: u16) -> Result<(), Refusal> {
        let round = self.breakouts.live().ok_or(refusal::NO_ROUND)?;
        let (id, (left_ms, total)) = (round.id, round.extended(now, minutes)?);
        self.set_round(now, id, RoundPhase::Open, left_ms, Some(total));
        Ok(())
    }

    fn bring_back(&mut self, now: Now) -> Result<(), Refusal> {
        let round = self.breakouts.live().ok_or(refusal::NO_ROUND)?;
        let id = round.id;
        match round.phase {
            // Nobody has gone yet: nobody needs time to come back.
            RoundPhase::Announced => self.end_round(now),
            RoundPhase::Open => self.move_round(now, id, RoundPhase::Closing),
            _ => return Err(refusal::ROUND_CLOSING),
        }
        Ok(())
    }

    fn tell_rooms(&mut self, now: Now, text: &AnnouncementText) -> Result<(), Refusal> {
        let round = self.breakouts.live().ok_or(refusal::NO_ROUND)?;
        let (id, before) = (round.id, round.told);
        if let Some(before) = before {
            self.keep_text(before.as_u128(), None);
        }
        let announcement = AnnouncementId::from_u128(self.chance.id());
        let kept = KeptText::plain(text.as_str().to_owned(), now.unix_min());
        self.keep_text(announcement.as_u128(), Some(kept));
        let round = id;
        self.keep_fact(&Fact::RoundTold { round, announcement });
        Ok(())
    }

    fn acknowledge(&mut self, room_id: &RoomId) -> Result<(), Refusal> {
        if !self.breakouts.holds(room_id) {
            return Err(refusal::UNKNOWN_ROOM);
        }
        let room = self.rooms.get(room_id).ok_or(refusal::UNKNOWN_ROOM)?;
        match room.help {
            None => Err(refusal::NO_CALL),
            Some(HelpStage::Coming) => Ok(()),
            Some(HelpStage::Called) => {
                self.keep_row(help_key(room_id), Some(HelpStage::Coming));
                Ok(())
            }
        }
    }

    fn call_help(&mut self, actor: ParticipantId, on: bool) -> Result<(), Refusal> {
        let (room_id, seat) = self.room_seat(Deed::CallHelp, actor)?;
        debug_assert!(seat.fits(&room_id, &[Deed::CallHelp]), "{seat:?}");
        if !self.breakouts.holds(&room_id) {
            return Err(refusal::NOT_IN_BREAKOUT);
        }
        let help = self.rooms.get(&room_id).and_then(|room| room.help);
        if on == help.is_some() {
            return Ok(());
        }
        self.keep_row(help_key(&room_id), on.then_some(HelpStage::Called));
        Ok(())
    }

    fn stay(&mut self, actor: ParticipantId) -> Result<(), Refusal> {
        let round = self.breakouts.live().ok_or(refusal::NO_ROUND)?;
        let announced = round.phase == RoundPhase::Announced && self.is_in_plenary(round.id, actor);
        let goes = announced || round.going.contains_key(&actor);
        let placement = round.placements.get(&actor).filter(|_| goes).cloned();
        let (id, key) = (round.id, round.key(actor));
        let placement = placement.ok_or(refusal::NOT_GOING)?;
        if !placement.stays {
            let stays = true;
            self.keep_row(key, Some(Placement { stays, ..placement }));
        }
        if let Some(round) = self.breakouts.get_mut(id) {
            round.going.remove(&actor);
        }
        self.arm_breakouts();
        self.dirty.people.insert(actor);
        Ok(())
    }
}
