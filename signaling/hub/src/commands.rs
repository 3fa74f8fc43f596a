// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! What participants can do. Each command is answered once; the same id again gets the same answer and runs not.

use fiera_protocol::client::Command;
use fiera_protocol::ids::{CommandId, DisplayName, ParticipantId, Role, RoomId, RoomKind, SourceKind};
use fiera_protocol::view::{EventPhase, Place};

use crate::access::{self, Deed, Seat};
use crate::fact::Fact;
use crate::hub::Hub;
use crate::input::{ConnectionId, Now};
use crate::keeping::{needs_store, outlives_restart};
use crate::refusal::{self, Refusal};
use crate::room::Room;
use crate::view;

impl Hub {
    pub(crate) fn client_command(&mut self, now: Now, conn: ConnectionId, id: CommandId, command: Command) {
        let Some(connection) = self.connections.get(&conn) else {
            return;
        };
        let participant = connection.participant;
        let Some(person) = self.people.get(&participant) else {
            return;
        };
        if let Some(answer) = person.answers.get(id) {
            self.tell(conn, answer);
            return;
        }
        if self.answered_before(participant, id) {
            self.tell(conn, view::accepted(id));
            return;
        }
        if self.read_only && needs_store(&command) {
            // Not remembered: the same command is run once the store is back.
            self.tell(conn, view::refused(Some(id), refusal::READ_ONLY));
            return;
        }
        let kept_before = self.kept_so_far();
        // Where somebody is ends with the process: after a restart a move is run again, whatever else it had changed.
        let remembered = outlives_restart(&command);
        let answer = match self.carry_out(now, participant, command) {
            Ok(()) => view::accepted(id),
            Err(refusal) => {
                debug_assert_eq!(self.kept_so_far(), kept_before, "refused, and kept something");
                let answer = view::refused(Some(id), refusal);
                if refusal == refusal::READ_ONLY {
                    self.tell(conn, answer);
                    return;
                }
                answer
            }
        };
        if remembered && self.kept_so_far() > kept_before {
            self.keep_answer(participant, id);
        }
        let forgotten = self
            .people
            .get_mut(&participant)
            .and_then(|person| person.answers.remember(id, answer.clone()));
        if let Some(forgotten) = forgotten {
            self.forget_answer(participant, forgotten);
        }
        self.tell(conn, answer);
    }

