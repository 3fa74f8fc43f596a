// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! The only builder of what clients see, and so the privacy filter: what is not built here leaves no event.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

use fiera_protocol::PROTOCOL_VERSION;
use fiera_protocol::breakouts::BreakoutsView;
use fiera_protocol::captions::CaptionsView;
use fiera_protocol::codec::encode;
use fiera_protocol::fair::{
    Announcement, ChatMessage, CurvePoint, Label, LiveNumbers, PollPhase, PollView, QuestionView, RoomNumbers,
};
use fiera_protocol::ideas::IdeaView;
use fiera_protocol::ids::{
    AnnouncementId, CommandId, DisplayName, IdeaId, LabelId, MessageId, ParticipantId, PollId, QuestionId, Role, RoomId,
};
use fiera_protocol::limits::ROSTER_PAGE_MAX;
use fiera_protocol::poll::PollEntries;
use fiera_protocol::server::ServerMessage;
use fiera_protocol::stage::StageShow;
use fiera_protocol::view::{
    BackstageView, Change, EventView, ModeratorsView, OrganisersView, Place, Publisher, RoomCount, RoomSummary,
    RoomView, StreamState, YouView,
};

use crate::chat::Chat;
use crate::config::{EventConfig, RoomConfig};
use crate::fact::{KeptText, NoteId};
use crate::ideas::Idea;
use crate::output::StreamKey;
use crate::participant::Participant;
use crate::polls::Poll;
use crate::programme::Programme;
use crate::questions::Question;
use crate::refusal::Refusal;
use crate::room::Room;

type People = BTreeMap<ParticipantId, Participant>;
type Rooms = BTreeMap<RoomId, Room>;
type Texts = BTreeMap<u128, KeptText>;

pub(crate) fn welcome(server_unix_ms: u64, resumed: bool) -> Arc<str> {
    encode(&ServerMessage::Welcome {
        version: PROTOCOL_VERSION,
        server_unix_ms,
        resumed,
    })
}

pub(crate) fn accepted(id: CommandId) -> Arc<str> {
    encode(&ServerMessage::Accepted { id })
}

pub(crate) fn refused(id: Option<CommandId>, refusal: Refusal) -> Arc<str> {
    encode(&ServerMessage::Refused {
        id,
        code: refusal.code,
        sentence: refusal.sentence.to_owned(),
        after_ms: None,
    })
}

/// The event before anybody came.
pub(crate) fn empty_event(config: &EventConfig) -> StreamState {
    let summary = |room: &RoomConfig| RoomSummary {
        room: room.room.clone(),
        room_kind: room.kind,
        title: room.title.clone(),
        titles: room.titles.clone(),
        people: 0,
        live: false,
    };
    let listed: Vec<RoomId> = config.rooms.iter().map(|room| room.room.clone()).collect();
    StreamState::Event(EventView {
        event: config.event.clone(),
        title: config.title.clone(),
        titles: config.titles.clone(),
        organiser: config.organiser.clone(),
        phase: config.phase,
        people: 0,
        rooms: config.rooms.iter().map(summary).collect(),
        agenda: Programme::new(config).slots(&BTreeMap::new(), &listed),
        time_zone: config.time_zone.clone(),
        ideas: Vec::new(),
        ideas_closed: config.ideas_closed,
        thanks: Vec::new(),
        announcements: Vec::new(),
        read_only: false,
        breakout: None,
        stands: Vec::new(),
        stands_open_to: config.stands.open_to,
    })
}

pub(crate) fn empty_room(config: &RoomConfig) -> StreamState {
    StreamState::Room(RoomView {
        room: config.room.clone(),
        people: 0,
        on_air: Vec::new(),
        speaking: Vec::new(),
        settings: config.settings,
        questions: Vec::new(),
        labels: Vec::new(),
        chat: Vec::new(),
        pinned: Vec::new(),
        poll: None,
        hands: 0,
        show: StageShow::default(),
        help: None,
        cards: Vec::new(),
        cards_shown: None,
    })
}

