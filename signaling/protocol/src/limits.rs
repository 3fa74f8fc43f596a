// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Every size and rate a client can run into, in one place.

/// Longest inbound WebSocket message, bytes (a browser answers a full rack, 17 m-lines, in about 21 kB).
pub const CLIENT_MESSAGE_BYTES_MAX: usize = 32 * 1024;
/// Longest SDP accepted from a client, bytes.
pub const SDP_BYTES_MAX: usize = 28 * 1024;
/// Messages a client may send in a burst.
pub const CLIENT_MESSAGES_BURST: u32 = 60;
/// Messages a client may send per second, sustained.
pub const CLIENT_MESSAGES_PER_S: u32 = 20;
/// Messages refused for their rate, less those taken since, after which the socket is closed.
pub const CLIENT_FLOOD_STRIKES_MAX: u32 = 200;
/// Whoever was closed for that may come back after this long, milliseconds.
pub const FLOOD_AWAY_MS: u64 = 30_000;
/// Connections of one participant that may say hello in a burst.
pub const HELLOS_BURST: u32 = 30;
/// Connections of one participant that may say hello per second, sustained.
pub const HELLOS_PER_S: u32 = 5;
/// Votes, answers, upvotes and reactions of one participant in a burst.
pub const OPINIONS_BURST: u32 = 40;
/// Votes, answers, upvotes and reactions of one participant per second, sustained.
pub const OPINIONS_PER_S: u32 = 10;
/// Times that one participant's own hand goes up or down in a burst.
pub const HANDS_BURST: u32 = 10;
/// Times that one participant's own hand goes up or down per second, sustained.
pub const HANDS_PER_S: u32 = 1;
/// Changes of one's own room, place, name and sources in a burst.
pub const MOVES_BURST: u32 = 30;
/// Changes of one's own room, place, name and sources per second, sustained.
pub const MOVES_PER_S: u32 = 3;
/// Snapshots and pages that one participant may ask for in a burst.
pub const LOOKS_BURST: u32 = 30;
/// Snapshots and pages that one participant may ask for per second, sustained.
pub const LOOKS_PER_S: u32 = 5;
/// Media connections that one participant may ask for in a burst.
pub const MEDIA_OFFERS_BURST: u32 = 20;
/// Media connections that one participant may ask for per second, sustained.
pub const MEDIA_OFFERS_PER_S: u32 = 1;
/// Bytes of an event or room id.
pub const SLUG_BYTES_MAX: usize = 64;
/// Characters of a display name.
pub const DISPLAY_NAME_CHARS_MAX: usize = 60;
/// Connections (tabs) one participant may hold.
pub const CONNECTIONS_PER_PARTICIPANT_MAX: usize = 5;
/// Publishers on air in one room.
pub const ON_AIR_MAX: usize = 12;
/// People backstage in one room.
pub const BACKSTAGE_MAX: usize = 24;
/// Names on one page of the roster.
pub const ROSTER_PAGE_MAX: usize = 100;
/// Updates kept per stream for a client that comes back.
pub const STREAM_RING_MAX: usize = 128;
/// Bytes of updates kept per stream for a client that comes back.
pub const STREAM_RING_BYTES_MAX: usize = 256 * 1024;
/// The server pings this often, milliseconds.
pub const PING_INTERVAL_MS: u64 = 5_000;
/// A peer that was silent for this long is gone, milliseconds.
pub const PEER_DEAD_MS: u64 = 12_000;
/// A resume token is good for this long, milliseconds.
pub const RESUME_TOKEN_TTL_MS: u64 = 150_000;
/// Resume tokens are renewed this often, milliseconds.
pub const RESUME_TOKEN_RENEW_MS: u64 = 30_000;
/// Updates of one stream are gathered this long into one frame, milliseconds.
pub const FRAME_BATCH_MS: u64 = 50;
/// Counters (people in a room) are broadcast at most this often, milliseconds.
pub const COUNTS_INTERVAL_MS: u64 = 500;
/// After its last connection broke a participant keeps room, place and sources for this long, milliseconds.
pub const PLACE_GRACE_MS: u64 = 15_000;
/// Answers to commands remembered per participant, so that a repeated command id is answered and not run again.
pub const ANSWERS_REMEMBERED_MAX: usize = 64;
/// Code points of one character as people see it (a family of emoji has eleven).
pub const CHARACTER_CODE_POINTS_MAX: usize = 16;
/// Bytes of UTF-8 that a text may have for each character that it may have: room for any script, and none for a page
/// of towers that would make a snapshot too large to send.
pub const BYTES_PER_CHARACTER_MAX: usize = 4;
/// Characters of a question.
pub const QUESTION_CHARS_MAX: usize = 300;
/// Characters of a chat message.
pub const MESSAGE_CHARS_MAX: usize = 500;
/// Characters of what a raised hand is about.
pub const TOPIC_CHARS_MAX: usize = 120;
/// Characters of an announcement.
pub const ANNOUNCEMENT_CHARS_MAX: usize = 300;
/// Characters of what a poll asks.
pub const POLL_QUESTION_CHARS_MAX: usize = 200;
/// Characters of an answer that a poll offers.
pub const POLL_OPTION_CHARS_MAX: usize = 100;
/// Characters of a written answer to a question.
pub const ANSWER_CHARS_MAX: usize = 600;
/// Characters of a label for questions.
pub const LABEL_CHARS_MAX: usize = 30;
/// Labels of one room.
pub const LABELS_PER_ROOM_MAX: usize = 12;
/// Labels on one question.
pub const LABELS_PER_QUESTION_MAX: usize = 3;
/// Questions that one command merges into another or archives.
pub const QUESTIONS_AT_ONCE_MAX: usize = 100;
/// Secrets in one `mine`.
pub const SECRETS_AT_ONCE_MAX: usize = 100;
/// Promises on the follow-up board, the soonest due.
pub const FOLLOW_UPS_SHOWN_MAX: usize = 100;
/// Last day that a promise may be due: the end of 2099, days since 1970.
pub const DUE_DAY_MAX: u32 = 47_481;
/// Characters of a reason or of who follows a question up.
pub const NOTE_CHARS_MAX: usize = 200;
/// Fewest answers that a poll offers.
pub const POLL_OPTIONS_MIN: usize = 2;
/// Most answers that a poll offers.
pub const POLL_OPTIONS_MAX: usize = 10;
/// Participants below whom nothing of a poll's answers is kept or shown, unless the poll says otherwise.
pub const POLL_ANSWERS_MIN_DEFAULT: u8 = 3;
/// Largest such minimum that a poll may ask for.
pub const POLL_ANSWERS_MIN_MAX: u8 = 50;
/// Words of one participant in a word cloud.
pub const POLL_WORDS_MAX: u8 = 3;
/// Characters of a word of a word cloud.
pub const POLL_WORD_CHARS_MAX: usize = 30;
/// Different words of a word cloud that are kept, the most frequent ones.
pub const POLL_WORDS_KEPT_MAX: usize = 60;
/// Characters of an answer to an open question.
pub const OPEN_ANSWER_CHARS_MAX: usize = 140;
/// Answers to one open question.
pub const OPEN_ANSWERS_MAX: usize = 1_000;
/// Answers to one open question that are published at a time.
pub const OPEN_ANSWERS_SHOWN_MAX: usize = 30;
/// Characters of a nickname in a quiz.
pub const NICKNAME_CHARS_MAX: usize = 20;
/// Questions of a quiz.
pub const QUIZ_QUESTIONS_MAX: usize = 20;
/// Most answers that a question of a quiz offers.
pub const QUIZ_OPTIONS_MAX: usize = 6;
/// Shortest time to answer a question of a quiz, seconds.
pub const QUIZ_SECONDS_MIN: u8 = 5;
/// Longest time to answer a question of a quiz, seconds.
pub const QUIZ_SECONDS_MAX: u8 = 120;
/// Points of a right answer to a question of a quiz, however late.
pub const QUIZ_RIGHT_POINTS: u32 = 500;
/// Most points that speed adds to them.
pub const QUIZ_SPEED_POINTS: u32 = 500;
/// Players on the leader board of a quiz.
pub const QUIZ_BOARD_MAX: usize = 10;
/// Polls of one room, drafts and past ones included.
pub const POLLS_PER_ROOM_MAX: usize = 100;
/// Questions of one room that are kept, in any state.
pub const QUESTIONS_PER_ROOM_MAX: usize = 1_000;
/// Questions one participant may ask in [`ASK_WINDOW_MS`].
pub const ASKS_PER_WINDOW_MAX: u32 = 6;
/// The window of [`ASKS_PER_WINDOW_MAX`], milliseconds.
pub const ASK_WINDOW_MS: u64 = 60_000;
/// Chat messages of one room (and of its backstage) that a snapshot holds; older ones are kept for the record alone.
pub const CHAT_SHOWN_MAX: usize = 100;
/// Chat messages one participant may send in [`CHAT_WINDOW_MS`] where slow mode is off.
pub const CHAT_PER_WINDOW_MAX: u32 = 6;
/// The window of [`CHAT_PER_WINDOW_MAX`], milliseconds.
pub const CHAT_WINDOW_MS: u64 = 10_000;
/// Pinned messages of one chat.
pub const PINNED_MAX: usize = 3;
/// Words that an event does not let through.
pub const FILTER_WORDS_MAX: usize = 200;
/// Characters of one of them.
pub const FILTER_WORD_CHARS_MAX: usize = 40;
/// Longest pause that slow mode may ask for, seconds.
pub const SLOW_MODE_S_MAX: u16 = 600;
/// Raised hands in one room.
pub const HANDS_PER_ROOM_MAX: usize = 100;
/// Characters of a line of captions.
pub const CAPTION_CHARS_MAX: usize = 200;
/// Bytes of the tag of a caption's language.
pub const CAPTION_LANG_BYTES_MAX: usize = 16;
/// Final lines of captions of one language that a snapshot holds.
pub const CAPTIONS_SHOWN_MAX: usize = 100;
/// Languages in which one room has captions at a time.
pub const CAPTION_LANGS_MAX: usize = 6;
/// A language in which nothing was said in a room for this long gives way to another one, milliseconds.
pub const CAPTION_LANG_IDLE_MS: u64 = 600_000;
/// Lines of captions in one request of a program.
pub const CAPTIONS_AT_ONCE_MAX: usize = 20;
/// Lines of captions, also those that are still being said, that one source may send in [`CAPTION_WINDOW_MS`].
pub const CAPTIONS_PER_WINDOW_MAX: u32 = 150;
/// The window of [`CAPTIONS_PER_WINDOW_MAX`], milliseconds.
pub const CAPTION_WINDOW_MS: u64 = 10_000;
/// Sources of captions in one room at a time, each in one language.
pub const CAPTION_SOURCES_MAX: usize = 12;
/// A source that was silent for this long may begin its numbers anew, milliseconds.
pub const CAPTION_SOURCE_IDLE_MS: u64 = 60_000;
/// Calls for help of one participant at once, on and off.
pub const HELP_CALLS_BURST: u32 = 5;
/// Calls for help of one participant per second, on and off.
pub const HELP_CALLS_PER_S: u32 = 1;
/// Cards that one participant may erase at once; above it `too_fast`. Each makes everybody at a plenary read them anew.
pub const ERASURES_BURST: u32 = 10;
/// Cards that one participant may erase per second in the long run.
pub const ERASURES_PER_S: u32 = 1;
/// Characters of a lower third, under the name.
pub const TITLE_CHARS_MAX: usize = 80;
/// Lower thirds of one event.
pub const TITLES_MAX: usize = 500;
/// Characters of a moderator's message to speakers.
pub const DIRECTION_CHARS_MAX: usize = 140;
/// Such messages of one room that stand at a time.
pub const DIRECTIONS_MAX: usize = 20;
/// Shortest time of a speaker's timer, seconds.
pub const TIMER_S_MIN: u16 = 10;
/// Longest time of a speaker's timer, seconds.
pub const TIMER_S_MAX: u16 = 14_400;
/// Nothing of anybody on air for so long: everybody is told that the talk resumes shortly, milliseconds.
pub const RESUMING_AFTER_MS: u64 = 5_000;
/// Longest countdown before somebody goes on air, seconds.
pub const COUNTDOWN_S_MAX: u8 = 30;
/// Announcements that are shown; older ones are kept for the record alone.
pub const ANNOUNCEMENTS_SHOWN_MAX: usize = 20;
/// Rooms of one round of breakouts.
pub const ROUND_ROOMS_MAX: usize = 60;
/// People per breakout room.
pub const ROUND_CAPACITY_MAX: u16 = 100;
/// Longest time that breakout rooms are open, extensions included, minutes.
pub const ROUND_MINUTES_MAX: u16 = 240;
/// Longest extension of a round at a time, minutes.
pub const ROUND_EXTENSION_MIN_MAX: u16 = 60;
/// Rounds of one event, drafts and past ones included.
pub const ROUNDS_MAX: usize = 20;
/// People with a seat in one round.
pub const ROUND_SEATS_MAX: usize = 2_000;
/// Between telling people where they go and moving them, milliseconds.
pub const ROUND_NOTICE_MS: u64 = 5_000;
/// Between saying that breakout rooms end and bringing everybody back, milliseconds.
pub const ROUND_GRACE_MS: u64 = 30_000;
/// Bots that can be asked for in a dry run of a round.
pub const REHEARSAL_BOTS_MAX: u16 = 1_000;
/// In a dry run a tenth of the bots that choose a room by themselves has chosen after this, milliseconds.
pub const REHEARSAL_CHOICE_MS: u64 = 1_000;
/// Between two calls for help of bots, milliseconds.
pub const REHEARSAL_CALL_MS: u64 = 10_000;
/// Rooms of bots that call for help at the same time.
pub const REHEARSAL_CALLS_MAX: usize = 2;
/// What moderators see of breakouts, and how many places are left, is sent at most this often, milliseconds.
pub const ROUND_GRID_INTERVAL_MS: u64 = 500;
/// Characters of what a breakout room is called.
pub const ROOM_TITLE_CHARS_MAX: usize = 60;
/// Characters of a card.
pub const CARD_CHARS_MAX: usize = 200;
/// Cards on the board of one breakout room.
pub const CARDS_PER_ROOM_MAX: usize = 60;
/// Cards that one participant may put up or change in [`CARD_WINDOW_MS`].
pub const CARDS_PER_WINDOW_MAX: u32 = 10;
/// The window of [`CARDS_PER_WINDOW_MAX`], milliseconds.
pub const CARD_WINDOW_MS: u64 = 60_000;
/// Slots of the programme of one event, those that were put in while it ran included.
pub const SLOTS_PER_EVENT_MAX: usize = 300;
/// Speakers of one slot.
pub const SPEAKERS_PER_SLOT_MAX: usize = 20;
/// Characters of the title of a slot.
pub const SLOT_TITLE_CHARS_MAX: usize = 120;
/// Characters of what a slot is about.
pub const SLOT_NOTES_CHARS_MAX: usize = 600;
/// Characters of the name of a track.
pub const TRACK_CHARS_MAX: usize = 40;
/// Longest slot, minutes: a day.
pub const SLOT_MINUTES_MAX: u64 = 1_440;
/// Last end of a slot: the year 2100, milliseconds since 1970.
pub const SLOT_END_UNIX_MS_MAX: u64 = 4_102_444_800_000;
/// Ideas of one event that are kept.
pub const IDEAS_PER_EVENT_MAX: usize = 200;
/// Votes for ideas of one event that are kept while it runs.
pub const IDEA_VOTES_MAX: usize = 100_000;
/// Characters of an idea in a line.
pub const IDEA_TITLE_CHARS_MAX: usize = 120;
/// Characters of an idea in some sentences.
pub const IDEA_NOTES_CHARS_MAX: usize = 600;
/// Ideas that one participant may propose or edit in [`IDEAS_WINDOW_MS`].
pub const IDEAS_PER_WINDOW_MAX: u32 = 5;
/// The window of [`IDEAS_PER_WINDOW_MAX`], milliseconds.
pub const IDEAS_WINDOW_MS: u64 = 300_000;
/// Characters of what somebody is thanked for.
pub const THANKS_CHARS_MAX: usize = 200;
/// Thanks that one participant may give in [`THANKS_WINDOW_MS`].
pub const THANKS_PER_WINDOW_MAX: u32 = 5;
/// The window of [`THANKS_PER_WINDOW_MAX`], milliseconds.
pub const THANKS_WINDOW_MS: u64 = 300_000;
/// Thanks for one participant that are kept.
pub const THANKS_PER_PERSON_MAX: usize = 50;
/// Thanks of one event that are kept.
pub const THANKS_PER_EVENT_MAX: usize = 2_000;
/// Thanks that everybody sees at a time; those shown earlier are kept for the record alone.
pub const THANKS_SHOWN_MAX: usize = 50;
/// Upvotes, answers to polls and hands are broadcast at most this often, milliseconds.
pub const TALLY_INTERVAL_MS: u64 = 500;
/// Reactions are gathered this long before they are broadcast, milliseconds.
pub const REACTIONS_INTERVAL_MS: u64 = 1_000;
/// Points of the attendance curve, one a minute: two days.
pub const CURVE_POINTS_MAX: usize = 2_880;
/// Participants below which a number is not stored, reported or exported.
pub const SUPPRESSED_BELOW: u32 = 10;
/// Stands of one event, closed and hidden ones included, unless its setup says fewer.
pub const STANDS_MAX: usize = 60;
/// Stands that an event opens in all its life, removed ones included.
pub const STANDS_EVER_MAX: usize = 500;
/// Stands that one participant opens in one event, removed ones included.
pub const STANDS_OPENED_PER_PARTICIPANT_MAX: u32 = 10;
/// Times that participants of one event say that they would reuse something, all stands together.
pub const REUSES_MAX: usize = 50_000;
/// Stands that one participant keeps.
pub const STANDS_PER_PARTICIPANT_MAX: usize = 3;
/// Keepers of one stand.
pub const STAND_KEEPERS_MAX: usize = 8;
/// Participants in the room of a stand after whom attendees are refused.
pub const STAND_CAPACITY: u32 = 200;
/// Characters of the name of a stand.
pub const STAND_NAME_CHARS_MAX: usize = 60;
/// Characters of what a stand is about.
pub const STAND_LINE_CHARS_MAX: usize = 140;
/// Characters of a tag of a stand.
pub const TAG_CHARS_MAX: usize = 24;
/// Tags of one stand.
pub const STAND_TAGS_MAX: usize = 6;
/// Links of one stand.
pub const STAND_LINKS_MAX: usize = 6;
/// Characters of what a link leads to.
pub const LINK_CHARS_MAX: usize = 60;
/// Bytes of a link.
pub const LINK_BYTES_MAX: usize = 300;
/// Opening times of one stand.
pub const STAND_HOURS_MAX: usize = 12;
/// Latest end of an opening time: the end of 2099, milliseconds since 1970.
pub const STAND_HOUR_UNIX_MS_MAX: u64 = 4_102_444_800_000;
/// Characters of a longer part of a practice card.
pub const PRACTICE_CHARS_MAX: usize = 800;
/// Characters of a part of a practice card that is one line.
pub const PRACTICE_LINE_CHARS_MAX: usize = 160;
/// Characters of the name of an organisation.
pub const ORGANISATION_CHARS_MAX: usize = 100;
/// Organisations that are named at one stand.
pub const ADOPTERS_PER_STAND_MAX: usize = 200;
/// Characters of a message to the keepers of a stand.
pub const STAND_MESSAGE_CHARS_MAX: usize = 600;
/// Messages to the keepers of one stand.
pub const STAND_MESSAGES_MAX: usize = 200;
/// Changes to stands that one participant may make in [`STAND_WINDOW_MS`].
pub const STAND_CHANGES_PER_WINDOW_MAX: u32 = 20;
/// The window of [`STAND_CHANGES_PER_WINDOW_MAX`], milliseconds.
pub const STAND_WINDOW_MS: u64 = 60_000;
/// Participants of one event at a time.
pub const EVENT_PEOPLE_MAX: usize = 10_000;
