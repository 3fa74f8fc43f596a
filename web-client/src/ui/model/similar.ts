// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// Asks the server which questions of a room are like the one that is being written. A hint is never worth an error.

export interface Similar {
  readonly question: string;
  readonly text: string;
  readonly upvotes: number;
}

export async function similarTo(event: string, room: string, text: string): Promise<readonly Similar[]> {
  try {
    const answer = await fetch(`/api/v1/events/${encodeURIComponent(event)}/similar`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ room, text }),
    });
    if (!answer.ok) return [];
    const { questions } = (await answer.json()) as { questions?: unknown };
    return Array.isArray(questions) ? (questions as Similar[]) : [];
  } catch {
    return [];
  }
}
