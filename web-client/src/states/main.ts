// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// Draws the page state that the hash names, `#stage-empty/en`, and another one when the hash changes. Made for
// screenshots and axe; never shipped.

import '../style/base.css';
import { mount, tick, unmount, type Component } from 'svelte';
import { language, type Language } from '../text/language.svelte';
import Home from '../ui/door/Home.svelte';
import Door from '../ui/door/Door.svelte';
import FairPage from '../ui/fair/FairPage.svelte';
import TextPage from '../ui/parts/TextPage.svelte';
import { choice } from '../ui/captions/choice.svelte';
import { remember } from '../ui/memory';
import { expected } from './expects';
import { STATES, type PageState } from './index';
import { stopPictures } from './pictures';

function draw(target: HTMLElement, state: PageState): object {
  const any = (component: unknown, props: object): object => mount(component as Component<object>, { target, props });
  switch (state.page) {
    case 'home':
      return any(Home, {});
    case 'accessibility':
    case 'privacy':
      return any(TextPage, { page: state.page });
    case 'door':
      return any(Door, {
        view: null, trouble: 'none', refusal: null, role: null, suggestedName: null, joining: false,
        checks: { server: 'fine', webrtc: 'fine', codec: 'fine', sockets: 'fine', media: 'fine' },
        onjoin: () => undefined, onretry: () => undefined, ...state.props,
      });
    case 'part':
      return any(state.component, state.props);
    case 'fair':
      return any(FairPage, { onout: () => undefined, ...state.props });
  }
}

const target = document.getElementById('app');
let drawn: object | null = null;

/** Takes the state away that stands, with all that it left behind, and draws the one of the hash. */
async function show(page: HTMLElement): Promise<void> {
  const [name = '', lang] = location.hash.slice(1).split('/');
  const make = STATES[name];
  delete document.documentElement.dataset['drawn'];
  if (drawn) await unmount(drawn);
  drawn = null;
  stopPictures();
  page.replaceChildren();
  localStorage.clear();
  sessionStorage.clear();
  scrollTo(0, 0);
  if (!make) return list(page);
  if (lang === 'it' || lang === 'en') language.choose(lang satisfies Language);
  if (!name.includes('first-visit')) remember('welcomed', 'yes');
  Object.assign(choice, { on: false, size: 'm', lang: null });
  const state = make();
  drawn = draw(page, state);
  await tick();
  document.documentElement.dataset['expects'] = JSON.stringify(expected(state));
  document.documentElement.dataset['drawn'] = name;
}

/** The list itself, for people and for the script that goes through it. */
function list(page: HTMLElement): void {
  const items = Object.keys(STATES).map((one) => Object.assign(document.createElement('a'), { href: `#${one}`, textContent: one }));
  for (const item of items) page.append(item, document.createElement('br'));
  document.documentElement.dataset['list'] = Object.keys(STATES).join(' ');
}

if (target) {
  // What the page fetches later is at hand, so that it is drawn at once.
  await Promise.all([
    document.fonts.ready, language.load('it'), language.load('en'),
    // Every component, so that none that is fetched later is forgotten here.
    ...Object.values(import.meta.glob(['../ui/**/*.svelte', '../state/publiccode.ts'])).map((load) => load()),
  ]);
  addEventListener('hashchange', () => void show(target));
  await show(target);
}
