// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Directing a stage: what everybody is shown, lower thirds, the speaker's timer, messages to speakers, and the pause
//! that comes when media of all who are on air break off.

use std::collections::BTreeSet;

use fiera_protocol::client::Command;
use fiera_protocol::ids::{DirectionId, ParticipantId, RoomId, RoomKind, SourceKind};
use fiera_protocol::limits::{DIRECTIONS_MAX, RESUMING_AFTER_MS, TIMER_S_MAX, TIMER_S_MIN};
use fiera_protocol::stage::{Directed, SpeakerTimer, StageShow, StageStep};
use fiera_protocol::view::{EventPhase, Place};

use super::{Drawn, Model, Verdict};

/// Of a room, as it outlives a crash.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Show {
    pub(crate) shown: StageShow,
    pub(crate) timer: Option<SpeakerTimer>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Direction {
    pub(crate) id: DirectionId,
    pub(crate) text: String,
    pub(crate) to: Vec<Directed>,
}

/// Whether media of a room broke off.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Pause {
    began: bool,
    since_ms: Option<u64>,
    lost: bool,
    dismissed: bool,
}

impl Pause {
    pub(super) fn of_somebody_lost() -> Self {
        Self {
            lost: true,
            ..Self::default()
        }
    }
}

impl Model {
    /// ST2: whether a room lets nothing be heard.
    pub(crate) fn silences(&self, room: &RoomId, source: SourceKind) -> bool {
        self.room(room).show.shown.sound_off && matches!(source, SourceKind::Mic | SourceKind::ScreenAudio)
    }

    pub(crate) fn directions(&self, room: &RoomId) -> &[Direction] {
        self.here.directions.get(room).map_or(&[], Vec::as_slice)
    }

    fn on_stage(&self, room: &RoomId) -> Vec<ParticipantId> {
        let both = [&self.here.on_air[room], &self.here.waiting[room]];
        both.into_iter().flatten().copied().collect()
    }

    pub(super) fn judge_show(&self, actor: ParticipantId, command: &Command) -> Option<Verdict> {
        let Command::Stage { step } = command else { return None };
        let Some(room) = self.room_of(actor) else {
            return Some(Verdict::Refuse);
        };
        let known = |id: &DirectionId| self.directions(&room).iter().find(|one| one.id == *id);
        let fits = match step {
            StageStep::Layout { .. }
            | StageStep::Titles { .. }
            | StageStep::SoundOff { .. }
            | StageStep::StopTimer {}
            | StageStep::EndPause {} => true,
            StageStep::Timer {
                seconds,
                amber_s,
                red_s,
            } => (TIMER_S_MIN..=TIMER_S_MAX).contains(seconds) && red_s <= amber_s && amber_s <= seconds,
            StageStep::ExtendTimer { seconds, ends_unix_ms } => {
                let timer = self.room(&room).show.timer;
                let ends = self.unix_ms.max(*ends_unix_ms) + u64::from(*seconds) * 1_000;
                let short = *seconds > 0 && ends <= self.unix_ms + u64::from(TIMER_S_MAX) * 1_000;
                timer.is_some_and(|timer| timer.ends_unix_ms == *ends_unix_ms) && short
            }
            StageStep::SetTitle { title, participant } => {
                let target = participant.unwrap_or(actor);
                let taken_away = title.is_none() && self.kept.titles.contains_key(&target);
                let words = |text: &str| self.has_voice(actor) && self.lets_through(text);
                let fits = title.as_ref().is_none_or(|title| words(title.as_str()));
                (taken_away || self.on_stage(&room).contains(&target)) && fits
            }
            StageStep::Direct { participant, .. } => {
                let meant = |who: &ParticipantId| participant.is_none_or(|only| only == *who);
                self.on_stage(&room).iter().any(meant)
            }
            StageStep::EndDirection { direction } => known(direction).is_some(),
            StageStep::Acknowledge { direction } => {
                known(direction).is_some_and(|one| one.to.iter().any(|to| to.participant == actor))
            }
        };
        Some(fits.into())
    }

