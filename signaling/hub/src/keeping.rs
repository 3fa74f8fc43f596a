// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! What has to outlive the process, on its way to the shell. A handler decides and then keeps: keeping applies the record
//! with the functions that a replay uses too, so that what was kept gives the state again by construction.

use std::collections::BTreeMap;

use fiera_protocol::breakouts::BreakoutStep;
use fiera_protocol::client::Command;
use fiera_protocol::ideas::IdeaStep;
use fiera_protocol::ids::{CommandId, ParticipantId};
use fiera_protocol::stands::StandStep;
use fiera_protocol::view::EventPhase;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::chance::{Key, keyed};
use crate::fact::{Fact, KeptText, VERSION};
use crate::hub::Hub;
use crate::output::Output;
use crate::record::Record;

/// Records that the shell was not given yet.
#[derive(Debug, Default)]
pub(crate) struct Keeping {
    /// Of this input.
    fresh: Vec<Record>,
    /// Of earlier inputs, while the store took no writes: rows of people who came and went.
    held: Vec<Record>,
}

/// Commands that are remembered beyond a restart, of all participants; the oldest are forgotten above that.
pub(crate) const ANSWERS_KEPT_MAX: usize = 20_000;

/// Accepted commands that a restart must not run again, by a hash under a key that is destroyed with the event.
#[derive(Debug, Default)]
pub(crate) struct KeptAnswers {
    key: Option<Key>,
    /// The hash and how many were kept before it.
    numbers: BTreeMap<u128, u64>,
    by_age: BTreeMap<u64, u128>,
}

impl KeptAnswers {
    fn hash(&self, participant: ParticipantId, id: CommandId) -> Option<u128> {
        let (participant, id) = (participant.as_u128().to_be_bytes(), id.as_u128().to_be_bytes());
        self.key.map(|key| keyed(&key, &[&participant, &id]))
    }

    fn set(&mut self, hash: u128, number: Option<u64>) {
        let before = match number {
            Some(number) => {
                self.by_age.insert(number, hash);
                self.numbers.insert(hash, number)
            }
            None => self.numbers.remove(&hash),
        };
        if let Some(before) = before.filter(|before| Some(*before) != number) {
            self.by_age.remove(&before);
        }
    }

    /// How many are kept.
    pub(crate) fn len(&self) -> usize {
        debug_assert_eq!(self.numbers.len(), self.by_age.len());
        self.numbers.len()
    }
}

/// A hash or key as it stands in the name or value of a row.
pub(crate) fn hex(bits: u128) -> String {
    format!("{bits:032x}")
}

/// What [`hex`] wrote.
pub(crate) fn from_hex(text: &str) -> Option<u128> {
    u128::from_str_radix(text, 16).ok()
}

/// The value of a row; none where it cannot be read.
pub(crate) fn row<T: DeserializeOwned>(value: &[u8]) -> Option<T> {
    serde_json::from_slice(value).ok()
}

fn encode<T: Serialize>(value: &T) -> Vec<u8> {
    let encoded = serde_json::to_vec(value);
    debug_assert!(encoded.is_ok(), "{encoded:?}");
    encoded.unwrap_or_default()
}

