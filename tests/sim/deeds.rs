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
    (30, polls::draw),
    (7, order::draw),
    (18, ideas::draw),
    (8, programme::draw),
    (10, thanks::draw),
    (30, breakouts::draw),
    (18, breakouts::board),
    (14, breakouts::plenary),
    (16, show::draw),
    (20, stands::draw),
    (18, captions::draw),
];

/// How many things somebody thinks of until one makes sense, and how often in a thousand times that is one which they may
/// not do.
const TRIES: u32 = 6;
const WRONG_PERMILLE: u64 = 100;
/// The same where what was seldom done is looked for.
const SELDOM: (u32, u64) = (12, 250);
/// How often in a thousand times that is, and that somebody does what only an organiser may.
const SELDOM_PERMILLE: u64 = 550;
const TRESPASSES_PERMILLE: u64 = 60;

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

    /// Whether somebody does what moderators do; the others now and then try.
    fn runs(&mut self) -> bool {
        self.model.moderates(self.me) || self.random.permille(300)
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

/// What somebody at a tab does next: half of the time what comes to mind first, else of a few things the one that was
/// done the least so far in this event, so that what few think of happens as well.
pub(crate) fn any(world: &mut World, tab: usize) -> Option<Command> {
    let person = world.tabs[tab].person;
    let me = world.cast[person].id;
    let (trespasses, seldom) = (
        world.random.permille(TRESPASSES_PERMILLE),
        world.random.permille(SELDOM_PERMILLE),
    );
    let (tries, wrong) = if seldom || trespasses {
        SELDOM
    } else {
        (TRIES, WRONG_PERMILLE)
    };
    let people = world.cast.iter().map(|person| person.id).collect();
    let organiser = world.cast[0].id;
    let mut deed = Deed {
        random: &mut world.random,
        model: &world.model,
        me: if trespasses { organiser } else { me },
        people,
        secrets: &mut world.cast[person].secrets,
        words: &mut world.words,
    };
    let mut least: Option<(u32, Command, Vec<AuthorSecret>)> = None;
    for _ in 0..tries {
        let known = deed.secrets.len();
        let area = deed.random.weighted(AREAS);
        let drawn = area(&mut deed).filter(|command| match deed.model.may(me, command) {
            true => !trespasses,
            false => trespasses || deed.random.permille(wrong),
        });
        // A browser keeps the secrets of what is sent alone.
        let fresh = deed.secrets.split_off(known);
        let Some(command) = drawn else { continue };
        if tries == TRIES {
            deed.secrets.extend(fresh);
            return Some(command);
        }
        let times = world.counted.times(deed.model, world.now_ms, me, &command);
        if least.as_ref().is_none_or(|(least, ..)| times < *least) {
            least = Some((times, command, fresh));
        }
    }
    let (_, command, fresh) = least?;
    deed.secrets.extend(fresh);
    Some(command)
}
