// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Stages of any size before racks of any size: who is seen and heard, who stays, and what one room may cost.

use super::*;
use proptest::prelude::*;

/// The largest rack.
const LARGE: usize = CAMERAS_MAX;

fn source(id: u64, participant: u64, kind: SourceKind) -> SourceRef {
    SourceRef {
        id: SourceId(id),
        participant: ParticipantKey(participant),
        kind,
    }
}

fn person(n: u64) -> [SourceRef; 2] {
    [
        source(n * 10, n, SourceKind::Camera),
        source(n * 10 + 1, n, SourceKind::Mic),
    ]
}

fn people(count: u64) -> Vec<SourceRef> {
    (1..=count).flat_map(person).collect()
}

/// A scene with a main speaker, where all cameras are shown.
fn scene(visible: &[SourceRef], main: u64) -> Scene<'_> {
    Scene {
        visible,
        main: Some(ParticipantKey(main)),
        cameras: CAMERAS_MAX,
        ..Scene::default()
    }
}

/// Whose cameras a rack of so many slots shows, by place.
fn cameras(plan: &Plan, slots: usize) -> Vec<Option<u64>> {
    let at = |place| plan.at(SlotKind::Camera, place, slots);
    (0..slots).map(|place| Some(at(place)?.participant.0)).collect()
}

#[test]
fn the_main_speaker_has_the_first_voice_and_the_first_camera_and_others_stay_put() {
    let visible = people(4);
    let first = Plan::default().next(&scene(&visible, 1));
    let second = first.next(&Scene {
        loudest: &[ParticipantKey(3)],
        ..scene(&visible, 3)
    });
    assert_eq!(
        second.at(SlotKind::Voice, 0, LARGE).unwrap().participant,
        ParticipantKey(3)
    );
    assert_eq!(cameras(&first, 4), [1, 2, 3, 4].map(Some));
    assert_eq!(
        cameras(&second, 4),
        [3, 2, 1, 4].map(Some),
        "two swapped, two undisturbed"
    );
}

#[test]
fn the_loudest_three_are_heard() {
    let visible = people(6);
    let loudest = [5, 6, 2].map(ParticipantKey);
    let plan = Plan::default().next(&Scene {
        loudest: &loudest,
        ..scene(&visible, 5)
    });
    let mut heard: Vec<_> = (0..3)
        .filter_map(|n| plan.at(SlotKind::Voice, n, LARGE))
        .map(|s| s.participant.0)
        .collect();
    heard.sort_unstable();
    assert_eq!(heard, [2, 5, 6]);
}

#[test]
fn who_left_is_nowhere() {
    let visible = people(2);
    let plan = Plan::default().next(&scene(&visible, 1));
    let after = plan.next(&scene(&person(2), 2));
    assert!(!after.shows(SourceId(10)) && !after.shows(SourceId(11)));
    assert!(after.shows(SourceId(20)));
}

#[test]
fn a_main_speaker_without_camera_is_not_heard_under_another_picture() {
    let mut visible = vec![source(11, 1, SourceKind::Mic)];
    visible.extend(person(2));
    visible.extend(person(3));
    let plan = Plan::default().next(&scene(&visible, 1));
    assert_eq!(cameras(&plan, LARGE)[..3], [None, Some(2), Some(3)]);
    assert_eq!(cameras(&plan, 2), [None, Some(2)]);
}

#[test]
fn the_program_prefers_the_screen() {
    let mut visible = person(1).to_vec();
    let plan = Plan::default().next(&scene(&visible, 1));
    assert_eq!(plan.at(SlotKind::Program, 0, 0).unwrap().kind, SourceKind::Camera);
    visible.push(source(99, 1, SourceKind::Screen));
    let plan = plan.next(&scene(&visible, 1));
    assert_eq!(plan.at(SlotKind::Program, 0, 0).unwrap().kind, SourceKind::Screen);
}

