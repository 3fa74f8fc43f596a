// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later
// Generated from signaling/protocol. Do not edit: change the Rust types and run
// FIERA_GENERATE=1 cargo test -p fiera-protocol --features typescript --test typescript

/**
 * An event's short name, as in the address `/e/{event}`.
 */
export type EventId = string;

/**
 * A room's short name, unique within its event.
 */
export type RoomId = string;

/**
 * One person in one event. Random (uuid v4): it must not hold a time.
 */
export type ParticipantId = string;

/**
 * Chosen by the client, unique per participant; a command repeated under the same id runs once.
 */
export type CommandId = string;

/**
 * A name as others see it: 1 to 60 characters as people count them, trimmed, nothing hidden in it.
 */
export type DisplayName = string;

/**
 * What a participant may do in an event; per-room grants derive from it.
 */
export type Role = "attendee" | "captioner" | "speaker" | "moderator" | "organiser";

/**
 * What kind of place a room is. All kinds have the same abilities and differ in policy only.
 */
export type RoomKind = "lobby" | "stage" | "stand" | "breakout";

/**
 * Which of a participant's tracks a source is.
 */
export type SourceKind = "mic" | "camera" | "screen" | "screen_audio";

/**
 * A question, drawn at random by the server.
 */
export type QuestionId = string;

/**
 * A label for questions of one room, drawn at random by the server.
 */
export type LabelId = string;

/**
 * A message in a chat or to a stand, drawn at random by the server.
 */
export type MessageId = string;

/**
 * A poll, drawn at random by the server.
 */
export type PollId = string;

/**
 * A word, text or nickname that came out of a poll, drawn at random by the server.
 */
export type EntryId = string;

/**
 * An announcement, drawn at random by the server.
 */
export type AnnouncementId = string;

/**
 * A round of breakouts, drawn at random by the server.
 */
export type RoundId = string;

/**
 * A card on the board of a breakout room, drawn at random by the server.
 */
export type CardId = string;

/**
 * A line of captions, drawn at random by the server.
 */
export type CaptionId = string;

/**
 * A slot of the programme: drawn at random by the server, or made from its name in the setup.
 */
export type SlotId = string;

/**
 * An idea for the programme, drawn at random by the server.
 */
export type IdeaId = string;

/**
 * A thanks, drawn at random by the server.
 */
export type ThanksId = string;

/**
 * A moderator's message to speakers, drawn at random by the server.
 */
export type DirectionId = string;

/**
 * How the pictures of a stage stand for everybody who has not put one in front for themselves.
 */
export type StageLayout = "auto" | "speaker" | "side_by_side" | "grid" | "slides";

/**
 * What everybody in a room is shown of how its stage is directed.
 */
export type StageShow = {
/**
 * How pictures stand.
 */
layout: StageLayout,
/**
 * All sound of the room is off, whatever anybody switches on.
 */
sound_off: boolean,
/**
 * Lower thirds are shown.
 */
titles: boolean,
/**
 * Pictures and sound of everybody on air broke off: the talk resumes shortly.
 */
resuming: boolean, };

/**
 * How long a talk may still take.
 */
export type SpeakerTimer = {
/**
 * When its time is over: server clock, milliseconds since 1970.
 */
ends_unix_ms: number,
/**
 * Amber from so many seconds before the end.
 */
amber_s: number,
/**
 * Red from so many seconds before the end.
 */
red_s: number, };

/**
 * What a moderator tells one speaker, as they see it until they have acknowledged it.
 */
export type YourDirection = {
/**
 * Which.
 */
direction: DirectionId,
/**
 * The words.
 */
text: string, };

/**
 * The same as moderators see it: who has acknowledged it.
 */
export type DirectionView = {
/**
 * Which.
 */
direction: DirectionId,
/**
 * The words.
 */
text: string,
/**
 * To whom.
 */
to: Array<Directed>, };

/**
 * One of those whom a [`DirectionView`] is for.
 */
export type Directed = {
/**
 * Who.
 */
participant: ParticipantId,
/**
 * Their name then.
 */
name: DisplayName,
/**
 * They have read it.
 */
acknowledged: boolean, };

/**
 * One step in directing the stage of the room one is in.
 */
export type StageStep = { "kind": "layout",
/**
 * Which way.
 */
layout: StageLayout, } | { "kind": "titles",
/**
 * On or off.
 */
on: boolean, } | { "kind": "sound_off",
/**
 * Off or through.
 */
off: boolean, } | { "kind": "set_title",
/**
 * The line.
 */
title?: TitleText,
/**
 * Somebody else who is backstage or on air (moderators and organisers).
 */
participant?: ParticipantId, } | { "kind": "timer",
/**
 * Length, 10 s to 4 hours.
 */
seconds: number,
/**
 * Amber from so many seconds before the end.
 */
amber_s: number,
/**
 * Red from so many seconds before the end, at most `amber_s`.
 */
red_s: number, } | { "kind": "extend_timer",
/**
 * By so much, at least one second.
 */
seconds: number,
/**
 * When the timer ends as one saw it: was it changed meanwhile, nothing happens.
 */
ends_unix_ms: number, } | { "kind": "stop_timer", } | { "kind": "direct",
/**
 * What.
 */
text: DirectionText,
/**
 * Whom.
 */
participant?: ParticipantId, } | { "kind": "end_direction",
/**
 * Which.
 */
direction: DirectionId, } | { "kind": "acknowledge",
/**
 * Which.
 */
direction: DirectionId, } | { "kind": "end_pause", };

/**
 * Drawn at random by the author of a text and kept by their client: the only proof that a text is theirs.
 * The server keeps a hash of it and not who wrote the text.
 */
export type AuthorSecret = string;

/**
 * Tag of the language of a line (BCP 47): `it`, `en`, `pt-BR`. Two or three letters, then subtags of two to eight.
 */
export type CaptionLang = string;

/**
 * One line as everybody in the room sees it.
 */
export type CaptionLine = {
/**
 * Which.
 */
caption: CaptionId,
/**
 * Its language.
 */
lang: CaptionLang,
/**
 * The words.
 */
text: string,
/**
 * The words stay as they are; otherwise the line is still being said and comes again under the same id.
 */
final: boolean, };

/**
 * State of the captions of a room.
 */
export type CaptionsView = {
/**
 * The room.
 */
room: RoomId,
/**
 * Final lines in the order in which they became final, at most 100 of each language; then those still being said.
 */
lines: Array<CaptionLine>, };

/**
 * A stand, drawn at random by the server.
 */
export type StandId = string;

/**
 * An organisation that would reuse what a stand shows, drawn at random by the server.
 */
export type AdopterId = string;

/**
 * What an attendee asks; one line.
 */
export type QuestionText = string;

/**
 * A written answer to a question; may have several lines.
 */
export type AnswerText = string;

/**
 * A label that moderators put on questions; one line.
 */
export type LabelText = string;

/**
 * A word that an event does not let through; one line.
 */
export type FilterWord = string;

/**
 * A chat message; may have several lines.
 */
export type MessageText = string;

/**
 * What somebody with a raised hand wants to speak about; one line.
 */
export type TopicText = string;

/**
 * A line of captions; one line.
 */
export type CaptionText = string;

/**
 * What stands under the name of somebody on air; one line.
 */
export type TitleText = string;

/**
 * What a moderator tells speakers; one line.
 */
export type DirectionText = string;

/**
 * What everybody in the event is told; one line.
 */
export type AnnouncementText = string;

/**
 * What a poll asks; one line.
 */
export type PollQuestionText = string;

/**
 * One answer that a poll offers; one line.
 */
export type PollOptionText = string;

/**
 * A word of one's own in a word cloud; one line.
 */
export type WordText = string;

/**
 * One's own answer to an open question of a poll; one line.
 */
export type OpenAnswerText = string;

/**
 * The name of a player in a quiz; one line.
 */
export type NicknameText = string;

/**
 * Why a question was dismissed, or who follows it up; one line.
 */
export type NoteText = string;

/**
 * What a breakout room is called; one line.
 */
export type RoomTitle = string;

/**
 * What a card on the board of a breakout room says; may have several lines.
 */
export type CardText = string;

/**
 * What a stand is called; one line.
 */
export type StandNameText = string;

/**
 * What a stand is about; one line.
 */
export type StandLineText = string;

/**
 * A word that a stand is found by; one line.
 */
export type TagText = string;

/**
 * What a link of a stand leads to; one line.
 */
export type LinkText = string;

/**
 * A part of a practice card; may have several lines.
 */
export type PracticeText = string;

/**
 * A part of a practice card that is one line.
 */
export type PracticeLine = string;

/**
 * An organisation that would reuse what a stand shows; one line.
 */
export type OrganisationText = string;

/**
 * A message to the keepers of a stand; may have several lines.
 */
export type StandMessageText = string;

/**
 * The title of a slot of the programme; one line.
 */
export type SlotTitle = string;

/**
 * What a slot of the programme is about; may have several lines.
 */
export type SlotNotes = string;

/**
 * The name of a track of the programme; one line.
 */
export type TrackName = string;

/**
 * Who speaks in a slot, as the organiser writes it; one line.
 */
export type SpeakerName = string;

/**
 * An idea for the programme in a line.
 */
export type IdeaTitle = string;

/**
 * An idea for the programme in some sentences; may have several lines.
 */
export type IdeaNotes = string;

/**
 * What somebody is thanked for; one line.
 */
export type ThanksText = string;

/**
 * A text in the languages of the event; either may be missing, then the other is shown.
 */
export type Localised = {
/**
 * Italian.
 */
it?: string,
/**
 * English.
 */
en?: string, };

/**
 * What everybody was told.
 */
export type Announcement = {
/**
 * Its id.
 */
announcement: AnnouncementId,
/**
 * The words.
 */
text: string,
/**
 * When, rounded down to the minute, milliseconds since 1970.
 */
at_unix_ms: number, };

/**
 * One item of the programme.
 */
