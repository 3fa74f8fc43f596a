// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Questions: stages, one step back, unions of voters, labels, promises.

use std::collections::BTreeSet;

use fiera_protocol::client::Command;
use fiera_protocol::fair::{Assigned, QuestionStage};
use fiera_protocol::ids::{AuthorSecret, DisplayName, LabelId, MessageId, ParticipantId, QuestionId, Role, RoomId};
use fiera_protocol::limits::{
    ASK_WINDOW_MS, ASKS_PER_WINDOW_MAX, DUE_DAY_MAX, LABELS_PER_QUESTION_MAX, LABELS_PER_ROOM_MAX,
};
use fiera_protocol::view::Place;

use super::{Drawn, Model, Room, Verdict};
use crate::shared::Shared;

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Question {
    pub(crate) id: QuestionId,
    pub(crate) order: u32,
    pub(crate) text: String,
    pub(crate) by: Option<DisplayName>,
    pub(crate) secret: AuthorSecret,
    pub(crate) at_unix_ms: u64,
    pub(crate) now: Stand,
    pub(crate) before: Option<Before>,
    pub(crate) labels: Vec<LabelId>,
    pub(crate) assigned: Option<Assigned>,
    pub(crate) merged_into: Option<QuestionId>,
    pub(crate) edited: bool,
    pub(crate) archived: bool,
    pub(crate) from_chat: Option<MessageId>,
    pub(crate) voters: BTreeSet<ParticipantId>,
    /// How many supported it, once nobody can tell any more who they were.
    pub(crate) counted: Option<usize>,
}

/// What one step changes and undoing it gives back.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Stand {
    pub(crate) stage: QuestionStage,
    pub(crate) note: Option<String>,
    pub(crate) answer: Option<String>,
    pub(crate) due_day: Option<u32>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Before {
    stand: Stand,
    merged: Vec<QuestionId>,
    gave_way: Option<QuestionId>,
}

impl Stand {
    pub(crate) fn at(stage: QuestionStage) -> Self {
        Self {
            stage,
            note: None,
            answer: None,
            due_day: None,
        }
    }
}

fn is_open(stage: QuestionStage) -> bool {
    matches!(
        stage,
        QuestionStage::Published | QuestionStage::Next | QuestionStage::Now
    )
}

fn becomes_part(stage: QuestionStage) -> bool {
    matches!(
        stage,
        QuestionStage::Pending | QuestionStage::Published | QuestionStage::Next
    )
}

/// The table of Q4.
pub(crate) fn steps(from: QuestionStage) -> &'static [QuestionStage] {
    use QuestionStage::{Answered, Dismissed, FollowUp, Next, Now, Pending, Published};
    match from {
        Pending => &[Published, Next, Now, FollowUp, Dismissed],
        Published => &[Next, Now, Answered, FollowUp, Dismissed],
        Next => &[Published, Now, Answered, FollowUp, Dismissed],
        Now => &[Published, Next, Answered, FollowUp, Dismissed],
        Answered => &[Published, Next, Now, FollowUp],
        FollowUp => &[Published, Next, Now, Answered],
        Dismissed => &[Pending, Published],
    }
}

impl Question {
    pub(crate) fn is_public(&self) -> bool {
        let hidden = matches!(self.now.stage, QuestionStage::Pending | QuestionStage::Dismissed);
        !hidden && !self.archived && self.merged_into.is_none()
    }

    pub(crate) fn is_promise(&self) -> bool {
        let kept = self.now.stage == QuestionStage::Answered && self.now.note.is_some();
        self.is_public() && (kept || self.now.stage == QuestionStage::FollowUp)
    }

    fn step(&mut self, to: Stand, gave_way: Option<QuestionId>) {
        let stand = std::mem::replace(&mut self.now, to);
        self.before = Some(Before {
            stand,
            merged: Vec::new(),
            gave_way,
        });
    }
}

impl Room {
    pub(crate) fn question(&self, id: QuestionId) -> Option<&Question> {
        self.questions.iter().find(|question| question.id == id)
    }

    fn question_mut(&mut self, id: QuestionId) -> &mut Question {
        self.questions
            .iter_mut()
            .find(|question| question.id == id)
            .expect("known")
    }

    /// A question and all that became part of it.
    pub(crate) fn parts(&self, id: QuestionId) -> Vec<&Question> {
        let direct = self.questions.iter().filter(|part| part.merged_into == Some(id));
        let deep = direct.flat_map(|part| self.parts(part.id));
        self.question(id).into_iter().chain(deep).collect()
    }

    /// Everybody who supports a question or any part of it.
    pub(crate) fn voters(&self, id: QuestionId) -> BTreeSet<ParticipantId> {
        self.parts(id)
            .into_iter()
            .flat_map(|part| part.voters.clone())
            .collect()
    }

