// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! The dry run of a round: bots in place of people go through a draft by the rules and the clock of a real one. Bots are
//! names on lists and never among the people of the event; nothing is kept, so a restart ends it and the draft is there.

use std::collections::{BTreeMap, BTreeSet};

use fiera_protocol::breakouts::{BreakoutStep, HelpStage, RehearsalView, RoundMode, RoundPhase, RoundView, Seated};
use fiera_protocol::client::Command;
use fiera_protocol::fair::Announcement;
use fiera_protocol::ids::{AnnouncementId, DisplayName, ParticipantId, RoomId, RoundId};
use fiera_protocol::limits::{
    DISPLAY_NAME_CHARS_MAX, REHEARSAL_BOTS_MAX, REHEARSAL_CALL_MS, REHEARSAL_CALLS_MAX, REHEARSAL_CHOICE_MS,
    ROUND_SEATS_MAX,
};
use fiera_protocol::text::AnnouncementText;
use fiera_protocol::view::Change;

use super::course::length_ms;
use super::{Placement, Round};
use crate::hub::Hub;
use crate::input::Now;
use crate::output::StreamKey;
use crate::refusal::{self, Refusal};

/// In how many steps bots choose their rooms.
const CHOICE_STEPS: usize = 10;

/// The dry run that is on.
#[derive(Debug)]
pub(super) struct Rehearsal {
    /// The draft as if it had been sent; its seats are those of bots.
    round: Round,
    names: BTreeMap<ParticipantId, DisplayName>,
    /// Bots that have not chosen a room yet, in mode `self_select`; the last goes first.
    choosing: Vec<ParticipantId>,
    /// How many of them choose in one step.
    choices: usize,
    help: BTreeMap<u16, HelpStage>,
    told: Option<Announcement>,
    /// When bots choose or call for help next, monotonic milliseconds.
    step_ms: u64,
    /// Moderators were told of it as it is.
    shown: bool,
}

impl Rehearsal {
    fn is_inside(&self) -> bool {
        matches!(self.round.phase, RoundPhase::Open | RoundPhase::Closing)
    }

    /// When something happens next, monotonic milliseconds.
    pub(super) fn next_ms(&self) -> Option<u64> {
        let step = (self.round.phase == RoundPhase::Open).then_some(self.step_ms);
        self.round.until_ms.into_iter().chain(step).min()
    }

    fn move_to(&mut self, now: Now, phase: RoundPhase, ms: u64) {
        self.round.phase = phase;
        self.round.until_ms = Some(now.mono_ms + ms);
        self.round.until_unix_ms = Some(now.unix_ms.saturating_add(ms));
        self.shown = false;
    }

    fn open(&mut self, now: Now) {
        self.move_to(now, RoundPhase::Open, length_ms(RoundPhase::Open, self.round.minutes));
        self.step_ms = now.mono_ms + self.pause_ms();
    }

    fn pause_ms(&self) -> u64 {
        if self.choosing.is_empty() {
            REHEARSAL_CALL_MS
        } else {
            REHEARSAL_CHOICE_MS
        }
    }
}

impl Hub {
    /// Whether a dry run of this draft is on.
    pub(super) fn is_rehearsed(&self, id: RoundId) -> bool {
        let rehearsal = self.breakouts.rehearsal.as_ref();
        rehearsal.is_some_and(|rehearsal| rehearsal.round.id == id)
    }

    /// Whether moderators can go into this room of a draft: bots are in it.
    pub(crate) fn bots_are_in(&self, room: &RoomId) -> bool {
        let rehearsal = self.breakouts.rehearsal.as_ref();
        rehearsal.is_some_and(|rehearsal| rehearsal.is_inside() && rehearsal.round.nth_of(room).is_some())
    }