export type AgendaSlot = {
/**
 * Its id, the same for as long as the slot exists, whatever is changed in it.
 */
slot: SlotId,
/**
 * Where.
 */
room: RoomId,
/**
 * What about.
 */
title: Localised,
/**
 * Who speaks, as the organiser wrote it.
 */
speakers: Array<string>,
/**
 * Start, milliseconds since 1970.
 */
starts_unix_ms: number,
/**
 * End, milliseconds since 1970.
 */
ends_unix_ms: number,
/**
 * The track it belongs to.
 */
track?: Localised,
/**
 * What it is about, in some sentences.
 */
notes?: Localised,
/**
 * Grows by one with each change (RFC 5545, SEQUENCE).
 */
revision: number,
/**
 * When it was changed last, rounded down to the minute, milliseconds since 1970; none: never.
 */
changed_unix_ms?: number,
/**
 * It does not take place.
 */
cancelled?: boolean,
/**
 * The idea that it was made of.
 */
idea?: IdeaId,
/**
 * The poll of its room that is offered to moderators when it ends.
 */
poll?: PollId, };

/**
 * A title in the languages of the event; at least one of them.
 */
export type SlotTitles = {
/**
 * Italian.
 */
it?: SlotTitle,
/**
 * English.
 */
en?: SlotTitle, };

/**
 * What a slot is about, in the languages of the event; either may be missing.
 */
export type SlotNotesIn = {
/**
 * Italian.
 */
it?: SlotNotes,
/**
 * English.
 */
en?: SlotNotes, };

/**
 * The name of a track in the languages of the event; either may be missing.
 */
export type TrackNames = {
/**
 * Italian.
 */
it?: TrackName,
/**
 * English.
 */
en?: TrackName, };

/**
 * A slot as an organiser writes it, whole.
 */
export type SlotDraft = {
/**
 * Where: a room of the event.
 */
room: RoomId,
/**
 * What about.
 */
title: SlotTitles,
/**
 * Who speaks, at most 20.
 */
speakers: Array<SpeakerName>,
/**
 * Start, milliseconds since 1970.
 */
starts_unix_ms: number,
/**
 * End, milliseconds since 1970: after the start, and at most a day after it.
 */
ends_unix_ms: number,
/**
 * The track it belongs to.
 */
track: TrackNames,
/**
 * What it is about.
 */
notes: SlotNotesIn,
/**
 * A poll of its room that is offered to moderators when it ends.
 */
poll?: PollId, };

/**
 * What organisers do to the programme. `revision` is that of the slot when they decided: where somebody has changed it
 * since, the step is refused as `wrong_state`.
 */
export type ProgrammeStep = { "kind": "add",
/**
 * All of it.
 */
draft: SlotDraft,
/**
 * The idea that it is made of, which is planned from then on.
 */
idea?: IdeaId, } | { "kind": "set",
/**
 * Which.
 */
slot: SlotId,
/**
 * The revision that was changed.
 */
revision: number,
/**
 * All of it.
 */
draft: SlotDraft, } | { "kind": "cancel",
/**
 * Which.
 */
slot: SlotId,
/**
 * The revision that was seen.
 */
revision: number,
/**
 * It does not take place.
 */
cancelled: boolean, } | { "kind": "erase",
/**
 * Which.
 */
slot: SlotId,
/**
 * The revision that was seen.
 */
revision: number, };

/**
 * What became of an idea.
 */
export type IdeaStage = "proposed" | "planned" | "refused" | "done";

/**
 * An idea as everybody sees it.
 */
export type IdeaView = {
/**
 * Its id.
 */
idea: IdeaId,
/**
 * In a line.
 */
title: string,
/**
 * In some sentences.
 */
notes?: string,
/**
 * Who proposed it; none: anonymous.
 */
by: DisplayName | null,
/**
 * Who proposed it would present it.
 */
presents: boolean,
/**
 * What became of it.
 */
stage: IdeaStage,
/**
 * Why it is not taken up.
 */
note?: string,
/**
 * Its slot in the programme.
 */
slot?: SlotId,
/**
 * The idea that it became part of and is voted with.
 */
merged_into?: IdeaId,
/**
 * Its words were changed.
 */
edited?: boolean,
/**
 * Different participants who support it or an idea that became part of it.
 */
votes: number,
/**
 * Grows by one with each idea of the event: the order in which they were proposed.
 */
order: number, };

/**
 * The supporters of one idea within [`crate::view::Change::IdeaVotes`].
 */
export type IdeaVotes = {
/**
 * Which.
 */
idea: IdeaId,
/**
 * Different participants.
 */
votes: number, };

/**
 * An idea of one's own, found by the secret it was written with.
 */
export type OwnIdea = {
/**
 * The secret that was asked for.
 */
secret: AuthorSecret,
/**
 * The idea.
 */
idea: IdeaId, };

/**
 * What can be done about ideas; `SPEC.md` says who may.
 */
export type IdeaStep = { "kind": "propose",
/**
 * In a line.
 */
title: IdeaTitle,
/**
 * In some sentences.
 */
notes?: IdeaNotes,
/**
 * One would present it.
 */
presents: boolean,
/**
 * Whether it is shown without a name, to everybody.
 */
anonymous: boolean,
/**
 * Drawn at random and kept by the client: with it one's own idea can be edited or withdrawn.
 */
secret: AuthorSecret, } | { "kind": "edit",
/**
 * Which.
 */
idea: IdeaId,
/**
 * In a line.
 */
title: IdeaTitle,
/**
 * In some sentences.
 */
notes?: IdeaNotes,
/**
 * One would present it.
 */
presents: boolean,
/**
 * What it was proposed with.
 */
secret: AuthorSecret, } | { "kind": "vote",
/**
 * Which.
 */
idea: IdeaId,
/**
 * On or off.
 */
up: boolean, } | { "kind": "erase",
/**
 * Which.
 */
idea: IdeaId,
/**
 * What it was proposed with.
 */
secret?: AuthorSecret, } | { "kind": "settle",
/**
 * Which.
 */
idea: IdeaId,
/**
 * Where it was when the organiser decided.
 */
from: IdeaStage,
/**
 * Where it goes.
 */
to: IdeaStage,
/**
 * Why it is refused.
 */
note?: NoteText, } | { "kind": "merge",
/**
 * Which.
 */
idea: IdeaId,
/**
 * The one that stays.
 */
into?: IdeaId, } | { "kind": "open",
/**
 * On or off.
 */
open: boolean, };

/**
 * A thanks that everybody sees, because who was thanked wants it.
 */
export type ThanksView = {
/**
 * Its id.
 */
thanks: ThanksId,
/**
 * Who was thanked, by the name that they had when they showed it.
 */
to: DisplayName,
/**
 * Who thanked, by the name that they had then.
 */
by: DisplayName,
/**
 * What for.
 */
text?: string, };

/**
 * A thanks for oneself.
 */
export type YourThanks = {
/**
 * Its id.
 */
thanks: ThanksId,
/**
 * Who thanks, by the name that they had then.
 */
by: DisplayName,
/**
 * What for.
 */
text?: string,
/**
 * Everybody sees it.
 */
shown: boolean, };

/**
 * A thanks of one's own, given or shown, found by the secret that was given with it.
 */
export type OwnThanks = {
/**
 * The secret that was asked for.
 */
secret: AuthorSecret,
/**
 * The thanks.
 */
thanks: ThanksId, };

/**
 * What can be done about thanks; `SPEC.md` says who may.
 */
export type ThanksStep = { "kind": "give",
/**
 * Whom.
 */
participant: ParticipantId,
/**
 * What for.
 */
text?: ThanksText,
/**
 * Drawn at random and kept by the client: with it the thanks can be taken back.
 */
secret: AuthorSecret, } | { "kind": "show",
/**
 * Which.
 */
thanks: ThanksId,
/**
 * Drawn at random and kept by the client: with it the thanks can be hidden after the event too.
 */
secret: AuthorSecret, } | { "kind": "hide",
/**
 * Which.
 */
thanks: ThanksId,
/**
 * What it was shown with, where it is not known any more whom it was for.
 */
secret?: AuthorSecret, } | { "kind": "erase",
/**
 * Which.
 */
thanks: ThanksId,
/**
 * What it was given or shown with.
 */
secret?: AuthorSecret, };

/**
 * How a room works; set by its moderators.
 */
export type RoomSettings = {
/**
 * Questions wait for a moderator before others see them.
 */
moderated: boolean,
/**
 * Attendees may chat.
 */
chat_open: boolean,
/**
 * Seconds between two messages of the same attendee; 0: slow mode is off.
 */
slow_mode_s: number,
/**
 * Attendees may not ask for now.
 */
questions_closed?: boolean,
/**
 * Attendees may put no links into the chat.
 */
links_off?: boolean, };

/**
 * Where a question is in its life.
 */
export type QuestionStage = "pending" | "published" | "next" | "now" | "answered" | "follow_up" | "dismissed";

/**
 * A question as others see it.
 */
export type QuestionView = {
/**
 * Its id.
 */
question: QuestionId,
/**
 * The question.
 */
text: string,
/**
 * Who asked; none: anonymous.
 */
by: DisplayName | null,
/**
 * Where it is in its life.
 */
stage: QuestionStage,
/**
 * Why it was dismissed, or who follows it up.
 */
note: string | null,
/**
 * Until when it is followed up, days since 1970.
 */
due_day?: number,
/**
 * The written answer.
 */
answer?: string,
/**
 * Its labels, at most three of those of the room.
 */
labels?: Array<LabelId>,
/**
 * Who is to answer it.
 */
assigned?: Assigned,
/**
 * How many other questions were merged into it.
 */
merged?: number,
/**
 * Its words were changed after others had seen them, or by a moderator.
 */
edited?: boolean,
/**
 * Put away: only moderators see it.
 */
archived?: boolean,
/**
 * A moderator made it of a chat message.
 */
from_chat?: boolean,
/**
 * Participants who support it.
 */
upvotes: number,
/**
 * When, rounded down to the minute, milliseconds since 1970.
 */
at_unix_ms: number,
/**
 * Grows by one with each question of the room: the order in which they were asked.
 */
order: number, };

