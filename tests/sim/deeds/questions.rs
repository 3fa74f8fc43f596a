// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Asking, voting, and all that moderators and speakers do with questions.

use fiera_protocol::client::Command;
use fiera_protocol::fair::QuestionStage;
use fiera_protocol::ids::{LabelId, QuestionId};

use super::{Deed, text};
use crate::model::questions::{Question, steps};

impl Deed<'_> {
    /// A question of the room where one is that fits, now and then any, of any room.
    fn question(&mut self, fits: fn(&Question) -> bool) -> Option<Question> {
        let near: Vec<&Question> = self.room()?.questions.iter().filter(|known| fits(known)).collect();
        let far: Vec<&Question> = self
            .model
            .kept
            .rooms
            .values()
            .flat_map(|room| &room.questions)
            .collect();
        let among = if self.random.permille(60) { far } else { near };
        // Of many, those that were asked last are what people look at.
        let newest = among.len().saturating_sub(12);
        self.random.pick(&among[newest..]).map(|question| (*question).clone())
    }

    fn stages(&mut self, question: &Question) -> (QuestionStage, QuestionStage) {
        let from = if self.random.permille(60) {
            QuestionStage::Published
        } else {
            question.now.stage
        };
        let to = self.random.pick(steps(from)).copied();
        let anything = self.random.permille(60);
        (from, to.filter(|_| !anything).unwrap_or(QuestionStage::Pending))
    }
}

pub(super) fn draw(deed: &mut Deed<'_>) -> Option<Command> {
    let runs = deed.model.moderates(deed.me);
    let what = deed.random.below(46).max(if runs { 8 } else { 0 });
    if what < 10 {
        return Some(Command::Ask {
            text: deed.text(),
            anonymous: deed.random.coin(),
            secret: deed.secret(),
        });
    }
    use QuestionStage::{Answered, Dismissed, FollowUp, Next, Now, Pending, Published};
    let known = deed.question(match what {
        10..19 => |of| of.is_public() && matches!(of.now.stage, Published | Next | Now),
        25 | 26 => |of| of.before.is_some() && of.merged_into.is_none(),
        27 | 28 | 40..43 => |of| of.merged_into.is_none() && matches!(of.now.stage, Pending | Published | Next | Now),
        19 | 37 | 38 => |of| of.now.stage == FollowUp,
        43..46 => |of| of.is_public() && of.before.is_some() && matches!(of.now.stage, Published | Next | Now),
        39 => |of| of.merged_into.is_none() && matches!(of.now.stage, Answered | Dismissed),
        _ => |of| of.merged_into.is_none() || of.order % 4 == 0,
    })?;
    let question = known.id;
    Some(match what {
        // Votes are taken back of wholes above all, where somebody may have supported several parts.
        10..19 | 43..46 => Command::Upvote {
            question,
            up: what < 43 && deed.random.permille(850),
        },
        22..25 => {
            let (from, to) = deed.stages(&known);
            let noted = matches!(to, QuestionStage::Dismissed | QuestionStage::FollowUp) != deed.random.permille(50);
            let note = noted.then(|| deed.text());
            Command::SetQuestion {
                question,
                from,
                to,
                note,
            }
        }
        25 | 26 => Command::UndoQuestion { question },
        27 | 28 | 40..43 => {
            let many = 1 + deed.random.index(3);
            let drawn: Vec<QuestionId> = (0..many).filter_map(|_| Some(part(deed)?.id)).collect();
            Command::MergeQuestions {
                into: question,
                questions: drawn,
            }
        }
        29 => Command::WithdrawQuestion {
            question,
            secret: deed.secret_of(known.secret),
        },
        30 => Command::EraseQuestion { question },
        31 | 32 => {
            let own = deed.random.permille(700).then(|| deed.secret_of(known.secret));
            Command::EditQuestion {
                question,
                text: deed.text(),
                secret: own,
            }
        }
        33 => Command::AddLabel {
            text: text(format!("zk{}k", deed.random.below(20) + 9_000_000)),
        },
        34 | 35 => labels(deed, question)?,
        20 | 21 => Command::AssignQuestion {
            question,
            participant: deed.random.permille(800).then(|| deed.somebody()),
        },
        36 => Command::AnswerQuestion {
            question,
            from: deed.stages(&known).0,
            text: deed.text(),
        },
        19 | 37 | 38 => Command::SetDue {
            question,
            due_day: deed
                .random
                .permille(800)
                .then(|| 20_000 + u32::from(deed.random.small(250)) * 120),
            owner: deed.random.permille(300).then(|| deed.text()),
        },
        _ => Command::ArchiveQuestions {
            questions: vec![question],
            archived: deed.random.permille(600),
        },
    })
}

fn part(deed: &mut Deed<'_>) -> Option<Question> {
    use QuestionStage::{Next, Pending, Published};
    deed.question(|of| of.merged_into.is_none() && matches!(of.now.stage, Pending | Published | Next))
}

fn labels(deed: &mut Deed<'_>, question: QuestionId) -> Option<Command> {
    let known: Vec<LabelId> = deed.room()?.labels.iter().map(|(id, _)| *id).collect();
    if deed.random.permille(350) {
        let gone = deed.random.permille(60).then(|| LabelId::from_u128(deed.random.id()));
        let label = gone.or(deed.random.pick(&known).copied())?;
        return Some(Command::EraseLabel { label });
    }
    let many = deed.random.index(5);
    let labels = (0..many).filter_map(|_| deed.random.pick(&known).copied()).collect();
    Some(Command::LabelQuestion { question, labels })
}
