// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! What must hold between any two inputs. Checked in debug builds after each; never changes anything.

use fiera_protocol::limits::{
    ANNOUNCEMENTS_SHOWN_MAX, ANSWERS_REMEMBERED_MAX, BACKSTAGE_MAX, CHAT_SHOWN_MAX, CONNECTIONS_PER_PARTICIPANT_MAX,
    IDEA_VOTES_MAX, IDEAS_PER_EVENT_MAX, ON_AIR_MAX, QUESTIONS_PER_ROOM_MAX, STREAM_RING_MAX, THANKS_PER_EVENT_MAX,
};
use fiera_protocol::view::{EventPhase, Place, StreamState};

use crate::announcements::ANNOUNCEMENTS_KEPT_MAX;
use crate::chat::MESSAGES_KEPT_MAX;
use crate::hub::Hub;
use crate::keeping::ANSWERS_KEPT_MAX;
use crate::moderation::RESTRICTED_MAX;
use crate::output::{Side, StreamKey};
use crate::questions::UPVOTES_PER_ROOM_MAX;
use crate::view;

/// Questions of a room up to which followers' knowledge is compared with them.
const COMPARED_MAX: usize = 50;

impl Hub {
    /// Asserts the invariants; does nothing in release builds.
    pub(crate) fn check_invariants(&self) {
        if cfg!(debug_assertions) {
            self.check_connections();
            self.check_people();
            self.check_rooms();
            self.check_kept();
            self.check_breakouts();
            debug_assert!(self.grid_is_told(), "moderators know another grid");
            debug_assert!(self.round_is_told(), "followers know another round");
            debug_assert!(self.stands.is_sound(self.phase == EventPhase::Ended), "stands");
            debug_assert!(self.stands_are_told(), "followers know other stands");
            debug_assert!(
                self.stand_counts_change().is_none() || self.count_due_ms.is_some(),
                "counts of stands are not going to be told"
            );
            let grace = self.people.values().filter(|p| p.grace_until_ms.is_some()).count();
            let countdowns: usize = self.rooms.values().map(|room| room.countdowns.shown().len()).sum();
            let quizzes: usize = self.rooms.values().map(|room| room.polls.running()).sum();
            let single = 10;
            debug_assert!(
                self.timers.len() <= self.connections.len() + grace + countdowns + quizzes + self.rooms.len() + single,
                "timers leak"
            );
        }
    }

    fn check_connections(&self) {
        for (conn, connection) in &self.connections {
            let person = self.people.get(&connection.participant);
            debug_assert!(
                person.is_some_and(|p| p.connections.contains(conn)),
                "{conn:?} of nobody"
            );
            debug_assert!(connection.token_generation.is_some(), "{conn:?} got no resume token");
            debug_assert!(
                connection.follows.contains(&StreamKey::Event),
                "{conn:?} follows no event"
            );
            for key in &connection.follows {
                if let StreamKey::Room(room) | StreamKey::Backstage(room) | StreamKey::Captions(room) = key {
                    debug_assert!(
                        person.is_some_and(|p| p.room.as_ref() == Some(room)),
                        "{conn:?} follows {key:?}"
                    );
                }
            }
        }
    }

    fn check_people(&self) {
        for (id, person) in &self.people {
            let place = self.place(person);
            debug_assert_eq!(*id, person.id);
            debug_assert!(
                person.is_person() || person.program,
                "{id} is neither person nor program"
            );
            debug_assert!(
                person.grace_until_ms.is_none() || person.connections.is_empty(),
                "grace while connected"
            );
            debug_assert!(person.connections.len() <= CONNECTIONS_PER_PARTICIPANT_MAX);
            debug_assert!(
                person
                    .connections
                    .iter()
                    .all(|conn| self.connections.contains_key(conn))
            );
            debug_assert!(
                place != Place::Audience || person.on.is_empty(),
                "sources on in the audience"
            );
            debug_assert!(person.answers.len() <= ANSWERS_REMEMBERED_MAX);
            debug_assert_eq!(person.you.kept(), 0, "updates of one person are not kept");
            debug_assert_eq!(person.standing.room, person.room, "media told another room");
            debug_assert_eq!(
                person.standing.on_air,
                place == Place::OnAir,
                "media told another place"
            );
            debug_assert_eq!(person.standing.side == Side::Backstage, place != Place::Audience);
            debug_assert!(
                !person.standing.on_air || person.standing.may_publish,
                "on air without the right"
            );
            if let Some(room) = &person.room {
                let inside = self.rooms.get(room).is_some_and(|room| room.people().contains(id));
                debug_assert_eq!(inside, person.is_person(), "{id} and their room differ");
            }
        }
    }