/// Whether a command changes what is kept, so that it is refused while nothing can be kept.
pub(crate) fn needs_store(command: &Command) -> bool {
    match command {
        Command::Enter { .. }
        | Command::Leave {}
        | Command::Rename { .. }
        | Command::EnterBackstage {}
        | Command::LeaveBackstage { .. }
        | Command::PutOnAir { .. }
        | Command::TakeOffAir { .. }
        | Command::SetSource { .. }
        | Command::React { .. }
        // Only where captions are kept, and then the handler says so.
        | Command::Caption { .. }
        | Command::EraseCaption { .. }
        // Silence in an emergency waits for no disk: its rows are held until one takes them.
        | Command::Stage { .. }
        | Command::Stand {
            step: StandStep::GiveWord { .. },
        } => false,
        Command::SetEventPhase { .. }
        | Command::RaiseHand { .. }
        | Command::LowerHand { .. }
        | Command::AcceptHand { .. }
        | Command::Ask { .. }
        | Command::WithdrawQuestion { .. }
        | Command::Upvote { .. }
        | Command::SetQuestion { .. }
        | Command::UndoQuestion { .. }
        | Command::EraseQuestion { .. }
        | Command::EditQuestion { .. }
        | Command::MergeQuestions { .. }
        | Command::AddLabel { .. }
        | Command::EraseLabel { .. }
        | Command::LabelQuestion { .. }
        | Command::AssignQuestion { .. }
        | Command::AnswerQuestion { .. }
        | Command::SetDue { .. }
        | Command::ArchiveQuestions { .. }
        | Command::Chat { .. }
        | Command::DeleteMessage { .. }
        | Command::EditMessage { .. }
        | Command::PinMessage { .. }
        | Command::QuestionFromMessage { .. }
        | Command::SetWordFilter { .. }
        | Command::Silence { .. }
        | Command::Ban { .. }
        | Command::SetRoom { .. }
        | Command::DraftPoll { .. }
        | Command::PreparePoll { .. }
        | Command::ClonePoll { .. }
        | Command::PlacePoll { .. }
        | Command::SetPoll { .. }
        | Command::DismissPoll { .. }
        | Command::Vote { .. }
        | Command::Answer { .. }
        | Command::JoinQuiz { .. }
        | Command::AskQuiz { .. }
        | Command::ShowEntry { .. }
        | Command::EraseEntry { .. }
        | Command::Announce { .. }
        | Command::EraseAnnouncement { .. }
        | Command::Breakouts { .. }
        | Command::Stand { .. }
        | Command::Programme { .. }
        | Command::Ideas { .. }
        | Command::Thanks { .. } => true,
    }
}

/// Whether a command says how things should be, so that running it again changes nothing and need not be remembered.
fn is_idempotent(command: &Command) -> bool {
    let supports = |step: &BreakoutStep| matches!(step, BreakoutStep::VoteCard { .. });
    matches!(
        command,
        Command::Upvote { .. }
            | Command::Vote { .. }
            | Command::Answer { .. }
            | Command::Caption { .. }
            | Command::Ideas {
                step: IdeaStep::Vote { .. }
            }
    ) || matches!(command, Command::Breakouts { step } if supports(step))
}

/// Whether a command that was accepted, and changed what is kept, is not run again after a restart. A line of captions is
/// taken back for good or not at all, so whoever asks again is told that it was.
pub(crate) fn outlives_restart(command: &Command) -> bool {
    let kept = needs_store(command) || matches!(command, Command::EraseCaption { .. });
    kept && !is_idempotent(command)
}

impl Hub {
    /// Writes a fact and makes it true. Texts that it names are kept before it.
    pub(crate) fn keep_fact(&mut self, fact: &Fact) {
        let body = encode(fact);
        self.keeping.fresh.push(Record::Fact { version: VERSION, body });
        self.apply_fact(fact);
    }

    /// Keeps a text, or erases it for good.
    pub(crate) fn keep_text(&mut self, id: u128, text: Option<KeptText>) {
        let body = text.as_ref().map(encode);
        self.keeping.fresh.push(Record::Text { id, body });
        let before = match text {
            Some(text) => {
                self.owners.add(id, &text);
                self.texts.insert(id, text)
            }
            None => {
                self.dirty.erased = true;
                self.texts.remove(&id)
            }
        };
        if let Some(before) = before.filter(|_| !self.texts.contains_key(&id)) {
            self.owners.remove(id, &before);
        }
    }

    /// Puts other words in the place of a text. The words before are erased first, as for good as any other.
    pub(crate) fn reword(&mut self, id: u128, words: &str) {
        let Some(before) = self.texts.get(&id).cloned() else {
            return;
        };
        let text = words.to_owned();
        self.keep_text(id, None);
        self.keep_text(id, Some(KeptText { text, ..before }));
    }

