// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Reports of the media plane on their way to the event that they are about.
//! The media thread never waits: what does not fit into the queue is counted and lost.

use std::sync::Arc;

use fiera_sfu::api::Event;
use tokio::sync::mpsc;

use crate::event::Message;
use crate::events::Events;
use crate::limits::MEDIA_REPORTS_MAX;
use crate::metrics::Metrics;

/// Something that the media plane noticed.
#[derive(Debug)]
pub(crate) struct MediaReport(pub(super) Event);

/// What the media plane calls with each event.
pub(crate) type OnEvent = Box<dyn Fn(Event) + Send>;

/// Makes the callback for the media plane and the task that sorts its reports.
pub(crate) fn start_reports(metrics: Arc<Metrics>) -> (OnEvent, impl FnOnce(Events)) {
    let (sender, mut receiver) = mpsc::channel::<Event>(MEDIA_REPORTS_MAX);
    let on_event = move |event| {
        if sender.try_send(event).is_err() {
            metrics.refused("media_reports_full");
        }
    };
    let start = move |events: Events| {
        tokio::spawn(async move {
            while let Some(event) = receiver.recv().await {
                if let Some(handle) = events.by_index(event_index(&event)) {
                    handle.send(Message::Media(MediaReport(event))).await;
                }
            }
        });
    };
    (Box::new(on_event), start)
}

fn event_index(event: &Event) -> u32 {
    let key = match event {
        Event::Connected { peer }
        | Event::Closed { peer, .. }
        | Event::SlotChanged { peer, .. }
        | Event::CannotDecode { peer, .. } => peer.0,
        Event::SourceFlow { participant, .. } | Event::BFrames { participant, .. } => participant.0,
        Event::Speaking { room, .. } => room.0,
    };
    u32::try_from(key >> 40).unwrap_or(u32::MAX)
}
