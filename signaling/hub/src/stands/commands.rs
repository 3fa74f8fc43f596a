// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! What keepers, visitors and moderators do with stands: decided here, kept, and made true by what was kept.

use fiera_protocol::ids::{AuthorSecret, MessageId, ParticipantId, Role, RoomId, StandId};
use fiera_protocol::limits::{
    ASK_WINDOW_MS, ASKS_PER_WINDOW_MAX, STAND_CHANGES_PER_WINDOW_MAX, STAND_KEEPERS_MAX, STAND_MESSAGES_MAX,
    STAND_WINDOW_MS, STANDS_EVER_MAX, STANDS_OPENED_PER_PARTICIPANT_MAX, STANDS_PER_PARTICIPANT_MAX,
};
use fiera_protocol::stands::{StandContent, StandFault, StandState, StandStep, StandsOpenTo};
use fiera_protocol::text::StandMessageText;

use super::{Stand, keeper_row, opened_row, opener_row};
use crate::access::{self, Deed};
use crate::chance::hashed;
use crate::fact::{Fact, KeptText};
use crate::hub::Hub;
use crate::input::Now;
use crate::keeping::hex;
use crate::refusal::{self, Refusal};

impl Hub {
    pub(crate) fn stand_command(&mut self, now: Now, actor: ParticipantId, step: StandStep) -> Result<(), Refusal> {
        match step {
            StandStep::Open { content, secret } => self.open_stand(now, actor, &content, secret),
            StandStep::Keep { stand, secret } => self.keep_stand(actor, stand, secret),
            StandStep::Edit {
                stand,
                revision,
                content,
            } => self.edit_stand(now, actor, stand, revision, &content),
            StandStep::Set { stand, state } => self.set_stand(now, actor, stand, state),
            StandStep::Remove { stand, secret } => self.remove_stand(actor, stand, secret),
            StandStep::Renew { stand, secret, fresh } => self.renew_stand(now, actor, stand, secret, fresh),
            StandStep::Reuse {
                stand,
                on,
                organisation,
            } => self.reuse_stand(now, actor, stand, on, organisation.as_ref()),
            StandStep::EraseAdopter { stand, adopter } => self.erase_adopter(actor, stand, adopter),
            StandStep::Leave {
                stand,
                text,
                anonymous,
                secret,
            } => self.leave_stand_message(now, actor, stand, &text, (anonymous, secret)),
            StandStep::EraseMessage { stand, message, secret } => {
                self.erase_stand_message(actor, stand, message, secret)
            }
            StandStep::GiveWord { stand, participant, on } => self.give_word(actor, stand, participant, on),
        }
    }

    /// A stand that somebody may see.
    pub(super) fn seen_stand(&self, actor: ParticipantId, id: StandId) -> Result<&Stand, Refusal> {
        let stand = self.stands.all.get(&id).ok_or(refusal::UNKNOWN_STAND)?;
        let role = self.people.get(&actor).ok_or(refusal::UNKNOWN_PARTICIPANT)?.role;
        let hidden = stand.state == StandState::Hidden;
        if hidden && !self.stands.is_keeper(id, actor) && !access::moderates(role) {
            return Err(refusal::UNKNOWN_STAND);
        }
        Ok(stand)
    }

    /// A stand that somebody runs: as one of its keepers, or as a moderator.
    pub(super) fn run_stand(&self, deed: Deed, actor: ParticipantId, id: StandId) -> Result<&Stand, Refusal> {
        let seat = self.event_seat(deed, actor)?;
        debug_assert!(seat.fits_event(&[deed]), "{seat:?}");
        let stand = self.seen_stand(actor, id)?;
        let role = self.people.get(&actor).ok_or(refusal::UNKNOWN_PARTICIPANT)?.role;
        if self.stands.is_keeper(id, actor) || access::moderates(role) {
            return Ok(stand);
        }
        Err(refusal::NOT_YOUR_STAND)
    }

    pub(super) fn stand_pace(&mut self, now: Now, actor: ParticipantId) -> Result<(), Refusal> {
        let pace = self.paces.of(actor, now.mono_ms);
        if pace
            .stands
            .take(now.mono_ms, STAND_CHANGES_PER_WINDOW_MAX, STAND_WINDOW_MS)
        {
            return Ok(());
        }
        Err(refusal::STANDS_TOO_FAST)
    }

    /// Whether the words of a stand may be shown.
    fn fits_stand(&self, content: &StandContent) -> Result<(), Refusal> {
        content.check().map_err(|fault| match fault {
            StandFault::TooMany => refusal::STAND_TOO_LONG,
            StandFault::SameTag => refusal::STAND_SAME_TAG,
            StandFault::Hours => refusal::STAND_HOURS,
        })?;
        let card = &content.card;
        let longer = [&card.problem, &card.context, &card.method, &card.results];
        let lines = [&card.tool, &card.contact, &card.licence];
        let longer = longer.into_iter().flatten().map(|text| text.as_str());
        let lines = lines.into_iter().flatten().map(|text| text.as_str());
        let tags = content.tags.iter().map(|tag| tag.as_str());
        let links = content.links.iter().map(|link| link.title.as_str());
        let words = [content.name.as_str(), content.line.as_str()].into_iter();
        for text in words.chain(tags).chain(links).chain(longer).chain(lines) {
            self.lets_through(text)?;
        }
        Ok(())
    }

