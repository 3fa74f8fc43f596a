// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! What `accepted` promises, and how one's own streams show that it was kept. Pure.

use fiera_protocol::client::Command;
use fiera_protocol::fair::{PollPhase, QuestionStage};
use fiera_protocol::ids::{PollId, QuestionId, RoomId};

use crate::client::mirror::Mirror;

/// After `accepted`, what was promised is on the screen within this time: the slowest streams are coalesced for 500 ms,
/// the rest is for a busy machine.
pub const KEPT_WITHIN_MS: u64 = 5_000;

/// What must be seen.
#[derive(Debug, Clone, PartialEq, Eq)]
enum What {
    Here { room: RoomId },
    Said { text: String },
    Asked { text: String, anonymous: bool },
    Supported { question: QuestionId, up: bool },
    Voted { poll: PollId, option: u8 },
    Hand { topic: Option<String> },
    NoHand,
}

/// How a promise stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It is seen, this many times.
    Seen(usize),
    /// It is not seen, and there may be a good reason.
    Excused,
    /// It is not seen.
    Unseen,
}

/// Something that a command will make visible to its author.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Promise {
    what: What,
    room: Option<RoomId>,
    /// Of the same words that were there already.
    before: usize,
}

impl Promise {
    /// What accepting this command promises; none where nothing lasting can be seen.
    #[must_use]
    pub fn of(command: &Command, mirror: &Mirror) -> Option<Self> {
        let what = match command {
            Command::Enter { room } => What::Here { room: room.clone() },
            Command::Chat {
                text, backstage: false, ..
            } => What::Said {
                text: text.as_str().to_owned(),
            },
            Command::Ask { text, anonymous, .. } => What::Asked {
                text: text.as_str().to_owned(),
                anonymous: *anonymous,
            },
            Command::Upvote { question, up } => What::Supported {
                question: *question,
                up: *up,
            },
            Command::Vote { poll, option } => What::Voted {
                poll: *poll,
                option: *option,
            },
            Command::RaiseHand { topic } => What::Hand {
                topic: topic.as_ref().map(|topic| topic.as_str().to_owned()),
            },
            Command::LowerHand { participant: None } => What::NoHand,
            _ => return None,
        };
        let room = mirror.you().and_then(|you| you.room.clone());
        let mut promise = Self { what, room, before: 0 };
        if promise.is_of_words() {
            promise.before = promise.times(mirror);
        }
        Some(promise)
    }

    /// Whether this is about words that others read, and so has a time until they are shown.
    #[must_use]
    pub fn is_of_words(&self) -> bool {
        matches!(self.what, What::Said { .. } | What::Asked { .. })
    }

    /// How it stands now.
    #[must_use]
    pub fn standing(&self, mirror: &Mirror) -> Standing {
        let Some(you) = mirror.you() else {
            return Standing::Excused;
        };
        if matches!(self.what, What::Here { .. }) {
            let times = self.times(mirror);
            return if times > 0 {
                Standing::Seen(times)
            } else {
                Standing::Unseen
            };
        }
        let Some(room) = mirror.room().filter(|_| you.room == self.room) else {
            return Standing::Excused;
        };
        let times = self.times(mirror).saturating_sub(self.before);
        if times > 0 {
            return Standing::Seen(times);
        }
        let excused = match &self.what {
            What::Here { .. } | What::Said { .. } => false,
            What::Asked { .. } => room.settings.moderated,
            What::Supported { question, up: true } => room
                .questions
                .iter()
                .find(|known| known.question == *question)
                .is_none_or(|known| !may_be_supported(known.stage)),
            What::Supported { up: false, .. } => false,
            What::Voted { poll, .. } => room
                .poll
                .as_ref()
                .is_none_or(|known| known.poll != *poll || known.phase != PollPhase::Open),
            // A moderator may have lowered it meanwhile.
            What::Hand { .. } => you.hand.is_none(),
            What::NoHand => false,
        };
        if excused { Standing::Excused } else { Standing::Unseen }
    }

    fn times(&self, mirror: &Mirror) -> usize {
        let (Some(you), room) = (mirror.you(), mirror.room()) else {
            return 0;
        };
        match &self.what {
            What::Here { room } => usize::from(you.room.as_ref() == Some(room)),
            What::Said { text } => room.map_or(0, |room| {
                let own = |by: &&fiera_protocol::fair::ChatMessage| by.by == you.name && by.text == *text;
                room.chat.iter().filter(own).count()
            }),
            What::Asked { text, anonymous } => room.map_or(0, |room| {
                let name = (!anonymous).then_some(&you.name);
                let own = |by: &&fiera_protocol::fair::QuestionView| by.by.as_ref() == name && by.text == *text;
                room.questions.iter().filter(own).count()
            }),
            What::Supported { question, up } => usize::from(you.upvoted.contains(question) == *up),
            What::Voted { poll, option } => usize::from(
                you.vote
                    .is_some_and(|vote| vote.poll == *poll && vote.option == *option),
            ),
            What::Hand { topic } => usize::from(you.hand.as_ref().is_some_and(|hand| hand.topic == *topic)),
            What::NoHand => usize::from(you.hand.is_none()),
        }
    }
}

/// Whether a question takes supporters.
#[must_use]
pub fn may_be_supported(stage: QuestionStage) -> bool {
    matches!(stage, QuestionStage::Published | QuestionStage::Next)
}
