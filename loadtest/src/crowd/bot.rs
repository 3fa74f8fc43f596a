// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! An attendee of the crowd: asks, supports, votes, chats, reacts, raises a hand, goes away and comes back. The pace is
//! that of the whole crowd, so that a screen stays readable however many bots there are. Pure.

use std::sync::Arc;

use fiera_protocol::breakouts::{Latecomers, RoundMode, RoundPhase};
use fiera_protocol::client::Command;
use fiera_protocol::fair::{HandStage, PollPhase, PollView, QuestionStage, Reaction};
use fiera_protocol::ids::{AuthorSecret, CommandId, DisplayName, PollId, RoomId};
use fiera_protocol::poll::{Answer, PollForm};
use fiera_protocol::refusal::RefusalCode;
use fiera_protocol::view::{Change, Place, StreamId};

use super::brain::{Absence, Brain};
use super::member::Member;
use super::phrases::{Board, Language, name_of, phrases};
use super::promise::may_be_supported;
use crate::client::dice::{Dice, appeal};
use crate::client::mirror::Mirror;

/// How long one sits in a room before doing anything.
const SETTLE_MS: u64 = 4_000;
/// Questions that wait for an answer above which nobody asks another.
const OPEN_QUESTIONS_MAX: usize = 14;
/// Hands above which nobody raises another.
const HANDS_MAX: u32 = 3;
/// Share of the audience that takes part in a poll, and of these who change their mind.
const VOTERS: f64 = 0.85;
const WAVERERS: f64 = 0.12;
/// Share of the audience that applauds an answer.
const APPLAUDERS: f64 = 0.3;
const ANONYMOUS: f64 = 0.25;
/// After a refusal for pace or state.
const CALM_MS: u64 = 20_000;
/// After a refusal that a moderator must lift.
const SILENT_MS: u64 = 120_000;
/// A bot behind the stage has nothing to show: it says so and goes back.
const BACKSTAGE_MS: u64 = 12_000;
/// Who chooses a breakout room has looked at the list for no longer.
const CHOICE_MS: u64 = 15_000;
/// How often a bot in a breakout room looks whether there is something to do.
const BREAKOUT_LOOK_MS: u64 = 1_000;

/// Mean time between two such acts of the whole crowd, and the shortest between two of one bot, milliseconds.
struct Pace {
    crowd_ms: u64,
    own_ms: u64,
}

const ASK: Pace = Pace {
    crowd_ms: 25_000,
    own_ms: 20_000,
};
const UPVOTE: Pace = Pace {
    crowd_ms: 1_400,
    own_ms: 2_500,
};
const CHAT: Pace = Pace {
    crowd_ms: 7_000,
    own_ms: 6_000,
};
const REACT: Pace = Pace {
    crowd_ms: 2_500,
    own_ms: 1_500,
};
const RAISE: Pace = Pace {
    crowd_ms: 40_000,
    own_ms: 60_000,
};
const AWAY: Pace = Pace {
    crowd_ms: 30_000,
    own_ms: 60_000,
};
const AUDIT: Pace = Pace {
    crowd_ms: 1_000,
    own_ms: 30_000,
};

/// An attendee.
pub struct Bot {
    name: DisplayName,
    language: Language,
    room: RoomId,
    bots: usize,
    board: Arc<Board>,
    dice: Dice,
    settled: bool,
    enter_ms: u64,
    ask_ms: u64,
    upvote_ms: u64,
    chat_ms: u64,
    react_ms: u64,
    next_reaction: Option<Reaction>,
    raise_ms: u64,
    lower_ms: Option<u64>,
    away_ms: u64,
    audit_ms: u64,
    vote: Option<(PollId, u64)>,
    leave_backstage_ms: Option<u64>,
    choose_ms: Option<u64>,
}