/**
 * A label of a room.
 */
export type Label = {
/**
 * Its id.
 */
label: LabelId,
/**
 * The word.
 */
text: string, };

/**
 * Who is to answer a question.
 */
export type Assigned = {
/**
 * Who.
 */
participant: ParticipantId,
/**
 * The name they had then.
 */
name: DisplayName, };

/**
 * A question and the room it belongs to.
 */
export type RoomQuestion = {
/**
 * Its room.
 */
room: RoomId,
/**
 * The question.
 */
question: QuestionView, };

/**
 * A question of one's own, found by the secret it was asked with.
 */
export type OwnQuestion = {
/**
 * The secret that was asked for.
 */
secret: AuthorSecret,
/**
 * The room of the question.
 */
room: RoomId,
/**
 * The question.
 */
question: QuestionView,
/**
 * The question that it was merged into and is shown as.
 */
merged_into: QuestionId | null, };

/**
 * A chat message of one's own, found by the secret it was sent with.
 */
export type OwnMessage = {
/**
 * The secret that was asked for.
 */
secret: AuthorSecret,
/**
 * The message.
 */
message: MessageId, };

/**
 * The supporters of one question within [`crate::view::Change::Upvotes`].
 */
export type UpvoteCount = {
/**
 * Which.
 */
question: QuestionId,
/**
 * Participants who support it.
 */
upvotes: number, };

/**
 * A chat message as others see it.
 */
export type ChatMessage = {
/**
 * Its id.
 */
message: MessageId,
/**
 * The name of who wrote it, as it was then.
 */
by: DisplayName,
/**
 * Who wrote it, while the server knows: it is nowhere stored.
 */
participant: ParticipantId | null,
/**
 * The words.
 */
text: string,
/**
 * The message it replies to, which may be gone by now.
 */
reply_to?: MessageId,
/**
 * Its words were changed.
 */
edited?: boolean,
/**
 * When, rounded down to the minute, milliseconds since 1970.
 */
at_unix_ms: number, };

/**
 * Where a raised hand is in the queue.
 */
export type HandStage = "raised" | "accepted";

/**
 * A raised hand as moderators see it.
 */
export type HandView = {
/**
 * Whose.
 */
participant: ParticipantId,
/**
 * Their name.
 */
name: DisplayName,
/**
 * What about.
 */
topic: string | null,
/**
 * Waiting or accepted.
 */
stage: HandStage,
/**
 * Its owner is not back yet after a restart of the server: the hand keeps its place and cannot be accepted.
 */
away?: boolean, };

/**
 * Life of a poll.
 */
export type PollPhase = "draft" | "open" | "closed" | "revealed";

/**
 * A poll as others see it.
 */
export type PollView = {
/**
 * Its id.
 */
poll: PollId,
/**
 * What it asks.
 */
question: string,
/**
 * The answers to choose from.
 */
options: Array<string>,
/**
 * Where it is in its life.
 */
phase: PollPhase,
/**
 * Participants who answered; players of a quiz.
 */
answers: number,
/**
 * Votes per answer of a choice, or per number of a rating, once revealed.
 */
tally: Array<number> | null,
/**
 * How it is answered.
 */
form: PollForm,
/**
 * Participants below whom nothing of the answers is kept or shown.
 */
answers_min: number,
/**
 * What else there is to see, once revealed.
 */
outcome: Outcome | null,
/**
 * How far it is, where it is a quiz.
 */
quiz: QuizView | null, };

/**
 * How a poll is answered.
 */
export type PollForm = { "kind": "single", } | { "kind": "multiple",
/**
 * Fewest to choose, at least 1.
 */
min: number,
/**
 * Most to choose, at most as many as there are.
 */
max: number, } | { "kind": "rating",
/**
 * Lowest.
 */
from: number,
/**
 * Highest.
 */
to: number, } | { "kind": "ranking", } | { "kind": "words",
/**
 * Most words of one participant, 1 to 3.
 */
max: number, } | { "kind": "text", } | { "kind": "quiz", };

/**
 * One question of a quiz, as its organiser prepares it.
 */
export type QuizQuestion = {
/**
 * What it asks.
 */
question: PollQuestionText,
/**
 * 2 to 6 different answers.
 */
options: Array<PollOptionText>,
/**
 * The right one, counted from 0.
 */
right: number,
/**
 * Time to answer, 5 to 120 seconds.
 */
seconds: number, };

/**
 * A poll as it is prepared.
 */
export type PollDraft = {
/**
 * What it asks; the title of a quiz.
 */
question: PollQuestionText,
/**
 * How it is answered.
 */
form: PollForm,
/**
 * Answers to choose from or to rank; none for other forms.
 */
options?: Array<PollOptionText>,
/**
 * Questions of a quiz; none for other forms.
 */
quiz?: Array<QuizQuestion>,
/**
 * Participants below whom nothing of the answers is kept or shown, at most 50; 3 if left out, 0 in a quiz.
 */
answers_min?: number, };

/**
 * An answer to a poll that is no single choice.
 */
export type Answer = { "kind": "options",
/**
 * The answers, counted from 0, each once.
 */
options: Array<number>, } | { "kind": "rating",
/**
 * The number.
 */
rating: number, } | { "kind": "ranking",
/**
 * All answers, counted from 0, the best first.
 */
order: Array<number>, } | { "kind": "words",
/**
 * One's words.
 */
words: Array<WordText>, } | { "kind": "text",
/**
 * One's text.
 */
text: OpenAnswerText, } | { "kind": "quiz",
/**
 * Which question, counted from 0.
 */
question: number,
/**
 * The answer, counted from 0.
 */
option: number, };

/**
 * One's own answer to the open poll; forgotten when it closes.
 */
export type YourAnswer = {
/**
 * Which poll.
 */
poll: PollId,
/**
 * The answer.
 */
answer: Answer, };

/**
 * How one does in the quiz that is open; forgotten when it closes.
 */
export type YourQuiz = {
/**
 * Which poll.
 */
poll: PollId,
/**
 * The name that one chose for it.
 */
nickname: NicknameText,
/**
 * One's answer to the question that was asked last.
 */
option: number | null,
/**
 * Points of all questions whose time is over.
 */
points: number, };

/**
 * How far a quiz is.
 */
export type QuizView = {
/**
 * How many questions it has.
 */
questions: number,
/**
 * The question that was asked last.
 */
asked: QuizAsked | null, };

/**
 * A question of a quiz that everybody sees.
 */
export type QuizAsked = {
/**
 * Which, counted from 0.
 */
number: number,
/**
 * What it asks.
 */
question: string,
/**
 * The answers to choose from.
 */
options: Array<string>,
/**
 * Time to answer.
 */
seconds: number,
/**
 * When the time is over by the server's clock, milliseconds since 1970; none: it is.
 */
ends_unix_ms: number | null,
/**
 * The right answer, once the time is over.
 */
right: number | null,
/**
 * Players who answered it.
 */
answers: number, };

/**
 * What is shown of a revealed poll beside its tally.
 */
export type Outcome = { "kind": "withheld", } | { "kind": "rating",
/**
 * The arithmetic mean, in hundredths.
 */
mean_hundredths: number,
/**
 * Net promoter score, -100 to 100, of a scale from 0 to 10: share of 9 and 10 minus share of 0 to 6.
 */
nps: number | null, } | { "kind": "ranking",
/**
 * All answers.
 */
ranks: Array<Rank>, } | { "kind": "words",
/**
 * Those that are shown.
 */
words: Array<WordCount>,
/**
 * How many more words there were.
 */
others: number, } | { "kind": "texts",
/**
 * In no order that means anything.
 */
texts: Array<PublishedText>, } | { "kind": "quiz",
/**
 * The best, most points first.
 */
board: Array<Score>,
/**
 * What was asked, and how it was answered.
 */
questions: Array<QuizResult>, };

/**
 * One answer within [`Outcome::Ranking`].
 */
export type Rank = {
/**
 * The answer, counted from 0.
 */
option: number,
/**
 * Borda points: of n answers the first of a ranking gets n - 1, the last 0.
 */
points: number,
/**
 * Mean place, 1 is first, in hundredths.
 */
mean_hundredths: number, };

/**
 * One word within [`Outcome::Words`].
 */
export type WordCount = {
/**
 * Its id.
 */
entry: EntryId,
/**
 * As most wrote it.
 */
word: string,
/**
 * Participants who wrote it.
 */
count: number, };

/**
 * One text within [`Outcome::Texts`].
 */
export type PublishedText = {
/**
 * Its id.
 */
entry: EntryId,
/**
 * The words.
 */
text: string, };

/**
 * One player within [`Outcome::Quiz`].
 */
export type Score = {
/**
 * Its id.
 */
entry: EntryId,
/**
 * The name that the player chose for this quiz.
 */
nickname: string,
/**
 * All points.
 */
points: number, };

/**
 * One question within [`Outcome::Quiz`].
 */
export type QuizResult = {
/**
 * What it asked.
 */
question: string,
/**
 * The answers.
 */
options: Array<string>,
/**
 * The right one, counted from 0.
 */
right: number,
/**
 * Votes per answer.
 */
tally: Array<number>, };

/**
 * What participants wrote in a poll that is closed or revealed, for its moderators.
 */
export type PollEntries = {
/**
 * Which poll.
 */
poll: PollId,
/**
 * Words and nicknames by alphabet, texts in no order that means anything; never who wrote them or how often.
 */
entries: Array<PollEntry>, };

/**
 * One word, text or nickname within [`PollEntries`].
 */
export type PollEntry = {
/**
 * Its id.
 */
entry: EntryId,
/**
 * The words.
 */
text: string,
/**
 * Everybody sees it once the poll is revealed.
 */
shown: boolean, };

/**
 * How one can react to what is on air.
 */
export type Reaction = "applause" | "heart" | "laugh" | "wow" | "thumb";

/**
 * How often a reaction came since the last time.
 */
