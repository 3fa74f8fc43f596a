// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! The shell of a member: one socket at a time, time that passes, coming back (SPEC R5, D2).

use std::sync::Arc;
use std::time::Duration;

use fiera_protocol::refusal::RefusalCode;
use tokio::sync::watch;
use tokio::time::Instant;

use super::brain::{Absence, Brain};
use super::member::Member;
use super::tally::Tally;
use crate::client::backoff::Backoff;
use crate::client::link::{Link, Over};
use crate::http::Target;

/// The server pings every 5 s; silence of this length is a dead connection (SPEC D1).
const SILENCE: Duration = Duration::from_secs(12);
/// A member is looked after at least this often.
const LOOK_MS: u64 = 1_000;
/// Who is not let in tries again this much later.
const DOOR_CLOSED_MS: u64 = 15_000;

/// What all members share.
pub struct Fair {
    /// Where.
    pub target: Target,
    /// Time 0 of all `now_ms`.
    pub start: Instant,
    /// What is counted.
    pub tally: Arc<Tally>,
}

impl Fair {
    fn now_ms(&self) -> u64 {
        self.start.elapsed().as_millis() as u64
    }

    fn at(&self, ms: u64) -> Instant {
        self.start + Duration::from_millis(ms)
    }
}

enum End {
    /// The program ends.
    Stopped,
    /// The member goes away for a while.
    Away(Absence),
    /// The connection is over.
    Lost(Over),
}

/// Runs one member until `stop` turns true.
pub async fn run(
    fair: Arc<Fair>,
    token: String,
    mut member: Member,
    mut brain: Box<dyn Brain>,
    mut stop: watch::Receiver<bool>,
) {
    let mut backoff = Backoff::default();
    loop {
        let opened = tokio::select! {
            opened = Link::open(&fair.target) => opened,
            _ = stop.wait_for(|stop| *stop) => return,
        };
        let mut wait_ms = backoff.next_ms(brain.dice());
        match opened {
            Err(error) => fair.tally.lock().tell(|| format!("no connection: {error:#}")),
            Ok(mut link) => {
                let end = talk(&fair, &token, &mut member, brain.as_mut(), &mut link, &mut stop).await;
                if member.is_welcome() {
                    fair.tally.lock().online -= 1;
                    backoff.reset();
                    wait_ms = backoff.next_ms(brain.dice());
                }
                match end {
                    End::Stopped => {
                        link.close().await;
                        return;
                    }
                    End::Away(absence) => {
                        if absence.goodbye {
                            link.close().await;
                        }
                        wait_ms = absence.for_ms;
                    }
                    End::Lost(over) => {
                        let mut counts = fair.tally.lock();
                        counts.lost += u64::from(member.is_welcome() && member.drain_ms().is_none());
                        if !member.is_welcome() {
                            counts.tell(|| format!("not let in ({:?}): {over}", member.door()));
                        }
                        drop(counts);
                        if let Some(within_ms) = member.drain_ms() {
                            wait_ms = brain.dice().between(0, within_ms.max(1));
                        }
                        if let Some(code) = member.door() {
                            wait_ms = DOOR_CLOSED_MS + brain.dice().between(0, DOOR_CLOSED_MS);
                            if matches!(code, RefusalCode::Token | RefusalCode::Expired) {
                                member.forget_resume();
                            }
                        }
                    }
                }
            }
        }
        tokio::select! {
            () = tokio::time::sleep(Duration::from_millis(wait_ms)) => {}
            _ = stop.wait_for(|stop| *stop) => return,
        }
    }
}

async fn talk(
    fair: &Fair,
    token: &str,
    member: &mut Member,
    brain: &mut dyn Brain,
    link: &mut Link,
    stop: &mut watch::Receiver<bool>,
) -> End {
    let hello = member.hello(token, brain);
    if let Err(over) = link.say(&hello).await {
        return End::Lost(over);
    }
    let mut silent_at = Instant::now() + SILENCE;
    let mut welcomed = false;
    loop {
        let due_ms = brain.next_ms().clamp(fair.now_ms() + 20, fair.now_ms() + LOOK_MS);
        let heard = tokio::select! {
            heard = link.next() => Some(heard),
            () = tokio::time::sleep_until(fair.at(due_ms)) => None,
            () = tokio::time::sleep_until(silent_at) => return End::Lost(Over::Broken("12 s of silence".to_owned())),
            _ = stop.wait_for(|stop| *stop) => return End::Stopped,
        };
        let now_ms = fair.now_ms();
        let mut absence = None;
        match heard {
            Some(Err(over)) => return End::Lost(over),
            Some(Ok(text)) => {
                silent_at = Instant::now() + SILENCE;
                member.hear(now_ms, &text, brain);
            }
            None => {
                member.look(now_ms);
                absence = brain.wake(now_ms, member);
            }
        }
        if member.is_welcome() && !welcomed {
            welcomed = true;
            fair.tally.lock().online += 1;
        }
        for message in member.take_out() {
            if let Err(over) = link.say(&message).await {
                return End::Lost(over);
            }
        }
        if let Some(absence) = absence {
            return End::Away(absence);
        }
    }
}
