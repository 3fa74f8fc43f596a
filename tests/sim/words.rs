// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Who may see which words. Every text of a run holds a number of its own (`zk17k`), and whatever leaves the hub is
//! searched for them: what a stream shows beyond this list is a leak.

use std::collections::{BTreeMap, BTreeSet};

use fiera_protocol::fair::PollPhase;
use fiera_protocol::ids::{ParticipantId, RoomId};
use fiera_protocol::poll::{Answer, PollForm};

use crate::model::Model;
use crate::model::polls::{Ballot, Poll};

/// Where words can show up.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Surface {
    Event,
    Room(RoomId),
    Moderators(RoomId),
    Backstage(RoomId),
    Organisers,
    Breakouts,
    You(ParticipantId),
    /// The board of promises, which everybody may ask for.
    Promises,
}

/// The numbers in a text.
pub(crate) fn numbers_in(text: &str) -> BTreeSet<u32> {
    let number = |part: &str| part.split_once('k')?.0.parse().ok();
    text.split("zk").skip(1).filter_map(number).collect()
}

#[derive(Default)]
struct Places(BTreeMap<u32, BTreeSet<Surface>>);

impl Places {
    fn show(&mut self, text: &str, at: &[Surface]) {
        for number in numbers_in(text) {
            self.0.entry(number).or_default().extend(at.iter().cloned());
        }
    }
}

/// Where each number may be seen now; one that is missing may be seen by nobody.
pub(crate) fn may_be_seen(model: &Model) -> BTreeMap<u32, BTreeSet<Surface>> {
    let mut places = Places::default();
    for (id, text) in &model.kept.announcements {
        if model.kept.announced.contains(id) {
            places.show(text, &[Surface::Event]);
        }
    }
    // The programme, ideas and shown thanks are for everybody.
    for slot in &model.kept.slots {
        let texts = [Some(&slot.title), slot.track.as_ref(), slot.notes.as_ref()]
            .into_iter()
            .flatten();
        let texts = texts.flat_map(|text| [&text.it, &text.en]).flatten();
        let texts = texts.chain(&slot.speakers);
        texts.for_each(|text| places.show(text, &[Surface::Event]));
    }
    for idea in &model.kept.ideas {
        let texts = [Some(&idea.title), idea.notes.as_ref(), idea.note.as_ref()];
        texts
            .into_iter()
            .flatten()
            .for_each(|text| places.show(text, &[Surface::Event]));
    }
    for thanks in &model.kept.thanks {
        let own = thanks.to.map(Surface::You);
        let shown = thanks.shown.as_ref().map(|_| Surface::Event);
        let at: Vec<Surface> = own.into_iter().chain(shown).collect();
        thanks.text.iter().for_each(|text| places.show(text, &at));
    }
    for (id, room) in &model.kept.rooms {
        let (front, moderators) = (Surface::Room(id.clone()), Surface::Moderators(id.clone()));
        for question in room.questions.iter().filter(|question| question.merged_into.is_none()) {
            let mut at = vec![if question.is_public() {
                front.clone()
            } else {
                moderators.clone()
            }];
            if question.is_promise() {
                at.push(Surface::Promises);
            }
            let notes = question.now.note.iter().chain(&question.now.answer);
            notes.chain([&question.text]).for_each(|text| places.show(text, &at));
        }
        room.labels
            .iter()
            .for_each(|(_, text)| places.show(text, std::slice::from_ref(&front)));
        for (side, at) in [front.clone(), Surface::Backstage(id.clone())].iter().enumerate() {
            for message in &room.chats[side] {
                if room.shown[side].contains(&message.id) || room.pinned.contains(&message.id) {
                    places.show(&message.text, std::slice::from_ref(at));
                }
            }
        }
        for hand in &room.hands {
            let at = [moderators.clone(), Surface::You(hand.participant)];
            hand.topic.iter().for_each(|topic| places.show(topic, &at));
        }
        for poll in &room.polls {
            let is_shown = room.shown_poll().is_some_and(|shown| shown.id == poll.id);
            let all = if is_shown {
                vec![front.clone(), moderators.clone()]
            } else {
                vec![moderators.clone()]
            };
            show_poll(&mut places, poll, &all, &moderators, is_shown);
        }
    }
    places.0
}

fn show_poll(places: &mut Places, poll: &Poll, all: &[Surface], moderators: &Surface, is_shown: bool) {
    let draft = &poll.draft;
    places.show(draft.question.as_str(), all);
    draft
        .options
        .iter()
        .for_each(|option| places.show(option.as_str(), all));
    let revealed = poll.phase == PollPhase::Revealed;
    for (number, item) in (0..).zip(&draft.quiz) {
        // A question of a quiz is nobody's business before it is asked, and gone from the screen between close and reveal.
        let asked = poll.asked.is_some_and(|(asked, _)| asked == number);
        if asked || revealed && poll.count.is_some() {
            places.show(item.question.as_str(), all);
        }
    }
    for (who, ballot) in &poll.ballots {
        let own = [Surface::You(*who)];
        match ballot {
            Ballot::Answer(Answer::Words { words }) => words.iter().for_each(|word| places.show(word.as_str(), &own)),
            Ballot::Answer(Answer::Text { text }) => places.show(text.as_str(), &own),
            Ballot::Player(nickname, _) => places.show(nickname, &own),
            _ => {}
        }
    }
    for entry in poll.count.iter().flat_map(|count| &count.entries) {
        if revealed && entry.shown {
            places.show(&entry.text, all);
        } else if is_shown && draft.form != (PollForm::Single {}) {
            places.show(&entry.text, std::slice::from_ref(moderators));
        }
        if is_shown {
            places.show(&entry.text, std::slice::from_ref(moderators));
        }
    }
}
