// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! What people do with ideas: decided here, kept, and made true by what was kept.

use fiera_protocol::ideas::{IdeaStage, IdeaStep};
use fiera_protocol::ids::{AuthorSecret, IdeaId, ParticipantId, QuestionId, SlotId};
use fiera_protocol::limits::{IDEA_VOTES_MAX, IDEAS_PER_EVENT_MAX, IDEAS_PER_WINDOW_MAX, IDEAS_WINDOW_MS};
use fiera_protocol::text::{IdeaNotes, IdeaTitle, NoteText};

use super::Idea;
use crate::access::{self, Deed};
use crate::chance::keyed;
use crate::fact::{Fact, KeptText, NoteId};
use crate::hub::Hub;
use crate::input::Now;
use crate::keeping::hex;
use crate::refusal::{self, Refusal};

/// Where an organiser may move an idea by `settle`; the table of `SPEC.md`.
fn may_settle(from: IdeaStage, to: IdeaStage) -> bool {
    use IdeaStage::{Done, Planned, Proposed, Refused};
    match from {
        Proposed => matches!(to, Refused | Done),
        Planned => matches!(to, Proposed | Done),
        Refused => matches!(to, Proposed),
        Done => matches!(to, Proposed),
    }
}

fn vote_row(idea: IdeaId, voter: u128) -> String {
    format!("ideavote/{}/{}", hex(idea.as_u128()), hex(voter))
}

impl Hub {
    pub(crate) fn idea_command(&mut self, now: Now, actor: ParticipantId, step: IdeaStep) -> Result<(), Refusal> {
        match step {
            IdeaStep::Propose {
                title,
                notes,
                presents,
                anonymous,
                secret,
            } => self.propose(now, actor, (&title, notes.as_ref()), (presents, anonymous), secret),
            IdeaStep::Edit {
                idea,
                title,
                notes,
                presents,
                secret,
            } => self.edit_idea(now, actor, idea, (&title, notes.as_ref()), presents, secret),
            IdeaStep::Vote { idea, up } => self.vote_idea(actor, idea, up),
            IdeaStep::Erase { idea, secret } => self.erase_idea(actor, idea, secret),
            IdeaStep::Settle { idea, from, to, note } => self.settle_by_hand(now, actor, idea, (from, to), note),
            IdeaStep::Merge { idea, into } => self.merge_idea(actor, idea, into),
            IdeaStep::Open { open } => {
                self.event_seat(Deed::RunIdeas, actor)?;
                if self.ideas.closed == open {
                    self.keep_fact(&Fact::IdeasClosed { closed: !open });
                }
                Ok(())
            }
        }
    }

    fn known_idea(&self, idea: IdeaId) -> Result<&Idea, Refusal> {
        self.ideas.get(idea).ok_or(refusal::UNKNOWN_IDEA)
    }

    /// Whether somebody may write an idea now.
    fn may_write_idea(
        &mut self,
        now: Now,
        actor: ParticipantId,
        (title, notes): (&IdeaTitle, Option<&IdeaNotes>),
    ) -> Result<(), Refusal> {
        self.has_voice(actor)?;
        if self.ideas.closed {
            return Err(refusal::IDEAS_CLOSED);
        }
        self.lets_through(title.as_str())?;
        self.lets_through(notes.map_or("", IdeaNotes::as_str))?;
        let pace = self.paces.of(actor, now.mono_ms);
        if pace.ideas.take(now.mono_ms, IDEAS_PER_WINDOW_MAX, IDEAS_WINDOW_MS) {
            Ok(())
        } else {
            Err(refusal::IDEAS_TOO_FAST)
        }
    }

    fn propose(
        &mut self,
        now: Now,
        actor: ParticipantId,
        (title, notes): (&IdeaTitle, Option<&IdeaNotes>),
        (presents, anonymous): (bool, bool),
        secret: AuthorSecret,
    ) -> Result<(), Refusal> {
        let seat = self.event_seat(Deed::WriteIdeas, actor)?;
        debug_assert!(seat.fits_event(&[Deed::WriteIdeas]), "{seat:?}");
        if self.ideas.len() >= IDEAS_PER_EVENT_MAX {
            return Err(refusal::TOO_MANY_IDEAS);
        }
        self.may_write_idea(now, actor, (title, notes))?;
        let name = self.people.get(&actor).map(|person| person.name.as_str().to_owned());
        let idea = IdeaId::from_u128(self.chance.id());
        let (title, by) = (title.as_str().to_owned(), name.filter(|_| !anonymous));
        let kept = KeptText {
            options: notes.map(|notes| notes.as_str().to_owned()).into_iter().collect(),
            ..KeptText::signed(title, by, secret, now.unix_min())
        };
        self.keep_text(idea.as_u128(), Some(kept));
        self.keep_fact(&Fact::IdeaProposed { idea, presents });
        Ok(())
    }

