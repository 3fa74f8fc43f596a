// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! The model against what the hub says: each stream that changed, what everybody knows of themselves, and, once nothing
//! was counted for a while, the numbers against the sets.

pub(crate) mod breakouts;
pub(crate) mod captions;
pub(crate) mod programme;
mod show;
pub(crate) mod stands;

use std::collections::BTreeSet;

use fiera_hub::Side;
use fiera_protocol::breakouts::RoundView;
use fiera_protocol::fair::{ChatMessage, HandStage, HandView, PollPhase, PollView, QuestionView, YourHand, YourVote};
use fiera_protocol::ids::{ParticipantId, RoomId};
use fiera_protocol::limits::COUNTS_INTERVAL_MS;
use fiera_protocol::poll::{Outcome, PollForm, YourAnswer};
use fiera_protocol::view::{
    BackstageView, EventView, ModeratorsView, OrganisersView, Place, Publisher, RoomView, StreamState, YouView,
};

use crate::model::breakouts::Rehearsal;
use crate::model::polls::{Ballot, Poll};
use crate::model::questions::Question;
use crate::model::{Kept, Model, Room};
use crate::shared::Shared;
use crate::world::World;

/// People, on air, waiting hands, supporters of questions and answers to polls of one room.
type OfRoom = (usize, usize, usize, Vec<usize>, Vec<usize>);

/// Everything that is counted and told now and then.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Numbers {
    people: usize,
    rooms: Vec<OfRoom>,
    ideas: Vec<usize>,
    rounds: Vec<RoundView>,
    rehearsal: Option<Rehearsal>,
    free: Vec<u16>,
    stands: Vec<(usize, usize, bool)>,
}

impl World {
    pub(crate) fn compare(&mut self) {
        for stream in std::mem::take(&mut self.changed) {
            let Some(mirror) = self.mirrors.get(&stream) else {
                continue;
            };
            match &mirror.state {
                StreamState::Event(event) => same_event(&self.model, event),
                StreamState::Room(room) => same_room(&self.model, room),
                StreamState::Backstage(backstage) => same_backstage(&self.model, backstage),
                StreamState::Moderators(moderators) => same_moderators(&self.model, moderators),
                StreamState::Organisers(organisers) => same_organisers(&self.model.kept, organisers),
                StreamState::Captions(captions) => captions::same_lines(&self.model, captions),
                StreamState::Breakouts(view) => {
                    let told = view.rehearsal.as_ref().map(breakouts::bots);
                    self.model.here.bots = told.unwrap_or_default();
                }
                StreamState::You(_) => {}
            }
        }
        for person in &self.cast {
            same_you(&self.model, person.id, self.hub.you(person.id).as_ref());
            same_standing(&self.model, person.id, self.hub.standing(person.id));
        }
        assert_eq!(self.hub.people() as usize, self.model.here.people.len(), "S6: people");
        assert_eq!(self.hub.phase(), self.model.kept.phase, "P5: phase");
        breakouts::sound(&self.model);
        self.compare_read_out();
        let numbers = self.numbers();
        if self.numbers != numbers {
            self.numbers = numbers;
            self.numbers_ms = self.now_ms;
        }
    }

    fn numbers(&self) -> Numbers {
        let of = |(id, room): (&RoomId, &Shared<Room>)| {
            let upvotes = room.questions.iter().map(|question| room.upvotes(question)).collect();
            let answers = room.polls.iter().map(answers_of).collect();
            let waiting = room.hands.iter().filter(|hand| !hand.is_accepted()).count();
            let on_air = self.model.here.on_air[id].len();
            (self.model.people_in(id).len(), on_air, waiting, upvotes, answers)
        };
        let kept = &self.model.kept;
        Numbers {
            people: self.model.here.people.len(),
            rooms: kept.rooms.iter().map(of).collect(),
            ideas: kept.ideas.iter().map(|idea| kept.idea_votes(idea)).collect(),
            rounds: breakouts::grid(&self.model),
            rehearsal: self.model.here.rehearsal.clone(),
            free: breakouts::free(&self.model),
            stands: stands::counts(&self.model),
        }
    }

    /// O12: nobody waits longer than they may to be told that a card was erased, and everything else is told at once.
    pub(crate) fn compare_read_out(&self) {
        for mirror in self.mirrors.values() {
            if let StreamState::Room(view) = &mirror.state {
                breakouts::same_read_out(&self.model, self.now_ms, view);
            }
        }
    }

