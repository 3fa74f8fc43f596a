// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Polls beyond a single choice: what kinds there are, how one is prepared and answered, and what everybody is shown
//! of the answers once they are revealed.

use serde::{Deserialize, Serialize};

use crate::ids::{EntryId, PollId};
use crate::limits::{
    POLL_ANSWERS_MIN_DEFAULT, POLL_ANSWERS_MIN_MAX, POLL_OPTIONS_MAX, POLL_OPTIONS_MIN, POLL_WORDS_MAX,
    QUIZ_OPTIONS_MAX, QUIZ_QUESTIONS_MAX, QUIZ_SECONDS_MAX, QUIZ_SECONDS_MIN,
};
use crate::text::{NicknameText, OpenAnswerText, PollOptionText, PollQuestionText, WordText};

/// How a poll is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum PollForm {
    /// One of the answers.
    Single {},
    /// Several of the answers.
    Multiple {
        /// Fewest to choose, at least 1.
        min: u8,
        /// Most to choose, at most as many as there are.
        max: u8,
    },
    /// A number on a scale: 1 to 5, 1 to 10, or 0 to 10.
    Rating {
        /// Lowest.
        from: u8,
        /// Highest.
        to: u8,
    },
    /// All answers, the best first.
    Ranking {},
    /// Words of one's own; how often each came is counted.
    Words {
        /// Most words of one participant, 1 to 3.
        max: u8,
    },
    /// A text of one's own; moderators publish some.
    Text {},
    /// Questions with a right answer and a time, one after the other, under nicknames.
    Quiz {},
}

impl Default for PollForm {
    fn default() -> Self {
        Self::Single {}
    }
}

impl PollForm {
    /// The scales of [`PollForm::Rating`].
    pub const SCALES: [(u8, u8); 3] = [(1, 5), (1, 10), (0, 10)];

    /// Whether the organiser writes the answers.
    #[must_use]
    pub fn has_options(self) -> bool {
        matches!(self, Self::Single {} | Self::Multiple { .. } | Self::Ranking {})
    }
}

/// One question of a quiz, as its organiser prepares it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct QuizQuestion {
    /// What it asks.
    pub question: PollQuestionText,
    /// 2 to 6 different answers.
    pub options: Vec<PollOptionText>,
    /// The right one, counted from 0.
    pub right: u8,
    /// Time to answer, 5 to 120 seconds.
    pub seconds: u8,
}

/// A poll as it is prepared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct PollDraft {
    /// What it asks; the title of a quiz.
    pub question: PollQuestionText,
    /// How it is answered.
    #[serde(default)]
    pub form: PollForm,
    /// Answers to choose from or to rank; none for other forms.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "typescript", ts(optional, as = "Option<Vec<PollOptionText>>"))]
    pub options: Vec<PollOptionText>,
    /// Questions of a quiz; none for other forms.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "typescript", ts(optional, as = "Option<Vec<QuizQuestion>>"))]
    pub quiz: Vec<QuizQuestion>,
    /// Participants below whom nothing of the answers is kept or shown, at most 50; 3 if left out, 0 in a quiz.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "typescript", ts(optional))]
    pub answers_min: Option<u8>,
}

/// Why a [`PollDraft`] is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DraftFault {
    /// More answers or questions than a poll may have.
    TooMany,
    /// Fewer than two answers, or two alike.
    Options,
    /// Answers or quiz questions where the form has none.
    NotOfThisForm,
    /// `min` and `max` do not fit the answers, or no such scale, or too many words.
    Bounds,
    /// No question, a right answer that is not there, or a time out of bounds.
    Quiz,
    /// The minimum is larger than it may be.
    Minimum,
}

impl DraftFault {
    /// What is wrong and what to do.
    #[must_use]
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::TooMany => {
                "A poll offers at most 10 answers, a quiz 20 questions with 6 answers each. Leave some out."
            }
            Self::Options => "A poll offers at least 2 answers, all different. Change them.",
            Self::NotOfThisForm => {
                "Only choices and rankings have answers, and only a quiz has questions. Leave them out."
            }
            Self::Bounds => {
                "Choose min and max within the answers, a scale of 1 to 5, 1 to 10 or 0 to 10, and at most 3 words."
            }
            Self::Quiz => "A quiz needs questions, each with a right answer among its own and 5 to 120 seconds.",
            Self::Minimum => "Results can wait for at most 50 answers. Choose a smaller minimum.",
        }
    }
}

