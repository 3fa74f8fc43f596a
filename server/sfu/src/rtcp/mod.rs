// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! RTCP compound packets (RFC 3550 section 6, RFC 4585, RFC 5104, transport-wide feedback) read in place and written.
//! Never allocates when reading; hostile lengths become errors.
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod feedback;
mod packet;
mod report;
mod twcc;
mod write;
mod write_twcc;

#[cfg(test)]
mod tests;

pub use feedback::{Fir, FirEntries, Nack, NackSeqs, Pli, Ssrcs};
pub use packet::{Compound, Packet, Packets, RtcpError};
pub use report::{ReceiverReport, ReportBlock, ReportBlocks, SenderReport};
pub use twcc::{DELTA_TICKS_PER_SECOND, REFERENCE_TIME_MS, TWCC_STATUS_COUNT_MAX, Twcc, TwccStatuses};
pub use write::{
    NACK_PAIRS_MAX, REPORT_BLOCKS_MAX, SenderInfo, write_bye, write_fir, write_nack, write_pli, write_rr,
    write_sdes_cname, write_sr,
};
pub use write_twcc::{TwccFeedback, write_twcc};

/// Packet types (RFC 3550 section 12.1, RFC 4585 section 6.1, RFC 3611).
mod kind {
    pub(super) const SR: u8 = 200;
    pub(super) const RR: u8 = 201;
    pub(super) const SDES: u8 = 202;
    pub(super) const BYE: u8 = 203;
    pub(super) const RTPFB: u8 = 205;
    pub(super) const PSFB: u8 = 206;
}

/// Feedback formats (RFC 4585 section 6.2 and 6.3, RFC 5104 section 4.3, draft-holmer section 3.1).
mod format {
    pub(super) const NACK: u8 = 1;
    pub(super) const TWCC: u8 = 15;
    pub(super) const PLI: u8 = 1;
    pub(super) const FIR: u8 = 4;
    pub(super) const AFB: u8 = 15;
}