    fn edit_idea(
        &mut self,
        now: Now,
        actor: ParticipantId,
        idea: IdeaId,
        (title, notes): (&IdeaTitle, Option<&IdeaNotes>),
        presents: bool,
        secret: AuthorSecret,
    ) -> Result<(), Refusal> {
        let seat = self.event_seat(Deed::WriteIdeas, actor)?;
        debug_assert!(seat.fits_event(&[Deed::WriteIdeas]), "{seat:?}");
        let found = self.known_idea(idea)?;
        if !self.is_author(idea.as_u128(), secret) {
            return Err(refusal::NOT_THE_AUTHOR);
        }
        if found.stage != IdeaStage::Proposed || found.merged_into.is_some() {
            return Err(refusal::IDEA_SETTLED);
        }
        self.may_write_idea(now, actor, (title, notes))?;
        let before = self.texts.get(&idea.as_u128()).cloned().ok_or(refusal::UNKNOWN_IDEA)?;
        let text = title.as_str().to_owned();
        let options = notes.map(|notes| notes.as_str().to_owned()).into_iter().collect();
        self.keep_text(idea.as_u128(), None);
        self.keep_text(
            idea.as_u128(),
            Some(KeptText {
                text,
                options,
                ..before
            }),
        );
        self.keep_fact(&Fact::IdeaEdited { idea, presents });
        Ok(())
    }

    fn vote_idea(&mut self, actor: ParticipantId, idea: IdeaId, up: bool) -> Result<(), Refusal> {
        let seat = self.event_seat(Deed::VoteIdeas, actor)?;
        debug_assert!(seat.fits_event(&[Deed::VoteIdeas]), "{seat:?}");
        let found = self.known_idea(idea)?;
        if found.merged_into.is_some() {
            return Err(refusal::IDEA_MERGED);
        }
        if self.ideas.closed {
            return Err(refusal::IDEAS_CLOSED);
        }
        if found.stage != IdeaStage::Proposed {
            return Err(refusal::IDEA_SETTLED);
        }
        let voter = |key| keyed(&key, &[&actor.as_u128().to_be_bytes()]);
        let supports = |part: &IdeaId| {
            let voter = self.ideas.key.map(voter);
            let part = self.ideas.known.get(part);
            part.zip(voter)
                .is_some_and(|(part, voter)| part.supporters.contains(&voter))
        };
        let theirs: Vec<IdeaId> = self.ideas.parts(idea).into_iter().filter(supports).collect();
        if theirs.is_empty() != up {
            return Ok(());
        }
        if up && self.ideas.votes() >= IDEA_VOTES_MAX {
            return Err(refusal::TOO_MANY_IDEA_VOTES);
        }
        let key = match self.ideas.key {
            Some(key) => key,
            None => {
                let key = self.chance.key();
                self.keep_row("ideakey".to_owned(), Some(key));
                key
            }
        };
        // Of a merged idea one may support several parts: to take the vote back is to take all of it back.
        for part in if up { vec![idea] } else { theirs } {
            self.keep_row(vote_row(part, voter(key)), up.then_some(true));
        }
        self.dirty.people.insert(actor);
        Ok(())
    }

    fn erase_idea(&mut self, actor: ParticipantId, idea: IdeaId, secret: Option<AuthorSecret>) -> Result<(), Refusal> {
        let own = secret.is_some_and(|secret| self.is_author(idea.as_u128(), secret));
        let moderates = self
            .people
            .get(&actor)
            .is_some_and(|person| access::moderates(person.role));
        // A moderator needs no secret, and a wrong one takes nothing from them.
        let deed = if own || secret.is_some() && !moderates {
            Deed::EraseOwnIdea
        } else {
            Deed::EraseOtherIdea
        };
        let seat = self.event_seat(deed, actor)?;
        debug_assert!(seat.fits_event(&[deed]), "{seat:?}");
        let found = self.known_idea(idea)?;
        if !own && !moderates {
            return Err(refusal::NOT_THE_AUTHOR);
        }
        let (note, supporters) = (found.note, found.supporters.clone());
        self.told_of_votes(idea);
        for voter in &supporters {
            self.keep_row(vote_row(idea, *voter), None::<bool>);
        }
        if let Some(note) = note {
            self.keep_text(note.0.as_u128(), None);
        }
        self.keep_text(idea.as_u128(), None);
        self.keep_fact(&Fact::IdeaErased { idea });
        Ok(())
    }

