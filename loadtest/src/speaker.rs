// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! `demo-speaker`: the bundled clip on a stage for as long as the program runs, whatever the server does.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use anyhow::Result;

use crate::http::Target;
use crate::peer::identity::{Identity, Profiles, random_u32};
use crate::publish::clip::Clip;
use crate::publish::sender::Ledger;
use crate::publish::session::{Act, Control, publish};
use crate::watch::venue::{Fiera, Mode, Tokens};

const BACKOFF_FIRST: Duration = Duration::from_millis(250);
const BACKOFF_MAX: Duration = Duration::from_secs(5);
/// A session that held for this long starts the backoff anew.
const HELD: Duration = Duration::from_secs(10);
/// The clip's own rate, for the pacer.
const PACE_KBPS: u32 = 800;
const STOP_CHECK: Duration = Duration::from_millis(50);

/// Publishes the clip until `control.stop`; comes back after every failure, with full jitter.
///
/// # Errors
/// Only before the first attempt: unusable settings or clip.
pub fn run(target: &Target, token: &str, name: Option<&str>, control: &Arc<Control>) -> Result<()> {
    target.check()?;
    let identity = Arc::new(Identity::new(Profiles::GcmFirst)?);
    let ledger = Ledger::default();
    let venue = Fiera {
        target: target.clone(),
        tokens_speaker: Tokens::new(token),
        token_attendee: String::new(),
        mode: Mode::Whep,
    };
    let mut backoff = BACKOFF_FIRST;
    let mut last_error = String::new();
    while !control.stop.load(Ordering::Acquire) {
        let act = Act {
            number: 0,
            room: target.room.clone(),
            name: name.map(str::to_owned),
            source: Box::new(Clip::open()?),
            video_kbps: PACE_KBPS,
            simulcast: false,
            control: control.clone(),
        };
        let started = Instant::now();
        let ended = publish(&venue, &identity, vec![act], &ledger)?;
        match ended.into_iter().collect::<Result<Vec<()>>>() {
            Ok(_) => return Ok(()),
            Err(error) => {
                let text = format!("{error:#}");
                if text != last_error {
                    eprintln!("demo-speaker: {text}; trying again");
                    last_error = text;
                }
            }
        }
        if started.elapsed() > HELD {
            backoff = BACKOFF_FIRST;
            last_error.clear();
        }
        let wait_ms = u64::from(random_u32()) % (backoff.as_millis() as u64).max(1);
        let until = Instant::now() + Duration::from_millis(wait_ms);
        backoff = (backoff * 2).min(BACKOFF_MAX);
        while Instant::now() < until && !control.stop.load(Ordering::Acquire) {
            std::thread::sleep(STOP_CHECK);
        }
    }
    Ok(())
}
