// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// Stands, captions and breakout rooms by keyboard: those who come have Chromium, those who receive them Firefox.

import { keyboardPlaces } from "../lib/keyboard-places.mjs";

keyboardPlaces("chromium", "firefox");
