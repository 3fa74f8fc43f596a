// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Why the hub does not do something, in words that say what happened and what to do next.

use fiera_protocol::poll::DraftFault;
use fiera_protocol::programme::SlotFault;
use fiera_protocol::refusal::RefusalCode;
use fiera_protocol::stands::StandFault;

/// A refusal as it is sent: a stable code for programs, a sentence for people. Nothing changed by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refusal {
    /// For programs.
    pub code: RefusalCode,
    /// For people.
    pub sentence: &'static str,
}

const fn refusal(code: RefusalCode, sentence: &'static str) -> Refusal {
    Refusal { code, sentence }
}

pub(crate) const UNKNOWN_ROOM: Refusal = refusal(
    RefusalCode::UnknownRoom,
    "There is no such room in this event. Choose one from the list of places.",
);
pub(crate) const ROOM_FULL: Refusal = refusal(
    RefusalCode::RoomFull,
    "The room is full. Try again when somebody has left, or visit another one.",
);
pub(crate) const EVENT_FULL: Refusal = refusal(
    RefusalCode::RoomFull,
    "The event is full. Try again when somebody has left.",
);
pub(crate) const NOT_IN_ROOM: Refusal = refusal(
    RefusalCode::NotInRoom,
    "You are in no room at present. Enter a room first.",
);
pub(crate) const NOT_YOUR_ROOM: Refusal = refusal(
    RefusalCode::NotInRoom,
    "That belongs to a place where you are not. Go there first.",
);
pub(crate) const UNKNOWN_PARTICIPANT: Refusal = refusal(
    RefusalCode::UnknownParticipant,
    "This person is not behind or on this stage. They may have left.",
);
pub(crate) const NOT_ALLOWED: Refusal = refusal(
    RefusalCode::NotAllowed,
    "Your role may not do that here. Ask a moderator or the organiser.",
);
pub(crate) const ONLY_OWNER_SWITCHES_ON: Refusal = refusal(
    RefusalCode::NotAllowed,
    "Nobody can switch on somebody else's microphone, camera or screen. Ask them to do it.",
);
pub(crate) const EVENT_DRAFT: Refusal = refusal(
    RefusalCode::EventClosed,
    "The event has not opened yet. Come back when the organiser opens it.",
);
pub(crate) const EVENT_ENDED: Refusal = refusal(
    RefusalCode::EventClosed,
    "The event is over. Nothing can be changed any more.",
);
pub(crate) const PHASE_ORDER: Refusal = refusal(
    RefusalCode::WrongState,
    "An event goes from draft to open to live to ended, one step at a time. Choose the next step.",
);
pub(crate) const AWAY_TOO_LONG: Refusal = refusal(
    RefusalCode::WrongState,
    "You were away for too long, and your place behind the stage has ended. Raise your hand again to speak.",
);
pub(crate) const BACKSTAGE_FIRST: Refusal = refusal(
    RefusalCode::WrongState,
    "Only who is backstage can do that. Go backstage first.",
);
pub(crate) const BACKSTAGE_ALREADY: Refusal = refusal(
    RefusalCode::WrongState,
    "You are backstage or on air already. Nothing needs to be done.",
);
pub(crate) const BACKSTAGE_FULL: Refusal = refusal(
    RefusalCode::RoomFull,
    "Backstage is full. Wait until somebody there goes back to the audience.",
);
pub(crate) const ON_AIR_ALREADY: Refusal = refusal(
    RefusalCode::WrongState,
    "This person is on air already. Nothing needs to be done.",
);
pub(crate) const ON_AIR_FULL: Refusal = refusal(
    RefusalCode::RoomFull,
    "As many as possible are on air already. Take somebody off air first.",
);
pub(crate) const NOT_ON_AIR: Refusal = refusal(
    RefusalCode::WrongState,
    "This person is not on air. Nothing needs to be done.",
);
pub(crate) const PROGRAM_PUBLISHES: Refusal = refusal(
    RefusalCode::WrongState,
    "A program publishes for you to this room. Stop it before you go to another place.",
);
pub(crate) const READ_ONLY: Refusal = refusal(
    RefusalCode::ReadOnly,
    "The server cannot store anything at present, so nothing can be changed. Watching goes on; try again in a while.",
);
pub(crate) const ON_STAGE_ALREADY: Refusal = refusal(
    RefusalCode::WrongState,
    "You are behind or on the stage already, so you need not raise your hand. Speak when you are on air.",
);
pub(crate) const TOO_MANY_HANDS: Refusal = refusal(
    RefusalCode::TooMany,
    "As many hands as possible are up in this room. Try again when some were taken.",
);
pub(crate) const NO_HAND: Refusal = refusal(
    RefusalCode::UnknownItem,
    "This hand is not up any more. It was lowered, or its owner has gone.",
);
pub(crate) const HAND_ACCEPTED: Refusal = refusal(
    RefusalCode::WrongState,
    "This hand was accepted already: its owner is behind or on the stage. To end that, they go back to the audience.",
);
pub(crate) const HAND_AWAY: Refusal = refusal(
    RefusalCode::UnknownParticipant,
    "This person is not connected at present. Their hand stays up for a while; try again when they are back.",
);
pub(crate) const TOO_MANY_POLLS: Refusal = refusal(
    RefusalCode::TooMany,
    "This room has as many polls as possible. Throw drafts away, or use another room.",
);
pub(crate) const UNKNOWN_POLL: Refusal = refusal(
    RefusalCode::UnknownItem,
    "There is no such poll in this room (any more).",
);
pub(crate) const UNKNOWN_OPTION: Refusal = refusal(
    RefusalCode::UnknownItem,
    "The poll does not offer this answer. Choose one of those it offers.",
);
pub(crate) const POLL_ORDER: Refusal = refusal(
    RefusalCode::WrongState,
    "A poll goes from draft to open to closed to revealed, one step at a time. Choose the next step.",
);
pub(crate) const POLL_NOT_DRAFT: Refusal = refusal(
    RefusalCode::WrongState,
    "Only a draft can be changed. Copy the poll, and change the copy.",
);
pub(crate) const POLL_OPEN_ALREADY: Refusal = refusal(
    RefusalCode::WrongState,
    "Another poll is open in this room. Close that one first.",
);
pub(crate) const POLL_OPEN: Refusal = refusal(RefusalCode::WrongState, "The poll is open. Close it first.");
pub(crate) const POLL_CLOSED: Refusal = refusal(
    RefusalCode::WrongState,
    "The poll is closed and takes no votes any more.",
);
pub(crate) const POLL_DISMISSED: Refusal = refusal(
    RefusalCode::WrongState,
    "The poll is off the screen already. Nothing needs to be done.",
);
pub(crate) const ANOTHER_FORM: Refusal = refusal(
    RefusalCode::Malformed,
    "This poll is answered in another way. Answer it as it asks.",
);
pub(crate) const CHOOSE_AS_ASKED: Refusal = refusal(
    RefusalCode::Malformed,
    "Choose as many different answers as the poll asks for, not fewer and not more.",
);
pub(crate) const RANK_ALL: Refusal = refusal(
    RefusalCode::Malformed,
    "A ranking has each answer once. Put all of them in order.",
);
pub(crate) const TOO_MANY_TEXTS: Refusal = refusal(
    RefusalCode::TooMany,
    "As many answers as possible were given to this question. Yours was not kept; tell it in the chat.",
);
pub(crate) const TOO_MANY_SHOWN: Refusal = refusal(
    RefusalCode::TooMany,
    "As many answers as possible are published already. Take one back first.",
);
pub(crate) const UNKNOWN_ENTRY: Refusal = refusal(
    RefusalCode::UnknownItem,
    "This is not in the poll (any more). It may have been erased.",
);
pub(crate) const NICKNAME_TAKEN: Refusal = refusal(
    RefusalCode::Name,
    "Another player has this nickname already. Choose another one.",
);
pub(crate) const JOIN_QUIZ_FIRST: Refusal = refusal(
    RefusalCode::WrongState,
    "Choose a nickname for this quiz first, then answer.",
);
pub(crate) const QUIZ_TIME_OVER: Refusal = refusal(
    RefusalCode::WrongState,
    "This question is not asked now, or its time is over. Wait for the next one.",
);
pub(crate) const QUIZ_NOT_OPEN: Refusal = refusal(
    RefusalCode::WrongState,
    "The quiz is not open. Open it before its questions are asked.",
);
pub(crate) const QUIZ_ORDER: Refusal = refusal(
    RefusalCode::WrongState,
    "The questions of a quiz come in their order, and somebody may have gone on meanwhile. Look where it is now.",
);
/// Why a poll cannot be prepared.
pub(crate) const fn of_draft(fault: DraftFault) -> Refusal {
    let code = match fault {
        DraftFault::TooMany => RefusalCode::TooMany,
        _ => RefusalCode::Malformed,
    };
    refusal(code, fault.sentence())
}
pub(crate) const COUNTDOWN_TOO_LONG: Refusal = refusal(
    RefusalCode::Malformed,
    "A countdown has at most 30 seconds. Choose a shorter one.",
);
pub(crate) const TOO_MANY_CONNECTIONS: Refusal = refusal(
    RefusalCode::TooManyConnections,
    "You opened this event in more tabs than possible, so this one, the oldest, was closed. Reload to use it again.",
);
pub(crate) const TOO_MANY_QUESTIONS: Refusal = refusal(
    RefusalCode::TooMany,
    "This room holds as many questions as it can. Support one that was asked already.",
);
pub(crate) const ASKS_TOO_FAST: Refusal = refusal(
    RefusalCode::TooFast,
    "You asked several questions in the last minute. Wait a little before the next one.",
);
pub(crate) const UNKNOWN_QUESTION: Refusal = refusal(
    RefusalCode::UnknownItem,
    "This question is not here any more. It may have been withdrawn.",
);
pub(crate) const QUESTION_SETTLED: Refusal = refusal(
    RefusalCode::WrongState,
    "This question takes no votes any more: it was answered or will be answered later.",
);
pub(crate) const QUESTION_MOVED_ON: Refusal = refusal(
    RefusalCode::WrongState,
    "Somebody else has moved this question meanwhile. Look where it is now and decide again.",
);
pub(crate) const QUESTION_ORDER: Refusal = refusal(
    RefusalCode::WrongState,
    "A question cannot go there from where it is. Choose another step.",
);
pub(crate) const NOTE_MISSING: Refusal = refusal(
    RefusalCode::Text,
    "Say why the question is dismissed, or who follows it up.",
);
pub(crate) const NOTE_NOT_HERE: Refusal = refusal(
    RefusalCode::Text,
    "Only a dismissed question or one to be followed up takes a note. Leave it out.",
);
pub(crate) const QUESTIONS_CLOSED: Refusal = refusal(
    RefusalCode::Closed,
    "A moderator has closed the questions of this room for now. Support one that was asked already, or come back later.",
);
pub(crate) const EDIT_SETTLED: Refusal = refusal(
    RefusalCode::WrongState,
    "This question is being answered or was settled, so its words stay. Ask another one.",
);
pub(crate) const EDIT_NOT_YOURS: Refusal = refusal(
    RefusalCode::NotAllowed,
    "Only who asked this can change it, in the browser where it was asked; a moderator can while it waits for approval.",
);
pub(crate) const QUESTION_MERGED: Refusal = refusal(
    RefusalCode::WrongState,
    "This question was merged into another one. Go on with that one, or undo the merge first.",
);
pub(crate) const MERGE_SETTLED: Refusal = refusal(
    RefusalCode::WrongState,
    "Only questions that wait, are published or come next can be merged into one that is open. Choose others.",
);
pub(crate) const MERGE_TWICE: Refusal = refusal(
    RefusalCode::Malformed,
    "Choose at least one other question to merge, each once, and not the one that stays.",
);
pub(crate) const TOO_MANY_AT_ONCE: Refusal = refusal(
    RefusalCode::TooMany,
    "That is too many at once. Do it in several steps.",
);
pub(crate) const TOO_MANY_LABELS: Refusal = refusal(
    RefusalCode::TooMany,
    "A room has at most 12 labels and a question at most 3. Take one away first.",
);
pub(crate) const LABEL_KNOWN: Refusal =
    refusal(RefusalCode::WrongState, "There is such a label already. Use that one.");
