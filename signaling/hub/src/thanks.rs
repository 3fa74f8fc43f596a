// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Thanks between participants. Whom one is for is working state, a row without a time that ends with the event; the words
//! are a text without a time. Only who was thanked makes it public, under the name they then have, and only that is a fact.

mod commands;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use fiera_protocol::ids::{DisplayName, ParticipantId, ThanksId};
use fiera_protocol::limits::THANKS_SHOWN_MAX;
use fiera_protocol::thanks::{ThanksView, YourThanks};
use fiera_protocol::view::{Change, StreamState};
use serde::{Deserialize, Serialize};

use crate::chance::Key;
use crate::fact::{Fact, NoteId};
use crate::hub::Hub;
use crate::keeping::{from_hex, row};
use crate::output::StreamKey;

/// All thanks of one event.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Thanks {
    /// Whom each is for; nobody's any more once the event is over.
    to: BTreeMap<ThanksId, ThankedRow>,
    /// The same by whom they are for.
    of: BTreeMap<ParticipantId, BTreeSet<ThanksId>>,
    /// Those that are shown, each with the text that holds the name of who was thanked, in the order in which they were.
    public: Vec<(ThanksId, NoteId)>,
    /// Those that followers see. What is hidden makes no room for older ones.
    shown: VecDeque<ThanksId>,
    /// Hides who thanked whom already; none before the first and after the end.
    key: Option<Key>,
    pairs: BTreeSet<u128>,
}

/// The row of a thanks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ThankedRow {
    to: ParticipantId,
    /// Who thanked whom, as a hash, so that it can be thanked anew once it is taken back.
    pair: String,
}

impl Thanks {
    fn public_text(&self, id: ThanksId) -> Option<NoteId> {
        self.public
            .iter()
            .find(|(known, _)| *known == id)
            .map(|(_, name)| *name)
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        let lasting = self.public.iter().filter(|(id, _)| !self.to.contains_key(id));
        self.to.len() + lasting.count()
    }

    /// How many are for one participant.
    pub(crate) fn count_for(&self, participant: ParticipantId) -> usize {
        self.of.get(&participant).map_or(0, BTreeSet::len)
    }

    /// Keeps or forgets whom one is for; says whom it was for before.
    fn set(&mut self, id: ThanksId, row: Option<ThankedRow>) -> Option<ParticipantId> {
        if let Some(row) = &row {
            self.of.entry(row.to).or_default().insert(id);
        }
        let now = row.as_ref().map(|row| row.to);
        let before = match row {
            Some(row) => self.to.insert(id, row),
            None => self.to.remove(&id),
        };
        let before = before.map(|row| row.to).filter(|before| now != Some(*before));
        if let Some(before) = before
            && let Some(theirs) = self.of.get_mut(&before)
        {
            theirs.remove(&id);
            if theirs.is_empty() {
                self.of.remove(&before);
            }
        }
        before
    }

    /// Whether those that followers see are among those that are shown, and both ways to find one lead to it.
    pub(crate) fn is_sound(&self) -> bool {
        let found = self.of.values().map(BTreeSet::len).sum::<usize>();
        found == self.to.len()
            && self.shown.len() <= THANKS_SHOWN_MAX
            && self.shown.iter().all(|id| self.public_text(*id).is_some())
    }
}

impl Hub {
    pub(crate) fn apply_thanks_fact(&mut self, fact: &Fact) {
        let thanks = &mut self.thanks;
        let id = match fact {
            Fact::ThanksShown { thanks: id, under } => {
                thanks.public.retain(|(known, _)| known != id);
                thanks.public.push((*id, *under));
                thanks.shown.retain(|known| known != id);
                thanks.shown.push_back(*id);
                if thanks.shown.len() > THANKS_SHOWN_MAX {
                    thanks.shown.pop_front();
                }
                *id
            }
            Fact::ThanksHidden { thanks: id } => {
                thanks.public.retain(|(known, _)| known != id);
                thanks.shown.retain(|known| known != id);
                *id
            }
            _ => return,
        };
        self.dirty.thanks = true;
        self.dirty.people.extend(self.thanks.to.get(&id).map(|row| row.to));
    }

