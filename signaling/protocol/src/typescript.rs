// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Renders the wire as TypeScript, for the web client. Only the drift test turns this module on;
//! it returns texts and never writes a file.

use std::fmt::Write as _;

use ts_rs::{Config, TS};

use crate::{breakouts, client, fair, ids, limits, poll, refusal, server, stands, text, view};

const HEAD: &str = "// SPDX-FileCopyrightText: The Fiera authors\n// SPDX-License-Identifier: AGPL-3.0-or-later\n\
    // Generated from signaling/protocol. Do not edit: change the Rust types and run\n\
    // FIERA_GENERATE=1 cargo test -p fiera-protocol --features typescript --test typescript\n";

/// The generated files: name and content.
#[must_use]
pub fn files() -> Vec<(&'static str, String)> {
    vec![("messages.ts", messages()), ("limits.ts", limits_file())]
}

fn declare<T: TS>(config: &Config, out: &mut String) {
    out.push('\n');
    if let Some(docs) = T::docs() {
        out.push_str(&docs);
    }
    let declaration = format!("export {}", T::decl(config));
    for line in declaration.lines() {
        let _ = writeln!(out, "{}", line.trim_end());
    }
}

fn messages() -> String {
    let config = Config::new().with_large_int("number");
    let mut out = HEAD.to_owned();
    macro_rules! declare_all {
        ($($name:ty),* $(,)?) => { $(declare::<$name>(&config, &mut out);)* };
    }
    declare_all!(
        ids::EventId,
        ids::RoomId,
        ids::ParticipantId,
        ids::CommandId,
        ids::DisplayName,
        ids::Role,
        ids::RoomKind,
        ids::SourceKind,
        ids::QuestionId,
        ids::LabelId,
        ids::MessageId,
        ids::PollId,
        ids::EntryId,
        ids::AnnouncementId,
        ids::RoundId,
        ids::CardId,
        ids::AuthorSecret,
        ids::StandId,
        ids::AdopterId,
        text::QuestionText,
        text::AnswerText,
        text::LabelText,
        text::FilterWord,
        text::MessageText,
        text::TopicText,
        text::AnnouncementText,
        text::PollQuestionText,
        text::PollOptionText,
        text::WordText,
        text::OpenAnswerText,
        text::NicknameText,
        text::NoteText,
        text::RoomTitle,
        text::CardText,
        text::StandNameText,
        text::StandLineText,
        text::TagText,
        text::LinkText,
        text::PracticeText,
        text::PracticeLine,
        text::OrganisationText,
        text::StandMessageText,
        fair::Localised,
        fair::AgendaSlot,
        fair::Announcement,
        fair::RoomSettings,
        fair::QuestionStage,
        fair::QuestionView,
        fair::Label,
        fair::Assigned,
        fair::RoomQuestion,
        fair::OwnQuestion,
        fair::OwnMessage,
        fair::UpvoteCount,
        fair::ChatMessage,
        fair::HandStage,
        fair::HandView,
        fair::PollPhase,
        fair::PollView,
        poll::PollForm,
        poll::QuizQuestion,
        poll::PollDraft,
        poll::Answer,
        poll::YourAnswer,
        poll::YourQuiz,
        poll::QuizView,
        poll::QuizAsked,
        poll::Outcome,
        poll::Rank,
        poll::WordCount,
        poll::PublishedText,
        poll::Score,
        poll::QuizResult,
        poll::PollEntries,
        poll::PollEntry,
        fair::Reaction,
        fair::ReactionCount,
        fair::Restricted,
        fair::YourHand,
        fair::YourVote,
        fair::Countdown,
        fair::CurvePoint,
        fair::LiveNumbers,
        fair::RoomNumbers,
        fair::Quality,
        breakouts::RoundMode,
        breakouts::Latecomers,
        breakouts::RoundPhase,
        breakouts::HelpStage,
        breakouts::PlannedRoom,
        breakouts::RoundPlan,
        breakouts::BreakoutStep,
        breakouts::BreakoutRoom,
        breakouts::BreakoutView,
        breakouts::Seated,
        breakouts::RoundRoom,
        breakouts::RoundView,
        breakouts::BreakoutsView,
        breakouts::YourBreakout,
        breakouts::CardView,
        stands::StandLanguage,
        stands::StandsOpenTo,
        stands::StandState,
        stands::PracticeCard,
        stands::LinkUrl,
        stands::StandLink,
        stands::OpenHours,
        stands::StandContent,
        stands::StandSummary,
        stands::StandCount,
        stands::Adopter,
        stands::StandView,
        stands::StandMessage,
        stands::YourStand,
        stands::StandStep,
        view::StreamId,
        view::StreamPosition,
        view::EventPhase,
        view::Place,
        view::StreamState,
        view::EventView,
        view::RoomSummary,
        view::RoomView,
        view::BackstageView,
        view::ModeratorsView,
        view::OrganisersView,
        view::Publisher,
        view::YouView,
        view::Change,
        view::RoomCount,
        client::ClientMessage,
        client::Command,
        refusal::RefusalCode,
        server::ServerMessage,
        server::IceServer,
        server::SlotInfo,
        server::SlotKind,
        server::Shown,
        server::MediaDirection,
    );
    out
}