export type ReactionCount = {
/**
 * Which.
 */
reaction: Reaction,
/**
 * How often.
 */
count: number, };

/**
 * Somebody whom moderators have silenced or banned.
 */
export type Restricted = {
/**
 * Who.
 */
participant: ParticipantId,
/**
 * The name they had then.
 */
name: DisplayName,
/**
 * May not chat, ask, raise a hand or react.
 */
silenced: boolean,
/**
 * May not come in.
 */
banned: boolean, };

/**
 * One's own raised hand.
 */
export type YourHand = {
/**
 * What about.
 */
topic: string | null,
/**
 * Waiting or accepted.
 */
stage: HandStage,
/**
 * 1 is next; 0 once accepted.
 */
position: number, };

/**
 * One's own answer to the open poll; forgotten when it closes.
 */
export type YourVote = {
/**
 * Which poll.
 */
poll: PollId,
/**
 * The answer, counted from 0.
 */
option: number, };

/**
 * Somebody whose countdown runs.
 */
export type Countdown = {
/**
 * Who.
 */
participant: ParticipantId,
/**
 * When they go on air by the server's clock, milliseconds since 1970.
 */
at_unix_ms: number, };

/**
 * Attendance of one minute.
 */
export type CurvePoint = {
/**
 * Minutes since 1970.
 */
unix_min: number,
/**
 * Most participants at once in this minute; none: fewer than 10, and from before a restart.
 */
people: number | null,
/**
 * Participants who came in this minute; none: not known any more.
 */
joins: number | null, };

/**
 * The numbers of the organiser's page.
 */
export type LiveNumbers = {
/**
 * Participants now.
 */
people: number,
/**
 * Most participants at once so far.
 */
peak: number,
/**
 * In which minute that was, milliseconds since 1970; none: nobody came yet.
 */
peak_unix_ms: number | null,
/**
 * Participants who came in the last five minutes.
 */
joined_5_min: number,
/**
 * Participants who came back after a lost connection in the last five minutes.
 */
reconnects_5_min: number,
/**
 * Per room, in the organiser's order.
 */
rooms: Array<RoomNumbers>, };

/**
 * One room within [`LiveNumbers`].
 */
export type RoomNumbers = {
/**
 * The room.
 */
room: RoomId,
/**
 * Participants in it.
 */
people: number,
/**
 * Publishers on air.
 */
on_air: number,
/**
 * Hands that wait.
 */
hands: number,
/**
 * Questions that wait for a moderator or an answer.
 */
open_questions: number,
/**
 * How those who watch there are served; none: fewer than 10 do, or nobody is on air.
 */
quality: Quality | null, };

/**
 * How well pictures and sound reach those who watch in a room, all of them together.
 */
export type Quality = "good" | "fair" | "poor";

/**
 * How people come into the rooms of a round.
 */
export type RoundMode = "self_select" | "random" | "assigned";

/**
 * What becomes of those who come to the plenary room while the rooms are open.
 */
export type Latecomers = "placed" | "choose";

/**
 * Life of a round.
 */
export type RoundPhase = "draft" | "announced" | "open" | "closing" | "ended";

/**
 * Whether a room has called for help.
 */
export type HelpStage = "called" | "coming";

/**
 * One room of a round that is prepared.
 */
export type PlannedRoom = {
/**
 * What it is called.
 */
title: RoomTitle,
/**
 * What it is about.
 */
topic?: TopicText, };

/**
 * A round as it is prepared.
 */
export type RoundPlan = {
/**
 * The plenary room: whose people go, and where they come back to.
 */
from: RoomId,
/**
 * 1 to 60 rooms.
 */
rooms: Array<PlannedRoom>,
/**
 * How people come into the rooms.
 */
mode: RoundMode,
/**
 * People per room, 1 to 100.
 */
capacity: number,
/**
 * How long the rooms are open, 1 to 240.
 */
minutes: number,
/**
 * What becomes of those who come later.
 */
latecomers: Latecomers, };

/**
 * What can be done about breakouts; `SPEC.md` says who may.
 */
export type BreakoutStep = { "kind": "prepare",
/**
 * A draft that this one replaces.
 */
replaces?: RoundId,
/**
 * All of it.
 */
plan: RoundPlan, } | { "kind": "deal",
/**
 * The draft.
 */
round: RoundId, } | { "kind": "seat",
/**
 * The round.
 */
round: RoundId,
/**
 * Whom.
 */
participant: ParticipantId,
/**
 * One of its rooms; none: takes the seat away, before the rooms are open.
 */
room?: RoomId,
/**
 * They run the talk in that room.
 */
facilitator?: boolean, } | { "kind": "discard",
/**
 * The draft.
 */
round: RoundId, } | { "kind": "send",
/**
 * The draft.
 */
round: RoundId, } | { "kind": "rehearse",
/**
 * The draft.
 */
round: RoundId,
/**
 * How many bots, 1 to 1,000; whoever has a seat in the draft is played in any case.
 */
bots: number, } | { "kind": "end_rehearsal", } | { "kind": "extend",
/**
 * By how many minutes, 1 to 60.
 */
minutes: number, } | { "kind": "bring_back", } | { "kind": "tell",
/**
 * What.
 */
text: AnnouncementText, } | { "kind": "acknowledge",
/**
 * Which room.
 */
room: RoomId, } | { "kind": "show_cards",
/**
 * The round.
 */
round: RoundId,
/**
 * One of its rooms; none: nothing is shown.
 */
room?: RoomId, } | { "kind": "stay", } | { "kind": "call_help",
/**
 * On or off.
 */
on: boolean, } | { "kind": "add_card",
/**
 * What it says.
 */
text: CardText,
/**
 * Drawn at random and kept by the client: with it one's own card can be changed.
 */
secret: AuthorSecret, } | { "kind": "edit_card",
/**
 * Which.
 */
card: CardId,
/**
 * What it says now.
 */
text: CardText,
/**
 * What `add_card` was sent with.
 */
secret: AuthorSecret, } | { "kind": "erase_card",
/**
 * Which.
 */
card: CardId,
/**
 * What `add_card` was sent with.
 */
secret?: AuthorSecret, } | { "kind": "vote_card",
/**
 * Which.
 */
card: CardId,
/**
 * On or off.
 */
up: boolean, };

/**
 * One room of a round as everybody sees it.
 */
export type BreakoutRoom = {
/**
 * Its short name.
 */
room: RoomId,
/**
 * What it is called.
 */
title: string,
/**
 * What it is about.
 */
topic: string | null, };

/**
 * The round that runs, as everybody sees it.
 */
export type BreakoutView = {
/**
 * Which.
 */
round: RoundId,
/**
 * The plenary room.
 */
from: RoomId,
/**
 * Announced, open or closing.
 */
phase: RoundPhase,
/**
 * How people come into the rooms.
 */
mode: RoundMode,
/**
 * What becomes of those who come later.
 */
latecomers: Latecomers,
/**
 * People per room.
 */
capacity: number,
/**
 * The rooms, in their order.
 */
rooms: Array<BreakoutRoom>,
/**
 * Places that are left in each of [`BreakoutView::rooms`], in the same order; empty while nobody chooses a room.
 */
free: Array<number>,
/**
 * When this phase ends by the server's clock, milliseconds since 1970.
 */
until_unix_ms: number,
/**
 * What all rooms were told last.
 */
told: Announcement | null, };

/**
 * Somebody on a list of seats.
 */
export type Seated = {
/**
 * Who.
 */
participant: ParticipantId,
/**
 * Their name.
 */
name: DisplayName,
/**
 * They run the talk in that room.
 */
facilitator: boolean,
/**
 * They are in the room that they belong to at present: the plenary room before, their own while it is open.
 */
here: boolean, };

/**
 * One room of a round as moderators and organisers see it.
 */
export type RoundRoom = {
/**
 * Its short name.
 */
room: RoomId,
/**
 * What it is called.
 */
title: string,
/**
 * What it is about.
 */
topic: string | null,
/**
 * Who has a seat there, by name.
 */
seated: Array<Seated>,
/**
 * People in it now.
 */
people: number,
/**
 * People who speak now.
 */
talking: number,
/**
 * Hands that wait.
 */
hands: number,
/**
 * Whether it has called for help.
 */
help: HelpStage | null,
/**
 * Cards on its board.
 */
cards: number, };

/**
 * A round as moderators and organisers see it.
 */
export type RoundView = {
/**
 * Which.
 */
round: RoundId,
/**
 * The plenary room.
 */
from: RoomId,
/**
 * Where it is in its life.
 */
phase: RoundPhase,
/**
 * How people come into the rooms.
 */
mode: RoundMode,
/**
 * What becomes of those who come later.
 */
latecomers: Latecomers,
/**
 * People per room.
 */
capacity: number,
/**
 * How long the rooms are open.
 */
minutes: number,
/**
 * When this phase ends by the server's clock, milliseconds since 1970; none: draft or ended.
 */
until_unix_ms: number | null,
/**
 * The rooms, in their order.
 */
rooms: Array<RoundRoom>,
/**
 * Whose cards are shown in the plenary room.
 */
cards_shown: RoomId | null,
/**
 * Who is in the plenary room without a seat, by name; moderators and organisers too, as facilitators to be.
 */
unseated: Array<Seated>, };

/**
 * What moderators and organisers see of breakouts.
 */
export type BreakoutsView = {
/**
 * Drafts, the round that runs, and past ones, in the order in which they were prepared.
 */
rounds: Array<RoundView>,
/**
 * The dry run that is on.
 */
rehearsal: RehearsalView | null, };

/**
 * A dry run of a draft: bots in place of people.
 */
export type RehearsalView = {
/**
 * The draft as if it had been sent. Everybody on its lists and in its counts is a bot.
 */
round: RoundView,
/**
 * What all rooms were told last; no person is told.
 */
told: Announcement | null, };

/**
 * What a round means for one participant.
 */
