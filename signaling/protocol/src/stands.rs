// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Stands: what their keepers write, what everybody sees of them, and what can be done at one.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::ids::{AdopterId, AuthorSecret, DisplayName, InvalidText, MessageId, ParticipantId, RoomId, StandId};
use crate::limits::{LINK_BYTES_MAX, STAND_HOUR_UNIX_MS_MAX, STAND_HOURS_MAX, STAND_LINKS_MAX, STAND_TAGS_MAX};
use crate::text::{
    LinkText, OrganisationText, PracticeLine, PracticeText, StandLineText, StandMessageText, StandNameText, TagText,
};

/// The language that a stand is written in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum StandLanguage {
    /// Italian.
    #[default]
    It,
    /// English.
    En,
}

/// Who may open a stand in an event. Moderators and organisers always may.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum StandsOpenTo {
    /// Nobody else.
    Nobody,
    /// Speakers.
    Invited,
    /// Everybody.
    #[default]
    Anyone,
}

/// Whether a stand can be visited.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum StandState {
    /// Everybody may read it and go in.
    Open,
    /// Everybody may read it; only keepers and moderators go in.
    Closed,
    /// A moderator took it out of the list; keepers and moderators alone see it.
    Hidden,
}

/// A practice, so that others can reuse it. What is not known is left out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct PracticeCard {
    /// What it solves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "typescript", ts(optional))]
    pub problem: Option<PracticeText>,
    /// Where and for whom.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "typescript", ts(optional))]
    pub context: Option<PracticeText>,
    /// How it was done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "typescript", ts(optional))]
    pub method: Option<PracticeText>,
    /// With which software.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "typescript", ts(optional))]
    pub tool: Option<PracticeLine>,
    /// What came of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "typescript", ts(optional))]
    pub results: Option<PracticeText>,
    /// Whom to ask.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "typescript", ts(optional))]
    pub contact: Option<PracticeLine>,
    /// Under which licence it can be reused, such as `EUPL-1.2`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "typescript", ts(optional))]
    pub licence: Option<PracticeLine>,
}

const LINK_LONG: &str = "the link is too long";
const LINK_SCHEME: &str = "a link begins with https://";
const LINK_BLANK: &str = "a link has no blanks and no letters with accents";
const LINK_HOST: &str = "a link has the name of a host after https://";

/// Everything that can be wrong with a link.
pub(crate) const INVALID_LINKS: [&str; 4] = [LINK_LONG, LINK_SCHEME, LINK_BLANK, LINK_HOST];

/// An address of a page: `https` alone, with a host name and nobody's name or password in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(type = "string"))]
#[serde(try_from = "String", into = "String")]
pub struct LinkUrl(String);

impl LinkUrl {
    /// The address.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for LinkUrl {
    type Error = InvalidText;
    fn try_from(url: String) -> Result<Self, InvalidText> {
        let url = url.trim();
        if url.len() > LINK_BYTES_MAX {
            return Err(InvalidText(LINK_LONG));
        }
        let Some(rest) = url.strip_prefix("https://") else {
            return Err(InvalidText(LINK_SCHEME));
        };
        // Printable ASCII alone: what is read is where it leads. Browsers take `\` for `/`.
        if !rest.bytes().all(|c| c.is_ascii_graphic() && c != b'\\') {
            return Err(InvalidText(LINK_BLANK));
        }
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let (host, port) = authority.split_once(':').unwrap_or((authority, "443"));
        let is_host = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'.' | b'-');
        let named = host.contains('.') && !host.starts_with(['.', '-']) && !host.ends_with(['.', '-']);
        let numbered = !port.is_empty() && port.len() <= 5 && port.bytes().all(|c| c.is_ascii_digit());
        if !named || !numbered || !host.bytes().all(is_host) {
            return Err(InvalidText(LINK_HOST));
        }
        Ok(Self(url.to_owned()))
    }
}

impl std::str::FromStr for LinkUrl {
    type Err = InvalidText;
    fn from_str(url: &str) -> Result<Self, InvalidText> {
        Self::try_from(url.to_owned())
    }
}

