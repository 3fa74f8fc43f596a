// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! What every file must be: short enough, licensed, and free of one machine's paths.

use fiera_tests::tree::{SourceFile, is_generated, production_lines, source_files};

/// A file with more production lines than this is refused; 600 already need a reason.
const PRODUCTION_LINES_MAX: usize = 1_000;
/// The licence header stands within this many lines.
const HEADER_LINES_MAX: usize = 8;

const COUNTED: &[&str] = &[".rs", ".ts", ".mjs", ".js", ".svelte", ".scss"];
const LICENSED: &[&str] = &[
    ".rs", ".ts", ".mts", ".js", ".mjs", ".cjs", ".svelte", ".scss", ".css", ".html", ".sh", ".py", ".toml", ".yml",
];

/// The start of folders that exist on one machine alone, in pieces so that this file does not name them.
const MACHINE_PATHS: &[(&str, &str)] = &[
    ("/ho", "me/"),
    ("/ro", "ot/"),
    ("/wo", "rk/"),
    ("/Us", "ers/"),
    ("/tmp/", "w/"),
];

fn has_ending(file: &SourceFile, endings: &[&str]) -> bool {
    endings.iter().any(|ending| file.path.ends_with(ending))
}

fn fail_on(what: &str, found: &[String]) {
    assert!(found.is_empty(), "{what}:\n  {}", found.join("\n  "));
}

#[test]
fn no_file_is_longer_than_allowed() {
    let too_long: Vec<String> = source_files()
        .iter()
        .filter(|file| has_ending(file, COUNTED) && !is_generated(file))
        .map(|file| (production_lines(file), &file.path))
        .filter(|(lines, _)| *lines > PRODUCTION_LINES_MAX)
        .map(|(lines, path)| format!("{path}: {lines} lines"))
        .collect();
    fail_on(
        "files with more than 1,000 production lines (one noun each: split them)",
        &too_long,
    );
}

#[test]
fn every_source_file_says_its_licence() {
    let silent: Vec<String> = source_files()
        .iter()
        .filter(|file| has_ending(file, LICENSED))
        .filter(|file| {
            let head = || file.text.lines().take(HEADER_LINES_MAX);
            let says = |mark: &str| head().any(|line| line.contains(mark));
            !(says(concat!("SPDX-", "License-Identifier:")) && says(concat!("SPDX-", "FileCopyrightText:")))
        })
        .map(|file| file.path.clone())
        .collect();
    fail_on(
        "files without SPDX-FileCopyrightText and SPDX-License-Identifier in their first lines",
        &silent,
    );
}

#[test]
fn no_file_names_a_path_of_one_machine() {
    let mut found = Vec::new();
    for file in source_files() {
        for (number, line) in file.text.lines().enumerate() {
            let names_one = MACHINE_PATHS
                .iter()
                .any(|(start, end)| starts_a_path(line, &format!("{start}{end}")));
            if names_one {
                found.push(format!("{}:{}", file.path, number + 1));
            }
        }
    }
    fail_on("absolute paths of one machine", &found);
}

/// Whether `path` stands in `line` as the start of an absolute path, not in the middle of a longer one or an address.
fn starts_a_path(line: &str, path: &str) -> bool {
    line.match_indices(path).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        before.is_none_or(|it| !(it.is_alphanumeric() || matches!(it, '.' | '/' | '-' | '_' | '}' | ')' | '*' | '~')))
    })
}

#[test]
fn a_path_is_told_from_a_part_of_one() {
    let path = format!("/{}/", "work");
    assert!(starts_a_path(&format!("cd {path}main"), &path));
    assert!(starts_a_path(&format!("\"{path}main\""), &path));
    assert!(!starts_a_path(&format!("https://example.org{path}main"), &path));
    assert!(!starts_a_path(&format!("$HOME}}{path}main"), &path));
}
