// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Stream identifiers of what we send: SSRCs, CNAME, and the lines that announce a slot.
//! Randomness comes in as an argument.

use super::SlotMedia;

/// Stream of the main speaker's voice and camera: one stream id is one lip-sync group (RFC 8830).
pub(super) const MAIN_STREAM: &str = "main";

/// Hands out SSRCs of one connection: not 0, no two alike.
pub(super) struct Ssrcs<'a> {
    random: &'a mut dyn FnMut() -> u32,
    used: Vec<u32>,
}

impl<'a> Ssrcs<'a> {
    pub(super) fn new(random: &'a mut dyn FnMut() -> u32) -> Self {
        Self {
            random,
            used: Vec::new(),
        }
    }

    /// A new SSRC.
    pub(super) fn next(&mut self) -> u32 {
        let mut ssrc = (self.random)();
        while ssrc == 0 || self.used.contains(&ssrc) {
            ssrc = ssrc.wrapping_add(1);
        }
        self.used.push(ssrc);
        ssrc
    }

    /// A CNAME of 96 random bits, for one connection (RFC 7022 section 4.2).
    pub(super) fn cname(&mut self) -> String {
        (0..3).map(|_| format!("{:08x}", (self.random)())).collect()
    }
}

/// `a=msid` (RFC 8830), `a=ssrc-group` and `a=ssrc` (RFC 5576) of a slot, without `a=`.
pub(super) fn stream_lines(slot: &SlotMedia, stream: &str, cname: &str) -> Vec<String> {
    let msid = format!("msid:{stream} slot-{}", slot.slot);
    let mut lines = vec![msid.clone()];
    if let Some(rtx) = slot.rtx_ssrc {
        lines.push(format!("ssrc-group:FID {} {rtx}", slot.ssrc));
    }
    for ssrc in std::iter::once(slot.ssrc).chain(slot.rtx_ssrc) {
        lines.push(format!("ssrc:{ssrc} cname:{cname}"));
        lines.push(format!("ssrc:{ssrc} {msid}"));
    }
    lines
}
