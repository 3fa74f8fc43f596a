// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// Characters as people count them, as the server does (grapheme clusters, UAX 29).

const segments = typeof Intl.Segmenter === 'function' ? new Intl.Segmenter() : null;

export function characters(text: string): number {
  const trimmed = text.trim();
  return segments ? [...segments.segment(trimmed)].length : [...trimmed].length;
}
