// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { svelte, vitePreprocess } from '@sveltejs/vite-plugin-svelte';
import { fileURLToPath } from 'node:url';
import { defineConfig, type Plugin } from 'vite';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

// Of what reads YAML, the tables for writing it and for older versions are made when it is loaded, so that no bundler dares
// to leave them out. Making them does nothing else.
const readsOnly: Plugin = {
  name: 'reads-only',
  transform: {
    filter: { id: /\/js-yaml\/dist\// },
    handler: (code) =>
      code.replace(/^(?:var \w+ = |\tscalarStyleRules: )(?=define\w+Tag\(|\w+_SCHEMA\.withTags\(|new |Object\.keys\(|Symbol\()/gm, '$&/* @__PURE__ */ '),
  },
};

// What keeps the styles of components apart stands at every element: a short name, of which no two may be the same.
const scopes = new Map<string, string>();
function scope(name: string, file: string): string {
  const other = scopes.get(name);
  if (other !== undefined && other !== file) throw new Error(`${file} and ${other} have the same scope: take a longer one`);
  scopes.set(name, file);
  return name;
}

// `vite build` makes dist/, which the server embeds. `vite build --mode states` makes the fixture pages for
// screenshots and axe, in a folder that is never shipped.
export default defineConfig(({ mode }) => ({
  plugins: [
    svelte({ preprocess: vitePreprocess(), compilerOptions: { discloseVersion: false, cssHash: ({ hash, filename }) => scope(`s${hash(filename).slice(0, 4)}`, filename) } }),
    readsOnly,
  ],
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
          // Parts that are opened together are one file: many small ones are compressed badly. Every page has `base`, the stage
          // has `shared`, of which other pages need much; nothing of the others is loaded with the stage.
          includeDependenciesRecursively: false,
          groups: [
            {
              name: 'base',
              test: /node_modules\/(svelte|clsx|esm-env)\/|preload-helper|src\/(text\/(language\.svelte|[a-z]{3,})\.ts|state\/(announcer|agenda)|ui\/(memory|route|model\/(browser-world|server-clock)|parts\/(?!Modal|while-here|keeps-focus|Names|Popover|Text)))/,
            },
            {
              name: 'desk',
              test: /src\/ui\/direct\/(?!Confirm|KeysList)[A-Z]|src\/ui\/direct\/(direct|undo)\.svelte|src\/ui\/show\/(DirectionsDesk|Layouts|LineOf|ShowDesk|TimerDesk|SoundOff)|src\/ui\/breakouts\/(BreakoutsDesk|Wizard|RoundGrid|RoundDraft|plan)/,
            },
            { name: 'programme', test: /src\/ui\/programme\/(?!NowNext|zone)|src\/ui\/fair\/AgendaDialog/ },
            { name: 'breakouts', test: /src\/ui\/breakouts\/(BreakoutBanner|Cards|Notes|NotesShow|LooksIn)\.svelte/ },
            { name: 'captions', test: /src\/ui\/captions\/(CaptionDesk|Transcript)/ },
            { name: 'keys', test: /src\/ui\/(fair\/KeysDialog|direct\/KeysList)/ },
            { name: 'speaker', test: /src\/ui\/(speaker\/(?!SpeakerButtons)|show\/(Prompter|Directions\.|TitleField))/ },
            {
              name: 'shared',
              test: /src\/(session|state\/(?!publiccode|announcer|agenda)|ui\/fair\/shortcuts|ui\/show\/(TimerClock|timer)|ui\/(polls|parts\/(Modal|while-here|keeps-focus)|fair\/panel\/Composer|direct\/(Confirm|focus|poll-draft|columns|shortcuts)|model\/drafts|breakouts\/ticking|programme\/zone))/,
            },
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
