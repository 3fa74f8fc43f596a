// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! The crowd's moderator: a poll every few minutes, questions one after the other. It does nothing where a person has
//! just done something, and touches no poll that a person has made and no question of theirs but to publish it. Pure.

use fiera_protocol::client::Command;
use fiera_protocol::fair::{PollPhase, PollView, QuestionStage, QuestionView};
use fiera_protocol::ids::{CommandId, DisplayName, PollId, QuestionId, RoomId};
use fiera_protocol::refusal::RefusalCode;
use fiera_protocol::text::NoteText;
use fiera_protocol::view::{Change, StreamId};

use super::brain::{Absence, Brain};
use super::member::Member;
use super::phrases::{Language, phrases, polls};
use crate::client::dice::Dice;
use crate::client::mirror::Mirror;

/// After something that a person moderated, nothing of that kind for this long.
const HANDS_OFF_MS: u64 = 900_000;
const FIRST_POLL_MS: u64 = 25_000;
const POLL_OPEN_MS: u64 = 45_000;
const POLL_CLOSED_MS: u64 = 5_000;
const POLL_SHOWN_MS: u64 = 60_000;
const POLL_PAUSE_MS: u64 = 90_000;
/// A question that waits is published after this long, one at a time.
const PUBLISH_MS: u64 = 7_000;
/// A question is on screen for this long.
const NOW_MS: u64 = 30_000;
const BETWEEN_QUESTIONS_MS: u64 = 8_000;
/// One question in so many is answered later, in writing.
const FOLLOW_UP_EVERY: usize = 5;
const LOOK_MS: u64 = 1_000;
const AUDIT_MS: u64 = 45_000;
const CALM_MS: u64 = 30_000;

/// The moderator.
pub struct Regia {
    room: RoomId,
    dice: Dice,
    look_ms: u64,
    enter_ms: u64,
    audit_ms: u64,
    publish_ms: u64,
    question_ms: u64,
    poll_ms: u64,
    polls_off: bool,
    next_poll: usize,
    answered: usize,
    /// What its own last commands will make of a question or a poll: anything else was a person.
    own_questions: Vec<(QuestionId, QuestionStage)>,
    own_polls: Vec<(PollId, PollPhase)>,
    started: bool,
}

/// Own marks that are kept: those that never come must not add up.
const OWN_MAX: usize = 32;

impl Regia {
    /// The moderator of a room.
    #[must_use]
    pub fn new(room: RoomId, seed: u64) -> Self {
        Self {
            room,
            dice: Dice::new(seed, u64::MAX),
            look_ms: 0,
            enter_ms: 0,
            audit_ms: 0,
            publish_ms: 0,
            question_ms: 0,
            poll_ms: 0,
            polls_off: false,
            next_poll: 0,
            answered: 0,
            own_questions: Vec::new(),
            own_polls: Vec::new(),
            started: false,
        }
    }

    fn move_question(
        &mut self,
        now_ms: u64,
        member: &mut Member,
        known: &QuestionView,
        to: QuestionStage,
        note: Option<NoteText>,
    ) {
        remember(&mut self.own_questions, (known.question, to));
        let (question, from) = (known.question, known.stage);
        member.command(
            now_ms,
            Command::SetQuestion {
                question,
                from,
                to,
                note,
            },
        );
    }

    fn publish(&mut self, now_ms: u64, member: &mut Member) {
        let waiting = member.mirror.moderators().and_then(|moderators| {
            let is_waiting = |known: &&QuestionView| known.stage == QuestionStage::Pending;
            moderators.questions.iter().find(is_waiting).cloned()
        });
        let Some(known) = waiting.filter(|_| self.publish_ms <= now_ms) else {
            return;
        };
        self.publish_ms = now_ms + PUBLISH_MS;
        self.move_question(now_ms, member, &known, QuestionStage::Published, None);
    }

