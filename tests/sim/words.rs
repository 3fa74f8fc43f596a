// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Who may see which words. Every text of a run holds a number of its own (`zk17k`), and whatever leaves the hub is
//! searched for them: what a stream shows beyond this list is a leak.

use std::collections::{BTreeMap, BTreeSet};

use fiera_protocol::fair::PollPhase;
use fiera_protocol::ids::{ParticipantId, RoomId};
use fiera_protocol::poll::{Answer, PollForm};

use crate::model::Model;
use crate::model::breakouts::Round;
use crate::model::captions::Captions;
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
    /// Cards that whoever is in a plenary room may ask for.
    Notes(RoomId),
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
    for stand in model.kept.stands.iter().filter(|stand| !stand.is_hidden()) {
        let (content, at) = (&stand.content, [Surface::Event]);
        let tags = content.tags.iter().map(|tag| tag.as_str());
        let texts = [content.name.as_str(), content.line.as_str()].into_iter().chain(tags);
        texts.for_each(|text| places.show(text, &at));
    }
    for round in model.kept.rounds.iter() {
        // A round that runs is for everybody; drafts and past ones are for those who run them.
        let at = [Surface::Breakouts, Surface::Event];
        let at = if round.is_live() { &at[..] } else { &at[..1] };
        for room in &round.rooms {
            [Some(&room.title), room.topic.as_ref()]
                .into_iter()
                .flatten()
                .for_each(|text| places.show(text, at));
        }
        round.told.iter().for_each(|(_, text, _)| places.show(text, &at[1..]));
        show_notes(&mut places, model, round);
    }
    let told = model.here.rehearsal.iter().flat_map(|on| &on.told);
    told.for_each(|text| places.show(text, &[Surface::Breakouts]));
    for (id, room) in &model.kept.rooms {
        let (front, moderators) = (Surface::Room(id.clone()), Surface::Moderators(id.clone()));
        for question in room.questions.iter().filter(|question| question.merged_into.is_none()) {
            let mut at = vec![if question.is_public() {
                front.clone()
            } else {
                moderators.clone()
            }];
            if question.is_promise() && model.promises_in(id) {
                at.push(Surface::Promises);
            }
            let notes = question.now.note.iter().chain(&question.now.answer);
            notes.chain([&question.text]).for_each(|text| places.show(text, &at));
        }
        room.labels
            .iter()
            .for_each(|(_, text)| places.show(text, std::slice::from_ref(&front)));
        room.cards
            .iter()
            .for_each(|card| places.show(&card.text, std::slice::from_ref(&front)));
        for (side, at) in [front.clone(), Surface::Backstage(id.clone())].iter().enumerate() {
            for message in &room.chats[side] {
                if room.shown[side].contains(&message.id) || room.pinned.contains(&message.id) {
                    places.show(&message.text, std::slice::from_ref(at));
                }
            }
        }
        // Lower thirds of those who are seen, and of those who wait.
        let stage = [
            (&model.here.on_air, front.clone()),
            (&model.here.waiting, Surface::Backstage(id.clone())),
        ];
        for (of, at) in stage {
            let titles = of[id].iter().filter_map(|who| model.kept.titles.get(who));
            titles.for_each(|title| places.show(title.as_str(), std::slice::from_ref(&at)));
        }
        for one in model.directions(id) {
            let waits = one.to.iter().filter(|to| !to.acknowledged).map(|to| to.participant);
            let at: Vec<Surface> = waits.map(Surface::You).chain([moderators.clone()]).collect();
            places.show(&one.text, &at);
        }
        let said = model.here.captions.get(id).into_iter();
        for line in said.flat_map(Captions::lines) {
            places.show(&line.text, std::slice::from_ref(&front));
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

/// O12: cards of a round that is read out, those of one room to everybody at the plenary.
fn show_notes(places: &mut Places, model: &Model, round: &Round) {
    let Some(shown) = round.shows else { return };
    let (plenary, asked) = (Surface::Room(round.from.clone()), Surface::Notes(round.from.clone()));
    for (nth, small) in round.rooms.iter().enumerate() {
        let cards = &model.room(&small.id).cards;
        let at = [asked.clone(), plenary.clone()];
        let at = if nth == shown { &at[..] } else { &at[..1] };
        if nth == shown || !cards.is_empty() {
            places.show(&small.title, std::slice::from_ref(&plenary));
        }
        let texts = cards.iter().map(|card| &card.text).chain(&small.topic);
        texts.for_each(|text| places.show(text, at));
    }
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