impl Bot {
    /// Bot of a number from 1 among `bots`, for a room; none where the phrase file has no name for it.
    #[must_use]
    pub fn new(number: usize, bots: usize, room: RoomId, board: Arc<Board>, seed: u64) -> Option<Self> {
        Some(Self {
            name: name_of(number)?,
            language: Language::of(number),
            room,
            bots: bots.max(1),
            board,
            dice: Dice::new(seed, number as u64),
            settled: false,
            enter_ms: 0,
            ask_ms: 0,
            upvote_ms: 0,
            chat_ms: 0,
            react_ms: 0,
            next_reaction: None,
            raise_ms: 0,
            lower_ms: None,
            away_ms: 0,
            audit_ms: 0,
            vote: None,
            leave_backstage_ms: None,
            choose_ms: None,
        })
    }

    fn later(&mut self, now_ms: u64, pace: &Pace) -> u64 {
        let mean = (pace.crowd_ms * self.bots as u64).saturating_sub(pace.own_ms);
        now_ms + pace.own_ms + self.dice.wait_ms(mean)
    }

    /// The first act may come at once, or the room would be silent for as long as the longest pause.
    fn first(&mut self, now_ms: u64, pace: &Pace) -> u64 {
        now_ms + SETTLE_MS + self.dice.wait_ms(pace.crowd_ms * self.bots as u64)
    }

    fn settle(&mut self, now_ms: u64) {
        self.ask_ms = self.first(now_ms, &ASK);
        self.upvote_ms = self.first(now_ms, &UPVOTE);
        self.chat_ms = self.first(now_ms, &CHAT);
        self.react_ms = self.first(now_ms, &REACT);
        self.raise_ms = self.first(now_ms, &RAISE);
        self.away_ms = self.later(now_ms, &AWAY);
        self.audit_ms = self.first(now_ms, &AUDIT);
        self.settled = true;
    }

    fn calm(&mut self, until_ms: u64) {
        for due in [
            &mut self.ask_ms,
            &mut self.upvote_ms,
            &mut self.chat_ms,
            &mut self.react_ms,
            &mut self.raise_ms,
        ] {
            *due = (*due).max(until_ms);
        }
    }

    fn secret() -> AuthorSecret {
        AuthorSecret(uuid::Uuid::new_v4())
    }

    fn ask(&mut self, mirror: &Mirror) -> Option<Command> {
        let room = mirror.room()?;
        let open = |stage| matches!(stage, QuestionStage::Published | QuestionStage::Next);
        if room.questions.iter().filter(|known| open(known.stage)).count() >= OPEN_QUESTIONS_MAX {
            return None;
        }
        let is_known = |text: &str| room.questions.iter().any(|known| known.text == text);
        let text = self.board.question(self.language, &mut self.dice, is_known)?.clone();
        Some(Command::Ask {
            text,
            anonymous: self.dice.chance(ANONYMOUS),
            secret: Self::secret(),
        })
    }

    /// Mostly what many like: a few questions rise, the others stay behind.
    fn upvote(&mut self, mirror: &Mirror) -> Option<Command> {
        let (room, you) = (mirror.room()?, mirror.you()?);
        let open: Vec<_> = room
            .questions
            .iter()
            .filter(|known| may_be_supported(known.stage) && !you.upvoted.contains(&known.question))
            .collect();
        let weights: Vec<f64> = open
            .iter()
            .map(|known| appeal(known.question.as_u128()).powi(3) + 0.02 * f64::from(known.upvotes) + 0.03)
            .collect();
        let question = open.get(self.dice.weighted(&weights)?)?.question;
        Some(Command::Upvote { question, up: true })
    }

    fn chat(&mut self, mirror: &Mirror) -> Option<Command> {
        let room = mirror.room()?;
        if !room.settings.chat_open || room.settings.slow_mode_s > 60 {
            return None;
        }
        let is_known = |text: &str| {
            let near = room.chat.iter().rev().take(30).any(|known| known.text == text);
            near || room
                .chat
                .iter()
                .any(|known| known.by == self.name && known.text == text)
        };
        let text = self.board.message(self.language, &mut self.dice, is_known)?.clone();
        Some(Command::Chat {
            text,
            backstage: false,
            reply_to: None,
            secret: Self::secret(),
        })
    }

