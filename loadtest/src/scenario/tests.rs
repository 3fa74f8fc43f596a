// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! The bundled scenarios are good, and bad ones are refused with the key that is wrong.

use super::*;

const SMALL: &str = "name = \"small\"\n[viewers]\ncount = 3\n";

#[test]
fn bundled_scenarios_are_valid_and_named_as_their_files() {
    for (name, text) in bundled::NAMES {
        let scenario = Scenario::parse(text).unwrap_or_else(|error| panic!("{name}: {error:#}"));
        assert_eq!(scenario.name, name);
        assert!(!scenario.about.is_empty(), "{name}");
        for run in scenario.runs() {
            run.check().unwrap();
        }
    }
    assert_eq!(Scenario::find("table").unwrap().runs().len(), 5);
    let unknown = format!("{:#}", Scenario::find("no-such-scenario").unwrap_err());
    assert!(unknown.contains("webinar-1000, join-burst"), "{unknown}");
}

#[test]
fn unknown_keys_and_numbers_out_of_their_limits_are_refused() {
    Scenario::parse(SMALL).unwrap();
    for (line, says) in [
        ("colour = 1", "colour"),
        ("[publishers]\nrate = 1", "rate"),
        ("[[network]]\nlose = 1", "lose"),
        ("[burst]\ncount = 1", "over-s"),
        ("rooms = 65", "rooms is 65: it must be 1 to 64"),
        ("seconds = 1e9", "seconds"),
        ("[publishers]\nvideo-kbps = 999999", "publishers.video-kbps"),
        ("[[network]]\nloss-percent = 101.0", "network.loss-percent"),
        (
            "[[network]]\nshare-percent = 60.0\n[[network]]\nshare-percent = 50.0",
            "sum of network.share-percent",
        ),
        ("[table]\nviewers = [0]", "table.viewers"),
        ("[speaker-change]\nevery-s = 5.0", "publishers.per-room"),
        ("[burst]\ncount = 1\nover-s = 1000.0", "burst.over-s"),
    ] {
        // Keys before the first table belong to the top.
        let text = if line.starts_with('[') {
            format!("{SMALL}{line}\n")
        } else {
            format!("{line}\n{SMALL}")
        };
        let error = format!("{:#}", Scenario::parse(&text).expect_err(line));
        assert!(error.contains(says), "{line}: {error}");
    }
}

#[test]
fn a_burst_comes_within_the_window() {
    let text = format!("seconds = 30.0\n{SMALL}ramp-s = 4.0\n[burst]\ncount = 10\nover-s = 20.0\n");
    let scenario = Scenario::parse(&text).unwrap();
    let waves = scenario.waves();
    assert_eq!((waves[0].count, waves[1].count, scenario.viewers_in_all()), (3, 10, 13));
    assert_eq!(waves[1].after, Duration::from_secs(4 + 2 + 2));
    assert!(scenario.is_exact());
}
