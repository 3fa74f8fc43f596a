// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! A round of breakouts from the first socket to the result: come in, be sent, listen, be brought back.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use fiera_protocol::breakouts::{BreakoutStep, Latecomers, PlannedRoom, RoundMode, RoundPhase, RoundPlan, RoundView};
use fiera_protocol::client::Command;
use fiera_protocol::ids::RoundId;
use fiera_protocol::limits::{ROUND_CAPACITY_MAX, ROUND_GRACE_MS, ROUND_ROOMS_MAX};
use hdrhistogram::Histogram;
use tokio::sync::watch;
use tokio::task::LocalSet;
use tokio::time::Instant;

use super::person;
use super::report::Report;
use super::stage::Stage;
use super::voice::Voice;
use crate::audience::desk::Desk;
use crate::cli::BreakoutsArgs;
use crate::client::{self, mirror::Mirror};
use crate::clock::unix_ns;
use crate::crowd::tally::{Latency, latencies};
use crate::measure::process;
use crate::peer::identity::{Identity, Profiles};
use crate::sys;
use crate::watch::venue::{Fiera, Mode, Tokens};

/// The mark of the plenary room's speaker; rooms are counted from 0.
const PLENARY: u16 = 1_000;
/// Who speaks in a room, so that speakers hear somebody too.
const SPEAKERS_PER_ROOM: usize = 2;
const MINUTES: u16 = 10;
/// Everybody hears the plenary room this long after the last was let go.
const JOIN_WITHIN: Duration = Duration::from_secs(60);
/// A move is given up after this; the notice comes first.
const MOVED_WITHIN: Duration = Duration::from_secs(40);
/// How long people listen in their rooms.
const LISTEN: Duration = Duration::from_secs(5);
const STEP: Duration = Duration::from_millis(20);
/// The last voices end.
const END_WITHIN: Duration = Duration::from_secs(15);

/// Runs it.
///
/// # Errors
/// When the organiser is not let in, or the people do not get into the room.
pub fn run(args: &BreakoutsArgs) -> Result<Report> {
    ensure!(
        (1..=ROUND_ROOMS_MAX).contains(&args.rooms),
        "--rooms is {}: it must be 1 to {ROUND_ROOMS_MAX}",
        args.rooms
    );
    let capacity = args.people.div_ceil(args.rooms);
    ensure!(
        args.people >= args.rooms * SPEAKERS_PER_ROOM && capacity <= usize::from(ROUND_CAPACITY_MAX),
        "--people is {}: a room has {SPEAKERS_PER_ROOM} to {ROUND_CAPACITY_MAX}",
        args.people
    );
    let needed = 2 * args.people as u64 + 8 * args.rooms as u64 + 100;
    let limit = sys::raise_descriptor_limit();
    if limit < needed {
        bail!("{needed} descriptors are needed and {limit} allowed: raise the hard limit (ulimit -Hn)");
    }
    let runtime = client::runtime()?;
    LocalSet::new().block_on(&runtime, breakouts(args, capacity as u16))
}

