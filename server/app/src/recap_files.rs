// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! The recap of an event that has ended, in the data folder: JSON for programs, Markdown for people. A file is there
//! whole or not at all, and never holds what was erased since.

use std::fs::{self, DirBuilder, OpenOptions, Permissions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use fiera_hub::{Language, Recap};

const FOLDER: &str = "recaps";
const FOLDER_MODE: u32 = 0o700;
const MODE: u32 = 0o600;

/// The recap files of one event.
#[derive(Debug)]
pub(crate) struct RecapFiles {
    folder: PathBuf,
    /// What the files say; none: not known to this process.
    written: Option<Recap>,
}

impl RecapFiles {
    pub(crate) fn new(data: &Path) -> Self {
        Self {
            folder: data.join(FOLDER),
            written: None,
        }
    }

    /// Writes the files unless they say this already, on a thread that may wait for the disk. Files that cannot be
    /// written are removed, for what they say may have been erased; the recap stays readable over HTTP.
    pub(crate) async fn write(&mut self, recap: Recap) {
        if self.written.as_ref() == Some(&recap) {
            return;
        }
        self.written = None;
        let folder = self.folder.clone();
        let event = recap.event.clone();
        let written = tokio::task::spawn_blocking(move || {
            let written = write(&folder, &recap);
            if written.is_err() {
                remove(&folder, recap.event.as_str())?;
            }
            written.map(|()| recap)
        });
        match written.await.unwrap_or_else(|error| Err(io::Error::other(error))) {
            Ok(recap) => self.written = Some(recap),
            Err(error) => tracing::error!(%event, %error, "the recap could not be written into the data folder"),
        }
    }
}

fn names(event: &str) -> [String; 2] {
    ["json", "md"].map(|ending| format!("{event}.{ending}"))
}

fn write(folder: &Path, recap: &Recap) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(FOLDER_MODE).create(folder)?;
    fs::set_permissions(folder, Permissions::from_mode(FOLDER_MODE))?;
    let [json, md] = names(recap.event.as_str());
    put(folder, &json, &serde_json::to_string_pretty(recap)?)?;
    let both = [Language::It, Language::En].map(|language| recap.markdown(language));
    put(folder, &md, &both.join("\n---\n\n"))
}

/// One name for all drafts of a file, so that a later one takes the place of what a killed process left.
fn draft(name: &str) -> String {
    format!(".{name}.part")
}

fn put(folder: &Path, name: &str, text: &str) -> io::Result<()> {
    let draft = folder.join(draft(name));
    let mut open = OpenOptions::new();
    let mut file = open.write(true).create(true).truncate(true).mode(MODE).open(&draft)?;
    file.set_permissions(Permissions::from_mode(MODE))?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&draft, folder.join(name))
}

fn remove(folder: &Path, event: &str) -> io::Result<()> {
    for name in names(event) {
        for file in [draft(&name), name] {
            match fs::remove_file(folder.join(file)) {
                Err(error) if !matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
                    return Err(error);
                }
                _ => {}
            }
        }
    }
    Ok(())
}