    fn carry_out(&mut self, now: Now, actor: ParticipantId, command: Command) -> Result<(), Refusal> {
        if self.would_stay_after_rehearsal(actor, &command) {
            return Err(refusal::LOOKS_IN);
        }
        match command {
            Command::Enter { room } => self.walk_to(actor, &room),
            Command::Leave {} => self.leave(actor),
            Command::Rename { name } => self.rename(actor, name),
            Command::EnterBackstage {} => self.enter_backstage(actor),
            Command::LeaveBackstage { participant } => self.leave_backstage(actor, participant.unwrap_or(actor)),
            Command::PutOnAir {
                participant,
                countdown_s,
            } => self.put_on_air(now, actor, participant.unwrap_or(actor), countdown_s),
            Command::TakeOffAir { participant } => self.take_off_air(actor, participant.unwrap_or(actor)),
            Command::SetSource {
                source,
                live,
                participant,
            } => self.set_source(actor, participant.unwrap_or(actor), source, live),
            Command::SetEventPhase { phase } => self.set_event_phase(now, actor, phase),
            Command::Stage { .. } => self.stage_command(now, actor, command),
            Command::Caption { .. } | Command::EraseCaption { .. } => self.caption_command(now, actor, command),
            Command::RaiseHand { .. } | Command::LowerHand { .. } | Command::AcceptHand { .. } => {
                self.hand_command(actor, command)
            }
            Command::Ask { .. }
            | Command::WithdrawQuestion { .. }
            | Command::Upvote { .. }
            | Command::SetQuestion { .. }
            | Command::UndoQuestion { .. }
            | Command::EditQuestion { .. }
            | Command::MergeQuestions { .. }
            | Command::AddLabel { .. }
            | Command::EraseLabel { .. }
            | Command::LabelQuestion { .. }
            | Command::AssignQuestion { .. }
            | Command::AnswerQuestion { .. }
            | Command::SetDue { .. }
            | Command::ArchiveQuestions { .. }
            | Command::EraseQuestion { .. } => self.question_command(now, actor, command),
            Command::Chat { .. }
            | Command::EditMessage { .. }
            | Command::PinMessage { .. }
            | Command::QuestionFromMessage { .. }
            | Command::DeleteMessage { .. } => self.chat_command(now, actor, command),
            Command::SetWordFilter { words } => self.set_word_filter(now, actor, &words),
            Command::Silence { .. } | Command::Ban { .. } | Command::SetRoom { .. } => {
                self.moderation_command(actor, command)
            }
            Command::DraftPoll { .. }
            | Command::PreparePoll { .. }
            | Command::ClonePoll { .. }
            | Command::PlacePoll { .. }
            | Command::SetPoll { .. }
            | Command::DismissPoll { .. }
            | Command::Vote { .. }
            | Command::Answer { .. }
            | Command::JoinQuiz { .. }
            | Command::AskQuiz { .. }
            | Command::ShowEntry { .. }
            | Command::EraseEntry { .. } => self.poll_command(now, actor, command),
            Command::Programme { step } => self.programme_command(now, actor, step),
            Command::Ideas { step } => self.idea_command(now, actor, step),
            Command::Thanks { step } => self.thanks_command(now, actor, step),
            Command::React { reaction } => self.react(now, actor, reaction),
            Command::Announce { .. } | Command::EraseAnnouncement { .. } => {
                self.announcement_command(now, actor, command)
            }
            Command::Breakouts { step } => self.breakout_command(now, actor, step),
            Command::Stand { step } => self.stand_command(now, actor, step),
        }
    }

    /// The role of somebody and the room they are in.
    pub(crate) fn in_room(&self, actor: ParticipantId) -> Result<(Role, RoomId), Refusal> {
        let person = self.people.get(&actor).ok_or(refusal::UNKNOWN_PARTICIPANT)?;
        Ok((person.role, person.room.clone().ok_or(refusal::NOT_IN_ROOM)?))
    }

    /// A seat in the room where the actor is, for something about themselves or that room.
    pub(crate) fn room_seat(&self, deed: Deed, actor: ParticipantId) -> Result<(RoomId, Seat), Refusal> {
        let (role, room_id) = self.in_room(actor)?;
        let room = self.rooms.get(&room_id).ok_or(refusal::UNKNOWN_ROOM)?;
        let seat = Seat::take(deed, role, (&room_id, room.config.kind), self.phase, actor)?;
        Ok((room_id, seat))
    }

    /// A seat for something about the event as a whole.
    pub(crate) fn event_seat(&self, deed: Deed, actor: ParticipantId) -> Result<Seat, Refusal> {
        let person = self.people.get(&actor).ok_or(refusal::UNKNOWN_PARTICIPANT)?;
        Seat::in_event(deed, person.role, self.phase, actor)
    }

    pub(crate) fn room_mut(&mut self, room: &RoomId) -> Result<&mut Room, Refusal> {
        self.rooms.get_mut(room).ok_or(refusal::UNKNOWN_ROOM)
    }

    /// Goes to a room by themselves.
    fn walk_to(&mut self, actor: ParticipantId, room: &RoomId) -> Result<(), Refusal> {
        let before = self.people.get(&actor).and_then(|person| person.room.clone());
        self.enter(actor, room)?;
        self.walked_out(actor, before.as_ref());
        Ok(())
    }

    fn leave(&mut self, actor: ParticipantId) -> Result<(), Refusal> {
        let person = self.people.get(&actor).ok_or(refusal::UNKNOWN_PARTICIPANT)?;
        if person.program {
            return Err(refusal::PROGRAM_PUBLISHES);
        }
        let before = person.room.clone();
        if before.is_none() {
            return Err(refusal::NOT_IN_ROOM);
        }
        self.leave_room(actor);
        self.walked_out(actor, before.as_ref());
        Ok(())
    }

