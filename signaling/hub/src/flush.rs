// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! After each input: brings followers, connections and the media plane up to date with the state, by difference.
//! Handlers only say what may have changed, so none of them can forget to tell somebody.

use std::collections::BTreeSet;
use std::sync::Arc;

use fiera_protocol::ids::{ParticipantId, RoomId};
use fiera_protocol::limits::{COUNTS_INTERVAL_MS, TALLY_INTERVAL_MS};
use fiera_protocol::view::{Change, Place, StreamState, YouView};

use crate::access::{self, Deed};
use crate::hub::{Dirty, Hub};
use crate::input::{ConnectionId, Now};
use crate::output::{Output, Side, Standing, StreamKey};
use crate::participant::Participant;
use crate::room::Room;
use crate::stream::Stream;
use crate::timers::Timer;
use crate::view;

impl Hub {
    /// Queues a text for one connection.
    pub(crate) fn tell(&mut self, conn: ConnectionId, text: Arc<str>) {
        self.outputs.push_back(Output::ToConnection { conn, text });
    }

    pub(crate) fn stream_mut(&mut self, key: &StreamKey) -> Option<&mut Stream> {
        match key {
            StreamKey::Event => Some(&mut self.stream),
            StreamKey::Room(room) => self.rooms.get_mut(room).map(|room| &mut room.stream),
            StreamKey::Backstage(room) => self.rooms.get_mut(room).map(|room| &mut room.backstage),
            StreamKey::Captions(room) => self.rooms.get_mut(room).map(|room| &mut room.captions_stream),
            StreamKey::Moderators(room) => self.rooms.get_mut(room).map(|room| &mut room.moderators),
            StreamKey::Organisers => Some(&mut self.organisers),
            StreamKey::Breakouts => Some(&mut self.breakouts.stream),
            StreamKey::You(participant) => self.people.get_mut(participant).map(|p| &mut p.you),
        }
    }

    pub(crate) fn publish(&mut self, stream: StreamKey, change: Change) {
        if let Some(text) = self.stream_mut(&stream).map(|s| s.publish(change)) {
            self.outputs.push_back(Output::ToStream { stream, text });
        }
    }

    /// Tells everybody what changed since the last call.
    pub(crate) fn settle(&mut self, now: Now) {
        if self.dirty.counts || self.dirty.phase {
            self.observe_attendance(now);
        }
        let Dirty {
            phase,
            read_only,
            erased,
            restricted,
            filter,
            questions,
            messages,
            captions,
            announcements,
            stands,
            programme,
            ideas,
            ideas_closed,
            thanks,
            counts,
            tallies,
            numbers,
            breakouts,
            cards,
            rooms,
            stages,
            mut people,
        } = std::mem::take(&mut self.dirty);
        debug_assert!(stages.is_empty(), "stages are watched before anybody is told");
        if erased {
            self.forget_updates();
        }
        if breakouts {
            people.extend(self.concerned());
        }
        if phase {
            // Every standing may depend on the phase.
            people.extend(self.people.keys());
        }
        // First of all: who left a room must not get what happens there from now on.
        for participant in &people {
            self.stop_following(*participant);
        }
        if phase {
            self.publish(StreamKey::Event, Change::Phase { phase: self.phase });
        }
        if read_only {
            let read_only = self.read_only;
            self.publish(StreamKey::Event, Change::ReadOnly { read_only });
        }
        for room in &rooms {
            self.settle_room(room);
        }
        for (room, question) in questions {
            self.settle_question(&room, question);
        }
        for room in &cards {
            self.settle_cards(room);
        }
        self.settle_upvotes(now);
        for (room, message) in messages {
            self.settle_message(&room, message);
        }
        self.settle_captions(&captions);
        for announcement in announcements {
            self.settle_announcement(announcement);
        }
        for stand in stands {
            self.settle_stand(stand);
        }
        if programme {
            self.settle_programme();
        }
        for idea in ideas {
            self.settle_idea(idea);
        }
        if ideas_closed {
            self.settle_ideas_closed();
        }
        self.settle_idea_votes(now);
        if thanks {
            self.settle_thanks();
        }
        if restricted {
            self.settle_restricted();
        }
        if filter {
            self.settle_filter();
        }
        if counts {
            self.settle_counts(now);
        }
        if tallies {
            self.settle_tallies(now);
        }
        if numbers || tallies || !rooms.is_empty() {
            self.settle_numbers(now);
        }
        let moved = counts || tallies || !rooms.is_empty() || !people.is_empty();
        self.settle_breakouts(now, breakouts, moved);
        for participant in people {
            self.settle_participant(participant);
        }
        debug_assert!(
            self.dirty.rooms.is_empty() && self.dirty.people.is_empty(),
            "settling changed the state"
        );
    }

