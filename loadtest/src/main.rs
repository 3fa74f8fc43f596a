// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Entry point: the command line, signals, exit codes.

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use anyhow::{Context, Result};
use clap::Parser;
use fiera_loadtest::{audience, cli, crowd, http, publish, run, speaker};

fn main() -> ExitCode {
    let done = match cli::Cli::parse().command {
        cli::Command::Run(args) => run_load(&args),
        cli::Command::DemoSpeaker(args) => run_speaker(args),
        cli::Command::Crowd(args) => run_crowd(&args),
        cli::Command::Audience(args) => run_audience(&args),
    };
    done.unwrap_or_else(|error| {
        eprintln!("fiera-loadtest: {error:#}");
        ExitCode::FAILURE
    })
}

fn run_load(args: &cli::RunArgs) -> Result<ExitCode> {
    let outcome = run::run(args)?;
    print!("{}", outcome.summary());
    println!("{}", serde_json::to_string(&outcome).context("result")?);
    let short = args
        .require_delivered
        .is_some_and(|least| outcome.delivered_ratio < least);
    Ok(if short { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn run_crowd(args: &cli::CrowdArgs) -> Result<ExitCode> {
    let report = crowd::run::run(args)?;
    for told in &report.told {
        eprintln!("crowd: {told}");
    }
    println!("{}", serde_json::to_string(&report).context("result")?);
    Ok(if report.is_clean() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn run_audience(args: &cli::AudienceArgs) -> Result<ExitCode> {
    let report = audience::run::run(args)?;
    for told in &report.told {
        eprintln!("audience: {told}");
    }
    println!("{}", serde_json::to_string(&report).context("result")?);
    Ok(if report.is_clean() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn run_speaker(args: cli::SpeakerArgs) -> Result<ExitCode> {
    let announcement = format!("demo-speaker: on stage in {}/{}", args.event, args.room);
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
    let target = http::Target {
        server: args.server,
        event: args.event,
        room: args.room,
    };
    speaker::run(&target, &args.token, args.name.as_deref(), &control)?;
    Ok(ExitCode::SUCCESS)
}
