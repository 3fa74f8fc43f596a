// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// Draws one page state, named by the hash: `#stage-empty/en`. Made for screenshots and axe; never shipped.

import '../style/base.css';
import { mount, type Component } from 'svelte';
import { language, type Language } from '../text/language.svelte';
import Home from '../ui/door/Home.svelte';
import Door from '../ui/door/Door.svelte';
import FairPage from '../ui/fair/FairPage.svelte';
import TextPage from '../ui/parts/TextPage.svelte';
import { choice } from '../ui/captions/choice.svelte';
import { remember } from '../ui/memory';
import { STATES, type PageState } from './index';

const [name, lang] = location.hash.slice(1).split('/');
if (lang === 'it' || lang === 'en') language.choose(lang satisfies Language);

function draw(target: HTMLElement, state: PageState): void {
  const any = (component: unknown, props: object): void => {
    mount(component as Component<object>, { target, props });
  };
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
const make = name ? STATES[name] : undefined;
if (target && make) {
  if (name?.includes('first-visit')) localStorage.removeItem('fiera.welcomed');
  else remember('welcomed', 'yes');
  if (!name?.includes('captions')) choice.on = false;
  // What the page fetches later is at hand, so that it is drawn at once.
  await Promise.all([
    document.fonts.ready,
    import('../ui/direct/DirectPanel.svelte'), import('../ui/speaker/BackstagePanel.svelte'),
    import('../ui/fair/AgendaDialog.svelte'), import('../ui/fair/KeysDialog.svelte'),
    import('../ui/direct/KeysList.svelte'), import('../ui/captions/Transcript.svelte'), import('../ui/captions/CaptionDesk.svelte'),
  ]);
  draw(target, make());
  document.documentElement.dataset['drawn'] = name;
} else if (target) {
  // The list itself, for people and for the script that goes through it.
  const items = Object.keys(STATES).map((one) => Object.assign(document.createElement('a'), { href: `#${one}`, textContent: one }));
  for (const item of items) target.append(item, document.createElement('br'));
  addEventListener('hashchange', () => location.reload());
  document.documentElement.dataset['list'] = Object.keys(STATES).join(' ');
}
