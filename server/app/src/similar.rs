// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Which questions of a room are like one that is being written: stems of Italian or English words (Snowball), weighed by
//! how rare they are among the questions. It knows no event; it is built and asked beside the event's task.

use std::collections::{BTreeMap, BTreeSet};

use fiera_hub::OpenQuestion;
use fiera_protocol::ids::QuestionId;
use rust_stemmers::{Algorithm, Stemmer};
use serde::Serialize;

/// Questions told at most.
const SIMILAR_MAX: usize = 3;
/// Part of what is being asked that another question must have, by weight.
const ALIKE_MIN: f64 = 0.5;
/// Stems that two questions must share, unless one of them has fewer.
const SHARED_MIN: usize = 2;

/// Words that say nothing of what a question is about.
const STOP_IT: &str = "a ad ai al alla alle anche che chi ci come con cosa cui da dai dal dalla dei del della delle di dove \
    e è ed fa fare gli ha hanno i il in io la le lo ma mi ne nei nel nella noi non o per perché più può qual quale quali quando \
    quanto se si sia sono su sul sulla tra tu un una uno vi voi vostra vostri vostro";
const STOP_EN: &str = "a about an and are as at be been but by can could did do does for from had has have how i if in into is it \
    its just me my of on or our should so than that the their them then there these they this to was we were what when where \
    which who why will with would you your";

/// A question that is like another one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Similar {
    pub(crate) question: QuestionId,
    pub(crate) text: String,
    pub(crate) upvotes: u32,
}

/// The open questions of one room, ready to be compared.
#[derive(Debug, Default)]
pub(crate) struct Index {
    questions: Vec<(OpenQuestion, BTreeSet<String>)>,
    /// How many questions have a stem.
    found_in: BTreeMap<String, u32>,
}

impl Index {
    pub(crate) fn new(questions: Vec<OpenQuestion>) -> Self {
        let mut index = Self::default();
        for question in questions {
            let stems = stems(&question.text);
            for stem in &stems {
                *index.found_in.entry(stem.clone()).or_default() += 1;
            }
            index.questions.push((question, stems));
        }
        index
    }

    /// The questions that are most like a text, the most alike first.
    pub(crate) fn like(&self, text: &str) -> Vec<Similar> {
        let asked = stems(text);
        let whole = self.weight(asked.iter());
        if whole <= 0.0 {
            return Vec::new();
        }
        let mut found: Vec<(f64, &OpenQuestion)> = Vec::new();
        for (question, stems) in &self.questions {
            let shared = asked.intersection(stems).count();
            let alike = self.weight(asked.intersection(stems)) / whole;
            if shared >= SHARED_MIN.min(asked.len()).min(stems.len()).max(1) && alike >= ALIKE_MIN {
                found.push((alike, question));
            }
        }
        found.sort_by(|(a, one), (b, other)| b.total_cmp(a).then(other.upvotes.cmp(&one.upvotes)));
        let told = found.into_iter().take(SIMILAR_MAX);
        told.map(|(_, question)| Similar {
            question: question.question,
            text: question.text.clone(),
            upvotes: question.upvotes,
        })
        .collect()
    }

    fn weight<'a>(&self, stems: impl Iterator<Item = &'a String>) -> f64 {
        let all = f64::from(u32::try_from(self.questions.len()).unwrap_or(u32::MAX));
        stems
            .map(|stem| (1.0 + all / f64::from(1 + self.found_in.get(stem).copied().unwrap_or(0))).ln())
            .sum()
    }
}

/// The stems of a text, without words that say nothing.
fn stems(text: &str) -> BTreeSet<String> {
    let lower = text.to_lowercase();
    let words: Vec<&str> = lower
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect();
    let stop = |list: &'static str| list.split_whitespace().collect::<BTreeSet<&str>>();
    let (it, en) = (stop(STOP_IT), stop(STOP_EN));
    let known = |list: &BTreeSet<&str>| words.iter().filter(|word| list.contains(*word)).count();
    let (algorithm, silent) = if known(&en) > known(&it) {
        (Algorithm::English, en)
    } else {
        (Algorithm::Italian, it)
    };
    let stemmer = Stemmer::create(algorithm);
    let telling = words
        .into_iter()
        .filter(|word| word.chars().count() > 1 && !silent.contains(word));
    telling.map(|word| stemmer.stem(word).into_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::Index;
    use fiera_hub::OpenQuestion;
    use fiera_protocol::ids::QuestionId;

    fn index(texts: &[&str]) -> Index {
        let question = |(n, text): (u128, &&str)| OpenQuestion {
            question: QuestionId::from_u128(n),
            text: (*text).to_owned(),
            upvotes: 0,
        };
        Index::new((0..).zip(texts).map(question).collect())
    }

    fn like(index: &Index, text: &str) -> Vec<u128> {
        index.like(text).into_iter().map(|one| one.question.as_u128()).collect()
    }

    #[test]
    fn other_forms_of_the_same_words_are_found_in_both_languages() {
        let index = index(&[
            "Quanto costa mantenere la pipeline in produzione?",
            "Possiamo riusare i vostri moduli?",
            "How do you roll back a failed migration?",
            "Where can we find the slides of the talks?",
        ]);
        assert_eq!(
            like(&index, "Quali sono i costi per il mantenimento della pipeline?"),
            [0]
        );
        assert_eq!(like(&index, "è possibile il riuso del modulo"), [1]);
        assert_eq!(like(&index, "What about rolling back migrations that fail?"), [2]);
        assert_eq!(like(&index, "Will the slides of this talk be published?"), [3]);
    }

    #[test]
    fn what_shares_only_common_words_is_not_like_it() {
        let index = index(&[
            "Quanto costa la pipeline?",
            "La pipeline gira di notte?",
            "Chi cura la pipeline?",
        ]);
        assert_eq!(
            like(&index, "La pipeline funziona con il nostro catalogo dei dati aperti?"),
            [0; 0]
        );
        assert_eq!(like(&index, "come quando perché"), [0; 0]);
        assert_eq!(like(&index, ""), [0; 0]);
    }
}