impl PollDraft {
    /// Whether all of it fits together.
    ///
    /// # Errors
    /// The first [`DraftFault`].
    pub fn check(&self) -> Result<(), DraftFault> {
        let different = |options: &[PollOptionText]| {
            options.iter().collect::<std::collections::BTreeSet<_>>().len() == options.len()
        };
        if self.options.len() > POLL_OPTIONS_MAX
            || self.quiz.len() > QUIZ_QUESTIONS_MAX
            || self.quiz.iter().any(|one| one.options.len() > QUIZ_OPTIONS_MAX)
        {
            return Err(DraftFault::TooMany);
        }
        if self.answers_min.is_some_and(|min| min > POLL_ANSWERS_MIN_MAX) {
            return Err(DraftFault::Minimum);
        }
        let is_quiz = self.form == PollForm::Quiz {};
        if (!self.form.has_options() && !self.options.is_empty()) || (!is_quiz && !self.quiz.is_empty()) {
            return Err(DraftFault::NotOfThisForm);
        }
        let enough = |options: &[PollOptionText]| options.len() >= POLL_OPTIONS_MIN && different(options);
        if self.form.has_options() && !enough(&self.options) {
            return Err(DraftFault::Options);
        }
        let fits = match self.form {
            PollForm::Multiple { min, max } => 1 <= min && min <= max && usize::from(max) <= self.options.len(),
            PollForm::Rating { from, to } => PollForm::SCALES.contains(&(from, to)),
            PollForm::Words { max } => (1..=POLL_WORDS_MAX).contains(&max),
            _ => true,
        };
        if !fits {
            return Err(DraftFault::Bounds);
        }
        if self.quiz.iter().any(|one| !enough(&one.options)) {
            return Err(DraftFault::Options);
        }
        let sound = |one: &QuizQuestion| {
            usize::from(one.right) < one.options.len() && (QUIZ_SECONDS_MIN..=QUIZ_SECONDS_MAX).contains(&one.seconds)
        };
        if is_quiz && (self.quiz.is_empty() || !self.quiz.iter().all(sound)) {
            return Err(DraftFault::Quiz);
        }
        Ok(())
    }

    /// The minimum that counts.
    #[must_use]
    pub fn answers_min(&self) -> u8 {
        let default = if self.form == (PollForm::Quiz {}) {
            0
        } else {
            POLL_ANSWERS_MIN_DEFAULT
        };
        self.answers_min.unwrap_or(default)
    }
}

/// An answer to a poll that is no single choice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Answer {
    /// Of a multiple choice.
    Options {
        /// The answers, counted from 0, each once.
        options: Vec<u8>,
    },
    /// Of a rating.
    Rating {
        /// The number.
        rating: u8,
    },
    /// Of a ranking.
    Ranking {
        /// All answers, counted from 0, the best first.
        order: Vec<u8>,
    },
    /// Of a word cloud.
    Words {
        /// One's words.
        words: Vec<WordText>,
    },
    /// Of an open question.
    Text {
        /// One's text.
        text: OpenAnswerText,
    },
    /// Of the question of a quiz that is asked now.
    Quiz {
        /// Which question, counted from 0.
        question: u8,
        /// The answer, counted from 0.
        option: u8,
    },
}

/// One's own answer to the open poll; forgotten when it closes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct YourAnswer {
    /// Which poll.
    pub poll: PollId,
    /// The answer.
    pub answer: Answer,
}

/// How one does in the quiz that is open; forgotten when it closes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct YourQuiz {
    /// Which poll.
    pub poll: PollId,
    /// The name that one chose for it.
    pub nickname: NicknameText,
    /// One's answer to the question that was asked last.
    pub option: Option<u8>,
    /// Points of all questions whose time is over.
    pub points: u32,
}

/// How far a quiz is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct QuizView {
    /// How many questions it has.
    pub questions: u8,
    /// The question that was asked last.
    pub asked: Option<QuizAsked>,
}

/// A question of a quiz that everybody sees.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct QuizAsked {
    /// Which, counted from 0.
    pub number: u8,
    /// What it asks.
    pub question: String,
    /// The answers to choose from.
    pub options: Vec<String>,
    /// Time to answer.
    pub seconds: u8,
    /// When the time is over by the server's clock, milliseconds since 1970; none: it is.
    pub ends_unix_ms: Option<u64>,
    /// The right answer, once the time is over.
    pub right: Option<u8>,
    /// Players who answered it.
    pub answers: u32,
}

/// What is shown of a revealed poll beside its tally.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Outcome {
    /// Fewer answered than the poll asks for: nothing of the answers was kept.
    Withheld {},
    /// Of a rating.
    Rating {
        /// The arithmetic mean, in hundredths.
        mean_hundredths: u32,
        /// Net promoter score, -100 to 100, of a scale from 0 to 10: share of 9 and 10 minus share of 0 to 6.
        nps: Option<i8>,
    },
    /// Of a ranking, the best first; equals in the order of the answers.
    Ranking {
        /// All answers.
        ranks: Vec<Rank>,
    },
    /// Of a word cloud, the most frequent first.
    Words {
        /// Those that are shown.
        words: Vec<WordCount>,
        /// How many more words there were.
        others: u32,
    },
    /// Of an open question, those that were published.
    Texts {
        /// In no order that means anything.
        texts: Vec<PublishedText>,
    },
    /// Of a quiz.
    Quiz {
        /// The best, most points first.
        board: Vec<Score>,
        /// What was asked, and how it was answered.
        questions: Vec<QuizResult>,
    },
}

