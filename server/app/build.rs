// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Puts the built web client into the binary; without one, a page that says how to build it.
//! Never runs the web build itself.

use std::path::{Path, PathBuf};
use std::{env, fs, io};

const NOT_BUILT: &str = r#"<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Fiera</title></head>
<body>
<h1>The web client is not built</h1>
<p>This server runs, but its pages were not there when it was compiled. Run <code>make build</code> and start it again.</p>
<p>WebSocket, WHIP, WHEP and the API work without them.</p>
</body>
</html>
"#;

fn main() -> io::Result<()> {
    let manifest_dir = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    let out_dir = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
    let dist = manifest_dir.join("../../web-client/dist");
    println!("cargo::rerun-if-changed=build.rs");
    // A path that does not exist yet makes Cargo look again at the next build.
    println!("cargo::rerun-if-changed={}", dist.display());
    let assets = if dist.join("index.html").is_file() {
        dist
    } else {
        placeholder(&out_dir)?
    };
    let assets = fs::canonicalize(assets)?;
    let table = memory_serve::assets_to_code("web", &assets, &out_dir, true, |_| {});
    fs::write(
        out_dir.join("memory_serve_assets.rs"),
        format!("&[(\"default\", {table})]"),
    )
}

fn placeholder(out_dir: &Path) -> io::Result<PathBuf> {
    let folder = out_dir.join("not-built");
    fs::create_dir_all(&folder)?;
    fs::write(folder.join("index.html"), NOT_BUILT)?;
    Ok(folder)
}