export type YourBreakout = {
/**
 * The room one has a seat in.
 */
room: RoomId,
/**
 * When one is moved there by the server's clock, milliseconds since 1970; none: not by itself.
 */
goes_at_unix_ms: number | null,
/**
 * One runs the talk there.
 */
facilitator: boolean, };

/**
 * A card on the board of a breakout room.
 */
export type CardView = {
/**
 * Its id.
 */
card: CardId,
/**
 * What it says.
 */
text: string,
/**
 * The name of who wrote it, as it was then.
 */
by: DisplayName,
/**
 * Participants who support it.
 */
votes: number,
/**
 * Grows by one with each card of the room: the order in which they were put up.
 */
order: number, };

/**
 * A room on the list of those whose cards are shown.
 */
export type CardsOfRoom = {
/**
 * Its short name.
 */
room: RoomId,
/**
 * What it is called.
 */
title: string,
/**
 * Cards on its board.
 */
cards: number, };

/**
 * The cards of a round that is over, as they are shown in the plenary room: those of one room; `cards` asks for others.
 */
export type CardsShown = {
/**
 * Which round.
 */
round: RoundId,
/**
 * Rooms with cards, and the one that is shown, in the order of the round.
 */
rooms: Array<CardsOfRoom>,
/**
 * Whose cards are shown to everybody now.
 */
room: RoomId,
/**
 * What that room was about.
 */
topic: string | null,
/**
 * Its cards, best supported first.
 */
cards: Array<CardView>, };

/**
 * The language that a stand is written in.
 */
export type StandLanguage = "it" | "en";

/**
 * Who may open a stand in an event. Moderators and organisers always may.
 */
export type StandsOpenTo = "nobody" | "invited" | "anyone";

/**
 * Whether a stand can be visited.
 */
export type StandState = "open" | "closed" | "hidden";

/**
 * A practice, so that others can reuse it. What is not known is left out.
 */
export type PracticeCard = {
/**
 * What it solves.
 */
problem?: PracticeText,
/**
 * Where and for whom.
 */
context?: PracticeText,
/**
 * How it was done.
 */
method?: PracticeText,
/**
 * With which software.
 */
tool?: PracticeLine,
/**
 * What came of it.
 */
results?: PracticeText,
/**
 * Whom to ask.
 */
contact?: PracticeLine,
/**
 * Under which licence it can be reused, such as `EUPL-1.2`.
 */
licence?: PracticeLine, };

/**
 * An address of a page: `https` alone, with a host name and nobody's name or password in it.
 */
export type LinkUrl = string;

/**
 * A link of a stand.
 */
export type StandLink = {
/**
 * What it leads to.
 */
title: LinkText,
/**
 * Where.
 */
url: LinkUrl, };

/**
 * A time in which somebody is at the stand.
 */
export type OpenHours = {
/**
 * Start, milliseconds since 1970.
 */
from_unix_ms: number,
/**
 * End, milliseconds since 1970.
 */
to_unix_ms: number, };

/**
 * All that keepers write.
 */
export type StandContent = {
/**
 * What it is called.
 */
name: StandNameText,
/**
 * What it is about.
 */
line: StandLineText,
/**
 * What it is written in.
 */
language: StandLanguage,
/**
 * At most 6 words to find it by, each once.
 */
tags?: Array<TagText>,
/**
 * At most 6.
 */
links?: Array<StandLink>,
/**
 * At most 12, in order of time and apart from each other; none: whenever the stand is open.
 */
hours?: Array<OpenHours>,
/**
 * The practice that is shown.
 */
card?: PracticeCard, };

/**
 * A stand in the list of stands. Of a hidden one the words are empty: who may read them asks for it.
 */
export type StandSummary = {
/**
 * Which.
 */
stand: StandId,
/**
 * Its room.
 */
room: RoomId,
/**
 * Whether it can be visited.
 */
state: StandState,
/**
 * What it is called.
 */
name: string,
/**
 * What it is about.
 */
line: string,
/**
 * What it is written in.
 */
language: StandLanguage,
/**
 * Words to find it by.
 */
tags: Array<string>,
/**
 * Who opened it, by the name they had then; none: the event's setup.
 */
by: DisplayName | null,
/**
 * When somebody is there; empty: whenever it is open.
 */
hours: Array<OpenHours>,
/**
 * How often its words were changed.
 */
revision: number,
/**
 * Participants who would reuse it.
 */
reuse: number,
/**
 * Participants in its room.
 */
people: number,
/**
 * Whether anyone is on air there.
 */
live: boolean,
/**
 * Stands are shown smallest first: in the order in which they were opened.
 */
order: number, };

/**
 * What is counted of a stand.
 */
export type StandCount = {
/**
 * Which.
 */
stand: StandId,
/**
 * Participants who would reuse it.
 */
reuse: number,
/**
 * Participants in its room.
 */
people: number,
/**
 * Whether anyone is on air there.
 */
live: boolean, };

/**
 * An organisation that would reuse what a stand shows.
 */
export type Adopter = {
/**
 * Which.
 */
adopter: AdopterId,
/**
 * Its name, as a participant wrote it.
 */
organisation: string, };

/**
 * All of a stand that everybody may read.
 */
export type StandView = {
/**
 * Which.
 */
stand: StandId,
/**
 * Whether it can be visited.
 */
state: StandState,
/**
 * How often its words were changed; to be named in `edit`.
 */
revision: number,
/**
 * What its keepers wrote.
 */
content: StandContent,
/**
 * Organisations that would reuse it, in the order in which they said so.
 */
adopters: Array<Adopter>, };

/**
 * A message to the keepers of a stand.
 */
export type StandMessage = {
/**
 * Which.
 */
message: MessageId,
/**
 * Who left it, by the name they had then; none: anonymous.
 */
by: DisplayName | null,
/**
 * What it says.
 */
text: string,
/**
 * When, to the minute, milliseconds since 1970.
 */
at_unix_ms: number, };

/**
 * A stand of one's own, found by the secret it was opened with.
 */
export type OwnStand = {
/**
 * The secret that was asked for.
 */
secret: AuthorSecret,
/**
 * The stand.
 */
stand: StandId, };

/**
 * A stand that one keeps.
 */
export type YourStand = {
/**
 * Which.
 */
stand: StandId,
/**
 * Messages that lie there.
 */
messages: number, };

/**
 * What can be done at a stand.
 */
export type StandStep = { "kind": "open",
/**
 * What it shows.
 */
content: StandContent,
/**
 * Drawn at random and kept by the client: whoever has it keeps the stand.
 */
secret: AuthorSecret, } | { "kind": "keep",
/**
 * Which.
 */
stand: StandId,
/**
 * What `open` was sent with.
 */
secret: AuthorSecret, } | { "kind": "edit",
/**
 * Which.
 */
stand: StandId,
/**
 * What the change was made from.
 */
revision: number,
/**
 * All of it.
 */
content: StandContent, } | { "kind": "set",
/**
 * Which.
 */
stand: StandId,
/**
 * What it is from now on.
 */
state: StandState, } | { "kind": "remove",
/**
 * Which.
 */
stand: StandId,
/**
 * What `open` was sent with; needed by nobody whom the server knows as a keeper or moderator.
 */
secret?: AuthorSecret, } | { "kind": "renew",
/**
 * Which.
 */
stand: StandId,
/**
 * The one that it has.
 */
secret: AuthorSecret,
/**
 * The one that it gets, drawn at random and kept by the client.
 */
fresh: AuthorSecret, } | { "kind": "reuse",
/**
 * Which.
 */
stand: StandId,
/**
 * On or off.
 */
on: boolean,
/**
 * The organisation to be named in public; nobody's without it.
 */
organisation?: OrganisationText, } | { "kind": "erase_adopter",
/**
 * At which stand.
 */
stand: StandId,
/**
 * Which.
 */
adopter: AdopterId, } | { "kind": "leave",
/**
 * Where.
 */
stand: StandId,
/**
 * What it says.
 */
text: StandMessageText,
/**
 * Whether they see it without a name.
 */
anonymous: boolean,
/**
 * Drawn at random and kept by the client: with it one's own message can be erased.
 */
secret: AuthorSecret, } | { "kind": "erase_message",
/**
 * At which stand.
 */
stand: StandId,
/**
 * Which; those that were left with `secret` without it.
 */
message?: MessageId,
/**
 * What `leave` was sent with, or, for who keeps the stand, `open`.
 */
secret?: AuthorSecret, } | { "kind": "give_word",
/**
 * Which.
 */
stand: StandId,
/**
 * Somebody in its room.
 */
participant: ParticipantId,
/**
 * On or off.
 */
on: boolean, };

/**
 * A sequence of numbered updates that a client follows.
 */
export type StreamId = { "of": "event", } | { "of": "room",
/**
 * The room.
 */
room: RoomId, } | { "of": "backstage",
/**
 * The room.
 */
room: RoomId, } | { "of": "captions",
/**
 * The room.
 */
room: RoomId, } | { "of": "moderators",
/**
 * The room.
 */
room: RoomId, } | { "of": "organisers", } | { "of": "breakouts", } | { "of": "you", };

/**
 * How far a client has followed a stream.
 */
export type StreamPosition = {
/**
 * Epoch of the numbering.
 */
epoch: number,
/**
 * The last update that was applied.
 */
n: number, };

/**
 * Life of an event.
 */
export type EventPhase = "draft" | "open" | "live" | "ended";

/**
 * Where a participant stands in the room.
 */
export type Place = "audience" | "backstage" | "on_air";

/**
 * The whole of a stream's state, as in a snapshot.
 */
export type StreamState = { "of": "event" } & EventView | { "of": "room" } & RoomView | { "of": "backstage" } & BackstageView | { "of": "captions" } & CaptionsView | { "of": "moderators" } & ModeratorsView | { "of": "organisers" } & OrganisersView | { "of": "breakouts" } & BreakoutsView | { "of": "you" } & YouView;

/**
 * The event as everybody in it sees it.
 */
