// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! What people do with thanks: give, show, hide, erase.

use fiera_protocol::ids::{AuthorSecret, ParticipantId, QuestionId, ThanksId};
use fiera_protocol::limits::{THANKS_PER_EVENT_MAX, THANKS_PER_PERSON_MAX, THANKS_PER_WINDOW_MAX, THANKS_WINDOW_MS};
use fiera_protocol::text::ThanksText;
use fiera_protocol::thanks::ThanksStep;

use super::ThankedRow;
use crate::access::Deed;
use crate::chance::keyed;
use crate::fact::{Fact, KeptText, NoteId};
use crate::hub::Hub;
use crate::input::Now;
use crate::keeping::hex;
use crate::refusal::{self, Refusal};

impl Hub {
    pub(crate) fn thanks_command(&mut self, now: Now, actor: ParticipantId, step: ThanksStep) -> Result<(), Refusal> {
        match step {
            ThanksStep::Give {
                participant,
                text,
                secret,
            } => self.give_thanks(now, actor, participant, text.as_ref(), secret),
            ThanksStep::Show { thanks, secret } => self.show_thanks(actor, thanks, secret),
            ThanksStep::Hide { thanks, secret } => self.hide_thanks(actor, thanks, secret),
            ThanksStep::Erase { thanks, secret } => self.erase_thanks(actor, thanks, secret),
        }
    }

    fn give_thanks(
        &mut self,
        now: Now,
        actor: ParticipantId,
        to: ParticipantId,
        text: Option<&ThanksText>,
        secret: AuthorSecret,
    ) -> Result<(), Refusal> {
        let seat = self.event_seat(Deed::GiveThanks, actor)?;
        debug_assert!(seat.fits_event(&[Deed::GiveThanks]), "{seat:?}");
        self.has_voice(actor)?;
        if actor == to {
            return Err(refusal::THANKS_ONESELF);
        }
        if self.people.get(&to).is_none_or(|person| !person.is_person()) {
            return Err(refusal::NOT_IN_EVENT);
        }
        self.lets_through(text.map_or("", ThanksText::as_str))?;
        let key = self.thanks.key;
        let parts = [actor.as_u128().to_be_bytes(), to.as_u128().to_be_bytes()];
        let pair = |key| keyed(&key, &[&parts[0], &parts[1]]);
        if key.is_some_and(|key| self.thanks.pairs.contains(&pair(key))) {
            return Err(refusal::THANKED_ALREADY);
        }
        if self.thanks.count_for(to) >= THANKS_PER_PERSON_MAX || self.thanks.len() >= THANKS_PER_EVENT_MAX {
            return Err(refusal::TOO_MANY_THANKS);
        }
        let pace = self.paces.of(actor, now.mono_ms);
        if !pace.thanks.take(now.mono_ms, THANKS_PER_WINDOW_MAX, THANKS_WINDOW_MS) {
            return Err(refusal::THANKS_TOO_FAST);
        }
        let key = match key {
            Some(key) => key,
            None => {
                let key = self.chance.key();
                self.keep_row("thankskey".to_owned(), Some(key));
                key
            }
        };
        let by = self.people.get(&actor).map(|person| person.name.as_str().to_owned());
        let thanks = ThanksId::from_u128(self.chance.id());
        let text = text.map_or("", ThanksText::as_str).to_owned();
        // Nothing needs to know when, so it is nowhere kept.
        let kept = KeptText::signed(text, by, secret, 0);
        let pair = hex(pair(key));
        self.keep_text(thanks.as_u128(), Some(kept));
        self.keep_row(format!("thanked/{pair}"), Some(true));
        self.keep_row(row_of(thanks), Some(ThankedRow { to, pair }));
        Ok(())
    }

    fn is_for(&self, thanks: ThanksId, participant: ParticipantId) -> bool {
        self.thanks.to.get(&thanks).is_some_and(|row| row.to == participant)
    }

    /// Whether a secret is the one that a thanks was shown with.
    fn was_shown_with(&self, thanks: ThanksId, secret: AuthorSecret) -> bool {
        let name = self.thanks.public_text(thanks);
        name.is_some_and(|name| self.is_author(name.0.as_u128(), secret))
    }

