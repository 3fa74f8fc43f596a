// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! How a stage is directed: layout, lower thirds, sound off for all, the speaker's timer, messages to speakers. What
//! everybody is shown is kept as working state; messages are between those on the stage, and in memory only.

use fiera_protocol::client::Command;
use fiera_protocol::ids::{DirectionId, ParticipantId, RoomId, SourceKind};
use fiera_protocol::limits::{DIRECTIONS_MAX, TIMER_S_MAX, TIMER_S_MIN, TITLES_MAX};
use fiera_protocol::stage::{Directed, DirectionView, SpeakerTimer, StageLayout, StageShow, StageStep, YourDirection};
use fiera_protocol::text::{DirectionText, TitleText};
use fiera_protocol::view::Place;
use serde::{Deserialize, Serialize};

use crate::access::Deed;
use crate::hub::Hub;
use crate::input::Now;
use crate::keeping::{from_hex, hex, row};
use crate::pause::Pause;
use crate::refusal::{self, Refusal};

/// How the stage of one room is directed.
#[derive(Debug, Default)]
pub(crate) struct Show {
    kept: KeptShow,
    /// Oldest first.
    directions: Vec<Direction>,
    pub(crate) pause: Pause,
}

/// What of it outlives the process. No person is in it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct KeptShow {
    layout: StageLayout,
    sound_off: bool,
    titles_off: bool,
    timer: Option<SpeakerTimer>,
    resuming: bool,
}

#[derive(Debug)]
struct Direction {
    id: DirectionId,
    text: DirectionText,
    to: Vec<Directed>,
}

impl KeptShow {
    /// The same, with or without a pause.
    pub(crate) fn with_pause(self, resuming: bool) -> Self {
        Self { resuming, ..self }
    }

    /// Whether everybody is told that the talk resumes shortly.
    pub(crate) fn resuming(self) -> bool {
        self.resuming
    }
}

impl Show {
    /// As everybody sees it.
    pub(crate) fn shown(&self) -> StageShow {
        StageShow {
            layout: self.kept.layout,
            sound_off: self.kept.sound_off,
            titles: !self.kept.titles_off,
            resuming: self.kept.resuming,
        }
    }

    pub(crate) fn kept(&self) -> KeptShow {
        self.kept
    }

    pub(crate) fn timer(&self) -> Option<SpeakerTimer> {
        self.kept.timer
    }

    /// Whether a source is silenced with the room.
    pub(crate) fn silences(&self, source: SourceKind) -> bool {
        self.kept.sound_off && matches!(source, SourceKind::Mic | SourceKind::ScreenAudio)
    }

    /// As moderators see the messages to speakers.
    pub(crate) fn directions(&self) -> Vec<DirectionView> {
        let view = |one: &Direction| DirectionView {
            direction: one.id,
            text: one.text.as_str().to_owned(),
            to: one.to.clone(),
        };
        self.directions.iter().map(view).collect()
    }

    /// What somebody was told and has not acknowledged.
    pub(crate) fn directions_to(&self, participant: ParticipantId) -> Vec<YourDirection> {
        let waits = |one: &&Direction| {
            one.to
                .iter()
                .any(|to| to.participant == participant && !to.acknowledged)
        };
        let view = |one: &Direction| YourDirection {
            direction: one.id,
            text: one.text.as_str().to_owned(),
        };
        self.directions.iter().filter(waits).map(view).collect()
    }
}

impl Hub {
    pub(crate) fn stage_command(&mut self, now: Now, actor: ParticipantId, command: Command) -> Result<(), Refusal> {
        let Command::Stage { step } = command else {
            return Err(refusal::NOT_ALLOWED);
        };
        match step {
            StageStep::SetTitle { title, participant } => self.set_title(actor, participant.unwrap_or(actor), title),
            StageStep::Acknowledge { direction } => self.acknowledge_direction(actor, direction),
            step => {
                let (room, seat) = self.room_seat(Deed::DirectStage, actor)?;
                debug_assert!(seat.fits(&room, &[Deed::DirectStage]), "{seat:?}");
                self.direct_stage(now, &room, step)
            }
        }
    }

