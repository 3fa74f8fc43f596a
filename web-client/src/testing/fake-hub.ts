// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// A small hub in memory, as true to SPEC.md as the convergence test needs: numbered streams, a ring for `resync`,
// command ids that run once, places kept for those who come back. Its frames can be held back and cut.

import type {
  Change, ClientMessage, Command, ParticipantId, ServerMessage, StreamId, StreamState, YouView,
} from '../protocol';
import { Forum } from './fake-forum';
import { backstageView, captionsView, eventView, roomSummary, roomView, youView } from './views';
import type { MemorySocket, VirtualClock } from './world';

const RING = 8;
const FRAME_MS = 50;
const ROOMS = ['stage', 'stand'];

type Stream = { id: StreamId; n: number; ring: { n: number; change: Change }[] };
type Person = { you: YouView; answers: Map<string, ServerMessage>; stream: Stream };
type Connection = { socket: MemorySocket; person: Person | null; out: ServerMessage[]; skip: number };

export class FakeHub {
  epoch = 1;
  /** How many commands really ran. */
  ran = 0;
  readonly #clock: VirtualClock;
  readonly #people = new Map<ParticipantId, Person>();
  readonly #connections = new Set<Connection>();
  readonly #streams = new Map<string, Stream>();
  readonly #random: () => number;
  readonly #forum = new Forum();

  constructor(clock: VirtualClock, random: () => number) {
    this.#clock = clock;
    this.#random = random;
  }

  accept(socket: MemorySocket): void {
    const connection: Connection = { socket, person: null, out: [], skip: 0 };
    this.#connections.add(connection);
    socket.onsent = (text) => this.#hear(connection, JSON.parse(text) as ClientMessage);
    this.#clock.after(5, () => socket.onopen?.());
  }