impl From<LinkUrl> for String {
    fn from(url: LinkUrl) -> String {
        url.0
    }
}

/// A link of a stand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct StandLink {
    /// What it leads to.
    pub title: LinkText,
    /// Where.
    pub url: LinkUrl,
}

/// A time in which somebody is at the stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct OpenHours {
    /// Start, milliseconds since 1970.
    pub from_unix_ms: u64,
    /// End, milliseconds since 1970.
    pub to_unix_ms: u64,
}

/// All that keepers write.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct StandContent {
    /// What it is called.
    pub name: StandNameText,
    /// What it is about.
    pub line: StandLineText,
    /// What it is written in.
    pub language: StandLanguage,
    /// At most 6 words to find it by, each once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "typescript", ts(optional, as = "Option<Vec<TagText>>"))]
    pub tags: Vec<TagText>,
    /// At most 6.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "typescript", ts(optional, as = "Option<Vec<StandLink>>"))]
    pub links: Vec<StandLink>,
    /// At most 12, in order of time and apart from each other; none: whenever the stand is open.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "typescript", ts(optional, as = "Option<Vec<OpenHours>>"))]
    pub hours: Vec<OpenHours>,
    /// The practice that is shown.
    #[serde(default, skip_serializing_if = "PracticeCard::is_empty")]
    #[cfg_attr(feature = "typescript", ts(optional, as = "Option<PracticeCard>"))]
    pub card: PracticeCard,
}

impl PracticeCard {
    /// Whether nothing is written on it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// What is wrong with the content of a stand beyond its single texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StandFault {
    /// More tags, links or hours than a stand may have.
    TooMany,
    /// A tag stands there twice.
    SameTag,
    /// Hours end before they begin, overlap, or are not in order.
    Hours,
}

impl StandFault {
    /// For people: what to do.
    #[must_use]
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::TooMany => "A stand has at most 6 tags, 6 links and 12 opening times. Leave some out.",
            Self::SameTag => "A tag is there twice. Keep one of them.",
            Self::Hours => "Each opening time ends after it begins, and before the next one. Correct them.",
        }
    }
}

impl StandContent {
    /// Whether all of it fits together.
    ///
    /// # Errors
    /// The first [`StandFault`].
    pub fn check(&self) -> Result<(), StandFault> {
        let many = self.tags.len() > STAND_TAGS_MAX || self.links.len() > STAND_LINKS_MAX;
        if many || self.hours.len() > STAND_HOURS_MAX {
            return Err(StandFault::TooMany);
        }
        let tags: BTreeSet<String> = self.tags.iter().map(|tag| tag.as_str().to_lowercase()).collect();
        if tags.len() < self.tags.len() {
            return Err(StandFault::SameTag);
        }
        let mut from = 0;
        for hours in &self.hours {
            let in_order = from <= hours.from_unix_ms && hours.from_unix_ms < hours.to_unix_ms;
            if !in_order || hours.to_unix_ms > STAND_HOUR_UNIX_MS_MAX {
                return Err(StandFault::Hours);
            }
            from = hours.to_unix_ms;
        }
        Ok(())
    }
}

/// A stand in the list of stands. Of a hidden one the words are empty: who may read them asks for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct StandSummary {
    /// Which.
    pub stand: StandId,
    /// Its room.
    pub room: RoomId,
    /// Whether it can be visited.
    pub state: StandState,
    /// What it is called.
    pub name: String,
    /// What it is about.
    pub line: String,
    /// What it is written in.
    pub language: StandLanguage,
    /// Words to find it by.
    pub tags: Vec<String>,
    /// Who opened it, by the name they had then; none: the event's setup.
    pub by: Option<DisplayName>,
    /// When somebody is there; empty: whenever it is open.
    pub hours: Vec<OpenHours>,
    /// How often its words were changed.
    pub revision: u32,
    /// Participants who would reuse it.
    pub reuse: u32,
    /// Participants in its room.
    pub people: u32,
    /// Whether anyone is on air there.
    pub live: bool,
    /// Stands are shown smallest first: in the order in which they were opened.
    pub order: u32,
}