    pub(crate) fn upvotes(&self, question: &Question) -> usize {
        question.counted.unwrap_or_else(|| self.voters(question.id).len())
    }

    fn move_to(&mut self, id: QuestionId, to: Stand) {
        let now = |one: &&mut Question| one.now.stage == QuestionStage::Now && one.id != id;
        let goes_now = to.stage == QuestionStage::Now;
        let gave_way = self.questions.iter_mut().find(now).filter(|_| goes_now).map(|other| {
            other.step(Stand::at(QuestionStage::Answered), None);
            other.archived = false;
            other.id
        });
        let question = self.question_mut(id);
        question.step(to, gave_way);
        question.archived = false;
    }

    fn undo(&mut self, id: QuestionId) {
        let Before {
            stand,
            merged,
            gave_way,
        } = self.question_mut(id).before.take().expect("a step before");
        if !merged.is_empty() {
            self.split(id, &merged);
            return;
        }
        self.move_to(id, stand);
        self.question_mut(id).before = None;
        let none_now = self.questions.iter().all(|one| one.now.stage != QuestionStage::Now);
        let back = gave_way.filter(|_| none_now).and_then(|id| self.question(id));
        // Somebody may have answered it in writing since.
        let gave_way = |back: &&Question| {
            let before = back.before.as_ref().map(|before| before.stand.stage);
            back.now.stage == QuestionStage::Answered && before == Some(QuestionStage::Now)
        };
        if let Some(back) = back.filter(gave_way) {
            let (id, before) = (back.id, back.before.clone());
            let before = before.map_or(Stand::at(QuestionStage::Now), |before| before.stand);
            let to = Stand {
                stage: QuestionStage::Now,
                note: None,
                ..before
            };
            self.move_to(id, to);
            self.question_mut(id).before = None;
        }
    }

    fn split(&mut self, whole: QuestionId, parts: &[QuestionId]) {
        for part in self.questions.iter_mut().filter(|part| part.merged_into == Some(whole)) {
            if parts.contains(&part.id) {
                part.merged_into = None;
            }
        }
        self.question_mut(whole).before = None;
    }

    fn erase_question(&mut self, id: QuestionId) {
        let parts = self.questions.iter_mut().filter(|part| part.merged_into == Some(id));
        parts.for_each(|part| part.merged_into = None);
        self.questions.retain(|question| question.id != id);
    }

    /// Only numbers are left of those who voted.
    pub(crate) fn count_voters(&mut self) {
        let counts: Vec<usize> = self.questions.iter().map(|question| self.upvotes(question)).collect();
        for (question, count) in self.questions.iter_mut().zip(counts) {
            question.counted = Some(count);
            question.voters.clear();
            question.assigned = None;
        }
    }
}

impl Model {
    pub(crate) fn room_of_question(&self, id: QuestionId) -> Option<RoomId> {
        let holds = |(room, of): (&RoomId, &Shared<Room>)| of.question(id).map(|_| room.clone());
        self.kept.rooms.iter().find_map(holds)
    }

    /// Whether somebody may write once more: surely, or only if the limits have it.
    fn may_ask(&self, now_ms: u64, who: ParticipantId) -> Verdict {
        let asks = self
            .here
            .asks
            .get(&who)
            .map_or(0, |at| at.iter().filter(|at| **at + ASK_WINDOW_MS > now_ms).count());
        (asks < ASKS_PER_WINDOW_MAX as usize).into()
    }

