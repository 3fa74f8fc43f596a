// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! What people do: mostly what makes sense, sometimes what does not, never what the model could not judge. A new area of
//! the fair gets a function here, a judge in the model and a look in `compare`.

mod breakouts;
mod captions;
mod chat;
mod ideas;
mod order;
mod places;
mod polls;
mod programme;
mod questions;
mod show;
mod stands;
mod thanks;

use fiera_protocol::client::Command;
use fiera_protocol::ids::{AuthorSecret, ParticipantId, RoomId};

use crate::model::{Model, Room};
use crate::random::Random;
use crate::world::World;

/// Draws one command of an area; none where nothing comes to mind.
type Area = fn(&mut Deed<'_>) -> Option<Command>;

/// All areas, by weight.
const AREAS: &[(u64, Area)] = &[
    (14, places::draw),
    (12, places::stage),
    (10, places::hands),
    (34, questions::draw),
    (14, chat::draw),
    (26, polls::draw),
    (7, order::draw),
    (18, ideas::draw),
    (8, programme::draw),
    (10, thanks::draw),
    (40, breakouts::draw),
    (16, show::draw),
    (20, stands::draw),
    (14, captions::draw),
];

/// One person about to do something.
pub(crate) struct Deed<'a> {
    pub(crate) random: &'a mut Random,
    pub(crate) model: &'a Model,
    pub(crate) me: ParticipantId,
    pub(crate) people: Vec<ParticipantId>,
    pub(crate) secrets: &'a mut Vec<AuthorSecret>,
    words: &'a mut u32,
}

/// A text of the wire.
fn text<T: TryFrom<String>>(words: String) -> T {
    T::try_from(words).unwrap_or_else(|_| panic!("a good text"))
}

impl<'a> Deed<'a> {
    fn room_id(&self) -> Option<RoomId> {
        self.model.room_of(self.me)
    }

    fn room(&self) -> Option<&'a Room> {
        let model: &'a Model = self.model;
        Some(model.room(&self.room_id()?))
    }

    /// Words that were never written before.
    fn words(&mut self) -> String {
        *self.words += 1;
        let extra = *self.random.weighted(&[
            (60, ""),
            (6, " why?"),
            (2, " forbidden"),
            (2, " www.example.org"),
            (2, " <script>alert(1)</script>"),
            (2, " e\u{301}\u{1f469}\u{200d}\u{1f33e}"),
        ]);
        format!("zk{}k{extra}", self.words)
    }

    fn text<T: TryFrom<String>>(&mut self) -> T {
        text(self.words())
    }

    /// A secret of one's own for new words.
    fn secret(&mut self) -> AuthorSecret {
        let secret = AuthorSecret::from_u128(self.random.id());
        self.secrets.push(secret);
        secret
    }

    /// A secret for words that are there: now and then a wrong one.
    fn secret_of(&mut self, right: AuthorSecret) -> AuthorSecret {
        if self.random.permille(150) {
            AuthorSecret::from_u128(self.random.id())
        } else {
            right
        }
    }

    fn somebody(&mut self) -> ParticipantId {
        *self.random.pick(&self.people).expect("a cast")
    }

    /// One of those that everybody sees in the list, or that of a stand.
    fn a_listed_room(&mut self) -> RoomId {
        let kept = &self.model.kept;
        let rooms = kept.rooms.keys().filter(|room| kept.round_of(room).is_none());
        let rooms: Vec<RoomId> = rooms.cloned().collect();
        self.random.pick(&rooms).expect("rooms").clone()
    }

    fn a_room(&mut self) -> RoomId {
        let rooms: Vec<RoomId> = self.model.kept.rooms.keys().cloned().collect();
        self.random.pick(&rooms).expect("rooms").clone()
    }
}

/// What somebody at a tab does next.
pub(crate) fn any(world: &mut World, tab: usize) -> Option<Command> {
    let person = world.tabs[tab].person;
    let people = world.cast.iter().map(|person| person.id).collect();
    let (me, secrets) = (world.cast[person].id, &mut world.cast[person].secrets);
    let mut deed = Deed {
        random: &mut world.random,
        model: &world.model,
        me,
        people,
        secrets,
        words: &mut world.words,
    };
    for _ in 0..6 {
        let area = deed.random.weighted(AREAS);
        let Some(command) = area(&mut deed) else { continue };
        if deed.model.may(me, &command) || deed.random.permille(100) {
            return Some(command);
        }
    }
    None
}
