// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! `fiera event` and `fiera backup`: what is done to a data folder, beside a running server or without one.

use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::{Args, Subcommand};
use fiera_protocol::ids::EventId;
use fiera_store::sqlite::{Access, SqliteStore};

use crate::fair::FAIR_BYTES_MAX;
use crate::setups;

#[derive(Debug, Subcommand)]
pub(super) enum EventCommand {
    /// Takes an event in from a TOML file; the server runs it from its next start on.
    Import(ImportArgs),
    /// Prints an event as it was taken in.
    Export(ExportArgs),
}

#[derive(Debug, Args)]
pub(super) struct ImportArgs {
    /// The file; fair.example.toml explains its keys.
    file: PathBuf,
    #[command(flatten)]
    data: Data,
}

#[derive(Debug, Args)]
pub(super) struct ExportArgs {
    /// The event, as in its address /e/EVENT.
    #[arg(long, env = "FIERA_EVENT")]
    event: EventId,
    #[command(flatten)]
    data: Data,
}

#[derive(Debug, Args)]
pub(super) struct BackupArgs {
    /// The new file; it can serve as fiera.sqlite of another data folder.
    file: PathBuf,
    #[command(flatten)]
    data: Data,
}

#[derive(Debug, Args)]
struct Data {
    /// The data folder of the server.
    #[arg(long = "data", env = "FIERA_DATA", value_name = "DIR", default_value = "data")]
    folder: PathBuf,
}

impl Data {
    fn open(&self, access: Access) -> anyhow::Result<SqliteStore> {
        Ok(SqliteStore::open(&self.folder, access)?)
    }
}

pub(super) fn event(command: EventCommand) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    match command {
        EventCommand::Import(args) => {
            let text = read(&args.file)?;
            let event = runtime
                .block_on(setups::import(&args.data.open(Access::BesideOrNew)?, &text))
                .with_context(|| args.file.display().to_string())?;
            eprintln!("Event {event} is set up; the server runs it from its next start on.");
        }
        EventCommand::Export(args) => {
            let store = args.data.open(Access::Beside)?;
            print!("{}", runtime.block_on(setups::export(&store, &args.event))?);
        }
    }
    Ok(())
}

/// Nothing longer than an event is read into memory.
fn read(file: &Path) -> anyhow::Result<String> {
    let cannot = || format!("cannot read {}", file.display());
    let bytes = std::fs::metadata(file).with_context(cannot)?.len();
    anyhow::ensure!(
        bytes <= FAIR_BYTES_MAX as u64,
        "{} is longer than the {FAIR_BYTES_MAX} bytes that an event may have",
        file.display()
    );
    std::fs::read_to_string(file).with_context(cannot)
}

pub(super) fn backup(args: &BackupArgs) -> anyhow::Result<()> {
    let cannot = || {
        format!(
            "cannot back up {} to {}",
            args.data.folder.display(),
            args.file.display()
        )
    };
    args.data
        .open(Access::Beside)?
        .backup_to(&args.file)
        .with_context(cannot)?;
    eprintln!("Setups, facts and texts are in {}.", args.file.display());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{BackupArgs, Data, EventCommand, ExportArgs, ImportArgs, backup, event};

    #[test]
    fn a_wrong_data_folder_is_no_empty_backup_and_no_event() {
        let folder = std::env::temp_dir().join(format!("fiera-cli-{}", uuid::Uuid::new_v4()));
        let wrong = || Data {
            folder: folder.join("wrong"),
        };
        let args = |name: &str| BackupArgs {
            file: folder.join(name),
            data: wrong(),
        };
        let export = || {
            EventCommand::Export(ExportArgs {
                event: "demo".parse().unwrap(),
                data: wrong(),
            })
        };
        std::fs::create_dir(&folder).unwrap();
        for refused in [backup(&args("copy.sqlite")), event(export())] {
            let refused = refused.unwrap_err();
            assert!(format!("{refused:#}").contains("--data"), "{refused:#}");
        }
        assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 0, "nothing is made");
        let file = folder.join("fair.toml");
        std::fs::write(&file, "id = \"a\"\nphase = \"open\"\ntitle = \"A fair\"\n").unwrap();
        event(EventCommand::Import(ImportArgs { file, data: wrong() })).unwrap();
        backup(&args("copy.sqlite")).unwrap();
        event(export()).unwrap();
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
