// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Where the two planes meet and where each stays alone.

use fiera_tests::tree::{SourceFile, is_test_file, source_files};

/// The one place that may name both planes.
const BRIDGE: &str = "server/app/src/bridge";

/// Where socket calls that no crate offers stand: the server's, and the load generator's, which must not share them.
const SOCKET_CALLS: &[&str] = &["server/media/", "loadtest/src/sys.rs"];

fn code_names(file: &SourceFile, word: &str) -> bool {
    file.text
        .lines()
        .any(|line| !line.trim_start().starts_with("//") && line.contains(word))
}

fn rust_sources() -> Vec<SourceFile> {
    source_files()
        .into_iter()
        .filter(|file| file.path.ends_with(".rs") && !is_test_file(&file.path))
        .collect()
}

#[test]
fn only_the_bridge_names_hub_and_sfu() {
    let both: Vec<String> = rust_sources()
        .iter()
        .filter(|file| code_names(file, "fiera_hub") && (code_names(file, "fiera_sfu")))
        .map(|file| file.path.clone())
        .filter(|path| path != &format!("{BRIDGE}.rs") && !path.starts_with(&format!("{BRIDGE}/")))
        .collect();
    assert!(
        both.is_empty(),
        "only {BRIDGE}.rs may name both planes, but so do: {both:?}"
    );
}

#[test]
fn unsafe_stands_in_the_socket_calls_alone() {
    let unsafe_block = concat!("un", "safe {");
    let found: Vec<String> = rust_sources()
        .iter()
        .filter(|file| !SOCKET_CALLS.iter().any(|place| file.path.starts_with(place)) && code_names(file, unsafe_block))
        .map(|file| file.path.clone())
        .collect();
    assert!(found.is_empty(), "unsafe outside {SOCKET_CALLS:?}: {found:?}");
}

#[test]
fn every_unsafe_block_says_why_it_is_sound() {
    let unsafe_block = concat!("un", "safe {");
    let mut silent = Vec::new();
    for file in rust_sources() {
        let lines: Vec<&str> = file.text.lines().collect();
        for (at, line) in lines.iter().enumerate() {
            let is_code = !line.trim_start().starts_with("//") && line.contains(unsafe_block);
            let explained = lines[at.saturating_sub(6)..=at].iter().any(|it| it.contains("SAFETY:"));
            if is_code && !explained {
                silent.push(format!("{}:{}", file.path, at + 1));
            }
        }
    }
    assert!(silent.is_empty(), "unsafe without a SAFETY: line: {silent:?}");
}

#[test]
fn session_code_of_the_web_client_never_touches_the_page() {
    let page = ["document.", "window.", "HTMLElement", "RTCPeerConnection"];
    let pure = [
        "web-client/src/protocol/",
        "web-client/src/session/",
        "web-client/src/state/",
    ];
    let touching: Vec<String> = source_files()
        .iter()
        .filter(|file| pure.iter().any(|folder| file.path.starts_with(folder)) && !is_test_file(&file.path))
        .filter(|file| page.iter().any(|word| code_names(file, word)))
        .map(|file| file.path.clone())
        .collect();
    assert!(touching.is_empty(), "these must run without a page: {touching:?}");
}
