// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! One byte stream from its first frame to its last: ICE-TCP (RFC 6544), or TURN over TCP or TLS (RFC 8656). Who has
//! proved nothing within seconds, says nothing any more, or does not read is let go of.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use fiera_media::StreamSink;
use fiera_sfu::egress::{StreamId, StreamKind};
use fiera_sfu::streams::framing::{FrameReader, Framing, LENGTH_BYTES};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::{sleep, timeout};

use super::Streams;
use super::queue::Queue;
use super::turn::{Back, TurnClient};
use crate::limits::{STREAM_IDLE, STREAM_PROOF_WITHIN, STREAM_WRITE_BYTES_MAX, STREAM_WRITE_WITHIN};

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
    Turn(Box<TurnClient>),
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
pub(super) async fn serve<S>(streams: Arc<Streams>, stream: S, from: SocketAddr, kind: StreamKind)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let queue = Arc::new(Queue::default());
    let _open = streams.metrics.stream(kind);
    let (framing, end) = if kind == StreamKind::Tcp {
        let sink = Arc::new(Framed(queue.clone()));
        let id = streams.media.open_stream(kind, from, sink);
        (Framing::Length, End::IceTcp { streams, id, from })
    } else {
        let client = TurnClient::new(&streams, kind, from, Back::Stream(queue.clone()));
        (Framing::Turn, End::Turn(Box::new(client)))
    };
    let (input, output) = tokio::io::split(stream);
    tokio::select! {
        () = read(input, framing, end, &queue) => {}
        () = write(output, &queue, || sleep(STREAM_WRITE_WITHIN)) => {}
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

/// Writes what the queue has until writing fails, or until none of it was taken within one `patience`.
async fn write<W, P>(mut output: W, queue: &Queue, patience: impl Fn() -> P)
where
    W: AsyncWrite + Unpin,
    P: Future<Output = ()>,
{
    let mut batch = Vec::new();
    loop {
        queue.take(&mut batch).await;
        let mut rest = &batch[..];
        while !rest.is_empty() {
            let piece = &rest[..rest.len().min(STREAM_WRITE_BYTES_MAX)];
            let written = tokio::select! {
                biased;
                written = write_some(&mut output, piece) => written.unwrap_or(0),
                () = patience() => 0,
            };
            if written == 0 {
                return;
            }
            queue.written(written);
            rest = &rest[written..];
        }
        batch.clear();
    }
}

async fn write_some<W: AsyncWrite + Unpin>(output: &mut W, piece: &[u8]) -> io::Result<usize> {
    let written = output.write(piece).await?;
    output.flush().await?;
    Ok(written)
}

#[cfg(test)]
mod tests {
    use super::{Queue, write};
    use std::future::{Future, poll_fn};
    use std::io;
    use std::pin::{Pin, pin};
    use std::task::{Context, Poll, Waker};
    use tokio::io::AsyncWrite;

    const WAITING: usize = 100_000;
    const TAKEN_AT_ONCE: usize = 1_000;

    /// Takes a little every other time it is asked, up to a limit.
    struct Reader<'a> {
        taken: &'a mut usize,
        limit: usize,
        asked: bool,
    }

    impl AsyncWrite for Reader<'_> {
        fn poll_write(mut self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
            self.asked = !self.asked;
            if self.asked || *self.taken >= self.limit {
                return Poll::Pending;
            }
            let taken = bytes.len().min(TAKEN_AT_ONCE);
            *self.taken += taken;
            Poll::Ready(Ok(taken))
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    /// What a reader took of what waits, and whether it was let go of. Patience is over when looked at the third time.
    fn served(limit: usize) -> (usize, bool) {
        let (queue, mut taken) = (Queue::default(), 0);
        assert!(queue.push(WAITING, |out| out.resize(WAITING, 7)));
        let patience = || {
            let mut looks = 0;
            poll_fn(move |_| {
                looks += 1;
                if looks < 3 { Poll::Pending } else { Poll::Ready(()) }
            })
        };
        let reader = Reader {
            taken: &mut taken,
            limit,
            asked: false,
        };
        let over = {
            let mut serving = pin!(write(reader, &queue, patience));
            let mut cx = Context::from_waker(Waker::noop());
            (0..1_000).any(|_| serving.as_mut().poll(&mut cx).is_ready())
        };
        (taken, over)
    }

    #[test]
    fn a_slow_reader_stays_and_one_that_stopped_reading_goes() {
        assert_eq!(served(WAITING), (WAITING, false));
        assert_eq!(served(WAITING / 2), (WAITING / 2, true));
        assert_eq!(served(0), (0, true));
    }
}
