// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! The scenarios that come with the program.

/// Names and texts.
pub const NAMES: [(&str, &str); 6] = [
    ("webinar-1000", include_str!("../../scenarios/webinar-1000.toml")),
    ("join-burst", include_str!("../../scenarios/join-burst.toml")),
    ("meeting-40x8", include_str!("../../scenarios/meeting-40x8.toml")),
    ("speaker-change", include_str!("../../scenarios/speaker-change.toml")),
    ("bad-networks", include_str!("../../scenarios/bad-networks.toml")),
    ("table", include_str!("../../scenarios/table.toml")),
];

/// The text of one.
#[must_use]
pub fn find(name: &str) -> Option<&'static str> {
    NAMES.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}
