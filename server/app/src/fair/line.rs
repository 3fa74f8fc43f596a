// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Texts of an organiser: one line each, in one language or two.

use std::fmt;

use fiera_protocol::fair::Localised;
use fiera_protocol::text::TopicText;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// One line of text, as long as a topic may be.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Line(TopicText);

impl TryFrom<String> for Line {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        let sentence = |error| format!("{error}: texts are one line of 1 to 120 visible characters");
        TopicText::try_from(text).map(Self).map_err(sentence)
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A language of Fiera.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Language {
    /// Italian.
    It,
    /// English.
    #[default]
    En,
}

/// A text: `title = "..."` in the default language, or `title.it` and `title.en`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Words {
    /// In the event's default language.
    One(Line),
    /// In Italian, English, or both.
    Each {
        /// Italian.
        it: Option<Line>,
        /// English.
        en: Option<Line>,
    },
}

impl Words {
    /// In the event's first language, or in the other where it is missing.
    #[must_use]
    pub fn first(&self, language: Language) -> String {
        let line = match (self, language) {
            (Self::One(line), _) => Some(line),
            (Self::Each { it, en }, Language::It) => it.as_ref().or(en.as_ref()),
            (Self::Each { it, en }, Language::En) => en.as_ref().or(it.as_ref()),
        };
        line.map(Line::to_string).unwrap_or_default()
    }

    /// In each language that it is written in.
    #[must_use]
    pub fn localised(&self, language: Language) -> Localised {
        let (it, en) = match (self, language) {
            (Self::One(line), Language::It) => (Some(line), None),
            (Self::One(line), Language::En) => (None, Some(line)),
            (Self::Each { it, en }, _) => (it.as_ref(), en.as_ref()),
        };
        Localised {
            it: it.map(Line::to_string),
            en: en.map(Line::to_string),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Each {
    #[serde(default)]
    it: Option<Line>,
    #[serde(default)]
    en: Option<Line>,
}

impl<'de> Deserialize<'de> for Words {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = Words;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text, or a text each for .it and .en")
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Words, E> {
                Line::try_from(text.to_owned()).map(Words::One).map_err(E::custom)
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Words, A::Error> {
                let Each { it, en } = Each::deserialize(MapAccessDeserializer::new(map))?;
                if it.is_none() && en.is_none() {
                    return Err(A::Error::custom("a text needs .it or .en, or both"));
                }
                Ok(Words::Each { it, en })
            }
        }
        deserializer.deserialize_any(Either)
    }
}
