// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Texts that people write, each a type of its own with its own length; they can only be made by parsing.
//! What others cannot see, or what would spill over other people's lines, is refused and never cut off.

use serde::{Deserialize, Serialize};
use std::fmt;
use unicode_segmentation::UnicodeSegmentation;

use crate::ids::InvalidText;
use crate::limits::{
    ANNOUNCEMENT_CHARS_MAX, ANSWER_CHARS_MAX, BYTES_PER_CHARACTER_MAX, CAPTION_CHARS_MAX, CARD_CHARS_MAX,
    CHARACTER_CODE_POINTS_MAX, CLIENT_MESSAGE_BYTES_MAX, DIRECTION_CHARS_MAX, DISPLAY_NAME_CHARS_MAX,
    FILTER_WORD_CHARS_MAX, IDEA_NOTES_CHARS_MAX, IDEA_TITLE_CHARS_MAX, LABEL_CHARS_MAX, LINK_CHARS_MAX,
    MESSAGE_CHARS_MAX, NICKNAME_CHARS_MAX, NOTE_CHARS_MAX, OPEN_ANSWER_CHARS_MAX, ORGANISATION_CHARS_MAX,
    POLL_OPTION_CHARS_MAX, POLL_QUESTION_CHARS_MAX, POLL_WORD_CHARS_MAX, PRACTICE_CHARS_MAX, PRACTICE_LINE_CHARS_MAX,
    QUESTION_CHARS_MAX, ROOM_TITLE_CHARS_MAX, SLOT_NOTES_CHARS_MAX, SLOT_TITLE_CHARS_MAX, STAND_LINE_CHARS_MAX,
    STAND_MESSAGE_CHARS_MAX, STAND_NAME_CHARS_MAX, TAG_CHARS_MAX, THANKS_CHARS_MAX, TITLE_CHARS_MAX, TOPIC_CHARS_MAX,
    TRACK_CHARS_MAX,
};

const TOO_LONG: &str = "the text is too long";
const HIDDEN: &str = "the text has control or invisible characters";
const MARKS: &str = "a character of the text has too many marks on it";
const EMPTY: &str = "the text is empty";

/// Everything that can be wrong with a text, and in the same order what is said of a name.
pub(crate) const INVALID_TEXTS: [&str; 4] = [TOO_LONG, HIDDEN, MARKS, EMPTY];
pub(crate) const INVALID_NAMES: [&str; 4] = [
    "the name is too long",
    "the name has control or invisible characters",
    "a character of the name has too many marks on it",
    "the name is empty",
];

/// As [`check`], of a name.
pub(crate) fn check_name(name: &str, chars_max: usize) -> Result<String, InvalidText> {
    check(name, chars_max, false).map_err(|InvalidText(said)| {
        let pairs = INVALID_TEXTS.into_iter().zip(INVALID_NAMES);
        let of_name = pairs.into_iter().find(|(text, _)| *text == said);
        InvalidText(of_name.map_or(said, |(_, name)| name))
    })
}

/// Control characters, and those that change the direction of what follows (Unicode UAX 9) or show nothing at all.
/// Joiners and variation selectors stay: emoji and several scripts need them.
pub(crate) fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200B}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2069}'
            | '\u{FEFF}' | '\u{00AD}' | '\u{115F}' | '\u{1160}' | '\u{3164}' | '\u{FFA0}')
}

/// Trims and checks a text of at most `chars_max` characters as people count them (grapheme clusters, UAX 29).
pub(crate) fn check(text: &str, chars_max: usize, lines: bool) -> Result<String, InvalidText> {
    // Cheap first: a text that cannot fit is not walked through.
    if text.len() > CLIENT_MESSAGE_BYTES_MAX {
        return Err(InvalidText(TOO_LONG));
    }
    let text = text.trim();
    if text.len() > chars_max * BYTES_PER_CHARACTER_MAX {
        return Err(InvalidText(TOO_LONG));
    }
    if text.chars().any(|c| is_hidden(c) && !(lines && c == '\n')) {
        return Err(InvalidText(HIDDEN));
    }
    let mut count = 0;
    for character in text.graphemes(true) {
        count += 1;
        if character.chars().count() > CHARACTER_CODE_POINTS_MAX {
            return Err(InvalidText(MARKS));
        }
    }
    if count > chars_max {
        return Err(InvalidText(TOO_LONG));
    }
    let is_blank = |c: char| c.is_whitespace() || matches!(c, '\u{200C}' | '\u{200D}' | '\u{FE00}'..='\u{FE0F}');
    if text.chars().all(is_blank) {
        return Err(InvalidText(EMPTY));
    }
    Ok(text.to_owned())
}

