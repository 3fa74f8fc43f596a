// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Names of things on the wire. Each is a type of its own and can only be made by parsing.

use serde::{Deserialize, Serialize};
use std::fmt;

use crate::limits::{DISPLAY_NAME_CHARS_MAX, SLUG_BYTES_MAX};

/// Why a text is not a valid id or name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidText(pub &'static str);

impl fmt::Display for InvalidText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for InvalidText {}

fn check_slug(text: &str) -> Result<(), InvalidText> {
    if text.is_empty() || text.len() > SLUG_BYTES_MAX {
        return Err(InvalidText("an id has 1 to 64 characters"));
    }
    let fits = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-';
    if !text.bytes().all(fits) {
        return Err(InvalidText("an id is made of a-z, 0-9 and '-'"));
    }
    Ok(())
}

macro_rules! slug {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(type = "string"))]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The text of the id.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidText;
            fn try_from(text: String) -> Result<Self, InvalidText> {
                check_slug(&text)?;
                Ok(Self(text))
            }
        }

        impl std::str::FromStr for $name {
            type Err = InvalidText;
            fn from_str(text: &str) -> Result<Self, InvalidText> {
                Self::try_from(text.to_owned())
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

slug!(
    /// An event's short name, as in the address `/e/{event}`.
    EventId
);
slug!(
    /// A room's short name, unique within its event.
    RoomId
);

macro_rules! random_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(type = "string"))]
        pub struct $name(pub uuid::Uuid);

        impl $name {
            /// The id made of these 128 bits, for callers that have no `uuid` of their own.
            #[must_use]
            pub const fn from_u128(bits: u128) -> Self {
                Self(uuid::Uuid::from_u128(bits))
            }

            /// The 128 bits.
            #[must_use]
            pub const fn as_u128(self) -> u128 {
                self.0.as_u128()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

random_id!(
    /// One person in one event. Random (uuid v4): it must not hold a time.
    ParticipantId
);
random_id!(
    /// Chosen by the client, unique per participant; a command repeated under the same id runs once.
    CommandId
);
random_id!(
    /// A question, drawn at random by the server.
    QuestionId
);
random_id!(
    /// A label for questions of one room, drawn at random by the server.
    LabelId
);
random_id!(
    /// A message in a chat or to a stand, drawn at random by the server.
    MessageId
);
random_id!(
    /// A poll, drawn at random by the server.
    PollId
);
random_id!(
    /// A word, text or nickname that came out of a poll, drawn at random by the server.
    EntryId
);
random_id!(
    /// A slot of the programme: drawn at random by the server, or made from its name in the setup.
    SlotId
);
random_id!(
    /// An idea for the programme, drawn at random by the server.
    IdeaId
);
random_id!(
    /// A thanks, drawn at random by the server.
    ThanksId
);
random_id!(
    /// An announcement, drawn at random by the server.
    AnnouncementId
);
random_id!(
    /// A round of breakouts, drawn at random by the server.
    RoundId
);
random_id!(
    /// A card on the board of a breakout room, drawn at random by the server.
    CardId
);
random_id!(
    /// A line of captions, drawn at random by the server.
    CaptionId
);
random_id!(
    /// A stand, drawn at random by the server.
    StandId
);
random_id!(
    /// An organisation that would reuse what a stand shows, drawn at random by the server.
    AdopterId
);
random_id!(
    /// A moderator's message to speakers, drawn at random by the server.
    DirectionId
);
random_id!(
    /// Drawn at random by the author of a text and kept by their client: the only proof that a text is theirs.
    /// The server keeps a hash of it and not who wrote the text.
    AuthorSecret
);

/// A name as others see it: 1 to 60 characters as people count them, trimmed, nothing hidden in it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(type = "string"))]
#[serde(try_from = "String", into = "String")]
pub struct DisplayName(String);

impl DisplayName {
    /// The text of the name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for DisplayName {
    type Error = InvalidText;
    fn try_from(text: String) -> Result<Self, InvalidText> {
        crate::text::check_name(&text, DISPLAY_NAME_CHARS_MAX).map(Self)
    }
}

impl From<DisplayName> for String {
    fn from(name: DisplayName) -> String {
        name.0
    }
}

/// What a participant may do in an event; per-room grants derive from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Watches, asks, votes.
    Attendee,
    /// Writes down what is said, as live captions.
    Captioner,
    /// May publish: backstage, then on air.
    Speaker,
    /// Runs rooms: puts people on and off air, mutes.
    Moderator,
    /// Everything, including the life of the event.
    Organiser,
}

/// What kind of place a room is. All kinds have the same abilities and differ in policy only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum RoomKind {
    /// Where people arrive.
    Lobby,
    /// Few speak, many watch.
    Stage,
    /// A booth one can visit.
    Stand,
    /// A small room in which everybody may speak.
    Breakout,
}

/// Which of a participant's tracks a source is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum SourceKind {
    /// Microphone.
    Mic,
    /// Camera.
    Camera,
    /// Shared screen, picture.
    Screen,
    /// Shared screen, sound.
    ScreenAudio,
}