/// One answer within [`Outcome::Ranking`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Rank {
    /// The answer, counted from 0.
    pub option: u8,
    /// Borda points: of n answers the first of a ranking gets n - 1, the last 0.
    pub points: u32,
    /// Mean place, 1 is first, in hundredths.
    pub mean_hundredths: u32,
}

/// One word within [`Outcome::Words`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct WordCount {
    /// Its id.
    pub entry: EntryId,
    /// As most wrote it.
    pub word: String,
    /// Participants who wrote it.
    pub count: u32,
}

/// One text within [`Outcome::Texts`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct PublishedText {
    /// Its id.
    pub entry: EntryId,
    /// The words.
    pub text: String,
}

/// One player within [`Outcome::Quiz`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Score {
    /// Its id.
    pub entry: EntryId,
    /// The name that the player chose for this quiz.
    pub nickname: String,
    /// All points.
    pub points: u32,
}

/// One question within [`Outcome::Quiz`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct QuizResult {
    /// What it asked.
    pub question: String,
    /// The answers.
    pub options: Vec<String>,
    /// The right one, counted from 0.
    pub right: u8,
    /// Votes per answer.
    pub tally: Vec<u32>,
}

/// What participants wrote in a poll that is closed or revealed, for its moderators.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct PollEntries {
    /// Which poll.
    pub poll: PollId,
    /// Words and nicknames by alphabet, texts in no order that means anything; never who wrote them or how often.
    pub entries: Vec<PollEntry>,
}

/// One word, text or nickname within [`PollEntries`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct PollEntry {
    /// Its id.
    pub entry: EntryId,
    /// The words.
    pub text: String,
    /// Everybody sees it once the poll is revealed.
    pub shown: bool,
}

#[cfg(test)]
mod tests {
    use super::{DraftFault, PollDraft};

    fn check(draft: &str) -> Result<(), DraftFault> {
        serde_json::from_str::<PollDraft>(draft).expect("a draft").check()
    }

    #[test]
    fn v2_what_does_not_fit_together_is_no_poll() {
        let many: Vec<String> = (0..5_000).map(|n| n.to_string()).collect();
        let many = serde_json::json!({"question": "?", "options": many}).to_string();
        for (draft, fault) in [
            (many.as_str(), DraftFault::TooMany),
            (r#"{"question":"?","options":[]}"#, DraftFault::Options),
            (r#"{"question":"?","options":["a","a "]}"#, DraftFault::Options),
            (
                r#"{"question":"?","form":{"kind":"text"},"options":["a","b"]}"#,
                DraftFault::NotOfThisForm,
            ),
            (
                r#"{"question":"?","form":{"kind":"multiple","min":0,"max":1},"options":["a","b"]}"#,
                DraftFault::Bounds,
            ),
            (
                r#"{"question":"?","form":{"kind":"multiple","min":1,"max":3},"options":["a","b"]}"#,
                DraftFault::Bounds,
            ),
            (
                r#"{"question":"?","form":{"kind":"rating","from":1,"to":7}}"#,
                DraftFault::Bounds,
            ),
            (
                r#"{"question":"?","form":{"kind":"words","max":4}}"#,
                DraftFault::Bounds,
            ),
            (r#"{"question":"?","form":{"kind":"quiz"}}"#, DraftFault::Quiz),
            (
                r#"{"question":"?","form":{"kind":"quiz"},"quiz":[{"question":"?","options":["a","b"],"right":2,"seconds":20}]}"#,
                DraftFault::Quiz,
            ),
            (
                r#"{"question":"?","form":{"kind":"quiz"},"quiz":[{"question":"?","options":["a","b"],"right":0,"seconds":4}]}"#,
                DraftFault::Quiz,
            ),
            (
                r#"{"question":"?","options":["a","b"],"answers_min":51}"#,
                DraftFault::Minimum,
            ),
        ] {
            assert_eq!(check(draft), Err(fault), "{draft:.120}");
        }
        for draft in [
            r#"{"question":"?","options":["a","b"]}"#,
            r#"{"question":"?","form":{"kind":"multiple","min":2,"max":2},"options":["a","b"]}"#,
            r#"{"question":"?","form":{"kind":"rating","from":0,"to":10}}"#,
            r#"{"question":"?","form":{"kind":"quiz"},"quiz":[{"question":"?","options":["a","b"],"right":1,"seconds":5}]}"#,
        ] {
            assert_eq!(check(draft), Ok(()), "{draft}");
        }
    }
}