pub(crate) fn empty_captions(room: &RoomId) -> StreamState {
    StreamState::Captions(CaptionsView {
        room: room.clone(),
        lines: Vec::new(),
    })
}

pub(crate) fn empty_moderators(room: &RoomId) -> StreamState {
    StreamState::Moderators(ModeratorsView {
        room: room.clone(),
        questions: Vec::new(),
        hands: Vec::new(),
        polls: Vec::new(),
        restricted: Vec::new(),
        directions: Vec::new(),
        entries: None,
    })
}

pub(crate) fn empty_organisers(config: &EventConfig) -> StreamState {
    let numbers = |room: &RoomConfig| RoomNumbers {
        room: room.room.clone(),
        people: 0,
        on_air: 0,
        hands: 0,
        open_questions: 0,
        quality: None,
    };
    StreamState::Organisers(OrganisersView {
        numbers: LiveNumbers {
            people: 0,
            peak: 0,
            peak_unix_ms: None,
            joined_5_min: 0,
            reconnects_5_min: 0,
            rooms: config.rooms.iter().map(numbers).collect(),
        },
        curve: Vec::new(),
        filter: Vec::new(),
    })
}

pub(crate) fn empty_breakouts() -> StreamState {
    StreamState::Breakouts(BreakoutsView {
        rounds: Vec::new(),
        rehearsal: None,
    })
}

pub(crate) fn empty_backstage(room: &RoomId) -> StreamState {
    StreamState::Backstage(BackstageView {
        room: room.clone(),
        waiting: Vec::new(),
        countdowns: Vec::new(),
        timer: None,
        chat: Vec::new(),
    })
}

/// People connected, those within their grace included.
pub(crate) fn people_count(people: &People) -> u32 {
    u32::try_from(people.values().filter(|p| p.is_person()).count()).unwrap_or(u32::MAX)
}

/// The counters, where they differ from what followers know.
pub(crate) fn counts_change(known: &StreamState, order: &[RoomId], people: u32, rooms: &Rooms) -> Option<Change> {
    let StreamState::Event(known) = known else { return None };
    let count = |room: &Room| RoomCount {
        room: room.config.room.clone(),
        people: room.people_count(),
        live: !room.on_air().is_empty(),
    };
    let counts: Vec<RoomCount> = order.iter().filter_map(|id| rooms.get(id)).map(count).collect();
    let same = |(known, count): (&RoomSummary, &RoomCount)| known.people == count.people && known.live == count.live;
    let unchanged = known.people == people && known.rooms.iter().zip(&counts).all(same);
    (!unchanged).then_some(Change::Counts { people, rooms: counts })
}

/// The number of people in a room, where it differs from what followers know.
pub(crate) fn people_change(room: &Room) -> Option<Change> {
    let StreamState::Room(known) = room.stream.state() else {
        return None;
    };
    let people = room.people_count();
    (known.people != people).then_some(Change::People { people })
}

/// Who is on air and who speaks, where that differs from what followers know.
pub(crate) fn room_changes(room: &Room, people: &People, texts: &Texts) -> Vec<Change> {
    let StreamState::Room(known) = room.stream.state() else {
        return Vec::new();
    };
    let on_air = publishers(room.on_air(), people);
    let on_air = (known.on_air != on_air).then_some(Change::OnAir { on_air });
    let participants = room.speaking().to_vec();
    let speaking = (known.speaking != participants).then_some(Change::Speaking { participants });
    let poll = room.polls.shown();
    let poll = (!same_but_answers(known.poll.as_ref(), poll.as_ref())).then_some(Change::Poll { poll });
    let settings = room.settings;
    let settings = (known.settings != settings).then_some(Change::Settings { settings });
    let labels = labels(room, texts);
    let labels = (known.labels != labels).then_some(Change::Labels { labels });
    let show = room.show.shown();
    let show = (known.show != show).then_some(Change::Show { show });
    let changes = on_air.into_iter().chain(speaking).chain(settings).chain(show);
    let pinned = pinned(room, texts);
    let pinned = (known.pinned != pinned).then_some(Change::Pinned { pinned });
    let help = (known.help != room.help).then_some(Change::Help { help: room.help });
    changes.chain(labels).chain(pinned).chain(poll).chain(help).collect()
}