    fn answer(&mut self, now_ms: u64, member: &mut Member) {
        let Some(room) = member.mirror.room().filter(|_| self.question_ms <= now_ms) else {
            return;
        };
        let now = room.questions.iter().find(|known| known.stage == QuestionStage::Now);
        if let Some(known) = now.cloned() {
            self.answered += 1;
            self.question_ms = now_ms + BETWEEN_QUESTIONS_MS;
            let later = self.answered.is_multiple_of(FOLLOW_UP_EVERY);
            let note = later.then(|| phrases(Language::It).follow_up.clone());
            let to = if later {
                QuestionStage::FollowUp
            } else {
                QuestionStage::Answered
            };
            self.move_question(now_ms, member, &known, to, note);
            return;
        }
        let rank = |known: &&QuestionView| {
            (
                known.stage == QuestionStage::Next,
                known.upvotes,
                u32::MAX - known.order,
            )
        };
        let open = |known: &&QuestionView| {
            matches!(known.stage, QuestionStage::Published | QuestionStage::Next) && is_of_bots(known)
        };
        if let Some(known) = room.questions.iter().filter(open).max_by_key(rank).cloned() {
            self.question_ms = now_ms + NOW_MS;
            self.move_question(now_ms, member, &known, QuestionStage::Now, None);
        }
    }

    fn run_poll(&mut self, now_ms: u64, member: &mut Member) {
        if self.polls_off || self.poll_ms > now_ms || member.waits_for("set_poll") || member.waits_for("draft_poll") {
            return;
        }
        let (Some(room), Some(moderators)) = (member.mirror.room(), member.mirror.moderators()) else {
            return;
        };
        let shown = room.poll.clone();
        let of_person = |poll: &PollView| poll.phase == PollPhase::Open && !is_ours(poll);
        if shown.as_ref().is_some_and(of_person) {
            self.poll_ms = now_ms + HANDS_OFF_MS;
            return;
        }
        let drafted = moderators
            .polls
            .iter()
            .find(|poll| poll.phase == PollPhase::Draft && is_ours(poll))
            .cloned();
        match shown.filter(is_ours) {
            Some(poll) if poll.phase == PollPhase::Open => {
                self.set_poll(now_ms, member, &poll, PollPhase::Closed, POLL_CLOSED_MS);
            }
            Some(poll) if poll.phase == PollPhase::Closed => {
                self.set_poll(now_ms, member, &poll, PollPhase::Revealed, POLL_SHOWN_MS);
            }
            Some(poll) if poll.phase == PollPhase::Revealed => {
                self.poll_ms = now_ms + POLL_PAUSE_MS;
                member.command(now_ms, Command::DismissPoll { poll: poll.poll });
            }
            _ => match drafted {
                Some(poll) => self.set_poll(now_ms, member, &poll, PollPhase::Open, POLL_OPEN_MS),
                None => self.draft(now_ms, member),
            },
        }
    }

    fn set_poll(&mut self, now_ms: u64, member: &mut Member, poll: &PollView, phase: PollPhase, then_ms: u64) {
        self.poll_ms = now_ms + then_ms;
        remember(&mut self.own_polls, (poll.poll, phase));
        member.command(now_ms, Command::SetPoll { poll: poll.poll, phase });
    }

    fn draft(&mut self, now_ms: u64, member: &mut Member) {
        self.poll_ms = now_ms + 2 * LOOK_MS;
        let polls = polls();
        let Some(phrase) = polls.get(self.next_poll % polls.len().max(1)) else {
            return;
        };
        self.next_poll += 1;
        member.command(
            now_ms,
            Command::DraftPoll {
                question: phrase.question.clone(),
                options: phrase.options.clone(),
            },
        );
    }
}

fn remember<T>(own: &mut Vec<T>, mark: T) {
    own.push(mark);
    if own.len() > OWN_MAX {
        own.remove(0);
    }
}

/// Takes a mark away; false where it is not there: then it was not us.
fn was_own<T: PartialEq>(own: &mut Vec<T>, mark: &T) -> bool {
    let at = own.iter().position(|one| one == mark);
    at.map(|at| own.remove(at)).is_some()
}

