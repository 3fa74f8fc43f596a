// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Attendance in numbers: exact and in memory for the organiser's page; what is kept is one number a minute, and none
//! where it is small. It counts people and knows nobody.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use fiera_protocol::fair::{CurvePoint, LiveNumbers, RoomNumbers};
use fiera_protocol::limits::{COUNTS_INTERVAL_MS, CURVE_POINTS_MAX, SUPPRESSED_BELOW};
use fiera_protocol::view::{Change, EventPhase};

use crate::cadence::Cadence;
use crate::fact::Fact;
use crate::hub::Hub;
use crate::input::Now;
use crate::output::StreamKey;
use crate::room::Room;
use crate::timers::Timer;
use crate::view;

const MINUTE_MS: u64 = 60_000;
/// How long somebody counts as having come just now, milliseconds.
const RECENT_MS: u64 = 5 * MINUTE_MS;
/// Arrivals are gathered this long, milliseconds, so that a burst of them takes no space.
const RECENT_STEP_MS: u64 = 5_000;

/// How somebody arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Arrival {
    /// They were not here.
    Joined,
    /// Their connection had broken.
    CameBack,
}

/// Arrivals of a few seconds.
#[derive(Debug)]
struct Recent {
    until_ms: u64,
    joined: u32,
    came_back: u32,
}

/// What this server saw of one minute.
#[derive(Debug, Clone, Copy, Default)]
struct Minute {
    people: u32,
    joins: u32,
}

/// How many people the event has had.
#[derive(Debug, Default)]
pub(crate) struct Attendance {
    /// Exact, as long as this server runs.
    seen: BTreeMap<u32, Minute>,
    /// The minute that is being counted.
    open_min: Option<u32>,
    /// As kept: none where it was suppressed.
    kept: BTreeMap<u32, Option<u32>>,
    /// Most of all, and when.
    peak: (u32, Option<u32>),
    /// Most of all that were kept.
    kept_peak: Option<u32>,
    recent: VecDeque<Recent>,
    /// Minutes whose point of the curve followers do not know yet.
    untold: BTreeSet<u32>,
    numbers: Cadence,
    minute: Cadence,
}

impl Attendance {
    /// Notes an arrival; `on_curve` while the event is open or live.
    pub(crate) fn arrived(&mut self, now: Now, arrival: Arrival, on_curve: bool) {
        let joined = u32::from(arrival == Arrival::Joined);
        if self
            .recent
            .back()
            .is_none_or(|last| last.until_ms <= now.mono_ms + RECENT_MS - RECENT_STEP_MS)
        {
            let until_ms = now.mono_ms + RECENT_MS;
            let (joined, came_back) = (0, 0);
            self.recent.push_back(Recent {
                until_ms,
                joined,
                came_back,
            });
        }
        if let Some(last) = self.recent.back_mut() {
            last.joined += joined;
            last.came_back += 1 - joined;
        }
        if !on_curve {
            return;
        }
        let unix_min = unix_min(now);
        let minute = self.seen.entry(unix_min).or_default();
        minute.joins += joined;
        self.untold.insert(unix_min);
    }

    /// The point of one minute as organisers see it.
    fn point(&self, unix_min: u32) -> CurvePoint {
        let seen = self.seen.get(&unix_min);
        let kept = self.kept.get(&unix_min).copied().flatten();
        CurvePoint {
            unix_min,
            people: seen.map(|seen| seen.people).max(kept),
            joins: seen.map(|seen| seen.joins),
        }
    }

    /// The curve as it is kept.
    pub(crate) fn kept_curve(&self) -> Vec<CurvePoint> {
        let joins = None;
        let point = |(unix_min, people): (&u32, &Option<u32>)| CurvePoint {
            unix_min: *unix_min,
            people: *people,
            joins,
        };
        self.kept.iter().map(point).collect()
    }

    /// Most participants at once, as it is kept.
    pub(crate) fn kept_peak(&self) -> Option<u32> {
        self.kept_peak
    }

    fn rises_to(&mut self, unix_min: u32, people: u32) {
        if people > self.peak.0 {
            self.peak = (people, Some(unix_min));
        }
    }

    fn shorten(&mut self) {
        while self.seen.len() > CURVE_POINTS_MAX {
            self.seen.pop_first();
        }
        while self.kept.len() > CURVE_POINTS_MAX {
            self.kept.pop_first();
        }
    }
}

fn unix_min(now: Now) -> u32 {
    u32::try_from(now.unix_ms / MINUTE_MS).unwrap_or(u32::MAX)
}

