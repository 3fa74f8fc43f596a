// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! How a follower brings a stream's state up to date. The hub, clients in Rust and the tests use this one function,
//! and the web client does the same.

use crate::breakouts::BreakoutsView;
use crate::captions::{CaptionsView, put_caption};
use crate::fair::{ChatMessage, PollView, QuestionView, UpvoteCount};
use crate::ideas::{IdeaView, IdeaVotes};
use crate::ids::{MessageId, QuestionId};
use crate::limits::{ANNOUNCEMENTS_SHOWN_MAX, CHAT_SHOWN_MAX, CURVE_POINTS_MAX, THANKS_SHOWN_MAX};
use crate::programme::AgendaSlot;
use crate::view::{
    BackstageView, Change, EventView, ModeratorsView, OrganisersView, RoomSummary, RoomView, StreamState,
};

/// Applies one change to the state of the stream it belongs to.
/// Returns false, with the state untouched, where the change is of another stream: ask `resync` then.
pub fn apply(state: &mut StreamState, change: &Change) -> bool {
    match state {
        StreamState::Event(event) => to_event(event, change),
        StreamState::Room(room) => to_room(room, change),
        StreamState::Backstage(backstage) => to_backstage(backstage, change),
        StreamState::Captions(captions) => to_captions(captions, change),
        StreamState::Moderators(moderators) => to_moderators(moderators, change),
        StreamState::Organisers(organisers) => to_organisers(organisers, change),
        StreamState::Breakouts(breakouts) => to_breakouts(breakouts, change),
        StreamState::You(now) => match change {
            Change::You { you } => {
                now.clone_from(you);
                true
            }
            _ => false,
        },
    }
}

fn to_event(event: &mut EventView, change: &Change) -> bool {
    match change {
        Change::Phase { phase } => event.phase = *phase,
        Change::Counts { people, rooms } => {
            event.people = *people;
            for count in rooms {
                let same = |summary: &&mut RoomSummary| summary.room == count.room;
                if let Some(summary) = event.rooms.iter_mut().find(same) {
                    summary.people = count.people;
                    summary.live = count.live;
                }
            }
        }
        Change::Announced { announcement } => {
            event.announcements.push(announcement.clone());
            keep_last(&mut event.announcements, ANNOUNCEMENTS_SHOWN_MAX);
        }
        Change::AnnouncementGone { announcement } => {
            event.announcements.retain(|one| one.announcement != *announcement);
        }
        Change::Slot { slot } => put_slot(&mut event.agenda, slot),
        Change::SlotGone { slot } => event.agenda.retain(|known| known.slot != *slot),
        Change::Idea { idea } => put_idea(&mut event.ideas, idea),
        Change::IdeaGone { idea } => event.ideas.retain(|known| known.idea != *idea),
        Change::IdeaVotes { votes } => count_idea_votes(&mut event.ideas, votes),
        Change::IdeasClosed { closed } => event.ideas_closed = *closed,
        Change::Thanks { thanks } => {
            event.thanks.retain(|known| known.thanks != thanks.thanks);
            event.thanks.push(thanks.clone());
            keep_last(&mut event.thanks, THANKS_SHOWN_MAX);
        }
        Change::ThanksGone { thanks } => event.thanks.retain(|known| known.thanks != *thanks),
        Change::ReadOnly { read_only } => event.read_only = *read_only,
        Change::Breakout { breakout } => event.breakout.clone_from(breakout),
        Change::BreakoutPlaces { free } => {
            if let Some(breakout) = &mut event.breakout {
                breakout.free.clone_from(free);
            }
        }
        Change::Stand { stand } => {
            let at = event.stands.partition_point(|known| known.order < stand.order);
            match event.stands.get_mut(at) {
                Some(known) if known.stand == stand.stand => known.clone_from(stand),
                _ => event.stands.insert(at, stand.clone()),
            }
        }
        Change::StandGone { stand } => event.stands.retain(|known| known.stand != *stand),
        Change::StandCounts { counts } => {
            for count in counts {
                if let Some(known) = event.stands.iter_mut().find(|known| known.stand == count.stand) {
                    (known.reuse, known.people, known.live) = (count.reuse, count.people, count.live);
                }
            }
        }
        _ => return false,
    }
    true
}