    fn react(&mut self) -> Command {
        const ALL: [Reaction; 5] = [
            Reaction::Thumb,
            Reaction::Applause,
            Reaction::Heart,
            Reaction::Wow,
            Reaction::Laugh,
        ];
        let drawn = self.dice.weighted(&[4.0, 3.0, 2.0, 1.0, 1.0]).unwrap_or(0);
        let reaction = self.next_reaction.take().unwrap_or(ALL[drawn]);
        Command::React { reaction }
    }

    fn raise(&mut self, mirror: &Mirror) -> Option<Command> {
        let (room, you) = (mirror.room()?, mirror.you()?);
        if room.hands >= HANDS_MAX || you.hand.is_some() {
            return None;
        }
        let topics = &phrases(self.language).topics;
        let topic = topics.get(self.dice.below(topics.len())).cloned();
        Some(Command::RaiseHand { topic })
    }

    fn ballot(&mut self, mirror: &Mirror) -> Option<Command> {
        let poll = mirror.room()?.poll.as_ref()?;
        if poll.phase != PollPhase::Open {
            return None;
        }
        if poll.form != (PollForm::Single {}) {
            return self.answer(poll, mirror);
        }
        let weights: Vec<f64> = (0..poll.options.len() as u128)
            .map(|option| appeal(poll.poll.as_u128().wrapping_add(option * 7)).powi(2) + 0.1)
            .collect();
        let option = u8::try_from(self.dice.weighted(&weights)?).ok()?;
        let known = mirror.you()?.vote.filter(|vote| vote.poll == poll.poll);
        (known.is_none_or(|vote| vote.option != option)).then_some(Command::Vote {
            poll: poll.poll,
            option,
        })
    }

    /// An answer to a poll that only asks to choose, rate or rank; words are left to people.
    fn answer(&mut self, poll: &PollView, mirror: &Mirror) -> Option<Command> {
        if mirror.you()?.answer.is_some() {
            return None;
        }
        let options = u8::try_from(poll.options.len()).ok()?;
        let mut order: Vec<u8> = (0..options).collect();
        order.sort_by_cached_key(|_| self.dice.below(usize::MAX));
        let answer = match poll.form {
            PollForm::Multiple { max, .. } => Answer::Options {
                options: order.into_iter().take(usize::from(max)).collect(),
            },
            PollForm::Ranking {} => Answer::Ranking { order },
            PollForm::Rating { from, to } => Answer::Rating {
                rating: to - u8::try_from(self.dice.below(usize::from(to - from) / 2 + 1)).ok()?,
            },
            _ => return None,
        };
        let poll = poll.poll;
        Some(Command::Answer { poll, answer })
    }

    /// Whoever sees an open poll thinks for a while; some never answer, some think again.
    fn think_of_poll(&mut self, now_ms: u64, mirror: &Mirror) {
        let open = mirror
            .room()
            .and_then(|room| room.poll.as_ref())
            .filter(|poll| poll.phase == PollPhase::Open)
            .map(|poll| poll.poll);
        if open.is_none() || self.vote.map(|(poll, _)| poll) == open {
            return;
        }
        let waits = 2_000 + self.dice.wait_ms(7_000);
        let at = if self.dice.chance(VOTERS) {
            now_ms + waits
        } else {
            u64::MAX
        };
        self.vote = open.map(|poll| (poll, at));
    }

    /// Back from behind the stage, where a moderator may have brought the bot.
    fn backstage(&mut self, now_ms: u64, member: &mut Member, place: Place) {
        if place == Place::Audience {
            self.leave_backstage_ms = None;
            return;
        }
        let Some(at) = self.leave_backstage_ms else {
            self.leave_backstage_ms = Some(now_ms + BACKSTAGE_MS);
            let text = phrases(self.language).no_microphone.clone();
            let secret = Self::secret();
            member.command(
                now_ms,
                Command::Chat {
                    text,
                    backstage: true,
                    reply_to: None,
                    secret,
                },
            );
            return;
        };
        if at <= now_ms {
            self.leave_backstage_ms = Some(now_ms + BACKSTAGE_MS);
            member.command(now_ms, Command::LeaveBackstage { participant: None });
        }
    }

