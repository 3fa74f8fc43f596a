// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! One byte stream from its first frame to its last: ICE-TCP (RFC 6544), or TURN over TCP or TLS (RFC 8656). Who has
//! proved nothing within seconds, says nothing any more, or does not read is let go of.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use fiera_media::StreamSink;
use fiera_sfu::egress::StreamId;
use fiera_sfu::streams::framing::{FrameReader, Framing, LENGTH_BYTES};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::{sleep, timeout};

use super::Streams;
use super::queue::Queue;
use super::turn::{Back, TurnClient};
use crate::limits::{STREAM_IDLE, STREAM_PROOF_WITHIN, STREAM_WRITE_WITHIN};

/// Datagrams of the media plane to an ICE-TCP connection.
struct Framed(Arc<Queue>);

impl StreamSink for Framed {
    fn send(&self, datagram: &[u8]) -> bool {
        let Ok(length) = u16::try_from(datagram.len()) else {
            return false;
        };
        self.0.push(LENGTH_BYTES + datagram.len(), |out| {
            out.extend_from_slice(&length.to_be_bytes());
            out.extend_from_slice(datagram);
        })
    }
}

/// What the frames of a stream are for.
enum End {
    /// The media plane itself.
    IceTcp {
        streams: Arc<Streams>,
        id: StreamId,
        from: SocketAddr,
    },
    Turn(TurnClient),
}

impl End {
    fn take(&mut self, frame: &[u8]) {
        match self {
            Self::IceTcp { streams, id, from } => streams.media.stream_datagram(*id, *from, frame),
            Self::Turn(client) => client.handle(frame),
        }
    }

    /// Whether the other side has shown that it may be here: the media plane answers only checks that are proved.
    fn is_proved(&self, queue: &Queue) -> bool {
        match self {
            Self::IceTcp { .. } => queue.was_used(),
            Self::Turn(client) => client.is_allocated(),
        }
    }
}

impl Drop for End {
    fn drop(&mut self) {
        if let Self::IceTcp { streams, id, .. } = self {
            streams.media.close_stream(*id);
        }
    }
}

/// Serves a stream until either side ends it.
pub(super) async fn serve<S>(streams: Arc<Streams>, stream: S, from: SocketAddr, framing: Framing)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let queue = Arc::new(Queue::default());
    let end = match framing {
        Framing::Length => {
            let id = streams.media.open_stream(from, Arc::new(Framed(queue.clone())));
            End::IceTcp { streams, id, from }
        }
        Framing::Turn => End::Turn(TurnClient::new(&streams, from, Back::Stream(queue.clone()))),
    };
    let (input, output) = tokio::io::split(stream);
    tokio::select! {
        () = read(input, framing, end, &queue) => {}
        () = write(output, &queue) => {}
    }
    queue.close();
}

async fn read<R: AsyncRead + Unpin>(mut input: R, framing: Framing, mut end: End, queue: &Queue) {
    let mut reader = FrameReader::new(framing);
    let opened = Instant::now();
    let mut proved = false;
    loop {
        let patience = if proved {
            STREAM_IDLE
        } else {
            STREAM_PROOF_WITHIN.saturating_sub(opened.elapsed())
        };
        let read = match timeout(patience, input.read(reader.space())).await {
            Ok(Ok(bytes)) => bytes,
            // Who was answered meanwhile has proved itself, and has the patience that is due to it from now on.
            Err(_) if !proved && end.is_proved(queue) => {
                proved = true;
                continue;
            }
            Ok(Err(_)) | Err(_) => return,
        };
        if read == 0 {
            return;
        }
        reader.filled(read);
        loop {
            match reader.next() {
                Ok(Some(frame)) => end.take(frame),
                Ok(None) => break,
                Err(_) => return,
            }
        }
        if let End::Turn(client) = &end
            && client.is_expired(Instant::now())
        {
            return;
        }
        proved = proved || end.is_proved(queue);
        if !proved && opened.elapsed() >= STREAM_PROOF_WITHIN {
            return;
        }
    }
}

async fn write<W: AsyncWrite + Unpin>(mut output: W, queue: &Queue) {
    let mut batch = Vec::new();
    loop {
        queue.take(&mut batch).await;
        let written = async {
            output.write_all(&batch).await?;
            output.flush().await
        };
        tokio::select! {
            written = written => if written.is_err() { return },
            () = sleep(STREAM_WRITE_WITHIN) => return,
        }
        batch.clear();
    }
}
