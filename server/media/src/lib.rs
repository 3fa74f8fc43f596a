// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! IO for the media plane: the UDP port, one media thread per core, batches out, mailboxes in.
//! It never sees tokio, HTTP, the hub or the signalling protocol.

mod addresses;
mod director;
mod inspect;
mod mailbox;
mod router;
mod snapshot;
mod streams;
mod thread;
mod udp;

use std::net::{IpAddr, SocketAddr};
use std::num::NonZero;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use fiera_sfu::api::{Command, Event};
use fiera_sfu::clock::ServerClock;
use fiera_sfu::sdp::{ServerTransport, TransportCredentials};
use fiera_sfu::transport::dtls::{DtlsIdentity, IdentityError};
use ring::rand::{SecureRandom, SystemRandom};

use director::Director;
use fiera_sfu::egress::{Path, StreamId, Via};
use fiera_sfu::engine::ThreadId;
use mailbox::{Letter, Mailbox};
use snapshot::Report;

pub use fiera_sfu::counters::ESTIMATE_BUCKETS_BPS;
pub use fiera_sfu::egress::StreamKind;
pub use snapshot::{CountersSnapshot, LATENCY_BUCKETS_S, RUN_LENGTHS, ThreadSnapshot};
pub use streams::StreamSink;
use streams::Streams;
use udp::is_timeout;
pub use udp::{Datagrams, answer, bind_answering};

/// Characters of ICE credentials (RFC 8839 section 5.4: `ice-char`).
const ICE_CHARS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
/// Media threads at most: beyond these a single room gains nothing, and each has a send arena of its own.
pub const THREADS_MAX: usize = 16;
const ICE_UFRAG_CHARS: usize = 8;
const ICE_PWD_CHARS: usize = 24;

/// Where the media plane listens and what it tells clients.
#[derive(Debug, Clone)]
pub struct MediaConfig {
    /// UDP address to bind, such as `0.0.0.0:8443`.
    pub bind: SocketAddr,
    /// Addresses put into session descriptions, best first; empty: every address of this machine, loopback last.
    pub advertise: Vec<IpAddr>,
    /// Media threads, up to [`THREADS_MAX`]; none: one per core.
    pub threads: Option<usize>,
}

