// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! IO for the media plane: the UDP socket, the media thread, batches out, mailboxes in.
//! It never sees tokio, HTTP, the hub or the signalling protocol.

mod addresses;
mod snapshot;
mod streams;
mod thread;
mod udp;

use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::SyncSender;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use fiera_sfu::api::{Command, Event};
use fiera_sfu::sdp::{ServerTransport, TransportCredentials};
use fiera_sfu::transport::dtls::{DtlsIdentity, IdentityError};
use ring::rand::{SecureRandom, SystemRandom};

use fiera_sfu::egress::{Path, StreamId, Via};

pub use snapshot::{CountersSnapshot, LATENCY_BUCKETS_S};
pub use streams::StreamSink;
use streams::Streams;
use udp::{Waker, is_timeout};

/// Characters of ICE credentials (RFC 8839 section 5.4: `ice-char`).
const ICE_CHARS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
/// Commands that may wait for the media thread. It empties its mailbox many times a second; who writes into a full one
/// waits for that.
const LETTERS_MAX: usize = 65_536;
const ICE_UFRAG_CHARS: usize = 8;
const ICE_PWD_CHARS: usize = 24;

/// Where the media plane listens and what it tells clients.
#[derive(Debug, Clone)]
pub struct MediaConfig {
    /// UDP address to bind, such as `0.0.0.0:8443`.
    pub bind: SocketAddr,
    /// Addresses put into session descriptions, best first; empty: every address of this machine, loopback last.
    pub advertise: Vec<IpAddr>,
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
    thread: Option<JoinHandle<()>>,
}

/// A cheap, cloneable way to talk to the media plane from any thread.
#[derive(Clone)]
pub struct MediaHandle {
    shared: Arc<Shared>,
    mailbox: SyncSender<Letter>,
}

struct Shared {
    transport: ServerTransport,
    waker: Waker,
    counters: Mutex<CountersSnapshot>,
    streams: Streams,
    /// Datagrams of streams that found the mailbox full.
    mail_refused: AtomicU64,
    alive: AtomicBool,
    random: SystemRandom,
}

/// What other threads put into the media thread's mailbox.
enum Letter {
    Command(Box<Command>),
    Datagram(Path, Box<[u8]>),
    Stop,
}

impl Media {
    /// Binds the port and starts the media thread. `events` is called on that thread and must not block.
    ///
    /// # Errors
    /// [`MediaError`] when the port is taken or not allowed, or the system refuses what the media plane needs.
    pub fn start(config: MediaConfig, events: Box<dyn Fn(Event) + Send>) -> Result<Self, MediaError> {
        let identity = Arc::new(DtlsIdentity::generate()?);
        let socket = udp::UdpSocket::bind(config.bind).map_err(|source| MediaError::Bind {
            address: config.bind,
            source,
        })?;
        let port = socket.local_addr()?.port();
        let candidates = addresses::advertised(&config, port);
        let (mailbox, letters) = std::sync::mpsc::sync_channel(LETTERS_MAX);
        let shared = Arc::new(Shared {
            transport: ServerTransport {
                candidates,
                tcp: false,
                fingerprint_sha256: identity.fingerprint_sha256().to_owned(),
            },
            waker: Waker::new()?,
            counters: Mutex::new(CountersSnapshot::default()),
            streams: Streams::default(),
            mail_refused: AtomicU64::new(0),
            alive: AtomicBool::new(true),
            random: SystemRandom::new(),
        });
        let worker = thread::Worker::new(socket, identity, Arc::clone(&shared), letters, events);
        let thread = std::thread::Builder::new()
            .name("fiera-media".to_owned())
            .spawn(move || worker.run())?;
        Ok(Self {
            handle: MediaHandle { shared, mailbox },
            thread: Some(thread),
        })
    }

    /// A handle for other threads.
    #[must_use]
    pub fn handle(&self) -> MediaHandle {
        self.handle.clone()
    }
}

impl Drop for Media {
    fn drop(&mut self) {
        self.handle.post(Letter::Stop);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl MediaHandle {
    fn post(&self, letter: Letter) {
        // The thread outlives every handle but during shutdown, when nothing matters any more.
        let _ = self.mailbox.send(letter);
        self.shared.waker.wake();
    }

    /// Queues a command; commands of one caller keep their order.
    pub fn command(&self, command: Command) {
        self.post(Letter::Command(Box::new(command)));
    }

    /// Registers a byte stream or relay on which a peer at `remote` may be reached; its datagrams go to `sink`.
    #[must_use]
    pub fn open_stream(&self, remote: SocketAddr, sink: Arc<dyn StreamSink>) -> StreamId {
        tracing::debug!(%remote, "a stream for media was opened");
        self.shared.streams.open(sink)
    }

    /// Takes one datagram that came on a stream from a peer at `remote` (through a relay there are several). Never
    /// blocks: what the media plane has no room for is dropped and counted.
    pub fn stream_datagram(&self, id: StreamId, remote: SocketAddr, datagram: impl Into<Box<[u8]>>) {
        let path = Path {
            via: Via::Stream(id),
            local: None,
            remote,
        };
        match self.mailbox.try_send(Letter::Datagram(path, datagram.into())) {
            Ok(()) => self.shared.waker.wake(),
            Err(_) => drop(self.shared.mail_refused.fetch_add(1, Ordering::Relaxed)),
        }
    }

    /// Forgets a stream; what is still to be sent to it is dropped. Its peer's connection goes on elsewhere or expires.
    pub fn close_stream(&self, id: StreamId) {
        self.shared.streams.close(id);
    }

    /// Whether the media thread runs; false only when the system took its socket away, or during shutdown.
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

    /// The counters, at most a quarter of a second old.
    #[must_use]
    pub fn counters(&self) -> CountersSnapshot {
        self.shared
            .counters
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

/// Errors that end nothing: no data, or a signal came first.
fn is_passing(error: &std::io::Error) -> bool {
    is_timeout(error) || error.kind() == std::io::ErrorKind::Interrupted
}
