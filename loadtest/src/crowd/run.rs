// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! A crowd from the first arrival to the last goodbye: arrivals, status lines, signals, the result.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use fiera_protocol::ids::{EventId, RoomId};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::bot::Bot;
use super::brain::Brain;
use super::member::Member;
use super::phrases::Board;
use super::regia::Regia;
use super::session::{self, Fair};
use super::tally::{Report, Tally};
use crate::cli::CrowdArgs;
use crate::client::{self, dice::Dice};
use crate::http::Target;
use crate::sys;

const STATUS_EVERY: Duration = Duration::from_secs(10);
/// Everybody says goodbye within this.
const GOODBYE: Duration = Duration::from_secs(3);

/// Runs the crowd until its time is over or a signal comes.
///
/// # Errors
/// Unusable arguments, or no runtime. A server that is away is no error: the crowd waits for it.
pub fn run(args: &CrowdArgs) -> Result<Report> {
    sys::raise_descriptor_limit();
    let target = args.place.target()?;
    let runtime = client::runtime()?;
    runtime.block_on(crowd(args, target))
}

async fn crowd(args: &CrowdArgs, target: Target) -> Result<Report> {
    let event: EventId = target.event.parse().context("--event")?;
    let room: RoomId = target.room.parse().context("--room")?;
    let (tally, board) = (Arc::new(Tally::default()), Arc::new(Board::default()));
    let seed = args
        .seed
        .unwrap_or_else(|| u64::from(crate::peer::identity::random_u32()));
    println!(
        "crowd: {} bots for {}/{}, seed {seed}",
        args.bots, target.event, target.room
    );
    let fair = Arc::new(Fair {
        target,
        start: Instant::now(),
        tally: tally.clone(),
    });
    let (stop, stopped) = watch::channel(false);
    let mut members = JoinSet::new();
    if let Some(token) = args.moderator_token.clone().filter(|token| !token.is_empty()) {
        let member = Member::new(event.clone(), tally.clone());
        let brain: Box<dyn Brain> = Box::new(Regia::new(room.clone(), seed));
        members.spawn(session::run(fair.clone(), token, member, brain, stopped.clone()));
    }
    let mut door = Dice::new(seed, 0);
    let mean_ms = (args.ramp_s * 1_000.0) as u64 / args.bots.max(1) as u64;
    let mut at = Duration::ZERO;
    for number in 1..=args.bots {
        let bot =
            Bot::new(number, args.bots, room.clone(), board.clone(), seed).context("phrases.toml has no names")?;
        let member = Member::new(event.clone(), tally.clone());
        let (fair, token, stopped) = (fair.clone(), args.token.clone(), stopped.clone());
        members.spawn(async move {
            tokio::time::sleep(at).await;
            session::run(fair, token, member, Box::new(bot), stopped).await;
        });
        at += Duration::from_millis(door.wait_ms(mean_ms));
    }
    let limit = args.seconds.map_or(Duration::MAX, Duration::from_secs_f64);
    wait(&fair, limit).await;
    let seconds = fair.start.elapsed().as_secs_f64();
    let _ = stop.send(true);
    let _ = tokio::time::timeout(GOODBYE, async { while members.join_next().await.is_some() {} }).await;
    Ok(tally.report(args.bots, seconds))
}

/// Until the time is over or somebody stops us, with a line now and then.
async fn wait(fair: &Fair, limit: Duration) {
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()).ok();
    let end = fair.start.checked_add(limit);
    let mut status = tokio::time::interval(STATUS_EVERY);
    status.reset();
    loop {
        tokio::select! {
            _ = status.tick() => println!("{}", fair.tally.line(fair.start.elapsed().as_secs())),
            _ = tokio::signal::ctrl_c() => return,
            Some(()) = async { terminate.as_mut()?.recv().await } => return,
            () = async {
                match end {
                    Some(end) => tokio::time::sleep_until(end).await,
                    None => std::future::pending().await,
                }
            } => return,
        }
    }
}
