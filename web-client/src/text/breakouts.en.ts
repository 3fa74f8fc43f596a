// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// English texts of the breakouts; loaded with them.

import type { Latecomers, RoundMode, RoundPhase } from '../protocol';

const modes: Record<RoundMode, string> = {
  self_select: 'Everybody chooses a room',
  random: 'At random, rooms of equal size',
  assigned: 'I say who goes where',
};
const latecomers: Record<Latecomers, string> = {
  placed: 'go to the room with the fewest people',
  choose: 'choose a room',
};
const phases: Record<RoundPhase, string> = {
  draft: 'prepared', announced: 'people are being told', open: 'open', closing: 'about to end', ended: 'over',
};

export const breakoutsEn = {
  title: 'Breakout rooms',
  people: (n: number) => (n === 1 ? '1 person' : `${n} people`),
  rooms: (n: number) => (n === 1 ? '1 room' : `${n} rooms`),
  left: (clock: string) => `${clock} left`,
  banner: {
    goes: (room: string, seconds: number) => `You go to “${room}” in ${seconds} s`,
    stay: 'Stay here',
    own: (room: string) => `Your breakout room is “${room}”.`,
    go: 'Go there',
    choose: 'Breakout rooms are open. Choose one:',
    here: (room: string) => `You are in “${room}”`,
    closing: (seconds: number) => `Everybody goes back in ${seconds} s`,
    help: 'Call for help',
    helpBack: 'Take the call back',
    helpCalled: 'Help is called.',
    helpComing: 'Somebody is coming.',
    leave: 'Go back to the plenary',
    elsewhere: 'Breakout rooms are open.',
    facilitator: 'You lead this room.',
    minutesSpoken: (n: number) => (n === 1 ? 'One minute left in the breakout rooms.' : `${n} minutes left in the breakout rooms.`),
    goesSpoken: (room: string) => `In a few seconds you go to the breakout room ${room}. You can stay.`,
    closingSpoken: 'The breakout rooms end. Everybody goes back in 30 seconds.',
    toldSpoken: (text: string) => `To all rooms: ${text}`,
    trouble: 'Microphone or camera cannot be used. Allow them in the browser, then try again.',
  },
  cards: {
    title: 'Notes of this room',
    hint: 'Short points that are shown to everybody afterwards, with your name.',
    none: 'No notes yet. Yours can be first.',
    label: 'New note',
    add: 'Put up',
    edit: 'Change',
    save: 'Save',
    cancel: 'Cancel',
    erase: 'Erase',
    of: (action: string, text: string) => `${action}: ${text}`,
    support: 'Support',
    votes: (n: number) => (n === 1 ? '1 vote' : `${n} votes`),
  },
  desk: {
    lead: 'Small rooms that open together and come back together.',
    start: 'Prepare breakout rooms',
    from: 'People of which room',
    by: 'How',
    byRooms: 'Number of rooms',
    byPeople: 'People per room',
    names: 'Names of the rooms, one per line, with a topic after “:” if you like',
    name: (n: number) => `Room ${n}`,
    mode: 'Who goes where',
    modes,
    minutes: 'Minutes',
    capacity: 'Places per room',
    late: 'Those who come later',
    latecomers,
    prepare: 'Preview',
    prepared: 'Who goes where',
    preparing: 'Preview is being made…',
    phases,
    again: 'Draw again',
    send: (people: number, rooms: string) => `Send ${people === 1 ? '1 person' : `${people} people`} to ${rooms}`,
    open: (rooms: string) => `Open ${rooms}`,
    discard: 'Throw away',
    nobody: 'nobody',
    unseated: 'Without a place',
    place: 'Put in',
    placeChosen: 'Puts those selected in this room',
    takeOut: (name: string) => `Take ${name} out`,
    lead1: (name: string) => `${name} leads this room`,
    leads: 'leads',
    grid: { all: 'All breakout rooms', room: 'Room', people: 'People', talking: 'Talking', hands: 'Hands', help: 'Help', notes: 'Notes' },
    helpCalled: 'calls for help',
    helpComing: 'somebody is coming',
    coming: 'I am coming',
    tell: 'Text to all rooms',
    tellSend: 'Send',
    told: 'Sent.',
    plus: '+5 minutes',
    back: 'Bring everybody back',
    backNow: (clock: string) => `Everybody is back in ${clock}`,
    cancelSend: 'Do not send',
    move: 'Move one person',
    who: 'Who',
    where: 'To',
    moveGo: 'Move',
    past: 'Over',
    pastNotes: (n: number) => (n === 1 ? '1 note, in the report' : `${n} notes, in the report`),
    robots: 'A trial with simulated people is run from the command line, with the load generator.',
  },
  report: { title: 'Notes from the breakout rooms', note: 'Note' },
};

/** These texts in any language. */
export type BreakoutsTexts = typeof breakoutsEn;
