// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Words, texts and nicknames that came out of a poll: moderators choose which of them everybody sees.

use fiera_protocol::ids::{EntryId, ParticipantId, PollId, RoomId};
use fiera_protocol::limits::OPEN_ANSWERS_SHOWN_MAX;
use fiera_protocol::poll::{PollEntries, PollEntry, PollForm};

use super::Poll;
use crate::access::{Deed, Seat};
use crate::fact::Fact;
use crate::hub::Hub;
use crate::refusal::{self, Refusal};

impl Poll {
    /// All entries by alphabet: their order says nothing of how often each came.
    pub(super) fn entries(&self) -> PollEntries {
        let entry = |entry: &super::Entry| PollEntry {
            entry: entry.id,
            text: entry.text.clone(),
            shown: entry.shown,
        };
        let mut entries: Vec<PollEntry> = self.entries.iter().map(entry).collect();
        entries.sort_by(|a, b| (&a.text, a.entry).cmp(&(&b.text, b.entry)));
        PollEntries { poll: self.id, entries }
    }
}

impl Hub {
    pub(super) fn show_entry(
        &mut self,
        actor: ParticipantId,
        id: PollId,
        entry: EntryId,
        shown: bool,
    ) -> Result<(), Refusal> {
        let room = self.poll_room(Deed::RunPolls, actor)?;
        let polls = &self.rooms.get(&room).ok_or(refusal::UNKNOWN_ROOM)?.polls;
        let poll = polls.get(id).ok_or(refusal::UNKNOWN_POLL)?;
        let known = poll.entries.iter().find(|known| known.id == entry);
        let known = known.ok_or(refusal::UNKNOWN_ENTRY)?;
        if known.shown == shown {
            return Ok(());
        }
        let all = poll.entries.iter().filter(|known| known.shown).count();
        if shown && poll.form == (PollForm::Text {}) && all >= OPEN_ANSWERS_SHOWN_MAX {
            return Err(refusal::TOO_MANY_SHOWN);
        }
        let poll = id;
        self.keep_fact(&Fact::PollEntryShown {
            room,
            poll,
            entry,
            shown,
        });
        Ok(())
    }

    /// Works from anywhere in the event, and after it.
    pub(super) fn erase_entry(&mut self, actor: ParticipantId, poll: PollId, entry: EntryId) -> Result<(), Refusal> {
        let role = self.people.get(&actor).ok_or(refusal::UNKNOWN_PARTICIPANT)?.role;
        // The right first: who has none learns nothing of what exists.
        Seat::in_event(Deed::EraseEntry, role, self.phase, actor)?;
        let holds = |(id, room): (&RoomId, &crate::room::Room)| {
            let known = room.polls.get(poll)?.entries.iter().any(|known| known.id == entry);
            known.then(|| (id.clone(), room.config.kind))
        };
        let (room, kind) = self.rooms.iter().find_map(holds).ok_or(refusal::UNKNOWN_ENTRY)?;
        let seat = Seat::take(Deed::EraseEntry, role, (&room, kind), self.phase, actor)?;
        debug_assert!(seat.fits(&room, &[Deed::EraseEntry]), "{seat:?}");
        self.keep_fact(&Fact::PollEntryErased { room, poll, entry });
        self.keep_text(entry.as_u128(), None);
        Ok(())
    }
}
