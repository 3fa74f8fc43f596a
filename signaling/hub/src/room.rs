// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! One room: who is in it, who waits behind its stage, who is on air. It sees no other room and no name.

use std::collections::BTreeSet;

use fiera_protocol::breakouts::HelpStage;
use fiera_protocol::fair::RoomSettings;
use fiera_protocol::ids::{ParticipantId, Role};
use fiera_protocol::limits::{BACKSTAGE_MAX, ON_AIR_MAX};
use fiera_protocol::view::Place;

use crate::access::{Deed, Rights, Seat};
use crate::breakouts::Cards;
use crate::captions::Captions;
use crate::chat::Chat;
use crate::config::RoomConfig;
use crate::countdown::Countdowns;
use crate::hands::Hands;
use crate::polls::Polls;
use crate::quality::Service;
use crate::questions::Questions;
use crate::reactions::Reactions;
use crate::refusal::{self, Refusal};
use crate::show::Show;
use crate::stream::Stream;

/// One room of the event.
#[derive(Debug)]
pub(crate) struct Room {
    pub(crate) config: RoomConfig,
    /// Participants in it, those within their grace included; programs are not people.
    people: BTreeSet<ParticipantId>,
    on_air: Vec<ParticipantId>,
    waiting: Vec<ParticipantId>,
    speaking: Vec<ParticipantId>,
    /// How the room works now.
    pub(crate) settings: RoomSettings,
    pub(crate) questions: Questions,
    chat: Chat,
    backstage_chat: Chat,
    pub(crate) hands: Hands,
    pub(crate) countdowns: Countdowns,
    pub(crate) polls: Polls,
    pub(crate) reactions: Reactions,
    /// Of a breakout room: its notes.
    pub(crate) cards: Cards,
    /// Of a breakout room: whether it has called for help.
    pub(crate) help: Option<HelpStage>,
    pub(crate) captions: Captions,
    /// Of a stand: who keeps it.
    pub(crate) keepers: BTreeSet<ParticipantId>,
    /// Of a stand: visitors who may publish until they leave.
    pub(crate) word: BTreeSet<ParticipantId>,
    pub(crate) show: Show,
    /// How those who watch fare, as told last.
    pub(crate) service: Option<Service>,
    pub(crate) stream: Stream,
    pub(crate) backstage: Stream,
    pub(crate) moderators: Stream,
    pub(crate) captions_stream: Stream,
}

impl Room {
    pub(crate) fn new(config: RoomConfig, [stream, backstage, moderators, captions_stream]: [Stream; 4]) -> Self {
        let (on_air, waiting, speaking) = (Vec::new(), Vec::new(), Vec::new());
        Self {
            settings: config.settings,
            questions: Questions::default(),
            chat: Chat::default(),
            backstage_chat: Chat::default(),
            config,
            people: BTreeSet::new(),
            on_air,
            waiting,
            speaking,
            hands: Hands::default(),
            countdowns: Countdowns::default(),
            polls: Polls::default(),
            reactions: Reactions::default(),
            cards: Cards::default(),
            help: None,
            captions: Captions::default(),
            keepers: BTreeSet::new(),
            word: BTreeSet::new(),
            show: Show::default(),
            service: None,
            stream,
            backstage,
            moderators,
            captions_stream,
        }
    }

    pub(crate) fn people(&self) -> &BTreeSet<ParticipantId> {
        &self.people
    }

    pub(crate) fn people_count(&self) -> u32 {
        u32::try_from(self.people.len()).unwrap_or(u32::MAX)
    }

    /// The chat of the room, or that of its backstage.
    pub(crate) fn chat(&self, backstage: bool) -> &Chat {
        if backstage { &self.backstage_chat } else { &self.chat }
    }

    pub(crate) fn chat_mut(&mut self, backstage: bool) -> &mut Chat {
        if backstage {
            &mut self.backstage_chat
        } else {
            &mut self.chat
        }
    }

    pub(crate) fn on_air(&self) -> &[ParticipantId] {
        &self.on_air
    }

    pub(crate) fn waiting(&self) -> &[ParticipantId] {
        &self.waiting
    }

    pub(crate) fn speaking(&self) -> &[ParticipantId] {
        &self.speaking
    }

    /// Where somebody of this room stands.
    pub(crate) fn place(&self, participant: ParticipantId) -> Place {
        if self.on_air.contains(&participant) {
            Place::OnAir
        } else if self.waiting.contains(&participant) {
            Place::Backstage
        } else {
            Place::Audience
        }
    }

