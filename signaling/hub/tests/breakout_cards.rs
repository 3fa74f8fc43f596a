// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Cards of breakout rooms at the plenary (SPEC.md, O12): who is shown which, who may ask for the others, what an erased
//! card leaves behind, and what a restart, the next round and the end of the event do.

mod support;

use fiera_hub::{ConnectionId, Input};
use fiera_protocol::breakouts::{BreakoutStep, CardsShown, Latecomers, PlannedRoom, RoundMode, RoundPlan};
use fiera_protocol::client::Command;
use fiera_protocol::ids::{AuthorSecret, CardId, Role, RoundId};
use fiera_protocol::limits::{ROUND_GRACE_MS, ROUND_GRID_INTERVAL_MS, ROUND_NOTICE_MS};
use fiera_protocol::refusal::RefusalCode;
use fiera_protocol::server::ServerMessage;
use fiera_protocol::view::{Change, EventPhase, StreamId};
use support::{Shell, room};

const SECRET: AuthorSecret = AuthorSecret::from_u128(0xca4d);
const ROOMS: [&str; 3] = ["breakout-1-1", "breakout-1-2", "breakout-1-3"];

struct Fair {
    shell: Shell,
    organiser: ConnectionId,
    people: Vec<ConnectionId>,
    round: RoundId,
}

impl Fair {
    /// A round of three rooms that is open: one person in the third, two in the first, who wrote three cards and support the
    /// second, and one in the second, who wrote one.
    fn open() -> Self {
        let mut shell = Shell::new();
        let organiser = shell.join(100, Role::Organiser, "lobby");
        let people: Vec<_> = (0..4).map(|who| shell.join(who, Role::Attendee, "lobby")).collect();
        let round = prepare(&mut shell, organiser);
        assert_eq!(shell.step(organiser, BreakoutStep::Send { round }), Ok(()));
        let mut fair = Self {
            shell,
            organiser,
            people,
            round,
        };
        for (nth, at) in [(0, 0), (1, 0), (2, 1), (3, 2)] {
            let enter = Command::Enter { room: room(ROOMS[at]) };
            fair.shell.ok(fair.people[nth], enter);
        }
        for (nth, text) in [
            (0, "Small steps"),
            (0, "Roll back"),
            (1, "Ask first"),
            (2, "Name costs"),
        ] {
            let text = text.parse().expect("a card");
            let add = BreakoutStep::AddCard { text, secret: SECRET };
            assert_eq!(fair.shell.step(fair.people[nth], add), Ok(()));
        }
        let card = fair.shell.room_view(fair.people[0], ROOMS[0]).expect("follows").cards[1].card;
        for nth in [0, 1] {
            let vote = BreakoutStep::VoteCard { card, up: true };
            assert_eq!(fair.shell.step(fair.people[nth], vote), Ok(()));
        }
        fair
    }

    fn over() -> Self {
        let mut fair = Self::open();
        assert_eq!(fair.shell.step(fair.organiser, BreakoutStep::BringBack {}), Ok(()));
        fair.shell.pass(ROUND_GRACE_MS);
        fair
    }

    fn show(&mut self, by: ConnectionId, nth: Option<usize>) -> Result<(), RefusalCode> {
        let show = BreakoutStep::ShowCards {
            round: self.round,
            room: nth.map(|nth| room(ROOMS[nth])),
        };
        self.shell.step(by, show)
    }

    fn shown(&self, conn: ConnectionId) -> Option<&CardsShown> {
        self.shell.room_view(conn, "lobby")?.cards_shown.as_ref()
    }

    fn words(&self, conn: ConnectionId) -> Option<Vec<String>> {
        let shown = self.shown(conn)?;
        Some(shown.cards.iter().map(|card| card.text.clone()).collect())
    }

    /// The words of a room's cards for who asks; none: refused.
    fn asked(&mut self, conn: ConnectionId, nth: usize) -> Option<Vec<String>> {
        self.shell.take(conn);
        let room = room(ROOMS[nth]);
        self.shell.input(Input::Cards { conn, room });
        match self.shell.take(conn).pop() {
            Some(ServerMessage::Cards { cards, .. }) => Some(cards.into_iter().map(|card| card.text).collect()),
            Some(ServerMessage::Refused { id: None, code, .. }) => {
                assert_eq!(code, RefusalCode::WrongState);
                None
            }
            other => panic!("{other:?}"),
        }
    }

