// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// Stands, captions and breakout rooms by keyboard: those who come have Firefox, those who receive them Chromium.

import { keyboardPlaces } from "../lib/keyboard-places.mjs";

keyboardPlaces("firefox", "chromium");
