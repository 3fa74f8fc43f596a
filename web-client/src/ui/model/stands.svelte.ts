// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// What one does at stands: asking for one, keeping one's own, leaving messages. The secrets that prove what is one's own are
// kept in the browser, for each participant who uses it; the server says which stand a secret is of.

import type {
  AuthorSecret, ClientMessage, OwnStand, ParticipantId, ServerMessage, StandContent, StandId, StandMessage, StandState, StandStep, StandView,
} from '../../protocol';
import type { Outcome } from '../../session/outbox';
import type { FairState } from '../../state/fair';
import type { ExportedStand } from '../../state/stands';
import { NO_STANDS, recallStands, rememberStands, type OwnStands } from '../memory';

/** Secrets that wait for their stand; the oldest are forgotten first. */
const WAITING_MAX = 10;

type Asks = Extract<ClientMessage, { kind: 'stand' | 'stand_messages' }>;

/** What the pages of stands need. */
export interface StandsModel {
  /** The stand that was asked for last; null: none, or it is on its way. */
  readonly view: StandView | null;
  /** Messages of a stand that one keeps. */
  readonly messages: { readonly stand: StandId; readonly list: readonly StandMessage[] } | null;
  /** All cards of the event, for the search; null: not there yet. */
  readonly cards: readonly ExportedStand[] | null;
  look(stand: StandId): void;
  read(stand: StandId): void;
  loadCards(): void;
  open(content: StandContent): Promise<Outcome>;
  edit(stand: StandId, revision: number, content: StandContent): Promise<Outcome>;
  set(stand: StandId, state: StandState): Promise<Outcome>;
  remove(stand: StandId): Promise<Outcome>;
  reuse(stand: StandId, on: boolean, organisation: string): Promise<Outcome>;
  eraseAdopter(stand: StandId, adopter: string): Promise<Outcome>;
  leave(stand: StandId, text: string, anonymous: boolean): Promise<Outcome>;
  eraseMessage(stand: StandId, message: string): Promise<Outcome>;
  /** Messages that one left there and that were not taken back, by their secrets. */
  left(stand: StandId): readonly AuthorSecret[];
  takeBack(stand: StandId, secret: AuthorSecret): Promise<Outcome>;
  giveWord(stand: StandId, participant: ParticipantId, on: boolean): Promise<Outcome>;
  /** Takes over a stand of the setup, or one whose secret came with a link. */
  keep(stand: StandId, secret?: AuthorSecret): Promise<Outcome>;
  /** What makes somebody else a keeper of one's stand; null: not known in this browser. */
  keeperLink(stand: StandId): string | null;
  /** Another secret: the link that was given away is worth nothing any more. */
  renew(stand: StandId): Promise<Outcome>;
  /** Whether the browser can prove that one keeps it, also after the event. */
  proves(stand: StandId): boolean;
}

export class Stands implements StandsModel {
  view = $state.raw<StandView | null>(null);
  messages = $state.raw<StandsModel['messages']>(null);
  cards = $state.raw<readonly ExportedStand[] | null>(null);
  #own = $state.raw<OwnStands>(NO_STANDS);
  /** Secrets that came on this page and that the server has not confirmed yet: an answer may be older than they are. */
  readonly #young = new Set<AuthorSecret>();
  /** Whose they are; null: the server has not said it yet. */
  #who: string | null = null;

  readonly #event: string;
  readonly #tell: (message: Asks) => boolean;
  readonly #run: (step: StandStep) => Promise<Outcome>;
  readonly #uuid: () => string;
  readonly #find: () => void;

  constructor(options: {
    event: string; tell: (message: Asks) => boolean; run: (step: StandStep) => Promise<Outcome>; uuid: () => string;
    /** Asks the server what the secrets that wait are of. */
    find: () => void;
  }) {
    this.#event = options.event;
    this.#tell = options.tell;
    this.#run = options.run;
    this.#uuid = options.uuid;
    this.#find = options.find;
  }

  look(stand: StandId): void {
    if (this.view?.stand !== stand) this.view = null;
    this.#tell({ kind: 'stand', stand });
  }