pub(crate) const LABEL_TWICE: Refusal = refusal(
    RefusalCode::Malformed,
    "A question has each label once. Leave the second one out.",
);
pub(crate) const UNKNOWN_LABEL: Refusal = refusal(
    RefusalCode::UnknownItem,
    "There is no such label in this room (any more).",
);
pub(crate) const NOT_A_SPEAKER: Refusal = refusal(
    RefusalCode::UnknownParticipant,
    "Questions go to somebody who is in this room and is a speaker or on the stage. Choose one of them.",
);
pub(crate) const NOT_YOURS_TO_ANSWER: Refusal = refusal(
    RefusalCode::NotAllowed,
    "This question is not assigned to you. Ask a moderator to do so.",
);
pub(crate) const ANSWER_EARLY: Refusal = refusal(
    RefusalCode::WrongState,
    "A question that waits or was dismissed cannot be answered. Publish it first.",
);
pub(crate) const NOT_FOLLOWED_UP: Refusal = refusal(
    RefusalCode::WrongState,
    "Only a question that is followed up has a date. Say first who follows it up.",
);
pub(crate) const DUE_TOO_LATE: Refusal = refusal(
    RefusalCode::Malformed,
    "The date is too far away. Choose one before the year 2100.",
);
pub(crate) const ARCHIVE_OPEN: Refusal = refusal(
    RefusalCode::WrongState,
    "Only questions that were answered or dismissed can be put away. Settle the others first.",
);
pub(crate) const TOO_MANY_SECRETS: Refusal = refusal(
    RefusalCode::TooMany,
    "At most 100 of your texts can be looked for at once. Ask again for the others.",
);
pub(crate) const NOTHING_TO_UNDO: Refusal = refusal(
    RefusalCode::WrongState,
    "There is no last step of this question to take back.",
);
pub(crate) const TOO_MANY_UPVOTES: Refusal = refusal(
    RefusalCode::TooMany,
    "This room holds as many votes for questions as it can. Nothing was changed.",
);
pub(crate) const TOO_MANY_IDEA_VOTES: Refusal = refusal(
    RefusalCode::TooMany,
    "This event holds as many votes for ideas as it can. Nothing was changed.",
);
pub(crate) const NOT_THE_AUTHOR: Refusal = refusal(
    RefusalCode::NotAllowed,
    "Only who wrote this can take it back, in the browser where it was written. A moderator can do it too.",
);
pub(crate) const EDIT_NOT_YOURS_TO_CHAT: Refusal = refusal(
    RefusalCode::NotAllowed,
    "Only who wrote this can change it, in the browser where it was written. A moderator can delete it.",
);
pub(crate) const UNKNOWN_MESSAGE: Refusal = refusal(
    RefusalCode::UnknownItem,
    "This message is not here any more. Nothing needs to be done.",
);
pub(crate) const BACKSTAGE_CHAT: Refusal = refusal(
    RefusalCode::NotAllowed,
    "Only those who see the backstage write there. Go backstage first.",
);
pub(crate) const CHAT_CLOSED: Refusal = refusal(
    RefusalCode::SlowMode,
    "A moderator has closed the chat of this room. Wait until it opens again.",
);
pub(crate) const SLOW_MODE: Refusal = refusal(
    RefusalCode::SlowMode,
    "The chat of this room is slow at present. Wait a little before the next message.",
);
pub(crate) const WORD_FILTERED: Refusal = refusal(
    RefusalCode::Filtered,
    "A word in it is not allowed in this event. Say it in other words.",
);
pub(crate) const LINK_FILTERED: Refusal = refusal(
    RefusalCode::Filtered,
    "The chat of this room takes no links at present. Leave the link out.",
);
pub(crate) const FILTER_NOT_WORDS: Refusal = refusal(
    RefusalCode::Malformed,
    "The filter takes single words of letters and digits. Write each word alone.",
);
pub(crate) const TOO_MANY_FILTERED: Refusal = refusal(
    RefusalCode::TooMany,
    "The filter holds at most 200 words. Leave some out.",
);
pub(crate) const TOO_MANY_PINNED: Refusal = refusal(
    RefusalCode::TooMany,
    "Three messages are pinned already. Take one of them down first.",
);
pub(crate) const NO_REPLY_TO_THAT: Refusal = refusal(
    RefusalCode::UnknownItem,
    "The message that you reply to is not here any more. Send yours without it.",
);
pub(crate) const LONG_FOR_A_QUESTION: Refusal = refusal(
    RefusalCode::Text,
    "The message is longer than a question may be. Ask its author to ask it in fewer words.",
);
pub(crate) const MESSAGE_ASKED: Refusal = refusal(
    RefusalCode::WrongState,
    "This message is a question already. Nothing needs to be done.",
);
pub(crate) const CHAT_TOO_FAST: Refusal = refusal(
    RefusalCode::TooFast,
    "You sent several messages in the last seconds. Wait a little before the next one.",
);
pub(crate) const TIMER_NOT_POSSIBLE: Refusal = refusal(
    RefusalCode::Malformed,
    "A timer runs 10 seconds to 4 hours, amber not after its start, red not before amber. Choose other times.",
);
pub(crate) const TIMER_CHANGED: Refusal = refusal(
    RefusalCode::WrongState,
    "The timer was changed by somebody else meanwhile. Look at it and decide again.",
);
pub(crate) const TOO_MANY_TITLES: Refusal = refusal(
    RefusalCode::TooMany,
    "As many people as possible have a line under their name in this event. Take one away first.",
);
pub(crate) const NO_TIMER: Refusal = refusal(RefusalCode::WrongState, "No timer runs in this room. Start one first.");
pub(crate) const NOBODY_TO_DIRECT: Refusal = refusal(
    RefusalCode::UnknownParticipant,
    "Nobody to be told is backstage or on air here. Wait until they are.",
);
pub(crate) const UNKNOWN_DIRECTION: Refusal = refusal(
    RefusalCode::UnknownItem,
    "This message is not here any more. Nothing needs to be done.",
);
pub(crate) const CAPTION_PAST: Refusal = refusal(
    RefusalCode::WrongState,
    "A line of this number, or of a later one, is final already. Give each line a greater number than the one before.",
);
pub(crate) const CAPTIONS_TOO_FAST: Refusal = refusal(
    RefusalCode::TooFast,
    "Lines come faster than anybody reads. Send fewer steps of each line.",
);
pub(crate) const TOO_MANY_CAPTION_LANGS: Refusal = refusal(
    RefusalCode::TooMany,
    "This room has captions in as many languages as it can. Write in one of those.",
);
pub(crate) const TOO_MANY_CAPTION_SOURCES: Refusal = refusal(
    RefusalCode::TooMany,
    "As many people and programs as possible write captions here. Wait until one of them has stopped for a minute.",
);
pub(crate) const TOO_MANY_CAPTIONS: Refusal = refusal(
    RefusalCode::TooMany,
    "This room keeps as many lines of captions as it can. Nothing more is taken.",
);
pub(crate) const UNKNOWN_CAPTION: Refusal = refusal(
    RefusalCode::UnknownItem,
    "This line is not here any more. Nothing needs to be done.",
);
pub(crate) const TOO_MANY_ANNOUNCEMENTS: Refusal = refusal(
    RefusalCode::TooMany,
    "This event holds as many announcements as it can. Erase one that is no longer needed.",
);
pub(crate) const UNKNOWN_ANNOUNCEMENT: Refusal = refusal(
    RefusalCode::UnknownItem,
    "This announcement is not here any more. Nothing needs to be done.",
);
pub(crate) const SILENCED: Refusal = refusal(
    RefusalCode::Silenced,
    "A moderator has silenced you: you can watch and vote, but not chat, ask, raise a hand or react.",
);
pub(crate) const BANNED: Refusal = refusal(
    RefusalCode::Banned,
    "A moderator has put you out of this event. Write to the organiser if you think that is a mistake.",
);
pub(crate) const NOT_OVER_EQUALS: Refusal = refusal(
    RefusalCode::NotAllowed,
    "That works on people with a lower role than yours only. Ask an organiser.",
);
pub(crate) const NOT_IN_EVENT: Refusal = refusal(
    RefusalCode::UnknownParticipant,
    "This person is not in the event. They may have left.",
);
pub(crate) const TOO_MANY_RESTRICTED: Refusal = refusal(
    RefusalCode::TooMany,
    "As many people as possible are silenced or banned already. Let somebody back in first.",
);
pub(crate) const PAUSE_TOO_LONG: Refusal = refusal(
    RefusalCode::Malformed,
    "Slow mode asks for a pause of at most 600 seconds. Choose a shorter one.",
);
pub(crate) const UNKNOWN_ROUND: Refusal = refusal(
    RefusalCode::UnknownItem,
    "These breakout rooms are not prepared any more. Look at the list and choose others.",
);
pub(crate) const ROUND_SENT: Refusal = refusal(
    RefusalCode::WrongState,
    "These breakout rooms were sent already. Move single people, or bring everybody back first.",
);
pub(crate) const ROUND_LIVE: Refusal = refusal(
    RefusalCode::WrongState,
    "Other breakout rooms are open. Bring everybody back first.",
);
pub(crate) const REHEARSED: Refusal = refusal(
    RefusalCode::WrongState,
    "A dry run with bots is on. End it first: then people can be sent and the rooms changed.",
);
pub(crate) const REHEARSAL_SIZE: Refusal = refusal(
    RefusalCode::Malformed,
    "A dry run has 1 to 1,000 bots. Choose another number.",
);
pub(crate) const LOOKS_IN: Refusal = refusal(
    RefusalCode::WrongState,
    "Only a dry run is on in this room, and nothing of it is kept. Do this where people are.",
);
pub(crate) const ROUND_NOT_OVER: Refusal = refusal(
    RefusalCode::WrongState,
    "These breakout rooms are not over. Show their notes when everybody is back.",
);
pub(crate) const CARDS_NOT_SHOWN: Refusal = refusal(
    RefusalCode::WrongState,
    "The notes of this room are not shown here at present. Wait until somebody shows them.",
);
pub(crate) const NO_ROUND: Refusal = refusal(
    RefusalCode::WrongState,
    "No breakout rooms are open at present. Nothing needs to be done.",
);
pub(crate) const ROUND_NOT_OPEN: Refusal = refusal(
    RefusalCode::WrongState,
    "The breakout rooms open in a moment. Try again when they are open.",
);
pub(crate) const ROUND_OPEN: Refusal = refusal(
    RefusalCode::WrongState,
    "The breakout rooms are open, so nobody's place can be taken away. Move the person to another room.",
);
pub(crate) const ROUND_CLOSING: Refusal = refusal(
    RefusalCode::WrongState,
    "The breakout rooms are about to end or have ended. Add minutes first, or open new ones.",
);
pub(crate) const ROUND_ROOMS: Refusal = refusal(
    RefusalCode::TooMany,
    "A round has 1 to 60 breakout rooms. Choose another number.",
);
pub(crate) const ROUND_SIZES: Refusal = refusal(
    RefusalCode::Malformed,
    "Breakout rooms have 1 to 100 places, are open for 1 to 240 minutes, and are extended by 1 to 60. Change the number.",
);
pub(crate) const ROUND_TOO_LONG: Refusal = refusal(
    RefusalCode::TooMany,
    "Breakout rooms are open for 240 minutes at most. Bring everybody back and open new ones.",
);
pub(crate) const TOO_MANY_ROUNDS: Refusal = refusal(
    RefusalCode::TooMany,
    "This event has had as many rounds of breakout rooms as possible. Throw a draft away.",
);
pub(crate) const TOO_FEW_SEATS: Refusal = refusal(
    RefusalCode::TooMany,
    "There are more people than places. Make more rooms, or more places in each.",
);
pub(crate) const NOBODY_SEATED: Refusal = refusal(
    RefusalCode::WrongState,
    "Nobody has a place in a breakout room yet. Give people places first, or let the server draw.",
);
pub(crate) const NOT_BY_LOT: Refusal = refusal(
    RefusalCode::WrongState,
    "In this round people are not placed by lot. Prepare one with random places.",
);
pub(crate) const BREAKOUT_FULL: Refusal = refusal(
    RefusalCode::RoomFull,
    "This breakout room is full. Choose one with a free place.",
);
pub(crate) const BREAKOUT_NOT_OPEN: Refusal = refusal(
    RefusalCode::WrongState,
    "The breakout rooms open in a moment, and you go there by yourself. Wait a few seconds.",
);
pub(crate) const BREAKOUT_OVER: Refusal = refusal(
    RefusalCode::WrongState,
    "The breakout rooms have ended. Go back to where everybody is.",
);
pub(crate) const OTHER_BREAKOUT: Refusal = refusal(
    RefusalCode::NotAllowed,
    "Your place is in another breakout room. Ask an organiser to move you.",
);
pub(crate) const THEIR_PROGRAM_PUBLISHES: Refusal = refusal(
    RefusalCode::WrongState,
    "A program publishes for this person, so they cannot be moved. Ask them to stop it first.",
);
pub(crate) const NOT_GOING: Refusal = refusal(
    RefusalCode::WrongState,
    "You are not about to be moved to a breakout room. Nothing needs to be done.",
);
pub(crate) const NOT_IN_BREAKOUT: Refusal = refusal(
    RefusalCode::WrongState,
    "That works in an open breakout room only. Go to one first.",
);
pub(crate) const NO_CALL: Refusal = refusal(
    RefusalCode::WrongState,
    "This room does not call for help any more. Nothing needs to be done.",
);
pub(crate) const TOO_MANY_CARDS: Refusal = refusal(
    RefusalCode::TooMany,
    "This room has as many cards as fit. Change one, or erase one that is no longer needed.",
);
pub(crate) const CARDS_TOO_FAST: Refusal = refusal(
    RefusalCode::TooFast,
    "You wrote several cards in the last minute. Wait a little before the next one.",
);
pub(crate) const UNKNOWN_CARD: Refusal = refusal(
    RefusalCode::UnknownItem,
    "This card is not here any more. Nothing needs to be done.",
);
pub(crate) const UNKNOWN_STAND: Refusal = refusal(
    RefusalCode::UnknownItem,
    "There is no such stand any more. Look at the list of stands.",
);
pub(crate) const STANDS_NOT_OPEN: Refusal = refusal(
    RefusalCode::NotAllowed,
    "The organiser has not opened stands to you. Ask them for an invitation.",
);
pub(crate) const NOT_YOUR_STAND: Refusal = refusal(
    RefusalCode::NotAllowed,
    "Only those who keep this stand can do that. Ask them.",
);
pub(crate) const NOT_THE_OPENER: Refusal = refusal(
    RefusalCode::NotAllowed,
    "Only who opened this stand makes a new link for it. Ask them, or a moderator.",
);
pub(crate) const NOT_YOUR_STAND_MESSAGE: Refusal = refusal(
    RefusalCode::NotAllowed,
    "Only who left this message and who keeps the stand can erase it.",
);
pub(crate) const TOO_MANY_STANDS: Refusal = refusal(
    RefusalCode::TooMany,
    "The event has as many stands as it may. Ask a moderator to remove one.",
);
pub(crate) const KEEPS_ENOUGH: Refusal = refusal(
    RefusalCode::TooMany,
    "You keep as many stands as you may. Remove one of them first.",
);
pub(crate) const OPENED_ENOUGH: Refusal = refusal(
    RefusalCode::TooMany,
    "You have opened as many stands as you may in this event. Change one that you keep.",
);
pub(crate) const KEEPERS_ENOUGH: Refusal = refusal(RefusalCode::TooMany, "This stand has as many keepers as it may.");
pub(crate) const TOO_MANY_STAND_MESSAGES: Refusal = refusal(
    RefusalCode::TooMany,
    "As many messages as possible lie at this stand. Try again when its keepers have erased some.",
);
pub(crate) const TOO_MANY_ADOPTERS: Refusal = refusal(
    RefusalCode::TooMany,
    "As many organisations as possible are named at this stand already.",
);
pub(crate) const UNKNOWN_ADOPTER: Refusal = refusal(
    RefusalCode::UnknownItem,
    "This organisation is not named at the stand any more. Nothing needs to be done.",
);
pub(crate) const STANDS_TOO_FAST: Refusal = refusal(
    RefusalCode::TooFast,
    "You change stands faster than allowed. Wait a minute and try again.",
);
pub(crate) const STAND_CHANGED: Refusal = refusal(
    RefusalCode::WrongState,
    "Somebody else has changed the stand meanwhile. Look at it again and repeat your change.",
);
pub(crate) const STAND_CLOSED: Refusal = refusal(
    RefusalCode::Closed,
    "The stand is closed at present. Read it, leave a message, and come back later.",
);
pub(crate) const NOT_AT_STAND: Refusal = refusal(
    RefusalCode::UnknownParticipant,
    "This person is not at the stand. They may have left.",
);
pub(crate) const STAND_TOO_LONG: Refusal = refusal(RefusalCode::TooMany, StandFault::TooMany.sentence());
pub(crate) const STAND_SAME_TAG: Refusal = refusal(RefusalCode::Malformed, StandFault::SameTag.sentence());
pub(crate) const STAND_HOURS: Refusal = refusal(RefusalCode::Malformed, StandFault::Hours.sentence());
/// Why a slot cannot be.
pub(crate) const fn of_slot(fault: SlotFault) -> Refusal {
    match fault {
        SlotFault::NoTitle => refusal(
            RefusalCode::Text,
            "A slot needs a title in one language at least. Write one.",
        ),
        SlotFault::Times => refusal(
            RefusalCode::Malformed,
            "A slot ends after it starts, and at most a day later. Change its times.",
        ),
        SlotFault::TooManySpeakers => refusal(RefusalCode::TooMany, "A slot has at most 20 speakers. Leave some out."),
    }
}
pub(crate) const TOO_MANY_SLOTS: Refusal = refusal(
    RefusalCode::TooMany,
    "The programme has as many slots as possible. Take one out first.",
);
pub(crate) const UNKNOWN_SLOT: Refusal = refusal(
    RefusalCode::UnknownItem,
    "This slot is not in the programme any more. Somebody else may have taken it out.",
);
pub(crate) const SLOT_CHANGED: Refusal = refusal(
    RefusalCode::WrongState,
    "Somebody else has changed this slot meanwhile. Look at it as it is now and change it again.",
);
pub(crate) const UNKNOWN_IDEA: Refusal = refusal(
    RefusalCode::UnknownItem,
    "This idea is not here any more. It may have been withdrawn.",
);
pub(crate) const IDEAS_CLOSED: Refusal = refusal(
    RefusalCode::Closed,
    "The organisers take no ideas and votes for them at present. Come back later, or tell them in the chat.",
);
pub(crate) const IDEAS_TOO_FAST: Refusal = refusal(
    RefusalCode::TooFast,
    "You wrote several ideas in the last minutes. Wait a little before the next one.",
);
pub(crate) const TOO_MANY_IDEAS: Refusal = refusal(
    RefusalCode::TooMany,
    "This event holds as many ideas as it can. Support one that was proposed already.",
);
pub(crate) const IDEA_SETTLED: Refusal = refusal(
    RefusalCode::WrongState,
    "This idea was answered, so its words and votes stay. Propose another one.",
);
pub(crate) const IDEA_MERGED: Refusal = refusal(
    RefusalCode::WrongState,
    "This idea became part of another one. Go on with that one, or let it stand for itself first.",
);
pub(crate) const IDEA_MOVED_ON: Refusal = refusal(
    RefusalCode::WrongState,
    "Somebody else has answered this idea meanwhile. Look where it is now and decide again.",
);
pub(crate) const IDEA_ORDER: Refusal = refusal(
    RefusalCode::WrongState,
    "An idea cannot go there from where it is; into the programme it comes by a slot that is made of it.",
);
pub(crate) const IDEA_INTO_ITSELF: Refusal = refusal(
    RefusalCode::Malformed,
    "An idea cannot become part of itself. Choose another one.",
);
pub(crate) const IDEA_NOTE_MISSING: Refusal = refusal(RefusalCode::Text, "Say why the idea is not taken up.");
pub(crate) const IDEA_NOTE_NOT_HERE: Refusal = refusal(
    RefusalCode::Text,
    "Only an idea that is not taken up has a reason. Leave it out.",
);
pub(crate) const THANKS_ONESELF: Refusal = refusal(
    RefusalCode::NotAllowed,
    "Thanks are for somebody else. Choose another person.",
);
pub(crate) const THANKED_ALREADY: Refusal = refusal(
    RefusalCode::WrongState,
    "You have thanked this person already. Take that back to say it in other words.",
);
pub(crate) const TOO_MANY_THANKS: Refusal = refusal(
    RefusalCode::TooMany,
    "As many thanks as possible wait for this person. Tell them in the chat.",
);
pub(crate) const THANKS_TOO_FAST: Refusal = refusal(
    RefusalCode::TooFast,
    "You thanked several people in the last minutes. Wait a little before the next one.",
);
pub(crate) const UNKNOWN_THANKS: Refusal =
    refusal(RefusalCode::UnknownItem, "There is no such thanks for you (any more).");
