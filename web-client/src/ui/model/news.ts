// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// What of a change of state is said aloud, and how: urgent are only air (also that those on air are not heard), moves,
// the loss of the connection and the end; everything else waits its turn at the announcer. Pure.

import { breakoutRoom, rehearsedRoom, type FairState } from '../../state/fair';
import type { AllTexts } from '../../text/all.en';
import type { Texts } from '../../text/en';
import type { Language } from '../../text/language.svelte';
import { titleOf } from '../../text/localised';
import type { ShowTexts } from '../../text/show.en';

export interface Spoken {
  urgent: boolean;
  sentence: string;
}

export class News {
  between(before: FairState, after: FairState, language: Language, all: Pick<AllTexts, 'general' | 'show'>): Spoken[] {
    const texts = all.general;
    const said: Spoken[] = [];
    const urgent = (sentence: string): unknown => said.push({ urgent: true, sentence });
    const polite = (sentence: string): unknown => said.push({ urgent: false, sentence });
    this.#place(before, after, language, texts, urgent);
    this.#event(before, after, texts, urgent, polite);
    this.#room(before, after, texts, polite);
    this.#thanks(before, after, texts, polite);
    this.#behind(before, after, texts, polite);
    this.#show(before, after, all.show, urgent, polite);
    return said;
  }

  #place(before: FairState, after: FairState, language: Language, texts: Texts, urgent: (s: string) => unknown): void {
    const { you, event } = after;
    if (before.you?.room && you?.room && before.you.room !== you.room) {
      const room = event?.rooms.find((one) => one.room === you.room);
      const stand = event?.stands.find((one) => one.room === you.room);
      const named = (breakoutRoom(after) ?? rehearsedRoom(after))?.title ?? stand?.name ?? you.room;
      urgent(texts.fair.moved(room ? titleOf(room, language) : named));
    }
    if (before.you?.hand?.stage === 'raised' && you?.hand?.stage === 'accepted') urgent(texts.hand.acceptedSpoken);
  }

  #event(before: FairState, after: FairState, texts: Texts, urgent: (s: string) => unknown, polite: (s: string) => unknown): void {
    const was = before.event;
    const now = after.event;
    if (!was || !now || was === now) return;
    if (was.phase !== 'ended' && now.phase === 'ended') urgent(texts.fair.ended);
    if (was.read_only !== now.read_only) polite(now.read_only ? texts.notices.readOnly : texts.notices.readOnlyOver);
    const last = now.announcements.at(-1);
    const known = was.announcements.some((one) => one.announcement === last?.announcement);
    if (last && !known) polite(texts.announcements.spoken(last.text));
  }

  #room(before: FairState, after: FairState, texts: Texts, polite: (s: string) => unknown): void {
    const was = before.room;
    const now = after.room;
    if (!was || !now || was === now || was.room !== now.room) return;
    const names = (all: typeof now.on_air): string => all.map((one) => one.name).join(', ');
    if (names(was.on_air) !== names(now.on_air)) {
      polite(now.on_air.length > 0 ? texts.fair.nowOnAir(names(now.on_air)) : texts.fair.offAirAll);
    }
    if (now.cards_shown && now.cards_shown.round !== was.cards_shown?.round) polite(texts.fair.notesSpoken);
    const answering = (all: typeof now.questions) => all.find((one) => one.stage === 'now');
    const asked = answering(now.questions);
    if (asked && asked.question !== answering(was.questions)?.question) polite(texts.questions.nowSpoken(asked.text));
    const fresh = now.poll && (now.poll.poll !== was.poll?.poll || now.poll.phase !== was.poll.phase);
    if (now.poll && fresh && now.poll.phase === 'open') polite(texts.polls.openedSpoken(now.poll.question));
    if (now.poll && fresh && now.poll.phase === 'revealed') polite(texts.polls.revealedSpoken(now.poll.question));
  }

  /** Thanks that one finds when one comes are no news. */
  #thanks(before: FairState, after: FairState, texts: Texts, polite: (s: string) => unknown): void {
    if (!before.you || !after.you || before.you.thanks === after.you.thanks) return;
    const known = new Set(before.you.thanks.map((one) => one.thanks));
    for (const one of after.you.thanks) if (!known.has(one.thanks)) polite(texts.fair.thanksSpoken(one.by));
  }

  /** What the direction does. Who is on air must know at once that nobody is heard. A pause that ends with nothing is no news. */
  #show(before: FairState, after: FairState, texts: ShowTexts, urgent: (s: string) => unknown, polite: (s: string) => unknown): void {
    const [was, now] = [before.room, after.room];
    if (!was || !now || was.room !== now.room) return;
    if (!was.show.resuming && now.show.resuming) polite(texts.resuming);
    const goesOn = after.event?.phase === 'live' && now.on_air.some((one) => one.sources.length > 0);
    if (was.show.resuming && !now.show.resuming && goesOn) polite(texts.resumed);
    if (was.show.sound_off !== now.show.sound_off) {
      const say = after.you?.place === 'on_air' ? urgent : polite;
      say(now.show.sound_off ? texts.soundOffAll : texts.soundBack);
    }
    const told = new Set(before.you?.directions.map((one) => one.direction));
    for (const one of after.you?.directions ?? []) if (!told.has(one.direction)) polite(texts.spoken(one.text));
    if (!before.moderators || !after.moderators) return;
    const readers = (all: typeof after.moderators.directions): Map<string, string> =>
      new Map(all.flatMap(({ direction, text, to }) =>
        to.filter((one) => one.acknowledged).map((one) => [`${direction}/${one.participant}`, texts.hasRead(one.name, text)])));
    const known = readers(before.moderators.directions);
    for (const [key, sentence] of readers(after.moderators.directions)) if (!known.has(key)) polite(sentence);
  }

  /** Whoever directs a room hears that somebody waits for them. */
  #behind(before: FairState, after: FairState, texts: Texts, polite: (s: string) => unknown): void {
    const self = after.you?.participant;
    const directs = after.you?.role === 'moderator' || after.you?.role === 'organiser';
    if (!directs || before.you?.room !== after.you?.room) return;
    if (before.backstage && after.backstage) {
      const known = new Set(before.backstage.waiting.map((one) => one.participant));
      const wasOnAir = new Set(before.room?.on_air.map((one) => one.participant));
      for (const one of after.backstage.waiting) {
        if (one.participant !== self && !known.has(one.participant) && !wasOnAir.has(one.participant)) {
          polite(texts.backstage.waitsSpoken(one.name));
        }
      }
    }
    if (before.moderators && after.moderators) {
      const known = new Set(before.moderators.hands.map((one) => one.participant));
      for (const hand of after.moderators.hands) {
        if (hand.stage === 'raised' && !known.has(hand.participant)) polite(texts.backstage.handSpoken(hand.name, hand.topic));
      }
      const pending = (all: { stage: string }[]): number => all.filter((one) => one.stage === 'pending').length;
      const count = pending(after.moderators.questions);
      if (count > pending(before.moderators.questions)) polite(texts.backstage.pendingSpoken(count));
    }
  }
}