    pub(super) fn judge_question(&self, now_ms: u64, actor: ParticipantId, command: &Command) -> Option<Verdict> {
        let here = self.room_of(actor).map(|room| self.room(&room));
        // Found in the room where the actor is; a part of another question takes no command.
        let found = |id: &QuestionId| here.and_then(|room| room.question(*id));
        let whole = |id: &QuestionId| found(id).filter(|question| question.merged_into.is_none());
        let anywhere = |id: &QuestionId| self.room_of_question(*id).map(|room| (room.clone(), self.room(&room)));
        Some(match command {
            Command::Ask { text, .. } => {
                let open = |room: &Room| !room.settings.questions_closed || self.role(actor) > Role::Attendee;
                let fits = here.is_some_and(open) && self.has_voice(actor) && self.lets_through(text.as_str());
                if fits {
                    self.may_ask(now_ms, actor)
                } else {
                    Verdict::Refuse
                }
            }
            Command::WithdrawQuestion { question, secret } => {
                let known = anywhere(question).and_then(|(_, room)| room.question(*question));
                known.is_some_and(|known| known.secret == *secret).into()
            }
            Command::EraseQuestion { question } => anywhere(question).is_some().into(),
            Command::EditQuestion { question, text, secret } => {
                let Some((_, room)) = anywhere(question) else {
                    return Some(Verdict::Refuse);
                };
                let known = room.question(*question).expect("found");
                let own = *secret == Some(known.secret);
                let pending = known.now.stage == QuestionStage::Pending;
                let fits = (own || pending && self.moderates(actor))
                    && known.merged_into.is_none()
                    && becomes_part(known.now.stage)
                    && self.has_voice(actor)
                    && self.lets_through(text.as_str());
                if fits {
                    self.may_ask(now_ms, actor)
                } else {
                    Verdict::Refuse
                }
            }
            Command::Upvote { question, .. } => {
                let public = found(question).filter(|known| known.is_public());
                public.is_some_and(|known| is_open(known.now.stage)).into()
            }
            Command::SetQuestion {
                question,
                from,
                to,
                note,
            } => {
                let needs_note = matches!(to, QuestionStage::Dismissed | QuestionStage::FollowUp);
                let stands = whole(question).is_some_and(|known| known.now.stage == *from);
                (stands && steps(*from).contains(to) && needs_note == note.is_some()).into()
            }
            Command::UndoQuestion { question } => whole(question).is_some_and(|known| known.before.is_some()).into(),
            Command::MergeQuestions { into, questions } => {
                let different: BTreeSet<_> = questions.iter().chain([into]).collect();
                let part = |id: &QuestionId| whole(id).is_some_and(|known| becomes_part(known.now.stage));
                let root = |known: &Question| becomes_part(known.now.stage) || known.now.stage == QuestionStage::Now;
                (!questions.is_empty()
                    && different.len() == questions.len() + 1
                    && questions.iter().all(part)
                    && whole(into).is_some_and(root))
                .into()
            }
            Command::AddLabel { text } => {
                let same = |(_, known): &(LabelId, String)| known.to_lowercase() == text.as_str().to_lowercase();
                let fits = |room: &Room| room.labels.len() < LABELS_PER_ROOM_MAX && !room.labels.iter().any(same);
                here.is_some_and(fits).into()
            }
            Command::EraseLabel { label } => here
                .is_some_and(|room| room.labels.iter().any(|(id, _)| id == label))
                .into(),
            Command::LabelQuestion { question, labels } => {
                let known = |label| here.is_some_and(|room| room.labels.iter().any(|(id, _)| id == label));
                let each_once = labels.iter().collect::<BTreeSet<_>>().len() == labels.len();
                (whole(question).is_some()
                    && labels.len() <= LABELS_PER_QUESTION_MAX
                    && each_once
                    && labels.iter().all(known))
                .into()
            }
            Command::AssignQuestion { question, participant } => {
                let speaks = |who: &ParticipantId| {
                    let together = self.room_of(*who).is_some() && self.room_of(*who) == self.room_of(actor);
                    together && (self.role(*who) >= Role::Speaker || self.place(*who) != Place::Audience)
                };
                (whole(question).is_some() && participant.as_ref().is_none_or(speaks)).into()
            }
            Command::AnswerQuestion { question, from, .. } => {
                let Some((_, room)) = anywhere(question) else {
                    return Some(Verdict::Refuse);
                };
                let known = room.question(*question).expect("found");
                let theirs = known.assigned.as_ref().is_some_and(|of| of.participant == actor);
                let public = !matches!(from, QuestionStage::Pending | QuestionStage::Dismissed);
                ((self.moderates(actor) || theirs) && known.merged_into.is_none() && known.now.stage == *from && public)
                    .into()
            }
            Command::SetDue { question, due_day, .. } => {
                let known = anywhere(question).and_then(|(_, room)| room.question(*question));
                let promised = known.is_some_and(|known| known.now.stage == QuestionStage::FollowUp);
                (promised && due_day.is_none_or(|day| day <= DUE_DAY_MAX)).into()
            }
            Command::ArchiveQuestions { questions, .. } => {
                let settled =
                    |known: &Question| matches!(known.now.stage, QuestionStage::Answered | QuestionStage::Dismissed);
                (here.is_some() && questions.iter().all(|id| whole(id).is_some_and(settled))).into()
            }
            _ => return None,
        })
    }

