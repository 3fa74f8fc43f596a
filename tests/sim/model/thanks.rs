// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Thanks: from one to another, seen by that one alone until they show it.

use fiera_protocol::client::Command;
use fiera_protocol::ids::{AuthorSecret, DisplayName, ParticipantId, ThanksId};
use fiera_protocol::limits::{
    THANKS_PER_EVENT_MAX, THANKS_PER_PERSON_MAX, THANKS_PER_WINDOW_MAX, THANKS_SHOWN_MAX, THANKS_WINDOW_MS,
};
use fiera_protocol::thanks::ThanksStep;

use super::{Drawn, Kept, Model, Verdict};

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Thanks {
    pub(crate) id: ThanksId,
    /// Known until the event ends.
    pub(crate) to: Option<ParticipantId>,
    pub(crate) by: DisplayName,
    pub(crate) text: Option<String>,
    pub(crate) secret: AuthorSecret,
    /// Shown by somebody of this name, with this secret.
    pub(crate) shown: Option<(DisplayName, AuthorSecret)>,
}

impl Kept {
    pub(crate) fn thanks_of(&self, id: ThanksId) -> Option<&Thanks> {
        self.thanks.iter().find(|one| one.id == id)
    }

    fn thanks_mut(&mut self, id: ThanksId) -> &mut Thanks {
        self.thanks.iter_mut().find(|one| one.id == id).expect("known")
    }

    /// The last that are shown, in the order in which they were.
    pub(crate) fn thanks_shown(&self) -> Vec<&Thanks> {
        let skip = self.shown_thanks.len().saturating_sub(THANKS_SHOWN_MAX);
        let last = self.shown_thanks.iter().skip(skip);
        last.map(|id| self.thanks_of(*id).expect("shown ones are kept"))
            .collect()
    }

    fn hide_thanks(&mut self, id: ThanksId) {
        self.thanks_mut(id).shown = None;
        self.shown_thanks.retain(|shown| *shown != id);
    }

    /// PR23.
    pub(crate) fn forget_thanked(&mut self) {
        self.thanks.retain(|one| one.shown.is_some());
        self.thanks.iter_mut().for_each(|one| one.to = None);
        self.have_thanked.clear();
    }
}

impl Model {
    pub(super) fn judge_thanks(&self, now_ms: u64, actor: ParticipantId, command: &Command) -> Option<Verdict> {
        let Command::Thanks { step } = command else { return None };
        let known = |id: &ThanksId| self.kept.thanks_of(*id);
        let own = |one: &Thanks| one.to == Some(actor);
        let shown_with = |one: &Thanks, secret: &Option<AuthorSecret>| {
            let with = one.shown.as_ref().map(|(_, with)| *with);
            secret.is_some() && with == *secret
        };
        let fits = match step {
            ThanksStep::Give { participant, text, .. } => {
                let recent = |at: &&u64| **at + THANKS_WINDOW_MS > now_ms;
                let lately = self
                    .here
                    .thanked
                    .get(&actor)
                    .map_or(0, |at| at.iter().filter(recent).count());
                let to = self
                    .kept
                    .thanks
                    .iter()
                    .filter(|one| one.to == Some(*participant))
                    .count();
                let words = text.as_ref().is_none_or(|text| self.lets_through(text.as_str()));
                self.here.people.contains_key(participant)
                    && *participant != actor
                    && self.has_voice(actor)
                    && words
                    && !self.kept.have_thanked.contains_key(&(actor, *participant))
                    && lately < THANKS_PER_WINDOW_MAX as usize
                    && to < THANKS_PER_PERSON_MAX
                    && self.kept.thanks.len() < THANKS_PER_EVENT_MAX
            }
            ThanksStep::Show { thanks, .. } => known(thanks).is_some_and(own),
            ThanksStep::Hide { thanks, secret } => known(thanks).is_some_and(|one| own(one) || shown_with(one, secret)),
            ThanksStep::Erase { thanks, secret } => known(thanks).is_some_and(|one| {
                let moderated = one.shown.is_some() && self.moderates(actor);
                *secret == Some(one.secret) || shown_with(one, secret) || own(one) || moderated
            }),
        };
        Some(fits.into())
    }

    pub(super) fn do_thanks(&mut self, actor: ParticipantId, command: &Command, drawn: &Drawn<'_>) {
        let Command::Thanks { step } = command else { return };
        match step {
            ThanksStep::Give {
                participant,
                text,
                secret,
            } => {
                let new = drawn.thanked.iter().filter(|id| self.kept.thanks_of(**id).is_none());
                let new: Vec<ThanksId> = new.copied().collect();
                let [id] = new[..] else {
                    panic!("PR21: {participant} sees {new:?}, and got one thanks")
                };
                self.here.thanked.entry(actor).or_default().push(drawn.now_ms);
                self.kept.have_thanked.insert((actor, *participant), id);
                let by = self.name(actor);
                self.kept.thanks.push(Thanks {
                    id,
                    to: Some(*participant),
                    by,
                    text: text.as_ref().map(|text| text.as_str().to_owned()),
                    secret: *secret,
                    shown: None,
                });
            }
            ThanksStep::Show { thanks, secret } => {
                let name = self.name(actor);
                let one = self.kept.thanks_mut(*thanks);
                if one.shown.is_none() {
                    one.shown = Some((name, *secret));
                    self.kept.shown_thanks.push(*thanks);
                }
            }
            ThanksStep::Hide { thanks, .. } => {
                self.kept.hide_thanks(*thanks);
                // After the event nobody could show it again.
                self.kept.thanks.retain(|one| one.shown.is_some() || one.to.is_some());
            }
            ThanksStep::Erase { thanks, secret } => {
                // Who takes a thanks back may thank anew; who was thanked and does not want it is not thanked again.
                if *secret == self.kept.thanks_of(*thanks).map(|one| one.secret) {
                    self.kept.have_thanked.retain(|_, given| given != thanks);
                }
                self.kept.hide_thanks(*thanks);
                self.kept.thanks.retain(|one| one.id != *thanks);
            }
        }
    }
}
