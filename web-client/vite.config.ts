// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { svelte, vitePreprocess } from '@sveltejs/vite-plugin-svelte';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

// `vite build` makes dist/, which the server embeds. `vite build --mode states` makes the fixture pages for
// screenshots and axe, in a folder that is never shipped.
export default defineConfig(({ mode }) => ({
  plugins: [svelte({ preprocess: vitePreprocess() })],
  base: mode === 'states' ? './' : '/',
  build: {
    target: 'es2022',
    modulePreload: { polyfill: false },
    // Files only, no data: addresses, so that a strict content security policy holds.
    assetsInlineLimit: 0,
    outDir: mode === 'states' ? 'node_modules/.states' : 'dist',
    emptyOutDir: true,
    rolldownOptions: {
      input: here(mode === 'states' ? 'states.html' : 'index.html'),
      output: {
        codeSplitting: {
          // Parts that are opened together are one file: many small ones are compressed badly. Nothing of them is
          // loaded with the stage.
          includeDependenciesRecursively: false,
          groups: [
            {
              name: 'desk',
              test: /src\/ui\/direct\/(?!Confirm|KeysList)[A-Z]|src\/ui\/direct\/(direct|undo)\.svelte|src\/ui\/show\/(DirectionsDesk|Layouts|LineOf|ShowDesk|TimerDesk|SoundOff)|src\/ui\/breakouts\/(BreakoutsDesk|Wizard|RoundGrid|RoundDraft|plan)/,
            },
            { name: 'programme', test: /src\/ui\/programme\/(?!NowNext|Agenda(Page|View)|Ideas(Page|Board|Dialog)|zone)|src\/ui\/fair\/AgendaDialog/ },
          ],
        },
      },
    },
  },
  server: {
    proxy: {
      '/api': 'http://localhost:8080',
      '/ws': { target: 'ws://localhost:8080', ws: true },
    },
  },
}));