  /** Loses the next updates to one connection, as a lagging reader does. */
  lose(socket: MemorySocket, count: number): void {
    for (const one of this.#connections) if (one.socket === socket) one.skip = count;
  }

  /** From now on nothing is lost any more. */
  calm(): void {
    for (const one of this.#connections) one.skip = 0;
  }

  /** Everything begins anew under another epoch; people keep their places. */
  restart(): void {
    this.epoch += 1;
    for (const one of [...this.#connections]) one.socket.break();
    this.#connections.clear();
    this.#streams.clear();
    for (const person of this.#people.values()) person.stream = { id: { of: 'you' }, n: 0, ring: [] };
  }

  pingAll(): void {
    for (const one of this.#connections) this.#say(one, { kind: 'ping', n: 1 });
  }

  /** The truth that a participant's client must arrive at. */
  truth(participant: ParticipantId): StreamState[] {
    const person = this.#people.get(participant);
    return person ? this.#follows(person).map((id) => this.#state(id, person)) : [];
  }

  #hear(connection: Connection, message: ClientMessage): void {
    if (connection.socket.closed) return;
    if (message.kind === 'hello') return this.#hello(connection, message.resume ?? message.name ?? '');
    const { person } = connection;
    if (!person) return;
    if (message.kind === 'resync') return this.#resync(connection, person, message.stream, message.have?.n);
    if (message.kind !== 'command') return;
    const before = person.answers.get(message.id);
    if (before) return this.#say(connection, before);
    const answer: ServerMessage = { kind: 'accepted', id: message.id };
    person.answers.set(message.id, answer);
    this.#say(connection, answer);
    this.#run(person, message.command);
  }

  #hello(connection: Connection, participant: ParticipantId): void {
    let person = this.#people.get(participant);
    const resumed = person !== undefined;
    person ??= {
      you: youView({ participant, name: participant, role: 'moderator', room: null }),
      answers: new Map(),
      stream: { id: { of: 'you' }, n: 0, ring: [] },
    };
    this.#people.set(participant, person);
    connection.person = person;
    this.#say(connection, { kind: 'welcome', version: 1, server_unix_ms: 0, resumed });
    for (const id of this.#follows(person)) this.#snapshot(connection, person, id);
    this.#say(connection, { kind: 'resume', token: participant });
    this.#change({ of: 'event' }, this.#counts());
  }

  #run(person: Person, command: Command): void {
    this.ran += 1;
    const before = person.you.room;
    const spread = before === null ? null : this.#forum.run(person.you, command);
    if (spread) {
      for (const { stream, change } of spread) this.#change(stream, change);
      return;
    }
    switch (command.kind) {
      case 'enter':
        person.you = { ...person.you, room: command.room, place: 'audience' };
        break;
      case 'enter_backstage':
        if (before) person.you = { ...person.you, place: 'backstage' };
        break;
      case 'put_on_air':
        if (before) person.you = { ...person.you, place: 'on_air' };
        break;
      case 'leave_backstage':
        person.you = { ...person.you, place: 'audience' };
        break;
      default:
        break;
    }
    this.#change({ of: 'you' }, { kind: 'you', you: person.you }, person);
    for (const one of this.#connections) {
      if (one.person !== person) continue;
      for (const id of this.#follows(person)) if ('room' in id) this.#snapshot(one, person, id);
    }
    for (const room of new Set([before, person.you.room])) {
      if (!room) continue;
      this.#change({ of: 'room', room }, { kind: 'people', people: this.#peopleIn(room).length });
      this.#change({ of: 'room', room }, { kind: 'on_air', on_air: this.#publishers(room, 'on_air') });
      this.#change({ of: 'backstage', room }, { kind: 'waiting', waiting: this.#publishers(room, 'backstage') });
    }
    this.#change({ of: 'event' }, this.#counts());
  }

  #follows(person: Person): StreamId[] {
    const all: StreamId[] = [{ of: 'event' }, { of: 'you' }];
    const { room, place, role } = person.you;
    if (room) all.push({ of: 'room', room });
    if (room && (place !== 'audience' || role === 'moderator')) all.push({ of: 'backstage', room });
    if (room && role === 'moderator') all.push({ of: 'moderators', room });
    return all;
  }

  #stream(id: StreamId, person: Person | null): Stream {
    if (id.of === 'you' && person) return person.stream;
    const key = JSON.stringify(id);
    const stream = this.#streams.get(key) ?? { id, n: 0, ring: [] };
    this.#streams.set(key, stream);
    return stream;
  }

  #change(id: StreamId, change: Change, person: Person | null = null): void {
    const stream = this.#stream(id, person);
    stream.n += 1;
    stream.ring = [...stream.ring, { n: stream.n, change }].slice(-RING);
    for (const one of this.#connections) {
      if (!one.person || (person && one.person !== person)) continue;
      if (!this.#follows(one.person).some((f) => JSON.stringify(f) === JSON.stringify(id))) continue;
      this.#say(one, { kind: 'update', stream: id, epoch: this.epoch, n: stream.n, change });
    }
  }

  #resync(connection: Connection, person: Person, id: StreamId, have: number | undefined): void {
    if (!this.#follows(person).some((f) => JSON.stringify(f) === JSON.stringify(id))) {
      return this.#say(connection, { kind: 'refused', code: 'not_in_room', sentence: '' });
    }
    const { ring } = this.#stream(id, person);
    const first = ring[0]?.n;
    if (have === undefined || first === undefined || first > have + 1) return this.#snapshot(connection, person, id);
    for (const { n, change } of ring) {
      if (n > have) this.#say(connection, { kind: 'update', stream: id, epoch: this.epoch, n, change });
    }
  }

  #snapshot(connection: Connection, person: Person, id: StreamId): void {
    const { n } = this.#stream(id, person);
    this.#say(connection, { kind: 'snapshot', stream: id, epoch: this.epoch, n, state: this.#state(id, person) });
  }

  #state(id: StreamId, person: Person): StreamState {
    switch (id.of) {
      case 'event':
        return {
          of: 'event',
          ...eventView({
            title: 'Demo', people: this.#people.size, announcements: this.#forum.announcements,
            rooms: this.#rooms().map(({ room, ...count }) => roomSummary(room, count)),
          }),
        };
      case 'room':
        return {
          of: 'room',
          ...roomView({
            room: id.room, people: this.#peopleIn(id.room).length, on_air: this.#publishers(id.room, 'on_air'),
            ...this.#forum.room(id.room),
          }),
        };
      case 'backstage':
        return {
          of: 'backstage',
          ...backstageView({ room: id.room, waiting: this.#publishers(id.room, 'backstage'), ...this.#forum.backstage(id.room) }),
        };
      case 'captions':
        return { of: 'captions', ...captionsView({ room: id.room }) };
      case 'moderators':
        return { of: 'moderators', ...this.#forum.moderators(id.room) };
      case 'organisers':
      case 'breakouts':
        throw new Error('nobody is an organiser here');
      case 'you':
        return { of: 'you', ...person.you };
    }
  }

  #peopleIn(room: string): YouView[] {
    return [...this.#people.values()].map((one) => one.you).filter((you) => you.room === room);
  }

  #publishers(room: string, place: 'on_air' | 'backstage') {
    const there = this.#peopleIn(room).filter((you) => you.place === place);
    return there.map(({ participant, name, sources }) => ({ participant, name, sources }));
  }

  #rooms() {
    return ROOMS.map((room) => ({
      room, people: this.#peopleIn(room).length, live: this.#publishers(room, 'on_air').length > 0,
    }));
  }

  #counts(): Change {
    return { kind: 'counts', people: this.#people.size, rooms: this.#rooms() };
  }

  /** Gathers messages into frames, as the server does. */
  #say(connection: Connection, message: ServerMessage): void {
    if (message.kind === 'update' && connection.skip > 0) {
      connection.skip -= 1;
      return;
    }
    connection.out.push(message);
    if (connection.out.length > 1) return;
    this.#clock.after(FRAME_MS * this.#random(), () => {
      const frame = connection.out;
      connection.out = [];
      connection.socket.deliver(frame);
    });
  }
}