    fn erase(&mut self, by: ConnectionId, card: CardId, secret: Option<AuthorSecret>) {
        let erase = BreakoutStep::EraseCard { card, secret };
        assert_eq!(self.shell.step(by, erase), Ok(()));
    }
}

fn prepare(shell: &mut Shell, organiser: ConnectionId) -> RoundId {
    let planned = |title: &str| PlannedRoom {
        title: title.parse().expect("a title"),
        topic: None,
    };
    let plan = RoundPlan {
        from: room("lobby"),
        rooms: ["Testing", "Costs", "Silence"].map(planned).to_vec(),
        mode: RoundMode::SelfSelect,
        capacity: 4,
        minutes: 15,
        latecomers: Latecomers::Placed,
    };
    let prepare = BreakoutStep::Prepare { replaces: None, plan };
    assert_eq!(shell.step(organiser, prepare), Ok(()));
    shell.pass(ROUND_GRID_INTERVAL_MS);
    let rounds = &shell.breakouts_view(organiser).expect("follows breakouts").rounds;
    rounds.last().expect("a round").round
}

#[test]
fn o12_one_room_is_shown_to_the_plenary_and_the_others_to_who_asks() {
    let mut fair = Fair::open();
    let (organiser, ada) = (fair.organiser, fair.people[0]);
    assert_eq!(fair.show(organiser, Some(0)), Err(RefusalCode::WrongState), "not over");
    fair.shell.step(organiser, BreakoutStep::BringBack {}).expect("runs");
    fair.shell.pass(ROUND_GRACE_MS);
    assert_eq!(fair.show(ada, Some(0)), Err(RefusalCode::NotAllowed));
    assert_eq!(fair.asked(ada, 1), None, "nobody showed them");
    assert_eq!(fair.show(organiser, Some(0)), Ok(()));
    let best_first = ["Roll back", "Small steps", "Ask first"].map(str::to_owned).to_vec();
    assert_eq!(fair.words(ada), Some(best_first));
    let shown = fair.shown(ada).expect("shown").clone();
    assert_eq!((shown.cards[0].votes, shown.cards[1].votes), (2, 0));
    let listed: Vec<_> = shown.rooms.iter().map(|one| (one.title.as_str(), one.cards)).collect();
    assert_eq!(
        listed,
        [("Testing", 3), ("Costs", 1)],
        "rooms without a card are left out"
    );
    assert_eq!(fair.asked(ada, 1), Some(vec!["Name costs".to_owned()]));
    let board = fair
        .shell
        .hub
        .board(&room("lobby"))
        .expect("a room")
        .cards
        .expect("shown");
    assert_eq!((board.number, board.rooms, board.notes.len()), (1, 2, 3));
    assert!(fair.shell.hub.board(&room("corner")).expect("a room").cards.is_none());
    // Whoever is elsewhere is neither told nor answered.
    fair.shell.ok(ada, Command::Enter { room: room("corner") });
    assert_eq!(fair.asked(ada, 0), None);
    assert_eq!(fair.shell.room_view(ada, "corner").expect("follows").cards_shown, None);
    assert_eq!(fair.show(organiser, Some(1)), Ok(()));
    assert_eq!(fair.words(fair.people[1]), Some(vec!["Name costs".to_owned()]));
    fair.shell.pass(ROUND_GRID_INTERVAL_MS);
    let rounds = &fair.shell.breakouts_view(organiser).expect("follows").rounds;
    assert_eq!(rounds[0].cards_shown, Some(room(ROOMS[1])));
    assert_eq!(fair.show(organiser, None), Ok(()));
    assert_eq!(fair.words(fair.people[1]), None);
    assert_eq!(fair.asked(fair.people[1], 0), None, "hidden again");
}

