// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Stands: who opened and keeps which, what they show, who would reuse it, messages for their keepers.

use std::collections::{BTreeMap, BTreeSet};

use fiera_protocol::client::Command;
use fiera_protocol::fair::RoomSettings;
use fiera_protocol::ids::{
    AdopterId, AuthorSecret, DisplayName, MessageId, ParticipantId, Role, RoomId, RoomKind, StandId,
};
use fiera_protocol::limits::{
    ADOPTERS_PER_STAND_MAX, ASK_WINDOW_MS, ASKS_PER_WINDOW_MAX, STAND_CHANGES_PER_WINDOW_MAX, STAND_KEEPERS_MAX,
    STAND_MESSAGES_MAX, STAND_WINDOW_MS, STANDS_EVER_MAX, STANDS_OPENED_PER_PARTICIPANT_MAX,
    STANDS_PER_PARTICIPANT_MAX,
};
use fiera_protocol::stands::{StandContent, StandState, StandStep, StandsOpenTo};
use fiera_protocol::view::Place;

use super::{Drawn, Kept, Model, Room, Verdict};
use crate::shared::Shared;

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Stand {
    pub(crate) id: StandId,
    pub(crate) room: RoomId,
    pub(crate) state: StandState,
    pub(crate) revision: u32,
    pub(crate) order: u32,
    pub(crate) content: StandContent,
    pub(crate) by: Option<DisplayName>,
    pub(crate) secret: Option<AuthorSecret>,
    pub(crate) keepers: BTreeSet<ParticipantId>,
    opener: Option<ParticipantId>,
    pub(crate) adopters: Vec<(AdopterId, String)>,
    /// Who would reuse it, with the name of the organisation that they gave.
    pub(crate) said: BTreeMap<ParticipantId, Option<AdopterId>>,
    /// Once nobody can tell any more who it was.
    pub(crate) counted: Option<usize>,
    pub(crate) messages: Vec<Message>,
}

/// For the keepers alone.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Message {
    pub(crate) id: MessageId,
    pub(crate) by: Option<DisplayName>,
    pub(crate) text: String,
    pub(crate) secret: AuthorSecret,
    pub(crate) at_unix_ms: u64,
}

impl Stand {
    pub(crate) fn reuse(&self) -> usize {
        self.counted.unwrap_or(self.said.len())
    }

    pub(crate) fn is_hidden(&self) -> bool {
        self.state == StandState::Hidden
    }
}

impl Kept {
    pub(crate) fn stand(&self, id: StandId) -> Option<&Stand> {
        self.stands.iter().find(|stand| stand.id == id)
    }

    fn stand_mut(&mut self, id: StandId) -> &mut Stand {
        self.stands.iter_mut().find(|stand| stand.id == id).expect("known")
    }

    pub(crate) fn stand_of(&self, room: &RoomId) -> Option<&Stand> {
        self.stands.iter().find(|stand| stand.room == *room)
    }

    fn keeps(&self, who: ParticipantId) -> usize {
        self.stands.iter().filter(|stand| stand.keepers.contains(&who)).count()
    }

    /// J9, B4: the event is over.
    pub(crate) fn forget_keepers(&mut self) {
        self.opened.clear();
        for stand in self.stands.iter_mut() {
            stand.counted = Some(stand.reuse());
            stand.said.clear();
            stand.keepers.clear();
            stand.opener = None;
        }
    }
}

fn words(content: &StandContent) -> impl Iterator<Item = &str> {
    let tags = content.tags.iter().map(|tag| tag.as_str());
    let card = content.card.problem.iter().map(|text| text.as_str());
    let line = content.card.tool.iter().map(|text| text.as_str());
    [content.name.as_str(), content.line.as_str()]
        .into_iter()
        .chain(tags)
        .chain(card)
        .chain(line)
}

impl Model {
    /// J7: for whom a stand is there at all.
    pub(crate) fn sees_stand(&self, who: ParticipantId, stand: &Stand) -> bool {
        !stand.is_hidden() || self.runs_stand(who, stand)
    }

    fn runs_stand(&self, who: ParticipantId, stand: &Stand) -> bool {
        stand.keepers.contains(&who) || self.moderates(who)
    }

    /// Q17, J12: whether promises made in a room are for everybody.
    pub(crate) fn promises_in(&self, room: &RoomId) -> bool {
        let listed = self.kept.round_of(room).is_none();
        listed && !self.kept.stand_of(room).is_some_and(Stand::is_hidden)
    }

