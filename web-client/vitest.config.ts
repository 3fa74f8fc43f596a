// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { svelte, vitePreprocess } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  // For the models, whose state is reactive.
  plugins: [svelte({ preprocess: vitePreprocess() })],
  test: { include: ['src/**/*.test.ts'], environment: 'node' },
});
