// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! An audience from the first socket to the result: come in, sit still, take part, and come back after a restart.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use fiera_protocol::client::{ClientMessage, Command};
use fiera_protocol::fair::{PollPhase, RoomSettings};
use fiera_protocol::ids::{AuthorSecret, PollId, QuestionId};
use tokio::sync::mpsc;
use tokio::task::LocalSet;
use tokio::time::Instant;

use super::desk::Desk;
use super::hall::{Hall, Return};
use super::light::number_of;
use super::load::{Load, Rates, Round};
use super::report::{Report, Restart, Server};
use super::score::{Kind, Score};
use super::socket;
use crate::cli::AudienceArgs;
use crate::client::{self, mirror::Mirror};
use crate::crowd::tally::{Latency, latencies};
use crate::http::Target;
use crate::measure::process::{self, Reading};
use crate::sys;

/// Orders that wait for one socket.
const ORDERS_MAX: usize = 64;
/// Everybody is in the room this long after the last was let go.
const JOIN_WITHIN: Duration = Duration::from_secs(60);
/// Nobody says anything for this long before memory is read.
const IDLE: Duration = Duration::from_secs(6);
/// After the last command, before counting.
const SETTLE: Duration = Duration::from_secs(3);
const OPTIONS: usize = 4;
/// Questions that upvotes are spread over.
const QUESTIONS: usize = 20;
const STEP: Duration = Duration::from_millis(20);
/// Answers to the votes of a round come within this.
const ANSWERS_WITHIN: Duration = Duration::from_secs(10);

/// Runs it.
///
/// # Errors
/// When the moderator is not let in, or the sockets do not get into the room.
pub fn run(args: &AudienceArgs) -> Result<Report> {
    let needed = args.sockets + 200;
    let limit = sys::raise_descriptor_limit();
    if limit < needed as u64 {
        bail!(
            "{needed} descriptors are needed and {limit} allowed: raise the hard limit (ulimit -Hn) or lower --sockets"
        );
    }
    let target = args.place.target()?;
    let runtime = client::runtime()?;
    LocalSet::new().block_on(&runtime, audience(args, target))
}

async fn audience(args: &AudienceArgs, target: Target) -> Result<Report> {
    let hall = Rc::new(Hall {
        event: target.event.parse().context("--event")?,
        room: target.room.parse().context("--room")?,
        target,
        token: args.token.clone(),
        start: Instant::now(),
        score: RefCell::new(Score::new(args.sockets)),
        seated: Cell::new(0),
        told: RefCell::default(),
        lost: Cell::new(0),
        back: RefCell::new(None),
        back_us: RefCell::new(latencies()),
    });
    let mut report = Report {
        mode: "audience",
        sockets: args.sockets,
        ..Report::default()
    };
    let mut desk = Desk::open(&hall.target, &args.moderator_token).await?;
    let settings = RoomSettings {
        moderated: false,
        chat_open: true,
        slow_mode_s: 0,
        questions_closed: false,
        links_off: false,
    };
    desk.command(Command::SetRoom { settings }).await?;
    desk.close_open_poll().await?;
    let before = read(args)?;

    let orders = join(args, &hall, &mut desk).await?;
    report.joined_s = hall.start.elapsed().as_secs_f64();
    desk.follow(Instant::now() + IDLE).await?;
    let idle = read(args)?;

    let questions = ask(&hall, &orders, &mut desk).await?;
    let rates = Rates {
        votes: args.votes_per_s,
        chat: args.chat_per_s,
        upvotes: args.upvotes_per_s,
    };
    let load = Rc::new(Load::new(hall.clone(), orders.clone(), rates, questions.clone()));
    let polls = draft(args, &mut desk).await?;
    let (from, own_from) = (read(args)?, process::read(std::process::id())?);
    let started = Instant::now();
    let driver = load.clone();
    let driving = tokio::task::spawn_local(async move { driver.run().await });
    let until = started + Duration::from_secs_f64(args.seconds);
    report.polls = rounds(&hall, &load, &mut desk, &polls, until, &mut report).await?;
    load.over.set(true);
    driving.await.context("the load")?;
    report.seconds = started.elapsed().as_secs_f64();
    let (to, own_to) = (read(args)?, process::read(std::process::id())?);
    desk.follow(Instant::now() + SETTLE).await?;
    desk.audit().await?;

    let (lost, doubled) = upvotes_differ(&hall, &desk.mirror, &questions);
    report.lost += lost + hall.score.borrow().chat_lost();
    report.doubled += doubled + hall.score.borrow().doubled;
    report.seated = hall.seated.get();
    let own_us = (own_to.cpu_us - own_from.cpu_us) as f64;
    report.generator_cores = own_us / 1e6 / report.seconds;
    report.server = server(args, before, idle, from, to, report.seconds);
    if let Some(seconds) = args.await_restart_s {
        report.restart = Some(restart(args, &hall, &questions, Duration::from_secs_f64(seconds)).await?);
    }
    finish(&mut report, &hall, &load, &mut desk);
    Ok(report)
}