/// Whether bots ask this: what a person asked waits for a person.
fn is_of_bots(known: &QuestionView) -> bool {
    let all = [Language::It, Language::En]
        .into_iter()
        .flat_map(|language| &phrases(language).questions);
    all.map(|question| question.as_str())
        .any(|question| question == known.text)
}

/// Whether a poll is one of the phrase file's: also of an earlier run of this program.
fn is_ours(poll: &PollView) -> bool {
    polls().iter().any(|phrase| phrase.question.as_str() == poll.question)
}

impl Brain for Regia {
    #[expect(clippy::expect_used, reason = "a constant name that a test makes")]
    fn name(&self) -> DisplayName {
        DisplayName::try_from("Bot regia".to_owned()).expect("a name")
    }

    fn wake(&mut self, now_ms: u64, member: &mut Member) -> Option<Absence> {
        self.look_ms = now_ms + LOOK_MS;
        let room = member.mirror.you()?.room.clone();
        if room.as_ref() != Some(&self.room) {
            if self.enter_ms <= now_ms {
                self.enter_ms = now_ms + CALM_MS;
                let room = self.room.clone();
                member.command(now_ms, Command::Enter { room });
            }
            return None;
        }
        self.enter_ms = 0;
        if !self.started {
            self.started = true;
            self.poll_ms = now_ms + FIRST_POLL_MS;
            self.question_ms = now_ms + NOW_MS;
            self.audit_ms = now_ms + AUDIT_MS;
        }
        if member.waits_for("set_question") {
            return None;
        }
        self.publish(now_ms, member);
        self.answer(now_ms, member);
        self.run_poll(now_ms, member);
        if self.audit_ms <= now_ms {
            self.audit_ms = now_ms + AUDIT_MS;
            member.audit();
        }
        None
    }

    fn next_ms(&self) -> u64 {
        self.look_ms
    }

    fn noticed(&mut self, now_ms: u64, stream: &StreamId, change: &Change, _mirror: &Mirror) {
        match (stream, change) {
            (StreamId::Room { .. }, Change::Question { question }) => {
                let of_person = question.stage != QuestionStage::Published
                    && !was_own(&mut self.own_questions, &(question.question, question.stage));
                if of_person {
                    self.question_ms = self.question_ms.max(now_ms + HANDS_OFF_MS);
                    self.publish_ms = self.publish_ms.max(now_ms + HANDS_OFF_MS);
                }
            }
            (StreamId::Moderators { .. }, Change::Question { question })
                if question.stage == QuestionStage::Dismissed =>
            {
                self.publish_ms = self.publish_ms.max(now_ms + HANDS_OFF_MS);
            }
            (StreamId::Moderators { .. }, Change::RoomPoll { poll }) => {
                let of_person = if poll.phase == PollPhase::Draft {
                    !is_ours(poll)
                } else {
                    !was_own(&mut self.own_polls, &(poll.poll, poll.phase))
                };
                // Numbers of answers come under the same phase; only a poll of a person counts then.
                if of_person && !(is_ours(poll) && poll.phase == PollPhase::Open) {
                    self.poll_ms = self.poll_ms.max(now_ms + HANDS_OFF_MS);
                }
            }
            _ => {}
        }
    }

    fn refused(&mut self, now_ms: u64, _id: CommandId, command: &Command, code: RefusalCode) {
        match command {
            Command::DraftPoll { .. } if code == RefusalCode::TooMany => self.polls_off = true,
            Command::DraftPoll { .. } | Command::SetPoll { .. } | Command::DismissPoll { .. } => {
                self.poll_ms = self.poll_ms.max(now_ms + CALM_MS);
            }
            Command::SetQuestion { .. } => self.question_ms = self.question_ms.max(now_ms + CALM_MS),
            _ => self.enter_ms = now_ms + CALM_MS,
        }
    }

    fn dice(&mut self) -> &mut Dice {
        &mut self.dice
    }
}

#[cfg(test)]
mod tests;
