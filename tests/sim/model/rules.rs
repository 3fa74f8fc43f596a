// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Who may do what (SPEC.md, A1), as a second opinion on the hub's own table.

use fiera_protocol::client::Command;
use fiera_protocol::ideas::IdeaStep;
use fiera_protocol::ids::{ParticipantId, Role, RoomKind};
use fiera_protocol::thanks::ThanksStep;
use fiera_protocol::view::EventPhase;

use super::Model;

/// Whether a command needs the store (E1).
pub(crate) fn is_kept(command: &Command) -> bool {
    !matches!(
        command,
        Command::Enter { .. }
            | Command::Leave {}
            | Command::Rename { .. }
            | Command::EnterBackstage {}
            | Command::LeaveBackstage { .. }
            | Command::PutOnAir { .. }
            | Command::TakeOffAir { .. }
            | Command::SetSource { .. }
            | Command::React { .. }
    )
}

/// Whether a command may be run twice without harm (C2).
pub(crate) fn is_harmless(command: &Command) -> bool {
    matches!(
        command,
        Command::Upvote { .. }
            | Command::Vote { .. }
            | Command::Answer { .. }
            | Command::Ideas {
                step: IdeaStep::Vote { .. }
            }
    )
}

/// Whether it can still be done once the event is over (A2).
fn outlives(command: &Command) -> bool {
    matches!(
        command,
        Command::WithdrawQuestion { .. }
            | Command::EraseQuestion { .. }
            | Command::AnswerQuestion { .. }
            | Command::SetDue { .. }
            | Command::DeleteMessage { .. }
            | Command::EraseAnnouncement { .. }
            | Command::EraseEntry { .. }
            | Command::Ideas {
                step: IdeaStep::Erase { .. } | IdeaStep::Settle { .. } | IdeaStep::Open { .. },
            }
            | Command::Thanks {
                step: ThanksStep::Hide { .. } | ThanksStep::Erase { .. },
            }
            | Command::Leave {}
            | Command::LeaveBackstage { participant: None }
            | Command::TakeOffAir { participant: None }
            | Command::LowerHand { participant: None }
    )
}

/// The role from which on a command is allowed, whatever else it needs.
fn least(command: &Command, actor: ParticipantId) -> Role {
    let other = |participant: &Option<ParticipantId>| match participant {
        Some(participant) if *participant != actor => Role::Moderator,
        _ => Role::Attendee,
    };
    match command {
        Command::SetEventPhase { .. }
        | Command::SetWordFilter { .. }
        | Command::Announce { .. }
        | Command::EraseAnnouncement { .. }
        | Command::Programme { .. }
        | Command::Ideas {
            step: IdeaStep::Settle { .. } | IdeaStep::Merge { .. } | IdeaStep::Open { .. },
        } => Role::Organiser,
        Command::AcceptHand { .. }
        | Command::SetQuestion { .. }
        | Command::UndoQuestion { .. }
        | Command::MergeQuestions { .. }
        | Command::AddLabel { .. }
        | Command::EraseLabel { .. }
        | Command::LabelQuestion { .. }
        | Command::AssignQuestion { .. }
        | Command::SetDue { .. }
        | Command::ArchiveQuestions { .. }
        | Command::EraseQuestion { .. }
        | Command::PinMessage { .. }
        | Command::QuestionFromMessage { .. }
        | Command::Silence { .. }
        | Command::Ban { .. }
        | Command::SetRoom { .. }
        | Command::DraftPoll { .. }
        | Command::PreparePoll { .. }
        | Command::ClonePoll { .. }
        | Command::PlacePoll { .. }
        | Command::SetPoll { .. }
        | Command::DismissPoll { .. }
        | Command::AskQuiz { .. }
        | Command::ShowEntry { .. }
        | Command::EraseEntry { .. } => Role::Moderator,
        Command::AnswerQuestion { .. } => Role::Speaker,
        Command::LeaveBackstage { participant }
        | Command::PutOnAir { participant, .. }
        | Command::TakeOffAir { participant }
        | Command::SetSource { participant, .. }
        | Command::LowerHand { participant } => other(participant),
        _ => Role::Attendee,
    }
}

impl Model {
    /// Role and phase alone; whether somebody may publish is [`Model::publishes`].
    pub(crate) fn may(&self, actor: ParticipantId, command: &Command) -> bool {
        let role = self.role(actor);
        let always = matches!(
            command,
            Command::Leave {}
                | Command::LeaveBackstage { participant: None }
                | Command::TakeOffAir { participant: None }
                | Command::LowerHand { participant: None }
        );
        let in_time = match self.kept.phase {
            EventPhase::Draft => role == Role::Organiser || always,
            EventPhase::Ended => outlives(command),
            EventPhase::Open | EventPhase::Live => true,
        };
        in_time && role >= least(command, actor)
    }

    /// Whether somebody may publish where they are: by role, or while their hand is accepted (A3).
    pub(crate) fn publishes(&self, who: ParticipantId) -> bool {
        let Some(room) = self.room_of(who) else { return false };
        let by_role = match self.room(&room).kind {
            RoomKind::Lobby => self.role(who) >= Role::Moderator,
            RoomKind::Stage | RoomKind::Stand => self.role(who) >= Role::Speaker,
            RoomKind::Breakout => true,
        };
        let guest = self.hand(&room, who).is_some_and(super::Hand::is_accepted);
        by_role || guest
    }

    pub(crate) fn moderates(&self, who: ParticipantId) -> bool {
        self.role(who) >= Role::Moderator
    }

    /// Whether somebody may speak up (U1).
    pub(crate) fn has_voice(&self, who: ParticipantId) -> bool {
        !self.kept.restricted.get(&who).is_some_and(|(_, silenced, _)| *silenced)
    }

    /// Whether the words are let through (K9).
    pub(crate) fn lets_through(&self, text: &str) -> bool {
        let mut words = text.split(|c: char| !c.is_alphanumeric());
        !words.any(|word| self.kept.filter.iter().any(|filtered| filtered == word))
    }
}