    /// In a breakout room bots stay and chat until they are brought back; where people choose a room, so do they. True
    /// where nothing else is to be done.
    fn follows_round(&mut self, now_ms: u64, member: &mut Member, room: Option<&RoomId>) -> bool {
        let Some(round) = member.mirror.event().and_then(|event| event.breakout.as_ref()) else {
            self.choose_ms = None;
            return false;
        };
        if round.rooms.iter().any(|one| Some(&one.room) == room) {
            self.settled = false;
            self.enter_ms = now_ms + BREAKOUT_LOOK_MS;
            if self.chat_ms <= now_ms {
                self.chat_ms = self.later(now_ms, &CHAT);
                if let Some(command) = self.chat(&member.mirror) {
                    member.command(now_ms, command);
                }
            }
            return true;
        }
        let seated = member.mirror.you().is_some_and(|you| you.breakout.is_some());
        let chooses = round.mode == RoundMode::SelfSelect || !seated && round.latecomers == Latecomers::Choose;
        if round.phase != RoundPhase::Open || !chooses || room != Some(&self.room) {
            return false;
        }
        let Some(at) = self.choose_ms else {
            self.choose_ms = Some(now_ms + self.dice.between(1_000, CHOICE_MS));
            return false;
        };
        if at <= now_ms {
            self.choose_ms = Some(now_ms + CALM_MS);
            let spaces: Vec<f64> = round.free.iter().map(|free| f64::from(*free)).collect();
            let nth = self.dice.weighted(&spaces);
            if let Some(one) = nth.and_then(|nth| round.rooms.get(nth)) {
                let room = one.room.clone();
                member.command(now_ms, Command::Enter { room });
            }
        }
        false
    }

    fn absence(&mut self) -> Absence {
        // Most lose the network and are back at once, some close the page for a while.
        if self.dice.chance(0.7) {
            Absence {
                for_ms: self.dice.between(800, 9_000),
                goodbye: false,
            }
        } else {
            Absence {
                for_ms: self.dice.between(15_000, 60_000),
                goodbye: true,
            }
        }
    }

    fn act(&mut self, now_ms: u64, member: &mut Member) {
        if self.ask_ms <= now_ms {
            self.ask_ms = self.later(now_ms, &ASK);
            if let Some(command) = self.ask(&member.mirror) {
                member.command(now_ms, command);
            }
        }
        if self.upvote_ms <= now_ms {
            self.upvote_ms = self.later(now_ms, &UPVOTE);
            if let Some(command) = self.upvote(&member.mirror).filter(|_| !member.waits_for("upvote")) {
                member.command(now_ms, command);
            }
        }
        if self.chat_ms <= now_ms {
            self.chat_ms = self.later(now_ms, &CHAT);
            if let Some(command) = self.chat(&member.mirror) {
                member.command(now_ms, command);
            }
        }
        if self.react_ms <= now_ms {
            self.react_ms = self.later(now_ms, &REACT);
            let command = self.react();
            member.command(now_ms, command);
        }
        self.hand(now_ms, member);
        if self.vote.is_some_and(|(_, at)| at <= now_ms) {
            if let Some(command) = self.ballot(&member.mirror) {
                member.command(now_ms, command);
            }
            let again = self.dice.chance(WAVERERS);
            let waits = 4_000 + self.dice.wait_ms(8_000);
            self.vote = self
                .vote
                .map(|(poll, _)| (poll, if again { now_ms + waits } else { u64::MAX }));
        }
    }

