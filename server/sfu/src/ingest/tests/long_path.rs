// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Requests over a path of which nothing is known yet, and reports against values worked out by hand.

use super::super::nack::NackGenerator;
use super::super::reception::Reception;
use super::*;

/// Asks for what is missing until `until`. Returns how often, and what was given up.
fn ask(nacks: &mut NackGenerator, from: Instant, until: Instant) -> (usize, u64) {
    let (mut asked, mut given_up, mut now) = (Vec::new(), 0, from);
    while now < until {
        given_up += nacks.take_due(now, 64, &mut asked).count;
        now += ms(1);
    }
    (asked.len(), given_up)
}

#[test]
fn on_a_long_path_requests_outlast_the_first_answer_and_then_keep_to_its_time() {
    let start = Instant::now();
    let mut nacks = NackGenerator::new();
    let _ = nacks.on_packet(start, 1, false);
    let _ = nacks.on_packet(start, 3, false);
    // The first answer takes 350 ms.
    let (asked, given_up) = ask(&mut nacks, start, start + ms(355));
    assert_eq!((asked, given_up), (5, 0), "at 5, 25, 65, 145 and 305 ms");
    let _ = nacks.on_packet(start + ms(355), 2, true);
    // Now the path is known: the next answer comes before a second request.
    let again = start + ms(1_000);
    let _ = nacks.on_packet(again, 5, false);
    let (asked, given_up) = ask(&mut nacks, again, again + ms(350));
    assert_eq!((asked, given_up), (1, 0));
    let _ = nacks.on_packet(again + ms(350), 4, true);
    assert_eq!(nacks.deadline(), None);
}

#[test]
fn what_never_comes_is_asked_for_ten_times_at_most_and_given_up_in_time() {
    let start = Instant::now();
    let mut nacks = NackGenerator::new();
    let _ = nacks.on_packet(start, 1, false);
    let _ = nacks.on_packet(start, 3, false);
    let (asked, given_up) = ask(&mut nacks, start, start + NACK_AGE_MAX + ms(2));
    assert_eq!((asked, given_up), (usize::from(NACK_TRIES_MAX), 1));
    assert_eq!(nacks.deadline(), None);
}

#[test]
fn a_report_holds_what_rfc_3550_says() {
    let start = Instant::now();
    let mut reception = Reception::new();
    // 65,533 to 2 in the second round of their line, 65,535 lost; timestamps 160 apart; arrival in ticks.
    for (ext_seq, arrival, timestamp) in [
        (131_069, 1_000, 0),
        (131_070, 1_160, 160),
        // 80 ticks late, then back in time: |D| is 80 twice.
        (131_072, 1_560, 480),
        (131_073, 1_640, 640),
        (131_074, 1_800, 800),
    ] {
        reception.on_packet(ext_seq, arrival, timestamp);
    }
    reception.on_sr(start, 0xAAAA_BBBB_CCCC_DDDD);
    let block = reception.report(start + ms(250), 7).expect("packets came");
    // Appendix A.8 with J times 16: 0, 80, 80 + 80 - 5, 155 - 10 = 145; J = 145 / 16.
    assert_eq!(block.jitter, 9);
    // Section 6.4.1: one cycle and 2; one of six lost; 256 / 6; the middle 32 bits; 250 ms in 1/65,536 s.
    assert_eq!(block.highest_seq, 0x0001_0002);
    assert_eq!((block.cumulative_lost, block.fraction_lost), (1, 42));
    assert_eq!((block.last_sr, block.delay_since_last_sr), (0xBBBB_CCCC, 16_384));
    // The lost one comes late, twice: nothing is lost any more, and the interval's fraction is none.
    reception.on_packet(131_071, 1_960, 320);
    reception.on_packet(131_071, 1_960, 320);
    let block = reception.report(start + ms(500), 7).expect("packets came");
    assert_eq!((block.cumulative_lost, block.fraction_lost), (-1, 0));
    assert_eq!(reception.report(start + ms(750), 7), None);
}
