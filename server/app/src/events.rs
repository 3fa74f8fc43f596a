// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! All events of this server: settings to running tasks, and the way to each by name or by number.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use dashmap::DashMap;
use fiera_hub::{EventConfig, RoomConfig};
use fiera_media::MediaHandle;
use fiera_protocol::fair::Localised;
use fiera_protocol::ids::{EventId, RoomId, RoomKind};
use fiera_store::{Store, StoreError};
use tokio::sync::mpsc;

use crate::event::{EventHandle, Summary};
use crate::event_task::keeper::Keeper;
use crate::event_task::{self, Setup};
use crate::fair::Fair;
use crate::keys::Keys;
use crate::limits::EVENT_INBOX_MAX;
use crate::metrics::Metrics;
use crate::token::unix_ms;

/// The running events.
#[derive(Clone, Default)]
pub(crate) struct Events {
    by_id: Arc<DashMap<EventId, EventHandle>>,
    by_index: Arc<DashMap<u32, EventHandle>>,
}

/// What every event needs of the server.
#[derive(Clone)]
pub(crate) struct Services {
    pub(crate) media: MediaHandle,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) keys: Arc<Keys>,
    pub(crate) metrics: Arc<Metrics>,
    /// The data folder.
    pub(crate) data: Arc<Path>,
}

/// A room's titles, with its first one where it has none by language.
fn titles(room: &RoomConfig) -> (RoomId, Localised) {
    let named = room.titles.it.is_some() || room.titles.en.is_some();
    let first = || Localised {
        it: Some(room.title.clone()),
        en: None,
    };
    let titles = if named { room.titles.clone() } else { first() };
    (room.room.clone(), titles)
}

fn main_room(config: &EventConfig) -> Option<RoomId> {
    let stage = config.rooms.iter().find(|room| room.kind == RoomKind::Stage);
    stage.or_else(|| config.rooms.first()).map(|room| room.room.clone())
}

impl Events {
    /// Starts the task of an event from what was kept of it.
    pub(crate) async fn start(&self, fair: &Fair, services: &Services) -> anyhow::Result<()> {
        let started_unix_ms = unix_ms();
        let config = fair.config(started_unix_ms);
        let event = config.event.clone();
        anyhow::ensure!(!self.by_id.contains_key(&event), "event {event} is listed twice");
        let mut keeper = Keeper::new(
            services.store.clone(),
            services.metrics.clone(),
            event.to_string(),
            services.keys.holder(),
        );
        let context = || format!("event {event} cannot be run");
        match keeper.lease().await {
            // On a full disk people can still read; the first thing that is to be kept says so.
            Ok(()) | Err(StoreError::Unavailable(_)) => {}
            Err(error) => return Err(error).with_context(context),
        }
        let kept = keeper.load().await.with_context(context)?;
        let index = u32::try_from(self.by_id.len() + 1).context("too many events")?;
        let (inbox, messages) = mpsc::channel(EVENT_INBOX_MAX);
        let summary = Summary {
            title: config.title.clone(),
            titles: config.titles.clone(),
            organiser: config.organiser.clone(),
            starts_unix_ms: fair.starts_unix_ms(started_unix_ms),
            ends_unix_ms: fair.ends_unix_ms(started_unix_ms),
            // The task fills it in before anybody can ask.
            agenda: Vec::new().into(),
            time_zone: config.time_zone.clone(),
            phase: config.phase,
            people: 0,
            live: false,
            keeps_captions: config.keeps_captions,
            rooms: config.rooms.iter().map(|room| room.room.clone()).collect(),
            room_titles: config.rooms.iter().map(titles).collect(),
            main_room: main_room(&config),
            read_only: false,
        };
        let handle = EventHandle::new(event.clone(), index, inbox, summary);
        let setup = Setup {
            config,
            handle: handle.clone(),
            services: services.clone(),
        };
        event_task::start(setup, keeper, kept, messages).with_context(context)?;
        self.by_index.insert(index, handle.clone());
        self.by_id.insert(event, handle);
        Ok(())
    }

    /// Ends the tasks of all events and waits until they have let go of the store.
    pub(crate) async fn stop(&self) {
        for event in self.all() {
            event.stop().await;
        }
    }

    /// An event by its short name.
    pub(crate) fn by_id(&self, id: &EventId) -> Option<EventHandle> {
        self.by_id.get(id).map(|handle| handle.clone())
    }

    /// An event by its number in keys of the media plane.
    pub(crate) fn by_index(&self, index: u32) -> Option<EventHandle> {
        self.by_index.get(&index).map(|handle| handle.clone())
    }

    /// All events, by short name.
    pub(crate) fn all(&self) -> Vec<EventHandle> {
        let mut all: Vec<EventHandle> = self.by_id.iter().map(|handle| handle.clone()).collect();
        all.sort_by(|a, b| a.id.cmp(&b.id));
        all
    }
}
