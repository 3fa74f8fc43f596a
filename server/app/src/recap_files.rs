// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! The recap of an event that has ended, in the data folder: JSON for programs, Markdown for people.
//! A file is there whole or not at all.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

use fiera_hub::{Language, Recap};

const FOLDER: &str = "recaps";

/// Writes the files on a thread that may wait for the disk; a failure is logged, the recap stays readable over HTTP.
pub(crate) fn write_later(data: &Path, recap: Recap) {
    let data = data.to_owned();
    tokio::task::spawn_blocking(move || {
        if let Err(error) = write(&data, &recap) {
            tracing::error!(event = %recap.event, %error, "the recap could not be written into the data folder");
        }
    });
}

fn write(data: &Path, recap: &Recap) -> std::io::Result<()> {
    let folder = data.join(FOLDER);
    fs::create_dir_all(&folder)?;
    let name = |ending: &str| format!("{}.{ending}", recap.event);
    put(&folder, &name("json"), &serde_json::to_string_pretty(recap)?)?;
    let both = [Language::It, Language::En].map(|language| recap.markdown(language));
    put(&folder, &name("md"), &both.join("\n---\n\n"))
}

fn put(folder: &Path, name: &str, text: &str) -> std::io::Result<()> {
    let draft = folder.join(format!(".{name}.{}", std::process::id()));
    let mut file = File::create(&draft)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&draft, folder.join(name))
}