/// Everybody comes in, one after the other over the ramp.
async fn join(args: &AudienceArgs, hall: &Rc<Hall>, desk: &mut Desk) -> Result<Vec<mpsc::Sender<ClientMessage>>> {
    let mut all = Vec::with_capacity(args.sockets);
    let start = Instant::now();
    for number in 0..args.sockets {
        let (orders, inbox) = mpsc::channel(ORDERS_MAX);
        all.push(orders);
        tokio::task::spawn_local(socket::run(hall.clone(), number, inbox));
        let at = start + Duration::from_secs_f64(args.ramp_s * (number + 1) as f64 / args.sockets as f64);
        if at > Instant::now() {
            desk.follow(at).await?;
        }
    }
    let until = Instant::now() + JOIN_WITHIN;
    while hall.seated.get() < args.sockets {
        if Instant::now() > until {
            let (seated, told) = (hall.seated.get(), hall.told.borrow().join("; "));
            bail!("{seated} of {} sockets got into the room: {told}", args.sockets);
        }
        desk.follow(Instant::now() + STEP).await?;
    }
    Ok(all)
}

/// Questions for the upvotes, each asked by another socket.
async fn ask(hall: &Rc<Hall>, orders: &[mpsc::Sender<ClientMessage>], desk: &mut Desk) -> Result<Vec<QuestionId>> {
    let run = uuid::Uuid::new_v4().simple().to_string();
    let tag = run.get(..8).unwrap_or_default().to_owned();
    let load = Load::new(
        hall.clone(),
        orders.to_vec(),
        Rates {
            votes: 0.0,
            chat: 0.0,
            upvotes: 0.0,
        },
        vec![],
    );
    for number in 0..QUESTIONS {
        let text = format!("{tag} {number}: come gestite il rollback quando una migrazione è già partita?").parse();
        let command = Command::Ask {
            text: text.context("a question")?,
            anonymous: false,
            secret: AuthorSecret(uuid::Uuid::new_v4()),
        };
        load.order(number, Kind::Other, (0, 0), command);
    }
    let found = |mirror: &Mirror| -> Vec<QuestionId> {
        let asked = mirror.room().map(|room| room.questions.iter()).into_iter().flatten();
        asked
            .filter(|known| known.text.starts_with(&tag))
            .map(|known| known.question)
            .collect()
    };
    desk.wait("the questions", |mirror| found(mirror).len() == QUESTIONS)
        .await?;
    let questions = found(&desk.mirror);
    hall.score.borrow_mut().know_questions(&questions);
    Ok(questions)
}

/// One poll per round of votes, so that opening the next takes no time.
async fn draft(args: &AudienceArgs, desk: &mut Desk) -> Result<Vec<PollId>> {
    let round_s = args.sockets as f64 / args.votes_per_s.max(1.0);
    let rounds = ((args.seconds / round_s).ceil() as usize + 1).clamp(1, 90);
    let known: Vec<PollId> = drafts(&desk.mirror);
    for round in 0..rounds {
        let options: Result<Vec<_>, _> = (0..OPTIONS)
            .map(|option| format!("Risposta {option}").parse())
            .collect();
        let question = format!("Giro {round}: quanto spesso va in produzione il vostro servizio?").parse();
        desk.command(Command::DraftPoll {
            question: question.context("a poll")?,
            options: options.context("an answer")?,
        })
        .await?;
    }
    let fresh = move |mirror: &Mirror| -> Vec<PollId> {
        let mut all = drafts(mirror);
        all.retain(|poll| !known.contains(poll));
        all
    };
    desk.wait("the drafts", |mirror| fresh(mirror).len() == rounds).await?;
    Ok(fresh(&desk.mirror))
}