    fn check_kept(&self) {
        debug_assert!(self.kept_answers.len() <= ANSWERS_KEPT_MAX);
        debug_assert!(self.announcements.kept().len() <= ANNOUNCEMENTS_KEPT_MAX);
        debug_assert!(self.announcements.shown().len() <= ANNOUNCEMENTS_SHOWN_MAX);
        debug_assert!(self.programme_changes().is_empty(), "followers know another programme");
        debug_assert!(self.ideas.is_sound() && self.ideas.len() <= IDEAS_PER_EVENT_MAX);
        debug_assert!(self.ideas.votes() <= IDEA_VOTES_MAX);
        // Comparing all of them after each input is for small events only.
        let few = self.ideas.len() <= COMPARED_MAX;
        debug_assert!(!few || self.ideas_are_told(), "followers know other ideas");
        debug_assert!(self.thanks.len() <= THANKS_PER_EVENT_MAX);
        debug_assert!(self.thanks_are_told(), "followers know other thanks");
        debug_assert!(self.restrictions.len() <= RESTRICTED_MAX);
        debug_assert!(
            self.people.keys().all(|id| self.not_banned(*id).is_ok()),
            "somebody banned is here"
        );
        debug_assert!(
            matches!(self.stream.state(), StreamState::Event(event) if event.read_only == self.read_only),
            "followers know another state of the store"
        );
    }

    fn check_rooms(&self) {
        let made = self.breakouts.rooms() + self.stands.rooms();
        debug_assert_eq!(self.order.len() + made, self.rooms.len());
        for (id, room) in &self.rooms {
            let here = |p: &fiera_protocol::ids::ParticipantId| {
                self.people
                    .get(p)
                    .is_some_and(|person| person.room.as_ref() == Some(id))
            };
            debug_assert!(room.people().iter().all(here), "{id} holds somebody who is elsewhere");
            debug_assert!(
                room.on_air().iter().chain(room.waiting()).all(here),
                "{id} shows somebody who is elsewhere"
            );
            debug_assert!(room.on_air().len() <= ON_AIR_MAX);
            debug_assert!(room.on_air().len() + room.waiting().len() <= BACKSTAGE_MAX);
            debug_assert!(
                room.on_air().iter().all(|p| !room.waiting().contains(p)),
                "in two places at once"
            );
            debug_assert!(
                room.speaking().iter().all(|p| room.on_air().contains(p)),
                "speaks off air"
            );
            debug_assert!(room.stream.kept() <= STREAM_RING_MAX && room.backstage.kept() <= STREAM_RING_MAX);
            debug_assert!(
                view::room_changes(room, &self.people, &self.texts).is_empty(),
                "{id}: followers know less"
            );
            debug_assert!(
                view::backstage_changes(room, &self.people).is_empty(),
                "{id}: backstage knows less"
            );
            debug_assert!(view::moderators_changes(room).is_empty(), "{id}: moderators know less");
            debug_assert!(
                self.tallies.is_due() || view::tally_changes(id, room).is_empty(),
                "{id}: counts are not going to be told"
            );
            debug_assert!(room.questions.is_sound(), "{id}: questions");
            debug_assert!(
                room.questions.len() <= QUESTIONS_PER_ROOM_MAX && room.questions.upvotes() <= UPVOTES_PER_ROOM_MAX
            );
            // Comparing all of them after each input is for small events only.
            let few = room.questions.len() <= COMPARED_MAX;
            debug_assert!(
                !few || self.questions_are_told(room),
                "{id}: followers know other questions"
            );
            for backstage in [false, true] {
                let chat = room.chat(backstage);
                let stream = if backstage { &room.backstage } else { &room.stream };
                debug_assert!(chat.kept().len() <= MESSAGES_KEPT_MAX && chat.shown().len() <= CHAT_SHOWN_MAX);
                debug_assert!(
                    chat.shown()
                        .iter()
                        .filter_map(|message| view::message(*message, chat, &self.texts))
                        .eq(view::known_chat(stream.state()).iter().cloned()),
                    "{id}: followers know another chat"
                );
            }
            debug_assert!(self.card_changes(id).is_empty(), "{id}: followers know other cards");
            let known = room.captions_stream.state();
            debug_assert!(
                room.captions.is_sound(known),
                "{id}: captions, or followers know others"
            );
            debug_assert!(room.polls.is_sound(), "{id}: ballots of a poll that is not open");
            for owner in room.hands.owners().filter(|owner| room.people().contains(owner)) {
                let on_stage = room.place(owner) != Place::Audience;
                debug_assert_eq!(room.hands.accepted(owner), on_stage, "{owner}: hand and place differ");
            }
            debug_assert!(
                room.countdowns
                    .shown()
                    .iter()
                    .all(|one| room.waiting().contains(&one.participant)),
                "{id}: a countdown of somebody who is not backstage"
            );
            let untold = view::people_change(room).is_some();
            debug_assert!(
                !untold || self.count_due_ms.is_some(),
                "{id}: counts are not going to be told"
            );
            let closed = self.phase == EventPhase::Ended;
            debug_assert!(
                !closed || room.on_air().is_empty() && room.waiting().is_empty(),
                "on air after the end"
            );
        }
    }
}
