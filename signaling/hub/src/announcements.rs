// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! What everybody in the event is told, in words of the organiser.

use std::collections::VecDeque;

use fiera_protocol::client::Command;
use fiera_protocol::ids::{AnnouncementId, ParticipantId};
use fiera_protocol::limits::ANNOUNCEMENTS_SHOWN_MAX;
use fiera_protocol::view::{Change, StreamState};

use crate::access::Deed;
use crate::fact::{Fact, KeptText};
use crate::hub::Hub;
use crate::input::Now;
use crate::output::StreamKey;
use crate::refusal::{self, Refusal};
use crate::view;

/// Announcements of one event that are kept.
pub(crate) const ANNOUNCEMENTS_KEPT_MAX: usize = 500;

/// All announcements of the event.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Announcements {
    /// Oldest first.
    kept: VecDeque<AnnouncementId>,
    /// Those that followers see, oldest first. What was taken back makes no room for older ones.
    shown: VecDeque<AnnouncementId>,
}

impl Announcements {
    pub(crate) fn kept(&self) -> &VecDeque<AnnouncementId> {
        &self.kept
    }

    pub(crate) fn shown(&self) -> &VecDeque<AnnouncementId> {
        &self.shown
    }
}

impl Hub {
    pub(crate) fn announcement_command(
        &mut self,
        now: Now,
        actor: ParticipantId,
        command: Command,
    ) -> Result<(), Refusal> {
        match command {
            Command::Announce { text } => {
                let seat = self.event_seat(Deed::Announce, actor)?;
                debug_assert!(seat.fits_event(&[Deed::Announce]), "{seat:?}");
                if self.announcements.kept.len() >= ANNOUNCEMENTS_KEPT_MAX {
                    return Err(refusal::TOO_MANY_ANNOUNCEMENTS);
                }
                let announcement = AnnouncementId::from_u128(self.chance.id());
                let kept = KeptText::plain(text.as_str().to_owned(), now.unix_min());
                self.keep_text(announcement.as_u128(), Some(kept));
                self.keep_fact(&Fact::Announced { announcement });
                Ok(())
            }
            Command::EraseAnnouncement { announcement } => {
                let seat = self.event_seat(Deed::EraseAnnouncement, actor)?;
                debug_assert!(seat.fits_event(&[Deed::EraseAnnouncement]), "{seat:?}");
                if !self.announcements.kept.contains(&announcement) {
                    return Err(refusal::UNKNOWN_ANNOUNCEMENT);
                }
                self.keep_text(announcement.as_u128(), None);
                self.keep_fact(&Fact::AnnouncementErased { announcement });
                Ok(())
            }
            _ => Err(refusal::NOT_ALLOWED),
        }
    }

    pub(crate) fn apply_announcement_fact(&mut self, fact: &Fact) {
        let Announcements { kept, shown } = &mut self.announcements;
        match fact {
            Fact::Announced { announcement } => {
                kept.push_back(*announcement);
                shown.push_back(*announcement);
                if shown.len() > ANNOUNCEMENTS_SHOWN_MAX {
                    shown.pop_front();
                }
                self.dirty.announcements.push(*announcement);
            }
            Fact::AnnouncementErased { announcement } => {
                kept.retain(|known| known != announcement);
                shown.retain(|known| known != announcement);
                self.dirty.announcements.push(*announcement);
            }
            _ => {}
        }
    }

    /// Shows an announcement to everybody, or takes it away.
    pub(crate) fn settle_announcement(&mut self, id: AnnouncementId) {
        let StreamState::Event(event) = self.stream.state() else {
            return;
        };
        let known = event.announcements.iter().any(|known| known.announcement == id);
        let shown = self.announcements.shown.contains(&id);
        let change = match (known, view::announcement(id, &self.texts).filter(|_| shown)) {
            (false, Some(announcement)) => Change::Announced { announcement },
            (true, None) => Change::AnnouncementGone { announcement: id },
            _ => return,
        };
        self.publish(StreamKey::Event, change);
    }
}