    /// Whether a command would leave something in a room where only a dry run is on: whoever looks in leaves no trace.
    pub(crate) fn would_stay_after_rehearsal(&self, actor: ParticipantId, command: &Command) -> bool {
        let room = self.people.get(&actor).and_then(|person| person.room.as_ref());
        if !room.is_some_and(|room| self.bots_are_in(room)) {
            return false;
        }
        match command {
            Command::Breakouts { step } => match step {
                BreakoutStep::CallHelp { .. }
                | BreakoutStep::AddCard { .. }
                | BreakoutStep::EditCard { .. }
                | BreakoutStep::VoteCard { .. } => true,
                BreakoutStep::Prepare { .. }
                | BreakoutStep::Deal { .. }
                | BreakoutStep::Seat { .. }
                | BreakoutStep::Discard { .. }
                | BreakoutStep::Send { .. }
                | BreakoutStep::Rehearse { .. }
                | BreakoutStep::EndRehearsal {}
                | BreakoutStep::Extend { .. }
                | BreakoutStep::BringBack {}
                | BreakoutStep::Tell { .. }
                | BreakoutStep::Acknowledge { .. }
                | BreakoutStep::ShowCards { .. }
                | BreakoutStep::Stay {}
                | BreakoutStep::EraseCard { .. } => false,
            },
            Command::EnterBackstage {}
            | Command::PutOnAir { .. }
            | Command::Stage { .. }
            | Command::Caption { .. }
            | Command::RaiseHand { .. }
            | Command::Ask { .. }
            | Command::AddLabel { .. }
            | Command::Chat { .. }
            | Command::SetRoom { .. }
            | Command::DraftPoll { .. }
            | Command::PreparePoll { .. }
            | Command::ClonePoll { .. }
            | Command::React { .. } => true,
            // About oneself, about the whole event, or about something that is in no room of a draft.
            Command::Enter { .. }
            | Command::Leave {}
            | Command::Rename { .. }
            | Command::LeaveBackstage { .. }
            | Command::TakeOffAir { .. }
            | Command::SetSource { .. }
            | Command::SetEventPhase { .. }
            | Command::LowerHand { .. }
            | Command::AcceptHand { .. }
            | Command::WithdrawQuestion { .. }
            | Command::EditQuestion { .. }
            | Command::Upvote { .. }
            | Command::SetQuestion { .. }
            | Command::UndoQuestion { .. }
            | Command::MergeQuestions { .. }
            | Command::EraseLabel { .. }
            | Command::LabelQuestion { .. }
            | Command::AssignQuestion { .. }
            | Command::AnswerQuestion { .. }
            | Command::SetDue { .. }
            | Command::ArchiveQuestions { .. }
            | Command::EraseQuestion { .. }
            | Command::DeleteMessage { .. }
            | Command::EditMessage { .. }
            | Command::PinMessage { .. }
            | Command::QuestionFromMessage { .. }
            | Command::SetWordFilter { .. }
            | Command::Silence { .. }
            | Command::Ban { .. }
            | Command::PlacePoll { .. }
            | Command::SetPoll { .. }
            | Command::DismissPoll { .. }
            | Command::Vote { .. }
            | Command::Answer { .. }
            | Command::JoinQuiz { .. }
            | Command::AskQuiz { .. }
            | Command::ShowEntry { .. }
            | Command::EraseEntry { .. }
            | Command::EraseCaption { .. }
            | Command::Announce { .. }
            | Command::EraseAnnouncement { .. }
            | Command::Stand { .. }
            | Command::Programme { .. }
            | Command::Ideas { .. }
            | Command::Thanks { .. } => false,
        }
    }