    pub(crate) fn apply_thanks_row(&mut self, kind: &str, name: &[&str], value: Option<&[u8]>) {
        match (kind, name) {
            ("thankskey", []) => self.thanks.key = value.and_then(row),
            ("thanked", [pair]) => {
                let Some(pair) = from_hex(pair) else { return };
                if value.is_some() {
                    self.thanks.pairs.insert(pair);
                } else {
                    self.thanks.pairs.remove(&pair);
                }
            }
            ("thanks", [id]) => {
                let Some(id) = from_hex(id).map(ThanksId::from_u128) else {
                    return;
                };
                let now = value.and_then(row::<ThankedRow>);
                self.dirty.people.extend(now.as_ref().map(|row| row.to));
                let before = self.thanks.set(id, now);
                self.dirty.people.extend(before);
            }
            _ => {}
        }
    }

    /// Nobody can tell any more whom thanks were for, but by what is shown.
    pub(crate) fn wipe_thanks(&mut self) {
        self.dirty.people.extend(self.thanks.of.keys());
        self.thanks.to.clear();
        self.thanks.of.clear();
        self.thanks.pairs.clear();
        self.thanks.key = None;
    }

    /// The thanks that a text is of: its words, or the name of who shows it.
    pub(crate) fn thanks_of_text(&self, text: u128) -> Option<ThanksId> {
        let id = ThanksId::from_u128(text);
        let given = self.thanks.to.contains_key(&id) || self.thanks.public_text(id).is_some();
        let of_name = |(_, name): &&(ThanksId, NoteId)| name.0.as_u128() == text;
        let shown = || self.thanks.public.iter().find(of_name).map(|(id, _)| *id);
        given.then_some(id).or_else(shown)
    }

    /// The words of a thanks and the name of who gave it; none where they were erased.
    fn thanks_words(&self, id: ThanksId) -> Option<(DisplayName, Option<String>)> {
        let kept = self.texts.get(&id.as_u128())?;
        let by = DisplayName::try_from(kept.by.clone()?).ok()?;
        Some((by, Some(kept.text.clone()).filter(|text| !text.is_empty())))
    }

    fn thanks_view(&self, id: ThanksId) -> Option<ThanksView> {
        let name = self.texts.get(&self.thanks.public_text(id)?.0.as_u128())?;
        let to = DisplayName::try_from(name.text.clone()).ok()?;
        let (by, text) = self.thanks_words(id)?;
        Some(ThanksView {
            thanks: id,
            to,
            by,
            text,
        })
    }

    /// All thanks that are shown, in the order in which they were, also those that followers no longer see.
    pub(crate) fn public_thanks(&self) -> Vec<ThanksView> {
        let public = self.thanks.public.iter();
        public.filter_map(|(id, _)| self.thanks_view(*id)).collect()
    }

    /// Thanks for one participant, as they alone see them, in the order of their ids: when each came is nowhere kept.
    pub(crate) fn thanks_for(&self, participant: ParticipantId) -> Vec<YourThanks> {
        let theirs = self.thanks.of.get(&participant).into_iter().flatten();
        let view = |id: &ThanksId| {
            let (by, text) = self.thanks_words(*id)?;
            Some(YourThanks {
                thanks: *id,
                by,
                text,
                shown: self.thanks.public_text(*id).is_some(),
            })
        };
        theirs.filter_map(view).collect()
    }

    /// Tells everybody what is shown, in its order: one that is no longer there, or stands elsewhere, goes, and what is missing
    /// comes to the end.
    pub(crate) fn settle_thanks(&mut self) {
        let StreamState::Event(event) = self.stream.state() else {
            return;
        };
        let shown = self.thanks.shown.iter();
        let mut missing = shown.filter_map(|id| self.thanks_view(*id)).peekable();
        let mut changes = Vec::new();
        for told in &event.thanks {
            if missing.next_if_eq(told).is_none() {
                changes.push(Change::ThanksGone { thanks: told.thanks });
            }
        }
        changes.extend(missing.map(|thanks| Change::Thanks { thanks }));
        for change in changes {
            self.publish(StreamKey::Event, change);
        }
    }

    /// Whether followers know those that are shown.
    pub(crate) fn thanks_are_told(&self) -> bool {
        let StreamState::Event(event) = self.stream.state() else {
            return false;
        };
        let now = self.thanks.shown.iter().filter_map(|id| self.thanks_view(*id));
        self.thanks.is_sound() && now.eq(event.thanks.iter().cloned())
    }
}
