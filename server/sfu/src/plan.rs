// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Which source belongs in which slot of a room, for one side of its stage, and how many cameras it shows. Pure: the same
//! inputs and the same plan before give the same plan after. Who may be seen was decided elsewhere.

use crate::api::{ParticipantKey, SourceKind};
use crate::sdp::{SlotKind, limits};

/// Voices that are heard at once (the loudest).
pub const VOICES_MAX: usize = limits::RACK_VOICE_SLOTS_MAX as usize;
/// Cameras that are seen at once, however small the room.
pub const CAMERAS_MAX: usize = limits::RACK_CAMERA_SLOTS_MAX as usize;

/// Packets per second that one thread sends, measured on a core of 2.5 GHz (3.4 us each).
const THREAD_PACKETS_PER_S: usize = 290_000;
/// What one room may take of a thread, percent: the rest is for other rooms, retransmissions and handshakes.
const ROOM_PERCENT: usize = 75;
/// Packets per second of a full picture: 1.5 Mbit/s in pieces of 1,100 bytes.
const PICTURE_PACKETS_PER_S: usize = 170;
/// Packets per second of a sound.
const SOUND_PACKETS_PER_S: usize = 50;
/// Packets per second of the main speaker's camera and all voices.
const MAIN_PACKETS_PER_S: usize = PICTURE_PACKETS_PER_S + VOICES_MAX * SOUND_PACKETS_PER_S;
/// Packets per second of a shared screen with sound.
const SCREEN_PACKETS_PER_S: usize = PICTURE_PACKETS_PER_S + SOUND_PACKETS_PER_S;
/// Packets per second of each further camera: 30 pictures in two pieces, the middle layer of a browser's simulcast.
const CAMERA_PACKETS_PER_S: usize = 60;
/// A room shows more cameras again when that would also hold with so many more viewers, percent.
const SLACK_PERCENT: usize = 10;

/// How many cameras a room shows, with so many viewers on the thread that has most of them: packets per second are
/// viewers x cameras x rate, and a room is to take no more of a thread than its share. `shares`: a screen is shown too.
/// `before`: how many cameras the room showed.
///
/// Without a screen: all 12 up to 221 viewers on a thread, 4 up to 435, the main speaker's alone above 572.
#[must_use]
pub fn cameras_for(viewers: usize, shares: bool, before: usize) -> usize {
    let fixed = MAIN_PACKETS_PER_S + usize::from(shares) * SCREEN_PACKETS_PER_S;
    let fit = |viewers: usize| {
        let each = THREAD_PACKETS_PER_S * ROOM_PERCENT / 100 / viewers.max(1);
        let rest = each.saturating_sub(fixed) / CAMERA_PACKETS_PER_S;
        (1 + rest).min(CAMERAS_MAX)
    };
    let now = fit(viewers);
    now.min(before.max(fit(viewers + viewers * SLACK_PERCENT / 100)))
}

/// A published track, unique for the life of the process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceId(pub u64);

/// A source that may be plugged into a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SourceRef {
    /// The source.
    pub id: SourceId,
    /// Whose it is.
    pub participant: ParticipantKey,
    /// Which of theirs.
    pub kind: SourceKind,
}

type Cameras = [Option<SourceRef>; CAMERAS_MAX];

/// Sources by slot.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    voices: [Option<SourceRef>; VOICES_MAX],
    /// For racks with one camera slot, with two, and so on: who is missing from a small one is not a question of places.
    cameras: [Cameras; CAMERAS_MAX],
    screen: Option<SourceRef>,
    screen_audio: Option<SourceRef>,
}

/// Fills `slots` with `wanted`, leaving those who stay where they are.
fn keep_places(slots: &mut [Option<SourceRef>], wanted: &[SourceRef]) {
    for slot in slots.iter_mut() {
        if slot.is_some_and(|held| !wanted.contains(&held)) {
            *slot = None;
        }
    }
    for source in wanted {
        if slots.contains(&Some(*source)) {
            continue;
        }
        if let Some(free) = slots.iter_mut().find(|slot| slot.is_none()) {
            *free = Some(*source);
        }
    }
}

/// Moves `source` to the first slot; who was there takes its place.
fn bring_to_front(slots: &mut [Option<SourceRef>], source: SourceRef) {
    match slots.iter().position(|slot| *slot == Some(source)) {
        Some(place) => slots.swap(0, place),
        None => {
            if let Some(first) = slots.first_mut() {
                *first = Some(source);
            }
        }
    }
}

/// Empties the first slot; who was there takes a free one, if there is any.
fn leave_front(slots: &mut [Option<SourceRef>]) {
    if let Some(held) = slots.first_mut().and_then(Option::take)
        && let Some(free) = slots.iter_mut().skip(1).find(|slot| slot.is_none())
    {
        *free = Some(held);
    }
}

/// Who may be shown, and who speaks.
#[derive(Debug, Clone, Copy, Default)]
pub struct Scene<'a> {
    /// Sources that may be seen, in order of going on air.
    pub visible: &'a [SourceRef],
    /// The main speaker.
    pub main: Option<ParticipantKey>,
    /// Who speaks, loudest first.
    pub loudest: &'a [ParticipantKey],
    /// Who has spoken at all, the last one first.
    pub spoke: &'a [ParticipantKey],
    /// How many of the first in `spoke` did so a moment ago: their cameras are not taken away.
    pub lately: usize,
    /// How many cameras are shown (see [`cameras_for`]).
    pub cameras: usize,
}

