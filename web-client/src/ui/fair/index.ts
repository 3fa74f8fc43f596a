// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// The part of the pages that is fetched after the door: session, media, stage, backstage.

export { Fair } from '../model/fair.svelte';
export { default as FairPage } from './FairPage.svelte';
