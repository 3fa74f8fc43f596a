// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Both directions against an independent codec, limits, and arbitrary bytes.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use proptest::prelude::*;
use rtc_rtcp::goodbye::Goodbye;
use rtc_rtcp::payload_feedbacks::full_intra_request::{FirEntry, FullIntraRequest};
use rtc_rtcp::payload_feedbacks::picture_loss_indication::PictureLossIndication;
use rtc_rtcp::payload_feedbacks::receiver_estimated_maximum_bitrate::ReceiverEstimatedMaximumBitrate;
use rtc_rtcp::source_description::SourceDescription;
use rtc_rtcp::transport_feedbacks::transport_layer_cc::TransportLayerCc;
use rtc_rtcp::transport_feedbacks::transport_layer_nack::{TransportLayerNack, nack_pairs_from_sequence_numbers};
use rtc_shared::marshal::{Marshal, Unmarshal};

use super::*;

const US: u32 = 0x1111_2222;
const THEM: u32 = 0x3333_4444;

fn parse(bytes: &[u8]) -> Vec<Packet<'_>> {
    Compound::parse(bytes).unwrap().packets().collect()
}

fn block(ssrc: u32) -> ReportBlock {
    ReportBlock {
        ssrc,
        fraction_lost: 12,
        cumulative_lost: 345,
        highest_seq: 0x0001_0002,
        jitter: 99,
        last_sr: 0xAABB_CCDD,
        delay_since_last_sr: 65_536,
    }
}

const INFO: SenderInfo = SenderInfo {
    ssrc: US,
    ntp: 0x0102_0304_0506_0708,
    rtp: 9,
    packets: 10,
    octets: 11,
};

#[test]
fn a_compound_reads_back_part_by_part() {
    let mut out = Vec::new();
    write_sr(
        &mut out,
        &INFO,
        &[
            block(THEM),
            ReportBlock {
                cumulative_lost: -5,
                ..block(6)
            },
        ],
    );
    write_sdes_cname(&mut out, US, "cname");
    write_rr(&mut out, US, &[]);
    write_nack(&mut out, US, THEM, [65_535, 0, 16, 17, 400]);
    write_pli(&mut out, US, THEM);
    write_fir(&mut out, US, THEM, 7);
    write_bye(&mut out, &[US, 5]);
    let parts = parse(&out);
    let Packet::SenderReport(report) = parts[0] else {
        panic!("{parts:?}")
    };
    assert_eq!((report.ssrc, report.ntp, report.rtp), (INFO.ssrc, INFO.ntp, INFO.rtp));
    assert_eq!((report.packets, report.octets), (INFO.packets, INFO.octets));
    let blocks: Vec<_> = report.blocks.collect();
    assert_eq!(
        blocks,
        [
            block(THEM),
            ReportBlock {
                cumulative_lost: -5,
                ..block(6)
            }
        ]
    );
    assert_eq!(parts[1], Packet::Sdes);
    assert!(matches!(parts[2], Packet::ReceiverReport(report) if report.ssrc == US && report.blocks.count() == 0));
    let Packet::Nack(nack) = parts[3] else {
        panic!("{parts:?}")
    };
    assert_eq!((nack.sender_ssrc, nack.media_ssrc), (US, THEM));
    assert_eq!(nack.seqs().collect::<Vec<_>>(), [65_535, 0, 16, 17, 400]);
    assert_eq!(
        parts[4],
        Packet::Pli(Pli {
            sender_ssrc: US,
            media_ssrc: THEM
        })
    );
    assert!(matches!(parts[5], Packet::Fir(fir) if fir.entries().collect::<Vec<_>>() == [(THEM, 7)]));
    assert!(matches!(parts[6], Packet::Bye(ssrcs) if ssrcs.collect::<Vec<_>>() == [US, 5]));
    assert_eq!(parts.len(), 7);
}

