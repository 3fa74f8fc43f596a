// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! A publisher whose picture has another size in every packet: its room is planned anew now and then, not each time.

use fiera_sfu::api::SourceKind;
use fiera_sfu::sdp::Codec;

use super::measure::undisturbed;
use crate::fair::{Fair, seeds};
use crate::peer::payload::{Picture, Stamp, build};
use crate::peer::publisher::header;

#[test]
fn sizes_that_change_with_every_packet_plan_the_room_anew_a_few_times_a_second() {
    for seed in seeds() {
        let mut fair = Fair::on_threads(seed, 2);
        let good = fair.speaker(1, true);
        fair.run_ms(500);
        let camera = fair.camera(2);
        let bad = fair.publish(2, true, vec![camera]);
        let viewers = [fair.watch(), fair.watch()];
        fair.run_ms(2_000);
        let track = fair.publishers[bad].track(SourceKind::Camera);
        track.on = false;
        let (ssrc, mut index) = (track.layers[0].ssrc, track.layers[0].next_index);
        let before = fair.stages_told;
        for frame in 0..2_001_u32 {
            let stamp = Stamp {
                who: 2,
                kind: 1,
                temporal: 0,
                layer: 0,
                frame: 10_000 + frame,
                part: 0,
                parts: 1,
                key: true,
            };
            let picture = Picture {
                spatial: None,
                keyed: false,
                id: frame as u16,
                tl0: frame as u8,
                height: if frame % 2 == 0 { 360 } else { 720 },
            };
            let mut packet = header(ssrc, index as u16, fair.now_us as u32, 96 | 0x80, &[]);
            let header_len = packet.len();
            packet.extend(build(Codec::Vp8, &stamp, &picture, true, &mut fair.random));
            fair.publishers[bad].endpoint.send_rtp(&packet, header_len, ssrc, index);
            index += 1;
            if frame % 2 == 1 {
                fair.run_ms(1);
            }
        }
        let told = fair.stages_told - before;
        // Four looks a second at layers, three at who speaks.
        assert!((1..=9).contains(&told), "{told} stages in a second");
        fair.run_ms(500);
        for viewer in viewers {
            undisturbed(&fair, good, viewer, 1_500_000);
        }
    }
}
