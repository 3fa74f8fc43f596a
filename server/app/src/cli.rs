// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! The command line of `fiera`. It reads arguments and environment, and never opens a socket itself.

mod events;

use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context;
use clap::{Args, Parser, Subcommand, ValueEnum};
use fiera_protocol::ids::{DisplayName, EventId, Role};
use tracing_subscriber::EnvFilter;

use crate::app::App;
use crate::config::{Config, Settings};
use crate::keys::Keys;
use crate::token::{self, Grant};

/// A self-hosted server for live digital fairs.
#[derive(Debug, Parser)]
#[command(name = "fiera", version, about)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Runs the server.
    Serve(Box<ServeArgs>),
    /// Prints a signed token, alone on one line.
    Token(TokenArgs),
    /// Takes events in and gives them out.
    #[command(subcommand)]
    Event(events::EventCommand),
    /// Writes what is kept of all events into a new file; the server may run meanwhile.
    Backup(events::BackupArgs),
}

/// Every option has an environment variable of the same meaning; both win over the file.
#[derive(Debug, Args)]
struct ServeArgs {
    /// Settings in TOML; unknown keys are refused.
    #[arg(long, env = "FIERA_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(flatten)]
    settings: Settings,
}

#[derive(Debug, Args)]
struct TokenArgs {
    /// The event, as in its address /e/EVENT.
    #[arg(long, env = "FIERA_EVENT")]
    event: EventId,
    /// What the holder may do.
    #[arg(long, value_enum)]
    role: RoleArg,
    /// Name to be shown unless another is chosen.
    #[arg(long, value_parser = parse_name)]
    name: Option<DisplayName>,
    /// The data folder of the server.
    #[arg(long, env = "FIERA_DATA", value_name = "DIR", default_value = "data")]
    data: PathBuf,
    /// Life of the token.
    #[arg(long, value_name = "H", default_value_t = 168, value_parser = clap::value_parser!(u32).range(1..=87_600))]
    expires_hours: u32,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum RoleArg {
    Attendee,
    Captioner,
    Speaker,
    Moderator,
    Organiser,
}

impl From<RoleArg> for Role {
    fn from(role: RoleArg) -> Self {
        match role {
            RoleArg::Attendee => Role::Attendee,
            RoleArg::Captioner => Role::Captioner,
            RoleArg::Speaker => Role::Speaker,
            RoleArg::Moderator => Role::Moderator,
            RoleArg::Organiser => Role::Organiser,
        }
    }
}

fn parse_name(text: &str) -> Result<DisplayName, String> {
    DisplayName::try_from(text.to_owned()).map_err(|error| error.to_string())
}

/// Does what the arguments of the process say.
///
/// # Errors
/// Whatever keeps the command from being carried out, in words for the operator.
pub fn run() -> anyhow::Result<()> {
    match Cli::parse().command {
        Command::Serve(args) => serve(*args),
        Command::Token(args) => print_token(args),
        Command::Event(command) => events::event(command),
        Command::Backup(args) => events::backup(&args),
    }
}

fn print_token(args: TokenArgs) -> anyhow::Result<()> {
    let is_new = !Keys::exist(&args.data);
    let keys = Keys::load_or_create(&args.data)?;
    if is_new {
        eprintln!(
            "There was no key in {0}, so one was made: the token is good for a server with --data {0} alone (`make run`: data/demo).",
            args.data.display()
        );
    }
    let life = Duration::from_secs(u64::from(args.expires_hours) * 3_600);
    let expires_unix_s = token::unix_s() + life.as_secs();
    let grant = Grant {
        event: args.event,
        role: args.role.into(),
        name: args.name,
        expires_unix_s,
    };
    println!("{}", token::sign(&keys, &grant)?);
    Ok(())
}

/// What is logged unless `RUST_LOG` says otherwise. The DTLS crate warns of every extension that it does not know, and
/// browsers send several in each handshake.
const LOG_FILTER: &str = "info,memory_serve=warn,rtc_dtls=error";

fn serve(args: ServeArgs) -> anyhow::Result<()> {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(LOG_FILTER));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_target(false)
        .with_writer(std::io::stderr)
        .init();
    let config = Config::resolve(args.settings, args.config.as_deref())?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("no runtime")?;
    runtime.block_on(async {
        let app = App::start(config).await?;
        // Whoever started the server may not read to the end; that is no reason not to serve.
        let _ = writeln!(std::io::stdout(), "{}", app.links());
        app.run_until(stop_signal()?).await
    })
}

/// Ends at SIGINT or SIGTERM.
fn stop_signal() -> anyhow::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}