    pub(super) fn do_question(&mut self, actor: ParticipantId, command: &Command, drawn: &Drawn<'_>) {
        if let Command::Ask { .. } | Command::EditQuestion { .. } = command {
            self.here.asks.entry(actor).or_default().push(drawn.now_ms);
        }
        let anywhere = match command {
            Command::WithdrawQuestion { question, .. }
            | Command::EraseQuestion { question }
            | Command::EditQuestion { question, .. }
            | Command::AnswerQuestion { question, .. }
            | Command::SetDue { question, .. } => self.room_of_question(*question),
            _ => None,
        };
        let Some(id) = anywhere.or_else(|| self.room_of(actor)) else {
            return;
        };
        let (moderates, name) = (self.moderates(actor), self.name(actor));
        let assigned = match command {
            Command::AssignQuestion { participant, .. } => participant.map(|participant| Assigned {
                participant,
                name: self.name(participant),
            }),
            _ => None,
        };
        let room = self.room_mut(&id);
        match command {
            Command::Ask {
                text,
                anonymous,
                secret,
            } => {
                let stage = if room.settings.moderated {
                    QuestionStage::Pending
                } else {
                    QuestionStage::Published
                };
                let by = (!anonymous).then_some(name);
                room.asks((text.as_str(), by, *secret), stage, drawn);
            }
            Command::WithdrawQuestion { question, .. } | Command::EraseQuestion { question } => {
                room.erase_question(*question);
            }
            Command::EditQuestion { question, text, secret } => {
                let moderated = room.settings.moderated;
                let known = room.question_mut(*question);
                let (own, pending) = (*secret == Some(known.secret), known.now.stage == QuestionStage::Pending);
                known.text = text.as_str().to_owned();
                known.edited |= !pending || !own;
                if !pending && moderated && !moderates {
                    room.move_to(*question, Stand::at(QuestionStage::Pending));
                }
            }
            Command::Upvote { question, up } => {
                let parts: Vec<QuestionId> = room.parts(*question).iter().map(|part| part.id).collect();
                if !up {
                    parts.into_iter().for_each(|part| {
                        room.question_mut(part).voters.remove(&actor);
                    });
                } else if !room.voters(*question).contains(&actor) {
                    room.question_mut(*question).voters.insert(actor);
                }
            }
            Command::SetQuestion { question, to, note, .. } => {
                let note = note.as_ref().map(|note| note.as_str().to_owned());
                room.move_to(*question, Stand { note, ..Stand::at(*to) });
            }
            Command::UndoQuestion { question } => room.undo(*question),
            Command::MergeQuestions { into, questions } => {
                for part in questions {
                    room.question_mut(*part).merged_into = Some(*into);
                }
                let whole = room.question_mut(*into);
                whole.before = Some(Before {
                    stand: whole.now.clone(),
                    merged: questions.clone(),
                    gave_way: None,
                });
            }
            Command::AddLabel { text } => {
                let label = drawn.of("label_added", "label");
                room.labels.push((label, text.as_str().to_owned()));
            }
            Command::EraseLabel { label } => {
                room.labels.retain(|(id, _)| id != label);
                room.questions
                    .iter_mut()
                    .for_each(|known| known.labels.retain(|id| id != label));
            }
            Command::LabelQuestion { question, labels } => room.question_mut(*question).labels.clone_from(labels),
            Command::AssignQuestion { question, .. } => room.question_mut(*question).assigned = assigned,
            Command::AnswerQuestion { question, text, .. } => {
                let known = room.question_mut(*question);
                let promised = known.is_promise() || known.now.stage == QuestionStage::FollowUp;
                let before = if promised {
                    known.now.clone()
                } else {
                    Stand::at(QuestionStage::Answered)
                };
                let answer = Some(text.as_str().to_owned());
                known.step(
                    Stand {
                        stage: QuestionStage::Answered,
                        answer,
                        ..before
                    },
                    None,
                );
                known.archived = false;
            }
            Command::SetDue {
                question,
                due_day,
                owner,
            } => {
                let known = room.question_mut(*question);
                known.now.due_day = *due_day;
                if let Some(owner) = owner {
                    known.now.note = Some(owner.as_str().to_owned());
                }
            }
            Command::ArchiveQuestions { questions, archived } => {
                questions
                    .iter()
                    .for_each(|id| room.question_mut(*id).archived = *archived);
            }
            _ => {}
        }
    }
}

impl Room {
    /// A new question, under the name that the hub drew.
    pub(super) fn asks(
        &mut self,
        (text, by, secret): (&str, Option<DisplayName>, AuthorSecret),
        stage: QuestionStage,
        drawn: &Drawn<'_>,
    ) {
        self.questions.push(Question {
            id: drawn.of("question_asked", "question"),
            order: self.asked,
            text: text.to_owned(),
            by,
            secret,
            at_unix_ms: drawn.minute_unix_ms(),
            now: Stand::at(stage),
            before: None,
            labels: Vec::new(),
            assigned: None,
            merged_into: None,
            edited: false,
            archived: false,
            from_chat: None,
            voters: BTreeSet::new(),
            counted: None,
        });
        self.asked += 1;
    }
}