/// The labels of a room; one whose text was erased is left out.
fn labels(room: &Room, texts: &Texts) -> Vec<Label> {
    let label = |id: &LabelId| {
        let (text, _, _) = kept(id.as_u128(), texts)?;
        Some(Label { label: *id, text })
    };
    room.questions.labels().iter().filter_map(label).collect()
}

/// Who waits and whose countdown runs, where that differs from what followers know.
pub(crate) fn backstage_changes(room: &Room, people: &People) -> Vec<Change> {
    let StreamState::Backstage(known) = room.backstage.state() else {
        return Vec::new();
    };
    let waiting = publishers(room.waiting(), people);
    let waiting = (known.waiting != waiting).then_some(Change::Waiting { waiting });
    let countdowns = room.countdowns.shown();
    let countdowns = (known.countdowns != countdowns).then_some(Change::Countdowns { countdowns });
    let timer = room.show.timer();
    let timer = (known.timer != timer).then_some(Change::Timer { timer });
    waiting.into_iter().chain(countdowns).chain(timer).collect()
}

/// The queue of hands, where it differs from what moderators know.
pub(crate) fn moderators_changes(room: &Room) -> Vec<Change> {
    let StreamState::Moderators(known) = room.moderators.state() else {
        return Vec::new();
    };
    let hands = room.hands.queue(room.people());
    let hands = (known.hands != hands).then_some(Change::HandQueue { hands });
    let gone = |poll: &&PollView| room.polls.get(poll.poll).is_none();
    let gone = known
        .polls
        .iter()
        .filter(gone)
        .map(|poll| Change::RoomPollGone { poll: poll.poll });
    let known_poll = |poll: &PollView| known.polls.iter().find(|known| known.poll == poll.poll);
    let moved = |poll: &PollView| !same_but_answers(known_poll(poll), Some(poll));
    let moved = room.polls.views().filter(moved).map(|poll| Change::RoomPoll { poll });
    // A new one comes last, so followers stand where they stand unless somebody was put elsewhere.
    let known_order = known.polls.iter().map(|poll| poll.poll);
    let known_order: Vec<PollId> = known_order.filter(|poll| room.polls.get(*poll).is_some()).collect();
    let is_new = |poll: &PollId| !known_order.contains(poll);
    let told = known_order.iter().copied().chain(room.polls.order().filter(is_new));
    let polls: Vec<PollId> = room.polls.order().collect();
    let order = (!told.eq(polls.iter().copied())).then_some(Change::RoomPollOrder { polls });
    let directions = room.show.directions();
    let directions = (known.directions != directions).then_some(Change::Directions { directions });
    hands
        .into_iter()
        .chain(directions)
        .chain(gone)
        .chain(moved)
        .chain(order)
        .chain(entries_changes(known.entries.as_ref(), room.polls.entries()))
        .collect()
}

/// What participants wrote in a poll, where it differs from what moderators know: one by one where few do.
fn entries_changes(known: Option<&PollEntries>, entries: Option<PollEntries>) -> Vec<Change> {
    if known == entries.as_ref() {
        return Vec::new();
    }
    let ids = |all: &PollEntries| all.entries.iter().map(|one| one.entry).collect::<Vec<_>>();
    match (known, &entries) {
        (Some(before), Some(now)) if before.poll == now.poll && ids(before) == ids(now) => {
            let pairs = before.entries.iter().zip(&now.entries);
            let differ = pairs.filter(|(before, now)| before != now);
            differ.map(|(_, now)| Change::Entry { entry: now.clone() }).collect()
        }
        _ => vec![Change::Entries { entries }],
    }
}

