// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! The source tree as the structure tests see it: which files there are and what is in them.

use std::path::PathBuf;
use std::process::Command;

/// One source file that is, or is about to be, under version control.
#[derive(Debug, Clone)]
pub struct SourceFile {
    /// Path from the root of the repository, with `/`.
    pub path: String,
    /// Whole text.
    pub text: String,
}

/// The folder of this crate, as cargo says it when it runs a test: not the one where the test was built, which may be
/// another checkout that shares its target folder.
///
/// # Panics
/// When it is not cargo that runs this.
#[must_use]
pub fn here() -> PathBuf {
    std::env::var_os("CARGO_MANIFEST_DIR")
        .expect("cargo runs the tests, and says in which folder")
        .into()
}

/// The root of the repository.
///
/// # Panics
/// When this crate is no longer one folder below the root, or it is not cargo that runs this.
#[must_use]
pub fn root() -> PathBuf {
    here().parent().expect("the tests folder has a parent").to_path_buf()
}

/// All text files that git tracks or would track, in order of path. Files deleted in the work tree are left out.
///
/// # Panics
/// When `git` cannot be run here.
#[must_use]
pub fn source_files() -> Vec<SourceFile> {
    let root = root();
    let listing = Command::new("git")
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .current_dir(&root)
        .output()
        .expect("git lists the files of this checkout");
    assert!(
        listing.status.success(),
        "git ls-files failed: {}",
        String::from_utf8_lossy(&listing.stderr)
    );
    let mut paths: Vec<String> = listing
        .stdout
        .split(|&byte| byte == 0)
        .filter(|path| !path.is_empty())
        .map(|path| String::from_utf8_lossy(path).into_owned())
        .collect();
    paths.sort();
    paths.dedup();
    paths
        .into_iter()
        .filter_map(|path| {
            let text = std::fs::read_to_string(root.join(&path)).ok()?;
            Some(SourceFile { path, text })
        })
        .collect()
}

/// Lines that count as production code: all but blank lines and what follows the first test module.
///
/// In Rust a test module starts at the first `#[cfg(test)]` that stands at the margin before a `mod`; files that hold
/// tests alone count as none.
#[must_use]
pub fn production_lines(file: &SourceFile) -> usize {
    if is_test_file(&file.path) {
        return 0;
    }
    let lines: Vec<&str> = file.text.lines().collect();
    let end = if file.path.ends_with(".rs") {
        test_tail(&lines)
    } else {
        lines.len()
    };
    lines[..end].iter().filter(|line| !line.trim().is_empty()).count()
}

fn test_tail(lines: &[&str]) -> usize {
    let inline_module = |at: usize| {
        lines[at + 1..]
            .iter()
            .find(|line| !line.starts_with("#["))
            .is_some_and(|line| line.starts_with("mod ") && line.trim_end().ends_with('{'))
    };
    (0..lines.len())
        .find(|&at| lines[at].starts_with("#[cfg(test)]") && inline_module(at))
        .unwrap_or(lines.len())
}

/// Whether a file holds nothing but tests, by its path.
#[must_use]
pub fn is_test_file(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    path.starts_with("tests/")
        || path.contains("/tests/")
        || path.contains("/benches/")
        || name == "tests.rs"
        || name.contains(".test.")
        || name.contains(".spec.")
}

/// Whether the file is generated, and says so in its first lines.
#[must_use]
pub fn is_generated(file: &SourceFile) -> bool {
    file.text
        .lines()
        .take(3)
        .any(|line| line.to_ascii_lowercase().contains("generated"))
}

#[cfg(test)]
mod tests {
    use super::{SourceFile, production_lines};

    fn file(path: &str, text: &str) -> SourceFile {
        SourceFile {
            path: path.to_owned(),
            text: text.to_owned(),
        }
    }

    #[test]
    fn the_test_module_at_the_end_does_not_count() {
        let text = "fn a() {}\n\nfn b() {}\n#[cfg(test)]\nmod tests {\n    fn c() {}\n}\n";
        assert_eq!(production_lines(&file("server/sfu/src/a.rs", text)), 2);
    }

    #[test]
    fn a_test_module_in_its_own_file_hides_nothing_below_it() {
        let text = "#[cfg(test)]\nmod tests;\nfn a() {}\nfn b() {}\n";
        assert_eq!(production_lines(&file("server/sfu/src/a.rs", text)), 4);
    }

    #[test]
    fn typescript_counts_whole_and_its_tests_not_at_all() {
        assert_eq!(production_lines(&file("web-client/src/a.ts", "a\n\nb\n")), 2);
        assert_eq!(production_lines(&file("web-client/src/a.test.ts", "a\n\nb\n")), 0);
    }
}
