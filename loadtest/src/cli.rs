// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! The command line.

use clap::{Args, Parser, Subcommand};

use crate::peer::identity::Profiles;
use crate::watch::join::Mode;

/// Headless participants for Fiera.
#[derive(Debug, Parser)]
#[command(name = "fiera-loadtest", version, about)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What this program does.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// One publisher and many viewers; prints a summary and, on the last line, one JSON object.
    Run(RunArgs),
    /// Loops the bundled clip on a stage until stopped.
    DemoSpeaker(SpeakerArgs),
    /// Labelled bots who ask, vote, chat and raise hands at human pace, and check what the server promises.
    Crowd(CrowdArgs),
    /// Many light sockets under a steady load of votes, messages and upvotes; prints one JSON object on the last line.
    Audience(AudienceArgs),
}

/// Arguments of `run`.
#[derive(Debug, Args)]
pub struct RunArgs {
    /// Server, such as http://127.0.0.1:8080.
    #[arg(long, default_value = "http://127.0.0.1:8080")]
    pub server: String,
    /// Event.
    #[arg(long, default_value = "demo")]
    pub event: String,
    /// Room.
    #[arg(long, default_value = "main")]
    pub room: String,
    /// Token of a speaker.
    #[arg(long, env = "FIERA_TOKEN_SPEAKER", default_value = "", hide_env_values = true)]
    pub token_speaker: String,
    /// Token of an attendee.
    #[arg(long, env = "FIERA_TOKEN_ATTENDEE", default_value = "", hide_env_values = true)]
    pub token_attendee: String,
    /// Viewers.
    #[arg(long, default_value_t = 100)]
    pub viewers: usize,
    /// Length of the measured window, which begins 2 s after the last join.
    #[arg(long, default_value_t = 20.0)]
    pub seconds: f64,
    /// Time over which the viewers join.
    #[arg(long, default_value_t = 5.0)]
    pub ramp_s: f64,
    /// Process of the server, to measure its CPU time and memory.
    #[arg(long)]
    pub server_pid: Option<u32>,
    /// How viewers join.
    #[arg(long, value_enum, default_value_t = Mode::Whep)]
    pub mode: Mode,
    /// Bit rate of the published video.
    #[arg(long, default_value_t = 1_500)]
    pub video_kbps: u32,
    /// SRTP profiles named in the handshake.
    #[arg(long, value_enum, default_value_t = Profiles::GcmFirst)]
    pub srtp: Profiles,
    /// Milliseconds between TWCC feedbacks of a viewer.
    #[arg(long, default_value_t = 50)]
    pub twcc_ms: u64,
    /// Percent of the media packets that each viewer's network loses (on arrival, before anything looks at them).
    #[arg(long, default_value_t = 0.0)]
    pub lose_percent: f64,
    /// Threads that receive.
    #[arg(long, default_value_t = 1)]
    pub threads: usize,
    /// Fail (exit code 1) below this share of packets delivered, such as 0.999.
    #[arg(long)]
    pub require_delivered: Option<f64>,
}

/// Arguments of `demo-speaker`.
#[derive(Debug, Args)]
pub struct SpeakerArgs {
    /// Server, such as http://127.0.0.1:8080.
    #[arg(long, default_value = "http://127.0.0.1:8080")]
    pub server: String,
    /// Event.
    #[arg(long, default_value = "demo")]
    pub event: String,
    /// Room.
    #[arg(long, default_value = "main")]
    pub room: String,
    /// Token of a speaker.
    #[arg(long, env = "FIERA_TOKEN_SPEAKER", default_value = "", hide_env_values = true)]
    pub token: String,
    /// Name to be shown, where the server takes one by WHIP.
    #[arg(long)]
    pub name: Option<String>,
}

/// Arguments of `crowd`.
#[derive(Debug, Args)]
pub struct CrowdArgs {
    /// Server, such as http://127.0.0.1:8080.
    #[arg(long, default_value = "http://127.0.0.1:8080")]
    pub server: String,
    /// Event.
    #[arg(long, default_value = "demo")]
    pub event: String,
    /// Room.
    #[arg(long, default_value = "main")]
    pub room: String,
    /// Bots.
    #[arg(long, default_value_t = 60)]
    pub bots: usize,
    /// Token of an attendee; every bot comes with it and is a participant of its own.
    #[arg(long, env = "FIERA_TOKEN_ATTENDEE", default_value = "", hide_env_values = true)]
    pub token: String,
    /// Token of a moderator, for one more bot that runs polls and questions where no person does.
    #[arg(long, env = "FIERA_TOKEN_MODERATOR", hide_env_values = true)]
    pub moderator_token: Option<String>,
    /// How long; until stopped without it.
    #[arg(long)]
    pub seconds: Option<f64>,
    /// Time over which the bots arrive.
    #[arg(long, default_value_t = 45.0)]
    pub ramp_s: f64,
    /// The same number is the same crowd.
    #[arg(long)]
    pub seed: Option<u64>,
}

/// Arguments of `audience`.
#[derive(Debug, Args)]
pub struct AudienceArgs {
    /// Server, such as http://127.0.0.1:8080.
    #[arg(long, default_value = "http://127.0.0.1:8080")]
    pub server: String,
    /// Event.
    #[arg(long, default_value = "demo")]
    pub event: String,
    /// Room.
    #[arg(long, default_value = "main")]
    pub room: String,
    /// Sockets, each a participant of its own.
    #[arg(long, default_value_t = 1_000)]
    pub sockets: usize,
    /// Votes per second.
    #[arg(long, default_value_t = 500.0)]
    pub votes_per_s: f64,
    /// Chat messages per second.
    #[arg(long, default_value_t = 20.0)]
    pub chat_per_s: f64,
    /// Upvotes per second.
    #[arg(long, default_value_t = 50.0)]
    pub upvotes_per_s: f64,
    /// Length of the load.
    #[arg(long, default_value_t = 20.0)]
    pub seconds: f64,
    /// Time over which the sockets come in.
    #[arg(long, default_value_t = 10.0)]
    pub ramp_s: f64,
    /// Token of an attendee.
    #[arg(long, env = "FIERA_TOKEN_ATTENDEE", hide_env_values = true)]
    pub token: String,
    /// Token of a moderator.
    #[arg(long, env = "FIERA_TOKEN_MODERATOR", hide_env_values = true)]
    pub moderator_token: String,
    /// Process of the server, to measure its CPU time and memory.
    #[arg(long)]
    pub server_pid: Option<u32>,
    /// After the load, say "ready for a restart" and wait this long for the server to be killed and started again.
    #[arg(long)]
    pub await_restart_s: Option<f64>,
}
