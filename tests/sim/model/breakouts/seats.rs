// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Seats: by lot, by walking in, and for those who come late.

use std::collections::{BTreeMap, BTreeSet};

use fiera_protocol::breakouts::{Latecomers, RoundMode, RoundPhase};
use fiera_protocol::ids::{ParticipantId, RoomId, RoundId};
use fiera_protocol::limits::{ON_AIR_MAX, ROUND_NOTICE_MS, ROUND_SEATS_MAX};
use fiera_protocol::view::Place;

use super::{Drawn, Model, Round, Seat};

impl Model {
    /// O2: who keeps a seat when lots are drawn, and who gets one.
    fn lots(&self, round: &Round, anew: bool) -> (BTreeSet<ParticipantId>, BTreeSet<ParticipantId>) {
        let here = self.people_in(&round.from);
        let sent = |who: &ParticipantId| !self.moderates(*who) && self.place(*who) == Place::Audience;
        let keeps = |who: &ParticipantId, seat: &Seat| seat.facilitator || here.contains(who) && !(anew && sent(who));
        let kept = round
            .seats
            .iter()
            .filter(|(who, seat)| keeps(who, seat))
            .map(|(who, _)| *who);
        let kept: BTreeSet<ParticipantId> = kept.collect();
        let drawn = here
            .iter()
            .copied()
            .filter(|who| sent(who) && !kept.contains(who))
            .collect();
        (kept, drawn)
    }

    pub(super) fn can_deal(&self, round: &Round, anew: bool) -> bool {
        let (kept, drawn) = self.lots(round, anew);
        let people = kept.len() + drawn.len();
        people <= usize::from(round.capacity) * round.rooms.len() && people <= ROUND_SEATS_MAX
    }

    /// What the lots were stands in what was kept; that they were fair is looked at here.
    pub(super) fn dealt(&mut self, id: RoundId, anew: bool, drawn: &Drawn<'_>) {
        let (kept, lots) = self.lots(self.kept.round(id).expect("known"), anew);
        let round = self.kept.round_mut(id);
        round.seats.retain(|who, _| kept.contains(who));
        let prefix = format!("placement/{:032x}/", id.as_u128());
        let mut written: BTreeMap<ParticipantId, usize> = BTreeMap::new();
        for (key, value) in drawn.rows {
            let Some(who) = key.strip_prefix(&prefix) else { continue };
            let who = ParticipantId::from_u128(u128::from_str_radix(who, 16).expect("a number"));
            match value.as_ref().and_then(|value| value["nth"].as_u64()) {
                Some(nth) => written.insert(who, usize::try_from(nth).expect("small")),
                None => written.remove(&who),
            };
        }
        assert_eq!(
            written.keys().copied().collect::<BTreeSet<_>>(),
            lots,
            "O2: who is seated by lot"
        );
        for (who, nth) in &written {
            let seat = Seat {
                nth: *nth,
                ..Seat::default()
            };
            round.seats.insert(*who, seat);
        }
        let taken = round.taken();
        for nth in written.values() {
            assert!(
                taken[*nth] <= usize::from(round.capacity),
                "O4: {taken:?} of {}",
                round.capacity
            );
            assert!(
                taken.iter().all(|other| taken[*nth] <= other + 1),
                "O2: sizes {taken:?}"
            );
        }
    }

    /// J7, O3, O4: whether somebody may walk into a room, as far as stands and breakouts are concerned.
    pub(in crate::model) fn may_walk(&self, who: ParticipantId, room: &RoomId) -> bool {
        if self.room_of(who).as_ref() == Some(room) {
            return true;
        }
        let Some(round) = self.kept.round_of(room) else {
            return self.kept.rooms.contains_key(room) && self.may_visit(who, room);
        };
        let nth = round.nth(room).expect("one of its rooms");
        let seat = round.seats.get(&who);
        let own = seat.is_some_and(|seat| seat.nth == nth);
        let chooses = round.mode == RoundMode::SelfSelect || seat.is_none() && round.latecomers == Latecomers::Choose;
        let free = round.has_space(nth) && (seat.is_some() || round.seats.len() < ROUND_SEATS_MAX);
        match round.phase {
            RoundPhase::Open => self.moderates(who) || own || chooses && free,
            RoundPhase::Closing => self.moderates(who) || own,
            RoundPhase::Draft => self.moderates(who) && self.bots_are_in(room),
            _ => false,
        }
    }

    /// Somebody is in another room now.
    pub(in crate::model) fn came_into(&mut self, who: ParticipantId, room: &RoomId, before: Option<RoomId>) {
        let moderates = self.moderates(who);
        let Some(round) = self.kept.live() else { return };
        let Some(nth) = round.nth(room) else {
            if round.from == *room {
                self.comes_late(who);
            }
            return;
        };
        let elsewhere = before.filter(|before| *before != round.from && round.nth(before).is_none());
        let known = round.seats.get(&who);
        if known.is_some() || !moderates {
            let seat = Seat {
                nth: known.filter(|_| moderates).map_or(nth, |seat| seat.nth),
                facilitator: known.is_some_and(|seat| seat.facilitator),
                stays: false,
                chosen: known.is_none_or(|seat| seat.chosen),
                back: elsewhere.or_else(|| known?.back.clone()),
            };
            self.kept.live_mut().expect("live").seats.insert(who, seat);
        }
        self.here.going.remove(&who);
        // O6: everybody may speak there, as many as fit.
        if self.place(who) == Place::Audience && self.here.on_air[room].len() < ON_AIR_MAX && self.step_backstage(who) {
            self.step_on_air(who);
        }
    }

    /// O4.
    fn comes_late(&mut self, who: ParticipantId) {
        let moderates = self.moderates(who);
        let at = (self.now_ms + ROUND_NOTICE_MS, self.unix_ms + ROUND_NOTICE_MS);
        let round = self.kept.live_mut().expect("live");
        if round.phase == RoundPhase::Closing || round.seats.get(&who).is_some_and(|seat| seat.stays) {
            return;
        }
        if !round.seats.contains_key(&who) {
            let placed = round.mode != RoundMode::SelfSelect && round.latecomers == Latecomers::Placed;
            let taken = round.taken();
            let emptiest = (0..taken.len()).min_by_key(|nth| (taken[*nth], *nth)).expect("rooms");
            if !placed || moderates || !round.has_space(emptiest) || round.seats.len() >= ROUND_SEATS_MAX {
                return;
            }
            let nth = emptiest;
            round.seats.insert(who, Seat { nth, ..Seat::default() });
        }
        if round.phase == RoundPhase::Open {
            self.here.going.insert(who, at);
        }
    }

    /// O3: somebody left a room by themselves.
    pub(in crate::model) fn walked_out(&mut self, who: ParticipantId, left: Option<RoomId>) {
        let here = self.room_of(who);
        let Some(round) = self.kept.live_mut() else { return };
        if left.and_then(|left| round.nth(&left)).is_none() {
            return;
        }
        let still_inside = here.is_some_and(|room| round.nth(&room).is_some());
        let Some(seat) = round.seats.get_mut(&who).filter(|_| !still_inside) else {
            return;
        };
        if seat.facilitator || !(seat.chosen || round.mode == RoundMode::SelfSelect) {
            seat.stays = true;
        } else {
            round.seats.remove(&who);
        }
        self.here.going.remove(&who);
    }
}
