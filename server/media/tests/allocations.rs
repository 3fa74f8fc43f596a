// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! The hot path allocates nothing per viewer: counted by the allocator itself, in a run of the emulator with a full room.
//! It stands here and not beside the core because an allocator is `unsafe`, which the core never is.
#![allow(unsafe_code, dead_code)]

#[path = "../../sfu/tests/emulator/fair/mod.rs"]
mod fair;
#[path = "../../sfu/tests/emulator/net/mod.rs"]
mod net;
#[path = "../../sfu/tests/emulator/peer/mod.rs"]
mod peer;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use fair::{CAMERA, Fair, Metered};

thread_local! {
    static COUNTS: Cell<bool> = const { Cell::new(false) };
    static ALLOCATED: Cell<u64> = const { Cell::new(0) };
    static INGEST: Cell<Work> = const { Cell::new(Work { calls: 0, allocated: 0 }) };
    static TRANSMIT: Cell<Work> = const { Cell::new(Work { calls: 0, allocated: 0 }) };
}

/// Pieces of work, and allocations in them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Work {
    calls: u64,
    allocated: u64,
}

/// The system's allocator, which counts.
struct Counting;

fn note() {
    // Threads that end have no counters any more; theirs do not matter.
    let _ = COUNTS.try_with(|counts| {
        if counts.get() {
            ALLOCATED.with(|allocated| allocated.set(allocated.get() + 1));
        }
    });
}

// SAFETY: every call goes to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        note();
        // SAFETY: the caller keeps the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        // SAFETY: the caller keeps the contract of `dealloc`.
        unsafe { System.dealloc(at, layout) }
    }

    unsafe fn realloc(&self, at: *mut u8, layout: Layout, bytes: usize) -> *mut u8 {
        note();
        // SAFETY: the caller keeps the contract of `realloc`.
        unsafe { System.realloc(at, layout, bytes) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn meter(what: Metered, begins: bool) {
    if begins {
        ALLOCATED.set(0);
        COUNTS.set(true);
        return;
    }
    COUNTS.set(false);
    let tally = match what {
        Metered::Ingest => &INGEST,
        Metered::Transmit => &TRANSMIT,
    };
    let Work { calls, allocated } = tally.get();
    tally.set(Work {
        calls: calls + 1,
        allocated: allocated + ALLOCATED.get(),
    });
}

/// Allocations for one datagram of a publisher, whoever watches, its RTCP and checks counted in: 5.4 were measured. They are
/// the decrypted bytes, the shared packet, and what `rtc-srtp` needs for itself.
const ALLOCATIONS_PER_INGEST_MAX: f64 = 6.0;
const VIEWERS: usize = 64;

#[test]
fn sixty_four_viewers_cost_no_allocation_and_a_packet_costs_the_same_few_for_one_as_for_all() {
    let mut per_packet = Vec::new();
    for viewers in [1, VIEWERS] {
        let mut fair = Fair::on_threads(1, 1);
        fair.speaker(1, true);
        for _ in 0..viewers {
            fair.watch();
        }
        // Arenas, rings and lists have grown to their size.
        fair.run_ms(4_000);
        assert_eq!(fair.counters().gcm_viewers, viewers as u64);
        let before = fair.counters().forwarded_packets;
        INGEST.take();
        TRANSMIT.take();
        fair.meter = meter;
        fair.run_ms(2_000);
        fair.meter = |_, _| ();
        let forwarded = fair.counters().forwarded_packets - before;
        assert!(forwarded > 250 * viewers as u64, "{forwarded} packets forwarded");
        assert!(fair.viewers.iter().all(|viewer| viewer.slot(CAMERA).len() > 100));
        let (ingest, transmit) = (INGEST.get(), TRANSMIT.get());
        assert!(transmit.calls >= 2_000);
        assert_eq!(transmit.allocated, 0, "for {viewers} viewers");
        per_packet.push(ingest.allocated as f64 / ingest.calls as f64);
    }
    println!("allocations per datagram of the publisher, with 1 and {VIEWERS} viewers: {per_packet:?}");
    assert!(
        per_packet.iter().all(|count| *count <= ALLOCATIONS_PER_INGEST_MAX),
        "{per_packet:?}"
    );
    assert!((per_packet[0] - per_packet[1]).abs() < 0.5, "{per_packet:?}");
}