fn limits_file() -> String {
    let mut out = HEAD.to_owned();
    out.push_str("\n/** Version of the protocol, for `hello`. */\n");
    let _ = writeln!(out, "export const PROTOCOL_VERSION = {};\n", crate::PROTOCOL_VERSION);
    macro_rules! limit {
        ($($name:ident),* $(,)?) => {
            $(let _ = writeln!(out, "export const {} = {};", stringify!($name), limits::$name);)*
        };
    }
    limit!(
        CLIENT_MESSAGE_BYTES_MAX,
        SDP_BYTES_MAX,
        CLIENT_MESSAGES_BURST,
        CLIENT_MESSAGES_PER_S,
        CLIENT_FLOOD_STRIKES_MAX,
        FLOOD_AWAY_MS,
        HELLOS_BURST,
        HELLOS_PER_S,
        OPINIONS_BURST,
        OPINIONS_PER_S,
        HANDS_BURST,
        HANDS_PER_S,
        MOVES_BURST,
        MOVES_PER_S,
        LOOKS_BURST,
        LOOKS_PER_S,
        MEDIA_OFFERS_BURST,
        MEDIA_OFFERS_PER_S,
        SLUG_BYTES_MAX,
        DISPLAY_NAME_CHARS_MAX,
        CONNECTIONS_PER_PARTICIPANT_MAX,
        ON_AIR_MAX,
        BACKSTAGE_MAX,
        ROSTER_PAGE_MAX,
        PING_INTERVAL_MS,
        PEER_DEAD_MS,
        RESUME_TOKEN_TTL_MS,
        RESUME_TOKEN_RENEW_MS,
        FRAME_BATCH_MS,
        COUNTS_INTERVAL_MS,
        PLACE_GRACE_MS,
        QUESTION_CHARS_MAX,
        MESSAGE_CHARS_MAX,
        TOPIC_CHARS_MAX,
        ANNOUNCEMENT_CHARS_MAX,
        POLL_QUESTION_CHARS_MAX,
        POLL_OPTION_CHARS_MAX,
        POLL_OPTIONS_MIN,
        POLL_OPTIONS_MAX,
        POLL_ANSWERS_MIN_DEFAULT,
        POLL_ANSWERS_MIN_MAX,
        POLL_WORDS_MAX,
        POLL_WORD_CHARS_MAX,
        OPEN_ANSWER_CHARS_MAX,
        OPEN_ANSWERS_SHOWN_MAX,
        NICKNAME_CHARS_MAX,
        QUIZ_QUESTIONS_MAX,
        QUIZ_OPTIONS_MAX,
        QUIZ_SECONDS_MIN,
        QUIZ_SECONDS_MAX,
        QUIZ_RIGHT_POINTS,
        QUIZ_SPEED_POINTS,
        NOTE_CHARS_MAX,
        ANSWER_CHARS_MAX,
        LABEL_CHARS_MAX,
        PINNED_MAX,
        FILTER_WORDS_MAX,
        FILTER_WORD_CHARS_MAX,
        LABELS_PER_ROOM_MAX,
        LABELS_PER_QUESTION_MAX,
        QUESTIONS_AT_ONCE_MAX,
        SECRETS_AT_ONCE_MAX,
        CHAT_SHOWN_MAX,
        SLOW_MODE_S_MAX,
        COUNTDOWN_S_MAX,
        ROUND_ROOMS_MAX,
        ROUND_CAPACITY_MAX,
        ROUND_MINUTES_MAX,
        ROUNDS_MAX,
        ROUND_NOTICE_MS,
        ROUND_GRACE_MS,
        ROOM_TITLE_CHARS_MAX,
        CARD_CHARS_MAX,
        CARDS_PER_ROOM_MAX,
        ANNOUNCEMENTS_SHOWN_MAX,
        CURVE_POINTS_MAX,
        SUPPRESSED_BELOW,
        STANDS_PER_PARTICIPANT_MAX,
        STAND_NAME_CHARS_MAX,
        STAND_LINE_CHARS_MAX,
        TAG_CHARS_MAX,
        STAND_TAGS_MAX,
        STAND_LINKS_MAX,
        LINK_CHARS_MAX,
        LINK_BYTES_MAX,
        STAND_HOURS_MAX,
        PRACTICE_CHARS_MAX,
        PRACTICE_LINE_CHARS_MAX,
        ORGANISATION_CHARS_MAX,
        STAND_MESSAGE_CHARS_MAX,
    );
    out
}
