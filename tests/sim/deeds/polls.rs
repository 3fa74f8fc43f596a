// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Polls of every form, quizzes, answers right and wrong, and what moderators do with what was written.

use fiera_protocol::client::Command;
use fiera_protocol::fair::PollPhase;
use fiera_protocol::ids::PollId;
use fiera_protocol::poll::{Answer, PollDraft, PollForm, QuizQuestion};

use super::{Deed, text};
use crate::model::polls::{Entry, Poll};

impl Deed<'_> {
    fn poll(&mut self) -> Option<Poll> {
        let polls = &self.room()?.polls;
        let newest = polls.len().saturating_sub(5);
        let likely = polls[newest..]
            .iter()
            .chain(self.room()?.shown_poll())
            .collect::<Vec<_>>();
        self.random.pick(&likely).map(|poll| (*poll).clone())
    }

    /// Words that several people write, and some that only one does.
    fn word(&mut self) -> String {
        match self.random.below(5) {
            0 => self.words().split(' ').next().expect("a word").to_owned(),
            n => ["alpha", "Alpha", "beta", "gamma"][usize::try_from(n - 1).expect("small")].to_owned(),
        }
    }
}

pub(super) fn draw(deed: &mut Deed<'_>) -> Option<Command> {
    deed.room_id()?;
    if deed.random.permille(180)
        && let Some(command) = entry(deed)
    {
        return Some(command);
    }
    let open = deed.room()?.open_poll().cloned();
    let busy = open.is_some();
    if let Some(open) = open.filter(|_| deed.random.permille(750)) {
        return answer(deed, &open);
    }
    let what = deed.random.below(20);
    if what < 3 && deed.room()?.polls.len() < 25 {
        let draft = draft(deed);
        if draft.form == (PollForm::Single {}) && deed.random.coin() {
            return Some(Command::DraftPoll {
                question: draft.question,
                options: draft.options,
            });
        }
        return Some(Command::PreparePoll { draft, replaces: None });
    }
    let known = deed.poll()?;
    let poll = known.id;
    Some(match what {
        3 => Command::ClonePoll { poll },
        4 => Command::PlacePoll {
            poll,
            after: deed
                .poll()
                .map(|other| other.id)
                .filter(|_| what != 4 || deed.random.coin()),
        },
        5 => Command::DismissPoll { poll },
        6 => Command::Vote { poll, option: 0 },
        7 | 8 => Command::AskQuiz { poll, question: 0 },
        _ => Command::SetPoll {
            poll,
            phase: match known.phase {
                PollPhase::Draft if !busy || what == 10 => PollPhase::Open,
                PollPhase::Open => PollPhase::Closed,
                PollPhase::Closed => PollPhase::Revealed,
                _ => return None,
            },
        },
    })
}

/// What was written in a poll that is closed.
fn entry(deed: &mut Deed<'_>) -> Option<Command> {
    let of = |poll: &Poll| poll.count.as_ref().map_or_else(Vec::new, |count| count.entries.clone());
    let all = deed.room()?.polls.iter();
    let all: Vec<(PollId, Vec<Entry>)> = all.map(|poll| (poll.id, of(poll))).collect();
    let all: Vec<_> = all.into_iter().filter(|(_, entries)| !entries.is_empty()).collect();
    let (poll, entries) = deed.random.pick(&all)?;
    let (poll, entry) = (*poll, deed.random.pick(entries)?.id);
    Some(if deed.random.permille(350) {
        Command::EraseEntry { poll, entry }
    } else {
        let shown = deed.random.permille(700);
        Command::ShowEntry { poll, entry, shown }
    })
}

fn draft(deed: &mut Deed<'_>) -> PollDraft {
    // There is most to do with what was written, and in a quiz.
    let form = *deed.random.weighted(&[
        (2, PollForm::Single {}),
        (1, PollForm::Multiple { min: 1, max: 2 }),
        (1, PollForm::Rating { from: 0, to: 10 }),
        (1, PollForm::Ranking {}),
        (3, PollForm::Words { max: 3 }),
        (3, PollForm::Text {}),
        (2, PollForm::Quiz {}),
    ]);
    let question = deed.text();
    let many = if form.has_options() {
        2 + deed.random.index(3)
    } else {
        0
    };
    let options = (0..many).map(|_| deed.text()).collect();
    let item = |deed: &mut Deed<'_>| QuizQuestion {
        question: deed.text(),
        options: ["yes", "no", "perhaps"].map(|option| text(option.to_owned())).to_vec(),
        right: deed.random.small(3),
        seconds: 5 + deed.random.small(10),
    };
    let quiz = if form == (PollForm::Quiz {}) {
        vec![item(deed), item(deed)]
    } else {
        Vec::new()
    };
    let answers_min = *deed
        .random
        .weighted(&[(2, None), (3, Some(0)), (1, Some(2)), (1, Some(51))]);
    PollDraft {
        question,
        form,
        options,
        quiz,
        answers_min,
    }
}

fn answer(deed: &mut Deed<'_>, open: &Poll) -> Option<Command> {
    let poll = open.id;
    if deed.runs() && deed.random.permille(350) {
        let next = open.asked.map_or(0, |(number, _)| number + 1);
        if open.draft.form == (PollForm::Quiz {}) && deed.random.permille(700) {
            return Some(Command::AskQuiz { poll, question: next });
        }
        return Some(Command::SetPoll {
            poll,
            phase: PollPhase::Closed,
        });
    }
    let options = u8::try_from(open.draft.options.len()).expect("few");
    let wrong = deed.random.permille(60);
    let answer = match open.draft.form {
        PollForm::Single {} => {
            let option = deed.random.small(options + u8::from(wrong));
            return Some(Command::Vote { poll, option });
        }
        PollForm::Multiple { .. } => {
            let (first, more) = (deed.random.small(options), deed.random.small(3));
            let other = (first + 1 + deed.random.small(options)) % options;
            let options = if more == 0 { vec![first, other] } else { vec![first] };
            Answer::Options { options }
        }
        PollForm::Rating { .. } => Answer::Rating {
            rating: deed.random.small(11 + u8::from(wrong)),
        },
        PollForm::Ranking {} => {
            let mut order: Vec<u8> = (0..options).collect();
            let by = deed.random.index(order.len());
            order.rotate_left(by);
            if wrong {
                order.pop();
            }
            Answer::Ranking { order }
        }
        PollForm::Words { .. } => {
            let many = 1 + deed.random.index(3) + usize::from(wrong);
            let words = (0..many).map(|_| text(deed.word())).collect();
            Answer::Words { words }
        }
        PollForm::Text {} => Answer::Text { text: deed.text() },
        PollForm::Quiz {} => {
            let joined = open.ballots.contains_key(&deed.me);
            if !joined && !wrong || deed.random.permille(100) {
                let nickname = text(deed.word());
                return Some(Command::JoinQuiz { poll, nickname });
            }
            let question = open.asked.map_or(0, |(number, _)| number);
            let option = deed.random.small(3);
            Answer::Quiz { question, option }
        }
    };
    Some(Command::Answer { poll, answer })
}
