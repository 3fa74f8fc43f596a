// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Proposing, supporting and answering ideas for the programme.

use fiera_protocol::client::Command;
use fiera_protocol::ideas::{IdeaStage, IdeaStep};
use fiera_protocol::ids::Role;

use super::Deed;
use crate::model::ideas::{Idea, settles};

impl Deed<'_> {
    /// An idea that fits, now and then any.
    pub(super) fn idea(&mut self, fits: fn(&Idea) -> bool) -> Option<Idea> {
        let anyone = self.random.permille(60);
        let all = self.model.kept.ideas.iter().filter(|idea| anyone || fits(idea));
        let all: Vec<&Idea> = all.collect();
        // Of many, those that were proposed last are what people look at.
        let newest = all.len().saturating_sub(10);
        self.random.pick(&all[newest..]).map(|idea| (*idea).clone())
    }
}

pub(super) fn draw(deed: &mut Deed<'_>) -> Option<Command> {
    let runs = deed.model.role(deed.me) == Role::Organiser && deed.random.permille(700);
    let what = deed.random.below(44).max(if runs { 22 } else { 0 });
    let step = match what {
        0..7 => IdeaStep::Propose {
            title: deed.text(),
            notes: deed.random.coin().then(|| deed.text()),
            presents: deed.random.coin(),
            anonymous: deed.random.coin(),
            secret: deed.secret(),
        },
        7..9 => {
            let known = deed.idea(|idea| idea.stage == IdeaStage::Proposed)?;
            IdeaStep::Edit {
                idea: known.id,
                title: deed.text(),
                notes: deed.random.coin().then(|| deed.text()),
                presents: deed.random.coin(),
                secret: deed.secret_of(known.secret),
            }
        }
        // Votes are taken back of wholes above all, where somebody may have supported several parts.
        9..22 => IdeaStep::Vote {
            idea: deed.idea(Idea::is_open)?.id,
            up: deed.random.permille(800),
        },
        22..24 => {
            let known = deed.idea(|_| true)?;
            let secret = deed.random.coin().then(|| deed.secret_of(known.secret));
            IdeaStep::Erase { idea: known.id, secret }
        }
        24..32 => {
            let known = deed.idea(|_| true)?;
            let (wrong, anything) = (deed.random.permille(60), deed.random.permille(60));
            let from = if wrong { IdeaStage::Refused } else { known.stage };
            let to = *deed.random.pick(settles(from))?;
            let to = if anything { IdeaStage::Planned } else { to };
            let noted = (to == IdeaStage::Refused) != deed.random.permille(60);
            let note = noted.then(|| deed.text());
            let idea = known.id;
            IdeaStep::Settle { idea, from, to, note }
        }
        32..39 => IdeaStep::Merge {
            idea: deed.idea(Idea::is_open)?.id,
            into: Some(deed.idea(Idea::is_open)?.id),
        },
        39..42 => IdeaStep::Merge {
            idea: deed.idea(|idea| idea.merged_into.is_some())?.id,
            into: None,
        },
        _ => IdeaStep::Open {
            open: deed.random.permille(850),
        },
    };
    Some(Command::Ideas { step })
}