    /// Those who are here and support an idea, what it is part of or what is part of it: what they know of their own votes
    /// is looked at anew.
    fn told_of_votes(&mut self, idea: IdeaId) {
        let supporters = self.ideas.supporters_around(idea);
        if supporters.is_empty() {
            return;
        }
        let here = self.people.keys().copied();
        let of = here.filter(|who| self.ideas.voter(*who).is_some_and(|voter| supporters.contains(&voter)));
        self.dirty.people.extend(of);
    }

    fn settle_by_hand(
        &mut self,
        now: Now,
        actor: ParticipantId,
        idea: IdeaId,
        (from, to): (IdeaStage, IdeaStage),
        note: Option<NoteText>,
    ) -> Result<(), Refusal> {
        let seat = self.event_seat(Deed::RunIdeas, actor)?;
        debug_assert!(seat.fits_event(&[Deed::RunIdeas]), "{seat:?}");
        let found = self.known_idea(idea)?;
        if found.merged_into.is_some() {
            return Err(refusal::IDEA_MERGED);
        }
        if found.stage != from {
            return Err(refusal::IDEA_MOVED_ON);
        }
        if !may_settle(from, to) {
            return Err(refusal::IDEA_ORDER);
        }
        if (to == IdeaStage::Refused) != note.is_some() {
            return Err(if note.is_some() {
                refusal::IDEA_NOTE_NOT_HERE
            } else {
                refusal::IDEA_NOTE_MISSING
            });
        }
        // What took place keeps the way to its slot.
        let slot = found.slot.filter(|_| to == IdeaStage::Done);
        let note = note.map(|note| (NoteId(QuestionId::from_u128(self.chance.id())), note));
        if let Some((id, note)) = &note {
            let text = KeptText::plain(note.as_str().to_owned(), now.unix_min());
            self.keep_text(id.0.as_u128(), Some(text));
        }
        self.settle_idea_fact(idea, to, note.map(|(id, _)| id), slot);
        Ok(())
    }

    /// Keeps where an idea stands, and erases a note that nobody sees again by it.
    pub(crate) fn settle_idea_fact(
        &mut self,
        idea: IdeaId,
        stage: IdeaStage,
        note: Option<NoteId>,
        slot: Option<SlotId>,
    ) {
        let before = self.ideas.get(idea).and_then(|idea| idea.note);
        self.keep_fact(&Fact::IdeaSettled {
            idea,
            stage,
            note,
            slot,
        });
        if let Some(before) = before {
            self.keep_text(before.0.as_u128(), None);
        }
    }

    /// Whether a slot can be made of an idea.
    pub(crate) fn may_plan(&self, idea: IdeaId) -> Result<(), Refusal> {
        let found = self.known_idea(idea)?;
        if found.merged_into.is_some() {
            return Err(refusal::IDEA_MERGED);
        }
        if found.stage != IdeaStage::Proposed {
            return Err(refusal::IDEA_MOVED_ON);
        }
        Ok(())
    }

    /// The slot of an idea is gone: it is proposed again, unless it is no longer about that slot.
    pub(crate) fn unplan(&mut self, idea: IdeaId, slot: SlotId) {
        let stage = self
            .ideas
            .get(idea)
            .filter(|idea| idea.slot == Some(slot))
            .map(|idea| idea.stage);
        match stage {
            Some(IdeaStage::Planned) => self.settle_idea_fact(idea, IdeaStage::Proposed, None, None),
            Some(stage) => self.settle_idea_fact(idea, stage, None, None),
            None => {}
        }
    }

    fn merge_idea(&mut self, actor: ParticipantId, idea: IdeaId, into: Option<IdeaId>) -> Result<(), Refusal> {
        let seat = self.event_seat(Deed::MergeIdeas, actor)?;
        debug_assert!(seat.fits_event(&[Deed::MergeIdeas]), "{seat:?}");
        let found = self.known_idea(idea)?;
        if let Some(into) = into {
            let target = self.known_idea(into)?;
            if found.merged_into.is_some() || target.merged_into.is_some() {
                return Err(refusal::IDEA_MERGED);
            }
            if idea == into {
                return Err(refusal::IDEA_INTO_ITSELF);
            }
            if found.stage != IdeaStage::Proposed {
                return Err(refusal::IDEA_SETTLED);
            }
        }
        if found.merged_into != into {
            self.told_of_votes(idea);
            self.keep_fact(&Fact::IdeaMerged { idea, into });
            self.told_of_votes(idea);
        }
        Ok(())
    }

    /// Writes the numbers of supporters, before the key that hides them is destroyed.
    pub(crate) fn count_idea_votes_for_good(&mut self) {
        let ids: Vec<IdeaId> = self.ideas.known.keys().copied().collect();
        for (idea, votes) in ids
            .into_iter()
            .map(|id| (id, self.ideas.votes_of(id)))
            .collect::<Vec<_>>()
        {
            self.keep_fact(&Fact::IdeaVotesCounted { idea, votes });
        }
    }
}
