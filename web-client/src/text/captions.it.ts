// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// Testi italiani dei sottotitoli dal vivo: per chi li legge e per chi li scrive.

import type { CaptionTexts } from './captions.en';

export const captionsIt: CaptionTexts = {
  title: 'Sottotitoli',
  show: 'Mostra i sottotitoli',
  none: 'Qui non ci sono ancora sottotitoli. Compaiono appena qualcuno li scrive.',
  over: 'L’evento è finito. Il resoconto ha i sottotitoli solo se l’evento li conserva.',
  size: 'Grandezza delle parole',
  sizes: { s: 'piccola', m: 'media', l: 'grande', xl: 'molto grande' },
  language: 'Lingua',
  asPage: 'come questa pagina, se c’è',
  transcript: 'Trascrizione',
  transcriptPrint: 'Si stampano quelle aperte.',
  here: 'Quello che scegli resta in questo browser: nessuno viene a sapere che leggi i sottotitoli.',
  bounded: 'Le ultime 100 righe di ogni lingua.',
  erase: 'Ritira',
  eraseNamed: (text) => `Ritira questa riga: ${text}`,
  deskTitle: 'Scrivi i sottotitoli',
  deskLead: 'Quello che scrivi si vede subito sotto l’immagine, da tutti quelli che hanno acceso i sottotitoli.',
  writtenIn: 'Scrivi in',
  line: 'Quello che si dice ora',
  hint: 'Invio chiude la riga. Una riga lunga si chiude da sola dopo una parola.',
  finish: 'Chiudi la riga',
  past: 'Le ultime righe, dalla più recente',
  nothing: 'Ancora niente.',
};