    /// S6, V4, W1, Q3: half a second after the last change the numbers that were told are those of the sets.
    pub(crate) fn compare_numbers(&self) {
        if !self.hub_is_up() || self.now_ms <= self.numbers_ms.max(self.hub_started_ms) + 2 * COUNTS_INTERVAL_MS {
            return;
        }
        for (stream, mirror) in &self.mirrors {
            match &mirror.state {
                StreamState::Event(event) => {
                    assert_eq!(event.people as usize, self.model.here.people.len(), "S6: people");
                    for room in &event.rooms {
                        let people = self.model.people_in(&room.room).len();
                        assert_eq!(room.people as usize, people, "S6: people in {}", room.room);
                        let live = !self.model.here.on_air[&room.room].is_empty();
                        assert_eq!(room.live, live, "S6: {} is live", room.room);
                    }
                    programme::same_votes(&self.model.kept, event);
                    stands::same_counts(&self.numbers.stands, event);
                    let free = event.breakout.as_ref().map_or(&[][..], |round| &round.free);
                    assert_eq!(free, self.numbers.free, "O11: places that are left");
                }
                StreamState::Room(view) => {
                    let room = self.model.room(&view.room);
                    assert_eq!(
                        view.people as usize,
                        self.model.people_in(&view.room).len(),
                        "S6: {stream:?}"
                    );
                    let waiting = room.hands.iter().filter(|hand| !hand.is_accepted()).count();
                    assert_eq!(view.hands as usize, waiting, "W1: hands that wait in {}", view.room);
                    same_upvotes(room, &view.questions);
                    let answers = room.shown_poll().map(answers_of);
                    assert_eq!(
                        view.poll.as_ref().map(|poll| poll.answers as usize),
                        answers,
                        "V4: answers"
                    );
                }
                StreamState::Moderators(view) => same_upvotes(self.model.room(&view.room), &view.questions),
                StreamState::Breakouts(view) => {
                    breakouts::same_grid(&self.numbers.rounds, view);
                    breakouts::same_rehearsal(&self.model, view);
                }
                _ => {}
            }
        }
    }
}

fn answers_of(poll: &Poll) -> usize {
    if poll.phase == PollPhase::Open {
        poll.ballots.len()
    } else {
        poll.answers
    }
}

fn same_upvotes(room: &Room, questions: &[QuestionView]) {
    for view in questions {
        let question = room.question(view.question).expect("compared before");
        assert_eq!(
            view.upvotes as usize,
            room.upvotes(question),
            "Q3, Q10: who supports {view:?}"
        );
    }
}

fn same_event(model: &Model, view: &EventView) {
    let announced = model.kept.announced.iter().map(|id| {
        let known = model.kept.announcements.iter().find(|(of, _)| of == id);
        known.expect("kept").clone()
    });
    let shown: Vec<_> = view
        .announcements
        .iter()
        .map(|one| (one.announcement, one.text.clone()))
        .collect();
    assert_eq!(shown, announced.collect::<Vec<_>>(), "N1: announcements");
    assert_eq!(view.phase, model.kept.phase, "P5: phase");
    assert_eq!(view.read_only, model.here.read_only, "E1: read only");
    programme::same_programme(&model.kept, view);
    breakouts::same_round(model, view);
    stands::same_list(model, view);
}

fn same_organisers(kept: &Kept, view: &OrganisersView) {
    let (shown, known): (BTreeSet<&String>, BTreeSet<&String>) =
        (view.filter.iter().collect(), kept.filter.iter().collect());
    assert_eq!(shown, known, "K9: the word filter");
}

fn publisher(model: &Model, who: ParticipantId) -> Publisher {
    let person = &model.here.people[&who];
    Publisher {
        participant: who,
        name: person.name.clone(),
        sources: person.sources.iter().copied().collect(),
        title: model.kept.titles.get(&who).cloned(),
    }
}

fn question(room: &Room, question: &Question, upvotes: u32) -> QuestionView {
    QuestionView {
        question: question.id,
        text: question.text.clone(),
        by: question.by.clone(),
        stage: question.now.stage,
        note: question.now.note.clone(),
        due_day: question.now.due_day,
        answer: question.now.answer.clone(),
        labels: question.labels.clone(),
        assigned: question.assigned.clone(),
        merged: u32::try_from(room.parts(question.id).len() - 1).expect("few"),
        edited: question.edited,
        archived: question.archived,
        from_chat: question.from_chat.is_some(),
        upvotes,
        at_unix_ms: question.at_unix_ms,
        order: question.order,
    }
}