/// Whether two polls differ at most in the number of answers, which is told at intervals.
fn same_but_answers(known: Option<&PollView>, poll: Option<&PollView>) -> bool {
    match (known, poll) {
        (Some(known), Some(poll)) => {
            let mut masked = poll.clone();
            if poll.phase == PollPhase::Open {
                masked.answers = known.answers;
            }
            let asked = |poll: &PollView| poll.quiz.as_ref().and_then(|quiz| quiz.asked.clone());
            let now = masked.quiz.as_mut().and_then(|quiz| quiz.asked.as_mut());
            if let (Some(now), Some(before)) = (now, asked(known))
                && now.number == before.number
            {
                now.answers = before.answers;
            }
            masked == *known
        }
        (known, poll) => known.is_none() && poll.is_none(),
    }
}

/// What is counted in a room, where it differs from what followers know.
pub(crate) fn tally_changes(id: &RoomId, room: &Room) -> Vec<(StreamKey, Change)> {
    let StreamState::Room(known) = room.stream.state() else {
        return Vec::new();
    };
    let hands = room.hands.waiting();
    let hands = (known.hands != hands).then_some(Change::Hands { hands });
    let poll = room.polls.shown();
    let poll = (known.poll != poll).then_some(Change::Poll { poll });
    let of_room = hands
        .into_iter()
        .chain(poll)
        .map(|change| (StreamKey::Room(id.clone()), change));
    let StreamState::Moderators(known) = room.moderators.state() else {
        return of_room.collect();
    };
    let told = |poll: &PollView| known.polls.contains(poll);
    let open = room.polls.open().map(Poll::view).filter(|poll| !told(poll));
    let of_moderators = open.map(|poll| (StreamKey::Moderators(id.clone()), Change::RoomPoll { poll }));
    of_room.chain(of_moderators).collect()
}

/// Whether organisers know other numbers.
pub(crate) fn numbers_differ(known: &StreamState, numbers: &LiveNumbers) -> bool {
    matches!(known, StreamState::Organisers(known) if known.numbers != *numbers)
}

/// Whether organisers know another point of the curve, or none.
pub(crate) fn point_differs(known: &StreamState, point: CurvePoint) -> bool {
    matches!(known, StreamState::Organisers(known) if !known.curve.contains(&point))
}

fn publisher(participant: &Participant) -> Publisher {
    Publisher {
        participant: participant.id,
        name: participant.name.clone(),
        sources: participant.sources(),
        title: participant.title.clone(),
    }
}

fn publishers(ids: &[ParticipantId], people: &People) -> Vec<Publisher> {
    ids.iter().filter_map(|id| people.get(id)).map(publisher).collect()
}

/// The words of a text, its name and its time; none where it was erased.
pub(crate) fn kept(id: u128, texts: &Texts) -> Option<(String, Option<DisplayName>, u64)> {
    let kept = texts.get(&id)?;
    let by = kept.by.clone().and_then(|by| DisplayName::try_from(by).ok());
    Some((kept.text.clone(), by, u64::from(kept.unix_min) * 60_000))
}

/// A question; none where its text was erased.
pub(crate) fn question(id: QuestionId, question: &Question, texts: &Texts) -> Option<QuestionView> {
    let (text, by, at_unix_ms) = kept(id.as_u128(), texts)?;
    let words = |note: Option<NoteId>| Some(kept(note?.0.as_u128(), texts)?.0);
    Some(QuestionView {
        question: id,
        text,
        by,
        stage: question.stage,
        note: words(question.note),
        due_day: question.due_day,
        answer: words(question.answer),
        labels: question.labels.clone(),
        assigned: question.assigned.clone(),
        merged: question.parts,
        edited: question.edited,
        archived: question.archived,
        from_chat: question.from_chat.is_some(),
        upvotes: question.upvotes(),
        at_unix_ms,
        order: question.order,
    })
}