    /// Begins a dry run: bots play those who have a seat in the draft, and as many others as make up the number.
    pub(super) fn rehearse(&mut self, now: Now, id: RoundId, bots: u16) -> Result<(), Refusal> {
        if !(1..=REHEARSAL_BOTS_MAX).contains(&bots) {
            return Err(refusal::REHEARSAL_SIZE);
        }
        let draft = self.sendable(id)?;
        if draft.mode == RoundMode::Assigned && draft.placements.is_empty() {
            return Err(refusal::NOBODY_SEATED);
        }
        let mut round = draft.clone();
        let (mode, capacity, minutes) = (round.mode, round.capacity, round.minutes);
        let played = std::mem::take(&mut round.placements);
        let mut names = BTreeMap::new();
        for (nth, (who, seat)) in played.into_iter().enumerate() {
            let name = self.people.get(&who).map(|person| person.name.as_str().to_owned());
            let bot = self.new_bot(&mut names, nth, &name.unwrap_or_default());
            let seat = Placement {
                stays: false,
                back: None,
                ..seat
            };
            round.placements.insert(bot, seat);
        }
        let others: Vec<ParticipantId> = (names.len()..usize::from(bots))
            .map(|nth| self.new_bot(&mut names, nth, ""))
            .collect();
        let mut choosing = Vec::new();
        match mode {
            RoundMode::Random => {
                let seats = usize::from(capacity) * round.rooms.len();
                if names.len() > seats || names.len() > ROUND_SEATS_MAX {
                    return Err(refusal::TOO_FEW_SEATS);
                }
                let mut taken = round.taken();
                for (bot, nth) in self.draw(&mut taken, capacity, others)? {
                    round.placements.insert(bot, Placement::at(nth));
                }
            }
            RoundMode::SelfSelect => choosing = others,
            RoundMode::Assigned => {}
        }
        let choices = choosing.len().div_ceil(CHOICE_STEPS);
        let mut rehearsal = Rehearsal {
            round,
            names,
            choosing,
            choices,
            help: BTreeMap::new(),
            told: None,
            step_ms: now.mono_ms,
            shown: false,
        };
        // As a round is sent: who chooses finds the rooms open at once.
        if mode == RoundMode::SelfSelect {
            rehearsal.open(now);
        } else {
            rehearsal.move_to(now, RoundPhase::Announced, length_ms(RoundPhase::Announced, minutes));
        }
        self.breakouts.rehearsal = Some(rehearsal);
        self.arm_breakouts();
        self.dirty.breakouts = true;
        Ok(())
    }

    /// A bot with a name that says what it is: of whom it plays, or its number.
    fn new_bot(&mut self, names: &mut BTreeMap<ParticipantId, DisplayName>, nth: usize, plays: &str) -> ParticipantId {
        // Drawn under the number, so that lists in the order of ids are in the order of numbers.
        let drawn = self.chance.id() & (u128::MAX >> 16);
        let number = u128::try_from(nth).unwrap_or(0) & 0xffff;
        let bot = ParticipantId::from_u128(number << 112 | drawn);
        let called: String = format!("Bot {plays}").chars().take(DISPLAY_NAME_CHARS_MAX).collect();
        let name = Some(called).filter(|_| !plays.is_empty());
        let name = name.and_then(|name| DisplayName::try_from(name).ok());
        let name = name.or_else(|| DisplayName::try_from(format!("Bot {}", nth + 1)).ok());
        if let Some(name) = name {
            names.insert(bot, name);
        }
        bot
    }

    /// Moves a bot, as an organiser says.
    pub(super) fn seat_bot(
        &mut self,
        bot: ParticipantId,
        room: Option<RoomId>,
        facilitator: bool,
    ) -> Result<(), Refusal> {
        let rehearsal = self.breakouts.rehearsal.as_mut().ok_or(refusal::NO_ROUND)?;
        let round = &mut rehearsal.round;
        if !rehearsal.names.contains_key(&bot) {
            return Err(refusal::REHEARSED);
        }
        let before = round.placements.get(&bot).map(|seat| seat.nth);
        let Some(room) = room else {
            if round.phase != RoundPhase::Announced {
                return Err(refusal::ROUND_OPEN);
            }
            round.placements.remove(&bot);
            rehearsal.shown = false;
            self.dirty.breakouts = true;
            return Ok(());
        };
        let nth = round.nth_of(&room).ok_or(refusal::UNKNOWN_ROOM)?;
        if round.phase == RoundPhase::Closing {
            return Err(refusal::ROUND_CLOSING);
        }
        if before != Some(nth) && !round.has_space(nth) {
            return Err(refusal::BREAKOUT_FULL);
        }
        let seat = Placement {
            facilitator,
            ..Placement::at(nth)
        };
        round.placements.insert(bot, seat);
        rehearsal.choosing.retain(|one| *one != bot);
        rehearsal.shown = false;
        self.dirty.breakouts = true;
        Ok(())
    }

