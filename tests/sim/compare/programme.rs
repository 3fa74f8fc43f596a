// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! The programme, ideas and thanks: what the event says of them against the model.

use std::collections::BTreeSet;

use fiera_protocol::ideas::IdeaView;
use fiera_protocol::ids::{AuthorSecret, IdeaId, ParticipantId, ThanksId};
use fiera_protocol::server::ServerMessage;
use fiera_protocol::thanks::{ThanksView, YourThanks};
use fiera_protocol::view::{EventView, YouView};

use crate::model::ideas::Idea;
use crate::model::{Kept, Model};

fn idea(idea: &Idea, votes: u32) -> IdeaView {
    IdeaView {
        idea: idea.id,
        title: idea.title.clone(),
        notes: idea.notes.clone(),
        by: idea.by.clone(),
        presents: idea.presents,
        stage: idea.stage,
        note: idea.note.clone(),
        slot: idea.slot,
        merged_into: idea.merged_into,
        edited: idea.edited,
        votes,
        order: idea.order,
    }
}

/// All but the numbers of supporters, which are looked at apart.
pub(super) fn same_programme(kept: &Kept, view: &EventView) {
    assert_eq!(view.agenda, kept.slots, "PR1, PR3: the programme");
    assert_eq!(view.ideas_closed, kept.ideas_closed, "PR14: ideas are taken");
    let shown: Vec<IdeaId> = view.ideas.iter().map(|view| view.idea).collect();
    let known: Vec<IdeaId> = kept.ideas.iter().map(|known| known.id).collect();
    assert_eq!(shown, known, "PR10: ideas");
    for (view, known) in view.ideas.iter().zip(&kept.ideas) {
        assert_eq!(*view, idea(known, view.votes), "PR12, PR13: an idea");
    }
    let thanks = kept.thanks_shown().into_iter().map(|one| ThanksView {
        thanks: one.id,
        to: one.shown.as_ref().expect("shown").0.clone(),
        by: one.by.clone(),
        text: one.text.clone(),
    });
    assert_eq!(view.thanks, thanks.collect::<Vec<_>>(), "PR21: thanks that are shown");
}

/// PR11, PR13: once nothing was counted for a while, the numbers are those of the sets.
pub(super) fn same_votes(kept: &Kept, view: &EventView) {
    for view in &view.ideas {
        let known = kept.idea(view.idea).expect("compared before");
        assert_eq!(
            view.votes as usize,
            kept.idea_votes(known),
            "PR11, PR13: who supports {view:?}"
        );
    }
}

/// PR11, PR21: what one supports, and the thanks for oneself, in whatever order.
pub(super) fn same_own(kept: &Kept, who: ParticipantId, view: &YouView) {
    let supports = |idea: &&Idea| idea.merged_into.is_none() && kept.idea_voters(idea.id).contains(&who);
    let known: BTreeSet<IdeaId> = kept.ideas.iter().filter(supports).map(|idea| idea.id).collect();
    let shown: BTreeSet<IdeaId> = view.idea_votes.iter().copied().collect();
    assert_eq!(shown, known, "PR11: ideas that {who} supports");
    let known = kept.thanks.iter().filter(|one| one.to == Some(who));
    let mut known: Vec<YourThanks> = known
        .map(|one| YourThanks {
            thanks: one.id,
            by: one.by.clone(),
            text: one.text.clone(),
            shown: one.shown.is_some(),
        })
        .collect();
    let mut shown = view.thanks.clone();
    known.sort_by_key(|one| one.thanks);
    shown.sort_by_key(|one| one.thanks);
    assert_eq!(shown, known, "PR21: thanks for {who}");
}

/// Q13, K2, PR14, PR23: secrets find everything that was written with them, and nothing else.
pub(crate) fn same_mine(model: &Model, asked: &[AuthorSecret], message: &ServerMessage) {
    let ServerMessage::Mine {
        questions,
        messages,
        ideas,
        thanks,
        stands,
    } = message
    else {
        return;
    };
    super::stands::same_mine(model, asked, stands);
    let kept = &model.kept;
    let known = kept.ideas.iter().map(|idea| (idea.secret, idea.id));
    let known: BTreeSet<(AuthorSecret, IdeaId)> = known.filter(|(secret, _)| asked.contains(secret)).collect();
    let shown: BTreeSet<_> = ideas.iter().map(|own| (own.secret, own.idea)).collect();
    assert_eq!(shown, known, "PR14: own ideas");
    let known = kept.thanks.iter().flat_map(|one| {
        let shown = one.shown.as_ref().map(|(_, secret)| *secret);
        [Some(one.secret), shown]
            .into_iter()
            .flatten()
            .map(|secret| (secret, one.id))
    });
    let known: BTreeSet<(AuthorSecret, ThanksId)> = known.filter(|(secret, _)| asked.contains(secret)).collect();
    let shown: BTreeSet<_> = thanks.iter().map(|own| (own.secret, own.thanks)).collect();
    assert_eq!(shown, known, "PR23: own thanks");
    let known = kept.rooms.values().flat_map(|room| &room.questions);
    let known: BTreeSet<AuthorSecret> = known
        .map(|known| known.secret)
        .filter(|secret| asked.contains(secret))
        .collect();
    let shown: BTreeSet<AuthorSecret> = questions.iter().map(|own| own.secret).collect();
    assert_eq!(shown, known, "Q13: own questions");
    let known = kept.rooms.values().flat_map(|room| room.chats.iter().flatten());
    let known: BTreeSet<AuthorSecret> = known
        .map(|known| known.secret)
        .filter(|secret| asked.contains(secret))
        .collect();
    let shown: BTreeSet<AuthorSecret> = messages.iter().map(|own| own.secret).collect();
    assert_eq!(shown, known, "K2: own messages");
}
