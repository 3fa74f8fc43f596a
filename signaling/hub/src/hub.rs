// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! The event's state and its front door: inputs in, outputs out. What each input does stands in the modules beside.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use fiera_protocol::ids::{
    AnnouncementId, CaptionId, EventId, IdeaId, MessageId, ParticipantId, QuestionId, RoomId, SourceKind, StandId,
};
use fiera_protocol::resume::ResumePlace;
use fiera_protocol::text::TitleText;
use fiera_protocol::view::{EventPhase, Place, StreamId, StreamState, YouView};

use crate::access::{self, Deed};
use crate::announcements::Announcements;
use crate::attendance::Attendance;
use crate::breakouts::Breakouts;
use crate::cadence::Cadence;
use crate::chance::Chance;
use crate::config::{ConfigError, EventConfig, RoomConfig};
use crate::fact::KeptText;
use crate::filter::Filter;
use crate::ideas::{IdeaVotesTold, Ideas};
use crate::input::{ConnectionId, Input, Now};
use crate::keeping::{Keeping, KeptAnswers};
use crate::moderation::Restrictions;
use crate::output::{Output, Standing};
use crate::own::Owners;
use crate::pace::Paces;
use crate::participant::{Connection, Participant};
use crate::programme::Programme;
use crate::questions::Upvotes;
use crate::refusal::{self, Refusal};
use crate::room::Room;
use crate::stands::Stands;
use crate::stream::Stream;
use crate::thanks::Thanks;
use crate::timers::{Timer, Timers};
use crate::view;

/// One event, live.
///
/// # Calling contract
/// 1. Call [`Hub::handle`] with every input, in the order in which things happened, one caller at a time.
///    `now.mono_ms` must not go back (an earlier time counts as the latest one seen).
/// 2. After each call take outputs with [`Hub::poll_output`] until it returns `None`, and carry them out in that
///    order; per connection the order of texts must be kept all the way to the socket.
/// 3. Then ask [`Hub::next_deadline`]; when that time comes and nothing else happened, call `handle` with
///    [`Input::Tick`].
///
/// The hub never blocks, never fails and never panics on what a client sends: it answers with a refusal.
/// Two hubs with the same configuration, epoch and inputs give the same outputs, byte for byte.
#[derive(Debug)]
pub struct Hub {
    pub(crate) event: EventId,
    pub(crate) phase: EventPhase,
    pub(crate) keeps_captions: bool,
    pub(crate) epoch: u32,
    /// The organiser's order of rooms.
    pub(crate) order: Vec<RoomId>,
    pub(crate) rooms: BTreeMap<RoomId, Room>,
    pub(crate) people: BTreeMap<ParticipantId, Participant>,
    pub(crate) connections: BTreeMap<ConnectionId, Connection>,
    pub(crate) stream: Stream,
    /// Attendance in numbers, for organisers.
    pub(crate) organisers: Stream,
    pub(crate) chance: Chance,
    /// What people wrote, by id, as it is kept.
    pub(crate) texts: BTreeMap<u128, KeptText>,
    /// The same by the hash of who wrote them.
    pub(crate) owners: Owners,
    pub(crate) announcements: Announcements,
    pub(crate) programme: Programme,
    pub(crate) ideas: Ideas,
    pub(crate) idea_votes_told: IdeaVotesTold,
    pub(crate) thanks: Thanks,
    pub(crate) filter: Filter,
    pub(crate) restrictions: Restrictions,
    pub(crate) upvotes_told: Upvotes,
    pub(crate) paces: Paces,
    pub(crate) keeping: Keeping,
    pub(crate) kept_answers: KeptAnswers,
    /// The store takes no writes.
    pub(crate) read_only: bool,
    pub(crate) timers: Timers,
    pub(crate) outputs: VecDeque<Output>,
    pub(crate) dirty: Dirty,
    /// When counters were broadcast last.
    pub(crate) counted_at_ms: Option<u64>,
    /// When counters are to be broadcast next, if anything changed since.
    pub(crate) count_due_ms: Option<u64>,
    /// Hands were restored; their owners get time to come back.
    pub(crate) hands_restored: bool,
    /// Quizzes were restored; the time of a question that was asked begins anew.
    pub(crate) quizzes_restored: bool,
    /// Polls of the setup are prepared.
    pub(crate) setup_prepared: bool,
    pub(crate) tallies: Cadence,
    pub(crate) reactions: Cadence,
    pub(crate) attendance: Attendance,
    pub(crate) stands: Stands,
    /// What stands under whose name on a stage.
    pub(crate) titles: BTreeMap<ParticipantId, TitleText>,
    /// Sources that send, of everybody who publishes: it may be known before the publisher is.
    pub(crate) flows: BTreeMap<ParticipantId, BTreeSet<SourceKind>>,
    pub(crate) breakouts: Breakouts,
    /// The time of the input that is being handled, or of the last one.
    pub(crate) now: Now,
}

