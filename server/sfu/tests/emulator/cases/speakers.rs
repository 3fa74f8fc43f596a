// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Many voices: the loudest three are heard, and it is said who speaks.

use std::collections::BTreeSet;

use fiera_sfu::api::{Event, SourceKind};

use super::check::unbroken;
use crate::fair::{Fair, VOICE, seeds};

const SILENCE: u8 = 127;

/// Who was heard by a viewer within a time.
fn heard(fair: &Fair, viewer: usize, from_us: u64) -> BTreeSet<u8> {
    let received = fair.viewers[viewer].received.iter().filter(|r| r.at_us >= from_us);
    received
        .filter_map(|r| r.stamp)
        .filter(|s| s.kind == 0)
        .map(|s| s.who)
        .collect()
}

#[test]
fn the_loudest_three_of_six_voices_are_heard() {
    for seed in seeds() {
        let mut fair = Fair::new(seed);
        for who in 1..=6 {
            let mic = fair.mic(who, SILENCE);
            fair.publish(who, true, vec![mic]);
        }
        let viewer = fair.watch();
        fair.run_ms(2_000);
        for loud in [[4, 5, 6], [1, 2, 3], [1, 4, 6]] {
            for publisher in &mut fair.publishers {
                let speaks = loud.contains(&(publisher.participant.0 as u8));
                publisher.track(SourceKind::Mic).minus_dbov = if speaks { 25 } else { SILENCE };
            }
            fair.run_ms(4_000);
            assert_eq!(heard(&fair, viewer, fair.now_us - 1_000_000), BTreeSet::from(loud));
        }
        for slot in VOICE..VOICE + 3 {
            unbroken(&fair.viewers[viewer].slot(slot));
        }
        let speaking = fair.events.iter().rev().find_map(|(_, event)| match event {
            Event::Speaking { participants, .. } => Some(participants.iter().map(|p| p.0 as u8).collect()),
            _ => None,
        });
        assert_eq!(speaking, Some(BTreeSet::from([1, 4, 6])));
    }
}

#[test]
fn louder_voices_displace_quieter_ones_but_not_the_main_speaker() {
    for seed in seeds() {
        let mut fair = Fair::new(seed);
        let viewer = fair.watch();
        for who in 1..=6 {
            let mic = fair.mic(who, 48 - who * 4);
            fair.publish(who, true, vec![mic]);
            fair.run_ms(500);
        }
        fair.run_ms(2_000);
        assert_eq!(
            heard(&fair, viewer, 4_000_000),
            BTreeSet::from([1, 5, 6]),
            "1 had the floor first"
        );
        let first: BTreeSet<u8> = fair.viewers[viewer].stamps(VOICE).iter().map(|s| s.who).collect();
        assert_eq!(first, BTreeSet::from([1]), "the first voice slot is the main speaker's");
    }
}
