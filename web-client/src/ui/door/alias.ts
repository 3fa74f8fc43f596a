// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// Made-up names for those who enter under an alias: a thing of the square and a colour, nothing about the person. And who must
// say who they are.

import type { Role } from '../../protocol';

const THINGS: Record<'it' | 'en', readonly string[]> = {
  it: ['Lanterna', 'Fontana', 'Bussola', 'Torre', 'Mongolfiera', 'Piazza', 'Campana', 'Vela', 'Bottega', 'Meridiana'],
  en: ['Lantern', 'Fountain', 'Compass', 'Tower', 'Balloon', 'Square', 'Bell', 'Sail', 'Workshop', 'Sundial'],
};
const COLOURS: Record<'it' | 'en', readonly string[]> = {
  it: ['verde', 'celeste', 'arancione', 'turchese', 'rosa', 'viola', 'corallo', 'lilla'],
  en: ['green', 'azure', 'orange', 'turquoise', 'pink', 'violet', 'coral', 'lilac'],
};

export function makeAlias(language: 'it' | 'en', random: () => number): string {
  const one = (all: readonly string[]): string => all[Math.floor(random() * all.length)] ?? '';
  const number = 10 + Math.floor(random() * 90);
  const thing = one(THINGS[language]);
  const colour = one(COLOURS[language]);
  const name = language === 'it' ? `${thing} ${colour}` : `${colour.charAt(0).toUpperCase()}${colour.slice(1)} ${thing}`;
  return `${name} ${number}`;
}

/** Whether the door asks for a name: on a stage a made-up one stands only where it was chosen. */
export function needsName(role: Role | null): boolean {
  return role === 'speaker' || role === 'moderator' || role === 'organiser';
}

/** The name to go in with; null: this role has to give one first, or choose the alias. */
export function nameFor(role: Role | null, given: string, alias: string, asAlias: boolean): string | null {
  if (asAlias) return alias;
  return given.trim() || (needsName(role) ? null : alias);
}