    fn show_thanks(&mut self, actor: ParticipantId, thanks: ThanksId, secret: AuthorSecret) -> Result<(), Refusal> {
        let seat = self.event_seat(Deed::ShowThanks, actor)?;
        debug_assert!(seat.fits_event(&[Deed::ShowThanks]), "{seat:?}");
        if !self.is_for(thanks, actor) {
            return Err(refusal::UNKNOWN_THANKS);
        }
        if self.thanks.public_text(thanks).is_some() {
            return Ok(());
        }
        let person = self.people.get(&actor).ok_or(refusal::UNKNOWN_PARTICIPANT)?;
        let text = KeptText::signed(person.name.as_str().to_owned(), None, secret, 0);
        let under = NoteId(QuestionId::from_u128(self.chance.id()));
        self.keep_text(under.0.as_u128(), Some(text));
        self.keep_fact(&Fact::ThanksShown { thanks, under });
        Ok(())
    }

    fn hide_thanks(
        &mut self,
        actor: ParticipantId,
        thanks: ThanksId,
        secret: Option<AuthorSecret>,
    ) -> Result<(), Refusal> {
        let seat = self.event_seat(Deed::HideThanks, actor)?;
        debug_assert!(seat.fits_event(&[Deed::HideThanks]), "{seat:?}");
        let theirs = self.is_for(thanks, actor);
        if !theirs && !secret.is_some_and(|secret| self.was_shown_with(thanks, secret)) {
            return Err(refusal::UNKNOWN_THANKS);
        }
        if self.thanks.to.contains_key(&thanks) {
            self.unshow(thanks);
        } else {
            // After the event nobody could show it again: what nobody sees is not kept.
            self.forget_thanks(thanks);
        }
        Ok(())
    }

    fn erase_thanks(
        &mut self,
        actor: ParticipantId,
        thanks: ThanksId,
        secret: Option<AuthorSecret>,
    ) -> Result<(), Refusal> {
        let gave = secret.is_some_and(|secret| self.is_author(thanks.as_u128(), secret));
        let was_thanked =
            self.is_for(thanks, actor) || secret.is_some_and(|secret| self.was_shown_with(thanks, secret));
        let known = self.thanks.to.contains_key(&thanks) || self.thanks.public_text(thanks).is_some();
        if known && (gave || was_thanked) {
            self.event_seat(Deed::HideThanks, actor)?;
        } else {
            self.event_seat(Deed::EraseOtherThanks, actor)?;
            if self.thanks.public_text(thanks).is_none() {
                return Err(refusal::UNKNOWN_THANKS);
            }
        }
        // Who takes a thanks back may thank anew; who was thanked and does not want it is not thanked again.
        let pair = self.thanks.to.get(&thanks).map(|row| row.pair.clone()).filter(|_| gave);
        if let Some(pair) = pair {
            self.keep_row(format!("thanked/{pair}"), None::<bool>);
        }
        self.forget_thanks(thanks);
        Ok(())
    }

    fn unshow(&mut self, thanks: ThanksId) {
        if let Some(name) = self.thanks.public_text(thanks) {
            self.keep_text(name.0.as_u128(), None);
            self.keep_fact(&Fact::ThanksHidden { thanks });
        }
    }

    fn forget_thanks(&mut self, thanks: ThanksId) {
        self.unshow(thanks);
        self.keep_text(thanks.as_u128(), None);
        if self.thanks.to.contains_key(&thanks) {
            self.keep_row(row_of(thanks), None::<ThankedRow>);
        }
    }

    /// The event is over: what nobody chose to show is erased, since nobody will be able to.
    pub(crate) fn forget_thanks_not_shown(&mut self) {
        let hidden = self
            .thanks
            .to
            .keys()
            .filter(|id| self.thanks.public_text(**id).is_none());
        for thanks in hidden.copied().collect::<Vec<_>>() {
            self.forget_thanks(thanks);
        }
    }
}

fn row_of(thanks: ThanksId) -> String {
    format!("thanks/{}", hex(thanks.as_u128()))
}
