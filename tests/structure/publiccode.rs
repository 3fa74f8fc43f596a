// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! `publiccode.yml` has what the standard asks for (version 0.4, "core": mandatory keys, lengths, values), and says the
//! same as the rest of the repository.

use std::collections::BTreeMap;

use fiera_tests::tree::root;

/// Keys that must be there whatever the software is; those of each language are added.
const MANDATORY: [&str; 12] = [
    "publiccodeYmlVersion",
    "name",
    "url",
    "platforms",
    "developmentStatus",
    "softwareType",
    "legal.license",
    "maintenance.type",
    "maintenance.contacts.name",
    "localisation.localisationReady",
    "localisation.availableLanguages",
    "categories",
];
const STATUS: [&str; 5] = ["concept", "development", "beta", "stable", "obsolete"];
const SHORT_CHARS_MAX: usize = 150;
const LONG_CHARS: std::ops::RangeInclusive<usize> = 150..=10_000;

/// Every key with its path, and what stands under it: a value, the items of a list, or the lines of a text. It reads the
/// part of YAML that the file is written in.
fn read(text: &str) -> BTreeMap<String, Vec<String>> {
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut path: Vec<(usize, String)> = Vec::new();
    let mut text_below: Option<usize> = None;
    for line in text.lines().filter(|line| !line.trim_start().starts_with('#')) {
        let indent = line.len() - line.trim_start().len();
        let said = line.trim();
        let is_text = text_below.is_some_and(|key| said.is_empty() || indent > key);
        if !is_text {
            text_below = None;
        }
        let at = |path: &[(usize, String)]| path.iter().map(|(_, key)| key.as_str()).collect::<Vec<_>>().join(".");
        if said.is_empty() || is_text {
            if !said.is_empty() {
                found.entry(at(&path)).or_default().push(said.to_owned());
            }
            continue;
        }
        let (indent, said) = match said.strip_prefix("- ") {
            Some(item) => (indent + 2, item),
            None => (indent, said),
        };
        match said.split_once(':').filter(|(key, _)| !key.contains(' ')) {
            Some((key, value)) => {
                path.retain(|(above, _)| *above < indent);
                path.push((indent, key.to_owned()));
                let value = value.trim().trim_matches('"');
                let values = found.entry(at(&path)).or_default();
                match value {
                    "" => {}
                    "|" | ">" => text_below = Some(indent),
                    _ => values.push(value.to_owned()),
                }
            }
            None => {
                path.retain(|(above, _)| *above < indent);
                found.entry(at(&path)).or_default().push(said.to_owned());
            }
        }
    }
    found
}

#[test]
fn publiccode_yml_has_what_the_standard_asks_for_and_agrees_with_the_rest() {
    let text =
        |name: &str| std::fs::read_to_string(root().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
    let code = read(&text("publiccode.yml"));
    let under = |key: &str| code.get(key).cloned().unwrap_or_default();
    for key in MANDATORY {
        assert!(under(key).iter().any(|value| !value.is_empty()), "{key} is missing");
    }
    assert!(under("url")[0].starts_with("https://"), "url");
    assert!(STATUS.contains(&&*under("developmentStatus")[0]), "developmentStatus");
    for language in under("localisation.availableLanguages") {
        let of = |key: &str| under(&format!("description.{language}.{key}"));
        let chars = |lines: &[String]| lines.join(" ").chars().count();
        let (short, long) = (chars(&of("shortDescription")), chars(&of("longDescription")));
        assert!(
            short > 0 && short <= SHORT_CHARS_MAX,
            "{language}: shortDescription has {short} characters"
        );
        assert!(
            LONG_CHARS.contains(&long),
            "{language}: longDescription has {long} characters"
        );
        assert!(!of("features").is_empty(), "{language}: features");
    }
    let workspace = text("Cargo.toml");
    let says = |key: &str| {
        let line = workspace.lines().find(|line| line.starts_with(&format!("{key} = ")));
        line.and_then(|line| line.split('"').nth(1)).map(str::to_owned)
    };
    assert_eq!(under("softwareVersion").first(), says("version").as_ref(), "version");
    assert_eq!(under("legal.license").first(), says("license").as_ref(), "license");
}

#[test]
fn keys_lists_and_texts_are_told_apart() {
    let found = read(
        "a: \"1\"\n# no: 1\nb:\n  c:\n    - x y\n    - z\n  d: |\n    one: two\n\n    three\n  e:\n    - f: 2\ng: 3\n",
    );
    let expected = [
        ("a", vec!["1"]),
        ("b", vec![]),
        ("b.c", vec!["x y", "z"]),
        ("b.d", vec!["one: two", "three"]),
        ("b.e", vec![]),
        ("b.e.f", vec!["2"]),
        ("g", vec!["3"]),
    ];
    let found: Vec<_> = found
        .iter()
        .map(|(key, values)| (key.as_str(), values.iter().map(String::as_str).collect()))
        .collect();
    assert_eq!(found, expected);
}