export type EventView = {
/**
 * Short name.
 */
event: EventId,
/**
 * Title in the event's first language.
 */
title: string,
/**
 * Title in each language that the organiser wrote.
 */
titles: Localised,
/**
 * Who runs it, as written by the organiser.
 */
organiser: string | null,
/**
 * Where in its life it is.
 */
phase: EventPhase,
/**
 * Participants connected now.
 */
people: number,
/**
 * All rooms, in the organiser's order.
 */
rooms: Array<RoomSummary>,
/**
 * The programme, in order of time.
 */
agenda: Array<AgendaSlot>,
/**
 * The time zone in which the event takes place (IANA name), as written by the organiser.
 */
time_zone: string | null,
/**
 * Ideas for the programme, in the order in which they were proposed.
 */
ideas: Array<IdeaView>,
/**
 * New ideas and votes for them are not taken.
 */
ideas_closed: boolean,
/**
 * The last thanks that those who were thanked show to everybody, oldest first.
 */
thanks: Array<ThanksView>,
/**
 * The last announcements, oldest first.
 */
announcements: Array<Announcement>,
/**
 * The server cannot store anything at present: reading and watching go on, commands are refused.
 */
read_only: boolean,
/**
 * The round of breakouts that runs.
 */
breakout: BreakoutView | null,
/**
 * All stands, in the order in which they were opened.
 */
stands: Array<StandSummary>,
/**
 * Who may open one.
 */
stands_open_to: StandsOpenTo, };

/**
 * A room in the list of places.
 */
export type RoomSummary = {
/**
 * Short name.
 */
room: RoomId,
/**
 * Lobby, stage, stand or breakout.
 */
room_kind: RoomKind,
/**
 * Title in the event's first language.
 */
title: string,
/**
 * Title in each language that the organiser wrote.
 */
titles: Localised,
/**
 * Participants in it now.
 */
people: number,
/**
 * Whether anyone is on air there.
 */
live: boolean, };

/**
 * A room as its audience sees it.
 */
export type RoomView = {
/**
 * Short name.
 */
room: RoomId,
/**
 * Participants in it now.
 */
people: number,
/**
 * Who is on air, in the order they went.
 */
on_air: Array<Publisher>,
/**
 * Who speaks now, loudest first.
 */
speaking: Array<ParticipantId>,
/**
 * How the room works.
 */
settings: RoomSettings,
/**
 * Published questions and what became of them, in the order in which they were asked.
 */
questions: Array<QuestionView>,
/**
 * Labels that questions of the room may have, in the order in which they were made.
 */
labels: Array<Label>,
/**
 * The last chat messages, oldest first.
 */
chat: Array<ChatMessage>,
/**
 * Messages that moderators pinned, in the order in which they did, also those that are older than the last.
 */
pinned: Array<ChatMessage>,
/**
 * The poll that is open, or was last.
 */
poll: PollView | null,
/**
 * Hands that wait.
 */
hands: number,
/**
 * How the stage is directed.
 */
show: StageShow,
/**
 * In a breakout room: whether it has called for help.
 */
help: HelpStage | null,
/**
 * In a breakout room: the cards on its board, in the order in which they were put up.
 */
cards: Array<CardView>,
/**
 * In a plenary room: cards of breakout rooms that are read out.
 */
cards_shown: CardsShown | null, };

/**
 * Those who wait behind the stage.
 */
export type BackstageView = {
/**
 * The room.
 */
room: RoomId,
/**
 * Backstage and not on air, in the order they came.
 */
waiting: Array<Publisher>,
/**
 * Whose countdown runs.
 */
countdowns: Array<Countdown>,
/**
 * How long who speaks may still take.
 */
timer: SpeakerTimer | null,
/**
 * The last messages of the private chat, oldest first.
 */
chat: Array<ChatMessage>, };

/**
 * What moderators and organisers in a room see beside it.
 */
export type ModeratorsView = {
/**
 * The room.
 */
room: RoomId,
/**
 * Questions that nobody else sees: pending and dismissed, in the order in which they were asked.
 */
questions: Array<QuestionView>,
/**
 * Hands in the order in which they were raised.
 */
hands: Array<HandView>,
/**
 * All polls of the room, in the order in which they were drafted.
 */
polls: Array<PollView>,
/**
 * Who is silenced or banned in the event.
 */
restricted: Array<Restricted>,
/**
 * Messages to speakers and who has acknowledged them, oldest first.
 */
directions: Array<DirectionView>,
/**
 * What participants wrote in the poll that everybody sees, once it is closed.
 */
entries: PollEntries | null, };

/**
 * What organisers see of the whole event.
 */
export type OrganisersView = {
/**
 * The numbers now.
 */
numbers: LiveNumbers,
/**
 * One point a minute, oldest first.
 */
curve: Array<CurvePoint>,
/**
 * Words that the event does not let through.
 */
filter: Array<string>, };

/**
 * Somebody who publishes, as others see them.
 */
export type Publisher = {
/**
 * Who.
 */
participant: ParticipantId,
/**
 * Their name.
 */
name: DisplayName,
/**
 * Sources switched on, in the order mic, camera, screen, screen audio.
 */
sources: Array<SourceKind>,
/**
 * What stands under the name; of those backstage and on air only.
 */
title?: TitleText, };

/**
 * What concerns one participant alone.
 */
export type YouView = {
/**
 * Who.
 */
participant: ParticipantId,
/**
 * The name others see.
 */
name: DisplayName,
/**
 * The role in this event.
 */
role: Role,
/**
 * The room one is in; none: the event's lobby page.
 */
room: RoomId | null,
/**
 * Where one stands in that room.
 */
place: Place,
/**
 * Own sources that are switched on.
 */
sources: Array<SourceKind>,
/**
 * Own raised hand in this room.
 */
hand: YourHand | null,
/**
 * Questions of this room that one supports.
 */
upvoted: Array<QuestionId>,
/**
 * Own answer to the open poll of this room.
 */
vote: YourVote | null,
/**
 * Own answer to the open poll of this room where it is no single choice.
 */
answer: YourAnswer | null,
/**
 * How one does in the open quiz of this room.
 */
player: YourQuiz | null,
/**
 * A moderator has silenced one: no chat, questions, hands and reactions.
 */
silenced: boolean,
/**
 * Ideas that one supports.
 */
idea_votes: Array<IdeaId>,
/**
 * Thanks for oneself, which nobody else sees unless they are shown, in the order of their ids.
 */
thanks: Array<YourThanks>,
/**
 * What moderators told one as a speaker, until one acknowledges it.
 */
directions: Array<YourDirection>,
/**
 * When one goes on air, while the countdown runs: server clock, milliseconds since 1970.
 */
on_air_at_unix_ms: number | null,
/**
 * What the round of breakouts that runs means for one.
 */
breakout: YourBreakout | null,
/**
 * Cards of this room that one supports.
 */
card_votes: Array<CardId>,
/**
 * Stands that one keeps.
 */
keeps: Array<YourStand>,
/**
 * Stands that one would reuse.
 */
reuses: Array<StandId>, };

/**
 * A change of a stream. Applying it to the state before gives the state after.
 */
export type Change = { "kind": "phase",
/**
 * The new phase.
 */
phase: EventPhase, } | { "kind": "counts",
/**
 * Participants connected.
 */
people: number,
/**
 * Per room, in the order of [`EventView::rooms`].
 */
rooms: Array<RoomCount>, } | { "kind": "announced",
/**
 * What.
 */
announcement: Announcement, } | { "kind": "announcement_gone",
/**
 * Which.
 */
announcement: AnnouncementId, } | { "kind": "slot",
/**
 * The slot.
 */
slot: AgendaSlot, } | { "kind": "slot_gone",
/**
 * Which.
 */
slot: SlotId, } | { "kind": "idea",
/**
 * The idea.
 */
idea: IdeaView, } | { "kind": "idea_gone",
/**
 * Which.
 */
idea: IdeaId, } | { "kind": "idea_votes",
/**
 * Of the ideas whose number changed.
 */
votes: Array<IdeaVotes>, } | { "kind": "ideas_closed",
/**
 * They are not.
 */
closed: boolean, } | { "kind": "thanks",
/**
 * The thanks.
 */
thanks: ThanksView, } | { "kind": "thanks_gone",
/**
 * Which.
 */
thanks: ThanksId, } | { "kind": "read_only",
/**
 * It cannot.
 */
read_only: boolean, } | { "kind": "breakout",
/**
 * The round.
 */
breakout: BreakoutView | null, } | { "kind": "breakout_places",
/**
 * All of them, in the order of the round's rooms.
 */
free: Array<number>, } | { "kind": "stand",
/**
 * The stand.
 */
stand: StandSummary, } | { "kind": "stand_gone",
/**
 * Which.
 */
stand: StandId, } | { "kind": "stand_counts",
/**
 * Of those whose numbers changed.
 */
counts: Array<StandCount>, } | { "kind": "people",
/**
 * Participants in the room.
 */
people: number, } | { "kind": "on_air",
/**
 * In the order they went.
 */
on_air: Array<Publisher>, } | { "kind": "speaking",
/**
 * Who.
 */
participants: Array<ParticipantId>, } | { "kind": "settings",
/**
 * All of it.
 */
settings: RoomSettings, } | { "kind": "question",
/**
 * The question.
 */
question: QuestionView, } | { "kind": "question_gone",
/**
 * Which.
 */
question: QuestionId, } | { "kind": "labels",
/**
 * In the order in which they were made.
 */
labels: Array<Label>, } | { "kind": "upvotes",
/**
 * Of the questions whose number changed.
 */
upvotes: Array<UpvoteCount>, } | { "kind": "message",
/**
 * The message.
 */
message: ChatMessage, } | { "kind": "message_gone",
/**
 * Which.
 */
message: MessageId, } | { "kind": "message_changed",
/**
 * The message.
 */
message: ChatMessage, } | { "kind": "pinned",
/**
 * In the order in which they were pinned.
 */
pinned: Array<ChatMessage>, } | { "kind": "poll",
/**
 * The poll.
 */
poll: PollView | null, } | { "kind": "hands",
/**
 * How many.
 */
hands: number, } | { "kind": "reactions",
/**
 * How often each came.
 */
reactions: Array<ReactionCount>, } | { "kind": "help",
/**
 * It has.
 */
help: HelpStage | null, } | { "kind": "card",
/**
 * The card.
 */
card: CardView, } | { "kind": "card_gone",
/**
 * Which.
 */
card: CardId, } | { "kind": "cards_shown",
/**
 * All of it.
 */
cards_shown: CardsShown | null, } | { "kind": "show",
/**
 * All of it.
 */
show: StageShow, } | { "kind": "timer",
/**
 * The timer.
 */
timer: SpeakerTimer | null, } | { "kind": "directions",
/**
 * Oldest first.
 */
directions: Array<DirectionView>, } | { "kind": "waiting",
/**
 * In the order they came.
 */
waiting: Array<Publisher>, } | { "kind": "countdowns",
/**
 * In the order in which they end.
 */
countdowns: Array<Countdown>, } | { "kind": "caption",
/**
 * The line.
 */
line: CaptionLine, } | { "kind": "caption_gone",
/**
 * Which.
 */
caption: CaptionId, } | { "kind": "hand_queue",
/**
 * In the order in which they were raised.
 */
hands: Array<HandView>, } | { "kind": "room_poll",
/**
 * The poll.
 */
poll: PollView, } | { "kind": "room_poll_gone",
/**
 * Which.
 */
poll: PollId, } | { "kind": "room_poll_order",
/**
 * Which.
 */
polls: Array<PollId>, } | { "kind": "entries",
/**
 * The list.
 */
entries: PollEntries | null, } | { "kind": "entry",
/**
 * Which.
 */
entry: PollEntry, } | { "kind": "restricted_people",
/**
 * In the order of their ids.
 */
restricted: Array<Restricted>, } | { "kind": "numbers",
/**
 * All of them.
 */
numbers: LiveNumbers, } | { "kind": "curve",
/**
 * The point.
 */
point: CurvePoint, } | { "kind": "round",
/**
 * The round.
 */
round: RoundView, } | { "kind": "rehearsal",
/**
 * The dry run.
 */
rehearsal: RehearsalView | null, } | { "kind": "round_gone",
/**
 * Which.
 */
round: RoundId, } | { "kind": "word_filter",
/**
 * All of them.
 */
words: Array<string>, } | { "kind": "you",
/**
 * The new state.
 */
you: YouView, };