async fn breakouts(args: &BreakoutsArgs, capacity: u16) -> Result<Report> {
    let target = args.place.target()?;
    let stage = Rc::new(Stage {
        event: target.event.parse().context("--event")?,
        plenary: target.room.parse().context("--room")?,
        target,
        token: args.token.clone(),
        identity: Arc::new(Identity::new(Profiles::GcmFirst)?),
        marks: RefCell::default(),
        speakers: RefCell::default(),
        placed: RefCell::new(vec![None; args.people]),
        here: RefCell::new(vec![None; args.people]),
        astray: Cell::new(0),
        overlap_ms: Cell::new(0),
        racks: Cell::new(0),
        voices_again: Cell::new(0),
        told: RefCell::default(),
    });
    stage.marks.borrow_mut().insert(stage.plenary.clone(), PLENARY);
    let mut report = Report {
        mode: "breakouts",
        people: args.people,
        rooms: args.rooms,
        ..Report::default()
    };
    let mut desk = Desk::open(&stage.target, &args.organiser_token).await?;
    let plenary = Voice::at(
        &stage,
        PLENARY,
        Box::new(Fiera {
            target: stage.target.clone(),
            tokens_speaker: Tokens::new(&args.speaker_token),
            token_attendee: String::new(),
            mode: Mode::Whep,
        }),
    );
    let started = Instant::now();
    let (stop, stopped) = watch::channel(false);
    let mut people = Vec::new();
    for number in 0..args.people {
        let (stage, stopped) = (stage.clone(), stopped.clone());
        people.push(tokio::task::spawn_local(async move {
            let ended = person::run(stage.clone(), number, stopped).await;
            ended.map_err(|error| stage.tell(|| format!("person {number}: {error:#}")))
        }));
        desk.follow(started + Duration::from_secs_f64(args.ramp_s * (number + 1) as f64 / args.people as f64))
            .await?;
    }
    let in_plenary = |room: &fiera_protocol::ids::RoomId| *room == stage.plenary;
    let seated = settle(&mut desk, args.people, JOIN_WITHIN, || stage.settled(in_plenary)).await?;
    if seated < args.people {
        if plenary.is_over() {
            plenary.join().context("the speaker of the plenary room")?;
        }
        bail!(
            "{seated} of {} hear the plenary room: {}",
            args.people,
            stage.told.borrow().join("; ")
        );
    }
    report.joined_s = started.elapsed().as_secs_f64();

    let round = deal(args, capacity, &stage, &mut desk).await?;
    let (from, own_from) = (
        args.server_pid.map(process::read).transpose()?,
        process::read(std::process::id())?,
    );
    let (sent, sent_ns) = (Instant::now(), unix_ns());
    desk.command(step(BreakoutStep::Send { round })).await?;
    let away = || stage.settled(|room| !in_plenary(room));
    report.in_own_room = settle(&mut desk, args.people, MOVED_WITHIN, away).await?;
    report.told_of_own_room = stage.told_to_be(|room| !in_plenary(room));
    (report.sent_all_s, report.sent_each) = since(&stage, sent_ns);
    desk.follow(Instant::now() + LISTEN).await?;

    let back_ns = unix_ns();
    desk.command(step(BreakoutStep::BringBack {})).await?;
    desk.wait("the grace", |mirror| {
        view(mirror, round).is_some_and(|view| view.phase == RoundPhase::Closing)
    })
    .await?;
    let until_ms = view(&desk.mirror, round).and_then(|view| view.until_unix_ms);
    let until_ms = until_ms.context("a round that closes without saying when")?;
    let within = Duration::from_millis(ROUND_GRACE_MS) + MOVED_WITHIN;
    report.back = settle(&mut desk, args.people, within, || stage.settled(in_plenary)).await?;
    report.told_back = stage.told_to_be(in_plenary);
    (report.back_all_s, report.back_each) = since(&stage, until_ms * 1_000_000);
    (report.back_since_click_s, _) = since(&stage, back_ns);
    let seconds = sent.elapsed().as_secs_f64();
    let own_to = process::read(std::process::id())?;
    report.generator_cores = (own_to.cpu_us - own_from.cpu_us) as f64 / 1e6 / seconds;
    if let (Some(from), Some(pid)) = (from, args.server_pid) {
        let to = process::read(pid)?;
        report.server_cores = Some((to.cpu_us - from.cpu_us) as f64 / 1e6 / seconds);
    }

    let _ = stop.send(true);
    end(&stage, people).await;
    plenary.join().context("the speaker of the plenary room")?;
    report.astray = stage.astray.get();
    report.overlap_ms = stage.overlap_ms.get();
    report.viewing_connections = stage.racks.get();
    report.publishing_again = stage.voices_again.get();
    report.told = stage.told.borrow().clone();
    Ok(report)
}