/// What is counted of a stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct StandCount {
    /// Which.
    pub stand: StandId,
    /// Participants who would reuse it.
    pub reuse: u32,
    /// Participants in its room.
    pub people: u32,
    /// Whether anyone is on air there.
    pub live: bool,
}

/// An organisation that would reuse what a stand shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Adopter {
    /// Which.
    pub adopter: AdopterId,
    /// Its name, as a participant wrote it.
    pub organisation: String,
}

/// All of a stand that everybody may read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct StandView {
    /// Which.
    pub stand: StandId,
    /// Whether it can be visited.
    pub state: StandState,
    /// How often its words were changed; to be named in `edit`.
    pub revision: u32,
    /// What its keepers wrote.
    pub content: StandContent,
    /// Organisations that would reuse it, in the order in which they said so.
    pub adopters: Vec<Adopter>,
}

/// A message to the keepers of a stand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct StandMessage {
    /// Which.
    pub message: MessageId,
    /// Who left it, by the name they had then; none: anonymous.
    pub by: Option<DisplayName>,
    /// What it says.
    pub text: String,
    /// When, to the minute, milliseconds since 1970.
    pub at_unix_ms: u64,
}

/// A stand of one's own, found by the secret it was opened with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct OwnStand {
    /// The secret that was asked for.
    pub secret: AuthorSecret,
    /// The stand.
    pub stand: StandId,
}

/// A stand that one keeps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct YourStand {
    /// Which.
    pub stand: StandId,
    /// Messages that lie there.
    pub messages: u32,
}

/// What can be done at a stand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum StandStep {
    /// Opens a stand of one's own.
    Open {
        /// What it shows.
        content: Box<StandContent>,
        /// Drawn at random and kept by the client: whoever has it keeps the stand.
        secret: AuthorSecret,
    },
    /// Becomes one of its keepers.
    Keep {
        /// Which.
        stand: StandId,
        /// What `open` was sent with.
        secret: AuthorSecret,
    },
    /// Gives it other content (keepers). Refused as `wrong_state` unless it is still at that revision.
    Edit {
        /// Which.
        stand: StandId,
        /// What the change was made from.
        revision: u32,
        /// All of it.
        content: Box<StandContent>,
    },
    /// Opens or closes it (keepers and moderators), or takes it out of the list and back (moderators).
    Set {
        /// Which.
        stand: StandId,
        /// What it is from now on.
        state: StandState,
    },
    /// Erases it for good, with all that was said there (keepers and moderators, and who has its secret).
    Remove {
        /// Which.
        stand: StandId,
        /// What `open` was sent with; needed by nobody whom the server knows as a keeper or moderator.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "typescript", ts(optional))]
        secret: Option<AuthorSecret>,
    },
    /// Gives it another secret: the one before proves nothing any more, and whoever else kept it keeps it no longer.
    Renew {
        /// Which.
        stand: StandId,
        /// The one that it has.
        secret: AuthorSecret,
        /// The one that it gets, drawn at random and kept by the client.
        fresh: AuthorSecret,
    },
    /// Says that one would reuse what it shows, or no longer.
    Reuse {
        /// Which.
        stand: StandId,
        /// On or off.
        on: bool,
        /// The organisation to be named in public; nobody's without it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "typescript", ts(optional))]
        organisation: Option<OrganisationText>,
    },
    /// Erases the name of an organisation for good (keepers and moderators).
    EraseAdopter {
        /// At which stand.
        stand: StandId,
        /// Which.
        adopter: AdopterId,
    },
    /// Leaves a message that its keepers alone can read.
    Leave {
        /// Where.
        stand: StandId,
        /// What it says.
        text: StandMessageText,
        /// Whether they see it without a name.
        anonymous: bool,
        /// Drawn at random and kept by the client: with it one's own message can be erased.
        secret: AuthorSecret,
    },
    /// Erases a message for good: one's own with its secret, any as a keeper.
    EraseMessage {
        /// At which stand.
        stand: StandId,
        /// Which; those that were left with `secret` without it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "typescript", ts(optional))]
        message: Option<MessageId>,
        /// What `leave` was sent with, or, for who keeps the stand, `open`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "typescript", ts(optional))]
        secret: Option<AuthorSecret>,
    },
    /// Lets a visitor publish in the stand's room, or no longer (keepers and moderators).
    GiveWord {
        /// Which.
        stand: StandId,
        /// Somebody in its room.
        participant: ParticipantId,
        /// On or off.
        on: bool,
    },
}

