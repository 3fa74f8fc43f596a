// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! How stages are directed: what everybody sees, what those on the stage are told, what moderators see of it.

use fiera_protocol::ids::ParticipantId;
use fiera_protocol::stage::{DirectionView, YourDirection};
use fiera_protocol::view::{BackstageView, ModeratorsView, RoomView, YouView};

use crate::model::Model;
use crate::model::show::Direction;

pub(super) fn same_shown(model: &Model, view: &RoomView) {
    assert_eq!(
        view.show,
        model.room(&view.room).show.shown,
        "ST: the stage of {}",
        view.room
    );
}

pub(super) fn same_timer(model: &Model, view: &BackstageView) {
    assert_eq!(
        view.timer,
        model.room(&view.room).show.timer,
        "ST3: the timer of {}",
        view.room
    );
}

pub(super) fn same_directions(model: &Model, view: &ModeratorsView) {
    let shown = |one: &Direction| DirectionView {
        direction: one.id,
        text: one.text.clone(),
        to: one.to.clone(),
    };
    let known: Vec<DirectionView> = model.directions(&view.room).iter().map(shown).collect();
    assert_eq!(view.directions, known, "ST4: who has read what in {}", view.room);
}

pub(super) fn same_own(model: &Model, who: ParticipantId, view: &YouView) {
    let room = model.room_of(who);
    let all = room.iter().flat_map(|room| model.directions(room));
    let waits = |one: &&Direction| one.to.iter().any(|to| to.participant == who && !to.acknowledged);
    let known = all.filter(waits).map(|one| YourDirection {
        direction: one.id,
        text: one.text.clone(),
    });
    assert_eq!(view.directions, known.collect::<Vec<_>>(), "ST4: what {who} is told");
}