  read(stand: StandId): void {
    const secret = this.#own.kept[stand];
    this.#tell({ kind: 'stand_messages', stand, ...(secret ? { secret } : {}) });
  }

  loadCards(): void {
    void fetch(`/api/v1/events/${this.#event}/stands.json`)
      .then(async (answer) => {
        if (answer.ok) this.cards = (await answer.json()) as ExportedStand[];
      })
      .catch(() => undefined);
  }

  async open(content: StandContent): Promise<Outcome> {
    const secret = this.#waits();
    const outcome = await this.#run({ kind: 'open', content, secret });
    if (outcome.ok || outcome.lost) this.#find();
    else this.#drop(secret);
    return outcome;
  }

  async edit(stand: StandId, revision: number, content: StandContent): Promise<Outcome> {
    const outcome = await this.#run({ kind: 'edit', stand, revision, content });
    this.look(stand);
    return outcome;
  }

  set(stand: StandId, state: StandState): Promise<Outcome> {
    return this.#run({ kind: 'set', stand, state });
  }

  remove(stand: StandId): Promise<Outcome> {
    const secret = this.#own.kept[stand];
    return this.#run({ kind: 'remove', stand, ...(secret ? { secret } : {}) });
  }

  async reuse(stand: StandId, on: boolean, organisation: string): Promise<Outcome> {
    const name = organisation.replace(/\s+/g, ' ').trim();
    const outcome = await this.#run({ kind: 'reuse', stand, on, ...(on && name ? { organisation: name } : {}) });
    this.look(stand);
    return outcome;
  }

  async eraseAdopter(stand: StandId, adopter: string): Promise<Outcome> {
    const outcome = await this.#run({ kind: 'erase_adopter', stand, adopter });
    this.look(stand);
    return outcome;
  }

  async leave(stand: StandId, text: string, anonymous: boolean): Promise<Outcome> {
    const secret = this.#uuid();
    const outcome = await this.#run({ kind: 'leave', stand, text, anonymous, secret });
    // Where nobody answered, it may have been left all the same.
    if (outcome.ok || outcome.lost) this.#keep({ ...this.#own, left: { ...this.#own.left, [stand]: [...this.left(stand), secret] } });
    return outcome;
  }

  async eraseMessage(stand: StandId, message: string): Promise<Outcome> {
    const secret = this.#own.kept[stand];
    const outcome = await this.#run({ kind: 'erase_message', stand, message, ...(secret ? { secret } : {}) });
    this.read(stand);
    return outcome;
  }

  left(stand: StandId): readonly AuthorSecret[] {
    return this.#own.left[stand] ?? [];
  }

  async takeBack(stand: StandId, secret: AuthorSecret): Promise<Outcome> {
    const outcome = await this.#run({ kind: 'erase_message', stand, secret });
    // Its keepers may have erased it before.
    if (outcome.ok || outcome.code === 'unknown_item') {
      this.#keep({ ...this.#own, left: { ...this.#own.left, [stand]: this.left(stand).filter((one) => one !== secret) } });
    }
    return outcome;
  }

  giveWord(stand: StandId, participant: ParticipantId, on: boolean): Promise<Outcome> {
    return this.#run({ kind: 'give_word', stand, participant, on });
  }

  async keep(stand: StandId, secret: AuthorSecret = this.#uuid()): Promise<Outcome> {
    this.#waits(secret);
    return this.#settled(stand, secret, await this.#run({ kind: 'keep', stand, secret }));
  }

  async renew(stand: StandId): Promise<Outcome> {
    const secret = this.#own.kept[stand] ?? '';
    const fresh = this.#waits();
    return this.#settled(stand, fresh, await this.#run({ kind: 'renew', stand, secret, fresh }));
  }