    /// Overwrites a row of working state, or removes it, and makes it true. `key` begins with the name of its kind.
    pub(crate) fn keep_row(&mut self, key: String, value: Option<impl Serialize>) {
        let value = value.as_ref().map(encode);
        self.apply_row(&key, value.as_deref());
        self.keeping.fresh.push(Record::Working { key, value });
    }

    /// Removes all working state: the event is over.
    pub(crate) fn wipe_rows(&mut self) {
        let fresh = &mut self.keeping.fresh;
        fresh.retain(|record| !matches!(record, Record::Working { .. }));
        fresh.push(Record::WipeWorking);
        self.apply_wipe();
    }

    /// How many records this input has kept so far.
    pub(crate) fn kept_so_far(&self) -> usize {
        self.keeping.fresh.len()
    }

    /// Puts what this input kept before everything else that it asks of the shell; `first` outputs are of earlier inputs.
    pub(crate) fn hand_over_records(&mut self, first: usize) {
        let fresh = std::mem::take(&mut self.keeping.fresh);
        if self.read_only {
            for record in fresh {
                self.hold(record);
            }
            return;
        }
        let held = std::mem::take(&mut self.keeping.held);
        if held.is_empty() && fresh.is_empty() {
            return;
        }
        let told = self.outputs.split_off(first.min(self.outputs.len()));
        self.outputs.extend(held.into_iter().chain(fresh).map(Output::Keep));
        self.outputs.extend(told);
    }

    fn hold(&mut self, record: Record) {
        if let Record::Working { key, .. } = &record {
            let same = |held: &Record| matches!(held, Record::Working { key: of, .. } if of == key);
            self.keeping.held.retain(|held| !same(held));
        }
        self.keeping.held.push(record);
    }

    /// Whether a command was accepted before a restart.
    pub(crate) fn answered_before(&self, participant: ParticipantId, id: CommandId) -> bool {
        let hash = self.kept_answers.hash(participant, id);
        hash.is_some_and(|hash| self.kept_answers.numbers.contains_key(&hash))
    }

    /// Remembers an accepted command beyond a restart. Not once the event is over (C2): the little that is run then, such
    /// as erasing, says `unknown_item` the second time.
    pub(crate) fn keep_answer(&mut self, participant: ParticipantId, id: CommandId) {
        if self.phase == EventPhase::Ended {
            return;
        }
        if self.kept_answers.key.is_none() {
            let key = self.chance.key();
            self.keep_row("answerkey".to_owned(), Some(key));
        }
        let Some(hash) = self.kept_answers.hash(participant, id) else {
            return;
        };
        let number = self
            .kept_answers
            .by_age
            .last_key_value()
            .map_or(0, |(number, _)| number + 1);
        self.keep_row(format!("answer/{}", hex(hash)), Some(number));
        if self.kept_answers.len() > ANSWERS_KEPT_MAX
            && let Some((_, oldest)) = self.kept_answers.by_age.first_key_value()
        {
            self.keep_row(format!("answer/{}", hex(*oldest)), None::<u64>);
        }
    }

    /// A command is no longer remembered, because its participant sent many since.
    pub(crate) fn forget_answer(&mut self, participant: ParticipantId, id: CommandId) {
        let hash = self.kept_answers.hash(participant, id);
        if let Some(hash) = hash.filter(|hash| self.kept_answers.numbers.contains_key(hash)) {
            self.keep_row(format!("answer/{}", hex(hash)), None::<u64>);
        }
    }

    pub(crate) fn apply_answer_row(&mut self, kind: &str, name: &[&str], value: Option<&[u8]>) {
        match (kind, name) {
            ("answerkey", []) => self.kept_answers.key = value.and_then(row),
            ("answer", [hash]) => {
                if let Some(hash) = from_hex(hash) {
                    self.kept_answers.set(hash, value.and_then(row));
                }
            }
            _ => {}
        }
    }

    pub(crate) fn wipe_answers(&mut self) {
        self.kept_answers = KeptAnswers::default();
    }
}