impl Scene<'_> {
    fn of(&self, kind: SourceKind) -> impl DoubleEndedIterator<Item = SourceRef> + '_ {
        self.visible.iter().copied().filter(move |s| s.kind == kind)
    }

    fn is_main(&self, source: &SourceRef) -> bool {
        Some(source.participant) == self.main
    }

    /// The cameras of a rack with so many slots for them. Who is shown stays, in the same place, until there is no room
    /// for somebody who spoke later: then the one who has been silent longest goes.
    fn cameras(&self, before: &Cameras, slots: usize, sharer: Option<ParticipantKey>) -> Cameras {
        let mut places = *before;
        let mut cameras: Vec<SourceRef> = self.of(SourceKind::Camera).collect();
        let main = cameras.iter().copied().find(|s| self.is_main(s));
        cameras.sort_by_cached_key(|s| {
            let spoke = self.spoke.iter().position(|p| *p == s.participant);
            let held = before.contains(&Some(*s));
            let stays = held && spoke.is_some_and(|place| place < self.lately);
            let shares = Some(s.participant) == sharer;
            (!self.is_main(s), !shares, !stays, spoke.unwrap_or(usize::MAX), !held)
        });
        // The first place shares its stream with the main voice: never somebody else's picture.
        let is_kept_free = main.is_none() && self.main.is_some();
        let room = slots.min(self.cameras).max(1);
        cameras.truncate(room.saturating_sub(usize::from(is_kept_free)));
        let used = places.get_mut(..slots).unwrap_or_default();
        if is_kept_free {
            leave_front(used);
        }
        keep_places(used.get_mut(usize::from(is_kept_free)..).unwrap_or_default(), &cameras);
        if let Some(camera) = main {
            bring_to_front(used, camera);
        }
        places
    }
}

impl Plan {
    /// The next plan.
    #[must_use]
    pub fn next(&self, scene: &Scene<'_>) -> Plan {
        let mut plan = self.clone();
        let newest = |kind: SourceKind, kept: Option<SourceRef>| {
            kept.filter(|held| scene.visible.contains(held))
                .or_else(|| scene.of(kind).next_back())
        };
        plan.screen = newest(SourceKind::Screen, self.screen);
        let sharer = plan.screen.map(|s| s.participant);
        plan.screen_audio = scene
            .of(SourceKind::ScreenAudio)
            .find(|s| Some(s.participant) == sharer)
            .or_else(|| newest(SourceKind::ScreenAudio, self.screen_audio));

        for (slots, (next, before)) in (1..).zip(plan.cameras.iter_mut().zip(&self.cameras)) {
            *next = scene.cameras(before, slots, sharer);
        }

        let mut voices: Vec<SourceRef> = scene.of(SourceKind::Mic).collect();
        let held = |s: &SourceRef| self.voices.contains(&Some(*s));
        let rank = |s: &SourceRef| {
            let place = scene.loudest.iter().position(|p| *p == s.participant);
            place.unwrap_or(usize::MAX)
        };
        voices.sort_by_key(|s| (!scene.is_main(s), rank(s), !held(s)));
        voices.truncate(VOICES_MAX);
        keep_places(&mut plan.voices, &voices);
        match scene.of(SourceKind::Mic).find(|s| scene.is_main(s)) {
            Some(mic) => bring_to_front(&mut plan.voices, mic),
            // The first voice is never somebody else's under the main speaker's picture.
            None if scene.main.is_some() => leave_front(&mut plan.voices),
            None => {}
        }
        plan
    }

    /// What belongs in the `ordinal`-th slot of a kind, in a rack with so many slots for cameras. Without cameras or
    /// screen the program shows nothing.
    #[must_use]
    pub fn at(&self, kind: SlotKind, ordinal: usize, camera_slots: usize) -> Option<SourceRef> {
        let cameras = || self.cameras.get(camera_slots.clamp(1, CAMERAS_MAX) - 1);
        match kind {
            SlotKind::Voice => self.voices.get(ordinal).copied().flatten(),
            SlotKind::Camera => cameras()?.get(ordinal).copied().flatten(),
            SlotKind::Screen => self.screen,
            SlotKind::ScreenAudio => self.screen_audio,
            SlotKind::Program => self
                .screen
                .or_else(|| self.cameras.last()?.iter().copied().flatten().next()),
        }
    }

    /// The one voice of somebody who has a single slot for sound.
    #[must_use]
    pub fn program_voice(&self) -> Option<SourceRef> {
        self.voices.iter().copied().flatten().next()
    }

    /// Whether a source is anywhere in the plan.
    #[must_use]
    pub fn shows(&self, id: SourceId) -> bool {
        let cameras = self.cameras.iter().flatten();
        let all = self
            .voices
            .iter()
            .chain(cameras)
            .chain([&self.screen, &self.screen_audio]);
        all.flatten().any(|s| s.id == id)
    }
}

#[cfg(test)]
mod tests;
