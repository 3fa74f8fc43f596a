// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Who may do what where: the table of `SPEC.md`, and the only place that makes a [`Seat`].
//! It decides by role, room kind and phase; whether the state allows it is the room's question.

use fiera_protocol::ids::{ParticipantId, Role, RoomId, RoomKind};
use fiera_protocol::limits::EVENT_PEOPLE_MAX;
use fiera_protocol::view::EventPhase;

use crate::refusal::{self, Refusal};

/// Something that one can be allowed to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Deed {
    Connect,
    Enter,
    Rename,
    EnterBackstage,
    PutSelfOnAir,
    PutOtherOnAir,
    TakeOtherOffAir,
    SetOwnSource,
    SwitchOffOther,
    SetEventPhase,
    SendBackOther,
    RaiseHand,
    LowerOtherHand,
    AcceptHand,
    RunPolls,
    Vote,
    EraseEntry,
    React,
    Ask,
    Upvote,
    WithdrawQuestion,
    EditQuestion,
    RunQuestions,
    AnswerQuestion,
    SetDue,
    EraseQuestion,
    Chat,
    EditMessage,
    RunChat,
    SetWordFilter,
    DeleteOwnMessage,
    DeleteOtherMessage,
    DirectStage,
    SetOwnTitle,
    Acknowledge,
    Caption,
    EraseOwnCaption,
    EraseOtherCaption,
    Silence,
    Ban,
    SetRoom,
    Announce,
    EraseAnnouncement,
    RunBreakouts,
    CallHelp,
    WriteCards,
    VoteCards,
    EraseOwnCard,
    EraseOtherCard,
    OpenStand,
    KeepStand,
    EditStand,
    SetStand,
    RemoveStand,
    RenewStand,
    ReuseStand,
    EraseAdopter,
    LeaveStandMessage,
    EraseStandMessage,
    GiveWord,
    RunProgramme,
    WriteIdeas,
    VoteIdeas,
    EraseOwnIdea,
    EraseOtherIdea,
    RunIdeas,
    MergeIdeas,
    GiveThanks,
    ShowThanks,
    HideThanks,
    EraseOtherThanks,
}

