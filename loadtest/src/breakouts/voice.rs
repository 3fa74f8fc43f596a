// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Somebody's publishing connection: sound alone, each packet marked with whose it is. Media runs on a thread of its own;
//! offer and answer go by the socket of whoever speaks, as a browser's do.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use async_trait::async_trait;
use fiera_protocol::client::ClientMessage;
use tokio::sync::mpsc::Sender;

use super::stage::Stage;
use crate::http::Resource;
use crate::publish::media::{Frame, Source};
use crate::publish::sender::Ledger;
use crate::publish::session::{Act, Control, publish};
use crate::watch::venue::{Side, Venue, Watching};
use crate::wire::stamp::Medium;

/// Opus at 50 packets/s.
const FRAME_MS: u64 = 20;
const OPUS_BYTES: usize = 80;
const OPUS_TICKS: i64 = 960;
/// TOC byte (RFC 6716 section 3.1): CELT fullband 20 ms, mono, one frame.
const TOC: u8 = 0xF8;
/// Of the pacer; there is no picture.
const PACE_KBPS: u32 = 100;
/// There is one answer per offer.
const ANSWERS_MAX: usize = 2;
const ANSWER_WITHIN: Duration = Duration::from_secs(10);

/// Sound without end.
#[derive(Debug, Default)]
pub struct Tone {
    frames: u64,
}

impl Source for Tone {
    fn next_at(&self) -> Duration {
        Duration::from_millis(self.frames * FRAME_MS)
    }

    fn next(&mut self) -> Frame {
        let mut payload = vec![0x5A; OPUS_BYTES];
        payload[0] = TOC;
        let media_time = self.frames as i64 * OPUS_TICKS;
        self.frames += 1;
        Frame {
            medium: Medium::Audio,
            layer: 0,
            media_time,
            payloads: vec![payload],
            key: true,
            stamped: true,
        }
    }

    fn want_keyframe(&mut self) {}
}

/// A voice that speaks until it is stopped.
pub struct Voice {
    control: Arc<Control>,
    answers: Option<mpsc::SyncSender<String>>,
    thread: JoinHandle<Result<()>>,
}

impl Voice {
    /// Speaks with this mark. Offers go out by `orders`; answers come in by [`Voice::answer`].
    #[must_use]
    pub fn by_socket(stage: &Stage, mark: u16, orders: Sender<ClientMessage>) -> Self {
        let (answers, inbox) = mpsc::sync_channel(ANSWERS_MAX);
        let venue = BySocket {
            server: stage.target.server.clone(),
            loopback: stage.target.is_loopback(),
            orders,
            answers: Mutex::new(inbox),
        };
        let voice = Self::at(stage, mark, Box::new(venue));
        Self {
            answers: Some(answers),
            ..voice
        }
    }

    /// Speaks with this mark where the venue lets it.
    #[must_use]
    pub fn at(stage: &Stage, mark: u16, venue: Box<dyn Venue>) -> Self {
        let control = Arc::new(Control::default());
        let act = Act {
            number: mark,
            room: stage.target.room.clone(),
            name: None,
            source: Box::new(Tone::default()),
            video_kbps: PACE_KBPS,
            simulcast: false,
            control: control.clone(),
        };
        let identity = stage.identity.clone();
        let thread = std::thread::spawn(move || {
            let ended = publish(&*venue, &identity, vec![act], &Ledger::default())?;
            ended.into_iter().collect()
        });
        Self {
            control,
            answers: None,
            thread,
        }
    }

    /// Gives on the server's answer.
    pub fn answer(&self, sdp: String) {
        if let Some(answers) = &self.answers {
            let _ = answers.try_send(sdp);
        }
    }

    /// Whether it has ended by itself.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.thread.is_finished()
    }

    /// Asks it to end; it does so within 100 ms.
    pub fn stop(&self) {
        self.control.stop.store(true, Ordering::Release);
    }

    /// Waits for its end.
    ///
    /// # Errors
    /// When it could not speak, or was cut off.
    pub fn join(self) -> Result<()> {
        self.stop();
        drop(self.answers);
        match self.thread.join() {
            Ok(ended) => ended,
            Err(_) => bail!("the thread of a voice broke"),
        }
    }
}

/// The socket of whoever speaks, as a way to publish.
struct BySocket {
    server: String,
    loopback: bool,
    orders: Sender<ClientMessage>,
    answers: Mutex<mpsc::Receiver<String>>,
}

#[async_trait]
impl Venue for BySocket {
    fn is_loopback(&self) -> bool {
        self.loopback
    }

    fn server(&self) -> &str {
        &self.server
    }

    fn publish(&self, _room: &str, _name: Option<&str>, offer: String) -> Result<Resource> {
        let message = ClientMessage::PublishOffer {
            offer: None,
            sdp: offer,
        };
        self.orders.try_send(message).ok().context("the socket is gone")?;
        let answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        let sdp = answers
            .recv_timeout(ANSWER_WITHIN)
            .context("no answer to an offer within 10 s")?;
        Ok(Resource { sdp, location: None })
    }

    fn unpublish(&self, _resource: &Resource) -> Result<()> {
        Ok(())
    }

    async fn watch(&self, _room: &str, _number: usize, _video_slots: u8, _side: Side) -> Result<Watching> {
        bail!("a voice does not listen")
    }
}
