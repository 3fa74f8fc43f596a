// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! The committed TypeScript says what the Rust types say (SPEC.md G2).

use std::path::PathBuf;

#[test]
fn g2_the_committed_typescript_is_the_generated_one() {
    let here = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").expect("cargo runs the tests"));
    let folder = here.join("../../web-client/src/protocol/generated");
    let generate = std::env::var_os("FIERA_GENERATE").is_some();
    if generate {
        std::fs::create_dir_all(&folder).expect("the folder can be made");
    }
    for (name, content) in fiera_protocol::typescript::files() {
        let path = folder.join(name);
        if generate {
            std::fs::write(&path, &content).expect("the file can be written");
        }
        let committed = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(
            committed == content,
            "{name} has drifted; run with FIERA_GENERATE=1 and commit the result"
        );
    }
}
