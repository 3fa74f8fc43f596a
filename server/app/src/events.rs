// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! All events of this server: settings to running tasks, and the way to each by name or by number.

use std::sync::Arc;

use anyhow::Context;
use dashmap::DashMap;
use fiera_hub::{EventConfig, RoomConfig};
use fiera_media::MediaHandle;
use fiera_protocol::fair::{Localised, RoomSettings};
use fiera_protocol::ids::EventId;
use fiera_store::Store;
use tokio::sync::mpsc;

use crate::config::EventSettings;
use crate::event::{EventHandle, Summary};
use crate::event_task::{self, Setup};
use crate::keys::Keys;
use crate::limits::EVENT_INBOX_MAX;
use crate::metrics::Metrics;
use crate::phase_log::PhaseLog;

/// How a room works until a moderator changes it.
const DEFAULT_ROOM: RoomSettings = RoomSettings {
    moderated: false,
    chat_open: true,
    slow_mode_s: 0,
};

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
}

impl Events {
    /// Starts the task of an event.
    pub(crate) async fn start(&self, settings: &EventSettings, services: &Services) -> anyhow::Result<()> {
        let room = |room: &crate::config::RoomSettings| RoomConfig {
            room: room.id.clone(),
            kind: room.kind,
            title: room.title.clone(),
            titles: Localised::default(),
            settings: DEFAULT_ROOM,
            capacity: room.capacity,
            whip_on_air_at_once: room.whip_on_air_at_once,
        };
        let (log, phase) = PhaseLog::open(services.store.clone(), settings.id.as_str()).await?;
        let config = EventConfig {
            event: settings.id.clone(),
            title: settings.title.clone(),
            titles: Localised::default(),
            organiser: None,
            agenda: Vec::new(),
            phase: phase.unwrap_or(settings.phase),
            rooms: settings.rooms.iter().map(room).collect(),
        };
        let index = u32::try_from(self.by_id.len() + 1).context("too many events")?;
        let (inbox, messages) = mpsc::channel(EVENT_INBOX_MAX);
        let summary = Summary {
            title: config.title.clone(),
            phase: config.phase,
            people: 0,
            live: false,
            rooms: config.rooms.iter().map(|room| room.room.clone()).collect(),
            read_only: false,
        };
        let handle = EventHandle::new(config.event.clone(), index, inbox, summary);
        anyhow::ensure!(
            !self.by_id.contains_key(&config.event),
            "event {} is listed twice",
            config.event
        );
        let setup = Setup {
            config,
            log,
            handle: handle.clone(),
            services: services.clone(),
        };
        event_task::start(setup, messages).with_context(|| format!("event {} cannot be run", settings.id))?;
        self.by_index.insert(index, handle.clone());
        self.by_id.insert(settings.id.clone(), handle);
        Ok(())
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