    fn rename(&mut self, actor: ParticipantId, name: DisplayName) -> Result<(), Refusal> {
        let phase = self.phase;
        let person = self.people.get_mut(&actor).ok_or(refusal::UNKNOWN_PARTICIPANT)?;
        access::check(Deed::Rename, person.role, RoomKind::Lobby, phase)?;
        person.name = name;
        self.rename_hand(actor);
        let Some(person) = self.people.get(&actor) else {
            return Ok(());
        };
        self.dirty.rooms.extend(person.room.clone());
        self.dirty.people.insert(actor);
        Ok(())
    }

    pub(crate) fn enter_backstage(&mut self, actor: ParticipantId) -> Result<(), Refusal> {
        let (role, room_id) = self.in_room(actor)?;
        let phase = self.phase;
        let room = self.room_mut(&room_id)?;
        let rights = room.rights(actor, role);
        let seat = Seat::take(Deed::EnterBackstage, rights, (&room_id, room.config.kind), phase, actor)?;
        room.enter_backstage(&seat)?;
        self.moved(actor);
        Ok(())
    }

    fn leave_backstage(&mut self, actor: ParticipantId, target: ParticipantId) -> Result<(), Refusal> {
        let (role, room_id) = self.in_room(actor)?;
        let phase = self.phase;
        let room = self.room_mut(&room_id)?;
        if actor != target {
            let seat = Seat::take(Deed::SendBackOther, role, (&room_id, room.config.kind), phase, target)?;
            debug_assert!(seat.fits(&room_id, &[Deed::SendBackOther]), "{seat:?}");
            Self::on_this_stage(room, actor, target)?;
        }
        if !room.leave_backstage(target) {
            return Err(refusal::BACKSTAGE_FIRST);
        }
        let person = self.people.get_mut(&target).ok_or(refusal::UNKNOWN_PARTICIPANT)?;
        person.switch_all_off();
        if actor != target && person.program {
            // A program has no place in the audience.
            self.external_down(target);
        } else {
            self.moved(target);
        }
        Ok(())
    }

    /// Puts somebody on air, at once or after a countdown.
    pub(crate) fn put_on_air(
        &mut self,
        now: Now,
        actor: ParticipantId,
        target: ParticipantId,
        countdown_s: Option<u8>,
    ) -> Result<(), Refusal> {
        let (role, room_id) = self.in_room(actor)?;
        let phase = self.phase;
        let deed = if actor == target {
            Deed::PutSelfOnAir
        } else {
            Deed::PutOtherOnAir
        };
        let room = self.room_mut(&room_id)?;
        let seat = Seat::take(
            deed,
            room.rights(actor, role),
            (&room_id, room.config.kind),
            phase,
            target,
        )?;
        Self::on_this_stage(room, actor, target)?;
        if let Some(s) = countdown_s.filter(|s| *s > 0) {
            return self.start_countdown(now, &room_id, &seat, s);
        }
        room.put_on_air(&seat)?;
        self.moved(target);
        Ok(())
    }

    fn take_off_air(&mut self, actor: ParticipantId, target: ParticipantId) -> Result<(), Refusal> {
        let (role, room_id) = self.in_room(actor)?;
        let phase = self.phase;
        let room = self.room_mut(&room_id)?;
        let counts_down = room.countdowns.at_unix_ms(target).is_some();
        if actor == target && !counts_down {
            room.step_off_air(actor)?;
        } else if actor != target {
            let place = (&room_id, room.config.kind);
            let seat = Seat::take(Deed::TakeOtherOffAir, role, place, phase, target)?;
            Self::on_this_stage(room, actor, target)?;
            if !counts_down {
                room.take_off_air(&seat)?;
            }
        }
        if counts_down {
            self.cancel_countdown(&room_id, target);
            return Ok(());
        }
        self.moved(target);
        Ok(())
    }

