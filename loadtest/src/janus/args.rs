// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Command lines of `janus`, `floor` and `compare`.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Result, ensure};
use clap::Args;

use super::api;
use super::venue::Janus;
use crate::cli::RunArgs;
use crate::run::Bench;

/// Arguments of `janus`: the load of `run`. Janus knows no events and no tokens, and names the mode itself.
#[derive(Debug, Args)]
pub struct JanusArgs {
    /// The load; its `--server` is the base of Janus's API over HTTP, such as http://10.77.0.1:8088/janus.
    #[command(flatten)]
    pub run: RunArgs,
    /// Refuse to run unless this Janus shares so many event loops among its handles (0: a thread each, as shipped).
    #[arg(long)]
    pub event_loops: Option<u32>,
}

impl JanusArgs {
    /// Asks Janus what it is, and gives what is needed to run there.
    ///
    /// # Errors
    /// When no Janus answers, it is set up otherwise than `--event-loops` says, or the arguments cannot be used together.
    pub fn bench(&self) -> Result<Bench> {
        let args = &self.run.bench;
        let base = args.server.trim_end_matches('/');
        let loops = api::event_loops(&api::get(&format!("{base}/info"))?)?;
        if let Some(wanted) = self.event_loops {
            ensure!(loops == wanted, "this Janus has {loops} event loops, not {wanted}");
        }
        Ok(Bench {
            venue: Arc::new(Janus::new(base)),
            name: format!("janus, {loops} event loops"),
            link: args.link.clone(),
            mode: "videoroom".to_owned(),
            rooms: vec![self.run.room.clone()],
            server_pid: args.server_pid,
            profiles: args.srtp,
            places: args.places(false)?,
            pools: args.threads,
        })
    }
}

/// Arguments of `compare`.
#[derive(Debug, Clone, Args)]
pub struct CompareArgs {
    /// Lines of JSON: one of `{"machine": ...}`, then `{"system", "round", "viewers", "outcome" | "error"}` per run.
    pub rounds: PathBuf,
    /// Where the Markdown goes.
    #[arg(long)]
    pub markdown: PathBuf,
    /// Where the JSON goes.
    #[arg(long)]
    pub json: PathBuf,
}

/// Arguments of `floor`.
#[derive(Debug, Clone, Args)]
pub struct FloorArgs {
    /// Viewers that it sends to.
    #[arg(long, default_value_t = 100)]
    pub viewers: usize,
}