/// Why the media plane could not start.
#[derive(Debug, thiserror::Error)]
pub enum MediaError {
    /// The UDP port could not be bound.
    #[error("cannot listen for media on UDP {address}: {source}; is another server using the port?")]
    Bind {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
    /// Something else that the system refused.
    #[error("cannot set up media: {0}")]
    System(#[from] std::io::Error),
    /// No certificate.
    #[error(transparent)]
    Identity(#[from] IdentityError),
}

/// A running media plane; says goodbye to everybody and ends when dropped.
pub struct Media {
    handle: MediaHandle,
    threads: Vec<JoinHandle<()>>,
}

/// A cheap, cloneable way to talk to the media plane from any thread.
#[derive(Clone)]
pub struct MediaHandle {
    shared: Arc<Shared>,
}

struct Shared {
    transport: ServerTransport,
    /// The same for all threads: server times of one must mean something to the others.
    clock: ServerClock,
    director: Arc<Director>,
    streams: Streams,
    events: Mutex<Box<dyn Fn(Event) + Send>>,
    /// One per thread.
    reports: Vec<Mutex<Report>>,
    alive: AtomicBool,
    random: SystemRandom,
}

impl Shared {
    fn say(&self, event: Event) {
        (self.events.lock().unwrap_or_else(PoisonError::into_inner))(event);
    }
}

fn server_clock() -> ServerClock {
    let unix = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    ServerClock::new(Instant::now(), u64::try_from(unix.as_micros()).unwrap_or(0))
}

impl Media {
    /// Binds the port on all threads and starts them. `events` is called on these threads, by one at a time, and must
    /// not block.
    ///
    /// # Errors
    /// [`MediaError`] when the port is taken or not allowed, or the system refuses what the media plane needs.
    pub fn start(config: MediaConfig, events: Box<dyn Fn(Event) + Send>) -> Result<Self, MediaError> {
        let identity = Arc::new(DtlsIdentity::generate()?);
        let cores = || std::thread::available_parallelism().map_or(1, NonZero::get);
        let threads = config.threads.unwrap_or_else(cores).clamp(1, THREADS_MAX);
        let sockets = udp::UdpSocket::bind_all(config.bind, threads).map_err(|source| MediaError::Bind {
            address: config.bind,
            source,
        })?;
        let port = sockets
            .first()
            .map_or(Ok(0), |socket| socket.local_addr().map(|a| a.port()))?;
        let shared = Arc::new(Shared {
            transport: ServerTransport {
                candidates: addresses::advertised(&config, port),
                tcp: false,
                fingerprint_sha256: identity.fingerprint_sha256().to_owned(),
            },
            clock: server_clock(),
            director: Arc::new(Director::new(threads)?),
            streams: Streams::default(),
            events: Mutex::new(events),
            reports: (0..threads).map(|_| Mutex::default()).collect(),
            alive: AtomicBool::new(true),
            random: SystemRandom::new(),
        });
        let mut media = Self {
            handle: MediaHandle {
                shared: Arc::clone(&shared),
            },
            threads: Vec::new(),
        };
        for (number, socket) in (0_u16..).zip(sockets) {
            let worker = thread::Worker::new(ThreadId(number), socket, Arc::clone(&identity), Arc::clone(&shared));
            let builder = std::thread::Builder::new().name(format!("fiera-media-{number}"));
            media.threads.push(builder.spawn(move || worker.run())?);
        }
        Ok(media)
    }

    /// A handle for other threads.
    #[must_use]
    pub fn handle(&self) -> MediaHandle {
        self.handle.clone()
    }
}

impl Drop for Media {
    fn drop(&mut self) {
        for mailbox in &self.handle.shared.director.mailboxes {
            mailbox.post(Letter::Stop);
        }
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

impl MediaHandle {
    /// Queues a command; commands of one caller keep their order.
    pub fn command(&self, command: Command) {
        self.shared.director.command(Instant::now(), command);
    }

    /// Registers a byte stream or relay on which a peer at `remote` may be reached; its datagrams go to `sink`.
    #[must_use]
    pub fn open_stream(&self, kind: StreamKind, remote: SocketAddr, sink: Arc<dyn StreamSink>) -> StreamId {
        tracing::debug!(%remote, "a stream for media was opened");
        self.shared.streams.open(kind, sink)
    }

    /// Takes one datagram that came on a stream from a peer at `remote` (through a relay there are several). Never
    /// blocks: what the media plane has no room for is dropped and counted.
    pub fn stream_datagram(&self, id: StreamId, remote: SocketAddr, datagram: impl Into<Box<[u8]>>) {
        let path = Path {
            via: Via::Stream(id),
            local: None,
            remote,
        };
        let mailboxes = &self.shared.director.mailboxes;
        let place = (id.number as usize).checked_rem(mailboxes.len());
        if let Some(mailbox) = place.and_then(|place| mailboxes.get(place)) {
            mailbox.post(Letter::FromStream(path, datagram.into()));
        }
    }

    /// Forgets a stream; what is still to be sent to it is dropped. Its peer's connection goes on elsewhere or expires.
    pub fn close_stream(&self, id: StreamId) {
        self.shared.streams.close(id);
    }

    /// Whether all media threads run; false only when the system took a socket away, or during shutdown.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        self.shared.alive.load(Ordering::Acquire)
    }

    /// What session descriptions must say about this server.
    #[must_use]
    pub fn transport(&self) -> &ServerTransport {
        &self.shared.transport
    }

    /// Fresh ICE credentials from the system's CSPRNG.
    #[must_use]
    pub fn credentials(&self) -> TransportCredentials {
        let mut bytes = [0_u8; ICE_UFRAG_CHARS + ICE_PWD_CHARS];
        self.fill(&mut bytes);
        let chars: String = bytes
            .iter()
            .map(|byte| char::from(ICE_CHARS[usize::from(byte & 63)]))
            .collect();
        let (ice_ufrag, ice_pwd) = chars.split_at(ICE_UFRAG_CHARS);
        TransportCredentials {
            ice_ufrag: ice_ufrag.to_owned(),
            ice_pwd: ice_pwd.to_owned(),
        }
    }

    /// A random SSRC or other 32-bit number from the system's CSPRNG.
    #[must_use]
    pub fn random_u32(&self) -> u32 {
        let mut bytes = [0; 4];
        self.fill(&mut bytes);
        u32::from_ne_bytes(bytes)
    }

    fn fill(&self, bytes: &mut [u8]) {
        // Without randomness there is no security to offer; Linux' getrandom does not fail once seeded.
        self.shared
            .random
            .fill(bytes)
            .expect("the system's random number generator failed");
    }

    fn reports(&self) -> impl Iterator<Item = Report> + '_ {
        let published = self.shared.reports.iter();
        published.map(|report| report.lock().unwrap_or_else(PoisonError::into_inner).clone())
    }

    /// The counters of all threads added up, at most a quarter of a second old.
    #[must_use]
    pub fn counters(&self) -> CountersSnapshot {
        let mut sum = Report::default();
        for report in self.reports() {
            sum.counters.add(&report.counters);
            sum.socket.add(&report.socket);
        }
        let refused = self.shared.director.mailboxes.iter().map(Mailbox::refused).sum();
        CountersSnapshot::of(&sum.counters, sum.socket, refused)
    }

    /// What each thread did, at most a quarter of a second old.
    #[must_use]
    pub fn thread_counters(&self) -> Vec<ThreadSnapshot> {
        // One that has published nothing yet does not say its number itself.
        let numbered = self.reports().enumerate();
        numbered
            .map(|(thread, report)| ThreadSnapshot {
                thread,
                ..report.snapshot()
            })
            .collect()
    }
}

/// Errors that end nothing: no data, or a signal came first.
fn is_passing(error: &std::io::Error) -> bool {
    is_timeout(error) || error.kind() == std::io::ErrorKind::Interrupted
}

#[cfg(test)]
mod tests;