    /// J11: whether somebody may publish there whatever their role.
    pub(super) fn speaks_at_stand(&self, who: ParticipantId, room: &RoomId) -> bool {
        let keeps = self
            .kept
            .stand_of(room)
            .is_some_and(|stand| stand.keepers.contains(&who));
        keeps || self.here.words.get(room).is_some_and(|words| words.contains(&who))
    }

    /// J7: whether a room lets somebody in, as far as it is that of a stand.
    pub(super) fn may_visit(&self, who: ParticipantId, room: &RoomId) -> bool {
        match self.kept.stand_of(room) {
            Some(stand) => stand.state == StandState::Open || self.runs_stand(who, stand),
            // The rooms of stands that were removed stay, and nobody gets in.
            None => self.room(room).kind != RoomKind::Stand,
        }
    }

    fn stand_pace(&self, who: ParticipantId) -> bool {
        let recent = |at: &&u64| **at + STAND_WINDOW_MS > self.now_ms;
        let changes = self.here.stand_changes.get(&who);
        changes.map_or(0, |at| at.iter().filter(recent).count()) < STAND_CHANGES_PER_WINDOW_MAX as usize
    }

    fn changed_stand(&mut self, who: ParticipantId) {
        let now_ms = self.now_ms;
        self.here.stand_changes.entry(who).or_default().push(now_ms);
    }

    fn asks_lately(&self, who: ParticipantId) -> usize {
        let recent = |at: &&u64| **at + ASK_WINDOW_MS > self.now_ms;
        self.here
            .asks
            .get(&who)
            .map_or(0, |at| at.iter().filter(recent).count())
    }

    /// J9: whether what somebody says is what they said, and what they said.
    fn said(&self, who: ParticipantId, stand: &Stand) -> (bool, Option<AdopterId>) {
        let said = stand.said.get(&who);
        let named = said.copied().flatten();
        // A moderator may have erased the name meanwhile.
        (
            said.is_some(),
            named.filter(|named| stand.adopters.iter().any(|(id, _)| id == named)),
        )
    }

    fn says_the_same(&self, who: ParticipantId, stand: &Stand, on: bool, organisation: Option<&str>) -> bool {
        let (said, named) = self.said(who, stand);
        let written = |id: AdopterId| {
            stand
                .adopters
                .iter()
                .find(|(of, _)| *of == id)
                .map(|(_, text)| text.as_str())
        };
        said == on && named.and_then(written) == organisation
    }