    fn set_source(
        &mut self,
        actor: ParticipantId,
        target: ParticipantId,
        source: SourceKind,
        live: bool,
    ) -> Result<(), Refusal> {
        let (role, room_id) = self.in_room(actor)?;
        let phase = self.phase;
        let deed = if actor == target {
            Deed::SetOwnSource
        } else {
            Deed::SwitchOffOther
        };
        let own_program = self.people.get(&target).is_some_and(|p| p.program && actor == target);
        let room = self.rooms.get(&room_id).ok_or(refusal::UNKNOWN_ROOM)?;
        let seat = if own_program {
            // Beside a program of one's own one is no more than its owner, whatever the room.
            Seat::of_program(true, (&room_id, room.config.kind), phase, target)?
        } else {
            Seat::take(
                deed,
                room.rights(actor, role),
                (&room_id, room.config.kind),
                phase,
                target,
            )?
        };
        Self::on_this_stage(room, actor, target)?;
        let is_program = self.people.get(&target).is_some_and(|p| p.program);
        // Nobody sits behind a program who could switch it on again.
        if actor != target && live && !is_program {
            return Err(refusal::ONLY_OWNER_SWITCHES_ON);
        }
        if room.place(target) == Place::Audience {
            return Err(refusal::BACKSTAGE_FIRST);
        }
        debug_assert!(seat.fits(&room_id, &[deed, Deed::PutSelfOnAir]), "{seat:?}");
        let person = self
            .people
            .get_mut(&seat.target())
            .ok_or(refusal::UNKNOWN_PARTICIPANT)?;
        if person.set_source(source, live) {
            self.dirty.rooms.insert(room_id);
            self.dirty.people.insert(target);
        }
        Ok(())
    }

    /// Somebody else can only be acted on while behind or on the stage of the actor's room.
    fn on_this_stage(room: &Room, actor: ParticipantId, target: ParticipantId) -> Result<(), Refusal> {
        if actor != target && room.place(target) == Place::Audience {
            return Err(refusal::UNKNOWN_PARTICIPANT);
        }
        Ok(())
    }

    fn set_event_phase(&mut self, now: Now, actor: ParticipantId, next: EventPhase) -> Result<(), Refusal> {
        let seat = self.event_seat(Deed::SetEventPhase, actor)?;
        debug_assert!(seat.fits_event(&[Deed::SetEventPhase]), "{seat:?}");
        let in_order = matches!(
            (self.phase, next),
            (EventPhase::Draft, EventPhase::Open)
                | (EventPhase::Open, EventPhase::Live)
                | (EventPhase::Live, EventPhase::Ended)
        );
        if !in_order {
            return Err(refusal::PHASE_ORDER);
        }
        if next == EventPhase::Ended {
            self.end_rehearsal();
            self.end_round(now);
        }
        let at_unix_ms = now.unix_ms;
        self.keep_fact(&Fact::PhaseMoved {
            phase: next,
            at_unix_ms,
        });
        if next == EventPhase::Ended {
            self.clear_stages();
            self.close_polls(now);
            self.count_upvotes_for_good();
            self.count_reuse_for_good();
            self.count_idea_votes_for_good();
            self.forget_thanks_not_shown();
            self.wipe_rows();
        }
        Ok(())
    }

    /// The event is over: nobody is on air or backstage any more, programs are let go.
    fn clear_stages(&mut self) {
        let publishers: Vec<ParticipantId> = self
            .rooms
            .values()
            .flat_map(|room| room.on_air().iter().chain(room.waiting()))
            .copied()
            .collect();
        for participant in publishers {
            let Some(person) = self.people.get_mut(&participant) else {
                continue;
            };
            person.switch_all_off();
            let room = person.room.as_ref().and_then(|room| self.rooms.get_mut(room));
            room.into_iter().for_each(|room| {
                room.leave_backstage(participant);
            });
            self.moved(participant);
        }
        let programs: Vec<ParticipantId> = self.people.values().filter(|p| p.program).map(|p| p.id).collect();
        for participant in programs {
            self.external_down(participant);
        }
    }
}
