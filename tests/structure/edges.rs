// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Who may depend on whom. A crate's `Cargo.toml` is its permission slip; this is the list of permissions.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::Value;

/// What a crate may use besides what every crate may.
struct Permission {
    crate_name: &'static str,
    /// Crates of this workspace.
    ours: &'static [&'static str],
    /// Crates from the registry: the whole list, or none for "any but the forbidden".
    only: Option<&'static [&'static str]>,
    /// Crates from the registry that are refused; a trailing `*` stands for any ending.
    never: &'static [&'static str],
}

const ASYNC_AND_WEB: &[&str] = &["tokio*", "async-*", "futures*", "axum*", "hyper*", "tower*", "reqwest*"];
const NO_IO: &[&str] = &[
    "tokio*", "async-*", "futures*", "axum*", "hyper*", "tower*", "mio", "socket2", "libc", "nix",
];

const PERMISSIONS: &[Permission] = &[
    Permission {
        crate_name: "fiera-protocol",
        ours: &[],
        only: Some(&["serde", "serde_json", "uuid", "ts-rs", "unicode-segmentation"]),
        never: &[],
    },
    Permission {
        crate_name: "fiera-hub",
        ours: &["fiera-protocol"],
        only: Some(&[
            "hmac",
            "icu_casemap",
            "icu_normalizer",
            "serde",
            "serde_json",
            "sha2",
            "thiserror",
        ]),
        never: &[],
    },
    Permission {
        crate_name: "fiera-sfu",
        ours: &[],
        only: None,
        never: NO_IO,
    },
    Permission {
        crate_name: "fiera-media",
        ours: &["fiera-sfu"],
        only: None,
        never: ASYNC_AND_WEB,
    },
    Permission {
        crate_name: "fiera-store",
        ours: &[],
        only: None,
        never: &["axum*", "rtc*", "webrtc*"],
    },
    Permission {
        crate_name: "fiera-app",
        ours: &["fiera-hub", "fiera-media", "fiera-protocol", "fiera-sfu", "fiera-store"],
        only: None,
        never: &["webrtc"],
    },
    Permission {
        crate_name: "fiera-loadtest",
        ours: &["fiera-protocol"],
        only: None,
        never: &[],
    },
    Permission {
        crate_name: "fiera-tests",
        ours: &[],
        only: None,
        never: &[],
    },
];

/// Normal and build dependencies of each crate of the workspace; those of tests alone are not looked at.
fn dependencies() -> BTreeMap<String, BTreeSet<String>> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let output = Command::new(cargo)
        .args(["metadata", "--no-deps", "--format-version", "1", "--offline"])
        .current_dir(fiera_tests::tree::root())
        .output()
        .expect("cargo runs");
    assert!(
        output.status.success(),
        "cargo metadata failed: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo metadata is JSON");
    let packages = metadata["packages"].as_array().expect("cargo metadata lists packages");
    packages
        .iter()
        .map(|package| {
            let name = text(&package["name"]);
            let dependencies = package["dependencies"]
                .as_array()
                .expect("a package lists its dependencies");
            let used = dependencies
                .iter()
                .filter(|it| it["kind"] != "dev")
                .map(|it| text(&it["name"]))
                .collect();
            (name, used)
        })
        .collect()
}

fn text(value: &Value) -> String {
    value.as_str().expect("a name is a string").to_owned()
}

fn matches(pattern: &str, name: &str) -> bool {
    pattern
        .strip_suffix('*')
        .map_or(pattern == name, |start| name.starts_with(start))
}

/// What `permission` refuses among `used`, as sentences.
fn refused(permission: &Permission, used: &BTreeSet<String>) -> Vec<String> {
    let allowed = |name: &str| {
        if name.starts_with("fiera-") {
            return permission.ours.contains(&name);
        }
        permission.only.is_none_or(|only| only.contains(&name))
            && !permission.never.iter().any(|pattern| matches(pattern, name))
    };
    let sentence = |name: &String| format!("{} must not depend on {name}", permission.crate_name);
    used.iter().filter(|name| !allowed(name)).map(sentence).collect()
}

#[test]
fn every_crate_keeps_to_its_permissions() {
    let dependencies = dependencies();
    let refusals: Vec<String> = PERMISSIONS
        .iter()
        .flat_map(|permission| refused(permission, &dependencies[permission.crate_name]))
        .collect();
    assert!(
        refusals.is_empty(),
        "forbidden edges, see ARCHITECTURE.md:\n  {}",
        refusals.join("\n  ")
    );
}

#[test]
fn every_crate_of_the_workspace_has_permissions() {
    let listed: BTreeSet<String> = PERMISSIONS.iter().map(|it| it.crate_name.to_owned()).collect();
    let present: BTreeSet<String> = dependencies().into_keys().collect();
    assert_eq!(present, listed, "add the crate to PERMISSIONS with what it may use");
}

#[test]
fn only_the_app_sees_both_planes() {
    for (name, used) in dependencies() {
        let both = used.contains("fiera-hub") && (used.contains("fiera-sfu") || used.contains("fiera-media"));
        assert!(
            !both || name == "fiera-app",
            "{name} depends on the hub and on the media plane"
        );
    }
}

#[test]
fn a_forbidden_edge_is_found() {
    let used = |names: &[&str]| -> BTreeSet<String> { names.iter().map(|&name| name.to_owned()).collect() };
    let of = |name: &str| PERMISSIONS.iter().find(|it| it.crate_name == name).expect("listed");
    assert_eq!(refused(of("fiera-hub"), &used(&["fiera-protocol", "tokio"])).len(), 1);
    assert_eq!(
        refused(of("fiera-sfu"), &used(&["rtc-dtls", "tokio-util", "fiera-protocol"])).len(),
        2
    );
    assert_eq!(refused(of("fiera-store"), &used(&["fiera-hub", "rusqlite"])).len(), 1);
    assert_eq!(
        refused(
            of("fiera-loadtest"),
            &used(&["fiera-media", "fiera-sfu", "webrtc", "tokio"])
        )
        .len(),
        2
    );
}
