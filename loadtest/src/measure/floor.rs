// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! The floor of this machine in this minute: copy, AES-128-GCM seal and GSO send of the same packets in the same
//! batches, by one thread that does nothing else. A server's cost per packet is compared with it.

use std::net::{SocketAddr, UdpSocket};
use std::os::fd::AsFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow};
use mio::{Events, Interest, Poll, Token};
use ring::aead::{Aad, Nonce};

use crate::peer::srtp::{TAG_BYTES, bare_key};
use crate::sys::{RecvBatch, prepare_receiver, send_segments, thread_cpu_ns};

const SINKS_MAX: usize = 64;
const HEADER_BYTES: usize = 24;
const RUN_FOR: Duration = Duration::from_millis(1_500);
const SINK_POLL: Duration = Duration::from_millis(20);

/// The pattern of a room with one speaker of 1.5 Mbit/s, for runs in which none was received.
#[must_use]
pub fn usual_pattern() -> Vec<Vec<u16>> {
    vec![vec![1_190, 1_190, 1_190, 1_190, 900], vec![120], vec![120]]
}

/// CPU microseconds per packet for sending `pattern` to `viewers` sinks, batch by batch.
///
/// # Errors
/// When sockets or threads cannot be had.
pub fn measure(pattern: &[Vec<u16>], viewers: usize) -> Result<f64> {
    let sinks: Vec<UdpSocket> = (0..viewers.clamp(1, SINKS_MAX))
        .map(|_| UdpSocket::bind("127.0.0.1:0"))
        .collect::<Result<_, _>>()
        .context("floor sinks")?;
    let addresses: Vec<SocketAddr> = sinks.iter().map(UdpSocket::local_addr).collect::<Result<_, _>>()?;
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let drain = scope.spawn(|| drain(sinks, &stop));
        let measured = send(pattern, &addresses);
        stop.store(true, Ordering::Release);
        drain.join().map_err(|_| anyhow!("the floor's sink thread died"))??;
        measured
    })
}

fn send(pattern: &[Vec<u16>], addresses: &[SocketAddr]) -> Result<f64> {
    let socket = UdpSocket::bind("127.0.0.1:0").context("floor socket")?;
    let key = bare_key(&[7; 16])?;
    let source = vec![0x5A_u8; crate::sys::DATAGRAM_BYTES_MAX];
    let mut arena: Vec<u8> = Vec::with_capacity(64 * 1_024);
    let (mut packets, mut nonce) = (0_u64, 0_u128);
    let (started, cpu_before) = (Instant::now(), thread_cpu_ns());
    'run: loop {
        for batch in pattern {
            for address in addresses {
                for run in runs(batch) {
                    arena.clear();
                    for size in run {
                        let plain = usize::from(*size).saturating_sub(TAG_BYTES).max(HEADER_BYTES);
                        let at = arena.len();
                        arena.extend_from_slice(&source[..plain]);
                        nonce += 1;
                        let iv: [u8; 12] = nonce.to_be_bytes()[4..].try_into()?;
                        let (clear, payload) = arena[at..].split_at_mut(HEADER_BYTES);
                        let tag = key
                            .seal_in_place_separate_tag(Nonce::assume_unique_for_key(iv), Aad::from(&*clear), payload)
                            .map_err(|_| anyhow!("seal"))?;
                        arena.extend_from_slice(tag.as_ref());
                    }
                    let segment = usize::from(run[0]).max(HEADER_BYTES + TAG_BYTES);
                    send_segments(socket.as_fd(), *address, &arena, segment).context("floor send")?;
                    packets += run.len() as u64;
                }
            }
            if started.elapsed() > RUN_FOR {
                break 'run;
            }
        }
    }
    Ok((thread_cpu_ns() - cpu_before) as f64 / 1_000.0 / packets.max(1) as f64)
}

/// Cuts a batch where GSO must: all packets of a run have one size, only the last may be shorter; 64 KiB at most.
fn runs(batch: &[u16]) -> impl Iterator<Item = &[u16]> {
    let mut rest = batch;
    std::iter::from_fn(move || {
        let first = *rest.first()?;
        let fits = (60_000 / usize::from(first.max(1))).clamp(1, 64);
        let same = rest.iter().take(fits).take_while(|s| **s == first).count();
        let tail = usize::from(same < fits && rest.get(same).is_some_and(|s| *s < first));
        let (run, more) = rest.split_at(same + tail);
        rest = more;
        Some(run)
    })
}

fn drain(sinks: Vec<UdpSocket>, stop: &AtomicBool) -> Result<()> {
    let mut poll = Poll::new().context("poll")?;
    let mut sockets = Vec::new();
    for (i, sink) in sinks.into_iter().enumerate() {
        sink.set_nonblocking(true)?;
        prepare_receiver(sink.as_fd(), 1 << 20)?;
        let mut socket = mio::net::UdpSocket::from_std(sink);
        poll.registry().register(&mut socket, Token(i), Interest::READABLE)?;
        sockets.push(socket);
    }
    let mut events = Events::with_capacity(SINKS_MAX);
    let mut batch = RecvBatch::default();
    while !stop.load(Ordering::Acquire) {
        poll.poll(&mut events, Some(SINK_POLL)).context("poll")?;
        for event in &events {
            while batch.receive(sockets[event.token().0].as_fd()).is_ok() {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_are_cut_where_gso_must() {
        let cut = |batch: &[u16]| runs(batch).map(<[u16]>::to_vec).collect::<Vec<_>>();
        assert_eq!(cut(&[9, 9, 5]), [vec![9, 9, 5]]);
        assert_eq!(cut(&[5, 9, 9]), [vec![5], vec![9, 9]]);
        assert_eq!(cut(&[9, 5, 5]), [vec![9, 5], vec![5]]);
        assert_eq!(cut(&[1_200; 60]).iter().map(Vec::len).collect::<Vec<_>>(), [50, 10]);
    }

    #[test]
    fn floor_is_a_plausible_number() {
        let us = measure(&usual_pattern(), 4).unwrap();
        assert!((0.05..100.0).contains(&us), "{us} us");
    }
}
