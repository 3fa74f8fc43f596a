// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! The WebSocket as this server uses it: text frames in, frames of joined messages out, one clean end.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket};
use fiera_protocol::codec::frame;

use crate::limits::{WS_FRAME_BYTES_MAX, WS_WRITE_WITHIN};

/// Time for the peer to answer our close frame.
const CLOSE_WITHIN: Duration = Duration::from_secs(1);

/// What came in.
#[derive(Debug)]
pub(super) enum Incoming {
    Text(Utf8Bytes),
    Binary,
    /// Larger than the socket reads.
    TooLarge,
    /// A ping or pong of the WebSocket itself.
    Alive,
    /// The peer closed in order.
    Goodbye {
        /// Its person left: 1000. A page that is closed or reloaded says 1001, a client that gives a silent socket up
        /// says nothing (1005); both may be back within seconds.
        left: bool,
    },
    /// The connection broke.
    End,
}

/// Why the server ends a socket (RFC 6455, section 7.4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CloseCode {
    /// 1000: the other side ended it, or the event did.
    Normal,
    /// 1001: the server goes away.
    GoingAway,
    /// 1008: hello refused, or too many messages.
    Policy,
    /// 1009: a message too large to read.
    TooLarge,
    /// 1013: too slow a reader, or a fault: come back.
    TryLater,
}

impl CloseCode {
    fn number(self) -> u16 {
        match self {
            Self::Normal => 1_000,
            Self::GoingAway => 1_001,
            Self::Policy => 1_008,
            Self::TooLarge => 1_009,
            Self::TryLater => 1_013,
        }
    }
}

/// One WebSocket.
pub(super) struct Socket(WebSocket);

impl Socket {
    pub(super) fn new(socket: WebSocket) -> Self {
        Self(socket)
    }

    /// The next thing from the peer. Nothing is lost where the wait is given up.
    pub(super) async fn receive(&mut self) -> Incoming {
        match self.0.recv().await {
            Some(Ok(Message::Text(text))) => Incoming::Text(text),
            Some(Ok(Message::Binary(_))) => Incoming::Binary,
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => Incoming::Alive,
            Some(Ok(Message::Close(frame))) => Incoming::Goodbye {
                left: frame.is_some_and(|frame| frame.code == CloseCode::Normal.number()),
            },
            None => Incoming::End,
            Some(Err(error)) => {
                // The library tells a message above the limit only by its words.
                let too_large = error.to_string().contains("too long") || error.to_string().contains("too big");
                if too_large { Incoming::TooLarge } else { Incoming::End }
            }
        }
    }

    /// Sends messages as few frames; false where the peer is gone or takes nothing.
    pub(super) async fn send(&mut self, messages: &[Arc<str>]) -> bool {
        let mut rest = messages;
        while !rest.is_empty() {
            let mut bytes = 0;
            let fits = |message: &&Arc<str>| {
                bytes += message.len() + 1;
                bytes <= WS_FRAME_BYTES_MAX
            };
            let count = rest.iter().take_while(fits).count().max(1);
            let (now, later) = rest.split_at(count);
            let sent = tokio::time::timeout(WS_WRITE_WITHIN, self.0.send(Message::Text(frame(now).into()))).await;
            if !matches!(sent, Ok(Ok(()))) {
                return false;
            }
            rest = later;
        }
        true
    }

    /// Sends what is left and closes.
    pub(super) async fn end(mut self, messages: Vec<Arc<str>>, code: CloseCode) {
        let close = async {
            if self.send(&messages).await {
                let frame = CloseFrame {
                    code: code.number(),
                    reason: Utf8Bytes::default(),
                };
                let _ = self.0.send(Message::Close(Some(frame))).await;
                // Until the peer has closed too, or the reset would overtake the last messages.
                while let Some(Ok(_)) = self.0.recv().await {}
            }
        };
        let _ = tokio::time::timeout(CLOSE_WITHIN, close).await;
    }
}