    fn direct_stage(&mut self, now: Now, room_id: &RoomId, step: StageStep) -> Result<(), Refusal> {
        let before = self.room_mut(room_id)?.show.kept;
        let after = match step {
            StageStep::Layout { layout } => KeptShow { layout, ..before },
            StageStep::Titles { on } => KeptShow {
                titles_off: !on,
                ..before
            },
            StageStep::SoundOff { off } => KeptShow {
                sound_off: off,
                ..before
            },
            StageStep::Timer {
                seconds,
                amber_s,
                red_s,
            } => {
                if !(TIMER_S_MIN..=TIMER_S_MAX).contains(&seconds) || red_s > amber_s || amber_s > seconds {
                    return Err(refusal::TIMER_NOT_POSSIBLE);
                }
                let timer = Some(SpeakerTimer {
                    ends_unix_ms: now.unix_ms.saturating_add(u64::from(seconds) * 1_000),
                    amber_s,
                    red_s,
                });
                KeptShow { timer, ..before }
            }
            StageStep::ExtendTimer { seconds, ends_unix_ms } => {
                let timer = before.timer.ok_or(refusal::NO_TIMER)?;
                if timer.ends_unix_ms != ends_unix_ms {
                    return Err(refusal::TIMER_CHANGED);
                }
                // From now on where its time is over already.
                let ends = timer.ends_unix_ms.max(now.unix_ms) + u64::from(seconds) * 1_000;
                if seconds == 0 || ends > now.unix_ms + u64::from(TIMER_S_MAX) * 1_000 {
                    return Err(refusal::TIMER_NOT_POSSIBLE);
                }
                let timer = Some(SpeakerTimer {
                    ends_unix_ms: ends,
                    ..timer
                });
                KeptShow { timer, ..before }
            }
            StageStep::StopTimer {} => KeptShow { timer: None, ..before },
            StageStep::EndPause {} => {
                // Where nothing pauses, the next break is to be told all the same.
                if before.resuming {
                    self.room_mut(room_id)?.show.pause.end();
                }
                KeptShow {
                    resuming: false,
                    ..before
                }
            }
            StageStep::Direct { text, participant } => return self.direct(room_id, text, participant),
            StageStep::EndDirection { direction } => return self.end_direction(room_id, direction),
            StageStep::SetTitle { .. } | StageStep::Acknowledge { .. } => return Err(refusal::NOT_ALLOWED),
        };
        self.keep_show(room_id, after);
        Ok(())
    }

    /// Makes it true and keeps it, where it is something else.
    pub(crate) fn keep_show(&mut self, room_id: &RoomId, show: KeptShow) {
        let known = self.rooms.get(room_id).map(|room| room.show.kept);
        if known.is_some_and(|known| known != show) {
            let value = (show != KeptShow::default()).then_some(show);
            self.keep_row(format!("show/{room_id}"), value);
        }
    }

    fn set_title(
        &mut self,
        actor: ParticipantId,
        target: ParticipantId,
        title: Option<TitleText>,
    ) -> Result<(), Refusal> {
        let deed = if actor == target {
            Deed::SetOwnTitle
        } else {
            Deed::DirectStage
        };
        let (room_id, seat) = self.room_seat(deed, actor)?;
        debug_assert!(seat.fits(&room_id, &[deed]), "{seat:?}");
        let room = self.rooms.get(&room_id).ok_or(refusal::UNKNOWN_ROOM)?;
        // A line that is there can be taken away wherever its owner is.
        let taken_away = title.is_none() && self.titles.contains_key(&target);
        if room.place(target) == Place::Audience && !taken_away {
            return Err(if actor == target {
                refusal::BACKSTAGE_FIRST
            } else {
                refusal::UNKNOWN_PARTICIPANT
            });
        }
        if let Some(title) = &title {
            self.has_voice(actor)?;
            self.lets_through(title.as_str())?;
        }
        if title.is_some() && !self.titles.contains_key(&target) && self.titles.len() >= TITLES_MAX {
            return Err(refusal::TOO_MANY_TITLES);
        }
        if self.titles.get(&target) != title.as_ref() {
            self.keep_row(format!("title/{}", hex(target.as_u128())), title);
        }
        Ok(())
    }