/// Questions in the order in which they were asked; the number of their supporters is looked at apart.
fn same_questions(room: &Room, views: &[QuestionView], public: bool) {
    let whole = room.questions.iter().filter(|one| one.merged_into.is_none());
    let known: Vec<&Question> = whole.filter(|one| one.is_public() == public).collect();
    let ids: Vec<_> = views.iter().map(|view| view.question).collect();
    assert_eq!(
        ids,
        known.iter().map(|one| one.id).collect::<Vec<_>>(),
        "Q2: questions, public: {public}"
    );
    for (view, known) in views.iter().zip(known) {
        assert_eq!(*view, question(room, known, view.upvotes), "Q: public: {public}");
    }
}

fn same_chat(model: &Model, room: &Room, side: usize, views: &[ChatMessage]) {
    let all = room.chats[side].iter().filter(|one| room.shown[side].contains(&one.id));
    let known: Vec<ChatMessage> = all.map(|one| chat_message(model, one)).collect();
    assert_eq!(views, known, "K: chat, side {side}");
}

fn chat_message(model: &Model, one: &crate::model::chat::Message) -> ChatMessage {
    ChatMessage {
        message: one.id,
        by: one.by.clone(),
        participant: model.here.authors.get(&one.id).copied(),
        text: one.text.clone(),
        reply_to: one.reply_to,
        edited: one.edited,
        at_unix_ms: one.at_unix_ms,
    }
}

fn same_room(model: &Model, view: &RoomView) {
    let room = model.room(&view.room);
    let on_air = model.here.on_air[&view.room].iter().map(|who| publisher(model, *who));
    assert_eq!(view.on_air, on_air.collect::<Vec<_>>(), "P4: on air in {}", view.room);
    assert_eq!(view.settings, room.settings, "U4: settings of {}", view.room);
    let labels: Vec<_> = view
        .labels
        .iter()
        .map(|label| (label.label, label.text.clone()))
        .collect();
    assert_eq!(labels, room.labels, "Q14: labels");
    breakouts::same_board(room, view);
    show::same_shown(model, view);
    same_questions(room, &view.questions, true);
    same_chat(model, room, 0, &view.chat);
    let pinned = room.pinned.iter().map(|id| ChatMessage {
        participant: None,
        ..chat_message(model, room.message(*id).expect("kept").1)
    });
    assert_eq!(view.pinned, pinned.collect::<Vec<_>>(), "K7: pinned");
    assert_eq!(
        view.poll.as_ref().map(|poll| poll.poll),
        room.shown_poll().map(|poll| poll.id),
        "V1: the poll"
    );
    view.poll
        .iter()
        .zip(room.shown_poll())
        .for_each(|(view, poll)| same_poll(view, poll));
}

fn same_backstage(model: &Model, view: &BackstageView) {
    let waiting = model.here.waiting[&view.room].iter().map(|who| publisher(model, *who));
    assert_eq!(
        view.waiting,
        waiting.collect::<Vec<_>>(),
        "P4: waiting in {}",
        view.room
    );
    let counting = |who: &&ParticipantId| model.here.countdowns.contains_key(who);
    let known: BTreeSet<ParticipantId> = model.here.waiting[&view.room]
        .iter()
        .filter(counting)
        .copied()
        .collect();
    assert_eq!(
        view.countdowns
            .iter()
            .map(|one| one.participant)
            .collect::<BTreeSet<_>>(),
        known,
        "W7: countdowns"
    );
    show::same_timer(model, view);
    same_chat(model, model.room(&view.room), 1, &view.chat);
}

fn same_moderators(model: &Model, view: &ModeratorsView) {
    let room = model.room(&view.room);
    show::same_directions(model, view);
    same_questions(room, &view.questions, false);
    let here = model.people_in(&view.room);
    let hands = room.hands.iter().map(|hand| HandView {
        participant: hand.participant,
        name: hand.name.clone(),
        topic: hand.topic.clone(),
        stage: hand.stage,
        away: !here.contains(&hand.participant),
    });
    assert_eq!(view.hands, hands.collect::<Vec<_>>(), "W1: hands in {}", view.room);
    let order: Vec<_> = view.polls.iter().map(|poll| poll.poll).collect();
    assert_eq!(
        order,
        room.polls.iter().map(|poll| poll.id).collect::<Vec<_>>(),
        "V14: order of polls"
    );
    view.polls
        .iter()
        .zip(&room.polls)
        .for_each(|(view, poll)| same_poll(view, poll));
    let restricted: Vec<_> = view.restricted.iter().collect();
    let of = |(who, (name, silenced, banned)): (&ParticipantId, &(_, bool, bool))| fiera_protocol::fair::Restricted {
        participant: *who,
        name: Clone::clone(name),
        silenced: *silenced,
        banned: *banned,
    };
    let known: Vec<_> = model.kept.restricted.iter().map(of).collect();
    assert_eq!(restricted, known.iter().collect::<Vec<_>>(), "U3: who is restricted");
    let mut known: Vec<_> = room
        .shown_poll()
        .iter()
        .flat_map(|poll| &poll.count)
        .flat_map(|count| &count.entries)
        .collect();
    known.sort_by(|a, b| (&a.text, a.id).cmp(&(&b.text, b.id)));
    let entries = view.entries.iter().flat_map(|entries| &entries.entries);
    let shown: Vec<_> = entries.map(|one| (one.entry, one.text.as_str(), one.shown)).collect();
    assert_eq!(
        shown,
        known
            .iter()
            .map(|one| (one.id, one.text.as_str(), one.shown))
            .collect::<Vec<_>>(),
        "V12: entries"
    );
}