#[test]
fn an_independent_decoder_reads_what_we_write() {
    let mut out = Vec::new();
    write_sr(&mut out, &INFO, &[block(THEM)]);
    let report = rtc_rtcp::sender_report::SenderReport::unmarshal(&mut &out[..]).unwrap();
    assert_eq!((report.ssrc, report.ntp_time, report.rtp_time), (US, INFO.ntp, 9));
    assert_eq!((report.packet_count, report.octet_count), (10, 11));
    assert_eq!(report.reports[0].ssrc, THEM);
    assert_eq!(report.reports[0].total_lost, 345);
    assert_eq!(report.reports[0].last_sequence_number, 0x0001_0002);
    assert_eq!(report.reports[0].delay, 65_536);

    for name in ["", "a", "ab", "abc", "abcd", "a-longer-canonical-name"] {
        out.clear();
        write_sdes_cname(&mut out, US, name);
        let sdes = SourceDescription::unmarshal(&mut &out[..]).unwrap();
        assert_eq!(sdes.chunks[0].source, US);
        assert_eq!(sdes.chunks[0].items[0].text, name.as_bytes());
    }

    out.clear();
    write_nack(&mut out, US, THEM, [65_535, 3, 16, 400]);
    let nack = TransportLayerNack::unmarshal(&mut &out[..]).unwrap();
    let seqs: Vec<u16> = nack.nacks.iter().flat_map(|pair| pair.packet_list()).collect();
    assert_eq!(seqs, [65_535, 3, 16, 400]);

    out.clear();
    write_pli(&mut out, US, THEM);
    let pli = PictureLossIndication::unmarshal(&mut &out[..]).unwrap();
    assert_eq!((pli.sender_ssrc, pli.media_ssrc), (US, THEM));

    out.clear();
    write_fir(&mut out, US, THEM, 3);
    let fir = FullIntraRequest::unmarshal(&mut &out[..]).unwrap();
    assert_eq!(
        fir.fir,
        [FirEntry {
            ssrc: THEM,
            sequence_number: 3
        }]
    );

    out.clear();
    write_bye(&mut out, &[US, THEM]);
    assert_eq!(Goodbye::unmarshal(&mut &out[..]).unwrap().sources, [US, THEM]);
}

#[test]
fn we_read_what_an_independent_encoder_wrote() {
    let remb = ReceiverEstimatedMaximumBitrate {
        sender_ssrc: US,
        bitrate: 1e6,
        ssrcs: vec![THEM],
    };
    assert_eq!(parse(&remb.marshal().unwrap()), [Packet::Remb]);
    let bye = Goodbye {
        sources: vec![1, 2],
        reason: "done".into(),
    };
    assert!(matches!(parse(&bye.marshal().unwrap())[..], [Packet::Bye(ssrcs)] if ssrcs.count() == 2));
    let nacks = nack_pairs_from_sequence_numbers(&[5, 6, 7, 100]);
    let nack = TransportLayerNack {
        sender_ssrc: US,
        media_ssrc: THEM,
        nacks,
    }
    .marshal()
    .unwrap();
    let Packet::Nack(nack) = parse(&nack)[0] else { panic!() };
    assert_eq!(nack.seqs().collect::<Vec<_>>(), [5, 6, 7, 100]);
}

#[test]
fn broken_headers_are_refused_and_broken_bodies_are_isolated() {
    assert_eq!(Compound::parse(&[]), Err(RtcpError::TooShort));
    assert_eq!(Compound::parse(&[0x40, 200, 0, 0]), Err(RtcpError::Version));
    assert_eq!(Compound::parse(&[0x80, 200, 0, 9, 0, 0]), Err(RtcpError::TooShort));
    let padded_first = [0xA0, 201, 0, 1, 0, 0, 0, 4, 0x80, 201, 0, 1, 0, 0, 0, 1];
    assert_eq!(Compound::parse(&padded_first), Err(RtcpError::Padding));
    assert_eq!(Compound::parse(&[0xA0, 201, 0, 1, 0, 0, 0, 0]), Err(RtcpError::Padding));
    let mut out = vec![0x9F, 201, 0, 1, 0, 0, 0, 1];
    write_pli(&mut out, US, THEM);
    out.extend_from_slice(&[0x80, 207, 0, 0]);
    let parts = parse(&out);
    assert_eq!(parts[0], Packet::Malformed { packet_type: 201 });
    assert!(matches!(parts[1], Packet::Pli(_)));
    assert_eq!(
        parts[2],
        Packet::Unknown {
            packet_type: 207,
            format: 0
        }
    );
}

#[test]
fn padding_of_the_last_part_is_not_content() {
    let mut out = Vec::new();
    write_nack(&mut out, US, THEM, [1]);
    out[0] |= 0x20;
    out[3] += 1;
    out.extend_from_slice(&[0, 0, 0, 4]);
    let Packet::Nack(nack) = parse(&out)[0] else { panic!() };
    assert_eq!(nack.seqs().collect::<Vec<_>>(), [1]);
}

#[test]
fn reports_and_nacks_stay_within_their_limits() {
    let mut out = Vec::new();
    write_rr(&mut out, US, &[block(1); 40]);
    assert!(matches!(parse(&out)[..], [Packet::ReceiverReport(report)] if report.blocks.count() == REPORT_BLOCKS_MAX));
    out.clear();
    write_nack(&mut out, US, THEM, (0..60_000).step_by(20));
    assert_eq!(out.len(), 12 + usize::from(NACK_PAIRS_MAX) * 4);
    out.clear();
    write_nack(&mut out, US, THEM, []);
    assert!(out.is_empty());
}