    pub(super) fn judge_stand(&self, actor: ParticipantId, command: &Command) -> Option<Verdict> {
        let Command::Stand { step } = command else { return None };
        let fits = |content: &StandContent| self.has_voice(actor) && words(content).all(|text| self.lets_through(text));
        let found = |id: &StandId| self.kept.stand(*id);
        let seen = |id: &StandId| found(id).filter(|stand| self.sees_stand(actor, stand));
        let run = |id: &StandId| found(id).filter(|stand| self.runs_stand(actor, stand));
        let role = self.role(actor);
        let fits = match step {
            StandStep::Open { content, .. } => {
                let from = match self.stands_open_to {
                    StandsOpenTo::Nobody => Role::Moderator,
                    StandsOpenTo::Invited => Role::Speaker,
                    StandsOpenTo::Anyone => Role::Attendee,
                };
                let opened = self.kept.opened.get(&actor).copied().unwrap_or(0);
                role >= from
                    && self.kept.stands.len() < self.stands_max
                    && (self.kept.stands_ever as usize) < STANDS_EVER_MAX
                    && opened < STANDS_OPENED_PER_PARTICIPANT_MAX
                    && self.kept.keeps(actor) < STANDS_PER_PARTICIPANT_MAX
                    && fits(content)
                    && self.stand_pace(actor)
            }
            StandStep::Keep { stand, secret } => found(stand).is_some_and(|stand| {
                let takes = stand.secret.is_none() && role == Role::Organiser;
                let space =
                    stand.keepers.len() < STAND_KEEPERS_MAX && self.kept.keeps(actor) < STANDS_PER_PARTICIPANT_MAX;
                (takes || stand.secret == Some(*secret)) && (stand.keepers.contains(&actor) || space)
            }),
            StandStep::Edit {
                stand,
                revision,
                content,
            } => {
                let own = found(stand).is_some_and(|of| of.keepers.contains(&actor) && of.revision == *revision);
                own && fits(content) && self.stand_pace(actor)
            }
            StandStep::Set { stand, state } => run(stand).is_some_and(|stand| {
                let hides = stand.is_hidden() || *state == StandState::Hidden;
                (!hides || self.moderates(actor)) && (stand.state == *state || self.stand_pace(actor))
            }),
            StandStep::Remove { stand, secret } => {
                let proves = |of: &Stand| secret.is_some() && *secret == of.secret;
                found(stand).is_some_and(|of| proves(of) || self.runs_stand(actor, of))
            }
            StandStep::Renew { stand, secret, .. } => found(stand).is_some_and(|stand| {
                let own = stand.secret == Some(*secret) && stand.opener.is_none_or(|opener| opener == actor);
                (self.moderates(actor) || own) && self.stand_pace(actor)
            }),
            StandStep::Reuse {
                stand,
                on,
                organisation,
            } => seen(stand).is_some_and(|stand| {
                let organisation = organisation.as_ref().map(|text| text.as_str()).filter(|_| *on);
                if self.says_the_same(actor, stand, *on, organisation) {
                    return true;
                }
                let named = self.said(actor, stand).1.is_some();
                let space = organisation.is_none() || named || stand.adopters.len() < ADOPTERS_PER_STAND_MAX;
                let words = organisation.is_none_or(|text| self.has_voice(actor) && self.lets_through(text));
                space && words && self.stand_pace(actor)
            }),
            StandStep::EraseAdopter { stand, adopter } => {
                run(stand).is_some_and(|stand| stand.adopters.iter().any(|(id, _)| id == adopter))
            }
            StandStep::Leave { stand, text, .. } => {
                let space = |stand: &Stand| stand.messages.len() < STAND_MESSAGES_MAX;
                let pace = self.asks_lately(actor) < ASKS_PER_WINDOW_MAX as usize;
                seen(stand).is_some_and(space) && self.has_voice(actor) && self.lets_through(text.as_str()) && pace
            }
            StandStep::EraseMessage { stand, message, secret } => {
                found(stand).is_some_and(|stand| self.erases(actor, stand, *message, *secret).is_some())
            }
            StandStep::GiveWord { stand, participant, .. } => {
                run(stand).is_some_and(|stand| self.people_in(&stand.room).contains(participant))
            }
        };
        Some(fits.into())
    }

    /// J8: the messages that somebody may erase so; none where they may not, or there are none.
    fn erases(
        &self,
        who: ParticipantId,
        stand: &Stand,
        message: Option<MessageId>,
        secret: Option<AuthorSecret>,
    ) -> Option<Vec<MessageId>> {
        let own = |one: &&Message| secret == Some(one.secret);
        let keeps = stand.keepers.contains(&who) || secret.is_some() && secret == stand.secret;
        let all = stand.messages.iter();
        let erased: Vec<MessageId> = match message {
            None => all.filter(own).map(|one| one.id).collect(),
            Some(id) => all
                .filter(|one| one.id == id && (keeps || own(one)))
                .map(|one| one.id)
                .collect(),
        };
        Some(erased).filter(|erased| !erased.is_empty())
    }

    /// A stand of the setup, or one that somebody opened.
    pub(crate) fn place_stand(
        &mut self,
        (id, room): (StandId, RoomId),
        content: &StandContent,
        (by, secret): (Option<DisplayName>, Option<AuthorSecret>),
    ) {
        let settings = RoomSettings {
            moderated: false,
            questions_closed: false,
            chat_open: true,
            links_off: false,
            slow_mode_s: 0,
        };
        let before = self
            .kept
            .rooms
            .insert(room.clone(), Shared::new(Room::new(RoomKind::Stand, settings)));
        assert!(before.is_none(), "J1: {room} is another room's name");
        self.here.on_air.insert(room.clone(), Vec::new());
        self.here.waiting.insert(room.clone(), Vec::new());
        let order = self.kept.stands_ever;
        self.kept.stands_ever += 1;
        self.kept.stands.push(Stand {
            id,
            room,
            state: StandState::Open,
            revision: 0,
            order,
            content: content.clone(),
            by,
            secret,
            keepers: BTreeSet::new(),
            opener: None,
            adopters: Vec::new(),
            said: BTreeMap::new(),
            counted: None,
            messages: Vec::new(),
        });
    }