fn step(step: BreakoutStep) -> Command {
    Command::Breakouts { step }
}

fn view(mirror: &Mirror, round: RoundId) -> Option<&RoundView> {
    mirror.breakouts()?.rounds.iter().find(|view| view.round == round)
}

/// Prepares a round, draws who goes where, and notes the mark and the speakers of each room.
async fn deal(args: &BreakoutsArgs, capacity: u16, stage: &Stage, desk: &mut Desk) -> Result<RoundId> {
    let known: Vec<RoundId> = desk
        .mirror
        .breakouts()
        .map(|all| all.rounds.iter().map(|view| view.round).collect())
        .unwrap_or_default();
    let room = |nth: usize| -> Result<PlannedRoom> {
        let title = format!("Room {}", nth + 1).parse().context("a title")?;
        Ok(PlannedRoom { title, topic: None })
    };
    let plan = RoundPlan {
        from: stage.plenary.clone(),
        rooms: (0..args.rooms).map(room).collect::<Result<_>>()?,
        mode: RoundMode::Random,
        capacity,
        minutes: MINUTES,
        latecomers: Latecomers::Placed,
    };
    desk.command(step(BreakoutStep::Prepare { replaces: None, plan }))
        .await?;
    let fresh = |mirror: &Mirror| -> Option<RoundId> {
        let all = mirror.breakouts()?;
        all.rounds
            .iter()
            .map(|view| view.round)
            .find(|round| !known.contains(round))
    };
    desk.wait("the draft", |mirror| fresh(mirror).is_some()).await?;
    let round = fresh(&desk.mirror).context("a draft that was just there")?;
    desk.command(step(BreakoutStep::Deal { round })).await?;
    let seats = |mirror: &Mirror| -> usize {
        let rooms = view(mirror, round).map(|view| view.rooms.iter());
        rooms.into_iter().flatten().map(|room| room.seated.len()).sum()
    };
    desk.wait("everybody's seat", |mirror| seats(mirror) == args.people)
        .await?;
    let dealt = view(&desk.mirror, round).context("a draft that was just there")?;
    for (nth, room) in dealt.rooms.iter().enumerate() {
        stage.marks.borrow_mut().insert(room.room.clone(), nth as u16);
        let speakers = room
            .seated
            .iter()
            .take(SPEAKERS_PER_ROOM)
            .map(|seated| seated.participant);
        stage.speakers.borrow_mut().extend(speakers);
    }
    Ok(round)
}

/// Follows until all are settled or time is over; gives how many are.
async fn settle(desk: &mut Desk, wanted: usize, within: Duration, settled: impl Fn() -> usize) -> Result<usize> {
    let until = Instant::now() + within;
    while settled() < wanted && Instant::now() < until {
        desk.follow(Instant::now() + STEP).await?;
    }
    Ok(settled())
}

/// From a moment until the last, and until each heard where they are. Seconds, and the quantiles.
fn since(stage: &Stage, from_ns: u64) -> (f64, Latency) {
    let mut each: Histogram<u64> = latencies();
    for placed in stage.placed.borrow().iter().flatten() {
        each.saturating_record(placed.heard_ns.saturating_sub(from_ns) / 1_000);
    }
    let each = Latency::of(&each);
    (each.max_ms / 1_000.0, each)
}

/// Lets everybody go and waits for the voices. A voice that the server ended with the room was right to end.
async fn end(stage: &Stage, people: Vec<tokio::task::JoinHandle<Result<Vec<Voice>, ()>>>) {
    let until = Instant::now() + END_WITHIN;
    for person in people {
        let Ok(Ok(Ok(voices))) = tokio::time::timeout_at(until, person).await else {
            continue;
        };
        for voice in voices {
            if let Err(error) = voice.join()
                && !error.to_string().contains("closed the connection")
            {
                stage.tell(|| format!("a voice: {error:#}"));
            }
        }
    }
}
