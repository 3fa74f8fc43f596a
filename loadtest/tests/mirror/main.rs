// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! The whole program against a toy server in this process, which can be told to misbehave: what the load test
//! says about it must be true. The toy forwards one publisher to all viewers and is slow; it is no part of Fiera.

mod http;
mod media;

use fiera_loadtest::cli::{BenchArgs, RunArgs, Sockets};
use fiera_loadtest::measure::result::Outcome;
use fiera_loadtest::peer::identity::Profiles;
use fiera_loadtest::run;
use fiera_loadtest::watch::venue::Mode;

use media::Misbehave;

fn outcome(misbehave: Misbehave, srtp: Profiles) -> Outcome {
    perform(misbehave, srtp, Sockets::Shared, 1)
}

fn perform(misbehave: Misbehave, srtp: Profiles, sockets: Sockets, sample: usize) -> Outcome {
    let args = RunArgs {
        bench: BenchArgs {
            server: http::start(misbehave),
            event: "demo".into(),
            token_speaker: "s".into(),
            token_attendee: "a".into(),
            server_pid: Some(std::process::id()),
            srtp,
            link: "lo".into(),
            sockets: Some(sockets),
            viewer_block: None,
            gro: false,
            threads: 2,
            require_delivered: None,
            html: None,
        },
        room: "main".into(),
        viewers: 4,
        seconds: 1.5,
        ramp_s: 0.2,
        mode: Mode::Whep,
        video_kbps: 1_000,
        twcc_ms: 50,
        lose_percent: 0.0,
        sample,
    };
    let bench = args.bench.bench(vec![args.room.clone()], args.mode).unwrap();
    run::perform(&args.scenario(), &bench).unwrap()
}

#[test]
fn a_good_server_is_found_good() {
    let outcome = outcome(Misbehave::default(), Profiles::GcmFirst);
    assert_eq!(
        (outcome.viewers_served, outcome.refused_joins),
        (4, 0),
        "{}",
        outcome.summary()
    );
    assert_eq!(outcome.delivered_ratio, 1.0, "{}", outcome.summary());
    assert!(
        outcome.faults.is_empty() && outcome.errors.is_empty(),
        "{}",
        outcome.summary()
    );
    assert_eq!((outcome.auth_failures, outcome.duplicates, outcome.reorders), (0, 0, 0));
    assert_eq!(outcome.srtp.get("AEAD_AES_128_GCM"), Some(&4));
    assert!(outcome.steady_packets > 4 * 100 && outcome.latency_ms.p50 > 0.0 && outcome.latency_ms.p50 < 100.0);
    assert!(outcome.av_skew_worst_ms.abs() < 20.0, "{}", outcome.av_skew_worst_ms);
    assert!(outcome.join_first_keyframe_ms.max > 0.0 && outcome.plis_sent < 40);
    assert!(outcome.server.unwrap().server_cpu_us_per_packet > 0.0 && outcome.floor_us_per_packet > 0.0);
}

#[test]
fn light_viewers_and_own_sockets_come_to_the_same_account() {
    for (sockets, sample) in [(Sockets::Shared, 4), (Sockets::Own, 1)] {
        let outcome = perform(Misbehave::default(), Profiles::GcmFirst, sockets, sample);
        assert_eq!(outcome.viewers_checked, 4 / sample, "{}", outcome.summary());
        assert_eq!(outcome.delivered_ratio, 1.0, "{}", outcome.summary());
        assert!(
            outcome.faults.is_empty() && outcome.errors.is_empty(),
            "{}",
            outcome.summary()
        );
        assert!(outcome.steady_packets > 4 * 100 && outcome.without_picture == 0);
    }
    let lossy = Misbehave {
        lose_every: 50,
        ..Misbehave::default()
    };
    let outcome = perform(lossy, Profiles::GcmFirst, Sockets::Shared, 4);
    assert!(outcome.repaired_by_rtx > 0, "{}", outcome.summary());
    assert!(outcome.delivered_ratio_audio < 1.0, "{}", outcome.summary());
    assert!(
        outcome.delivered_ratio_video > outcome.delivered_ratio_audio,
        "{}",
        outcome.summary()
    );
}

#[test]
fn losses_are_repaired_by_rtx_and_seen() {
    let outcome = outcome(
        Misbehave {
            lose_every: 50,
            ..Misbehave::default()
        },
        Profiles::CmOnly,
    );
    assert_eq!(
        outcome.srtp.get("AES128_CM_HMAC_SHA1_80"),
        Some(&4),
        "{}",
        outcome.summary()
    );
    assert!(
        outcome.nacks_sent > 0 && outcome.repaired_by_rtx > 0,
        "{}",
        outcome.summary()
    );
    // Video comes back by RTX; audio has none, so its share of the losses stays.
    assert!(
        outcome.delivered_ratio_video > outcome.delivered_ratio_audio,
        "{}",
        outcome.summary()
    );
    assert!(
        outcome.delivered_ratio > 0.985 && outcome.delivered_ratio < 1.0,
        "{}",
        outcome.summary()
    );
}

#[test]
fn wrong_tags_payloads_and_counters_are_seen() {
    let outcome = outcome(
        Misbehave {
            forge_every: 100,
            change_every: 70,
            picture_id_stuck: true,
            ..Misbehave::default()
        },
        Profiles::GcmFirst,
    );
    assert!(outcome.auth_failures > 0, "{}", outcome.summary());
    for rule in ["payload_changed", "picture_id_step"] {
        assert!(outcome.faults.contains_key(rule), "{rule}: {}", outcome.summary());
    }
    assert!(outcome.delivered_ratio < 1.0);
}

#[test]
fn refused_joins_are_counted() {
    let outcome = outcome(
        Misbehave {
            refuse_viewers: true,
            ..Misbehave::default()
        },
        Profiles::GcmFirst,
    );
    assert_eq!((outcome.viewers_served, outcome.refused_joins), (0, 4));
    assert!(
        outcome.errors[0].contains("HTTP 503 the room is full"),
        "{:?}",
        outcome.errors
    );
}
