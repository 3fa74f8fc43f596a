// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Lost sound that the redundancy of a later packet brings (RFC 2198).

use super::*;

const FRAME: u32 = 960;

/// The payload of a packet: its own number, larger than silence.
fn sound(number: u8) -> Vec<u8> {
    vec![0x78, number, number]
}

/// A packet that was rebuilt: number, timestamp and sound.
type Rebuilt = (u64, u32, Vec<u8>);

struct Mic {
    streams: PublisherStreams,
    now: Instant,
}

impl Mic {
    fn new() -> Self {
        let now = Instant::now();
        let mut mic = Self {
            streams: streams(&browser(), now),
            now,
        };
        mic.plain(0);
        mic
    }

    fn give(&mut self, number: u8, pt: u8, payload: &[u8]) -> Result<Ingested, IngestRefusal> {
        self.now += ms(20);
        let packet = Rtp {
            pt,
            seq: 65_530_u16.wrapping_add(u16::from(number)),
            timestamp: u32::from(number) * FRAME,
            ssrc: 5,
            mid: "0",
            payload,
            ..Rtp::default()
        };
        self.streams.handle_rtp(self.now, packet.bytes())
    }

    fn plain(&mut self, number: u8) {
        media(self.give(number, OPUS, &sound(number)));
    }

    /// A packet that repeats others by how many frames older they are; returns what was rebuilt and its own payload.
    fn red(&mut self, number: u8, earlier: &[(u32, u8)]) -> (Vec<Rebuilt>, Arc<MediaPacket>) {
        let mut payload = Vec::new();
        for (back, _) in earlier {
            let word = 1 << 31 | u32::from(OPUS) << 24 | (back * FRAME) << 10 | 3;
            payload.extend(word.to_be_bytes());
        }
        payload.push(OPUS);
        earlier.iter().for_each(|(_, number)| payload.extend(sound(*number)));
        payload.extend(sound(number));
        let (_, _, packet) = media(self.give(number, RED, &payload));
        let rebuilt = std::iter::from_fn(|| self.streams.poll_recovered());
        let rebuilt = rebuilt.map(|r| (r.packet.ext_seq, r.packet.timestamp, r.packet.payload.to_vec()));
        (rebuilt.collect(), packet)
    }
}

#[test]
fn a_wrapping_is_taken_off_and_its_own_block_is_the_packet() {
    let mut mic = Mic::new();
    let (rebuilt, packet) = mic.red(1, &[(1, 0)]);
    assert!(rebuilt.is_empty(), "nothing was lost");
    assert_eq!((packet.codec, &packet.payload[..]), (Codec::Opus, &sound(1)[..]));
}

#[test]
fn a_hole_is_filled_the_oldest_first_also_over_the_end_of_the_numbers() {
    let mut mic = Mic::new();
    mic.plain(4);
    let (rebuilt, packet) = mic.red(7, &[(2, 5), (1, 6)]);
    let before = packet.ext_seq - 2;
    let expected = [(before, 5 * FRAME, sound(5)), (before + 1, 6 * FRAME, sound(6))];
    assert_eq!(rebuilt, expected);
    assert_eq!(mic.streams.counters().recovered, 2);
    // What was only late is not forwarded twice.
    let late = mic.give(6, OPUS, &sound(6));
    assert_eq!(late, Ok(Ingested::Consumed(Consumed::Duplicate)));
}

#[test]
fn only_the_hole_right_before_is_filled_and_only_by_later_times() {
    let mut mic = Mic::new();
    let (rebuilt, _) = mic.red(3, &[(1, 2)]);
    assert_eq!(rebuilt.len(), 1, "of two lost the nearer one");
    // A block as old as what was received already, or older, fills nothing.
    let mut mic = Mic::new();
    mic.plain(1);
    assert_eq!(mic.red(3, &[(2, 9)]).0, []);
    assert_eq!(mic.red(5, &[(3, 9)]).0, []);
}

#[test]
fn the_first_packet_of_all_and_of_another_stream_brings_nothing() {
    let mut mic = Mic::new();
    mic.streams.forget(SourceKind::Mic);
    assert_eq!(mic.red(2, &[(1, 1)]).0, [], "what was said before a mute");
}

#[test]
fn broken_redundancy_is_refused_and_counted() {
    let mut mic = Mic::new();
    let refusal = IngestRefusal::Payload(crate::codec::CodecError::Malformed);
    let broken = [
        &[0x80 | OPUS][..],
        &[OPUS],
        &[0x80 | RED, 0, 4, 1, OPUS, 1, 2, 3],
        &[RED, 1, 2, 3],
    ];
    for (number, payload) in (1..).zip(broken) {
        assert_eq!(mic.give(number, RED, payload), Err(refusal), "{payload:?}");
    }
    assert_eq!(mic.streams.counters().refused_for(refusal), 4);
}