    /// The steps that are about whatever is on; none: no dry run is.
    pub(super) fn run_rehearsal(&mut self, now: Now, step: &BreakoutStep) -> Option<Result<(), Refusal>> {
        let rehearsal = self.breakouts.rehearsal.as_mut()?;
        let done = match step {
            BreakoutStep::Extend { minutes } => rehearsal.round.extended(now, *minutes).map(|(ms, total)| {
                rehearsal.round.minutes = total;
                rehearsal.move_to(now, RoundPhase::Open, ms);
                rehearsal.step_ms = now.mono_ms + rehearsal.pause_ms();
            }),
            BreakoutStep::BringBack {} => match rehearsal.round.phase {
                RoundPhase::Announced => {
                    self.end_rehearsal();
                    return Some(Ok(()));
                }
                RoundPhase::Open => {
                    let ms = length_ms(RoundPhase::Closing, 0);
                    rehearsal.move_to(now, RoundPhase::Closing, ms);
                    Ok(())
                }
                _ => Err(refusal::ROUND_CLOSING),
            },
            BreakoutStep::Tell { text } => {
                let announcement = AnnouncementId::from_u128(self.chance.id());
                rehearsal.told = Some(told(announcement, text, now));
                rehearsal.shown = false;
                Ok(())
            }
            BreakoutStep::Acknowledge { room } => {
                let nth = rehearsal.round.nth_of(room);
                match nth.and_then(|nth| rehearsal.help.get_mut(&nth)) {
                    None if nth.is_none() => Err(refusal::UNKNOWN_ROOM),
                    None => Err(refusal::NO_CALL),
                    Some(stage) => {
                        *stage = HelpStage::Coming;
                        rehearsal.shown = false;
                        Ok(())
                    }
                }
            }
            _ => return None,
        };
        self.arm_breakouts();
        self.dirty.breakouts |= done.is_ok();
        Some(done)
    }

    /// Something of a dry run is due.
    pub(super) fn rehearsal_due(&mut self, now: Now) {
        let Some(rehearsal) = self.breakouts.rehearsal.as_mut() else {
            return;
        };
        if rehearsal.round.until_ms.is_some_and(|at_ms| at_ms <= now.mono_ms) {
            match rehearsal.round.phase {
                RoundPhase::Announced => rehearsal.open(now),
                RoundPhase::Open => rehearsal.move_to(now, RoundPhase::Closing, length_ms(RoundPhase::Closing, 0)),
                _ => return self.end_rehearsal(),
            }
            self.dirty.breakouts = true;
        } else if rehearsal.round.phase == RoundPhase::Open && rehearsal.step_ms <= now.mono_ms {
            if rehearsal.choosing.is_empty() {
                self.bots_call();
            } else {
                self.bots_choose();
            }
            if let Some(rehearsal) = self.breakouts.rehearsal.as_mut() {
                rehearsal.step_ms = now.mono_ms + rehearsal.pause_ms();
            }
        }
        self.arm_breakouts();
    }

    /// Some bots choose one of the rooms that have space, each by lot; where all are full they stay.
    fn bots_choose(&mut self) {
        let Some(rehearsal) = self.breakouts.rehearsal.as_mut() else {
            return;
        };
        let round = &mut rehearsal.round;
        let mut taken = round.taken();
        let rest = rehearsal.choosing.len().saturating_sub(rehearsal.choices);
        for bot in rehearsal.choosing.split_off(rest) {
            let free: Vec<u16> = (0..)
                .zip(&taken)
                .filter_map(|(nth, count)| (*count < round.capacity).then_some(nth))
                .collect();
            let count = u128::try_from(free.len()).unwrap_or(0);
            let lot = self.chance.id().checked_rem(count);
            let nth = lot.and_then(|lot| free.get(usize::try_from(lot).ok()?));
            let Some(nth) = nth else { break };
            if let Some(count) = taken.get_mut(usize::from(*nth)) {
                *count += 1;
            }
            round.placements.insert(bot, Placement::at(*nth));
        }
        rehearsal.shown = false;
        self.dirty.breakouts = true;
    }

    /// Who was seen to has been helped; another room calls.
    fn bots_call(&mut self) {
        let Some(rehearsal) = self.breakouts.rehearsal.as_mut() else {
            return;
        };
        let before = rehearsal.help.clone();
        rehearsal.help.retain(|_, stage| *stage == HelpStage::Called);
        if rehearsal.help.len() < REHEARSAL_CALLS_MAX {
            let seated = rehearsal.round.placements.values().map(|seat| seat.nth);
            let quiet: BTreeSet<u16> = seated.filter(|nth| !before.contains_key(nth)).collect();
            let count = u128::try_from(quiet.len()).unwrap_or(0);
            let lot = self.chance.id().checked_rem(count);
            let nth = lot.and_then(|lot| quiet.iter().nth(usize::try_from(lot).ok()?));
            rehearsal.help.extend(nth.map(|nth| (*nth, HelpStage::Called)));
        }
        if rehearsal.help != before {
            rehearsal.shown = false;
            self.dirty.breakouts = true;
        }
    }