/**
 * One room's numbers within [`Change::Counts`].
 */
export type RoomCount = {
/**
 * The room.
 */
room: RoomId,
/**
 * Participants in it.
 */
people: number,
/**
 * Whether anyone is on air there.
 */
live: boolean, };

/**
 * Anything a client says. Unknown kinds and unknown fields are refused as `malformed`.
 */
export type ClientMessage = { "kind": "hello",
/**
 * [`crate::PROTOCOL_VERSION`].
 */
version: number,
/**
 * The event to join.
 */
event: EventId,
/**
 * Signed token; absent when the cookie of the event says who this is.
 */
token?: string,
/**
 * Sealed token of an earlier socket: same participant, same room, as they were.
 */
resume?: string,
/**
 * Name to be shown; the token's or an alias is used without it.
 */
name?: DisplayName, } | { "kind": "pong",
/**
 * The number of that ping.
 */
n: number, } | { "kind": "command",
/**
 * Chosen by the client, unique per participant.
 */
id: CommandId,
/**
 * What to do.
 */
command: Command, } | { "kind": "resync",
/**
 * Which stream.
 */
stream: StreamId,
/**
 * The last update that was applied. Where the server still has all later ones it sends only those.
 */
have?: StreamPosition, } | { "kind": "roster",
/**
 * Continues after this participant; from the start without it.
 */
after?: ParticipantId, } | { "kind": "mine",
/**
 * At most 100.
 */
secrets: Array<AuthorSecret>, } | { "kind": "follow_ups", } | { "kind": "poll_draft",
/**
 * Of the room one is in.
 */
poll: PollId, } | { "kind": "stand",
/**
 * Which.
 */
stand: StandId, } | { "kind": "stand_messages",
/**
 * Which.
 */
stand: StandId,
/**
 * What it was opened with; needed where one is not known as a keeper (any more).
 */
secret?: AuthorSecret, } | { "kind": "cards",
/**
 * The breakout room.
 */
room: RoomId, } | { "kind": "watch",
/**
 * Camera slots wanted, 1 to 12 (fewer on phones).
 */
video_slots: number, } | { "kind": "rack_answer",
/**
 * Number of the offer that this answers.
 */
rack: number,
/**
 * Session description (RFC 8866), type `answer`.
 */
sdp: string, } | { "kind": "want",
/**
 * The slot.
 */
slot: number,
/**
 * Height in device pixels; none: send nothing for this slot.
 */
height: number | null, } | { "kind": "stop_watching", } | { "kind": "publish_offer",
/**
 * Number of this offer, repeated in `publish_answer`, so that a late answer to an earlier offer can be told apart.
 */
offer?: number,
/**
 * Session description (RFC 8866), type `offer`.
 */
sdp: string, } | { "kind": "stop_publishing", };

/**
 * What a participant can do. Each needs a seat in the room it is about; `SPEC.md` has the table by role.
 */
export type Command = { "kind": "enter",
/**
 * The room.
 */
room: RoomId, } | { "kind": "leave", } | { "kind": "rename",
/**
 * The new name.
 */
name: DisplayName, } | { "kind": "enter_backstage", } | { "kind": "leave_backstage",
/**
 * Somebody else who is backstage or on air (moderators and organisers).
 */
participant?: ParticipantId, } | { "kind": "put_on_air",
/**
 * Seconds of countdown that both sides see, at most 30; at once without it.
 */
countdown_s?: number,
/**
 * Somebody else who is backstage (moderators and organisers).
 */
participant?: ParticipantId, } | { "kind": "take_off_air",
/**
 * Somebody else who is on air (moderators and organisers).
 */
participant?: ParticipantId, } | { "kind": "set_source",
/**
 * Which of the participant's sources.
 */
source: SourceKind,
/**
 * On or off.
 */
live: boolean,
/**
 * Somebody else's: moderators and organisers, and only to switch off.
 */
participant?: ParticipantId, } | { "kind": "set_event_phase",
/**
 * The next phase.
 */
phase: EventPhase, } | { "kind": "raise_hand",
/**
 * What about; moderators see it.
 */
topic?: TopicText, } | { "kind": "lower_hand",
/**
 * Somebody else's (moderators and organisers).
 */
participant?: ParticipantId, } | { "kind": "accept_hand",
/**
 * Whose hand.
 */
participant: ParticipantId, } | { "kind": "ask",
/**
 * The question.
 */
text: QuestionText,
/**
 * Whether it is shown without a name, to everybody.
 */
anonymous: boolean,
/**
 * Drawn at random and kept by the client: with it one's own question can be withdrawn.
 */
secret: AuthorSecret, } | { "kind": "withdraw_question",
/**
 * Which.
 */
question: QuestionId,
/**
 * What `ask` was sent with.
 */
secret: AuthorSecret, } | { "kind": "edit_question",
/**
 * Which.
 */
question: QuestionId,
/**
 * The new words.
 */
text: QuestionText,
/**
 * What `ask` was sent with.
 */
secret?: AuthorSecret, } | { "kind": "upvote",
/**
 * Which.
 */
question: QuestionId,
/**
 * On or off.
 */
up: boolean, } | { "kind": "set_question",
/**
 * Which.
 */
question: QuestionId,
/**
 * Where it was when the moderator decided.
 */
from: QuestionStage,
/**
 * Where it goes.
 */
to: QuestionStage,
/**
 * Why it is dismissed, or who follows it up.
 */
note?: NoteText, } | { "kind": "undo_question",
/**
 * Which.
 */
question: QuestionId, } | { "kind": "merge_questions",
/**
 * The one that stays.
 */
into: QuestionId,
/**
 * The others, at most 100, each once.
 */
questions: Array<QuestionId>, } | { "kind": "add_label",
/**
 * The word.
 */
text: LabelText, } | { "kind": "erase_label",
/**
 * Which.
 */
label: LabelId, } | { "kind": "label_question",
/**
 * Which.
 */
question: QuestionId,
/**
 * All of them, at most three, each once.
 */
labels: Array<LabelId>, } | { "kind": "assign_question",
/**
 * Which.
 */
question: QuestionId,
/**
 * A speaker of the event or somebody on this stage; nobody without it.
 */
participant?: ParticipantId, } | { "kind": "answer_question",
/**
 * Which.
 */
question: QuestionId,
/**
 * Where it was when they decided.
 */
from: QuestionStage,
/**
 * The answer.
 */
text: AnswerText, } | { "kind": "set_due",
/**
 * Which.
 */
question: QuestionId,
/**
 * Days since 1970; no date without it.
 */
due_day?: number,
/**
 * Who follows it up from now on; as before without it.
 */
owner?: NoteText, } | { "kind": "archive_questions",
/**
 * Which, at most 100.
 */
questions: Array<QuestionId>,
/**
 * Away or back.
 */
archived: boolean, } | { "kind": "erase_question",
/**
 * Which.
 */
question: QuestionId, } | { "kind": "chat",
/**
 * What.
 */
text: MessageText,
/**
 * Only for those who see the backstage.
 */
backstage?: boolean,
/**
 * A message of the same chat that this one answers.
 */
reply_to?: MessageId,
/**
 * Drawn at random and kept by the client: with it one's own message can be deleted.
 */
secret: AuthorSecret, } | { "kind": "delete_message",
/**
 * Which.
 */
message: MessageId,
/**
 * What `chat` was sent with.
 */
secret?: AuthorSecret, } | { "kind": "edit_message",
/**
 * Which.
 */
message: MessageId,
/**
 * The new words.
 */
text: MessageText,
/**
 * What `chat` was sent with.
 */
secret: AuthorSecret, } | { "kind": "pin_message",
/**
 * Which.
 */
message: MessageId,
/**
 * On or off.
 */
pinned: boolean, } | { "kind": "question_from_message",
/**
 * Which.
 */
message: MessageId, } | { "kind": "set_word_filter",
/**
 * All of them, at most 200, one word each.
 */
words: Array<FilterWord>, } | { "kind": "silence",
/**
 * Whom.
 */
participant: ParticipantId,
/**
 * On or off.
 */
on: boolean, } | { "kind": "ban",
/**
 * Whom.
 */
participant: ParticipantId,
/**
 * On or off.
 */
on: boolean, } | { "kind": "set_room",
/**
 * All of it.
 */
settings: RoomSettings, } | { "kind": "draft_poll",
/**
 * What it asks.
 */
question: PollQuestionText,
/**
 * 2 to 10 different answers to choose one from.
 */
options: Array<PollOptionText>, } | { "kind": "prepare_poll",
/**
 * All of it.
 */
draft: PollDraft,
/**
 * The draft whose place and id it takes.
 */
replaces?: PollId, } | { "kind": "clone_poll",
/**
 * Which.
 */
poll: PollId, } | { "kind": "place_poll",
/**
 * Which.
 */
poll: PollId,
/**
 * The one that it comes after; the first place without it.
 */
after?: PollId, } | { "kind": "set_poll",
/**
 * Which.
 */
poll: PollId,
/**
 * The next phase.
 */
phase: PollPhase, } | { "kind": "dismiss_poll",
/**
 * Which.
 */
poll: PollId, } | { "kind": "vote",
/**
 * Which.
 */
poll: PollId,
/**
 * The answer, counted from 0.
 */
option: number, } | { "kind": "answer",
/**
 * Which.
 */
poll: PollId,
/**
 * The answer.
 */
answer: Answer, } | { "kind": "join_quiz",
/**
 * Which poll.
 */
poll: PollId,
/**
 * How one is called on the leader board.
 */
nickname: NicknameText, } | { "kind": "ask_quiz",
/**
 * Which poll.
 */
poll: PollId,
/**
 * The question, counted from 0: the one after the last.
 */
question: number, } | { "kind": "show_entry",
/**
 * Which poll.
 */
poll: PollId,
/**
 * Which.
 */
entry: EntryId,
/**
 * Whether everybody sees it once the poll is revealed.
 */
shown: boolean, } | { "kind": "erase_entry",
/**
 * Which poll.
 */
poll: PollId,
/**
 * Which.
 */
entry: EntryId, } | { "kind": "stage",
/**
 * What.
 */
step: StageStep, } | { "kind": "caption",
/**
 * The language of the line.
 */
lang: CaptionLang,
/**
 * The line, whole, as far as it was said.
 */
text: CaptionText,
/**
 * Whether it stays like this; otherwise it comes again with the same `sequence`.
 */
final: boolean,
/**
 * Grows with each line of this source in this language.
 */
sequence: number, } | { "kind": "erase_caption",
/**
 * Which.
 */
caption: CaptionId, } | { "kind": "react",
/**
 * How.
 */
reaction: Reaction, } | { "kind": "announce",
/**
 * What.
 */
text: AnnouncementText, } | { "kind": "erase_announcement",
/**
 * Which.
 */
announcement: AnnouncementId, } | { "kind": "breakouts",
/**
 * What.
 */
step: BreakoutStep, } | { "kind": "stand",
/**
 * What.
 */
step: StandStep, } | { "kind": "programme",
/**
 * What.
 */
step: ProgrammeStep, } | { "kind": "ideas",
/**
 * What.
 */
step: IdeaStep, } | { "kind": "thanks",
/**
 * What.
 */
step: ThanksStep, };

