// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! The server as a library: configuration, HTTP, WebSocket, WHIP and WHEP, tokens, metrics, drain.
//! It joins the planes and holds no rule of the event itself; only `bridge` knows both hub and SFU.
#![forbid(unsafe_code)]
