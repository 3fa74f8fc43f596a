// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Entry point: the command line, signals, exit codes.

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use anyhow::{Context, Result, ensure};
use clap::Parser;
use fiera_loadtest::janus::args::{CompareArgs, FloorArgs, JanusArgs};
use fiera_loadtest::janus::compare::Comparison;
use fiera_loadtest::measure::floor;
use fiera_loadtest::measure::result::Outcome;
use fiera_loadtest::report::html::{self, Heading};
use fiera_loadtest::scenario::Scenario;
use fiera_loadtest::watch::venue::Tokens;
use fiera_loadtest::{audience, breakouts, cli, crowd, publish, run, speaker};

fn main() -> ExitCode {
    let done = match cli::Cli::parse().command {
        cli::Command::Run(args) => run_load(&args),
        cli::Command::Scenario(args) => run_scenario(&args),
        cli::Command::Janus(args) => run_janus(&args),
        cli::Command::Floor(args) => run_floor(&args),
        cli::Command::Compare(args) => run_compare(&args),
        cli::Command::DemoSpeaker(args) => run_speaker(args),
        cli::Command::Crowd(args) => run_crowd(&args),
        cli::Command::Audience(args) => run_audience(&args),
        cli::Command::Breakouts(args) => run_breakouts(&args),
    };
    done.unwrap_or_else(|error| {
        eprintln!("fiera-loadtest: {error:#}");
        ExitCode::FAILURE
    })
}

fn run_load(args: &cli::RunArgs) -> Result<ExitCode> {
    let bench = args.bench.bench(vec![args.room.clone()], args.mode)?;
    perform(&args.scenario(), &bench, &args.bench)
}

fn run_scenario(args: &cli::ScenarioArgs) -> Result<ExitCode> {
    let scenario = Scenario::find(&args.name)?;
    let (tokens, needed) = (
        Tokens::new(&args.bench.token_speaker).len(),
        scenario.publishers.per_room,
    );
    ensure!(
        tokens >= needed,
        "each of the {needed} publishers of a room needs a token of its own: {tokens} are given by --token-speaker"
    );
    let bench = args.bench.bench(cli::rooms(&args.rooms)?, scenario.viewers.mode)?;
    perform(&scenario, &bench, &args.bench)
}

/// Runs a scenario, row by row where it is a table. One run is one JSON object; a table is an object with its rows.
fn perform(scenario: &Scenario, bench: &run::Bench, args: &cli::BenchArgs) -> Result<ExitCode> {
    let mut outcomes: Vec<Outcome> = Vec::new();
    for row in scenario.runs() {
        let outcome = run::perform(&row, bench)?;
        print!("{}", outcome.summary());
        outcomes.push(outcome);
    }
    if let Some(path) = &args.html {
        let heading = Heading::here(&scenario.name, &scenario.about);
        std::fs::write(path, html::page(&heading, &outcomes)).with_context(|| path.display().to_string())?;
    }
    if scenario.table.is_some() {
        let all = serde_json::json!({ "scenario": scenario.name, "rows": outcomes });
        println!("{all}");
    } else if let Some(outcome) = outcomes.first() {
        println!("{}", serde_json::to_string(outcome).context("result")?);
    }
    let least = args.require_delivered.unwrap_or(0.0);
    let short = outcomes.iter().any(|outcome| outcome.delivered_ratio < least);
    Ok(if short { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn run_janus(args: &JanusArgs) -> Result<ExitCode> {
    perform(&args.run.scenario(), &args.bench()?, &args.run.bench)
}

fn run_floor(args: &FloorArgs) -> Result<ExitCode> {
    let us = floor::measure(&floor::usual_pattern(), args.viewers)?;
    println!("{}", serde_json::json!({ "floor_us_per_packet": us }));
    Ok(ExitCode::SUCCESS)
}

fn run_compare(args: &CompareArgs) -> Result<ExitCode> {
    let text = std::fs::read_to_string(&args.rounds).with_context(|| args.rounds.display().to_string())?;
    let comparison = Comparison::read(&text)?;
    let table = comparison.markdown();
    std::fs::write(&args.markdown, &table).with_context(|| args.markdown.display().to_string())?;
    let json = serde_json::to_string_pretty(&comparison).context("comparison")?;
    std::fs::write(&args.json, json).with_context(|| args.json.display().to_string())?;
    print!("{table}");
    Ok(ExitCode::SUCCESS)
}

fn run_crowd(args: &cli::CrowdArgs) -> Result<ExitCode> {
    let report = crowd::run::run(args)?;
    tell("crowd", &report, &report.told, report.is_clean())
}

fn run_audience(args: &cli::AudienceArgs) -> Result<ExitCode> {
    let report = audience::run::run(args)?;
    tell("audience", &report, &report.told, report.is_clean())
}

fn run_breakouts(args: &cli::BreakoutsArgs) -> Result<ExitCode> {
    let report = breakouts::run::run(args)?;
    tell("breakouts", &report, &report.told, report.is_clean())
}

/// What went wrong in words, then the report as JSON on the last line.
fn tell(who: &str, report: &impl serde::Serialize, told: &[String], clean: bool) -> Result<ExitCode> {
    for said in told {
        eprintln!("{who}: {said}");
    }
    println!("{}", serde_json::to_string(report).context("result")?);
    Ok(if clean { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn run_speaker(args: cli::SpeakerArgs) -> Result<ExitCode> {
    let announcement = format!("demo-speaker: on stage in {}/{}", args.place.event, args.place.room);
    let control = Arc::new(publish::session::Control {
        announcement: Some(announcement),
        ..Default::default()
    });
    let on_signal = control.clone();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .context("tokio")?;
    runtime.spawn(async move {
        let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()).ok();
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            Some(_) = async { terminate.as_mut()?.recv().await } => {}
        }
        on_signal.stop.store(true, Ordering::Release);
    });
    speaker::run(&args.place.target()?, &args.token, args.name.as_deref(), &control)?;
    Ok(ExitCode::SUCCESS)
}