/**
 * Stable reason of a refusal; the words beside it may change, the code does not.
 */
export type RefusalCode = "malformed" | "too_large" | "too_fast" | "hello_expected" | "version" | "token" | "expired" | "unknown_event" | "unknown_room" | "room_full" | "unknown_participant" | "not_allowed" | "not_in_room" | "wrong_state" | "event_closed" | "name" | "text" | "unknown_item" | "too_many" | "slow_mode" | "filtered" | "closed" | "silenced" | "banned" | "read_only" | "sdp" | "too_many_connections" | "unavailable";

/**
 * Anything the server says.
 */
export type ServerMessage = { "kind": "welcome",
/**
 * [`crate::PROTOCOL_VERSION`].
 */
version: number,
/**
 * Server clock, milliseconds since 1970 (for countdowns).
 */
server_unix_ms: number,
/**
 * Whether a resume token brought back the earlier place.
 */
resumed: boolean, } | { "kind": "accepted",
/**
 * Which.
 */
id: CommandId, } | { "kind": "refused",
/**
 * Which command; absent where it answers another message.
 */
id?: CommandId,
/**
 * For programs.
 */
code: RefusalCode,
/**
 * For people: what happened and what to do. English; clients translate by code.
 */
sentence: string,
/**
 * Milliseconds after which it may be tried again, where that is known (`too_fast`).
 */
after_ms?: number, } | { "kind": "snapshot",
/**
 * Which stream.
 */
stream: StreamId,
/**
 * Changes when the numbering starts anew.
 */
epoch: number,
/**
 * The last update contained.
 */
n: number,
/**
 * The state.
 */
state: StreamState, } | { "kind": "update",
/**
 * Which stream.
 */
stream: StreamId,
/**
 * Epoch of the numbering.
 */
epoch: number,
/**
 * Number of this update, one more than that before.
 */
n: number,
/**
 * The change.
 */
change: Change, } | { "kind": "resume",
/**
 * Sealed; present it in `hello` after a lost connection.
 */
token: string, } | { "kind": "ping",
/**
 * To be repeated in `pong`.
 */
n: number, } | { "kind": "drain",
/**
 * Milliseconds.
 */
reconnect_within_ms: number, } | { "kind": "roster_page",
/**
 * Participants, ordered by id.
 */
people: Array<Publisher>,
/**
 * Ask on after the last one.
 */
more: boolean, } | { "kind": "mine",
/**
 * Questions, also those that only moderators see otherwise.
 */
questions: Array<OwnQuestion>,
/**
 * Chat messages.
 */
messages: Array<OwnMessage>,
/**
 * Stands that one opened.
 */
stands?: Array<OwnStand>,
/**
 * Ideas.
 */
ideas?: Array<OwnIdea>,
/**
 * Thanks that were given or shown with it.
 */
thanks?: Array<OwnThanks>, } | { "kind": "follow_ups",
/**
 * Questions to be followed up, the soonest due first, then those that were.
 */
questions: Array<RoomQuestion>, } | { "kind": "poll_draft",
/**
 * Which.
 */
poll: PollId,
/**
 * What it was prepared from.
 */
draft: PollDraft, } | { "kind": "stand",
/**
 * All of it.
 */
stand: StandView, } | { "kind": "stand_messages",
/**
 * Of which stand.
 */
stand: StandId,
/**
 * Oldest first.
 */
messages: Array<StandMessage>, } | { "kind": "cards",
/**
 * Of which breakout room.
 */
room: RoomId,
/**
 * What it was about.
 */
topic: string | null,
/**
 * Best supported first.
 */
cards: Array<CardView>, } | { "kind": "rack_offer",
/**
 * Number of this rack, for the answer and for `slot_changed`.
 */
rack: number,
/**
 * Session description (RFC 8866), type `offer`.
 */
sdp: string,
/**
 * The slots, in the order of the m-lines.
 */
slots: Array<SlotInfo>,
/**
 * Relays for those whom neither UDP nor TCP reaches directly; for publishing as well.
 */
ice_servers?: Array<IceServer>, } | { "kind": "publish_answer",
/**
 * Number of the offer that this answers, where it had one.
 */
offer?: number,
/**
 * Session description (RFC 8866), type `answer`.
 */
sdp: string, } | { "kind": "slot_changed",
/**
 * Number of the rack.
 */
rack: number,
/**
 * The slot.
 */
slot: number,
/**
 * What it shows; none: nothing.
 */
shows: Shown | null,
/**
 * RTP timestamp of the first packet of the new source in this slot.
 */
rtp_time: number, } | { "kind": "slot_paused",
/**
 * Number of the rack.
 */
rack: number,
/**
 * The slot.
 */
slot: number,
/**
 * What it would show.
 */
shows: Shown, } | { "kind": "cannot_decode",
/**
 * Number of the rack.
 */
rack: number,
/**
 * The slot.
 */
slot: number,
/**
 * Codec name as in SDP, such as `H264`.
 */
codec: string, } | { "kind": "layers_wanted",
/**
 * The source.
 */
source: SourceKind,
/**
 * Numbers of the layers, lowest first; 0 is the smallest picture and is always among them.
 */
layers: Array<number>, } | { "kind": "media_closed",
/**
 * Which of the two.
 */
direction: MediaDirection,
/**
 * For people: why.
 */
sentence: string, };

/**
 * A TURN server as browsers take it (W3C WebRTC, `RTCIceServer`), with credentials that expire.
 */
export type IceServer = {
/**
 * `turn:` and `turns:` URLs (RFC 7065).
 */
urls: Array<string>,
/**
 * Time of expiry and an opaque id.
 */
username: string,
/**
 * The password of that name.
 */
credential: string, };

/**
 * A slot of the rack.
 */
export type SlotInfo = {
/**
 * Number of the slot, as used in `want` and `slot_changed`.
 */
slot: number,
/**
 * The m-line's `a=mid`.
 */
mid: string,
/**
 * What can appear in it.
 */
takes: SlotKind, };

/**
 * What a slot is for.
 */
export type SlotKind = "voice" | "camera" | "screen" | "screen_audio";

/**
 * What is plugged into a slot.
 */
export type Shown = {
/**
 * Whose.
 */
participant: ParticipantId,
/**
 * Which of their sources.
 */
source: SourceKind, };

/**
 * One of the two media connections.
 */
export type MediaDirection = "up" | "down";
