// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Who may do what (SPEC.md, A1), as a second opinion on the hub's own table.

use fiera_protocol::breakouts::BreakoutStep;
use fiera_protocol::client::Command;
use fiera_protocol::ideas::IdeaStep;
use fiera_protocol::ids::{ParticipantId, Role, RoomKind};
use fiera_protocol::stage::StageStep;
use fiera_protocol::stands::StandStep;
use fiera_protocol::thanks::ThanksStep;
use fiera_protocol::view::EventPhase;

use super::Model;

/// Whether a command needs the store (E1), wherever it is given.
fn needs_store(command: &Command) -> bool {
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
            | Command::Caption { .. }
            | Command::EraseCaption { .. }
            | Command::Stage { .. }
            | Command::Stand {
                step: StandStep::GiveWord { .. }
            }
    )
}

/// Whether a command may be run twice without harm (C2).
pub(crate) fn is_harmless(command: &Command) -> bool {
    matches!(
        command,
        Command::Upvote { .. }
            | Command::Vote { .. }
            | Command::Answer { .. }
            | Command::Caption { .. }
            | Command::Ideas {
                step: IdeaStep::Vote { .. }
            }
            | Command::Breakouts {
                step: BreakoutStep::VoteCard { .. }
            }
    )
}

/// Whether it would leave something in the room (O14).
pub(crate) fn stays_there(command: &Command) -> bool {
    matches!(
        command,
        Command::EnterBackstage {}
            | Command::PutOnAir { .. }
            | Command::Stage { .. }
            | Command::Caption { .. }
            | Command::RaiseHand { .. }
            | Command::Ask { .. }
            | Command::AddLabel { .. }
            | Command::Chat { .. }
            | Command::SetRoom { .. }
            | Command::DraftPoll { .. }
            | Command::PreparePoll { .. }
            | Command::ClonePoll { .. }
            | Command::React { .. }
            | Command::Breakouts {
                step: BreakoutStep::CallHelp { .. }
                    | BreakoutStep::AddCard { .. }
                    | BreakoutStep::EditCard { .. }
                    | BreakoutStep::VoteCard { .. },
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
            | Command::EraseCaption { .. }
            | Command::EraseEntry { .. }
            | Command::Ideas {
                step: IdeaStep::Erase { .. } | IdeaStep::Settle { .. } | IdeaStep::Open { .. },
            }
            | Command::Stand {
                step: StandStep::Set { .. }
                    | StandStep::Remove { .. }
                    | StandStep::Renew { .. }
                    | StandStep::EraseAdopter { .. }
                    | StandStep::EraseMessage { .. },
            }
            | Command::Breakouts {
                step: BreakoutStep::EraseCard { .. },
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
        | Command::EraseEntry { .. }
        | Command::Breakouts {
            step:
                BreakoutStep::Prepare { .. }
                | BreakoutStep::Deal { .. }
                | BreakoutStep::Seat { .. }
                | BreakoutStep::Discard { .. }
                | BreakoutStep::Send { .. }
                | BreakoutStep::Extend { .. }
                | BreakoutStep::BringBack {}
                | BreakoutStep::Tell { .. }
                | BreakoutStep::Acknowledge { .. }
                | BreakoutStep::ShowCards { .. }
                | BreakoutStep::Rehearse { .. }
                | BreakoutStep::EndRehearsal {},
        } => Role::Moderator,
        Command::Caption { .. } | Command::EraseCaption { .. } => Role::Captioner,
        Command::AnswerQuestion { .. } => Role::Speaker,
        Command::Stage {
            step: StageStep::Acknowledge { .. },
        } => Role::Attendee,
        Command::Stage {
            step: StageStep::SetTitle { participant, .. },
        } => other(participant),
        Command::Stage { .. } => Role::Moderator,
        Command::LeaveBackstage { participant }
        | Command::PutOnAir { participant, .. }
        | Command::TakeOffAir { participant }
        | Command::SetSource { participant, .. }
        | Command::LowerHand { participant } => other(participant),
        _ => Role::Attendee,
    }
}

impl Model {
    /// Whether a command needs the store (E1).
    pub(crate) fn is_kept(&self, actor: ParticipantId, command: &Command) -> bool {
        needs_store(command) || self.keeps_caption(actor, command)
    }

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
        by_role || guest || self.speaks_at_stand(who, &room)
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
