// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! The media plane in a box: publishers, the `Sfu`s of one to three media threads, and viewers without sockets, over links
//! that lose, delay, reorder and double datagrams, in virtual time. One seed is one run of the network; it is printed when
//! a test fails, and `EMULATOR_SEED=n` runs every test with that one alone, `EMULATOR_THREADS=n` on so many threads. (Keys
//! are random in each run; nothing here depends on them.)

mod cases;
mod fair;
mod net;
mod peer;
