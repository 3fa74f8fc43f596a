// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! `/metrics` is what Prometheus reads (text format 0.0.4): every line is parsed here as it would be.

use std::collections::{BTreeMap, BTreeSet};

use fiera_protocol::ids::Role;

use crate::media::{SDP, offer, post};
use crate::site::Site;

/// Labels that may appear: none of them names a person, a room or an address.
const LABELS: [&str; 9] = [
    "direction",
    "kind",
    "le",
    "limit",
    "outcome",
    "path",
    "reason",
    "thread",
    "up_to_bps",
];

#[derive(Debug, Default)]
struct Family {
    help: String,
    kind: String,
    /// Suffix after the family's name, labels, value.
    samples: Vec<(String, BTreeMap<String, String>, f64)>,
}

fn is_name(name: &str) -> bool {
    let first = |c: char| c.is_ascii_alphabetic() || c == '_';
    name.starts_with(first) && name.chars().all(|c| first(c) || c.is_ascii_digit())
}

fn parse_labels(text: &str) -> BTreeMap<String, String> {
    let mut labels = BTreeMap::new();
    for pair in text.split("\",").filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once("=\"").unwrap_or_else(|| panic!("{text}"));
        assert!(is_name(name) && LABELS.contains(&name), "label {name}");
        let value = value.strip_suffix('"').unwrap_or(value);
        assert!(labels.insert(name.to_owned(), value.to_owned()).is_none(), "{text}");
    }
    labels
}

fn parse(text: &str) -> BTreeMap<String, Family> {
    assert!(text.ends_with('\n'));
    let mut families = BTreeMap::<String, Family>::new();
    let mut current = String::new();
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# HELP ") {
            let (name, help) = rest.split_once(' ').expect("help");
            assert!(is_name(name) && !families.contains_key(name), "{name} comes twice");
            name.clone_into(&mut current);
            families.entry(current.clone()).or_default().help = help.to_owned();
            continue;
        }
        let family = families.get_mut(&current).expect("HELP comes first");
        if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').expect("a type");
            assert!(
                name == current && family.kind.is_empty() && family.samples.is_empty(),
                "{line}"
            );
            kind.clone_into(&mut family.kind);
            continue;
        }
        let (series, value) = line.rsplit_once(' ').expect("a value");
        let value: f64 = value.parse().unwrap_or_else(|_| panic!("{line}"));
        let (name, labels) = match series.split_once('{') {
            Some((name, labels)) => (name, parse_labels(labels.strip_suffix('}').expect("closed"))),
            None => (series, BTreeMap::new()),
        };
        let suffix = name
            .strip_prefix(&current)
            .unwrap_or_else(|| panic!("{line} under {current}"));
        assert!(value >= 0.0 && !family.kind.is_empty(), "{line}");
        family.samples.push((suffix.to_owned(), labels, value));
    }
    families
}

/// Buckets grow with their bounds up to the count, for each set of the other labels.
fn check_histogram(name: &str, family: &Family) {
    let mut buckets = BTreeMap::<BTreeMap<String, String>, Vec<(f64, f64)>>::new();
    let mut counts = BTreeMap::new();
    for (suffix, labels, value) in &family.samples {
        let mut labels = labels.clone();
        let bound = labels.remove("le");
        match (suffix.as_str(), bound) {
            ("_bucket", Some(bound)) => buckets
                .entry(labels)
                .or_default()
                .push((bound.parse().unwrap(), *value)),
            ("_count", None) => assert!(counts.insert(labels, *value).is_none(), "{name}"),
            ("_sum", None) => {}
            other => panic!("{name}: {other:?}"),
        }
    }
    assert_eq!(buckets.len(), counts.len(), "{name}");
    for (labels, of) in buckets {
        assert!(
            of.windows(2).all(|two| two[0].0 < two[1].0 && two[0].1 <= two[1].1),
            "{name}: {of:?}"
        );
        let (bound, all) = of.last().unwrap();
        assert!(bound.is_infinite() && *all == counts[&labels], "{name}: {of:?}");
    }
}

