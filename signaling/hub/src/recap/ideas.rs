// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Ideas and thanks of the recap as Markdown. Thanks stand in the order in which they were shown: there is no rank.

use std::fmt::Write as _;

use fiera_protocol::ideas::IdeaStage;

use super::markdown::plain;
use super::{Language, Recap};
use crate::ideas::IdeaRow;

fn stage(language: Language, stage: IdeaStage) -> &'static str {
    match stage {
        IdeaStage::Proposed => language.words("proposta", "proposed"),
        IdeaStage::Planned => language.words("in programma", "planned"),
        IdeaStage::Refused => language.words("non accolta", "not taken up"),
        IdeaStage::Done => language.words("fatta", "done"),
    }
}

fn line(idea: &IdeaRow, language: Language, page: &mut String) {
    let anonymous = || language.words("anonimo", "anonymous").to_owned();
    let by = idea.by.as_deref().map_or_else(anonymous, plain);
    let _ = write!(page, "{}. {} ({by}; +{}; ", idea.number, plain(&idea.title), idea.votes);
    match idea.merged_into {
        Some(into) => {
            let _ = write!(page, "{} {into}", language.words("unita alla n.", "merged into no."));
        }
        None => page.push_str(stage(language, idea.stage)),
    }
    if let Some(note) = &idea.note {
        let _ = write!(page, ": {}", plain(note));
    }
    page.push_str(")\n");
}

impl Recap {
    pub(super) fn ideas_and_thanks(&self, language: Language, page: &mut String) {
        if !self.ideas.is_empty() {
            let _ = writeln!(page, "## {}\n", language.words("Idee", "Ideas"));
            self.ideas.iter().for_each(|idea| line(idea, language, page));
            page.push('\n');
        }
        if !self.thanks.is_empty() {
            let _ = writeln!(page, "## {}\n", language.words("Grazie", "Thanks"));
            for one in &self.thanks {
                let _ = write!(page, "- {} → {}", plain(one.by.as_str()), plain(one.to.as_str()));
                if let Some(text) = &one.text {
                    let _ = write!(page, ": {}", plain(text));
                }
                page.push('\n');
            }
            page.push('\n');
        }
    }
}