fn drafts(mirror: &Mirror) -> Vec<PollId> {
    let all = mirror.moderators().map(|moderators| moderators.polls.iter());
    let draft = all.into_iter().flatten().filter(|poll| poll.phase == PollPhase::Draft);
    draft.map(|poll| poll.poll).collect()
}

/// Polls one after the other: all vote, it closes, and its tally is what was accepted.
async fn rounds(
    hall: &Rc<Hall>,
    load: &Load,
    desk: &mut Desk,
    polls: &[PollId],
    until: Instant,
    report: &mut Report,
) -> Result<usize> {
    let mut done = 0;
    for poll in polls.iter().copied() {
        if Instant::now() >= until {
            break;
        }
        let number = hall.score.borrow_mut().open_round(poll.to_string(), OPTIONS);
        desk.set_poll(poll, PollPhase::Open).await?;
        *load.round.borrow_mut() = Some(Round {
            number,
            poll,
            options: OPTIONS,
            voted: 0,
        });
        let all_voted = || {
            load.round
                .borrow()
                .as_ref()
                .is_none_or(|round| round.voted >= hall.seated.get())
        };
        while !all_voted() && Instant::now() < until {
            desk.follow(Instant::now() + STEP).await?;
        }
        load.round.borrow_mut().take();
        let answers_until = Instant::now() + ANSWERS_WITHIN;
        while hall.score.borrow().waiting(Kind::Vote) > 0 && Instant::now() < answers_until {
            desk.follow(Instant::now() + STEP).await?;
        }
        desk.set_poll(poll, PollPhase::Closed).await?;
        let shown = desk.set_poll(poll, PollPhase::Revealed).await?;
        let tally = shown.tally.context("a revealed poll without a tally")?;
        let score = hall.score.borrow();
        for (accepted, counted) in score.votes.get(number).into_iter().flatten().zip(&tally) {
            report.lost += u64::from(accepted.saturating_sub(*counted));
            report.doubled += u64::from(counted.saturating_sub(*accepted));
        }
        done += 1;
    }
    // Without votes the rest of the load still takes its time.
    desk.follow(until).await?;
    Ok(done)
}

/// Accepted upvotes that are missing in the numbers, and those that are counted too often.
fn upvotes_differ(hall: &Hall, mirror: &Mirror, questions: &[QuestionId]) -> (u64, u64) {
    let (mut lost, mut doubled) = (0, 0);
    let score = hall.score.borrow();
    for (question, accepted) in questions.iter().zip(&score.upvotes) {
        let known = mirror.room().and_then(|room| {
            let same = |known: &&fiera_protocol::fair::QuestionView| known.question == *question;
            room.questions.iter().find(same).map(|known| known.upvotes)
        });
        let counted = known.unwrap_or(0);
        lost += u64::from(accepted.saturating_sub(counted)) + u64::from(known.is_none());
        doubled += u64::from(counted.saturating_sub(*accepted));
    }
    (lost, doubled)
}

