// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! From what was kept back to a hub: texts first, facts in their order, working state on top. Nobody is in it yet.
//! Each record goes to the area it belongs to, by the same way as when it was kept.

use fiera_protocol::view::EventPhase;

use crate::config::EventConfig;
use crate::fact::{Fact, VERSION};
use crate::hub::Hub;
use crate::input::Now;
use crate::own::Owners;
use crate::record::{Recovered, RestoreError};

impl Hub {
    /// The event as it was when the last record was kept, with nobody in it. See [`Hub::new`].
    ///
    /// # Errors
    /// Where a fact is damaged or of a later version, or the settings cannot be run.
    pub fn restore(config: EventConfig, epoch: u32, seed: [u8; 32], kept: Recovered) -> Result<Self, RestoreError> {
        let mut hub = Self::new(config, epoch, seed)?;
        // A text that cannot be read is as good as erased.
        let read = |(id, body): (u128, Vec<u8>)| Some((id, serde_json::from_slice(&body).ok()?));
        hub.texts = kept.texts.into_iter().filter_map(read).collect();
        hub.owners = Owners::of(&hub.texts);
        for (nth, (version, body)) in (1..).zip(kept.facts) {
            if version > VERSION {
                return Err(RestoreError::Newer(nth));
            }
            let fact: Fact = serde_json::from_slice(&body).map_err(|_| RestoreError::Damaged(nth))?;
            hub.apply_fact(&fact);
        }
        for (key, value) in &kept.working {
            hub.apply_row(key, Some(value));
        }
        hub.hands_restored = hub.rooms.values().any(|room| room.hands.owners().next().is_some());
        hub.quizzes_restored = true;
        hub.breakouts_restored();
        hub.pauses_restored();
        hub.settle(Now { mono_ms: 0, unix_ms: 0 });
        hub.outputs.clear();
        hub.check_invariants();
        Ok(hub)
    }

    /// Makes a fact true, now or again. What it says of a room that the event no longer has is passed over.
    pub(crate) fn apply_fact(&mut self, fact: &Fact) {
        match fact {
            Fact::PhaseMoved { phase, .. } => {
                self.phase = *phase;
                self.dirty.phase = true;
                if *phase == EventPhase::Ended {
                    self.end_captions();
                }
            }
            Fact::QuestionAsked { .. }
            | Fact::QuestionMoved { .. }
            | Fact::QuestionErased { .. }
            | Fact::QuestionEdited { .. }
            | Fact::QuestionAnswered { .. }
            | Fact::QuestionDue { .. }
            | Fact::QuestionsMerged { .. }
            | Fact::QuestionsSplit { .. }
            | Fact::QuestionLabelled { .. }
            | Fact::QuestionArchived { .. }
            | Fact::QuestionFromChat { .. }
            | Fact::LabelAdded { .. }
            | Fact::LabelErased { .. }
            | Fact::UpvotesCounted { .. } => self.apply_question_fact(fact),
            Fact::MessageSent { .. }
            | Fact::MessageEdited { .. }
            | Fact::MessagePinned { .. }
            | Fact::MessageErased { .. } => self.apply_chat_fact(fact),
            Fact::WordsFiltered { words } => self.apply_filter(*words),
            Fact::RoomSet { .. } => self.apply_moderation_fact(fact),
            Fact::PollDrafted { .. }
            | Fact::PollPrepared { .. }
            | Fact::PollPlaced { .. }
            | Fact::PollMoved { .. }
            | Fact::PollCounted { .. }
            | Fact::PollEntryShown { .. }
            | Fact::PollEntryErased { .. }
            | Fact::QuizAsked { .. }
            | Fact::QuizStopped { .. }
            | Fact::PollDismissed { .. } => {
                self.apply_poll_fact(fact);
            }
            Fact::Captioned { .. } | Fact::CaptionErased { .. } => self.apply_caption_fact(fact),
            Fact::Announced { .. } | Fact::AnnouncementErased { .. } => self.apply_announcement_fact(fact),
            Fact::SlotSet { .. } | Fact::SlotErased { .. } | Fact::SlotSeen { .. } => self.apply_programme_fact(fact),
            Fact::IdeaProposed { .. }
            | Fact::IdeaEdited { .. }
            | Fact::IdeaErased { .. }
            | Fact::IdeaSettled { .. }
            | Fact::IdeaMerged { .. }
            | Fact::IdeaVotesCounted { .. }
            | Fact::IdeasClosed { .. } => self.apply_idea_fact(fact),
            Fact::ThanksShown { .. } | Fact::ThanksHidden { .. } => self.apply_thanks_fact(fact),
            Fact::Attended { .. } => self.apply_attendance_fact(fact),
            Fact::RoundPrepared { .. }
            | Fact::RoundMoved { .. }
            | Fact::RoundDiscarded { .. }
            | Fact::RoundTold { .. } => self.apply_breakout_fact(fact),
            Fact::CardAdded { .. } | Fact::CardErased { .. } | Fact::CardVotesCounted { .. } => {
                self.apply_card_fact(fact);
            }
            Fact::StandOpened { .. }
            | Fact::StandEdited { .. }
            | Fact::StandSet { .. }
            | Fact::StandRemoved { .. }
            | Fact::StandAdopted { .. }
            | Fact::StandAdopterErased { .. }
            | Fact::StandMessageLeft { .. }
            | Fact::StandMessageErased { .. }
            | Fact::StandReuseCounted { .. } => self.apply_stand_fact(fact),
        }
    }

    /// Makes a row of working state true, now or again; without a value it is gone. Rows of unknown kinds and rows that
    /// cannot be read are passed over: working state is never worth more than the event.
    pub(crate) fn apply_row(&mut self, key: &str, value: Option<&[u8]>) {
        let parts: Vec<&str> = key.split('/').collect();
        let Some((kind, name)) = parts.split_first() else {
            return;
        };
        match *kind {
            "upvote" | "upvotekey" | "assigned" => self.apply_question_row(kind, name, value),
            "show" => self.apply_show_row(name, value),
            "title" => self.apply_title_row(name, value),
            "restricted" => self.apply_restricted_row(name, value),
            "answer" | "answerkey" => self.apply_answer_row(kind, name, value),
            "ballot" | "pollkey" => self.apply_poll_row(kind, name, value),
            "hand" => self.apply_hand_row(name, value),
            "placement" | "help" | "cardsshown" => self.apply_breakout_row(kind, name, value),
            "cardkey" | "cardvote" => self.apply_card_row(kind, name, value),
            "keeper" | "opener" | "opened" | "reuse" | "reusekey" => self.apply_stand_row(kind, name, value),
            "ideakey" | "ideavote" => self.apply_idea_row(kind, name, value),
            "thankskey" | "thanked" | "thanks" => self.apply_thanks_row(kind, name, value),
            _ => {}
        }
    }

    /// All working state is gone, now or again.
    pub(crate) fn apply_wipe(&mut self) {
        self.wipe_questions();
        self.wipe_restrictions();
        self.wipe_answers();
        self.wipe_polls();
        self.wipe_hands();
        self.wipe_shows();
        self.wipe_breakouts();
        self.wipe_stands();
        self.wipe_ideas();
        self.wipe_thanks();
    }

    /// Whether the store takes writes from now on.
    pub(crate) fn storage(&mut self, writable: bool) {
        self.dirty.read_only |= self.read_only == writable;
        self.read_only = !writable;
    }
}