/// What may differ from what followers know; settled at the end of each input.
#[derive(Debug, Default)]
pub(crate) struct Dirty {
    /// Words were erased for good: no update that holds them may be told again.
    pub(crate) erased: bool,
    pub(crate) phase: bool,
    pub(crate) read_only: bool,
    pub(crate) restricted: bool,
    pub(crate) filter: bool,
    pub(crate) questions: BTreeSet<(RoomId, QuestionId)>,
    /// In the order in which they were sent.
    pub(crate) messages: Vec<(RoomId, MessageId)>,
    /// In the order in which they changed.
    pub(crate) captions: Vec<(RoomId, CaptionId)>,
    pub(crate) announcements: Vec<AnnouncementId>,
    pub(crate) stands: BTreeSet<StandId>,
    pub(crate) programme: bool,
    pub(crate) ideas: BTreeSet<IdeaId>,
    pub(crate) ideas_closed: bool,
    /// In the order in which they were shown.
    pub(crate) thanks: bool,
    pub(crate) counts: bool,
    /// Rounds of breakouts, or what is told of them.
    pub(crate) breakouts: bool,
    /// Rooms whose cards changed.
    pub(crate) cards: BTreeSet<RoomId>,
    /// What is counted by [`Hub::settle_tallies`].
    pub(crate) tallies: bool,
    /// What organisers are told.
    pub(crate) numbers: bool,
    pub(crate) rooms: BTreeSet<RoomId>,
    /// Stages on which media came or broke off.
    pub(crate) stages: BTreeSet<RoomId>,
    pub(crate) people: BTreeSet<ParticipantId>,
}

impl Hub {
    /// An event with nobody in it. `epoch` must differ from that of the event's earlier hubs (a random number will do);
    /// `seed` are random bytes that are used for nothing else.
    ///
    /// # Errors
    /// Where the configuration names a room twice or gives one no capacity.
    pub fn new(config: EventConfig, epoch: u32, seed: [u8; 32]) -> Result<Self, ConfigError> {
        let organisers = Stream::new(StreamId::Organisers {}, epoch, view::empty_organisers(&config));
        let stream = Stream::new(StreamId::Event {}, epoch, view::empty_event(&config));
        let programme = Programme::new(&config);
        let ideas = Ideas::new(&config);
        let mut rooms = BTreeMap::new();
        let mut order = Vec::with_capacity(config.rooms.len());
        for room in config.rooms {
            let id = room.room.clone();
            if room.capacity == 0 {
                return Err(ConfigError::NoCapacity(id));
            }
            order.push(id.clone());
            if rooms.insert(id.clone(), Self::make_room(room, epoch)).is_some() {
                return Err(ConfigError::RoomTwice(id));
            }
        }
        Ok(Self {
            event: config.event,
            phase: config.phase,
            keeps_captions: config.keeps_captions,
            epoch,
            order,
            rooms,
            people: BTreeMap::new(),
            connections: BTreeMap::new(),
            stream,
            organisers,
            chance: Chance::new(seed),
            texts: BTreeMap::new(),
            owners: Owners::default(),
            announcements: Announcements::default(),
            programme,
            ideas,
            idea_votes_told: IdeaVotesTold::default(),
            thanks: Thanks::default(),
            filter: Filter::default(),
            restrictions: Restrictions::new(),
            upvotes_told: Upvotes::default(),
            paces: Paces::default(),
            keeping: Keeping::default(),
            kept_answers: KeptAnswers::default(),
            read_only: false,
            timers: Timers::default(),
            outputs: VecDeque::new(),
            dirty: Dirty::default(),
            counted_at_ms: None,
            count_due_ms: None,
            hands_restored: false,
            quizzes_restored: false,
            setup_prepared: false,
            tallies: Cadence::default(),
            reactions: Cadence::default(),
            attendance: Attendance::default(),
            stands: Stands::new(config.stands),
            titles: BTreeMap::new(),
            flows: BTreeMap::new(),
            breakouts: Breakouts::new(Stream::new(StreamId::Breakouts {}, epoch, view::empty_breakouts())),
            now: Now { mono_ms: 0, unix_ms: 0 },
        })
    }

