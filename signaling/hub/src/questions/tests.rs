// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! The table of moves in SPEC.md and the code say the same, cell by cell.

use fiera_protocol::fair::QuestionStage;

use super::may_move;

const STAGES: [(QuestionStage, &str); 7] = [
    (QuestionStage::Pending, "pending"),
    (QuestionStage::Published, "published"),
    (QuestionStage::Next, "next"),
    (QuestionStage::Now, "now"),
    (QuestionStage::Answered, "answered"),
    (QuestionStage::FollowUp, "follow_up"),
    (QuestionStage::Dismissed, "dismissed"),
];

#[test]
fn q4_the_table_of_moves_in_the_spec_is_what_the_code_does() {
    let spec = include_str!("../../../protocol/SPEC.md");
    let (_, chapter) = spec.split_once("\n## Q. ").expect("the chapter");
    let (chapter, _) = chapter.split_once("\n## ").expect("its end");
    for (from, word) in STAGES {
        let row = chapter
            .lines()
            .map(str::trim)
            .find(|line| line.starts_with(&format!("| `{word}` |")));
        let row = row.unwrap_or_else(|| panic!("no row for {word}"));
        for (to, word) in STAGES {
            let cell = row.rsplit('|').nth(1).expect("the second cell");
            let listed = cell.split(',').any(|stage| stage.trim() == format!("`{word}`"));
            assert_eq!(listed, may_move(from, to), "{from:?} to {to:?}");
        }
    }
}
