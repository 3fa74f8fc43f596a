// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Which messages share a limit, beyond the one of all messages (SPEC L2). Texts have windows of their own in the hub.

use fiera_protocol::breakouts::BreakoutStep;
use fiera_protocol::client::{ClientMessage, Command};
use fiera_protocol::ideas::IdeaStep;
use fiera_protocol::limits::{
    CLIENT_MESSAGES_BURST, CLIENT_MESSAGES_PER_S, ERASURES_BURST, ERASURES_PER_S, HANDS_BURST, HANDS_PER_S,
    HELLOS_BURST, HELLOS_PER_S, HELP_CALLS_BURST, HELP_CALLS_PER_S, LOOKS_BURST, LOOKS_PER_S, MEDIA_OFFERS_BURST,
    MEDIA_OFFERS_PER_S, MOVES_BURST, MOVES_PER_S, OPINIONS_BURST, OPINIONS_PER_S,
};
use fiera_protocol::stands::StandStep;

/// What is limited together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(usize)]
pub(crate) enum Limit {
    /// Everything that is sent.
    Messages,
    /// Sockets that say who they are.
    Hellos,
    /// Votes, answers, upvotes and reactions.
    Opinions,
    /// One's own hand, up and down.
    Hands,
    /// One's own way: rooms, backstage, on air, name and sources.
    Moves,
    /// What is answered by a page or a snapshot.
    Looks,
    /// What begins a media connection, and so costs a handshake.
    MediaOffers,
    /// Calls for help, on and off.
    HelpCalls,
    /// Cards of breakouts that are erased.
    Erasures,
}

impl Limit {
    /// All, in the order of their numbers.
    pub(crate) const ALL: [Self; 9] = [
        Self::Messages,
        Self::Hellos,
        Self::Opinions,
        Self::Hands,
        Self::Moves,
        Self::Looks,
        Self::MediaOffers,
        Self::HelpCalls,
        Self::Erasures,
    ];

    /// At once, and per second.
    pub(crate) const fn rate(self) -> (u32, u32) {
        match self {
            Self::Messages => (CLIENT_MESSAGES_BURST, CLIENT_MESSAGES_PER_S),
            Self::Hellos => (HELLOS_BURST, HELLOS_PER_S),
            Self::Opinions => (OPINIONS_BURST, OPINIONS_PER_S),
            Self::Hands => (HANDS_BURST, HANDS_PER_S),
            Self::Moves => (MOVES_BURST, MOVES_PER_S),
            Self::Looks => (LOOKS_BURST, LOOKS_PER_S),
            Self::MediaOffers => (MEDIA_OFFERS_BURST, MEDIA_OFFERS_PER_S),
            Self::HelpCalls => (HELP_CALLS_BURST, HELP_CALLS_PER_S),
            Self::Erasures => (ERASURES_BURST, ERASURES_PER_S),
        }
    }

    /// Its name as a label.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Messages => "messages",
            Self::Hellos => "hellos",
            Self::Opinions => "opinions",
            Self::Hands => "hands",
            Self::Moves => "moves",
            Self::Looks => "looks",
            Self::MediaOffers => "media_offers",
            Self::HelpCalls => "help_calls",
            Self::Erasures => "erasures",
        }
    }

    /// What comes too fast, for people.
    pub(crate) const fn what(self) -> &'static str {
        match self {
            Self::Messages => "Messages come",
            Self::Hellos => "This page connects",
            Self::Opinions => "Votes and reactions come",
            Self::Hands => "This hand goes up and down",
            Self::Moves => "Places, names and sources change",
            Self::Looks => "Lists are asked for",
            Self::MediaOffers => "Media connections are made",
            Self::HelpCalls => "Calls for help come",
            Self::Erasures => "Notes are erased",
        }
    }

    /// The limit of its kind that this message falls under. What organisers and moderators do to others has none, but for erasing cards.
    pub(crate) fn of(message: &ClientMessage) -> Option<Self> {
        match message {
            ClientMessage::Resync { .. }
            | ClientMessage::Roster { .. }
            | ClientMessage::Mine { .. }
            | ClientMessage::FollowUps {}
            | ClientMessage::PollDraft { .. }
            | ClientMessage::Cards { .. }
            | ClientMessage::Stand { .. }
            | ClientMessage::StandMessages { .. } => Some(Self::Looks),
            ClientMessage::Watch { .. } | ClientMessage::PublishOffer { .. } => Some(Self::MediaOffers),
            ClientMessage::Command { command, .. } => Self::of_command(command),
            _ => None,
        }
    }

    fn of_command(command: &Command) -> Option<Self> {
        match command {
            Command::Vote { .. }
            | Command::Answer { .. }
            | Command::Upvote { .. }
            | Command::React { .. }
            | Command::JoinQuiz { .. }
            | Command::Stand {
                step: StandStep::Reuse { .. },
            }
            | Command::Ideas {
                step: IdeaStep::Vote { .. },
            }
            | Command::Breakouts {
                step: BreakoutStep::VoteCard { .. },
            } => Some(Self::Opinions),
            Command::RaiseHand { .. } | Command::LowerHand { participant: None } => Some(Self::Hands),
            Command::Breakouts {
                step: BreakoutStep::CallHelp { .. },
            } => Some(Self::HelpCalls),
            Command::Breakouts {
                step: BreakoutStep::EraseCard { .. },
            } => Some(Self::Erasures),
            Command::Enter { .. }
            | Command::Leave {}
            | Command::Rename { .. }
            | Command::EnterBackstage {}
            | Command::LeaveBackstage { participant: None }
            | Command::PutOnAir { participant: None, .. }
            | Command::TakeOffAir { participant: None }
            | Command::SetSource { participant: None, .. } => Some(Self::Moves),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use fiera_protocol::breakouts::BreakoutStep;
    use fiera_protocol::client::Command;
    use fiera_protocol::ids::CardId;

    use super::Limit;

    #[test]
    fn l2_calls_for_help_have_a_limit_of_their_own() {
        let call = Command::Breakouts {
            step: BreakoutStep::CallHelp { on: true },
        };
        assert_eq!(Limit::of_command(&call), Some(Limit::HelpCalls));
    }

    #[test]
    fn l2_erasing_and_supporting_cards_is_limited() {
        let card = CardId::from_u128(1);
        let of = |step| Limit::of_command(&Command::Breakouts { step });
        assert_eq!(
            of(BreakoutStep::EraseCard { card, secret: None }),
            Some(Limit::Erasures)
        );
        assert_eq!(of(BreakoutStep::VoteCard { card, up: true }), Some(Limit::Opinions));
    }

    #[test]
    fn every_limit_stands_where_its_number_says() {
        for (n, limit) in Limit::ALL.into_iter().enumerate() {
            assert_eq!(limit as usize, n, "{}", limit.name());
        }
    }
}