    /// A room with nobody in it.
    pub(crate) fn make_room(config: RoomConfig, epoch: u32) -> Room {
        let id = config.room.clone();
        let front = Stream::new(StreamId::Room { room: id.clone() }, epoch, view::empty_room(&config));
        let back = StreamId::Backstage { room: id.clone() };
        let back = Stream::new(back, epoch, view::empty_backstage(&id));
        let moderators = StreamId::Moderators { room: id.clone() };
        let moderators = Stream::new(moderators, epoch, view::empty_moderators(&id));
        let captions = StreamId::Captions { room: id.clone() };
        let captions = Stream::new(captions, epoch, view::empty_captions(&id));
        Room::new(config, [front, back, moderators, captions])
    }

    /// Takes one input. See the type's contract.
    pub fn handle(&mut self, now: Now, input: Input) {
        let now = Now {
            mono_ms: now.mono_ms.max(self.now.mono_ms),
            ..now
        };
        self.now = now;
        let first = self.outputs.len();
        self.await_hands(now);
        self.resume_quizzes(now);
        self.prepare_setup(now);
        self.await_rounds(now);
        self.fire_timers(now);
        match input {
            Input::ConnectionOpened {
                conn,
                participant,
                name,
                role,
                resume,
            } => {
                self.connection_opened(now, conn, (participant, name, role), resume);
            }
            Input::ConnectionClosed { conn, left } => self.connection_closed(now, conn, left),
            Input::Storage { writable } => self.storage(writable),
            Input::ClientCommand { conn, id, command } => self.client_command(now, conn, id, command),
            Input::Resync { conn, stream, have } => self.resync(conn, &stream, have),
            Input::Roster { conn, after } => self.roster(conn, after),
            Input::Mine { conn, secrets } => self.mine(conn, &secrets),
            Input::Captioned {
                source,
                role,
                room,
                lines,
            } => self.captioned(now, (source, role), &room, lines),
            Input::FollowUps { conn } => self.follow_ups(conn),
            Input::PollDraft { conn, poll } => self.tell_poll_draft(conn, poll),
            Input::Stand { conn, stand } => self.tell_stand(conn, stand),
            Input::Cards { conn, room } => self.tell_cards(conn, room),
            Input::StandMessages { conn, stand, secret } => self.tell_stand_messages(conn, stand, secret),
            Input::ExternalPublisherUp {
                participant,
                name,
                room,
            } => self.external_up(participant, name, &room),
            Input::ExternalPublisherDown { participant, left } => {
                if !left {
                    self.lost_on_air(participant);
                }
                self.external_down(participant);
            }
            Input::Speaking { room, participants } => {
                if self.rooms.get_mut(&room).is_some_and(|r| r.set_speaking(participants)) {
                    self.dirty.rooms.insert(room);
                }
            }
            Input::SourceFlow {
                participant,
                source,
                flowing,
            } => self.source_flow(participant, source, flowing),
            Input::Serviced { rooms } => self.serviced(rooms),
            Input::Tick => {}
        }
        self.await_slot_end(now);
        self.watch_stages(now);
        self.settle(now);
        self.hand_over_records(first);
        self.check_invariants();
    }

    /// The next thing to do, oldest first.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When to call [`Hub::handle`] with [`Input::Tick`], as `mono_ms`; none: not before something happens.
    #[must_use]
    pub fn next_deadline(&self) -> Option<u64> {
        self.timers.next_ms()
    }

    /// The event's short name.
    #[must_use]
    pub fn event(&self) -> &EventId {
        &self.event
    }

    /// Where in its life the event is.
    #[must_use]
    pub fn phase(&self) -> EventPhase {
        self.phase
    }

    /// Participants connected now, those within their grace included.
    #[must_use]
    pub fn people(&self) -> u32 {
        view::people_count(&self.people)
    }