/// An idea without its votes; none where its text was erased.
pub(crate) fn idea(id: IdeaId, idea: &Idea, texts: &Texts) -> Option<IdeaView> {
    let (title, by, _) = kept(id.as_u128(), texts)?;
    let notes = texts.get(&id.as_u128())?.options.first().cloned();
    Some(IdeaView {
        idea: id,
        title,
        notes,
        by,
        presents: idea.presents,
        stage: idea.stage,
        note: idea.note.and_then(|note| Some(kept(note.0.as_u128(), texts)?.0)),
        slot: idea.slot,
        merged_into: idea.merged_into,
        edited: idea.edited,
        votes: 0,
        order: idea.order,
    })
}

/// A chat message; none where its text was erased.
pub(crate) fn message(id: MessageId, chat: &Chat, texts: &Texts) -> Option<ChatMessage> {
    let (text, by, at_unix_ms) = kept(id.as_u128(), texts)?;
    Some(ChatMessage {
        message: id,
        by: by?,
        participant: chat.author(id),
        text,
        reply_to: chat.reply_to(id),
        edited: chat.is_edited(id),
        at_unix_ms,
    })
}

/// What is pinned. Who wrote it is not told: it may be of long ago.
fn pinned(room: &Room, texts: &Texts) -> Vec<ChatMessage> {
    let chat = room.chat(false);
    let shown = |id: &MessageId| {
        let participant = None;
        Some(ChatMessage {
            participant,
            ..message(*id, chat, texts)?
        })
    };
    chat.pinned().iter().filter_map(shown).collect()
}

/// The chat that followers of a stream know.
pub(crate) fn known_chat(state: &StreamState) -> &[ChatMessage] {
    match state {
        StreamState::Room(room) => &room.chat,
        StreamState::Backstage(backstage) => &backstage.chat,
        _ => &[],
    }
}

/// An announcement; none where its text was erased.
pub(crate) fn announcement(id: AnnouncementId, texts: &Texts) -> Option<Announcement> {
    let (text, _, at_unix_ms) = kept(id.as_u128(), texts)?;
    Some(Announcement {
        announcement: id,
        text,
        at_unix_ms,
    })
}

/// What a participant knows about themselves, apart from what other areas know of them.
pub(crate) fn you(participant: &Participant, place: Place) -> YouView {
    let newcomer = you_as_newcomer(participant.id, participant.name.clone(), participant.role);
    YouView {
        room: participant.room.clone(),
        place,
        sources: participant.sources(),
        ..newcomer
    }
}

/// What somebody knows about themselves who has just come and is in no room.
pub(crate) fn you_as_newcomer(participant: ParticipantId, name: DisplayName, role: Role) -> YouView {
    YouView {
        participant,
        name,
        role,
        room: None,
        place: Place::Audience,
        sources: Vec::new(),
        hand: None,
        upvoted: Vec::new(),
        vote: None,
        answer: None,
        player: None,
        silenced: false,
        idea_votes: Vec::new(),
        thanks: Vec::new(),
        directions: Vec::new(),
        on_air_at_unix_ms: None,
        breakout: None,
        card_votes: Vec::new(),
        keeps: Vec::new(),
        reuses: Vec::new(),
    }
}

/// One page of a room's people, ordered by id. Who is not on air is shown without sources.
pub(crate) fn roster_page(room: &Room, people: &People, after: Option<ParticipantId>) -> Arc<str> {
    let from = after.map_or(Bound::Unbounded, Bound::Excluded);
    let mut ids = room.people().range((from, Bound::Unbounded));
    let entry = |person: &Participant| {
        let on_air = room.place(person.id) == Place::OnAir;
        Publisher {
            sources: if on_air { person.sources() } else { Vec::new() },
            title: person.title.clone().filter(|_| on_air),
            ..publisher(person)
        }
    };
    let page: Vec<Publisher> = ids
        .by_ref()
        .take(ROSTER_PAGE_MAX)
        .filter_map(|id| people.get(id))
        .map(entry)
        .collect();
    encode(&ServerMessage::RosterPage {
        people: page,
        more: ids.next().is_some(),
    })
}
