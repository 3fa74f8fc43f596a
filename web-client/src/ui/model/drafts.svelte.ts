// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// What was typed and not sent, by where it belongs: changing the tab or the page part does not lose it. For this tab only.

const drafts = $state<Record<string, string>>({});

export function draftOf(place: string): string {
  return drafts[place] ?? '';
}

export function keepDraft(place: string, text: string): void {
  drafts[place] = text;
}