    pub(super) fn do_show(&mut self, actor: ParticipantId, command: &Command, drawn: &Drawn<'_>) {
        let Command::Stage { step } = command else { return };
        let room = self.room_of(actor).expect("judged");
        let unix_ms = self.unix_ms;
        match step {
            StageStep::Layout { layout } => self.room_mut(&room).show.shown.layout = *layout,
            StageStep::Titles { on } => self.room_mut(&room).show.shown.titles = *on,
            StageStep::SoundOff { off } => self.room_mut(&room).show.shown.sound_off = *off,
            StageStep::Timer {
                seconds,
                amber_s,
                red_s,
            } => {
                self.room_mut(&room).show.timer = Some(SpeakerTimer {
                    ends_unix_ms: unix_ms + u64::from(*seconds) * 1_000,
                    amber_s: *amber_s,
                    red_s: *red_s,
                });
            }
            StageStep::ExtendTimer { seconds, ends_unix_ms } => {
                let timer = self.room_mut(&room).show.timer.as_mut().expect("judged");
                timer.ends_unix_ms = unix_ms.max(*ends_unix_ms) + u64::from(*seconds) * 1_000;
            }
            StageStep::StopTimer {} => self.room_mut(&room).show.timer = None,
            StageStep::EndPause {} => {
                let shown = &mut self.room_mut(&room).show.shown;
                if std::mem::take(&mut shown.resuming) {
                    let pause = self.here.pauses.entry(room).or_default();
                    *pause = Pause {
                        began: pause.began,
                        dismissed: true,
                        ..Pause::default()
                    };
                }
            }
            StageStep::SetTitle { title, participant } => {
                let target = participant.unwrap_or(actor);
                match title {
                    Some(title) => self.kept.titles.insert(target, title.clone()),
                    None => self.kept.titles.remove(&target),
                };
            }
            StageStep::Direct { text, participant } => {
                let meant = |who: &ParticipantId| participant.is_none_or(|only| only == *who);
                let to = self.on_stage(&room).into_iter().filter(meant);
                let to = to.map(|who| Directed {
                    participant: who,
                    name: self.name(who),
                    acknowledged: false,
                });
                let to: Vec<Directed> = to.collect();
                let known: BTreeSet<DirectionId> = self.here.directions.values().flatten().map(|one| one.id).collect();
                let new: BTreeSet<DirectionId> = drawn.directed.difference(&known).copied().collect();
                assert_eq!(new.len(), 1, "ST4: {to:?} were told one thing");
                let all = self.here.directions.entry(room).or_default();
                if all.len() >= DIRECTIONS_MAX {
                    let read = |one: &Direction| one.to.iter().all(|to| to.acknowledged);
                    all.remove(all.iter().position(read).unwrap_or(0));
                }
                all.push(Direction {
                    id: *new.first().expect("one"),
                    text: text.as_str().to_owned(),
                    to,
                });
            }
            StageStep::EndDirection { direction } => {
                let all = self.here.directions.get_mut(&room).expect("judged");
                all.retain(|one| one.id != *direction);
            }
            StageStep::Acknowledge { direction } => {
                let all = self.here.directions.get_mut(&room).expect("judged").iter_mut();
                let one = all.filter(|one| one.id == *direction).flat_map(|one| &mut one.to);
                one.filter(|to| to.participant == actor)
                    .for_each(|to| to.acknowledged = true);
            }
        }
    }

    /// ST6: somebody's connection is lost for good; were they on air, the room waits for them.
    pub(super) fn lost_on_air(&mut self, who: ParticipantId) {
        let Some(room) = self.room_of(who).filter(|_| self.place(who) == Place::OnAir) else {
            return;
        };
        let resuming = self.room(&room).show.shown.resuming;
        let pause = self.here.pauses.entry(room).or_default();
        pause.lost |= pause.began || resuming;
    }

    pub(super) fn pause_due_ms(&self) -> Option<u64> {
        let since = self.here.pauses.values().filter_map(|pause| pause.since_ms).min();
        since.map(|since_ms| since_ms + RESUMING_AFTER_MS)
    }

    pub(super) fn pause_due(&mut self) {
        let now_ms = self.now_ms;
        let due = |pause: &Pause| pause.since_ms.is_some_and(|since| since + RESUMING_AFTER_MS <= now_ms);
        let due = self.here.pauses.iter().filter(|(_, pause)| due(pause));
        let due: Vec<RoomId> = due.map(|(room, _)| room.clone()).collect();
        for room in due {
            self.here.pauses.get_mut(&room).expect("due").since_ms = None;
            self.room_mut(&room).show.shown.resuming = true;
        }
    }

    /// ST6, after each input: whether what is seen and heard of a stage broke off, or goes on.
    pub(crate) fn watch_stages(&mut self) {
        for id in self.here.on_air.keys().cloned().collect::<Vec<_>>() {
            let room = self.room(&id);
            let resuming = room.show.shown.resuming;
            let runs = self.kept.phase == EventPhase::Live && room.kind != RoomKind::Breakout;
            let on_air = &self.here.on_air[&id];
            let (mut arrives, mut on) = (false, false);
            for who in on_air {
                let none = BTreeSet::new();
                let flows = self.here.flows.get(who).unwrap_or(&none);
                let heard = self.here.people[who]
                    .sources
                    .iter()
                    .filter(|source| !self.silences(&id, **source));
                for source in heard {
                    on = true;
                    arrives |= flows.contains(source);
                }
            }
            let pause = self.here.pauses.get(&id).cloned().unwrap_or_default();
            let goes_on = pause.lost || resuming && !on_air.is_empty();
            let broken = !arrives && (goes_on || on && pause.began);
            if !runs || !broken {
                let over = Pause {
                    began: arrives,
                    ..Pause::default()
                };
                if pause != over {
                    self.here.pauses.insert(id.clone(), over);
                }
                if resuming {
                    self.room_mut(&id).show.shown.resuming = false;
                }
            } else if pause.since_ms.is_none() && !resuming && !pause.dismissed {
                let now_ms = self.now_ms;
                self.here.pauses.entry(id).or_default().since_ms = Some(now_ms);
            }
        }
    }

    /// The event is over: nothing is directed any more.
    pub(super) fn forget_shows(&mut self) {
        self.kept.titles.clear();
        (self.here.directions, self.here.pauses) = Default::default();
        for id in self.kept.rooms.keys().cloned().collect::<Vec<_>>() {
            self.room_mut(&id).show = Show::default();
        }
    }
}
