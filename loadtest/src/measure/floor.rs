// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! The floor of this machine in this minute: copy, AES-128-GCM seal and send of the same packets in the same batches, by
//! one thread that does nothing else: runs of equal packets by `UDP_SEGMENT`, up to 64 runs or single packets in one
//! `sendmmsg`, each to another viewer. A server's cost per packet is compared with it.

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::os::fd::AsFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow};
use ring::aead::{Aad, LessSafeKey, Nonce};

use crate::peer::srtp::{TAG_BYTES, bare_key};
use crate::sys::{Outgoing, RecvBatch, SEND_BATCH, prepare_receiver, send_each, thread_cpu_ns};

/// Addresses that the floor sends to at most.
const SINKS_MAX: usize = 2_000;
/// They are 127.65.0.1 and those that follow, all of one socket that takes what comes.
const SINK_FIRST: u32 = u32::from_be_bytes([127, 65, 0, 1]);
const SINK_BUFFER_BYTES: i32 = 64 << 20;
const HEADER_BYTES: usize = 24;
const RUN_FOR: Duration = Duration::from_millis(1_500);
const SINK_PAUSE: Duration = Duration::from_micros(500);
const ARENA_BYTES: usize = SEND_BATCH * 65_536;

/// The pattern of a room with one speaker of 1.5 Mbit/s, for runs in which none was received.
#[must_use]
pub fn usual_pattern() -> Vec<Vec<u16>> {
    vec![vec![1_190, 1_190, 1_190, 1_190, 900], vec![120], vec![120]]
}

/// CPU microseconds per packet for sending `pattern` to `viewers` addresses, batch by batch.
///
/// # Errors
/// When sockets or threads cannot be had.
pub fn measure(pattern: &[Vec<u16>], viewers: usize) -> Result<f64> {
    let sink = UdpSocket::bind("0.0.0.0:0").context("floor sink")?;
    prepare_receiver(sink.as_fd(), SINK_BUFFER_BYTES).context("floor sink")?;
    let port = sink.local_addr().context("floor sink")?.port();
    let addresses: Vec<SocketAddr> = (0..viewers.clamp(1, SINKS_MAX) as u32)
        .map(|n| SocketAddr::from((Ipv4Addr::from_bits(SINK_FIRST + n), port)))
        .collect();
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let drain = scope.spawn(|| drain(&sink, &stop));
        let measured = send(pattern, &addresses);
        stop.store(true, Ordering::Release);
        drain.join().map_err(|_| anyhow!("the floor's sink thread died"))?;
        measured
    })
}

struct Sealer {
    key: LessSafeKey,
    source: Vec<u8>,
    nonce: u128,
}

impl Sealer {
    /// Appends one sealed packet of `size` bytes.
    fn packet(&mut self, arena: &mut Vec<u8>, size: u16) -> Result<()> {
        let plain = usize::from(size).saturating_sub(TAG_BYTES).max(HEADER_BYTES);
        let at = arena.len();
        arena.extend_from_slice(&self.source[..plain.min(self.source.len())]);
        self.nonce += 1;
        let iv: [u8; 12] = self.nonce.to_be_bytes()[4..].try_into()?;
        let (clear, payload) = arena[at..].split_at_mut(HEADER_BYTES);
        let tag = self
            .key
            .seal_in_place_separate_tag(Nonce::assume_unique_for_key(iv), Aad::from(&*clear), payload)
            .map_err(|_| anyhow!("seal"))?;
        arena.extend_from_slice(tag.as_ref());
        Ok(())
    }
}

fn send(pattern: &[Vec<u16>], addresses: &[SocketAddr]) -> Result<f64> {
    let socket = UdpSocket::bind("127.0.0.1:0").context("floor socket")?;
    let mut sealer = Sealer {
        key: bare_key(&[7; 16])?,
        source: vec![0x5A_u8; crate::sys::DATAGRAM_BYTES_MAX],
        nonce: 0,
    };
    let mut arena: Vec<u8> = Vec::with_capacity(ARENA_BYTES);
    let mut messages: Vec<(SocketAddr, usize, usize)> = Vec::with_capacity(SEND_BATCH);
    let mut packets = 0_u64;
    let flush = |arena: &mut Vec<u8>, messages: &mut Vec<(SocketAddr, usize, usize)>| {
        let mut at = 0;
        let out = messages.iter().map(|(to, len, segment)| {
            at += len;
            Outgoing {
                from: 0,
                to: *to,
                bytes: &arena[at - len..at],
                segment: *segment,
            }
        });
        let refused = send_each(socket.as_fd(), out);
        arena.clear();
        messages.clear();
        refused
    };
    let (started, cpu_before) = (Instant::now(), thread_cpu_ns());
    'run: loop {
        for batch in pattern {
            for address in addresses {
                for run in runs(batch) {
                    let at = arena.len();
                    for size in run {
                        sealer.packet(&mut arena, *size)?;
                    }
                    let segment = usize::from(run[0]).max(HEADER_BYTES + TAG_BYTES);
                    messages.push((*address, arena.len() - at, segment));
                    packets += run.len() as u64;
                    if messages.len() == SEND_BATCH {
                        flush(&mut arena, &mut messages);
                    }
                }
            }
            flush(&mut arena, &mut messages);
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

/// Takes what comes without being woken for it, as the light receivers do.
fn drain(sink: &UdpSocket, stop: &AtomicBool) {
    let mut batch = RecvBatch::default();
    while !stop.load(Ordering::Acquire) {
        if batch.receive(sink.as_fd()).is_err() {
            std::thread::sleep(SINK_PAUSE);
        }
    }
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
