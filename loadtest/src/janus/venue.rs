// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Janus as a venue: a VideoRoom per room, its speakers as publishers, its viewers as subscribers of the first of them.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use async_trait::async_trait;

use super::api::Handle;
use crate::http::Resource;
use crate::watch::venue::{Session, Side, Venue, Watching};
use crate::wire::sdp;

/// Under Janus's `session_timeout` of 60 s; janus.js asks as often.
const KEEP_ALIVE_EVERY: Duration = Duration::from_secs(25);
/// Above what the load publishes: Janus's default of 256 kbit/s would be a wish that no browser's encoder exceeds.
const BITRATE_BPS_MAX: u64 = 4_000_000;
const PUBLISHERS_MAX: u32 = 64;

/// A publisher in a room.
#[derive(Debug, Clone)]
struct Feed {
    room: u64,
    feed: u64,
    handle: Handle,
}

/// See the module's head.
#[derive(Debug, Default)]
pub struct Janus {
    base: String,
    rooms: Mutex<BTreeMap<String, Vec<Feed>>>,
}

impl Janus {
    /// The Janus at `base`, such as `http://10.77.0.1:8088/janus`.
    #[must_use]
    pub fn new(base: &str) -> Self {
        Self {
            base: base.to_owned(),
            ..Self::default()
        }
    }

    fn first_feed(&self, room: &str) -> Result<(u64, u64)> {
        let rooms = self.rooms.lock().unwrap_or_else(PoisonError::into_inner);
        let feed = rooms.get(room).and_then(|feeds| feeds.first());
        feed.map(|f| (f.room, f.feed)).context("nobody publishes in the room")
    }
}

struct Subscriber(Handle);

#[async_trait]
impl Session for Subscriber {
    async fn hold(&mut self) -> Result<()> {
        loop {
            tokio::time::sleep(KEEP_ALIVE_EVERY).await;
            let handle = self.0.clone();
            tokio::task::spawn_blocking(move || handle.keep_alive())
                .await
                .context("keep-alive task")??;
        }
    }

    async fn leave(self: Box<Self>) -> Result<()> {
        tokio::task::spawn_blocking(move || self.0.destroy())
            .await
            .context("leave task")?
    }
}

#[async_trait]
impl Venue for Janus {
    fn is_loopback(&self) -> bool {
        // Janus names no loopback candidate, whatever address its API was asked at.
        false
    }

    fn is_full_agent(&self) -> bool {
        true
    }

    fn server(&self) -> &str {
        &self.base
    }

    fn publish(&self, room: &str, _name: Option<&str>, offer: String) -> Result<Resource> {
        let handle = Handle::attach(&self.base)?;
        let (number, feed) = {
            let mut rooms = self.rooms.lock().unwrap_or_else(PoisonError::into_inner);
            let rooms_before = rooms.len() as u64;
            let feeds = rooms.entry(room.to_owned()).or_default();
            let number = feeds.first().map_or(rooms_before + 1, |f| f.room);
            let feed = number * u64::from(PUBLISHERS_MAX) + feeds.len() as u64;
            feeds.push(Feed {
                room: number,
                feed,
                handle: handle.clone(),
            });
            (number, feed)
        };
        handle.open_room(number, PUBLISHERS_MAX, BITRATE_BPS_MAX)?;
        Ok(Resource {
            sdp: handle.publish(number, feed, &offer)?,
            location: Some(feed.to_string()),
        })
    }

    fn unpublish(&self, resource: &Resource) -> Result<()> {
        let feed: Option<u64> = resource.location.as_ref().and_then(|l| l.parse().ok());
        let rooms = self.rooms.lock().unwrap_or_else(PoisonError::into_inner);
        let found = rooms.values().flatten().find(|f| Some(f.feed) == feed);
        let handle = found.ok_or_else(|| anyhow!("no such publisher"))?.handle.clone();
        drop(rooms);
        handle.destroy()
    }

    async fn watch(&self, room: &str, _number: usize, _video_slots: u8, side: Side) -> Result<Watching> {
        let (base, (room, feed)) = (self.base.clone(), self.first_feed(room)?);
        let entered = tokio::task::spawn_blocking(move || -> Result<(Handle, sdp::Remote)> {
            let handle = Handle::attach(&base)?;
            let remote = sdp::parse(&handle.subscribe(room, feed)?)?;
            handle.start(&sdp::rack_answer(&remote, &side.local())?)?;
            Ok((handle, remote))
        });
        let (handle, remote) = entered.await.context("join task")??;
        Ok(Watching {
            remote,
            session: Box::new(Subscriber(handle)),
        })
    }
}
