// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! The command line.

use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context as _;
use clap::{Args, Parser, Subcommand};

use crate::http::Target;
use crate::janus::args::{CompareArgs, FloorArgs, JanusArgs};
use crate::peer::identity::Profiles;
use crate::run::Bench;
use crate::scenario::{Publishers, ROOMS_MAX, Scenario, Viewers};
use crate::watch::network::Profile;
use crate::watch::place::{BLOCK_ADDRESSES, LOOPBACK_BLOCK, Places};
use crate::watch::venue::{Fiera, Mode, Tokens};

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
    /// A scenario by name or from a TOML file; prints a summary and, on the last line, one JSON object.
    Scenario(ScenarioArgs),
    /// The load of `run` against a Janus (VideoRoom over HTTP) that runs already, for comparison.
    Janus(JanusArgs),
    /// What copying, sealing and sending the same packets costs by one thread that does nothing else.
    Floor(FloorArgs),
    /// One table out of the runs of several systems.
    Compare(CompareArgs),
    /// Loops the bundled clip on a stage until stopped.
    DemoSpeaker(SpeakerArgs),
    /// Labelled bots who ask, vote, chat and raise hands at human pace, and check what the server promises.
    Crowd(CrowdArgs),
    /// Many light sockets under a steady load of votes, messages and upvotes; prints one JSON object on the last line.
    Audience(AudienceArgs),
    /// People who are sent into breakout rooms and back, and listen for another room's sound; prints one JSON object on
    /// the last line.
    Breakouts(BreakoutsArgs),
}

/// The server, what it is asked for, and by what means.
#[derive(Debug, Clone, Args)]
pub struct BenchArgs {
    /// Server, such as http://127.0.0.1:8080.
    #[arg(long, default_value = "http://127.0.0.1:8080")]
    pub server: String,
    /// Event.
    #[arg(long, default_value = "demo")]
    pub event: String,
    /// Tokens of speakers, separated by commas: as many as a room has publishers.
    #[arg(long, env = "FIERA_TOKEN_SPEAKER", default_value = "", hide_env_values = true)]
    pub token_speaker: String,
    /// Token of an attendee.
    #[arg(long, env = "FIERA_TOKEN_ATTENDEE", default_value = "", hide_env_values = true)]
    pub token_attendee: String,
    /// Process of the server, to measure its CPU time and memory.
    #[arg(long)]
    pub server_pid: Option<u32>,
    /// SRTP profiles named in the handshake.
    #[arg(long, value_enum, default_value_t = Profiles::GcmFirst)]
    pub srtp: Profiles,
    /// What lies between server and viewers, for the result.
    #[arg(long, default_value = "lo")]
    pub link: String,
    /// Where viewers sit: many addresses of one socket (all of 127.0.0.0/8 is this machine's; elsewhere a block of this
    /// machine's by `--viewer-block`), or a socket each. Without it: many addresses where the server is on loopback.
    #[arg(long, value_enum)]
    pub sockets: Option<Sockets>,
    /// Block of 65,536 addresses that are all this machine's (`ip route add local BLOCK/16 dev DEV`).
    #[arg(long)]
    pub viewer_block: Option<Ipv4Addr>,
    /// Take datagrams joined (UDP_GRO). Spares the kernel on both sides more than a network would.
    #[arg(long)]
    pub gro: bool,
    /// Threads that receive.
    #[arg(long, default_value_t = 1)]
    pub threads: usize,
    /// Fail (exit code 1) below this share of packets delivered, such as 0.999.
    #[arg(long)]
    pub require_delivered: Option<f64>,
    /// Write the report with plots here.
    #[arg(long)]
    pub html: Option<PathBuf>,
}

/// Whether viewers share sockets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Sockets {
    /// One per thread, with an address per viewer.
    Shared,
    /// One per viewer.
    Own,
}