#[test]
fn feedback_that_claims_too_much_is_refused() {
    let feedback = TwccFeedback {
        sender_ssrc: US,
        media_ssrc: THEM,
        base_seq: 1,
        reference_time: 1,
        feedback_count: 1,
    };
    let mut out = Vec::new();
    write_twcc(&mut out, &feedback, &[Some(1), None, Some(2)]);
    assert!(matches!(parse(&out)[..], [Packet::Twcc(_)]));
    let mut many = out.clone();
    many[14..16].copy_from_slice(&60_000u16.to_be_bytes());
    assert_eq!(parse(&many), [Packet::Malformed { packet_type: 205 }]);
    let mut reserved = out.clone();
    reserved[20] = 0x60;
    assert_eq!(parse(&reserved), [Packet::Malformed { packet_type: 205 }]);
    let mut deltas_missing = out;
    deltas_missing[20..22].copy_from_slice(&0x4003u16.to_be_bytes());
    deltas_missing[14..16].copy_from_slice(&3u16.to_be_bytes());
    assert_eq!(parse(&deltas_missing), [Packet::Malformed { packet_type: 205 }]);
}

fn status() -> impl Strategy<Value = Option<i16>> {
    prop_oneof![3 => Just(None), 6 => (0i16..256).prop_map(Some), 1 => any::<i16>().prop_map(Some)]
}

fn statuses() -> impl Strategy<Value = Vec<Option<i16>>> {
    proptest::collection::vec((status(), 1usize..40), 1..40).prop_map(|runs| {
        runs.into_iter()
            .flat_map(|(status, count)| vec![status; count])
            .collect()
    })
}

proptest! {
    #[test]
    fn transport_feedback_round_trips(statuses in statuses(), base_seq in any::<u16>(), reference_time in -0x80_0000..0x80_0000) {
        let feedback = TwccFeedback { sender_ssrc: US, media_ssrc: THEM, base_seq, reference_time, feedback_count: 200 };
        let mut out = Vec::new();
        write_twcc(&mut out, &feedback, &statuses);
        let parts = parse(&out);
        let Packet::Twcc(read) = parts[0] else { panic!("{parts:?}") };
        prop_assert_eq!((read.base_seq, read.reference_time, read.feedback_count), (base_seq, reference_time, 200));
        let expected: Vec<_> =
            statuses.iter().enumerate().map(|(at, status)| (base_seq.wrapping_add(at as u16), *status)).collect();
        prop_assert_eq!(read.statuses().collect::<Vec<_>>(), expected);

        let oracle = TransportLayerCc::unmarshal(&mut &out[..]).unwrap();
        prop_assert_eq!(usize::from(oracle.packet_status_count), statuses.len());
        prop_assert_eq!(oracle.base_sequence_number, base_seq);
        let deltas: Vec<_> = oracle.recv_deltas.iter().map(|delta| delta.delta / 250).collect();
        let expected: Vec<_> = statuses.iter().flatten().map(|ticks| i64::from(*ticks)).collect();
        prop_assert_eq!(deltas, expected);
    }

    #[test]
    fn nacks_round_trip(first in any::<u16>(), steps in proptest::collection::vec(1u16..40, 0..200)) {
        let mut seqs = vec![first];
        for step in steps { seqs.push(seqs.last().unwrap().wrapping_add(step)); }
        let mut out = Vec::new();
        write_nack(&mut out, US, THEM, seqs.iter().copied());
        let Packet::Nack(nack) = parse(&out)[0] else { panic!() };
        prop_assert_eq!(nack.seqs().collect::<Vec<_>>(), seqs);
    }

    #[test]
    fn arbitrary_bytes_never_panic(
        bodies in proptest::collection::vec((0u8..32, 198u8..210, proptest::collection::vec(any::<u8>(), 0..64)), 1..5),
        cut in 0usize..4,
    ) {
        let mut out = Vec::new();
        for (count, packet_type, body) in bodies {
            super::write::write_part(&mut out, count, packet_type, |out| out.extend_from_slice(&body));
        }
        for bytes in [&out[..], &out[..out.len() - cut]] {
            let Ok(compound) = Compound::parse(bytes) else { continue };
            for part in compound {
                match part {
                    Packet::SenderReport(report) => drop(report.blocks.count()),
                    Packet::ReceiverReport(report) => drop(report.blocks.count()),
                    Packet::Bye(ssrcs) => drop(ssrcs.count()),
                    Packet::Nack(nack) => prop_assert!(nack.seqs().count() <= 17 * bytes.len()),
                    Packet::Fir(fir) => drop(fir.entries().count()),
                    Packet::Twcc(twcc) => prop_assert_eq!(twcc.statuses().count(), usize::from(twcc.status_count)),
                    _ => {}
                }
            }
        }
    }

    #[test]
    fn raw_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
        let _ = Compound::parse(&bytes).map(|compound| compound.packets().count());
    }
}
