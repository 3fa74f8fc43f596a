// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! What bots say, from `phrases.toml`, and which of it was said already.

use std::collections::{BTreeSet, VecDeque};
use std::sync::{Mutex, OnceLock, PoisonError};

use fiera_protocol::ids::DisplayName;
use fiera_protocol::text::{MessageText, NoteText, PollOptionText, PollQuestionText, QuestionText, TopicText};
use serde::Deserialize;

use crate::client::dice::Dice;

/// A message comes again after this many others at the earliest.
const MESSAGES_APART: usize = 24;
/// Every third bot speaks English.
const ENGLISH_EVERY: usize = 3;

/// A language that bots speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// Italian.
    It,
    /// English.
    En,
}

impl Language {
    /// The language of a bot.
    #[must_use]
    pub fn of(number: usize) -> Self {
        if number % ENGLISH_EVERY == ENGLISH_EVERY - 1 {
            Self::En
        } else {
            Self::It
        }
    }
}

/// Everything in one language.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Phrases {
    /// First names.
    names: Vec<String>,
    /// Questions to those on stage.
    pub questions: Vec<QuestionText>,
    /// Chat.
    pub messages: Vec<MessageText>,
    /// What a raised hand is about.
    pub topics: Vec<TopicText>,
    /// Who answers later.
    pub follow_up: NoteText,
    /// Said behind the stage by a bot whose hand was accepted.
    pub no_microphone: MessageText,
    /// Polls.
    pub polls: Vec<PollPhrase>,
}

/// A poll in words.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PollPhrase {
    /// What it asks.
    pub question: PollQuestionText,
    /// The answers.
    pub options: Vec<PollOptionText>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Book {
    it: Phrases,
    en: Phrases,
}

fn book() -> &'static Book {
    static BOOK: OnceLock<Book> = OnceLock::new();
    // The file is part of the program and a test reads it: it cannot be wrong at run time.
    BOOK.get_or_init(|| toml::from_str(include_str!("phrases.toml")).expect("phrases.toml"))
}

/// All that is said in a language.
#[must_use]
pub fn phrases(language: Language) -> &'static Phrases {
    match language {
        Language::It => &book().it,
        Language::En => &book().en,
    }
}

/// Polls of both languages, by turns.
#[must_use]
pub fn polls() -> Vec<&'static PollPhrase> {
    let (it, en) = (&book().it.polls, &book().en.polls);
    let mut all: Vec<&PollPhrase> = Vec::with_capacity(it.len() + en.len());
    for i in 0..it.len().max(en.len()) {
        all.extend(it.get(i));
        all.extend(en.get(i));
    }
    all
}

/// The name of a bot: it says what it is, and no two are the same.
#[must_use]
pub fn name_of(number: usize) -> Option<DisplayName> {
    let names = &phrases(Language::of(number)).names;
    let name = names.get((number / 2) % names.len())?;
    DisplayName::try_from(format!("Bot {name} · {number:02}")).ok()
}

/// What the crowd has said, so that it does not repeat itself.
#[derive(Debug, Default)]
pub struct Board(Mutex<Said>);

#[derive(Debug, Default)]
struct Said {
    asked: BTreeSet<&'static str>,
    messages: VecDeque<&'static str>,
}

impl Board {
    /// A question that nobody asked yet and for which `is_known` is false; none: all were asked.
    pub fn question(
        &self,
        language: Language,
        dice: &mut Dice,
        is_known: impl Fn(&str) -> bool,
    ) -> Option<&'static QuestionText> {
        let mut said = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let fresh: Vec<&QuestionText> = phrases(language)
            .questions
            .iter()
            .filter(|text| !said.asked.contains(text.as_str()) && !is_known(text.as_str()))
            .collect();
        let text = *fresh.get(dice.below(fresh.len()))?;
        said.asked.insert(text.as_str());
        Some(text)
    }

    /// Something for the chat that was not said for a while and for which `is_known` is false.
    pub fn message(
        &self,
        language: Language,
        dice: &mut Dice,
        is_known: impl Fn(&str) -> bool,
    ) -> Option<&'static MessageText> {
        let mut said = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let fresh: Vec<&MessageText> = phrases(language)
            .messages
            .iter()
            .filter(|text| !said.messages.contains(&text.as_str()) && !is_known(text.as_str()))
            .collect();
        let text = *fresh.get(dice.below(fresh.len()))?;
        said.messages.push_back(text.as_str());
        if said.messages.len() > MESSAGES_APART {
            said.messages.pop_front();
        }
        Some(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fiera_protocol::limits::{POLL_OPTIONS_MAX, POLL_OPTIONS_MIN};

    #[test]
    fn the_phrase_file_fits_the_protocol() {
        for language in [Language::It, Language::En] {
            let phrases = phrases(language);
            assert!(phrases.questions.len() >= 16 && phrases.messages.len() >= 14 && !phrases.topics.is_empty());
            let distinct: BTreeSet<&str> = phrases.questions.iter().map(QuestionText::as_str).collect();
            assert_eq!(distinct.len(), phrases.questions.len());
        }
        for poll in polls() {
            assert!((POLL_OPTIONS_MIN..=POLL_OPTIONS_MAX).contains(&poll.options.len()));
        }
    }

    #[test]
    fn every_bot_is_labelled_and_has_its_own_name() {
        let names: BTreeSet<String> = (1..=500).map(|n| name_of(n).unwrap().into()).collect();
        assert_eq!(names.len(), 500);
        assert!(names.iter().all(|name: &String| name.starts_with("Bot ")));
    }

    #[test]
    fn no_question_is_asked_twice_and_chat_does_not_repeat_soon() {
        let (board, mut dice) = (Board::default(), Dice::new(1, 1));
        let mut asked = BTreeSet::new();
        while let Some(text) = board.question(Language::It, &mut dice, |_| false) {
            assert!(asked.insert(text.as_str()));
        }
        assert_eq!(asked.len(), phrases(Language::It).questions.len());
        let said: Vec<&str> = (0..200)
            .filter_map(|_| board.message(Language::It, &mut dice, |_| false))
            .map(MessageText::as_str)
            .collect();
        assert_eq!(said.len(), 200);
        assert!(
            said.windows(MESSAGES_APART)
                .all(|near| near[1..].iter().all(|text| *text != near[0]))
        );
    }
}