    /// Ends the dry run, if one is on; moderators who looked in are in the plenary room again.
    pub(crate) fn end_rehearsal(&mut self) {
        let Some(rehearsal) = self.breakouts.rehearsal.take() else {
            return;
        };
        let kept = rehearsal.round.rooms.iter();
        let rooms = kept.filter_map(|kept| self.rooms.get(&kept.room));
        let visitors: Vec<ParticipantId> = rooms.flat_map(|room| room.people().iter().copied()).collect();
        for who in visitors {
            if self.enter_with(who, &rehearsal.round.from, true).is_err() {
                self.leave_room(who);
            }
        }
        self.arm_breakouts();
        self.dirty.breakouts = true;
    }

    /// What moderators do not know of the dry run.
    pub(super) fn rehearsal_change(&self, known: Option<&RehearsalView>) -> Option<Change> {
        let rehearsal = match &self.breakouts.rehearsal {
            Some(rehearsal) if rehearsal.shown => return None,
            Some(rehearsal) => self.rehearsal_view(rehearsal),
            None => None,
        };
        (rehearsal.as_ref() != known).then_some(Change::Rehearsal { rehearsal })
    }

    /// Tells moderators of the dry run.
    pub(super) fn show_rehearsal(&mut self, change: Change) {
        self.publish(StreamKey::Breakouts, change);
        if let Some(rehearsal) = &mut self.breakouts.rehearsal {
            rehearsal.shown = true;
        }
    }

    fn rehearsal_view(&self, rehearsal: &Rehearsal) -> Option<RehearsalView> {
        let played = &rehearsal.round;
        let draft = self.breakouts.get(played.id)?;
        let mut round = RoundView {
            phase: played.phase,
            minutes: played.minutes,
            until_unix_ms: played.until_unix_ms,
            unseated: Vec::new(),
            ..self.round_view(draft)
        };
        for (nth, room) in (0..).zip(&mut round.rooms) {
            room.seated.clear();
            room.help = rehearsal.help.get(&nth).copied();
            (room.people, room.talking, room.hands, room.cards) = (0, 0, 0, 0);
        }
        for (bot, name) in &rehearsal.names {
            let seat = played.placements.get(bot);
            let seated = Seated {
                participant: *bot,
                name: name.clone(),
                facilitator: seat.is_some_and(|seat| seat.facilitator),
                here: true,
            };
            match seat.and_then(|seat| round.rooms.get_mut(usize::from(seat.nth))) {
                Some(room) => {
                    room.seated.push(seated);
                    room.people += u32::from(rehearsal.is_inside());
                }
                None => round.unseated.push(seated),
            }
        }
        let told = rehearsal.told.clone();
        Some(RehearsalView { round, told })
    }

    /// What must hold of a dry run between two inputs.
    pub(super) fn check_rehearsal(&self) {
        let Some(rehearsal) = &self.breakouts.rehearsal else {
            return;
        };
        let (round, draft) = (&rehearsal.round, self.breakouts.get(rehearsal.round.id));
        debug_assert!(self.breakouts.live().is_none(), "people and bots at the same time");
        debug_assert!(draft.is_some_and(|draft| draft.phase == RoundPhase::Draft), "no draft");
        debug_assert!(round.is_live() && round.until_ms.is_some(), "a dry run never ends");
        debug_assert!(
            round.placements.keys().all(|bot| rehearsal.names.contains_key(bot)),
            "somebody else than bots is seated"
        );
        debug_assert!(
            rehearsal.names.keys().all(|bot| !self.people.contains_key(bot)),
            "a bot is counted among people"
        );
        debug_assert!(round.taken().iter().all(|taken| *taken <= round.capacity));
        debug_assert!(rehearsal.help.len() <= REHEARSAL_CALLS_MAX);
    }
}

fn told(announcement: AnnouncementId, text: &AnnouncementText, now: Now) -> Announcement {
    Announcement {
        announcement,
        text: text.as_str().to_owned(),
        at_unix_ms: u64::from(now.unix_min()) * 60_000,
    }
}
