// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! "We would reuse this": counted once per participant, by a hash under a key that is destroyed with the event; the name
//! of an organisation is a text of its own, which nobody's id stands beside.

use fiera_protocol::ids::{AdopterId, ParticipantId, StandId};
use fiera_protocol::limits::{ADOPTERS_PER_STAND_MAX, REUSES_MAX};
use fiera_protocol::text::OrganisationText;

use super::{Stands, reuse_row};
use crate::access::Deed;
use crate::chance::keyed;
use crate::fact::{Fact, KeptText};
use crate::hub::Hub;
use crate::input::Now;
use crate::refusal::{self, Refusal};

impl Stands {
    /// The name that a participant has here; none: nobody has said so yet.
    pub(super) fn voter(&self, participant: ParticipantId) -> Option<u128> {
        let key = self.key?;
        Some(keyed(&key, &[&participant.as_u128().to_be_bytes()]))
    }

    /// The stands that somebody would reuse, in the order of their ids.
    pub(crate) fn reused_by(&self, participant: ParticipantId) -> Vec<StandId> {
        if self.supporters.is_empty() {
            return Vec::new();
        }
        let of = self.voter(participant).and_then(|voter| self.supporters.get(&voter));
        of.into_iter().flat_map(|of| of.keys().copied()).collect()
    }
}

impl Hub {
    pub(super) fn reuse_stand(
        &mut self,
        now: Now,
        actor: ParticipantId,
        id: StandId,
        on: bool,
        organisation: Option<&OrganisationText>,
    ) -> Result<(), Refusal> {
        let seat = self.event_seat(Deed::ReuseStand, actor)?;
        debug_assert!(seat.fits_event(&[Deed::ReuseStand]), "{seat:?}");
        let stand = self.seen_stand(actor, id)?;
        let voter = self.stands.voter(actor);
        let said = voter.and_then(|voter| self.stands.supporters.get(&voter)?.get(&id).copied());
        // A moderator may have erased the name meanwhile.
        let named = said.flatten().filter(|adopter| stand.adopters.contains(adopter));
        let organisation = organisation.filter(|_| on);
        let written = |adopter: AdopterId| self.texts.get(&adopter.as_u128()).map(|kept| kept.text.as_str());
        if said.is_some() == on && named.and_then(written) == organisation.map(OrganisationText::as_str) {
            return Ok(());
        }
        if let Some(organisation) = organisation {
            self.has_voice(actor)?;
            self.lets_through(organisation.as_str())?;
            if named.is_none() && stand.adopters.len() >= ADOPTERS_PER_STAND_MAX {
                return Err(refusal::TOO_MANY_ADOPTERS);
            }
        }
        let all: usize = self.stands.all.values().map(|stand| stand.reuse as usize).sum();
        if on && said.is_none() && all >= REUSES_MAX {
            return Err(refusal::TOO_MANY_ADOPTERS);
        }
        self.stand_pace(now, actor)?;
        if let Some(adopter) = named {
            self.forget_adopter(id, adopter);
        }
        if self.stands.key.is_none() {
            let key = self.chance.key();
            self.keep_row("reusekey".to_owned(), Some(key));
        }
        let Some(voter) = self.stands.voter(actor) else {
            return Ok(());
        };
        let adopter = organisation.map(|organisation| {
            let adopter = AdopterId::from_u128(self.chance.id());
            let kept = KeptText::plain(organisation.as_str().to_owned(), now.unix_min());
            self.keep_text(adopter.as_u128(), Some(kept));
            self.keep_fact(&Fact::StandAdopted { stand: id, adopter });
            adopter
        });
        self.keep_row(reuse_row(id, voter), on.then_some(Said { adopter }));
        self.dirty.people.insert(actor);
        Ok(())
    }

    pub(super) fn forget_adopter(&mut self, id: StandId, adopter: AdopterId) {
        self.keep_text(adopter.as_u128(), None);
        self.keep_fact(&Fact::StandAdopterErased { stand: id, adopter });
    }

    pub(super) fn erase_adopter(
        &mut self,
        actor: ParticipantId,
        id: StandId,
        adopter: AdopterId,
    ) -> Result<(), Refusal> {
        let stand = self.run_stand(Deed::EraseAdopter, actor, id)?;
        if !stand.adopters.contains(&adopter) {
            return Err(refusal::UNKNOWN_ADOPTER);
        }
        self.forget_adopter(id, adopter);
        Ok(())
    }

    pub(super) fn apply_reuse(&mut self, id: StandId, voter: u128, said: Option<Said>) {
        let Some(stand) = self.stands.all.get_mut(&id) else {
            return;
        };
        let of = self.stands.supporters.entry(voter).or_default();
        let before = of.contains_key(&id);
        match said {
            Some(Said { adopter }) => {
                of.insert(id, adopter);
            }
            None => {
                of.remove(&id);
            }
        }
        let now = of.contains_key(&id);
        if of.is_empty() {
            self.stands.supporters.remove(&voter);
        }
        stand.reuse = match (before, now) {
            (false, true) => stand.reuse.saturating_add(1),
            (true, false) => stand.reuse.saturating_sub(1),
            _ => stand.reuse,
        };
        self.dirty.counts = true;
    }

    /// The event ends: numbers are written, and who it was is destroyed with the rows.
    pub(crate) fn count_reuse_for_good(&mut self) {
        let counts: Vec<(StandId, u32)> = self.stands.all.iter().map(|(id, stand)| (*id, stand.reuse)).collect();
        for (stand, reuse) in counts.into_iter().filter(|(_, reuse)| *reuse > 0) {
            self.keep_fact(&Fact::StandReuseCounted { stand, reuse });
        }
    }
}

/// What somebody said of a stand, as the row of it is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Said {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    adopter: Option<AdopterId>,
}
