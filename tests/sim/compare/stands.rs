// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Stands: the list that everybody has, a whole one, messages for keepers, what everybody knows of their own.

use std::collections::BTreeSet;

use fiera_hub::StandRecap;
use fiera_protocol::ids::{AuthorSecret, ParticipantId, StandId};
use fiera_protocol::stands::{Adopter, OwnStand, StandMessage, StandSummary, StandView, YourStand};
use fiera_protocol::view::{EventView, YouView};

use crate::model::Model;
use crate::model::stands::Stand;

/// All but what is counted, which is looked at apart.
pub(super) fn same_list(model: &Model, view: &EventView) {
    assert_eq!(view.stands_open_to, model.stands_open_to, "J1: who may open a stand");
    let shown: Vec<StandId> = view.stands.iter().map(|one| one.stand).collect();
    let known: Vec<StandId> = model.kept.stands.iter().map(|one| one.id).collect();
    assert_eq!(shown, known, "J1: stands");
    for (view, stand) in view.stands.iter().zip(model.kept.stands.iter()) {
        let (hidden, content) = (stand.is_hidden(), &stand.content);
        let text = |text: &str| if hidden { String::new() } else { text.to_owned() };
        let summary = StandSummary {
            stand: stand.id,
            room: stand.room.clone(),
            state: stand.state,
            name: text(content.name.as_str()),
            line: text(content.line.as_str()),
            language: content.language,
            tags: content
                .tags
                .iter()
                .filter(|_| !hidden)
                .map(|tag| tag.as_str().to_owned())
                .collect(),
            by: stand.by.clone().filter(|_| !hidden),
            hours: if hidden { Vec::new() } else { content.hours.clone() },
            revision: stand.revision,
            order: stand.order,
            ..view.clone()
        };
        assert_eq!(*view, summary, "J2, J7: a stand");
    }
}

/// J9, S6: what is counted of each, as it is told in the end.
pub(super) fn counts(model: &Model) -> Vec<(usize, usize, bool)> {
    let of = |stand: &Stand| {
        let live = !model.here.on_air[&stand.room].is_empty();
        let counts = (stand.reuse(), model.people_in(&stand.room).len(), live);
        if stand.is_hidden() { (0, 0, false) } else { counts }
    };
    model.kept.stands.iter().map(of).collect()
}

pub(super) fn same_counts(known: &[(usize, usize, bool)], view: &EventView) {
    let shown = view
        .stands
        .iter()
        .map(|one| (one.reuse as usize, one.people as usize, one.live));
    assert_eq!(shown.collect::<Vec<_>>(), known, "J9: what is counted of stands");
}

pub(super) fn same_own(model: &Model, who: ParticipantId, view: &YouView) {
    let keeps = model.kept.stands.iter().filter(|stand| stand.keepers.contains(&who));
    let keeps = keeps.map(|stand| (stand.id, u32::try_from(stand.messages.len()).expect("few")));
    let shown = view
        .keeps
        .iter()
        .map(|YourStand { stand, messages }| (*stand, *messages));
    assert_eq!(
        shown.collect::<BTreeSet<_>>(),
        keeps.collect::<BTreeSet<_>>(),
        "J3, J8: stands of {who}"
    );
    let reuses = model.kept.stands.iter().filter(|stand| stand.said.contains_key(&who));
    let reuses: BTreeSet<StandId> = reuses.map(|stand| stand.id).collect();
    assert_eq!(
        view.reuses.iter().copied().collect::<BTreeSet<_>>(),
        reuses,
        "J9: what {who} would reuse"
    );
}

fn adopters(stand: &Stand) -> Vec<Adopter> {
    let adopter = |(adopter, organisation): &(_, String)| Adopter {
        adopter: *adopter,
        organisation: organisation.clone(),
    };
    stand.adopters.iter().map(adopter).collect()
}

/// J10: all of a stand, for who may see it.
pub(crate) fn same_stand(model: &Model, who: ParticipantId, view: &StandView) {
    let stand = model.kept.stand(view.stand).expect("J10: a stand that is no more");
    assert!(model.sees_stand(who, stand), "J7: {who} sees a hidden stand");
    let known = StandView {
        stand: stand.id,
        state: stand.state,
        revision: stand.revision,
        content: stand.content.clone(),
        adopters: adopters(stand),
    };
    assert_eq!(*view, known, "J10: all of a stand");
}

/// J8: messages, for its keepers alone and who knows its secret.
pub(crate) fn same_messages(
    model: &Model,
    who: ParticipantId,
    (id, secret): (StandId, Option<AuthorSecret>),
    shown: Option<&[StandMessage]>,
) {
    let stand = model.kept.stand(id);
    let may = |stand: &&Stand| stand.keepers.contains(&who) || secret.is_some() && secret == stand.secret;
    let known = stand.filter(may).map(|stand| {
        let message = |one: &crate::model::stands::Message| StandMessage {
            message: one.id,
            by: one.by.clone(),
            text: one.text.clone(),
            at_unix_ms: one.at_unix_ms,
        };
        stand.messages.iter().map(message).collect::<Vec<_>>()
    });
    assert_eq!(shown, known.as_deref(), "J8: messages of {id} for {who}");
}

/// J12: in the recap and in exports.
pub(crate) fn same_rows(model: &Model, rows: &[StandRecap]) {
    let shown = model.kept.stands.iter().filter(|stand| !stand.is_hidden());
    let known = shown.map(|stand| StandRecap {
        content: stand.content.clone(),
        by: stand.by.clone(),
        reuse: u32::try_from(stand.reuse()).expect("few"),
        adopters: stand.adopters.iter().map(|(_, text)| text.clone()).collect(),
    });
    assert_eq!(rows, known.collect::<Vec<_>>(), "J12: stands in the recap");
}

/// Q13: own stands.
pub(super) fn same_mine(model: &Model, asked: &[AuthorSecret], shown: &[OwnStand]) {
    let known = model
        .kept
        .stands
        .iter()
        .filter_map(|stand| Some((stand.secret?, stand.id)));
    let known: BTreeSet<(AuthorSecret, StandId)> = known.filter(|(secret, _)| asked.contains(secret)).collect();
    let shown: BTreeSet<_> = shown.iter().map(|own| (own.secret, own.stand)).collect();
    assert_eq!(shown, known, "Q13: own stands");
}