    fn hand(&mut self, now_ms: u64, member: &mut Member) {
        if self.raise_ms <= now_ms {
            self.raise_ms = self.later(now_ms, &RAISE);
            if let Some(command) = self.raise(&member.mirror) {
                member.command(now_ms, command);
                self.lower_ms = Some(now_ms + self.dice.between(40_000, 120_000));
            }
        }
        let hand = member.mirror.you().and_then(|you| you.hand.as_ref());
        let raised = hand.is_some_and(|hand| hand.stage == HandStage::Raised);
        if self.lower_ms.is_some_and(|at| at <= now_ms) {
            self.lower_ms = None;
            if raised {
                member.command(now_ms, Command::LowerHand { participant: None });
            }
        }
    }
}

impl Brain for Bot {
    fn name(&self) -> DisplayName {
        self.name.clone()
    }

    fn wake(&mut self, now_ms: u64, member: &mut Member) -> Option<Absence> {
        let (room, place) = {
            let you = member.mirror.you()?;
            (you.room.clone(), you.place)
        };
        if self.follows_round(now_ms, member, room.as_ref()) {
            return None;
        }
        if room.as_ref() != Some(&self.room) {
            self.settled = false;
            if self.enter_ms <= now_ms && !member.waits_for("enter") {
                self.enter_ms = now_ms + CALM_MS;
                let room = self.room.clone();
                member.command(now_ms, Command::Enter { room });
            }
            return None;
        }
        self.enter_ms = 0;
        if !self.settled {
            self.settle(now_ms);
        }
        self.backstage(now_ms, member, place);
        if place != Place::Audience {
            return None;
        }
        self.think_of_poll(now_ms, &member.mirror);
        self.act(now_ms, member);
        if self.audit_ms <= now_ms {
            self.audit_ms = self.later(now_ms, &AUDIT);
            member.audit();
        }
        if self.away_ms <= now_ms {
            self.away_ms = self.later(now_ms, &AWAY);
            return Some(self.absence());
        }
        None
    }

    fn next_ms(&self) -> u64 {
        let due = [
            self.ask_ms,
            self.upvote_ms,
            self.chat_ms,
            self.react_ms,
            self.raise_ms,
            self.away_ms,
            self.audit_ms,
            self.lower_ms.unwrap_or(u64::MAX),
            self.vote.map_or(u64::MAX, |(_, at)| at),
            self.leave_backstage_ms.unwrap_or(u64::MAX),
            self.choose_ms.unwrap_or(u64::MAX),
        ];
        if self.settled {
            due.into_iter().min().unwrap_or(u64::MAX)
        } else {
            self.enter_ms
        }
    }

    fn noticed(&mut self, now_ms: u64, _stream: &StreamId, change: &Change, mirror: &Mirror) {
        match change {
            Change::Poll { .. } => self.think_of_poll(now_ms, mirror),
            Change::Question { question }
                if question.stage == QuestionStage::Answered && self.dice.chance(APPLAUDERS) =>
            {
                self.react_ms = now_ms + self.dice.between(300, 3_500);
                self.next_reaction = Some(Reaction::Applause);
            }
            _ => {}
        }
    }

    fn refused(&mut self, now_ms: u64, _id: CommandId, command: &Command, code: RefusalCode) {
        match code {
            RefusalCode::Silenced | RefusalCode::Banned => self.calm(now_ms + SILENT_MS),
            RefusalCode::SlowMode => self.chat_ms = self.chat_ms.max(now_ms + CALM_MS),
            RefusalCode::TooMany => self.ask_ms = self.ask_ms.max(now_ms + CALM_MS),
            RefusalCode::EventClosed | RefusalCode::RoomFull | RefusalCode::UnknownRoom => {
                self.enter_ms = now_ms + CALM_MS;
                self.calm(now_ms + CALM_MS);
            }
            RefusalCode::TooFast | RefusalCode::Unavailable | RefusalCode::ReadOnly => self.calm(now_ms + CALM_MS),
            _ if matches!(command, Command::RaiseHand { .. }) => self.lower_ms = None,
            _ => {}
        }
    }

    fn dice(&mut self) -> &mut Dice {
        &mut self.dice
    }
}

#[cfg(test)]
mod tests;