    /// Open connections.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.connections.len()
    }

    /// Participants in a room now; none: no such room.
    #[must_use]
    pub fn room_people(&self, room: &RoomId) -> Option<u32> {
        self.rooms.get(room).map(Room::people_count)
    }

    /// Where a participant stands for the media plane; none: not here. Ask before a media connection is set up.
    #[must_use]
    pub fn standing(&self, participant: ParticipantId) -> Option<&Standing> {
        self.people.get(&participant).map(|p| &p.standing)
    }

    /// What to set up a viewing connection with.
    ///
    /// # Errors
    /// Where the participant is in no room.
    pub fn may_watch(&self, participant: ParticipantId) -> Result<&Standing, Refusal> {
        self.standing(participant)
            .filter(|standing| standing.room.is_some())
            .ok_or(refusal::NOT_IN_ROOM)
    }

    /// What to set up a publishing connection with.
    ///
    /// # Errors
    /// Where the participant is in no room, may not publish there, or has not gone backstage.
    pub fn may_publish(&self, participant: ParticipantId) -> Result<&Standing, Refusal> {
        let standing = self.may_watch(participant)?;
        if standing.may_publish {
            return Ok(standing);
        }
        let person = self.people.get(&participant).ok_or(refusal::NOT_IN_ROOM)?;
        let room = standing
            .room
            .as_ref()
            .and_then(|room| self.rooms.get(room))
            .ok_or(refusal::NOT_IN_ROOM)?;
        access::check(
            Deed::SetOwnSource,
            room.rights(participant, person.role),
            room.config.kind,
            self.phase,
        )?;
        Err(refusal::BACKSTAGE_FIRST)
    }

    /// What a participant knows about themselves; none: not here.
    #[must_use]
    pub fn you(&self, participant: ParticipantId) -> Option<YouView> {
        self.people.get(&participant).map(|p| self.you_view(p))
    }

    /// What a resume token of this participant holds now; none: not here.
    #[must_use]
    pub fn resume_place(&self, participant: ParticipantId) -> Option<ResumePlace> {
        let person = self.people.get(&participant)?;
        Some(ResumePlace {
            event: self.event.clone(),
            participant,
            room: person.room.clone(),
            place: self.place(person),
            epoch: self.epoch,
            generation: person.generation,
        })
    }

    pub(crate) fn place(&self, person: &Participant) -> Place {
        let room = person.room.as_ref().and_then(|room| self.rooms.get(room));
        room.map_or(Place::Audience, |room| room.place(person.id))
    }

    /// A record of somebody who was not here, in no room.
    pub(crate) fn newcomer(&self, who: crate::presence::Who) -> Participant {
        let (id, name, role) = who;
        let view = view::you_as_newcomer(id, name.clone(), role);
        Participant {
            id,
            name,
            role,
            connections: BTreeSet::new(),
            grace_until_ms: None,
            program: false,
            room: None,
            on: BTreeSet::new(),
            flowing: BTreeSet::new(),
            muted: BTreeSet::new(),
            reacted_at_ms: None,
            title: self.titles.get(&id).cloned(),
            generation: 0,
            answers: crate::answers::Answers::default(),
            you: Stream::new(StreamId::You {}, self.epoch, StreamState::You(view)),
            standing: Standing::nowhere(),
        }
    }

    fn fire_timers(&mut self, now: Now) {
        while let Some(timer) = self.timers.pop_due(now.mono_ms) {
            match timer {
                Timer::Counts => self.dirty.counts = true,
                Timer::SlotEnd => self.slot_end(now),
                Timer::IdeaVotes => self.idea_votes_told.due(),
                Timer::Upvotes => self.upvotes_told.due(),
                Timer::Tallies => {
                    self.tallies.came();
                    self.dirty.tallies = true;
                }
                Timer::Quiz(poll) => self.quiz_time_over(poll),
                Timer::Countdown(participant) => self.countdown_over(participant),
                Timer::Reactions => self.reactions_due(),
                Timer::Numbers => self.numbers_due(),
                Timer::Minute => self.minute_over(now),
                Timer::Breakouts => self.breakouts_due(now),
                Timer::BreakoutGrid => self.grid_due(),
                Timer::AwaitedHands => self.awaited_hands_over(),
                Timer::Grace(participant) => {
                    self.lost_on_air(participant);
                    self.grace_over(participant);
                }
                Timer::Pause => self.pause_due(now),
                Timer::Renew(conn) => self.renew_due(now, conn),
            }
        }
    }
}