fn same_poll(view: &PollView, poll: &Poll) {
    let options: Vec<&str> = poll.draft.options.iter().map(|option| option.as_str()).collect();
    assert_eq!(view.question, poll.draft.question.as_str(), "V1");
    assert_eq!(view.options, options, "V2");
    assert_eq!(
        (view.phase, view.form, view.answers_min),
        (poll.phase, poll.draft.form, poll.draft.answers_min()),
        "V1"
    );
    let asked = view.quiz.as_ref().and_then(|quiz| quiz.asked.as_ref());
    let known = poll.asked.map(|(number, over)| {
        let item = &poll.draft.quiz[usize::from(number)];
        (number, item.question.as_str(), over.then_some(item.right))
    });
    assert_eq!(
        asked.map(|asked| (asked.number, asked.question.as_str(), asked.right)),
        known,
        "V13: the quiz"
    );
    if poll.phase != PollPhase::Revealed {
        assert_eq!((&view.tally, &view.outcome), (&None, &None), "V5: {view:?}");
        return;
    }
    let Some(count) = &poll.count else {
        assert_eq!(
            (&view.tally, &view.outcome),
            (&None, &Some(Outcome::Withheld {})),
            "V9: {view:?}"
        );
        return;
    };
    let first = count.tallies.first().cloned();
    let counts = matches!(
        poll.draft.form,
        PollForm::Single {} | PollForm::Multiple { .. } | PollForm::Rating { .. }
    );
    assert_eq!(view.tally, first.clone().filter(|_| counts), "V5: the tally");
    let shown = || {
        count
            .entries
            .iter()
            .filter(|entry| entry.shown)
            .map(|entry| (entry.id, entry.text.clone(), entry.count))
    };
    match (&view.outcome, poll.draft.form) {
        (None, PollForm::Single {} | PollForm::Multiple { .. }) => {}
        (Some(Outcome::Rating { mean_hundredths, .. }), PollForm::Rating { from, .. }) => {
            let votes: Vec<u32> = first.expect("a tally");
            let sum: f64 = (from..)
                .zip(&votes)
                .map(|(rating, votes)| f64::from(rating) * f64::from(*votes))
                .sum();
            let mean = sum * 100.0 / f64::from(votes.iter().sum::<u32>());
            assert!(
                (mean - f64::from(*mean_hundredths)).abs() <= 0.5,
                "V10: {mean} and {mean_hundredths}"
            );
        }
        (Some(Outcome::Ranking { ranks }), PollForm::Ranking {}) => {
            let points = first.expect("points");
            let mut best: Vec<(u8, u32)> = (0..).zip(points).collect();
            best.sort_by_key(|(option, points)| (std::cmp::Reverse(*points), *option));
            assert_eq!(
                ranks.iter().map(|rank| (rank.option, rank.points)).collect::<Vec<_>>(),
                best,
                "V10: ranks"
            );
        }
        (Some(Outcome::Words { words, .. }), PollForm::Words { .. }) => {
            let words = words.iter().map(|word| (word.entry, word.word.clone(), word.count));
            assert_eq!(words.collect::<Vec<_>>(), shown().collect::<Vec<_>>(), "V11: words");
        }
        (Some(Outcome::Texts { texts }), PollForm::Text {}) => {
            let texts = texts.iter().map(|text| (text.entry, text.text.clone(), 1));
            assert_eq!(texts.collect::<Vec<_>>(), shown().collect::<Vec<_>>(), "V12: texts");
        }
        (Some(Outcome::Quiz { board, questions }), PollForm::Quiz {}) => {
            let board = board
                .iter()
                .map(|score| (score.entry, score.nickname.clone(), score.points));
            assert_eq!(board.collect::<Vec<_>>(), shown().collect::<Vec<_>>(), "V13: the board");
            let tallies: Vec<&Vec<u32>> = questions.iter().map(|of| &of.tally).collect();
            assert_eq!(
                tallies,
                count.tallies.iter().collect::<Vec<_>>(),
                "V13: answers per question"
            );
        }
        (outcome, form) => panic!("V10: {outcome:?} of {form:?}"),
    }
}

