// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! A slot that waits for somebody's first picture while its place is given to somebody else.

use fiera_sfu::api::SourceKind;

use super::measure::received_of;
use crate::fair::{Fair, seeds};

#[test]
fn a_picture_that_was_waited_for_never_begins_once_its_speaker_is_off_air() {
    for seed in seeds() {
        let mut fair = Fair::new(seed);
        let (leaving, next) = (fair.speaker(1, true), fair.speaker(2, true));
        fair.publishers[leaving].track(SourceKind::Mic).minus_dbov = 20;
        fair.publishers[leaving].loses = |stamp| stamp.key;
        let camera = fair.publishers[leaving].track(SourceKind::Camera);
        (camera.gop, camera.ignores_pli) = (100_000, true);
        let viewer = fair.watch();
        fair.run_ms(2_000);
        let pictures = |fair: &Fair, who| received_of(fair, viewer, who, 1).len();
        assert_eq!(pictures(&fair, 1), 0, "there was no keyframe to begin with");
        // Its layer is silent already, its camera not yet gone: it gets the place with nothing to show.
        fair.publishers[next].track(SourceKind::Camera).on = false;
        fair.run_ms(1_550);
        fair.set_on_air(1, false);
        fair.publishers[leaving].loses = |_| false;
        fair.publishers[leaving].track(SourceKind::Camera).ignores_pli = false;
        for _ in 0..10 {
            fair.publishers[leaving].track(SourceKind::Camera).layers[0].key_wanted = true;
            fair.run_ms(100);
        }
        assert_eq!(pictures(&fair, 1), 0, "a picture from backstage");
        fair.publishers[next].track(SourceKind::Camera).on = true;
        let before = pictures(&fair, 2);
        fair.run_ms(2_000);
        assert!(pictures(&fair, 2) > before + 100, "its place goes on");
    }
}
