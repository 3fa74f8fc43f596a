// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// English texts of live captions: for who reads and for who writes them.

export const captionsEn = {
  title: 'Captions',
  show: 'Show captions',
  none: 'No captions here yet. They appear as soon as somebody writes them.',
  over: 'The event is over. The report has the captions only where the event keeps them.',
  size: 'Size of the words',
  sizes: { s: 'small', m: 'medium', l: 'large', xl: 'very large' },
  language: 'Language',
  asPage: 'like this page, if there is one',
  transcript: 'Transcript',
  transcriptPrint: 'Printed are those that are open.',
  here: 'What you choose stays in this browser: nobody learns that you read captions.',
  bounded: 'The last 100 lines of each language.',
  erase: 'Take back',
  eraseNamed: (text: string) => `Take this line back: ${text}`,
  deskTitle: 'Write captions',
  deskLead: 'What you type is seen at once under the picture by everybody who switched captions on.',
  writtenIn: 'You write in',
  line: 'What is being said',
  hint: 'Enter ends the line. A long line ends by itself behind a word.',
  finish: 'End the line',
  past: 'The last lines, newest first',
  nothing: 'Nothing yet.',
};

export type CaptionTexts = typeof captionsEn;