impl BenchArgs {
    /// The server as a venue, with what is needed to run there.
    ///
    /// # Errors
    /// When the arguments cannot be used together.
    pub fn bench(&self, rooms: Vec<String>, mode: Mode) -> anyhow::Result<Bench> {
        let target = Target {
            server: self.server.clone(),
            event: self.event.clone(),
            room: rooms.first().cloned().unwrap_or_default(),
        };
        target.check()?;
        Ok(Bench {
            places: self.places(target.is_loopback())?,
            venue: Arc::new(Fiera {
                target,
                tokens_speaker: Tokens::new(&self.token_speaker),
                token_attendee: self.token_attendee.clone(),
                mode,
            }),
            name: "fiera".to_owned(),
            link: self.link.clone(),
            mode: format!("{mode:?}").to_lowercase(),
            rooms,
            server_pid: self.server_pid,
            profiles: self.srtp,
            pools: self.threads,
        })
    }

    /// Where viewers sit.
    ///
    /// # Errors
    /// When a block is wanted and none is known.
    pub fn places(&self, loopback: bool) -> anyhow::Result<Places> {
        let block = self.viewer_block.or(loopback.then_some(LOOPBACK_BLOCK));
        match (self.sockets, block) {
            (Some(Sockets::Own), _) | (None, None) => Ok(Places::Own),
            (Some(Sockets::Shared), None) => {
                anyhow::bail!("--sockets shared needs --viewer-block where the server is not on loopback")
            }
            (_, Some(block)) => {
                anyhow::ensure!(
                    block.to_bits() % BLOCK_ADDRESSES == 0,
                    "--viewer-block {block} does not begin a /16"
                );
                Ok(Places::Shared {
                    block,
                    joined: self.gro,
                })
            }
        }
    }
}

/// Arguments of `run`.
#[derive(Debug, Args)]
pub struct RunArgs {
    /// Where and by what means.
    #[command(flatten)]
    pub bench: BenchArgs,
    /// Room.
    #[arg(long, default_value = "main")]
    pub room: String,
    /// Viewers.
    #[arg(long, default_value_t = 100)]
    pub viewers: usize,
    /// Length of the measured window, which begins 2 s after the last join.
    #[arg(long, default_value_t = 20.0)]
    pub seconds: f64,
    /// Time over which the viewers join.
    #[arg(long, default_value_t = 5.0)]
    pub ramp_s: f64,
    /// How viewers join.
    #[arg(long, value_enum, default_value_t = Mode::Whep)]
    pub mode: Mode,
    /// Bit rate of the published video.
    #[arg(long, default_value_t = 1_500)]
    pub video_kbps: u32,
    /// Milliseconds between TWCC feedbacks of a viewer.
    #[arg(long, default_value_t = 50)]
    pub twcc_ms: u64,
    /// Percent of datagrams that each viewer's network loses.
    #[arg(long, default_value_t = 0.0)]
    pub lose_percent: f64,
    /// One viewer in so many opens and checks every packet.
    #[arg(long, default_value_t = 1)]
    pub sample: usize,
}

impl RunArgs {
    /// The same as a scenario.
    #[must_use]
    pub fn scenario(&self) -> Scenario {
        let lossy = Profile {
            loss_percent: self.lose_percent,
            ..Profile::default()
        };
        Scenario {
            name: "run".to_owned(),
            about: "One publisher and many viewers.".to_owned(),
            seconds: self.seconds,
            settle_s: 2.0,
            seed: 1,
            rooms: 1,
            publishers: Publishers {
                video_kbps: self.video_kbps,
                ..Publishers::default()
            },
            viewers: Viewers {
                count: self.viewers,
                ramp_s: self.ramp_s,
                mode: self.mode,
                video_slots: 1,
                sample: self.sample,
                twcc_ms: self.twcc_ms,
            },
            burst: None,
            speaker_change: None,
            network: if self.lose_percent > 0.0 {
                vec![lossy]
            } else {
                Vec::new()
            },
            table: None,
        }
    }
}

/// Arguments of `scenario`.
#[derive(Debug, Args)]
pub struct ScenarioArgs {
    /// Name of a bundled scenario, or a TOML file.
    pub name: String,
    /// Where and by what means.
    #[command(flatten)]
    pub bench: BenchArgs,
    /// Rooms, separated by commas; `r{1-40}` stands for r1 to r40.
    #[arg(long, default_value = "main")]
    pub rooms: String,
}