    pub(super) fn do_stand(&mut self, actor: ParticipantId, command: &Command, drawn: &Drawn<'_>) {
        let Command::Stand { step } = command else { return };
        match step {
            StandStep::Open { content, secret } => {
                let (id, by) = (drawn.of("stand_opened", "stand"), self.name(actor));
                let room = drawn.of("stand_opened", "room");
                self.place_stand((id, room), content, (Some(by), Some(*secret)));
                let stand = self.kept.stand_mut(id);
                stand.keepers.insert(actor);
                stand.opener = Some(actor);
                *self.kept.opened.entry(actor).or_default() += 1;
                self.changed_stand(actor);
            }
            StandStep::Keep { stand, secret } => {
                let stand = self.kept.stand_mut(*stand);
                if stand.keepers.insert(actor) && stand.secret.is_none() {
                    (stand.secret, stand.opener) = (Some(*secret), Some(actor));
                }
            }
            StandStep::Edit { stand, content, .. } => {
                let stand = self.kept.stand_mut(*stand);
                stand.content = (**content).clone();
                stand.revision += 1;
                self.changed_stand(actor);
            }
            StandStep::Set { stand, state } => {
                let known = self.kept.stand_mut(*stand);
                if std::mem::replace(&mut known.state, *state) != *state {
                    let room = known.room.clone();
                    self.changed_stand(actor);
                    for who in self.people_in(&room) {
                        if !self.may_visit(who, &room) {
                            self.go_to(who, None);
                        }
                    }
                }
            }
            StandStep::Remove { stand, .. } => {
                let room = self.kept.stand(*stand).expect("judged").room.clone();
                self.kept.stands.retain(|known| known.id != *stand);
                for who in self.people_in(&room) {
                    self.go_to(who, None);
                }
                let empty = Room::new(RoomKind::Stand, self.room(&room).settings);
                self.here.clocks.remove(&room);
                self.here.directions.remove(&room);
                self.forget_said(&room);
                *self.room_mut(&room) = empty;
            }
            StandStep::Renew { stand, fresh, .. } => {
                let known = self.kept.stand_mut(*stand);
                known.secret = Some(*fresh);
                let stay = [Some(actor), known.opener];
                known.keepers.retain(|keeper| stay.contains(&Some(*keeper)));
                let room = known.room.clone();
                self.changed_stand(actor);
                for who in self.people_in(&room) {
                    self.lose_the_word(who);
                }
            }
            StandStep::Reuse {
                stand,
                on,
                organisation,
            } => {
                let known = self.kept.stand(*stand).expect("judged");
                let organisation = organisation
                    .as_ref()
                    .map(|text| text.as_str().to_owned())
                    .filter(|_| *on);
                if self.says_the_same(actor, known, *on, organisation.as_deref()) {
                    return;
                }
                let (_, named) = self.said(actor, known);
                self.changed_stand(actor);
                let known = self.kept.stand_mut(*stand);
                known.adopters.retain(|(id, _)| Some(*id) != named);
                let adopter = organisation.map(|text| {
                    let id: AdopterId = drawn.of("stand_adopted", "adopter");
                    known.adopters.push((id, text));
                    id
                });
                if *on {
                    known.said.insert(actor, adopter);
                } else {
                    known.said.remove(&actor);
                }
            }
            StandStep::EraseAdopter { stand, adopter } => {
                let known = self.kept.stand_mut(*stand);
                known.adopters.retain(|(id, _)| id != adopter);
            }
            StandStep::Leave {
                stand,
                text,
                anonymous,
                secret,
            } => {
                self.here.asks.entry(actor).or_default().push(drawn.now_ms);
                let by = Some(self.name(actor)).filter(|_| !anonymous);
                self.kept.stand_mut(*stand).messages.push(Message {
                    id: drawn.of("stand_message_left", "message"),
                    by,
                    text: text.as_str().to_owned(),
                    secret: *secret,
                    at_unix_ms: drawn.minute_unix_ms(),
                });
            }
            StandStep::EraseMessage { stand, message, secret } => {
                let known = self.kept.stand(*stand).expect("judged");
                let erased = self.erases(actor, known, *message, *secret).expect("judged");
                let known = self.kept.stand_mut(*stand);
                known.messages.retain(|one| !erased.contains(&one.id));
            }
            StandStep::GiveWord { stand, participant, on } => {
                let room = self.kept.stand(*stand).expect("judged").room.clone();
                let words = self.here.words.entry(room).or_default();
                if *on {
                    words.insert(*participant);
                } else {
                    words.remove(participant);
                    self.lose_the_word(*participant);
                }
            }
        }
    }

    /// Whoever may not publish any more where they are goes back to the audience.
    fn lose_the_word(&mut self, who: ParticipantId) {
        if self.place(who) != Place::Audience && !self.publishes(who) {
            self.step_down(who);
        }
    }
}