#[tokio::test]
async fn every_line_of_the_numbers_is_well_formed_and_says_what_it_is() {
    let site = Site::start().await;
    let made = post(
        &site,
        "/whip/demo/main",
        &site.token(Role::Speaker),
        SDP,
        &offer("sendonly"),
    )
    .await;
    assert_eq!(made.status, 201);
    let answer = site.get("/metrics").await;
    assert_eq!(
        answer.header("content-type"),
        "text/plain; version=0.0.4; charset=utf-8"
    );
    let families = parse(&answer.body);
    for (name, family) in &families {
        assert!(family.help.len() > 6, "{name} does not say what it is");
        let suffixes: BTreeSet<&str> = family.samples.iter().map(|(suffix, ..)| suffix.as_str()).collect();
        let series: BTreeSet<_> = family
            .samples
            .iter()
            .map(|(suffix, labels, _)| (suffix, labels))
            .collect();
        assert_eq!(series.len(), family.samples.len(), "{name} has a line twice");
        match family.kind.as_str() {
            "counter" => assert!(
                name.ends_with("_total") && suffixes.iter().all(|s| s.is_empty()),
                "{name}"
            ),
            "gauge" => assert!(
                !name.ends_with("_total") && suffixes.iter().all(|s| s.is_empty()),
                "{name}"
            ),
            "summary" => assert_eq!(suffixes, ["_count", "_sum"].into(), "{name}"),
            "histogram" => check_histogram(name, family),
            other => panic!("{name} is a {other}"),
        }
    }

    let labels_of = |name: &str, label: &str| -> BTreeSet<String> {
        let family = families.get(name).unwrap_or_else(|| panic!("{name} is missing"));
        family
            .samples
            .iter()
            .filter_map(|(_, labels, _)| labels.get(label).cloned())
            .collect()
    };
    let threads = families["fiera_media_threads"].samples[0].2 as usize;
    let numbers: BTreeSet<String> = (0..threads).map(|number| number.to_string()).collect();
    for name in [
        "fiera_media_busy_seconds_total",
        "fiera_media_queue_depth",
        "fiera_media_queue_drops_total",
        "fiera_media_receive_calls_total",
        "fiera_media_received_datagrams_total",
        "fiera_media_send_calls_total",
        "fiera_media_sent_datagrams_total",
        "fiera_media_run_datagrams",
        "fiera_media_skew_seconds",
        "fiera_media_skew_max_seconds",
        "fiera_media_ticks_total",
        "fiera_media_late_ticks_total",
    ] {
        assert_eq!(labels_of(name, "thread"), numbers, "{name}");
    }
    let reasons = fiera_sfu::allocate::Reason::ALL.map(|reason| reason.name().to_owned());
    assert_eq!(labels_of("fiera_layers_served", "reason"), reasons.into());
    let streams = fiera_sfu::egress::StreamKind::ALL.map(|kind| kind.name().to_owned());
    assert_eq!(labels_of("fiera_streams", "path"), streams.clone().into());
    let paths = streams.into_iter().chain(["udp".to_owned()]).collect();
    assert_eq!(labels_of("fiera_subscribers_by_path", "path"), paths);
    let bounds = fiera_media::ESTIMATE_BUCKETS_BPS.iter().map(u64::to_string);
    let bounds: BTreeSet<String> = bounds.chain(["+Inf".to_owned()]).collect();
    assert_eq!(labels_of("fiera_subscribers_by_estimate", "up_to_bps"), bounds);
    for name in [
        "fiera_rtp_retransmitted_packets_total",
        "fiera_rtp_recovered_packets_total",
        "fiera_rtp_padding_bytes_total",
        "fiera_congestion_stops_total",
        "fiera_keyframe_requests_total",
    ] {
        assert_eq!(families[name].samples.len(), 1, "{name}");
    }
}