/// Rooms as `--rooms` names them.
///
/// # Errors
/// When a range is not one of numbers, or too long.
pub fn rooms(text: &str) -> anyhow::Result<Vec<String>> {
    let mut all = Vec::new();
    for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
        let Some((head, rest)) = part.split_once('{') else {
            all.push(part.to_owned());
            continue;
        };
        let range = rest
            .split_once('}')
            .and_then(|(range, tail)| Some((range.split_once('-')?, tail)));
        let ((from, to), tail) = range.with_context(|| format!("--rooms: {part} is no range such as r{{1-40}}"))?;
        let (from, to): (usize, usize) = (from.parse().context("--rooms")?, to.parse().context("--rooms")?);
        anyhow::ensure!(
            from <= to && to - from < ROOMS_MAX,
            "--rooms: {part} names too many rooms, or none"
        );
        all.extend((from..=to).map(|n| format!("{head}{n}{tail}")));
    }
    anyhow::ensure!(
        !all.is_empty() && all.len() <= ROOMS_MAX,
        "--rooms names {} rooms",
        all.len()
    );
    Ok(all)
}

/// A room of a server.
#[derive(Debug, Clone, Args)]
pub struct PlaceArgs {
    /// Server, such as http://127.0.0.1:8080.
    #[arg(long, default_value = "http://127.0.0.1:8080")]
    pub server: String,
    /// Event.
    #[arg(long, default_value = "demo")]
    pub event: String,
    /// Room.
    #[arg(long, default_value = "main")]
    pub room: String,
}

impl PlaceArgs {
    /// The same as the HTTP client takes it.
    ///
    /// # Errors
    /// When this program has no way to speak to that address.
    pub fn target(&self) -> anyhow::Result<Target> {
        let target = Target {
            server: self.server.clone(),
            event: self.event.clone(),
            room: self.room.clone(),
        };
        target.check()?;
        Ok(target)
    }
}

/// Arguments of `demo-speaker`.
#[derive(Debug, Args)]
pub struct SpeakerArgs {
    /// Where.
    #[command(flatten)]
    pub place: PlaceArgs,
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
    /// Where.
    #[command(flatten)]
    pub place: PlaceArgs,
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
    /// Where.
    #[command(flatten)]
    pub place: PlaceArgs,
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

/// Arguments of `breakouts`.
#[derive(Debug, Args)]
pub struct BreakoutsArgs {
    /// Where; the room is the plenary one, and puts programs on air at once.
    #[command(flatten)]
    pub place: PlaceArgs,
    /// People, each a participant with a viewing connection of their own.
    #[arg(long, default_value_t = 300)]
    pub people: usize,
    /// Breakout rooms.
    #[arg(long, default_value_t = 40)]
    pub rooms: usize,
    /// Time over which the people come in.
    #[arg(long, default_value_t = 15.0)]
    pub ramp_s: f64,
    /// Token of an attendee.
    #[arg(long, env = "FIERA_TOKEN_ATTENDEE", hide_env_values = true)]
    pub token: String,
    /// Token of a speaker, for who is heard in the plenary room.
    #[arg(long, env = "FIERA_TOKEN_SPEAKER", hide_env_values = true)]
    pub speaker_token: String,
    /// Token of an organiser, who sends everybody and brings them back.
    #[arg(long, env = "FIERA_TOKEN_ORGANISER", hide_env_values = true)]
    pub organiser_token: String,
    /// Process of the server, to measure its CPU time.
    #[arg(long)]
    pub server_pid: Option<u32>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rooms_are_named_one_by_one_or_by_range() {
        assert_eq!(rooms("main").unwrap(), ["main"]);
        assert_eq!(rooms("a, r{9-11}x").unwrap(), ["a", "r9x", "r10x", "r11x"]);
        for bad in ["", "r{1-", "r{x-y}", "r{5-1}", "r{1-65}", "a,r{1-64}"] {
            assert!(rooms(bad).is_err(), "{bad}");
        }
    }
}