#[test]
fn o12_an_erased_card_is_gone_from_the_plenary_and_from_what_late_readers_get() {
    let mut fair = Fair::over();
    let (organiser, ada, bo) = (fair.organiser, fair.people[0], fair.people[1]);
    assert_eq!(fair.show(organiser, Some(0)), Ok(()));
    let ids: Vec<_> = fair
        .shown(ada)
        .expect("shown")
        .cards
        .iter()
        .map(|card| card.card)
        .collect();
    fair.erase(organiser, ids[1], None);
    fair.erase(bo, ids[2], Some(SECRET));
    let early = fair.shell.join(8, Role::Attendee, "lobby");
    let told = format!("{:?}", fair.shell.take(early));
    assert!(told.contains("Roll back") && !told.contains("Small steps") && !told.contains("Ask first"));
    fair.shell.pass(ROUND_GRID_INTERVAL_MS);
    assert_eq!(fair.words(ada), Some(vec!["Roll back".to_owned()]));
    assert_eq!(fair.asked(ada, 0), Some(vec!["Roll back".to_owned()]));
    assert_eq!(fair.shown(ada).expect("shown").rooms[0].cards, 1);
    assert_eq!(fair.shell.hub.recap().breakouts[0].cards.len(), 1);
    let late = fair.shell.join(9, Role::Attendee, "lobby");
    let told = format!("{:?}", fair.shell.take(late));
    assert!(told.contains("Roll back") && !told.contains("Small steps"));
    // A room that is not shown to all: its number is smaller, and who asks anew does not get the card.
    let cost = { fair.shown(ada).expect("shown").rooms[1].cards };
    assert_eq!(fair.show(organiser, Some(1)), Ok(()));
    let card = fair.shown(ada).expect("shown").cards[0].card;
    assert_eq!(fair.show(organiser, Some(0)), Ok(()));
    fair.erase(organiser, card, None);
    fair.shell.pass(ROUND_GRID_INTERVAL_MS);
    assert_eq!((cost, fair.shown(ada).expect("shown").rooms.len()), (1, 1));
    assert_eq!(fair.asked(ada, 1), Some(vec![]));
}

#[test]
fn o12_many_erasures_in_a_moment_are_one_update() {
    let mut fair = Fair::over();
    let (organiser, ada) = (fair.organiser, fair.people[0]);
    assert_eq!(fair.show(organiser, Some(0)), Ok(()));
    let shown = fair.shown(ada).expect("shown").clone();
    fair.shell.take(ada);
    for card in &shown.cards {
        fair.erase(organiser, card.card, None);
    }
    let told = |fair: &mut Fair| {
        let heard = fair.shell.take(ada).into_iter();
        let is_shown = |one: &ServerMessage| {
            matches!(
                one,
                ServerMessage::Update {
                    change: Change::CardsShown { .. },
                    ..
                }
            )
        };
        heard.filter(is_shown).count()
    };
    assert_eq!(told(&mut fair), 0);
    // Who comes back in between reads no erased word, and is told by the same update.
    let stream = StreamId::Room { room: room("lobby") };
    fair.shell.input(Input::Resync {
        conn: ada,
        stream,
        have: None,
    });
    let heard = format!("{:?}", fair.shell.take(ada));
    assert!(heard.contains("Snapshot") && !heard.contains("Small steps"), "{heard}");
    fair.shell.pass(ROUND_GRID_INTERVAL_MS);
    assert_eq!(told(&mut fair), 1);
    assert_eq!(fair.words(ada), Some(vec![]));
    fair.shell.pass(2 * ROUND_GRID_INTERVAL_MS);
    assert_eq!(told(&mut fair), 0);
}

#[test]
fn o12_what_is_shown_outlives_a_crash_and_ends_with_the_next_round_and_the_event() {
    let mut fair = Fair::over();
    assert_eq!(fair.show(fair.organiser, Some(0)), Ok(()));
    let words = fair.words(fair.people[0]);
    fair.shell.restart();
    fair.organiser = fair.shell.join(100, Role::Organiser, "lobby");
    fair.people = vec![fair.shell.join(0, Role::Attendee, "lobby")];
    assert_eq!(words.as_ref().map(Vec::len), Some(3));
    assert_eq!(fair.words(fair.people[0]), words);
    let next = prepare(&mut fair.shell, fair.organiser);
    assert!(fair.words(fair.people[0]).is_some(), "a draft is nobody's business");
    fair.shell
        .step(fair.organiser, BreakoutStep::Send { round: next })
        .expect("sent");
    assert_eq!(fair.words(fair.people[0]), None);
    fair.shell
        .step(fair.organiser, BreakoutStep::BringBack {})
        .expect("runs");
    fair.shell.pass(ROUND_NOTICE_MS + ROUND_GRACE_MS);
    assert_eq!(fair.show(fair.organiser, Some(0)), Ok(()));
    let phase = EventPhase::Ended;
    fair.shell.ok(fair.organiser, Command::SetEventPhase { phase });
    assert_eq!(fair.words(fair.people[0]), None);
    assert!(
        fair.shell.kept.working.is_empty(),
        "{:?}",
        fair.shell.kept.working.keys()
    );
    assert_eq!(fair.show(fair.organiser, Some(0)), Err(RefusalCode::EventClosed));
}
