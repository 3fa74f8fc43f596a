// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// Starts the pages. Everything of the fair itself is loaded when somebody stands at its door.

import './style/base.css';
import { mount } from 'svelte';
import { language } from './text/language.svelte';
import App from './ui/App.svelte';

async function start(target: HTMLElement): Promise<void> {
  try {
    await language.load();
    mount(App, { target });
  } catch {
    // No words came: those that need none.
    target.textContent = 'Fiera: ricarica la pagina. Reload the page.';
  }
}

const target = document.getElementById('app');
if (target) void start(target);
