// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Words that an organiser does not let through, and links. One walk over a text and one look-up for each of its words,
//! however long the list is.

use std::collections::BTreeSet;

use fiera_protocol::ids::{ParticipantId, QuestionId};
use fiera_protocol::limits::FILTER_WORDS_MAX;
use fiera_protocol::text::FilterWord;
use fiera_protocol::view::{Change, StreamState};

use crate::access::Deed;
use crate::fact::{Fact, KeptText, NoteId};
use crate::hub::Hub;
use crate::input::Now;
use crate::output::StreamKey;
use crate::refusal::{self, Refusal};

/// Endings by which a bare name is taken for a link.
const LINK_ENDINGS: [&str; 12] = [
    "com", "dev", "edu", "eu", "gov", "info", "io", "it", "me", "net", "org", "xyz",
];

/// The words of one event.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Filter {
    /// Where they stand.
    text: Option<NoteId>,
    /// As they were written.
    words: Vec<String>,
    /// Without capital letters.
    folded: BTreeSet<String>,
}

impl Filter {
    fn new(text: Option<NoteId>, words: Vec<String>) -> Self {
        let folded = words.iter().map(|word| word.to_lowercase()).collect();
        Self { text, words, folded }
    }

    /// Whether a text has none of the words in it. Words are what stands between characters that are neither letters
    /// nor digits, so that a word within a longer one is none.
    fn lets_through(&self, text: &str) -> bool {
        let mut words = text.split(|c: char| !c.is_alphanumeric());
        self.folded.is_empty() || !words.any(|word| !word.is_empty() && self.folded.contains(&word.to_lowercase()))
    }
}

/// Whether a text has something in it that a browser or a reader would follow.
pub(crate) fn has_link(text: &str) -> bool {
    text.split_whitespace().any(|word| {
        let word = word.to_lowercase();
        word.contains("://") || word.contains("www.") || word.contains("mailto:") || has_host(&word)
    })
}

/// Whether a word has a host name in it: `name.ending`, alone or before a path.
fn has_host(word: &str) -> bool {
    let mut parts = word.split(|c: char| !(c.is_alphanumeric() || matches!(c, '.' | '-')));
    parts.any(|part| {
        let host = part.trim_matches('.');
        host.rsplit_once('.')
            .is_some_and(|(name, ending)| !name.is_empty() && LINK_ENDINGS.contains(&ending))
    })
}

impl Hub {
    /// Refuses a text with a word that this event does not let through.
    pub(crate) fn lets_through(&self, text: &str) -> Result<(), Refusal> {
        if self.filter.lets_through(text) {
            Ok(())
        } else {
            Err(refusal::WORD_FILTERED)
        }
    }

    pub(crate) fn set_word_filter(
        &mut self,
        now: Now,
        actor: ParticipantId,
        words: &[FilterWord],
    ) -> Result<(), Refusal> {
        let seat = self.event_seat(Deed::SetWordFilter, actor)?;
        debug_assert!(seat.fits_event(&[Deed::SetWordFilter]), "{seat:?}");
        if words.len() > FILTER_WORDS_MAX {
            return Err(refusal::TOO_MANY_FILTERED);
        }
        if !words
            .iter()
            .all(|word| word.as_str().chars().all(char::is_alphanumeric))
        {
            return Err(refusal::FILTER_NOT_WORDS);
        }
        let options: Vec<String> = words.iter().map(|word| word.as_str().to_owned()).collect();
        if options == self.filter.words {
            return Ok(());
        }
        let before = self.filter.text;
        let text = (!options.is_empty()).then(|| NoteId(QuestionId::from_u128(self.chance.id())));
        if let Some(text) = text {
            let kept = KeptText {
                options,
                ..KeptText::plain(String::new(), now.unix_min())
            };
            self.keep_text(text.0.as_u128(), Some(kept));
        }
        self.keep_fact(&Fact::WordsFiltered { words: text });
        if let Some(before) = before {
            self.keep_text(before.0.as_u128(), None);
        }
        Ok(())
    }

    pub(crate) fn apply_filter(&mut self, text: Option<NoteId>) {
        let kept = text.and_then(|text| self.texts.get(&text.0.as_u128()));
        let words = kept.map(|kept| kept.options.clone()).unwrap_or_default();
        self.filter = Filter::new(text, words);
        self.dirty.filter = true;
    }

    /// Tells organisers what is not let through.
    pub(crate) fn settle_filter(&mut self) {
        let known =
            |state: &StreamState| matches!(state, StreamState::Organisers(of) if of.filter == self.filter.words);
        if !known(self.organisers.state()) {
            let words = self.filter.words.clone();
            self.publish(StreamKey::Organisers, Change::WordFilter { words });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Filter, has_link};

    #[test]
    fn k9_whole_words_are_found_whatever_their_capitals_and_neighbours() {
        let filter = Filter::new(None, vec!["Spam".to_owned(), "perché".to_owned()]);
        for text in ["spam", "SPAM!", "no-spam-here", "l'spam", "Perché?", "a\nspam"] {
            assert!(!filter.lets_through(text), "{text}");
        }
        for text in ["spammer", "wespam", "perche", ""] {
            assert!(filter.lets_through(text), "{text}");
        }
        assert!(Filter::default().lets_through("spam"));
    }

    #[test]
    fn k8_links_are_found_and_sentences_are_not() {
        for text in [
            "https://a",
            "see www.example",
            "x.org",
            "(example.com/a?b)",
            "mailto:a@b",
            "a@b.it",
            "ftp://x",
            "è.it.",
        ] {
            assert!(has_link(text), "{text}");
        }
        for text in [
            "it",
            "Yes. It is",
            "e.g. this",
            "1.5",
            "node.js",
            ".it",
            "Bene... it",
            "v2.0",
        ] {
            assert!(!has_link(text), "{text}");
        }
    }
}