fn to_room(room: &mut RoomView, change: &Change) -> bool {
    match change {
        Change::People { people } => room.people = *people,
        Change::OnAir { on_air } => room.on_air.clone_from(on_air),
        Change::Speaking { participants } => room.speaking.clone_from(participants),
        Change::Settings { settings } => room.settings = *settings,
        Change::Question { question } => put_question(&mut room.questions, question),
        Change::QuestionGone { question } => remove_question(&mut room.questions, *question),
        Change::Labels { labels } => room.labels.clone_from(labels),
        Change::Upvotes { upvotes } => count_upvotes(&mut room.questions, upvotes),
        Change::Message { message } => put_message(&mut room.chat, message),
        Change::MessageGone { message } => remove_message(&mut room.chat, *message),
        Change::MessageChanged { message } => change_message(&mut room.chat, message),
        Change::Pinned { pinned } => room.pinned.clone_from(pinned),
        Change::Poll { poll } => room.poll.clone_from(poll),
        Change::Hands { hands } => room.hands = *hands,
        Change::Help { help } => room.help = *help,
        Change::CardsShown { cards_shown } => room.cards_shown.clone_from(cards_shown),
        Change::Card { card } => {
            let at = room.cards.partition_point(|known| known.order < card.order);
            match room.cards.get_mut(at) {
                Some(known) if known.card == card.card => known.clone_from(card),
                _ => room.cards.insert(at, card.clone()),
            }
        }
        Change::CardGone { card } => room.cards.retain(|known| known.card != *card),
        Change::Show { show } => room.show = *show,
        Change::Reactions { .. } => {}
        _ => return false,
    }
    true
}

fn to_backstage(backstage: &mut BackstageView, change: &Change) -> bool {
    match change {
        Change::Waiting { waiting } => backstage.waiting.clone_from(waiting),
        Change::Timer { timer } => backstage.timer = *timer,
        Change::Countdowns { countdowns } => backstage.countdowns.clone_from(countdowns),
        Change::Message { message } => put_message(&mut backstage.chat, message),
        Change::MessageGone { message } => remove_message(&mut backstage.chat, *message),
        Change::MessageChanged { message } => change_message(&mut backstage.chat, message),
        _ => return false,
    }
    true
}

fn to_captions(captions: &mut CaptionsView, change: &Change) -> bool {
    match change {
        Change::Caption { line } => put_caption(&mut captions.lines, line),
        Change::CaptionGone { caption } => captions.lines.retain(|known| known.caption != *caption),
        _ => return false,
    }
    true
}

fn to_moderators(moderators: &mut ModeratorsView, change: &Change) -> bool {
    match change {
        Change::Question { question } => put_question(&mut moderators.questions, question),
        Change::QuestionGone { question } => remove_question(&mut moderators.questions, *question),
        Change::Upvotes { upvotes } => count_upvotes(&mut moderators.questions, upvotes),
        Change::Directions { directions } => moderators.directions.clone_from(directions),
        Change::HandQueue { hands } => moderators.hands.clone_from(hands),
        Change::RoomPoll { poll } => match moderators.polls.iter_mut().find(|one| one.poll == poll.poll) {
            Some(known) => known.clone_from(poll),
            None => moderators.polls.push(poll.clone()),
        },
        Change::RoomPollGone { poll } => moderators.polls.retain(|one| one.poll != *poll),
        Change::RoomPollOrder { polls } => {
            let place = |one: &PollView| polls.iter().position(|poll| *poll == one.poll);
            moderators.polls.sort_by_key(|one| place(one).unwrap_or(usize::MAX));
        }
        Change::Entries { entries } => moderators.entries.clone_from(entries),
        Change::Entry { entry } => {
            let all = moderators.entries.as_mut().map(|all| all.entries.iter_mut());
            if let Some(known) = all.and_then(|mut all| all.find(|known| known.entry == entry.entry)) {
                known.clone_from(entry);
            }
        }
        Change::RestrictedPeople { restricted } => moderators.restricted.clone_from(restricted),
        _ => return false,
    }
    true
}