impl Hub {
    /// Whether people are counted for the curve.
    pub(crate) fn counts_attendance(&self) -> bool {
        matches!(self.phase, EventPhase::Open | EventPhase::Live)
    }

    /// Brings the minute that is counted up to date; closes it where it is over.
    pub(crate) fn observe_attendance(&mut self, now: Now) {
        let people = view::people_count(&self.people);
        let this_min = unix_min(now);
        let counts = self.counts_attendance();
        if let Some(open) = self.attendance.open_min.filter(|open| *open != this_min || !counts) {
            self.close_minute(open);
        }
        if counts && (people > 0 || self.attendance.open_min.is_some()) {
            let attendance = &mut self.attendance;
            attendance.open_min = Some(this_min);
            let minute = attendance.seen.entry(this_min).or_default();
            if people > minute.people {
                minute.people = people;
                attendance.untold.insert(this_min);
                attendance.rises_to(this_min, people);
            }
            attendance.shorten();
            let at_ms = now.mono_ms + MINUTE_MS - now.unix_ms % MINUTE_MS;
            attendance.minute.wake(at_ms, &mut self.timers, Timer::Minute);
        }
        self.dirty.numbers = true;
    }

    /// Keeps how many there were in a minute.
    fn close_minute(&mut self, unix_min: u32) {
        self.attendance.open_min = None;
        let people = self.attendance.seen.get(&unix_min).map_or(0, |minute| minute.people);
        if people > 0 {
            let people = Some(people).filter(|people| *people >= SUPPRESSED_BELOW);
            self.keep_fact(&Fact::Attended { unix_min, people });
        }
    }

    pub(crate) fn minute_over(&mut self, now: Now) {
        self.attendance.minute.came();
        self.observe_attendance(now);
    }

    pub(crate) fn numbers_due(&mut self) {
        self.attendance.numbers.came();
        self.dirty.numbers = true;
    }

    pub(crate) fn apply_attendance_fact(&mut self, fact: &Fact) {
        let Fact::Attended { unix_min, people } = fact else {
            return;
        };
        let attendance = &mut self.attendance;
        // After a clock that was set back the same minute comes twice: the larger number counts.
        let kept = attendance.kept.entry(*unix_min).or_default();
        *kept = (*kept).max(*people);
        attendance.kept_peak = attendance.kept_peak.max(*people);
        attendance.rises_to(*unix_min, people.unwrap_or(0));
        attendance.untold.insert(*unix_min);
        attendance.shorten();
        self.dirty.numbers = true;
    }

    /// Tells organisers the numbers, at once or when the interval since the last time is over.
    pub(crate) fn settle_numbers(&mut self, now: Now) {
        let (attendance, timers) = (&mut self.attendance, &mut self.timers);
        if !attendance
            .numbers
            .ready(now.mono_ms, COUNTS_INTERVAL_MS, timers, Timer::Numbers)
        {
            return;
        }
        while attendance.recent.front().is_some_and(|one| one.until_ms <= now.mono_ms) {
            attendance.recent.pop_front();
        }
        if let Some(first) = attendance.recent.front() {
            attendance.numbers.wake(first.until_ms, timers, Timer::Numbers);
        }
        let untold = std::mem::take(&mut attendance.untold);
        let numbers = self.live_numbers();
        if view::numbers_differ(self.organisers.state(), &numbers) {
            self.publish(StreamKey::Organisers, Change::Numbers { numbers });
        }
        for unix_min in untold {
            let point = self.attendance.point(unix_min);
            if view::point_differs(self.organisers.state(), point) {
                self.publish(StreamKey::Organisers, Change::Curve { point });
            }
        }
    }

    fn live_numbers(&self) -> LiveNumbers {
        let Attendance { peak, recent, .. } = &self.attendance;
        let room = |room: &Room| RoomNumbers {
            room: room.config.room.clone(),
            people: room.people_count(),
            on_air: u32::try_from(room.on_air().len()).unwrap_or(u32::MAX),
            hands: room.hands.waiting(),
            open_questions: room.questions.open(),
            quality: room.quality(),
        };
        LiveNumbers {
            people: view::people_count(&self.people),
            peak: peak.0,
            peak_unix_ms: peak.1.map(|unix_min| u64::from(unix_min) * MINUTE_MS),
            joined_5_min: recent.iter().map(|one| one.joined).sum(),
            reconnects_5_min: recent.iter().map(|one| one.came_back).sum(),
            rooms: self
                .order
                .iter()
                .filter_map(|id| self.rooms.get(id))
                .map(room)
                .collect(),
        }
    }
}
