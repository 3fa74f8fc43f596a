// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later
// Generated from signaling/protocol. Do not edit: change the Rust types and run
// FIERA_GENERATE=1 cargo test -p fiera-protocol --features typescript --test typescript

/** Version of the protocol, for `hello`. */
export const PROTOCOL_VERSION = 1;

export const CLIENT_MESSAGE_BYTES_MAX = 32768;
export const SDP_BYTES_MAX = 28672;
export const CLIENT_MESSAGES_BURST = 60;
export const CLIENT_MESSAGES_PER_S = 20;
export const SLUG_BYTES_MAX = 64;
export const DISPLAY_NAME_CHARS_MAX = 60;
export const CONNECTIONS_PER_PARTICIPANT_MAX = 5;
export const ON_AIR_MAX = 12;
export const BACKSTAGE_MAX = 24;
export const ROSTER_PAGE_MAX = 100;
export const PING_INTERVAL_MS = 5000;
export const PEER_DEAD_MS = 12000;
export const RESUME_TOKEN_TTL_MS = 150000;
export const RESUME_TOKEN_RENEW_MS = 30000;
export const FRAME_BATCH_MS = 50;
export const COUNTS_INTERVAL_MS = 500;
export const PLACE_GRACE_MS = 15000;
export const QUESTION_CHARS_MAX = 300;
export const MESSAGE_CHARS_MAX = 500;
export const TOPIC_CHARS_MAX = 120;
export const ANNOUNCEMENT_CHARS_MAX = 300;
export const POLL_QUESTION_CHARS_MAX = 200;
export const POLL_OPTION_CHARS_MAX = 100;
export const POLL_OPTIONS_MIN = 2;
export const POLL_OPTIONS_MAX = 10;
export const POLL_ANSWERS_MIN_DEFAULT = 3;
export const POLL_ANSWERS_MIN_MAX = 50;
export const POLL_WORDS_MAX = 3;
export const POLL_WORD_CHARS_MAX = 30;
export const OPEN_ANSWER_CHARS_MAX = 140;
export const OPEN_ANSWERS_SHOWN_MAX = 30;
export const NICKNAME_CHARS_MAX = 20;
export const QUIZ_QUESTIONS_MAX = 20;
export const QUIZ_OPTIONS_MAX = 6;
export const QUIZ_SECONDS_MIN = 5;
export const QUIZ_SECONDS_MAX = 120;
export const QUIZ_RIGHT_POINTS = 500;
export const QUIZ_SPEED_POINTS = 500;
export const NOTE_CHARS_MAX = 200;
export const ANSWER_CHARS_MAX = 600;
export const LABEL_CHARS_MAX = 30;
export const PINNED_MAX = 3;
export const FILTER_WORDS_MAX = 200;
export const FILTER_WORD_CHARS_MAX = 40;
export const LABELS_PER_ROOM_MAX = 12;
export const LABELS_PER_QUESTION_MAX = 3;
export const QUESTIONS_AT_ONCE_MAX = 100;
export const SECRETS_AT_ONCE_MAX = 100;
export const CHAT_SHOWN_MAX = 100;
export const SLOW_MODE_S_MAX = 600;
export const COUNTDOWN_S_MAX = 30;
export const ANNOUNCEMENTS_SHOWN_MAX = 20;
export const CURVE_POINTS_MAX = 2880;
export const SUPPRESSED_BELOW = 10;