fn same_you(model: &Model, who: ParticipantId, view: Option<&YouView>) {
    let Some(person) = model.here.people.get(&who) else {
        assert_eq!(view, None, "R3: {who} has left");
        return;
    };
    let view = view.unwrap_or_else(|| panic!("R2: {who} is here"));
    let here = (&view.name, view.role, &view.room, view.place, view.silenced);
    let known = (
        &person.name,
        person.role,
        &person.room,
        model.place(who),
        !model.has_voice(who),
    );
    assert_eq!(here, known, "R2, P1: {who}");
    assert_eq!(
        view.sources,
        person.sources.iter().copied().collect::<Vec<_>>(),
        "P3: sources of {who}"
    );
    assert_eq!(
        view.on_air_at_unix_ms.is_some(),
        model.here.countdowns.contains_key(&who),
        "W7: countdown of {who}"
    );
    programme::same_own(&model.kept, who, view);
    breakouts::same_own(model, who, view);
    show::same_own(model, who, view);
    stands::same_own(model, who, view);
    let Some(id) = &person.room else {
        assert_eq!(
            (&view.hand, &view.vote, &view.answer),
            (&None, &None, &None),
            "S4: {who} is nowhere"
        );
        return;
    };
    let room = model.room(id);
    let mut place = 0;
    let mut own = None;
    for hand in &room.hands {
        place += u32::from(hand.stage == HandStage::Raised);
        if hand.participant == who {
            let position = if hand.stage == HandStage::Raised { place } else { 0 };
            own = Some(YourHand {
                topic: hand.topic.clone(),
                stage: hand.stage,
                position,
            });
        }
    }
    assert_eq!(view.hand, own, "W1: hand of {who}");
    let supports = |question: &&Question| question.is_public() && room.voters(question.id).contains(&who);
    let upvoted: BTreeSet<_> = room
        .questions
        .iter()
        .filter(supports)
        .map(|question| question.id)
        .collect();
    assert_eq!(
        view.upvoted.iter().copied().collect::<BTreeSet<_>>(),
        upvoted,
        "Q3: votes of {who}"
    );
    let open = room.open_poll();
    let ballot = open.and_then(|poll| Some((poll, poll.ballots.get(&who)?)));
    let (mut vote, mut answer, mut player) = (None, None, None);
    match ballot {
        Some((poll, Ballot::Option(option))) => {
            vote = Some(YourVote {
                poll: poll.id,
                option: *option,
            })
        }
        Some((poll, Ballot::Answer(given))) => {
            let (poll, answer_given) = (poll.id, given.clone());
            answer = Some(YourAnswer {
                poll,
                answer: answer_given,
            });
        }
        Some((poll, Ballot::Player(nickname, given))) => {
            let over = poll.asked.map_or(0, |(number, over)| number + u8::from(over));
            let points: u32 = given.range(..over).map(|(_, (_, points))| points).sum();
            let option = poll.asked.and_then(|(number, _)| Some(given.get(&number)?.0));
            player = Some((nickname.clone(), option, points));
        }
        None => {}
    }
    assert_eq!((view.vote, &view.answer), (vote, &answer), "V4: answer of {who}");
    let shown = view
        .player
        .as_ref()
        .map(|of| (of.nickname.as_str().to_owned(), of.option, of.points));
    assert_eq!(shown, player, "V13: {who} plays");
}

fn same_standing(model: &Model, who: ParticipantId, standing: Option<&fiera_hub::Standing>) {
    let Some(standing) = standing else { return };
    let place = model.place(who);
    assert_eq!(standing.room, model.room_of(who), "media: room of {who}");
    assert_eq!(standing.on_air, place == Place::OnAir, "media: {who} on air");
    assert_eq!(
        standing.side == Side::Audience,
        place == Place::Audience,
        "media: side of {who}"
    );
    let publishes =
        place != Place::Audience && model.publishes(who) && model.kept.phase != fiera_protocol::view::EventPhase::Ended;
    assert_eq!(standing.may_publish, publishes, "media: {who} publishes");
    let mut live = model.here.people[&who].sources.clone();
    if let Some(room) = model.room_of(who) {
        live.retain(|source| !model.silences(&room, *source));
    }
    assert_eq!(standing.live, live, "media: sources of {who}");
}