    fn forget_updates(&mut self) {
        self.stream.forget_updates();
        self.breakouts.stream.forget_updates();
        for room in self.rooms.values_mut() {
            room.stream.forget_updates();
            room.backstage.forget_updates();
            room.moderators.forget_updates();
            room.captions_stream.forget_updates();
        }
    }

    fn stop_following(&mut self, participant: ParticipantId) {
        let Some(person) = self.people.get(&participant) else {
            return;
        };
        let follows = self.follows_of(person, self.place(person));
        for conn in &person.connections {
            let Some(connection) = self.connections.get_mut(conn) else {
                continue;
            };
            for stream in connection.follows.extract_if(.., |stream| !follows.contains(stream)) {
                self.outputs.push_back(Output::Unfollow { conn: *conn, stream });
            }
        }
    }

    fn settle_room(&mut self, id: &RoomId) {
        let Some(room) = self.rooms.get(id) else { return };
        let changes = view::room_changes(room, &self.people, &self.texts);
        let backstage = view::backstage_changes(room, &self.people);
        let moderators = view::moderators_changes(room);
        for change in changes {
            self.publish(StreamKey::Room(id.clone()), change);
        }
        for change in backstage {
            self.publish(StreamKey::Backstage(id.clone()), change);
        }
        for change in moderators {
            self.publish(StreamKey::Moderators(id.clone()), change);
        }
    }

    /// Broadcasts the counters at once, or when the interval since the last time is over.
    fn settle_counts(&mut self, now: Now) {
        if let Some(at_ms) = self
            .counted_at_ms
            .map(|at_ms| at_ms + COUNTS_INTERVAL_MS)
            .filter(|at| *at > now.mono_ms)
        {
            self.count_due_ms = Some(at_ms);
            self.timers.set(at_ms, Timer::Counts);
            return;
        }
        if let Some(at_ms) = self.count_due_ms.take() {
            self.timers.clear(at_ms, Timer::Counts);
        }
        let people = view::people_count(&self.people);
        let mut changes: Vec<(StreamKey, Change)> = Vec::new();
        let of_event = view::counts_change(self.stream.state(), &self.order, people, &self.rooms);
        let of_stands = self.stand_counts_change();
        changes.extend(
            of_event
                .into_iter()
                .chain(of_stands)
                .map(|change| (StreamKey::Event, change)),
        );
        for (id, room) in &self.rooms {
            changes.extend(view::people_change(room).map(|change| (StreamKey::Room(id.clone()), change)));
        }
        if !changes.is_empty() {
            self.counted_at_ms = Some(now.mono_ms);
        }
        for (stream, change) in changes {
            self.publish(stream, change);
        }
    }

    /// Broadcasts what is counted at once, or when the interval since the last time is over.
    fn settle_tallies(&mut self, now: Now) {
        let (pace, timers) = (&mut self.tallies, &mut self.timers);
        if !pace.ready(now.mono_ms, TALLY_INTERVAL_MS, timers, Timer::Tallies) {
            return;
        }
        let changes = |(id, room): (&RoomId, &Room)| view::tally_changes(id, room);
        let changes: Vec<(StreamKey, Change)> = self.rooms.iter().flat_map(changes).collect();
        for (stream, change) in changes {
            self.publish(stream, change);
        }
    }