#[test]
fn a_stage_of_twelve_is_shown_whole_and_a_smaller_rack_shows_who_spoke_last_in_places_that_stay() {
    let visible = people(12);
    let mut plan = Plan::default().next(&scene(&visible, 1));
    assert_eq!(cameras(&plan, 12), (1..=12).map(Some).collect::<Vec<_>>());
    assert_eq!(cameras(&plan, 4), [1, 2, 3, 4].map(Some));
    for (spoke, expected) in [
        (vec![3, 1], [1, 2, 3, 4]),
        (vec![9, 3, 1], [1, 2, 3, 9]),
        (vec![3, 9, 1], [1, 2, 3, 9]),
        (vec![4, 3, 9, 1], [1, 4, 3, 9]),
        (vec![7, 4, 3, 9, 1], [1, 4, 3, 7]),
    ] {
        let spoke: Vec<_> = spoke.into_iter().map(ParticipantKey).collect();
        plan = plan.next(&Scene {
            spoke: &spoke,
            ..scene(&visible, 1)
        });
        assert_eq!(cameras(&plan, 4), expected.map(Some), "after {spoke:?}");
        assert_eq!(
            cameras(&plan, 12),
            (1..=12).map(Some).collect::<Vec<_>>(),
            "nobody moves"
        );
    }
}

#[test]
fn those_who_all_speak_at_once_do_not_take_turns() {
    let visible = people(5);
    let mut plan = Plan::default().next(&scene(&visible, 1));
    let mut shown = Vec::new();
    for spoke in [[4, 3, 2], [3, 2, 4], [2, 4, 3], [4, 2, 3]] {
        let spoke = spoke.map(ParticipantKey);
        plan = plan.next(&Scene {
            spoke: &spoke,
            lately: 3,
            ..scene(&visible, 1)
        });
        shown.push(cameras(&plan, 3));
    }
    assert!(shown.windows(2).all(|two| two[0] == two[1]), "{shown:?}");
}

#[test]
fn who_shares_a_screen_is_seen_beside_it() {
    let mut visible = people(6);
    visible.push(source(99, 6, SourceKind::Screen));
    let spoke = [2, 3, 4].map(ParticipantKey);
    let plan = Plan::default().next(&Scene {
        spoke: &spoke,
        ..scene(&visible, 1)
    });
    assert_eq!(cameras(&plan, 3), [1, 6, 2].map(Some));
}

#[test]
fn a_room_shows_fewer_cameras_the_more_watch_and_takes_no_more_of_a_thread_than_its_share() {
    let shown = |viewers| cameras_for(viewers, false, CAMERAS_MAX);
    assert_eq!(
        [0, 1, 8, 221, 222, 435, 436, 572, 573, 5_000].map(shown),
        [12, 12, 12, 12, 11, 4, 3, 2, 1, 1]
    );
    assert_eq!(cameras_for(221, true, CAMERAS_MAX), 8, "a screen takes places");
    assert_eq!(cameras_for(215, false, 11), 11, "not before there is some slack");
    assert_eq!(cameras_for(200, false, 11), 12);
    assert_eq!(cameras_for(200, false, 4), 12);
}

proptest! {
    /// Whoever speaks, comes and goes: no rack shows anybody twice, the main speaker's camera comes first, no more are shown
    /// than the room has, free places only where there is nobody, and who stays shown stays in place (but for the first).
    #[test]
    fn racks_of_all_sizes_are_in_order(
        steps in proptest::collection::vec(
            (1_u64..14, proptest::collection::vec(1_u64..14, 0..6), 1_u64..14, 1_usize..=CAMERAS_MAX), 1..12
        )
    ) {
        let mut plan = Plan::default();
        for (count, mut spoke, main, shown) in steps {
            let visible = people(count);
            let main = main.min(count);
            let mut named = std::collections::BTreeSet::new();
            spoke.retain(|who| named.insert(*who));
            let spoke: Vec<_> = spoke.into_iter().map(ParticipantKey).collect();
            let next = plan.next(&Scene {
                spoke: &spoke,
                lately: spoke.len() / 2,
                cameras: shown,
                ..scene(&visible, main)
            });
            for slots in 1..=CAMERAS_MAX {
                let (was, is) = (cameras(&plan, slots), cameras(&next, slots));
                prop_assert_eq!(is[0], Some(main));
                let mut seen: Vec<u64> = is.iter().copied().flatten().collect();
                prop_assert_eq!(seen.len(), slots.min(shown).min(count as usize));
                seen.sort_unstable();
                seen.dedup();
                prop_assert_eq!(seen.len(), is.iter().flatten().count(), "nobody twice");
                for (place, who) in was.iter().enumerate().skip(1) {
                    let stays = who.is_some() && is.contains(who) && is[place] != *who;
                    prop_assert!(!stays || *who == Some(main), "{:?} then {:?}", was, is);
                }
            }
            plan = next;
        }
    }
}