    fn direct(
        &mut self,
        room_id: &RoomId,
        text: DirectionText,
        participant: Option<ParticipantId>,
    ) -> Result<(), Refusal> {
        let room = self.rooms.get(room_id).ok_or(refusal::UNKNOWN_ROOM)?;
        let stage = room.on_air().iter().chain(room.waiting()).copied();
        let meant = stage.filter(|one| participant.is_none_or(|only| only == *one));
        let person = |one: ParticipantId| self.people.get(&one).filter(|person| person.is_person());
        let directed = |one: ParticipantId| {
            person(one).map(|person| Directed {
                participant: one,
                name: person.name.clone(),
                acknowledged: false,
            })
        };
        let to: Vec<Directed> = meant.filter_map(directed).collect();
        if to.is_empty() {
            return Err(refusal::NOBODY_TO_DIRECT);
        }
        let id = DirectionId::from_u128(self.chance.id());
        let told: Vec<ParticipantId> = to.iter().map(|to| to.participant).collect();
        let room = self.room_mut(room_id)?;
        let directions = &mut room.show.directions;
        if directions.len() >= DIRECTIONS_MAX {
            // The oldest that everybody has read, else the oldest.
            let read = |one: &Direction| one.to.iter().all(|to| to.acknowledged);
            let gone = directions.remove(directions.iter().position(read).unwrap_or(0));
            self.dirty.people.extend(gone.to.iter().map(|to| to.participant));
        }
        let room = self.room_mut(room_id)?;
        room.show.directions.push(Direction { id, text, to });
        self.dirty.people.extend(told);
        self.dirty.rooms.insert(room_id.clone());
        Ok(())
    }

    fn end_direction(&mut self, room_id: &RoomId, direction: DirectionId) -> Result<(), Refusal> {
        let directions = &mut self.room_mut(room_id)?.show.directions;
        let at = directions.iter().position(|one| one.id == direction);
        let gone = directions.remove(at.ok_or(refusal::UNKNOWN_DIRECTION)?);
        self.dirty.people.extend(gone.to.iter().map(|to| to.participant));
        self.dirty.rooms.insert(room_id.clone());
        Ok(())
    }

    fn acknowledge_direction(&mut self, actor: ParticipantId, direction: DirectionId) -> Result<(), Refusal> {
        let (room_id, seat) = self.room_seat(Deed::Acknowledge, actor)?;
        debug_assert!(seat.fits(&room_id, &[Deed::Acknowledge]), "{seat:?}");
        let directions = &mut self.room_mut(&room_id)?.show.directions;
        let one = directions.iter_mut().find(|one| one.id == direction);
        let to = one.and_then(|one| one.to.iter_mut().find(|to| to.participant == actor));
        to.ok_or(refusal::UNKNOWN_DIRECTION)?.acknowledged = true;
        self.dirty.people.insert(actor);
        self.dirty.rooms.insert(room_id);
        Ok(())
    }

    /// The room is no more: nothing is directed there, and nothing of it is kept.
    pub(crate) fn end_show(&mut self, id: &RoomId) {
        self.forget_pause(id);
        self.keep_show(id, KeptShow::default());
        let Some(room) = self.rooms.get_mut(id) else { return };
        let told = std::mem::take(&mut room.show.directions);
        let told = told.iter().flat_map(|one| one.to.iter().map(|to| to.participant));
        let here = told.filter(|to| self.people.contains_key(to));
        self.dirty.people.extend(here);
        self.dirty.rooms.insert(id.clone());
    }

    pub(crate) fn apply_show_row(&mut self, name: &[&str], value: Option<&[u8]>) {
        let [room] = name else { return };
        let Some((id, room)) = self.rooms.iter_mut().find(|(id, _)| id.as_str() == *room) else {
            return;
        };
        let before = std::mem::replace(&mut room.show.kept, value.and_then(row).unwrap_or_default());
        if room.show.kept.sound_off != before.sound_off {
            self.dirty.people.extend(room.on_air().iter().chain(room.waiting()));
        }
        self.dirty.rooms.insert(id.clone());
    }

    pub(crate) fn apply_title_row(&mut self, name: &[&str], value: Option<&[u8]>) {
        let [participant] = name else { return };
        let Some(participant) = from_hex(participant).map(ParticipantId::from_u128) else {
            return;
        };
        let title: Option<TitleText> = value.and_then(row);
        match title.clone() {
            Some(title) => self.titles.insert(participant, title),
            None => self.titles.remove(&participant),
        };
        if let Some(person) = self.people.get_mut(&participant) {
            person.title = title;
            self.dirty.rooms.extend(person.room.clone());
        }
    }

    /// The event is over: nothing is directed any more.
    pub(crate) fn wipe_shows(&mut self) {
        let rooms: Vec<RoomId> = self.rooms.keys().cloned().collect();
        for room in &rooms {
            self.forget_pause(room);
        }
        self.titles.clear();
        for person in self.people.values_mut() {
            person.title = None;
        }
        for (id, room) in &mut self.rooms {
            let told = room.show.directions.iter().flat_map(|one| one.to.iter());
            self.dirty
                .people
                .extend(told.map(|to| to.participant).filter(|to| self.people.contains_key(to)));
            room.show = Show::default();
            self.dirty.people.extend(room.on_air().iter().chain(room.waiting()));
            self.dirty.rooms.insert(id.clone());
        }
    }
}