macro_rules! text {
    ($(#[$doc:meta])* $name:ident, $chars_max:expr, $lines:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(type = "string"))]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidText;
            fn try_from(text: String) -> Result<Self, InvalidText> {
                check(&text, $chars_max, $lines).map(Self)
            }
        }

        impl std::str::FromStr for $name {
            type Err = InvalidText;
            fn from_str(text: &str) -> Result<Self, InvalidText> {
                check(text, $chars_max, $lines).map(Self)
            }
        }

        impl From<$name> for String {
            fn from(text: $name) -> String {
                text.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

text!(
    /// What an attendee asks; one line.
    QuestionText,
    QUESTION_CHARS_MAX,
    false
);
text!(
    /// A written answer to a question; may have several lines.
    AnswerText,
    ANSWER_CHARS_MAX,
    true
);
text!(
    /// A word that an event does not let through; one line.
    FilterWord,
    FILTER_WORD_CHARS_MAX,
    false
);
text!(
    /// A label that moderators put on questions; one line.
    LabelText,
    LABEL_CHARS_MAX,
    false
);
text!(
    /// A chat message; may have several lines.
    MessageText,
    MESSAGE_CHARS_MAX,
    true
);
text!(
    /// What somebody with a raised hand wants to speak about; one line.
    TopicText,
    TOPIC_CHARS_MAX,
    false
);
text!(
    /// What stands under the name of somebody on air; one line.
    TitleText,
    TITLE_CHARS_MAX,
    false
);
text!(
    /// What a moderator tells speakers; one line.
    DirectionText,
    DIRECTION_CHARS_MAX,
    false
);
text!(
    /// A line of captions; one line.
    CaptionText,
    CAPTION_CHARS_MAX,
    false
);
text!(
    /// What everybody in the event is told; one line.
    AnnouncementText,
    ANNOUNCEMENT_CHARS_MAX,
    false
);
text!(
    /// What a poll asks; one line.
    PollQuestionText,
    POLL_QUESTION_CHARS_MAX,
    false
);
text!(
    /// One answer that a poll offers; one line.
    PollOptionText,
    POLL_OPTION_CHARS_MAX,
    false
);
text!(
    /// A word of one's own in a word cloud; one line.
    WordText,
    POLL_WORD_CHARS_MAX,
    false
);
text!(
    /// One's own answer to an open question of a poll; one line.
    OpenAnswerText,
    OPEN_ANSWER_CHARS_MAX,
    false
);
text!(
    /// The name of a player in a quiz; one line.
    NicknameText,
    NICKNAME_CHARS_MAX,
    false
);
text!(
    /// Why a question was dismissed, or who follows it up; one line.
    NoteText,
    NOTE_CHARS_MAX,
    false
);
text!(
    /// What a breakout room is called; one line.
    RoomTitle,
    ROOM_TITLE_CHARS_MAX,
    false
);
text!(
    /// What a card on the board of a breakout room says; may have several lines.
    CardText,
    CARD_CHARS_MAX,
    true
);
text!(
    /// What a stand is called; one line.
    StandNameText,
    STAND_NAME_CHARS_MAX,
    false
);
text!(
    /// What a stand is about; one line.
    StandLineText,
    STAND_LINE_CHARS_MAX,
    false
);
text!(
    /// A word that a stand is found by; one line.
    TagText,
    TAG_CHARS_MAX,
    false
);
text!(
    /// What a link of a stand leads to; one line.
    LinkText,
    LINK_CHARS_MAX,
    false
);
text!(
    /// A part of a practice card; may have several lines.
    PracticeText,
    PRACTICE_CHARS_MAX,
    true
);
text!(
    /// A part of a practice card that is one line.
    PracticeLine,
    PRACTICE_LINE_CHARS_MAX,
    false
);
text!(
    /// An organisation that would reuse what a stand shows; one line.
    OrganisationText,
    ORGANISATION_CHARS_MAX,
    false
);
text!(
    /// A message to the keepers of a stand; may have several lines.
    StandMessageText,
    STAND_MESSAGE_CHARS_MAX,
    true
);
text!(
    /// The title of a slot of the programme; one line.
    SlotTitle,
    SLOT_TITLE_CHARS_MAX,
    false
);
text!(
    /// What a slot of the programme is about; may have several lines.
    SlotNotes,
    SLOT_NOTES_CHARS_MAX,
    true
);
text!(
    /// The name of a track of the programme; one line.
    TrackName,
    TRACK_CHARS_MAX,
    false
);
text!(
    /// Who speaks in a slot, as the organiser writes it; one line.
    SpeakerName,
    DISPLAY_NAME_CHARS_MAX,
    false
);
text!(
    /// An idea for the programme in a line.
    IdeaTitle,
    IDEA_TITLE_CHARS_MAX,
    false
);
text!(
    /// An idea for the programme in some sentences; may have several lines.
    IdeaNotes,
    IDEA_NOTES_CHARS_MAX,
    true
);
text!(
    /// What somebody is thanked for; one line.
    ThanksText,
    THANKS_CHARS_MAX,
    false
);

#[cfg(test)]
mod tests {
    use super::{MessageText, QuestionText};

    fn question(text: &str) -> Result<QuestionText, &'static str> {
        text.parse().map_err(|error: crate::ids::InvalidText| error.0)
    }

    #[test]
    fn t1_length_is_counted_in_characters_as_people_see_them() {
        assert!(question(&"è".repeat(300)).is_ok());
        assert_eq!(question(&"x".repeat(301)), Err("the text is too long"));
        let marked = "e\u{0301}";
        assert!(question(&marked.repeat(300)).is_ok(), "600 code points, 300 characters");
        assert_eq!(question(&"x".repeat(1 << 20)), Err("the text is too long"));
    }

    #[test]
    fn t1_a_text_has_no_more_than_four_bytes_for_each_character_that_it_may_have() {
        let family = "👨‍👩‍👧‍👦";
        assert!(question(&family.repeat(1_200 / family.len())).is_ok());
        assert_eq!(
            question(&family.repeat(1_200 / family.len() + 1)),
            Err("the text is too long")
        );
    }

    #[test]
    fn t1_towers_of_marks_are_refused() {
        let tower = format!("a{}", "\u{0301}".repeat(40));
        assert_eq!(
            question(&tower),
            Err("a character of the text has too many marks on it")
        );
        assert_eq!(question(&"\u{0301}".repeat(1 << 20)), Err("the text is too long"));
        assert!(question("Perché? Ça va? Việt Nam ที่นี่").is_ok());
    }

    #[test]
    fn t1_hidden_and_direction_changing_characters_are_refused() {
        for hidden in ["a\u{202E}b", "a\u{0007}b", "a\u{200B}b", "a\nb", "\u{3164}"] {
            assert_eq!(
                question(hidden),
                Err("the text has control or invisible characters"),
                "{hidden:?}"
            );
        }
        assert!("a\nb".parse::<MessageText>().is_ok(), "a message may have lines");
    }

    #[test]
    fn t1_blank_is_empty_and_the_rest_is_trimmed() {
        for blank in ["", "   ", "\u{200D}", "\u{FE0F}"] {
            assert_eq!(question(blank), Err("the text is empty"), "{blank:?}");
        }
        assert_eq!(question("  Why?  ").map(String::from), Ok("Why?".to_owned()));
    }

    #[test]
    fn t2_scripts_are_only_text() {
        let script = "<script>alert(1)</script>";
        assert_eq!(question(script).map(String::from), Ok(script.to_owned()));
    }
}