    fn open_stand(
        &mut self,
        now: Now,
        actor: ParticipantId,
        content: &StandContent,
        secret: AuthorSecret,
    ) -> Result<(), Refusal> {
        let seat = self.event_seat(Deed::OpenStand, actor)?;
        debug_assert!(seat.fits_event(&[Deed::OpenStand]), "{seat:?}");
        self.has_voice(actor)?;
        let person = self.people.get(&actor).ok_or(refusal::UNKNOWN_PARTICIPANT)?;
        let (role, name) = (person.role, person.name.as_str().to_owned());
        let from = match self.stands.config.open_to {
            StandsOpenTo::Nobody => Role::Moderator,
            StandsOpenTo::Invited => Role::Speaker,
            StandsOpenTo::Anyone => Role::Attendee,
        };
        if role < from {
            return Err(refusal::STANDS_NOT_OPEN);
        }
        if self.stands.all.len() >= self.stands.config.max || self.stands.rooms.len() >= STANDS_EVER_MAX {
            return Err(refusal::TOO_MANY_STANDS);
        }
        let opened = self.stands.opened_by(actor);
        if opened >= STANDS_OPENED_PER_PARTICIPANT_MAX {
            return Err(refusal::OPENED_ENOUGH);
        }
        self.may_keep_more(actor)?;
        self.fits_stand(content)?;
        self.stand_pace(now, actor)?;
        let stand = StandId::from_u128(self.chance.id());
        self.place_stand(stand, content, (Some(name), Some(secret)), now);
        self.keep_row(keeper_row(stand, actor), Some(true));
        self.keep_row(opener_row(stand), Some(actor));
        self.keep_row(opened_row(actor), Some(opened + 1));
        Ok(())
    }

    /// Keeps a stand and its room.
    pub(super) fn place_stand(
        &mut self,
        stand: StandId,
        content: &StandContent,
        (by, secret): (Option<String>, Option<AuthorSecret>),
        now: Now,
    ) {
        let Ok(room) = format!("stand-{}", hex(stand.as_u128())).parse::<RoomId>() else {
            debug_assert!(false, "hexadecimal digits make an id");
            return;
        };
        let kept = KeptText {
            by,
            owner: secret.map(|secret| hex(hashed(secret.as_u128()))),
            ..KeptText::plain(written(content), now.unix_min())
        };
        self.keep_text(stand.as_u128(), Some(kept));
        self.keep_fact(&Fact::StandOpened { stand, room });
    }

    fn may_keep_more(&self, actor: ParticipantId) -> Result<(), Refusal> {
        let kept = self.stands.kept.get(&actor).map_or(0, std::collections::BTreeSet::len);
        if kept >= STANDS_PER_PARTICIPANT_MAX {
            return Err(refusal::KEEPS_ENOUGH);
        }
        Ok(())
    }

    fn keep_stand(&mut self, actor: ParticipantId, id: StandId, secret: AuthorSecret) -> Result<(), Refusal> {
        let seat = self.event_seat(Deed::KeepStand, actor)?;
        debug_assert!(seat.fits_event(&[Deed::KeepStand]), "{seat:?}");
        let stand = self.stands.all.get(&id).ok_or(refusal::UNKNOWN_STAND)?;
        let role = self.people.get(&actor).ok_or(refusal::UNKNOWN_PARTICIPANT)?.role;
        // A stand of the setup has no keeper at first: an organiser takes it, and passes it on.
        let unowned = self.texts.get(&id.as_u128()).is_some_and(|kept| kept.owner.is_none());
        let takes = unowned && role == Role::Organiser;
        if !takes && !self.is_author(id.as_u128(), secret) {
            return Err(refusal::NOT_YOUR_STAND);
        }
        if stand.keepers.contains(&actor) {
            return Ok(());
        }
        if stand.keepers.len() >= STAND_KEEPERS_MAX {
            return Err(refusal::KEEPERS_ENOUGH);
        }
        self.may_keep_more(actor)?;
        if takes {
            self.give_secret(id, secret);
            self.keep_row(opener_row(id), Some(actor));
        }
        self.keep_row(keeper_row(id, actor), Some(true));
        Ok(())
    }

    /// The one secret of a stand; the hash of the one before is erased for good.
    fn give_secret(&mut self, id: StandId, secret: AuthorSecret) {
        if let Some(kept) = self.texts.get(&id.as_u128()).cloned() {
            let owner = Some(hex(hashed(secret.as_u128())));
            self.keep_text(id.as_u128(), None);
            self.keep_text(id.as_u128(), Some(KeptText { owner, ..kept }));
        }
    }