    /// What a participant knows about themselves, gathered from all areas.
    pub(crate) fn you_view(&self, person: &Participant) -> YouView {
        let room = person.room.as_ref().and_then(|room| self.rooms.get(room));
        YouView {
            hand: room.and_then(|room| room.hands.yours(person.id)),
            vote: room.and_then(|room| room.polls.vote_of(person.id)),
            answer: room.and_then(|room| room.polls.answer_of(person.id)),
            player: room.and_then(|room| room.polls.player_of(person.id)),
            on_air_at_unix_ms: room.and_then(|room| room.countdowns.at_unix_ms(person.id)),
            upvoted: self.upvoted(person),
            silenced: self.is_silenced(person.id),
            directions: room.map_or_else(Vec::new, |room| room.show.directions_to(person.id)),
            breakout: self.your_breakout(person),
            card_votes: self.card_votes(person),
            keeps: self.your_stands(person.id),
            reuses: self.stands.reused_by(person.id),
            idea_votes: self.ideas.voted_by(person.id),
            thanks: self.thanks_for(person.id),
            ..view::you(person, self.place(person))
        }
    }

    fn settle_participant(&mut self, participant: ParticipantId) {
        let Some(person) = self.people.get(&participant) else {
            return;
        };
        let place = self.place(person);
        let you = self.you_view(person);
        let standing = self.standing_of(person, place);
        let follows = self.follows_of(person, place);
        let connections = person.connections.clone();
        if *person.you.state() != StreamState::You(you.clone()) {
            self.publish(StreamKey::You(participant), Change::You { you });
        }
        if let Some(person) = self.people.get_mut(&participant) {
            let intents = standing.since(&person.standing, participant);
            person.standing = standing;
            self.outputs.extend(intents.into_iter().map(Output::Media));
        }
        for conn in connections {
            self.settle_connection(conn, &follows);
        }
    }

    fn standing_of(&self, person: &Participant, place: Place) -> Standing {
        let room = person.room.as_ref().and_then(|room| self.rooms.get(room));
        let granted = |room: &Room| {
            let rights = room.rights(person.id, person.role);
            person.program || access::check(Deed::SetOwnSource, rights, room.config.kind, self.phase).is_ok()
        };
        Standing {
            room: person.room.clone(),
            side: if place == Place::Audience {
                Side::Audience
            } else {
                Side::Backstage
            },
            may_publish: place != Place::Audience && room.is_some_and(granted),
            on_air: place == Place::OnAir,
            live: match room {
                Some(room) if place != Place::Audience => {
                    let mut live = person.live();
                    live.retain(|source| !room.show.silences(*source));
                    live
                }
                _ => BTreeSet::new(),
            },
        }
    }

    fn follows_of(&self, person: &Participant, place: Place) -> BTreeSet<StreamKey> {
        let mut follows = BTreeSet::from([StreamKey::Event, StreamKey::You(person.id)]);
        if let Some(room) = &person.room {
            follows.insert(StreamKey::Room(room.clone()));
            follows.insert(StreamKey::Captions(room.clone()));
            if place != Place::Audience || access::sees_backstage(person.role) {
                follows.insert(StreamKey::Backstage(room.clone()));
            }
            if access::moderates(person.role) {
                follows.insert(StreamKey::Moderators(room.clone()));
            }
        }
        if access::moderates(person.role) {
            follows.insert(StreamKey::Breakouts);
        }
        if access::organises(person.role) {
            follows.insert(StreamKey::Organisers);
        }
        follows
    }

    fn settle_connection(&mut self, conn: ConnectionId, follows: &BTreeSet<StreamKey>) {
        let Some(connection) = self.connections.get_mut(&conn) else {
            return;
        };
        let participant = connection.participant;
        debug_assert!(
            connection.follows.is_subset(follows),
            "{conn:?} still follows what it left"
        );
        let new: Vec<StreamKey> = follows.difference(&connection.follows).cloned().collect();
        connection.follows.extend(new.iter().cloned());
        for stream in new {
            if let Some(text) = self.stream_mut(&stream).map(Stream::snapshot) {
                self.tell(conn, text);
                self.outputs.push_back(Output::Follow { conn, stream });
            }
        }
        let Some(place) = self.resume_place(participant) else {
            return;
        };
        let Some(connection) = self.connections.get_mut(&conn) else {
            return;
        };
        if connection.token_generation != Some(place.generation) {
            connection.token_generation = Some(place.generation);
            self.outputs.push_back(Output::Resume { conn, place });
        }
    }
}
