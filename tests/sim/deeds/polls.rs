// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Polls of every form, quizzes, answers right and wrong, and what moderators do with what was written.

use fiera_protocol::client::Command;
use fiera_protocol::fair::PollPhase;
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
    let entries: Vec<Entry> = known.count.iter().flat_map(|count| count.entries.clone()).collect();
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
        6 | 7 => Command::ShowEntry {
            poll,
            entry: deed.random.pick(&entries)?.id,
            shown: deed.random.permille(700),
        },
        8 => Command::EraseEntry {
            poll,
            entry: deed.random.pick(&entries)?.id,
        },
        9 => Command::Vote { poll, option: 0 },
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

fn draft(deed: &mut Deed<'_>) -> PollDraft {
    let forms = [
        PollForm::Single {},
        PollForm::Multiple { min: 1, max: 2 },
        PollForm::Rating { from: 0, to: 10 },
        PollForm::Ranking {},
        PollForm::Words { max: 3 },
        PollForm::Text {},
        PollForm::Quiz {},
    ];
    let form = *deed.random.pick(&forms).expect("forms");
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
    if deed.model.moderates(deed.me) && deed.random.permille(350) {
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