    /// What somebody may do here: by role, and as a guest on the stage where their hand was accepted, where they keep the
    /// stand, or where its keepers let them speak.
    pub(crate) fn rights(&self, participant: ParticipantId, role: Role) -> Rights {
        let at_stand = self.keepers.contains(&participant) || self.word.contains(&participant);
        let guest = self.hands.accepted(participant) || at_stand;
        Rights { role, guest }
    }

    /// Comes in, to the audience.
    pub(crate) fn enter(&mut self, seat: &Seat, always_let_in: bool) -> Result<(), Refusal> {
        debug_assert!(seat.fits(&self.config.room, &[Deed::Enter]), "{seat:?}");
        if self.people.contains(&seat.target()) {
            return Ok(());
        }
        if !always_let_in && self.people_count() >= self.config.capacity {
            return Err(refusal::ROOM_FULL);
        }
        self.people.insert(seat.target());
        Ok(())
    }

    /// Goes from the audience to backstage.
    pub(crate) fn enter_backstage(&mut self, seat: &Seat) -> Result<(), Refusal> {
        debug_assert!(
            seat.fits(
                &self.config.room,
                &[Deed::EnterBackstage, Deed::PutSelfOnAir, Deed::AcceptHand]
            ),
            "{seat:?}"
        );
        if self.place(seat.target()) != Place::Audience {
            return Err(refusal::BACKSTAGE_ALREADY);
        }
        if self.waiting.len() + self.on_air.len() >= BACKSTAGE_MAX {
            return Err(refusal::BACKSTAGE_FULL);
        }
        self.waiting.push(seat.target());
        Ok(())
    }

    /// Goes from backstage on air.
    pub(crate) fn put_on_air(&mut self, seat: &Seat) -> Result<(), Refusal> {
        debug_assert!(
            seat.fits(&self.config.room, &[Deed::PutSelfOnAir, Deed::PutOtherOnAir]),
            "{seat:?}"
        );
        match self.place(seat.target()) {
            Place::Audience => Err(refusal::BACKSTAGE_FIRST),
            Place::OnAir => Err(refusal::ON_AIR_ALREADY),
            Place::Backstage if self.on_air.len() >= ON_AIR_MAX => Err(refusal::ON_AIR_FULL),
            Place::Backstage => {
                self.waiting.retain(|p| *p != seat.target());
                self.on_air.push(seat.target());
                Ok(())
            }
        }
    }

    /// Is taken off air by somebody else, to backstage.
    pub(crate) fn take_off_air(&mut self, seat: &Seat) -> Result<(), Refusal> {
        debug_assert!(seat.fits(&self.config.room, &[Deed::TakeOtherOffAir]), "{seat:?}");
        self.step_off_air(seat.target())
    }

    /// Goes from on air to backstage. It needs no seat: stepping back is always allowed.
    pub(crate) fn step_off_air(&mut self, participant: ParticipantId) -> Result<(), Refusal> {
        if self.place(participant) != Place::OnAir {
            return Err(refusal::NOT_ON_AIR);
        }
        self.on_air.retain(|p| *p != participant);
        self.waiting.push(participant);
        self.keep_speaking_on_air();
        Ok(())
    }

    /// Goes from backstage or on air to the audience. True where it changed something.
    pub(crate) fn leave_backstage(&mut self, participant: ParticipantId) -> bool {
        let before = self.on_air.len() + self.waiting.len();
        self.on_air.retain(|p| *p != participant);
        self.waiting.retain(|p| *p != participant);
        self.keep_speaking_on_air();
        before != self.on_air.len() + self.waiting.len()
    }

    /// Leaves, from wherever in the room.
    pub(crate) fn leave(&mut self, participant: ParticipantId) {
        self.leave_backstage(participant);
        self.word.remove(&participant);
        self.people.remove(&participant);
    }

    /// No longer a person here, though a program of theirs goes on publishing.
    pub(crate) fn leave_as_person(&mut self, participant: ParticipantId) {
        self.people.remove(&participant);
    }

    /// Notes who speaks; whoever is not on air is left out. True where it changed something.
    pub(crate) fn set_speaking(&mut self, participants: Vec<ParticipantId>) -> bool {
        let before = std::mem::replace(&mut self.speaking, participants);
        self.keep_speaking_on_air();
        before != self.speaking
    }

    fn keep_speaking_on_air(&mut self) {
        let Self { speaking, on_air, .. } = self;
        speaking.retain(|p| on_air.contains(p));
    }
}
