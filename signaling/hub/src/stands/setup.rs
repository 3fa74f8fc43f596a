// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Stands of the event's setup: opened once each, without a keeper until an organiser takes them.

use fiera_protocol::ids::StandId;
use fiera_protocol::stands::StandContent;

use crate::chance::named_id;
use crate::hub::Hub;
use crate::input::Now;

/// A stand that the event's setup brings along.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PreparedStand {
    /// Short name, unique within the event: under the same name it is opened once, however often the event starts.
    pub name: String,
    /// What it shows.
    pub content: StandContent,
}

impl Hub {
    /// Opens the stands of the setup that were never opened; those that were are left as they are, removed ones too.
    pub(crate) fn prepare_stands(&mut self, now: Now) {
        let ids = self.stands.config.prepared.iter().map(|prepared| {
            let id = named_id("stand", &[self.event.as_str(), &prepared.name]);
            (StandId::from_u128(id), prepared.content.clone())
        });
        let missing: Vec<(StandId, StandContent)> = ids
            .filter(|(id, content)| !self.stands.rooms.values().any(|known| known == id) && content.check().is_ok())
            .collect();
        for (id, content) in missing {
            if self.stands.all.len() < self.stands.config.max {
                self.place_stand(id, &content, (None, None), now);
            }
        }
    }
}
