// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! From ballots to numbers when a poll closes, and from numbers to what everybody is shown.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use fiera_protocol::fair::{PollPhase, PollView};
use fiera_protocol::ids::EntryId;
use fiera_protocol::limits::{POLL_WORDS_KEPT_MAX, QUIZ_BOARD_MAX};
use fiera_protocol::poll::{
    Answer, Outcome, PollForm, PublishedText, QuizAsked, QuizResult, QuizView, Rank, Score, WordCount,
};

use super::{Ballot, Player, Poll, words};
use crate::chance::Chance;
use crate::fact::PollCount;

/// What is left of the ballots of a poll.
pub(super) struct Counted {
    pub(super) answers: u32,
    /// None: fewer than the poll asks for.
    pub(super) count: Option<PollCount>,
    /// The words of its entries.
    pub(super) texts: Vec<(EntryId, String)>,
}

fn small(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

fn up(tally: &mut [u32], at: usize, votes: u32) {
    if let Some(count) = tally.get_mut(at) {
        *count = count.saturating_add(votes);
    }
}

impl Poll {
    /// Counts the ballots.
    pub(super) fn counted_now(&self, chance: &mut Chance) -> Counted {
        let answers = small(self.ballots.len());
        // Nothing can be said of no answer, but that no option of a single choice was chosen.
        let least = u32::from(self.answers_min).max(u32::from(self.form != PollForm::Single {}));
        if answers < least {
            return Counted {
                answers,
                count: None,
                texts: Vec::new(),
            };
        }
        let (tallies, mut texts, others) = match self.form {
            PollForm::Single {} | PollForm::Multiple { .. } | PollForm::Rating { .. } | PollForm::Ranking {} => {
                (vec![self.tally()], Vec::new(), 0)
            }
            PollForm::Words { .. } => {
                let (words, others) = self.words();
                (Vec::new(), words, others)
            }
            PollForm::Text {} => (Vec::new(), self.texts(), 0),
            PollForm::Quiz {} => (self.quiz_tallies(), self.board(), 0),
        };
        let mut named: Vec<(EntryId, u32, String)> = texts
            .drain(..)
            .map(|(text, count)| (EntryId::from_u128(chance.id()), count, text))
            .collect();
        if self.form == (PollForm::Text {}) {
            // Random ids: their order says nothing of who answered when.
            named.sort_by_key(|(id, ..)| *id);
        }
        let entries = named.iter().map(|(id, count, _)| (*id, *count)).collect();
        Counted {
            answers,
            count: Some(PollCount {
                tallies,
                entries,
                others,
            }),
            texts: named.into_iter().map(|(id, _, text)| (id, text)).collect(),
        }
    }

    /// Votes per answer, per number of the scale, or Borda points per answer.
    fn tally(&self) -> Vec<u32> {
        let mut tally = match self.form {
            PollForm::Rating { from, to } => vec![0; usize::from(to.saturating_sub(from)) + 1],
            _ => vec![0; self.options.len()],
        };
        for ballot in self.ballots.values() {
            match (ballot, self.form) {
                (Ballot::Option(option), _) => up(&mut tally, usize::from(*option), 1),
                (Ballot::Answer(Answer::Options { options }), _) => {
                    options
                        .iter()
                        .for_each(|option| up(&mut tally, usize::from(*option), 1));
                }
                (Ballot::Answer(Answer::Rating { rating }), PollForm::Rating { from, .. }) => {
                    up(&mut tally, usize::from(rating.saturating_sub(from)), 1);
                }
                (Ballot::Answer(Answer::Ranking { order }), _) => {
                    for (points, option) in (0..).zip(order.iter().rev()) {
                        up(&mut tally, usize::from(*option), points);
                    }
                }
                _ => {}
            }
        }
        tally
    }

    /// Each word as most wrote it, the most frequent first, and how many others there are.
    fn words(&self) -> (Vec<(String, u32)>, u32) {
        let mut spellings: BTreeMap<String, BTreeMap<&str, u32>> = BTreeMap::new();
        for ballot in self.ballots.values() {
            let Ballot::Answer(Answer::Words { words: written }) = ballot else {
                continue;
            };
            let mut own = BTreeSet::new();
            for word in written {
                let key = words::key(word.as_str());
                // A word counts once per participant, however it is spelled.
                if !key.is_empty() && own.insert(key.clone()) {
                    *spellings.entry(key).or_default().entry(word.as_str()).or_default() += 1;
                }
            }
        }
        let word = |of: BTreeMap<&str, u32>| {
            let most = of.iter().max_by_key(|(text, count)| (**count, Reverse(**text)));
            let most = most.map(|(text, _)| (*text).to_owned()).unwrap_or_default();
            (most, of.values().sum::<u32>())
        };
        let mut words: Vec<(String, u32)> = spellings.into_values().map(word).collect();
        words.sort_by(|a, b| (Reverse(a.1), &a.0).cmp(&(Reverse(b.1), &b.0)));
        let others = words.len().saturating_sub(POLL_WORDS_KEPT_MAX);
        words.truncate(POLL_WORDS_KEPT_MAX);
        (words, small(others))
    }

    fn texts(&self) -> Vec<(String, u32)> {
        let text = |ballot: &Ballot| match ballot {
            Ballot::Answer(Answer::Text { text }) => Some((text.as_str().to_owned(), 1)),
            _ => None,
        };
        self.ballots.values().filter_map(text).collect()
    }

    fn players(&self) -> impl Iterator<Item = &Player> {
        self.ballots.values().filter_map(|ballot| match ballot {
            Ballot::Player(player) => Some(player),
            _ => None,
        })
    }

    /// The best players by points, and by nickname where these are equal.
    fn board(&self) -> Vec<(String, u32)> {
        let score = |player: &Player| (player.nickname.as_str().to_owned(), player.points(None));
        let mut board: Vec<(String, u32)> = self.players().map(score).collect();
        board.sort_by(|a, b| (Reverse(a.1), &a.0).cmp(&(Reverse(b.1), &b.0)));
        board.truncate(QUIZ_BOARD_MAX);
        board
    }

    fn quiz_tallies(&self) -> Vec<Vec<u32>> {
        let mut tallies: Vec<Vec<u32>> = self.quiz.iter().map(|item| vec![0; item.options.len()]).collect();
        for given in self.players().flat_map(|player| &player.given) {
            if let Some(tally) = tallies.get_mut(usize::from(given.question)) {
                up(tally, usize::from(given.option), 1);
            }
        }
        tallies
    }

    /// What anybody is shown of it: the numbers only once they are revealed.
    pub(crate) fn view(&self) -> PollView {
        let revealed = self.phase == PollPhase::Revealed;
        let counts_votes = matches!(
            self.form,
            PollForm::Single {} | PollForm::Multiple { .. } | PollForm::Rating { .. }
        );
        let tally = self.count.as_ref().and_then(|count| count.tallies.first());
        PollView {
            poll: self.id,
            question: self.question.clone(),
            options: self.options.clone(),
            phase: self.phase,
            answers: match self.phase {
                PollPhase::Draft | PollPhase::Open => small(self.ballots.len()),
                PollPhase::Closed | PollPhase::Revealed => self.answers,
            },
            tally: tally.filter(|_| revealed && counts_votes).cloned(),
            form: self.form,
            answers_min: self.answers_min,
            outcome: revealed.then(|| self.outcome()).flatten(),
            quiz: (self.form == (PollForm::Quiz {})).then(|| self.quiz_view()),
        }
    }

    fn outcome(&self) -> Option<Outcome> {
        let Some(count) = &self.count else {
            return Some(Outcome::Withheld {});
        };
        let tally = count.tallies.first().map(Vec::as_slice).unwrap_or_default();
        let shown = || self.entries.iter().filter(|entry| entry.shown);
        Some(match self.form {
            PollForm::Single {} | PollForm::Multiple { .. } => return None,
            PollForm::Rating { from, to } => rating(tally, from, to),
            PollForm::Ranking {} => ranking(tally, self.answers),
            PollForm::Words { .. } => Outcome::Words {
                words: shown()
                    .map(|entry| WordCount {
                        entry: entry.id,
                        word: entry.text.clone(),
                        count: entry.count,
                    })
                    .collect(),
                others: count.others,
            },
            PollForm::Text {} => Outcome::Texts {
                texts: shown()
                    .map(|entry| PublishedText {
                        entry: entry.id,
                        text: entry.text.clone(),
                    })
                    .collect(),
            },
            PollForm::Quiz {} => Outcome::Quiz {
                board: shown()
                    .map(|entry| Score {
                        entry: entry.id,
                        nickname: entry.text.clone(),
                        points: entry.count,
                    })
                    .collect(),
                questions: self
                    .quiz
                    .iter()
                    .zip(&count.tallies)
                    .map(|(item, tally)| QuizResult {
                        question: item.question.clone(),
                        options: item.options.clone(),
                        right: item.right,
                        tally: tally.clone(),
                    })
                    .collect(),
            },
        })
    }

    fn quiz_view(&self) -> QuizView {
        let asked = self.asked.and_then(|asked| {
            let item = self.quiz.get(usize::from(asked.number))?;
            let answered = |player: &&Player| player.given(asked.number).is_some();
            Some(QuizAsked {
                number: asked.number,
                question: item.question.clone(),
                options: item.options.clone(),
                seconds: item.seconds,
                ends_unix_ms: asked.run.map(|run| run.ends_unix_ms),
                right: asked.over.then_some(item.right),
                answers: small(self.players().filter(answered).count()),
            })
        });
        QuizView {
            questions: u8::try_from(self.quiz.len()).unwrap_or(u8::MAX),
            asked,
        }
    }
}

/// Mean, and for a scale from 0 to 10 the net promoter score (F. Reichheld, "The One Number You Need to Grow", Harvard
/// Business Review, December 2003): share of 9 and 10 minus share of 0 to 6, rounded to a whole number.
fn rating(tally: &[u32], from: u8, to: u8) -> Outcome {
    let all: u64 = tally.iter().map(|votes| u64::from(*votes)).sum();
    let sum: u64 = (u64::from(from)..)
        .zip(tally)
        .map(|(rating, votes)| rating * u64::from(*votes))
        .sum();
    let mean = (sum * 100 + all / 2).checked_div(all).unwrap_or(0);
    let of = |ratings: std::ops::RangeInclusive<usize>| -> i64 {
        tally
            .get(ratings)
            .unwrap_or_default()
            .iter()
            .map(|votes| i64::from(*votes))
            .sum()
    };
    let all = i64::try_from(all).unwrap_or(i64::MAX);
    let nps = || {
        let doubled = ((of(9..=10) - of(0..=6)) * 200).checked_div(all)?;
        // Half a point goes away from zero.
        i8::try_from((doubled + doubled.signum()) / 2).ok()
    };
    Outcome::Rating {
        mean_hundredths: u32::try_from(mean).unwrap_or(u32::MAX),
        nps: ((from, to) == (0, 10)).then(nps).flatten(),
    }
}

/// Borda count (J.-C. de Borda, Mémoire sur les élections au scrutin, 1781) of complete rankings; the mean place of an
/// answer says the same: n - points / rankings.
fn ranking(points: &[u32], answers: u32) -> Outcome {
    let options = u64::from(small(points.len()));
    let answers = u64::from(answers);
    let rank = |(option, points): (u8, &u32)| {
        let places = (options * answers).saturating_sub(u64::from(*points));
        Rank {
            option,
            points: *points,
            mean_hundredths: u32::try_from((places * 100 + answers / 2).checked_div(answers).unwrap_or(0))
                .unwrap_or(u32::MAX),
        }
    };
    let mut ranks: Vec<Rank> = (0..).zip(points).map(rank).collect();
    ranks.sort_by_key(|rank| (Reverse(rank.points), rank.option));
    Outcome::Ranking { ranks }
}