impl Deed {
    /// Every deed, with its name in `SPEC.md`.
    #[cfg(test)]
    pub(crate) const ALL: &'static [(Self, &'static str)] = &[
        (Self::Connect, "connect"),
        (Self::Enter, "enter"),
        (Self::Rename, "rename"),
        (Self::EnterBackstage, "enter_backstage"),
        (Self::PutSelfOnAir, "put_on_air, oneself"),
        (Self::PutOtherOnAir, "put_on_air, somebody else"),
        (Self::TakeOtherOffAir, "take_off_air, somebody else"),
        (Self::SetOwnSource, "set_source, own"),
        (Self::SwitchOffOther, "set_source off, somebody else's"),
        (Self::SetEventPhase, "set_event_phase"),
        (Self::SendBackOther, "leave_backstage, somebody else"),
        (Self::RaiseHand, "raise_hand"),
        (Self::LowerOtherHand, "lower_hand, somebody else's"),
        (Self::AcceptHand, "accept_hand"),
        (
            Self::RunPolls,
            "draft_poll, prepare_poll, clone_poll, place_poll, set_poll, dismiss_poll, ask_quiz, show_entry",
        ),
        (Self::Vote, "vote, answer, join_quiz"),
        (Self::EraseEntry, "erase_entry"),
        (Self::React, "react"),
        (Self::Ask, "ask"),
        (Self::Upvote, "upvote"),
        (Self::WithdrawQuestion, "withdraw_question"),
        (Self::EditQuestion, "edit_question"),
        (
            Self::RunQuestions,
            "set_question, undo_question, merge_questions, add_label, erase_label, label_question, assign_question, archive_questions",
        ),
        (Self::AnswerQuestion, "answer_question"),
        (Self::SetDue, "set_due"),
        (Self::EraseQuestion, "erase_question"),
        (Self::Chat, "chat"),
        (Self::EditMessage, "edit_message"),
        (Self::RunChat, "pin_message, question_from_message"),
        (Self::SetWordFilter, "set_word_filter"),
        (Self::DeleteOwnMessage, "delete_message, own"),
        (Self::DeleteOtherMessage, "delete_message, somebody else's"),
        (
            Self::DirectStage,
            "stage: layout, titles, sound_off, timer, extend_timer, stop_timer, direct, end_direction, end_pause, set_title of somebody else",
        ),
        (Self::SetOwnTitle, "stage: set_title, own"),
        (Self::Acknowledge, "stage: acknowledge"),
        (Self::Caption, "caption"),
        (Self::EraseOwnCaption, "erase_caption, own"),
        (Self::EraseOtherCaption, "erase_caption, somebody else's"),
        (Self::Silence, "silence"),
        (Self::Ban, "ban"),
        (Self::SetRoom, "set_room"),
        (Self::Announce, "announce"),
        (Self::EraseAnnouncement, "erase_announcement"),
        (
            Self::RunBreakouts,
            "breakouts: prepare, deal, seat, discard, send, rehearse, end_rehearsal, extend, bring_back, tell, acknowledge, show_cards",
        ),
        (Self::CallHelp, "breakouts: call_help"),
        (Self::WriteCards, "breakouts: add_card, edit_card"),
        (Self::VoteCards, "breakouts: vote_card"),
        (Self::EraseOwnCard, "breakouts: erase_card, own"),
        (Self::EraseOtherCard, "breakouts: erase_card, somebody else's"),
        (Self::OpenStand, "stand: open"),
        (Self::KeepStand, "stand: keep"),
        (Self::EditStand, "stand: edit"),
        (Self::SetStand, "stand: set"),
        (Self::RemoveStand, "stand: remove"),
        (Self::RenewStand, "stand: renew"),
        (Self::ReuseStand, "stand: reuse"),
        (Self::EraseAdopter, "stand: erase_adopter"),
        (Self::LeaveStandMessage, "stand: leave"),
        (Self::EraseStandMessage, "stand: erase_message"),
        (Self::GiveWord, "stand: give_word"),
        (Self::RunProgramme, "programme: add, set, cancel, erase"),
        (Self::WriteIdeas, "ideas: propose, edit"),
        (Self::VoteIdeas, "ideas: vote"),
        (Self::EraseOwnIdea, "ideas: erase, own"),
        (Self::EraseOtherIdea, "ideas: erase, somebody else's"),
        (Self::RunIdeas, "ideas: settle, open"),
        (Self::MergeIdeas, "ideas: merge"),
        (Self::GiveThanks, "thanks: give"),
        (Self::ShowThanks, "thanks: show"),
        (Self::HideThanks, "thanks: hide; erase, given or for oneself"),
        (Self::EraseOtherThanks, "thanks: erase, shown ones of others"),
    ];

    /// What people wrote can be taken back after the event too, and what was promised can be kept.
    fn outlives_the_event(self) -> bool {
        matches!(
            self,
            Self::Connect
                | Self::WithdrawQuestion
                | Self::EraseQuestion
                | Self::AnswerQuestion
                | Self::SetDue
                | Self::DeleteOwnMessage
                | Self::DeleteOtherMessage
                | Self::EraseAnnouncement
                | Self::EraseOwnCaption
                | Self::EraseOtherCaption
                | Self::EraseEntry
                | Self::EraseOwnCard
                | Self::EraseOtherCard
                | Self::SetStand
                | Self::RemoveStand
                | Self::RenewStand
                | Self::EraseAdopter
                | Self::EraseStandMessage
                | Self::EraseOwnIdea
                | Self::EraseOtherIdea
                | Self::RunIdeas
                | Self::HideThanks
                | Self::EraseOtherThanks
        )
    }
}

/// What somebody's rights in a room come from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rights {
    pub(crate) role: Role,
    /// Their hand was accepted there: until they go back they may publish as a speaker may.
    pub(crate) guest: bool,
}

impl From<Role> for Rights {
    fn from(role: Role) -> Self {
        Self { role, guest: false }
    }
}

/// Whether the table allows a deed.
pub(crate) fn check(deed: Deed, rights: impl Into<Rights>, kind: RoomKind, phase: EventPhase) -> Result<(), Refusal> {
    let Rights { role, guest } = rights.into();
    match phase {
        EventPhase::Draft if role != Role::Organiser => return Err(refusal::EVENT_DRAFT),
        EventPhase::Ended if !deed.outlives_the_event() => return Err(refusal::EVENT_ENDED),
        _ => {}
    }
    let allowed = match deed {
        Deed::Connect
        | Deed::Enter
        | Deed::Rename
        | Deed::RaiseHand
        | Deed::Vote
        | Deed::React
        | Deed::Ask
        | Deed::Upvote
        | Deed::WithdrawQuestion
        | Deed::EditQuestion
        | Deed::Chat
        | Deed::EditMessage
        | Deed::SetOwnTitle
        | Deed::Acknowledge
        | Deed::DeleteOwnMessage
        | Deed::EraseOwnCard
        // Who keeps which stand, and to whom the event opens them, is for the stands to know.
        | Deed::OpenStand
        | Deed::KeepStand
        | Deed::EditStand
        | Deed::SetStand
        | Deed::RemoveStand
        | Deed::RenewStand
        | Deed::ReuseStand
        | Deed::EraseAdopter
        | Deed::LeaveStandMessage
        | Deed::EraseStandMessage
        | Deed::GiveWord
        | Deed::WriteIdeas
        | Deed::VoteIdeas
        | Deed::EraseOwnIdea
        | Deed::GiveThanks
        | Deed::ShowThanks
        | Deed::HideThanks => true,
        Deed::CallHelp | Deed::WriteCards | Deed::VoteCards => kind == RoomKind::Breakout,
        Deed::EnterBackstage | Deed::PutSelfOnAir | Deed::SetOwnSource => guest || may_publish(role, kind),
        Deed::Caption | Deed::EraseOwnCaption => role >= Role::Captioner,
        Deed::AnswerQuestion => role >= Role::Speaker,
        Deed::PutOtherOnAir
        | Deed::TakeOtherOffAir
        | Deed::SwitchOffOther
        | Deed::SendBackOther
        | Deed::LowerOtherHand
        | Deed::AcceptHand
        | Deed::RunPolls
        | Deed::EraseEntry
        | Deed::RunQuestions
        | Deed::SetDue
        | Deed::RunChat
        | Deed::EraseQuestion
        | Deed::DeleteOtherMessage
        | Deed::EraseOtherCaption
        | Deed::DirectStage
        | Deed::Silence
        | Deed::Ban
        | Deed::SetRoom
        | Deed::RunBreakouts
        | Deed::EraseOtherCard
        | Deed::EraseOtherIdea
        | Deed::EraseOtherThanks => role >= Role::Moderator,
        Deed::SetEventPhase
        | Deed::SetWordFilter
        | Deed::Announce
        | Deed::EraseAnnouncement
        | Deed::RunProgramme
        | Deed::RunIdeas
        | Deed::MergeIdeas => role == Role::Organiser,
    };
    if allowed { Ok(()) } else { Err(refusal::NOT_ALLOWED) }
}

