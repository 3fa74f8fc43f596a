// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Every size, rate and time of the server shell that is not part of the wire protocol, in one place.

use std::time::Duration;

/// Time for `hello` after a socket opened.
pub const HELLO_WITHIN: Duration = Duration::from_secs(5);
/// Time for one frame to be taken by the peer's TCP; longer means that it is gone.
pub const WS_WRITE_WITHIN: Duration = Duration::from_secs(12);
/// Messages that wait for one slow socket; above this it is closed and comes back by its resume token.
pub const OUTBOX_MESSAGES_MAX: usize = 512;
/// Largest frame that several messages are joined into, bytes; a larger message leaves in a frame of its own.
pub const WS_FRAME_BYTES_MAX: usize = 128 * 1024;
/// Read buffer per socket, bytes.
pub const WS_READ_BUFFER_BYTES: usize = 4 * 1024;
/// Write buffer per socket, bytes, before a write is forced.
pub const WS_WRITE_BUFFER_BYTES: usize = 8 * 1024;
/// Bytes that may wait in a socket's write buffer: a bound, not an allocation, and above the largest message, for one
/// that does not fit could never leave.
pub const WS_WRITE_BUFFER_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Inputs that wait for one event's task; senders wait beyond this.
pub const EVENT_INBOX_MAX: usize = 4_096;
/// Messages that leave something in one round of an event's task before they are made durable together.
pub const ROUND_MESSAGES_MAX: usize = 256;
/// Full rounds that wait for the store; beyond these messages wait before they are looked at, and an order to silence
/// somebody with them.
pub const ROUNDS_WAITING_MAX: usize = 64;
/// How long the right to run an event lasts unless renewed.
pub const LEASE_TTL: Duration = Duration::from_secs(30);
/// How often it is renewed.
pub const LEASE_RENEW_EVERY: Duration = Duration::from_secs(10);
/// How often a store that could not be written is tried again.
pub const STORE_PROBE_EVERY: Duration = Duration::from_secs(3);
/// Reports of the media plane that wait to be sorted to their events.
pub const MEDIA_REPORTS_MAX: usize = 65_536;
/// How often events hear how those who watch in their rooms fare.
pub const QUALITY_EVERY: Duration = Duration::from_secs(15);
/// Time for the media threads to answer a question.
pub const INSPECT_WITHIN: Duration = Duration::from_secs(1);
/// WHEP viewers in one room.
pub const WHEP_VIEWERS_PER_ROOM_MAX: usize = 5_000;
/// Sign-ins of one address that may fail at once.
pub const SIGN_IN_FAILURES_BURST: u32 = 20;
/// Failed sign-ins of one address per second, sustained.
pub const SIGN_IN_FAILURES_PER_S: u32 = 1;
/// Guests without a token or a cookie from one address at once: a whole audience may share the address of its office, and
/// behind a proxy that does not say who asks everybody shares one.
pub const GUESTS_BURST: u32 = 2_000;
/// The same per second, sustained.
pub const GUESTS_PER_S: u32 = 100;
/// Addresses whose failed sign-ins are remembered, and as many whose guests are.
pub const SIGN_IN_ADDRESSES_MAX: usize = 10_000;
/// How often addresses and participants are forgotten whose limits are as those of anybody new.
pub const RATES_FORGET_EVERY: Duration = Duration::from_secs(10);
/// Participants of all events whose limits are known, after which those who have gone are looked through at each hello.
pub const PEOPLE_LIMITED_MAX: usize = 50_000;
/// How long the answer about one room's board serves everybody who asks.
pub const BOARD_FRESH: Duration = Duration::from_millis(500);
/// How long the recap of one event serves everybody who asks.
pub const RECAP_FRESH: Duration = Duration::from_secs(1);
/// How long the list of a room's open questions, made ready to be compared, serves everybody who writes one.
pub const SIMILAR_FRESH: Duration = Duration::from_secs(2);
/// Faults of one event after which it is closed until the server is started anew.
pub const FAULTS_MAX: u32 = 2;
/// After this long without another one a fault of an event counts no more.
pub const FAULTS_FORGOTTEN_AFTER: Duration = Duration::from_secs(3_600);
/// Body of a JSON request, bytes.
pub const JSON_BODY_BYTES_MAX: usize = 8 * 1024;
/// Body of a request with lines of captions, bytes: 20 lines of 200 characters of four bytes each.
pub const CAPTIONS_BODY_BYTES_MAX: usize = 32 * 1024;
/// Life of the session cookie of an event.
pub const SESSION_TTL: Duration = Duration::from_secs(7 * 24 * 3_600);
/// Byte streams and relays for media, all together.
pub const STREAMS_MAX: usize = 8_192;
/// Of one network: an office or a campus shares one address, and a browser opens several at once.
pub const STREAMS_PER_NETWORK_MAX: usize = 2_048;
/// Relayed addresses under one user name: two connections, several ways to reach us, several networks of a machine.
pub const RELAYS_PER_USER_MAX: u32 = 32;
/// Life of the relay's credentials; what was allocated in time may be kept.
pub const RELAY_CREDENTIALS_TTL: Duration = Duration::from_secs(24 * 3_600);
/// Bytes that wait for one stream or are being written; above this datagrams are lost, and pictures wait for their next
/// keyframe.
pub const STREAM_QUEUE_BYTES_MAX: usize = 256 * 1024;
/// What a buffer of a stream keeps of its memory while nothing waits, bytes.
pub const STREAM_QUEUE_BYTES_KEPT: usize = 16 * 1024;
/// Most that one write hands on, bytes: what TLS holds back of it is no more than a record (RFC 8446 section 5.1).
pub const STREAM_WRITE_BYTES_MAX: usize = 16 * 1024;
/// Bytes that wait in the system for one stream: enough for 3 Mbit/s over 300 ms, and no seconds-old pictures.
pub const STREAM_SEND_BUFFER_BYTES: usize = 128 * 1024;
/// Time for a stream to show a valid check or allocation.
pub const STREAM_PROOF_WITHIN: Duration = Duration::from_secs(10);
/// A stream that says nothing for so long is closed; browsers check every few seconds.
pub const STREAM_IDLE: Duration = Duration::from_secs(60);
/// Time within which the peer's TCP takes some of what waits for it.
pub const STREAM_WRITE_WITHIN: Duration = Duration::from_secs(10);
/// Answers by UDP to those of one network without an allocation, at once: each is longer than what it answers.
pub const TURN_STRANGERS_BURST: u32 = 1_000;
/// The same per second, sustained.
pub const TURN_STRANGERS_PER_S: u32 = 250;
/// Networks of such strangers that are told apart.
pub const TURN_STRANGER_NETWORKS_MAX: usize = 10_000;
/// How long a connectivity check may take before its connection is ended.
pub const CHECK_TTL: Duration = Duration::from_secs(20);
/// Connectivity checks from the door at once.
pub const CHECKS_BURST: u32 = 40;
/// The same per second, sustained: whoever finds none free joins without.
pub const CHECKS_PER_S: u32 = 20;
/// Connections that wait to be taken; the system may allow fewer.
pub const LISTEN_BACKLOG: u32 = 4_096;
/// Time for request headers to arrive.
pub const HTTP_HEADERS_WITHIN: Duration = Duration::from_secs(15);
/// Time for open requests to end when the server stops.
pub const DRAIN_WITHIN: Duration = Duration::from_secs(5);
/// Shortest window in which clients come back after a drain, milliseconds.
pub const DRAIN_SPREAD_MS_MIN: u32 = 500;
/// Longest such window, milliseconds.
pub const DRAIN_SPREAD_MS_MAX: u32 = 20_000;
/// Returning clients per second that a drain aims at.
pub const DRAIN_RETURNS_PER_S: u32 = 100;
