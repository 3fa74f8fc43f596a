// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! What decides for a member of the crowd. How it is said, sent again and checked is the member's business.

use fiera_protocol::client::Command;
use fiera_protocol::ids::CommandId;
use fiera_protocol::ids::DisplayName;
use fiera_protocol::refusal::RefusalCode;
use fiera_protocol::view::{Change, StreamId};

use super::member::Member;
use crate::client::dice::Dice;
use crate::client::mirror::Mirror;

/// Away from the fair for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Absence {
    /// For how long, milliseconds.
    pub for_ms: u64,
    /// Whether the socket is closed in order; otherwise it breaks, as a lost network does.
    pub goodbye: bool,
}

/// Decides what a member does.
pub trait Brain: Send {
    /// The name to be shown.
    fn name(&self) -> DisplayName;
    /// Does what is due; may go away.
    fn wake(&mut self, now_ms: u64, member: &mut Member) -> Option<Absence>;
    /// When it wants to be woken next.
    fn next_ms(&self) -> u64;
    /// Something changed on the screen.
    fn noticed(&mut self, _now_ms: u64, _stream: &StreamId, _change: &Change, _mirror: &Mirror) {}
    /// A command was refused for good.
    fn refused(&mut self, now_ms: u64, id: CommandId, command: &Command, code: RefusalCode);
    /// Its chance.
    fn dice(&mut self) -> &mut Dice;
}
