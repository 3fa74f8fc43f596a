// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! How those who watch in each room fare, on its way from the media plane to the events, a few times a minute. Counts of
//! rooms: nobody is in them, and nothing is kept.

use std::collections::{BTreeMap, BTreeSet};

use fiera_hub::{Input, Service};
use fiera_media::MediaHandle;
use fiera_sfu::api::RoomKey;
use fiera_sfu::engine::RoomQuality;
use tokio::time::MissedTickBehavior;

use super::room_media::EventMedia;
use crate::event::Message;
use crate::events::Events;
use crate::limits::{INSPECT_WITHIN, QUALITY_EVERY};

/// What the media plane says of the rooms of one event.
#[derive(Debug)]
pub(crate) struct QualityReport(BTreeMap<RoomKey, RoomQuality>);

/// Asks the media plane until it ends.
pub(crate) fn start_quality(media: MediaHandle, events: Events) {
    tokio::spawn(async move {
        let mut every = tokio::time::interval(QUALITY_EVERY);
        every.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut told = BTreeSet::new();
        while media.is_alive() {
            every.tick().await;
            let asked = media.clone();
            let rooms = tokio::task::spawn_blocking(move || asked.room_quality(INSPECT_WITHIN)).await;
            for (index, rooms) in by_event(rooms.unwrap_or_default(), &mut told) {
                if let Some(event) = events.by_index(index) {
                    // One that is busy hears the next one.
                    let _ = event.inbox.try_send(Message::Quality(QualityReport(rooms)));
                }
            }
        }
    });
}

/// The rooms of each event by its number. An event of which something was `told` last time hears that there is nothing
/// now.
fn by_event(
    rooms: BTreeMap<RoomKey, RoomQuality>,
    told: &mut BTreeSet<u32>,
) -> BTreeMap<u32, BTreeMap<RoomKey, RoomQuality>> {
    let before = std::mem::take(told).into_iter().map(|index| (index, BTreeMap::new()));
    let mut events: BTreeMap<u32, BTreeMap<_, _>> = before.collect();
    for (room, quality) in rooms {
        let index = u32::try_from(room.0 >> 40).unwrap_or(u32::MAX);
        told.insert(index);
        events.entry(index).or_default().insert(room, quality);
    }
    events
}

impl EventMedia {
    /// What the hub is told of it.
    pub(crate) fn quality(&self, QualityReport(rooms): QualityReport) -> Input {
        let service = |(key, quality): (RoomKey, RoomQuality)| {
            let loss = quality.median_loss().unwrap_or(0.0) * 1_000.0;
            let service = Service {
                viewers: quality.viewers,
                limited: quality.limited,
                median_loss_permille: loss.round() as u16,
            };
            Some((self.names.room(key)?, service))
        };
        Input::Serviced {
            rooms: rooms.into_iter().filter_map(service).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_event_hears_of_its_own_rooms_and_once_that_there_is_nothing_any_more() {
        let quality = RoomQuality {
            viewers: 12,
            ..RoomQuality::default()
        };
        let room = |event: u64, room: u64| RoomKey(event << 40 | room);
        let mut told = BTreeSet::new();
        let rooms = BTreeMap::from([(room(1, 1), quality), (room(1, 9), quality), (room(2, 1), quality)]);
        let events = by_event(rooms, &mut told);
        assert_eq!(events[&1].keys().copied().collect::<Vec<_>>(), [room(1, 1), room(1, 9)]);
        assert_eq!(events[&2].keys().copied().collect::<Vec<_>>(), [room(2, 1)]);
        let events = by_event(BTreeMap::from([(room(2, 1), quality)]), &mut told);
        assert!(events[&1].is_empty() && events[&2].len() == 1);
        let events = by_event(BTreeMap::new(), &mut told);
        assert_eq!(events, BTreeMap::from([(2, BTreeMap::new())]));
        assert!(by_event(BTreeMap::new(), &mut told).is_empty());
    }
}
