// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Reports of the media plane on their way to the event that they are about.
//! The media thread never waits, and no event waits for another: what does not fit into a queue is counted and lost.

use std::collections::HashMap;
use std::sync::Arc;

use fiera_sfu::api::Event;
use tokio::sync::mpsc;

use crate::event::{EventHandle, Message};
use crate::events::Events;
use crate::limits::MEDIA_REPORTS_MAX;
use crate::metrics::Metrics;

/// Something that the media plane noticed.
#[derive(Debug)]
pub(crate) struct MediaReport(pub(crate) Event);

/// What the media plane calls with each event.
pub(crate) type OnEvent = Box<dyn Fn(Event) + Send>;

/// Makes the callback for the media plane and the task that sorts its reports.
pub(crate) fn start_reports(metrics: Arc<Metrics>) -> (OnEvent, impl FnOnce(Events)) {
    let (sender, mut receiver) = mpsc::channel::<Event>(MEDIA_REPORTS_MAX);
    let full = Arc::clone(&metrics);
    let on_event = move |event| {
        if sender.try_send(event).is_err() {
            metrics.refused("media_reports_full");
        }
    };
    let start = move |events: Events| {
        tokio::spawn(async move {
            // One lane per event: events are few, and live as long as the process.
            let mut lanes = HashMap::new();
            while let Some(event) = receiver.recv().await {
                let index = event_index(&event);
                let Some(handle) = events.by_index(index) else { continue };
                let lane = lanes.entry(index).or_insert_with(|| lane(handle));
                if lane.try_send(event).is_err() {
                    full.refused("media_reports_full");
                }
            }
        });
    };
    (Box::new(on_event), start)
}

/// A queue to one event's task.
fn lane(handle: EventHandle) -> mpsc::Sender<Event> {
    let (sender, mut receiver) = mpsc::channel::<Event>(MEDIA_REPORTS_MAX);
    tokio::spawn(async move {
        while let Some(event) = receiver.recv().await {
            handle.send(Message::Media(MediaReport(event))).await;
        }
    });
    sender
}

fn event_index(event: &Event) -> u32 {
    let key = match event {
        Event::Connected { peer }
        | Event::Closed { peer, .. }
        | Event::SlotChanged { peer, .. }
        | Event::SlotPaused { peer, .. }
        | Event::CannotDecode { peer, .. }
        | Event::LayersWanted { peer, .. } => peer.0,
        Event::SourceFlow { participant, .. } | Event::BFrames { participant, .. } => participant.0,
        Event::Speaking { room, .. } => room.0,
    };
    u32::try_from(key >> 40).unwrap_or(u32::MAX)
}