/// Who may publish in which kind of room.
fn may_publish(role: Role, kind: RoomKind) -> bool {
    match kind {
        RoomKind::Lobby => role >= Role::Moderator,
        RoomKind::Stage | RoomKind::Stand => role >= Role::Speaker,
        RoomKind::Breakout => true,
    }
}

/// Whether a role is let into a room that is full.
pub(crate) fn enters_full_rooms(role: Role) -> bool {
    role >= Role::Captioner
}

/// Whether somebody gets into an event of so many people.
pub(crate) fn fits_event(role: Role, people: u32) -> Result<(), Refusal> {
    let full = people as usize >= EVENT_PEOPLE_MAX;
    if full && !enters_full_rooms(role) {
        Err(refusal::EVENT_FULL)
    } else {
        Ok(())
    }
}

/// Whether a role sees who waits backstage without being there.
pub(crate) fn sees_backstage(role: Role) -> bool {
    role >= Role::Moderator
}

/// Whether a role sees what only moderators of a room see.
pub(crate) fn moderates(role: Role) -> bool {
    role >= Role::Moderator
}

/// Whether a role sees attendance in numbers.
pub(crate) fn organises(role: Role) -> bool {
    role == Role::Organiser
}

/// Proof that somebody may do one thing in one room (or in the event, where no room is concerned), now. It is used up by the act and cannot be kept.
#[derive(Debug)]
pub(crate) struct Seat {
    deed: Deed,
    room: Option<RoomId>,
    target: ParticipantId,
}

impl Seat {
    /// A seat for `deed` in a room, on `target` (the actor or somebody else).
    pub(crate) fn take(
        deed: Deed,
        rights: impl Into<Rights>,
        (room, kind): (&RoomId, RoomKind),
        phase: EventPhase,
        target: ParticipantId,
    ) -> Result<Self, Refusal> {
        check(deed, rights, kind, phase)?;
        Ok(Self {
            deed,
            room: Some(room.clone()),
            target,
        })
    }

    /// A seat for `deed` in the event as a whole.
    pub(crate) fn in_event(deed: Deed, role: Role, phase: EventPhase, target: ParticipantId) -> Result<Self, Refusal> {
        check(deed, role, RoomKind::Lobby, phase)?;
        let room = None;
        Ok(Self { deed, room, target })
    }

    /// A seat backstage, or on air, for a program whose WHIP token was checked. Whatever the token, a program is no more
    /// than a speaker: it publishes where speakers may.
    pub(crate) fn of_program(
        on_air: bool,
        room: (&RoomId, RoomKind),
        phase: EventPhase,
        target: ParticipantId,
    ) -> Result<Self, Refusal> {
        let deed = if on_air {
            Deed::PutSelfOnAir
        } else {
            Deed::EnterBackstage
        };
        Self::take(deed, Role::Speaker, room, phase, target)
    }

    /// Whom the act is about.
    pub(crate) fn target(&self) -> ParticipantId {
        self.target
    }

    /// Whether this seat is for one of `deeds` in `room`; every act on a room asserts it.
    pub(crate) fn fits(&self, room: &RoomId, deeds: &[Deed]) -> bool {
        self.room.as_ref() == Some(room) && deeds.contains(&self.deed)
    }

    /// Whether this seat is for one of `deeds` in the event as a whole.
    pub(crate) fn fits_event(&self, deeds: &[Deed]) -> bool {
        self.room.is_none() && deeds.contains(&self.deed)
    }
}

#[cfg(test)]
mod tests;