    fn renew_stand(
        &mut self,
        now: Now,
        actor: ParticipantId,
        id: StandId,
        secret: AuthorSecret,
        fresh: AuthorSecret,
    ) -> Result<(), Refusal> {
        let seat = self.event_seat(Deed::RenewStand, actor)?;
        debug_assert!(seat.fits_event(&[Deed::RenewStand]), "{seat:?}");
        let stand = self.stands.all.get(&id).ok_or(refusal::UNKNOWN_STAND)?;
        let role = self.people.get(&actor).map(|person| person.role);
        if role.is_none_or(|role| role < Role::Moderator) {
            if !self.is_author(id.as_u128(), secret) {
                return Err(refusal::NOT_YOUR_STAND);
            }
            // Whoever came by the link cannot shut out who passed it on.
            if stand.opener.is_some_and(|opener| opener != actor) {
                return Err(refusal::NOT_THE_OPENER);
            }
        }
        let stay = [Some(actor), stand.opener];
        let others = stand.keepers.iter().filter(|keeper| !stay.contains(&Some(**keeper)));
        let others: Vec<String> = others.map(|keeper| keeper_row(id, *keeper)).collect();
        self.stand_pace(now, actor)?;
        self.give_secret(id, fresh);
        for row in others {
            self.keep_row(row, None::<bool>);
        }
        Ok(())
    }

    fn edit_stand(
        &mut self,
        now: Now,
        actor: ParticipantId,
        id: StandId,
        revision: u32,
        content: &StandContent,
    ) -> Result<(), Refusal> {
        let seat = self.event_seat(Deed::EditStand, actor)?;
        debug_assert!(seat.fits_event(&[Deed::EditStand]), "{seat:?}");
        let stand = self.seen_stand(actor, id)?;
        if !stand.keepers.contains(&actor) {
            return Err(refusal::NOT_YOUR_STAND);
        }
        if stand.revision != revision {
            return Err(refusal::STAND_CHANGED);
        }
        self.has_voice(actor)?;
        self.fits_stand(content)?;
        self.stand_pace(now, actor)?;
        self.reword(id.as_u128(), &written(content));
        self.keep_fact(&Fact::StandEdited { stand: id });
        Ok(())
    }

    fn leave_stand_message(
        &mut self,
        now: Now,
        actor: ParticipantId,
        id: StandId,
        text: &StandMessageText,
        (anonymous, secret): (bool, AuthorSecret),
    ) -> Result<(), Refusal> {
        let seat = self.event_seat(Deed::LeaveStandMessage, actor)?;
        debug_assert!(seat.fits_event(&[Deed::LeaveStandMessage]), "{seat:?}");
        let stand = self.seen_stand(actor, id)?;
        self.has_voice(actor)?;
        if stand.messages.len() >= STAND_MESSAGES_MAX {
            return Err(refusal::TOO_MANY_STAND_MESSAGES);
        }
        self.lets_through(text.as_str())?;
        let pace = self.paces.of(actor, now.mono_ms);
        if !pace.asks.take(now.mono_ms, ASKS_PER_WINDOW_MAX, ASK_WINDOW_MS) {
            return Err(refusal::ASKS_TOO_FAST);
        }
        let name = self.people.get(&actor).map(|person| person.name.as_str().to_owned());
        let message = MessageId::from_u128(self.chance.id());
        let (text, by) = (text.as_str().to_owned(), name.filter(|_| !anonymous));
        let kept = KeptText::signed(text, by, secret, now.unix_min());
        self.keep_text(message.as_u128(), Some(kept));
        self.keep_fact(&Fact::StandMessageLeft { stand: id, message });
        Ok(())
    }

    fn erase_stand_message(
        &mut self,
        actor: ParticipantId,
        id: StandId,
        message: Option<MessageId>,
        secret: Option<AuthorSecret>,
    ) -> Result<(), Refusal> {
        let seat = self.event_seat(Deed::EraseStandMessage, actor)?;
        debug_assert!(seat.fits_event(&[Deed::EraseStandMessage]), "{seat:?}");
        let stand = self.stands.all.get(&id).ok_or(refusal::UNKNOWN_STAND)?;
        let proves = |text: u128| secret.is_some_and(|secret| self.is_author(text, secret));
        let own = |message: &MessageId| proves(message.as_u128());
        let erased: Vec<MessageId> = match message {
            None => stand.messages.iter().filter(|message| own(message)).copied().collect(),
            Some(message) => {
                let there = stand.messages.contains(&message);
                let keeps = stand.keepers.contains(&actor) || proves(id.as_u128());
                if !(keeps || there && own(&message)) {
                    return Err(refusal::NOT_YOUR_STAND_MESSAGE);
                }
                there.then_some(message).into_iter().collect()
            }
        };
        if erased.is_empty() {
            return Err(refusal::UNKNOWN_MESSAGE);
        }
        for message in erased {
            self.keep_text(message.as_u128(), None);
            self.keep_fact(&Fact::StandMessageErased { stand: id, message });
        }
        Ok(())
    }
}

/// The content as it stands in the table of texts.
fn written(content: &StandContent) -> String {
    let written = serde_json::to_string(content);
    debug_assert!(written.is_ok(), "{written:?}");
    written.unwrap_or_default()
}