fn to_organisers(organisers: &mut OrganisersView, change: &Change) -> bool {
    match change {
        Change::WordFilter { words } => organisers.filter.clone_from(words),
        Change::Numbers { numbers } => organisers.numbers.clone_from(numbers),
        Change::Curve { point } => {
            let at = organisers
                .curve
                .partition_point(|known| known.unix_min < point.unix_min);
            match organisers.curve.get_mut(at) {
                Some(known) if known.unix_min == point.unix_min => *known = *point,
                _ => organisers.curve.insert(at, *point),
            }
            keep_last(&mut organisers.curve, CURVE_POINTS_MAX);
        }
        _ => return false,
    }
    true
}

fn to_breakouts(breakouts: &mut BreakoutsView, change: &Change) -> bool {
    match change {
        Change::Round { round } => match breakouts.rounds.iter_mut().find(|one| one.round == round.round) {
            Some(known) => known.clone_from(round),
            None => breakouts.rounds.push(round.clone()),
        },
        Change::Rehearsal { rehearsal } => breakouts.rehearsal.clone_from(rehearsal),
        Change::RoundGone { round } => breakouts.rounds.retain(|one| one.round != *round),
        _ => return false,
    }
    true
}

fn keep_last<T>(items: &mut Vec<T>, max: usize) {
    let extra = items.len().saturating_sub(max);
    items.drain(..extra);
}

/// Slots stand in the order of their times; those of the same time in the order of their ids.
pub fn slot_order(slot: &AgendaSlot) -> impl Ord + use<> {
    (slot.starts_unix_ms, slot.ends_unix_ms, slot.slot)
}

fn put_slot(agenda: &mut Vec<AgendaSlot>, slot: &AgendaSlot) {
    agenda.retain(|known| known.slot != slot.slot);
    let at = agenda.partition_point(|known| slot_order(known) < slot_order(slot));
    agenda.insert(at, slot.clone());
}

fn put_idea(ideas: &mut Vec<IdeaView>, idea: &IdeaView) {
    let at = ideas.partition_point(|known| known.order < idea.order);
    match ideas.get_mut(at) {
        Some(known) if known.idea == idea.idea => known.clone_from(idea),
        _ => ideas.insert(at, idea.clone()),
    }
}

fn count_idea_votes(ideas: &mut [IdeaView], votes: &[IdeaVotes]) {
    for count in votes {
        if let Some(known) = ideas.iter_mut().find(|known| known.idea == count.idea) {
            known.votes = count.votes;
        }
    }
}

/// Questions stand in the order in which they were asked.
fn put_question(questions: &mut Vec<QuestionView>, question: &QuestionView) {
    let at = questions.partition_point(|known| known.order < question.order);
    match questions.get_mut(at) {
        Some(known) if known.question == question.question => known.clone_from(question),
        _ => questions.insert(at, question.clone()),
    }
}

fn remove_question(questions: &mut Vec<QuestionView>, question: QuestionId) {
    questions.retain(|known| known.question != question);
}

fn count_upvotes(questions: &mut [QuestionView], upvotes: &[UpvoteCount]) {
    for count in upvotes {
        if let Some(known) = questions.iter_mut().find(|known| known.question == count.question) {
            known.upvotes = count.upvotes;
        }
    }
}

fn put_message(chat: &mut Vec<ChatMessage>, message: &ChatMessage) {
    chat.push(message.clone());
    keep_last(chat, CHAT_SHOWN_MAX);
}

fn change_message(chat: &mut [ChatMessage], message: &ChatMessage) {
    if let Some(known) = chat.iter_mut().find(|known| known.message == message.message) {
        known.clone_from(message);
    }
}

fn remove_message(chat: &mut Vec<ChatMessage>, message: MessageId) {
    chat.retain(|known| known.message != message);
}
