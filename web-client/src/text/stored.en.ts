// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// English texts of the page on what is stored. The things that a server names, in words; an unknown one brings its own.

import type { Where } from '../ui/about/stored';

const things: Record<string, string> = {
  presence: 'That you are here, and in which room',
  name: 'The name that you chose or were given',
  cookie: 'A cookie that tells the server that it is still you',
  browser: 'Your name, language and volume for the next time, the keys to your own stands, and those to your own questions until you leave by the button',
  hand: 'Your raised hand and its topic',
  question: 'Your questions, with your name only where you did not choose “anonymous”',
  upvote: 'Which questions you support',
  assigned: 'Which questions a moderator gave you to answer',
  vote: 'Your answer to a poll',
  chat: 'Your chat messages, with the name you had',
  backstage_chat: 'Your messages in the chat of the backstage',
  reaction: 'Your reactions',
  restriction: 'That a moderator silenced or banned you',
  placement: 'Which breakout room you have a place in, without a time',
  card: 'Your notes in a breakout room, with the name you had',
  card_vote: 'Which notes of a breakout room you support',
  stand: 'What a stand of yours shows, with the name you had when you opened it',
  stand_keeper: 'Which stands you keep, without a time',
  stand_message: 'Messages that you left at a stand, with your name only where you did not choose “without my name”',
  reuse: 'Which stands you would reuse',
  adopter: 'The organisation that you named at a stand; nothing leads from it to you once the event is over',
  attendance: 'How many people were here in each minute, as numbers alone; below 10 not even those',
  captions: 'Captions: what was said on the stage, without who wrote it down',
  announcement: 'Announcements of the organisers',
  commands: 'Random numbers of your last commands, so that none is done twice',
  address: 'Your network address, while the connection lasts',
  path: 'How well your connection carries pictures and sound; organisers see one word for a whole room, never yours',
  failed_sign_in: 'The network address of a sign-in that failed or had no link, so that guessing and flooding are slow',
  recap: 'What is left of the event: questions with the names shown, polls, announcements',
  media: 'Your picture and sound, passed on and not recorded',
  token: 'A sealed note with which you come back after a lost connection',
};

const until: Record<string, string> = {
  connection: 'until the connection ends',
  place_grace: 'until shortly after you leave',
  hand_down: 'until your hand is down',
  poll_closes: 'until the poll closes',
  round_ends: 'until the breakout rooms end',
  event_ends: 'until the event ends',
  erased: 'until you or a moderator delete it',
  kept: 'as long as the organiser keeps the event',
  restart: 'until the server is restarted',
  browser: 'until you clear it in your browser',
  at_once: 'counted and forgotten at once',
};

const where: Record<Where, string> = { memory: 'in the memory of the server', disk: 'on the disk of the server', browser: 'in your browser' };

export const storedEn = {
  title: 'What is stored about me',
  lead: 'This list is made by the server from what it does at present, not from a promise.',
  loading: 'Asking the server…',
  general: 'The server does not answer. This is what holds for every event here:',
  you: 'About you now',
  youNobody: 'Nothing: the server does not know this browser in this event.',
  youName: 'Name',
  youRole: 'Role',
  youConnections: 'Tabs and devices connected',
  youRoom: 'Room',
  youNoRoom: 'none',
  youHand: 'Raised hand',
  youBallot: 'An answer of yours in an open poll',
  youUpvotes: 'Questions that you support',
  youStand: 'You keep a stand',
  youReuses: 'Stands that you would reuse',
  youSilenced: 'Silenced by a moderator',
  yes: 'yes',
  no: 'no',
  list: 'What, where and until when',
  what: 'What',
  whereIs: 'Where',
  untilWhen: 'Until when',
  seen: 'Seen by',
  seenBy: { nobody: 'nobody', you: 'you', moderators: 'moderators', organisers: 'organisers', keepers: 'those who keep the stand', everybody: 'everybody in the event' },
  leads: 'Leads to',
  leadsTo: { nobody: 'nobody', name: 'the name shown', participant: 'a random number for you in this event' },
  things,
  until,
  untilFor: (howLong: string) => `for ${howLong} after you leave`,
  untilMost: (howLong: string) => `for ${howLong} at most`,
  seconds: (s: number) => (s < 120 ? `${s} seconds` : s < 7_200 ? `${Math.round(s / 60)} minutes` : s < 172_800 ? `${Math.round(s / 3_600)} hours` : `${Math.round(s / 86_400)} days`),
  where,
  honest: 'What we owe you to say',
  honestly: [
    'Polls are anonymous to everybody in the event. While a poll is open, the operator of the server could technically link an answer to a person; when it closes, the key to that link is destroyed. What stays are the numbers and, without who wrote them, the words and texts of the answers and the ten best nicknames of a quiz.',
    'The same holds for the support of questions until the event ends: the server must know that you support a question only once.',
    'An anonymous question carries no name and no number of yours. Your browser alone holds the key with which you can take it back.',
    'Apart from what you publish under your name, with the time to the minute, no row links a person, a place and a time. Nobody checks whether you look at this tab.',
    'This page asks no other server for anything: no trackers, no outside fonts, no statistics service.',
  ],
};

export type StoredTexts = typeof storedEn;
