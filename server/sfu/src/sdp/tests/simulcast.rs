// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

use super::super::SdpRefusal;
use super::super::publish::answer;
use super::{VP8, assert_answers, assert_line, local, offer, section, server};

fn layers(lines: &str) -> Result<Vec<String>, SdpRefusal> {
    let offer = offer(&[&format!("{VP8}\n{lines}")]);
    let (text, _, media) = answer(&offer, &local(), &server())?;
    assert_answers(&offer, &text);
    Ok(media.media[0].rids_low_to_high.clone())
}

fn rids(names: &[&str]) -> String {
    names.iter().map(|name| format!("a=rid:{name} send\n")).collect()
}

#[test]
fn known_names_have_an_order_of_their_own() {
    for (offered, expected) in [
        (["f", "h", "q"], ["q", "h", "f"]),
        (["h", "m", "l"], ["l", "m", "h"]),
        (["2", "1", "0"], ["0", "1", "2"]),
        (["high", "low", "mid"], ["low", "mid", "high"]),
        // Unknown names: lowest first, as browsers scale.
        (["zeta", "beta", "alfa"], ["zeta", "beta", "alfa"]),
    ] {
        let lines = format!("{}a=simulcast:send {}", rids(&offered), offered.join(";"));
        assert_eq!(layers(&lines).unwrap(), expected);
    }
}

#[test]
fn paused_streams_and_alternatives() {
    let lines = format!("{}a=simulcast:recv x send q;~h,g;f", rids(&["q", "h", "g", "f"]));
    assert_eq!(layers(&lines).unwrap(), ["q", "h", "f"]);
    let offer = offer(&[&format!("{VP8}\n{lines}")]);
    let (text, ..) = answer(&offer, &local(), &server()).unwrap();
    assert_line(&text, 0, "a=simulcast:recv q;h;f");
    assert!(!section(&text, 0).contains(&"a=rid:g recv"));
}

#[test]
fn restrictions_are_repeated_without_foreign_payload_types() {
    let lines = "a=rid:q send max-width=320;pt=96,98
        a=rid:f send pt=98
        a=simulcast:send q;f";
    assert_eq!(layers(lines).unwrap(), ["q"]);
    let offer = offer(&[&format!("{VP8}\n{lines}")]);
    let (text, ..) = answer(&offer, &local(), &server()).unwrap();
    assert_line(&text, 0, "a=rid:q recv pt=96;max-width=320");
    assert_line(&text, 0, "a=simulcast:recv q");
}

#[test]
fn rids_without_simulcast_are_no_layers() {
    assert!(layers(&rids(&["q", "h"])).unwrap().is_empty());
    assert!(layers("a=simulcast:recv q").unwrap().is_empty());
}

#[test]
fn broken_simulcast_is_refused() {
    let five = ["a", "b", "c", "d", "e"];
    let cases = [
        "a=simulcast:send q".to_owned(),
        format!("{}a=simulcast:send q;q", rids(&["q"])),
        format!("{}a=simulcast:send ;", rids(&["q"])),
        "a=rid:q recv\na=simulcast:send q".to_owned(),
        format!(
            "{0}a=simulcast:send {1}",
            rids(&["seventeen-letters"]),
            "seventeen-letters"
        ),
        format!("{}a=simulcast:send {}", rids(&five), five.join(";")),
    ];
    for case in cases {
        assert!(layers(&case).is_err(), "{case}");
    }
}
