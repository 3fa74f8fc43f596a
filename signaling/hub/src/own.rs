// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Finds texts by the secrets they were written with, for who kept them: the hub knows hashes and no authors.

use std::collections::{BTreeMap, BTreeSet};

use fiera_protocol::codec::encode;
use fiera_protocol::fair::{OwnMessage, OwnQuestion, QuestionStage, QuestionView};
use fiera_protocol::ideas::OwnIdea;
use fiera_protocol::ids::{AuthorSecret, IdeaId, MessageId, QuestionId, StandId};
use fiera_protocol::limits::SECRETS_AT_ONCE_MAX;
use fiera_protocol::server::ServerMessage;
use fiera_protocol::stands::OwnStand;
use fiera_protocol::thanks::OwnThanks;

use crate::chance::hashed;
use crate::fact::KeptText;
use crate::hub::Hub;
use crate::input::ConnectionId;
use crate::keeping::from_hex;
use crate::questions::is_public;
use crate::refusal;
use crate::view;

/// Ids of texts by the hash of the secret of who wrote them.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Owners(BTreeMap<u128, BTreeSet<u128>>);

impl Owners {
    /// Those of all texts.
    pub(crate) fn of(texts: &BTreeMap<u128, KeptText>) -> Self {
        let mut owners = Self::default();
        texts.iter().for_each(|(id, text)| owners.add(*id, text));
        owners
    }

    pub(crate) fn add(&mut self, id: u128, text: &KeptText) {
        if let Some(owner) = text.owner.as_deref().and_then(from_hex) {
            self.0.entry(owner).or_default().insert(id);
        }
    }

    pub(crate) fn remove(&mut self, id: u128, text: &KeptText) {
        let Some(owner) = text.owner.as_deref().and_then(from_hex) else {
            return;
        };
        if let Some(ids) = self.0.get_mut(&owner) {
            ids.remove(&id);
            if ids.is_empty() {
                self.0.remove(&owner);
            }
        }
    }

    fn written_with(&self, secret: AuthorSecret) -> impl Iterator<Item = u128> {
        self.0.get(&hashed(secret.as_u128())).into_iter().flatten().copied()
    }
}

impl Hub {
    /// Tells one connection which texts its secrets were given with.
    pub(crate) fn mine(&mut self, conn: ConnectionId, secrets: &[AuthorSecret]) {
        if !self.connections.contains_key(&conn) {
            return;
        }
        if secrets.len() > SECRETS_AT_ONCE_MAX {
            self.tell(conn, view::refused(None, refusal::TOO_MANY_SECRETS));
            return;
        }
        let (mut questions, mut messages, mut stands) = (Vec::new(), Vec::new(), Vec::new());
        let (mut ideas, mut thanks) = (Vec::new(), Vec::new());
        for secret in secrets.iter().copied().collect::<BTreeSet<_>>() {
            for text in self.owners.written_with(secret) {
                let (message, stand) = (MessageId::from_u128(text), StandId::from_u128(text));
                match self.own_question(secret, QuestionId::from_u128(text)) {
                    Some(question) => questions.push(question),
                    None if self.ideas.get(IdeaId::from_u128(text)).is_some() => {
                        let idea = IdeaId::from_u128(text);
                        ideas.push(OwnIdea { secret, idea });
                    }
                    None if self.thanks_of_text(text).is_some() => {
                        thanks.extend(self.thanks_of_text(text).map(|thanks| OwnThanks { secret, thanks }));
                    }
                    None if self.is_shown(message) => messages.push(OwnMessage { secret, message }),
                    None if self.is_stand(stand) => stands.push(OwnStand { secret, stand }),
                    None => {}
                }
            }
        }
        let mine = ServerMessage::Mine {
            questions,
            messages,
            stands,
            ideas,
            thanks,
        };
        self.tell(conn, encode(&mine));
    }

    fn is_shown(&self, message: MessageId) -> bool {
        let shown = |backstage, room: &crate::room::Room| room.chat(backstage).shown().contains(&message);
        self.rooms.values().any(|room| shown(false, room) || shown(true, room))
    }

    fn own_question(&self, secret: AuthorSecret, id: QuestionId) -> Option<OwnQuestion> {
        let (room_id, question) = self
            .rooms
            .iter()
            .find_map(|(room_id, room)| Some((room_id, room.questions.get(id)?)))?;
        let shown = view::question(id, question, &self.texts)?;
        // Why it is not taken up, and how one that is not public is sorted, is between moderators; who is where is told
        // in their own room alone.
        let note = shown.note.filter(|_| shown.stage != QuestionStage::Dismissed);
        let labels = shown.labels.into_iter().filter(|_| is_public(question.stage)).collect();
        let assigned = None;
        Some(OwnQuestion {
            secret,
            room: room_id.clone(),
            question: QuestionView {
                note,
                labels,
                assigned,
                ..shown
            },
            merged_into: question.merged_into(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Owners;
    use crate::fact::KeptText;

    #[test]
    fn what_is_removed_is_not_found_and_leaves_nothing() {
        let secret = fiera_protocol::ids::AuthorSecret::from_u128(7);
        let text = KeptText::signed("x".to_owned(), None, secret, 0);
        let mut owners = Owners::default();
        (0..3).for_each(|id| owners.add(id, &text));
        assert_eq!(owners.written_with(secret).collect::<Vec<_>>(), [0, 1, 2]);
        (0..3).for_each(|id| owners.remove(id, &text));
        assert_eq!(owners, Owners::default());
    }
}