  /** A refusal takes the secret away that was sent; where nobody answered, the server is asked what it is of. */
  #settled(stand: StandId, secret: AuthorSecret, outcome: Outcome): Outcome {
    if (outcome.ok) this.#found(stand, secret);
    else if (!outcome.lost) this.#drop(secret);
    // Somebody else may have renewed it: then one's own proves nothing any more.
    if (!outcome.ok) this.#find();
    return outcome;
  }

  keeperLink(stand: StandId): string | null {
    const secret = this.#own.kept[stand];
    return secret ? `${location.origin}/e/${this.#event}#stand=${stand}&keeper=${secret}` : null;
  }

  proves(stand: StandId): boolean {
    return stand in this.#own.kept;
  }

  heard(message: Extract<ServerMessage, { kind: 'stand' | 'stand_messages' }>): void {
    if (message.kind === 'stand') this.view = message.stand;
    else this.messages = { stand: message.stand, list: message.messages };
  }

  /** Secrets whose stand is not known yet: an answer was lost, or is on its way. */
  get waiting(): readonly AuthorSecret[] {
    return this.#own.opened;
  }

  /** What the server is asked for: those that wait, and those that may prove nothing any more. */
  get asked(): readonly AuthorSecret[] {
    return [...new Set([...Object.values(this.#own.kept), ...this.#own.opened])];
  }

  /** What the server found by the secrets that it was asked for: all of `asked` each time, so what is missing is dead. */
  proved(stands: readonly OwnStand[]): void {
    for (const { secret, stand } of stands) {
      if (this.#own.opened.includes(secret)) this.#found(stand, secret);
      this.#young.delete(secret);
    }
    const alive = new Set(stands.map(({ secret }) => secret));
    const kept = Object.entries(this.#own.kept).filter(([, secret]) => alive.has(secret) || this.#young.has(secret));
    if (kept.length < Object.keys(this.#own.kept).length) this.#keep({ ...this.#own, kept: Object.fromEntries(kept) });
  }

  /** One goes: nobody who sits down next takes back what one left. What proves a stand stays: it is needed after the event. */
  forget(): void {
    this.#keep({ ...this.#own, left: {} });
  }

  follow(before: FairState, after: FairState): void {
    const who = after.you?.participant ?? this.#who;
    if (who !== null && who !== this.#who) {
      this.#who = who;
      this.#own = recallStands(this.#event, who);
      this.#young.clear();
      if (this.asked.length > 0) this.#find();
    }
    const shown = this.view && after.event?.stands.find(({ stand }) => stand === this.view?.stand);
    const changed = shown && this.view && (shown.revision !== this.view.revision || shown.state !== this.view.state);
    if (changed && before.event !== after.event) this.look(shown.stand);
    const open = this.messages;
    const count = (of: FairState): number => of.you?.keeps.find(({ stand }) => stand === open?.stand)?.messages ?? 0;
    if (open && count(before) !== count(after)) this.read(open.stand);
  }

  /** A new secret, kept before it is sent: the answer may be lost. */
  #waits(secret: AuthorSecret = this.#uuid()): AuthorSecret {
    this.#keep({ ...this.#own, opened: [...this.#own.opened.filter((one) => one !== secret), secret].slice(-WAITING_MAX) });
    return secret;
  }

  #drop(secret: AuthorSecret): void {
    this.#keep({ ...this.#own, opened: this.#own.opened.filter((one) => one !== secret) });
  }

  #found(stand: StandId, secret: AuthorSecret): void {
    const opened = this.#own.opened.filter((one) => one !== secret);
    this.#young.add(secret);
    this.#keep({ ...this.#own, opened, kept: { ...this.#own.kept, [stand]: secret } });
  }

  #keep(own: OwnStands): void {
    this.#own = own;
    if (this.#who !== null) rememberStands(this.#event, this.#who, own);
  }
}

/** The stand and the secret of a keeper's link, taken out of the address. */
export function takeKeeperLink(): { stand: StandId; secret: AuthorSecret } | null {
  const fragment = new URLSearchParams(location.hash.slice(1));
  const [stand, secret] = [fragment.get('stand'), fragment.get('keeper')];
  if (!stand || !secret) return null;
  history.replaceState(history.state, '', location.pathname + location.search);
  return { stand, secret };
}