/// Waits for the server to be killed and started again by somebody else, and for everybody to be back.
async fn restart(args: &AudienceArgs, hall: &Rc<Hall>, questions: &[QuestionId], within: Duration) -> Result<Restart> {
    *hall.back.borrow_mut() = Some(Return::default());
    println!("audience: ready for a restart");
    let until = Instant::now() + within;
    let now = || hall.back.borrow().unwrap_or_default();
    while Instant::now() < until {
        let back = now();
        if back.lost > 0 && back.resumed + back.anew >= back.lost {
            break;
        }
        tokio::time::sleep(STEP).await;
    }
    let back = now();
    if back.lost == 0 {
        bail!(
            "no socket was lost within {} s: nobody restarted the server",
            within.as_secs()
        );
    }
    let mut desk = Desk::open(&hall.target, &args.moderator_token).await?;
    let (lost, doubled) = upvotes_differ(hall, &desk.mirror, questions);
    let (chat_lost, chat_doubled) = chat_differs(hall, &desk.mirror);
    desk.follow(Instant::now() + STEP).await?;
    let seconds = |from_us: u64| back.last_us.saturating_sub(from_us) as f64 / 1e6;
    Ok(Restart {
        restart_lost: back.lost,
        restart_resumed: back.resumed,
        restart_anew: back.anew,
        restart_all_back_s: seconds(back.lost_us),
        restart_all_back_since_up_s: seconds(back.first_us),
        restart_each: Latency::of(&hall.back_us.borrow()),
        restart_facts_lost: lost + chat_lost,
        restart_facts_doubled: doubled + chat_doubled,
    })
}

/// The last accepted messages, as many as a snapshot holds, each once.
fn chat_differs(hall: &Hall, mirror: &Mirror) -> (u64, u64) {
    let shown: Vec<usize> = mirror
        .room()
        .map(|room| room.chat.iter().filter_map(|said| number_of(&said.text)).collect())
        .unwrap_or_default();
    let accepted = hall.score.borrow().accepted_chats();
    // Messages sent at the same time may stand in another order: the oldest few may have left the screen.
    let last = accepted.iter().rev().take(fiera_protocol::limits::CHAT_SHOWN_MAX - 10);
    let lost = last.filter(|number| !shown.contains(number)).count() as u64;
    let mut once = shown.clone();
    once.sort_unstable();
    once.dedup();
    (lost, (shown.len() - once.len()) as u64)
}

fn read(args: &AudienceArgs) -> Result<Option<Reading>> {
    args.server_pid.map(process::read).transpose()
}

fn server(
    args: &AudienceArgs,
    before: Option<Reading>,
    idle: Option<Reading>,
    from: Option<Reading>,
    to: Option<Reading>,
    seconds: f64,
) -> Option<Server> {
    let (before, idle, from, to) = (before?, idle?, from?, to?);
    let grown = idle.rss_kb.saturating_sub(before.rss_kb) as f64;
    Some(Server {
        server_cores: (to.cpu_us - from.cpu_us) as f64 / 1e6 / seconds,
        server_rss_before_kb: before.rss_kb,
        server_rss_idle_kb: idle.rss_kb,
        server_rss_after_kb: to.rss_kb,
        idle_kb_per_socket: grown / args.sockets.max(1) as f64,
    })
}

fn finish(report: &mut Report, hall: &Hall, load: &Load, desk: &mut Desk) {
    let score = hall.score.borrow();
    let accepted = |kind| score.accepted_us.get(&kind).map(Latency::of).unwrap_or_default();
    report.vote_accepted = accepted(Kind::Vote);
    report.chat_accepted = accepted(Kind::Chat);
    report.upvote_accepted = accepted(Kind::Upvote);
    report.votes_per_s = report.vote_accepted.samples as f64 / report.seconds;
    report.chat_per_s = report.chat_accepted.samples as f64 / report.seconds;
    report.upvotes_per_s = report.upvote_accepted.samples as f64 / report.seconds;
    report.chat_shown = Latency::of(&score.chat_shown_us);
    report.chat_shown_to_all = Latency::of(&score.chat_last_us);
    report.vote_shown = Latency::of(&score.vote_shown_us);
    report.upvote_shown = Latency::of(&score.upvote_shown_us);
    report.gaps = score.gaps;
    report.unreadable = score.unreadable;
    report.refused = score.refused.clone();
    report.unanswered = [Kind::Vote, Kind::Chat, Kind::Upvote, Kind::Other]
        .into_iter()
        .map(|kind| score.waiting(kind) as u64)
        .sum();
    report.sockets_lost = hall.lost.get();
    report.generator_lag = Latency::of(&load.lag_us.borrow());
    report.generator_dropped = load.dropped.get();
    let findings = desk.mirror.take_findings();
    report.divergences = findings.divergences;
    report.told = hall.told.borrow().clone();
    report.told.extend(findings.told);
}
