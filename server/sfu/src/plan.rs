// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Which source belongs in which slot of a room, for one side of its stage. Pure: the same inputs and the same plan
//! before give the same plan after. Who may be seen was decided elsewhere.

use crate::api::{ParticipantKey, SourceKind};
use crate::sdp::SlotKind;

/// Voices that are heard at once (the loudest).
pub const VOICES_MAX: usize = 3;
/// Cameras that are seen at once.
pub const CAMERAS_MAX: usize = 4;

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

/// Sources by slot.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    voices: [Option<SourceRef>; VOICES_MAX],
    cameras: [Option<SourceRef>; CAMERAS_MAX],
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

impl Plan {
    /// The next plan. `visible`: sources that may be seen, in order of going on air. `main`: the main speaker.
    /// `loudest`: who speaks, loudest first.
    #[must_use]
    pub fn next(&self, visible: &[SourceRef], main: Option<ParticipantKey>, loudest: &[ParticipantKey]) -> Plan {
        let mut plan = self.clone();
        let of = |kind: SourceKind| visible.iter().copied().filter(move |s| s.kind == kind);
        let owned = |kind: SourceKind| of(kind).find(|s| Some(s.participant) == main);

        let mut cameras: Vec<SourceRef> = of(SourceKind::Camera).collect();
        cameras.sort_by_key(|s| Some(s.participant) != main);
        cameras.truncate(CAMERAS_MAX);
        keep_places(&mut plan.cameras, &cameras);
        match owned(SourceKind::Camera) {
            Some(camera) => bring_to_front(&mut plan.cameras, camera),
            // The first camera slot shares its stream with the main voice: never somebody else's picture.
            None if main.is_some() => leave_front(&mut plan.cameras),
            None => {}
        }

        let mut voices: Vec<SourceRef> = of(SourceKind::Mic).collect();
        let held = |s: &SourceRef| plan.voices.contains(&Some(*s));
        let rank = |s: &SourceRef| loudest.iter().position(|p| *p == s.participant).unwrap_or(usize::MAX);
        voices.sort_by_key(|s| (Some(s.participant) != main, rank(s), !held(s)));
        voices.truncate(VOICES_MAX);
        keep_places(&mut plan.voices, &voices);
        match owned(SourceKind::Mic) {
            Some(mic) => bring_to_front(&mut plan.voices, mic),
            // ... and the first voice is never somebody else's under the main speaker's picture.
            None if main.is_some() => leave_front(&mut plan.voices),
            None => {}
        }

        let newest = |kind: SourceKind, kept: Option<SourceRef>| {
            kept.filter(|held| visible.contains(held))
                .or_else(|| of(kind).next_back())
        };
        plan.screen = newest(SourceKind::Screen, self.screen);
        let sharer = plan.screen.map(|s| s.participant);
        plan.screen_audio = of(SourceKind::ScreenAudio)
            .find(|s| Some(s.participant) == sharer)
            .or_else(|| newest(SourceKind::ScreenAudio, self.screen_audio));
        plan
    }

    /// What belongs in the `ordinal`-th slot of a kind. Without cameras or screen the program shows nothing.
    #[must_use]
    pub fn at(&self, kind: SlotKind, ordinal: usize) -> Option<SourceRef> {
        match kind {
            SlotKind::Voice => self.voices.get(ordinal).copied().flatten(),
            SlotKind::Camera => self.cameras.get(ordinal).copied().flatten(),
            SlotKind::Screen => self.screen,
            SlotKind::ScreenAudio => self.screen_audio,
            SlotKind::Program => self.screen.or_else(|| self.cameras.iter().copied().flatten().next()),
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
        let all = self
            .voices
            .iter()
            .chain(&self.cameras)
            .chain([&self.screen, &self.screen_audio]);
        all.flatten().any(|s| s.id == id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(id: u64, participant: u64, kind: SourceKind) -> SourceRef {
        SourceRef {
            id: SourceId(id),
            participant: ParticipantKey(participant),
            kind,
        }
    }

    fn person(n: u64) -> [SourceRef; 2] {
        [
            source(n * 10, n, SourceKind::Camera),
            source(n * 10 + 1, n, SourceKind::Mic),
        ]
    }

    #[test]
    fn the_main_speaker_has_the_first_voice_and_the_first_camera_and_others_stay_put() {
        let visible: Vec<_> = (1..=4).flat_map(person).collect();
        let first = Plan::default().next(&visible, Some(ParticipantKey(1)), &[]);
        let second = first.next(&visible, Some(ParticipantKey(3)), &[ParticipantKey(3)]);
        assert_eq!(second.at(SlotKind::Camera, 0).unwrap().participant, ParticipantKey(3));
        assert_eq!(second.at(SlotKind::Voice, 0).unwrap().participant, ParticipantKey(3));
        assert_eq!(
            second.at(SlotKind::Camera, 2).unwrap().participant,
            ParticipantKey(1),
            "swapped"
        );
        assert_eq!(
            second.at(SlotKind::Camera, 1),
            first.at(SlotKind::Camera, 1),
            "undisturbed"
        );
    }

    #[test]
    fn the_loudest_three_are_heard() {
        let visible: Vec<_> = (1..=6).flat_map(person).collect();
        let loudest = [5, 6, 2].map(ParticipantKey);
        let plan = Plan::default().next(&visible, Some(ParticipantKey(5)), &loudest);
        let mut heard: Vec<_> = (0..3)
            .filter_map(|n| plan.at(SlotKind::Voice, n))
            .map(|s| s.participant.0)
            .collect();
        heard.sort_unstable();
        assert_eq!(heard, [2, 5, 6]);
    }

    #[test]
    fn who_left_is_nowhere() {
        let visible: Vec<_> = (1..=2).flat_map(person).collect();
        let plan = Plan::default().next(&visible, Some(ParticipantKey(1)), &[]);
        let after = plan.next(&person(2), Some(ParticipantKey(2)), &[]);
        assert!(!after.shows(SourceId(10)) && !after.shows(SourceId(11)));
        assert!(after.shows(SourceId(20)));
    }

    #[test]
    fn a_main_speaker_without_camera_is_not_heard_under_another_picture() {
        let mut visible = vec![source(11, 1, SourceKind::Mic)];
        visible.extend(person(2));
        let plan = Plan::default().next(&visible, Some(ParticipantKey(1)), &[]);
        assert_eq!(plan.at(SlotKind::Camera, 0), None);
        assert_eq!(plan.at(SlotKind::Camera, 1).unwrap().participant, ParticipantKey(2));
    }

    #[test]
    fn the_program_prefers_the_screen() {
        let mut visible = person(1).to_vec();
        let plan = Plan::default().next(&visible, None, &[]);
        assert_eq!(plan.at(SlotKind::Program, 0).unwrap().kind, SourceKind::Camera);
        visible.push(source(99, 1, SourceKind::Screen));
        let plan = plan.next(&visible, None, &[]);
        assert_eq!(plan.at(SlotKind::Program, 0).unwrap().kind, SourceKind::Screen);
    }
}