impl StandStep {
    /// The name of the step, as on the wire.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Open { .. } => "open",
            Self::Keep { .. } => "keep",
            Self::Edit { .. } => "edit",
            Self::Set { .. } => "set",
            Self::Remove { .. } => "remove",
            Self::Renew { .. } => "renew",
            Self::Reuse { .. } => "reuse",
            Self::EraseAdopter { .. } => "erase_adopter",
            Self::Leave { .. } => "leave",
            Self::EraseMessage { .. } => "erase_message",
            Self::GiveWord { .. } => "give_word",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{LinkUrl, OpenHours, StandContent, StandFault, StandLanguage};

    #[test]
    fn j6_a_link_leads_where_it_says() {
        for good in [
            "https://example.org",
            "https://code.example.org:8443/a?b#c",
            "https://xn--nxasmq6b.example/",
        ] {
            assert!(good.parse::<LinkUrl>().is_ok(), "{good}");
        }
        for bad in [
            "http://example.org",
            "javascript:alert(1)",
            "https://",
            "https://localhost",
            "https://you@example.org",
            "https://example.org\\@evil.example",
            "https://exa mple.org",
            "https://esempiò.it",
            "HTTPS://example.org",
            "https://example.org:",
            "https://example.org:1:2",
            "https://.example.org",
            "https://[::1]/",
            "//example.org",
        ] {
            assert!(bad.parse::<LinkUrl>().is_err(), "{bad}");
        }
        let long = format!("https://example.org/{}", "a".repeat(300));
        assert!(long.parse::<LinkUrl>().is_err());
    }

    fn content(hours: &[(u64, u64)], tags: &[&str]) -> StandContent {
        let hours = hours.iter().map(|(from_unix_ms, to_unix_ms)| OpenHours {
            from_unix_ms: *from_unix_ms,
            to_unix_ms: *to_unix_ms,
        });
        StandContent {
            name: "K8s".parse().unwrap(),
            line: "Clusters".parse().unwrap(),
            language: StandLanguage::En,
            tags: tags.iter().map(|tag| tag.parse().unwrap()).collect(),
            links: Vec::new(),
            hours: hours.collect(),
            card: super::PracticeCard::default(),
        }
    }

    #[test]
    fn j5_hours_are_in_order_and_apart() {
        assert_eq!(content(&[(1, 2), (2, 3), (7, 9)], &[]).check(), Ok(()));
        for bad in [
            &[(2, 2)][..],
            &[(3, 2)],
            &[(1, 5), (4, 6)],
            &[(5, 6), (1, 2)],
            &[(1, u64::MAX)],
        ] {
            assert_eq!(content(bad, &[]).check(), Err(StandFault::Hours), "{bad:?}");
        }
        let many: Vec<(u64, u64)> = (0..13).map(|n| (2 * n, 2 * n + 1)).collect();
        assert_eq!(content(&many, &[]).check(), Err(StandFault::TooMany));
    }

    #[test]
    fn j2_a_tag_stands_there_once() {
        assert_eq!(content(&[], &["a", "A"]).check(), Err(StandFault::SameTag));
        assert_eq!(
            content(&[], &["1", "2", "3", "4", "5", "6", "7"]).check(),
            Err(StandFault::TooMany)
        );
    }
}
