// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! The setup of the event: what stands before anybody comes, and what its operator changes between two starts.

use fiera_hub::{EventConfig, Hub, PreparedSlot, PreparedStand, RoomConfig, StandsConfig};
use fiera_protocol::fair::{Localised, RoomSettings};
use fiera_protocol::ids::{RoomId, RoomKind};
use fiera_protocol::stands::{PracticeCard, StandContent, StandLanguage, StandsOpenTo};
use fiera_protocol::view::EventPhase;

use super::{UNIX_START_MS, World};
use crate::model::Model;
use crate::random::Random;

const HOUR_MS: u64 = 3_600_000;
/// Names of slots of the setup; one that was taken out may come back.
const SLOTS: [&str; 4] = ["opening", "keynote", "panel", "closing"];
/// A room that the setup names and does not have.
const NOWHERE: &str = "nowhere";

fn room_id(id: &str) -> RoomId {
    id.parse().expect("an id")
}

fn slot(name: &str, title: String) -> PreparedSlot {
    PreparedSlot {
        name: name.to_owned(),
        room: room_id("hall-a"),
        title: Localised {
            it: None,
            en: Some(title),
        },
        speakers: Vec::new(),
        starts_unix_ms: UNIX_START_MS,
        ends_unix_ms: UNIX_START_MS + HOUR_MS,
        track: None,
        notes: None,
        poll: None,
        poll_opens: false,
    }
}

/// Tells the model what the setup says.
pub(super) fn tell(model: &mut Model, config: &EventConfig) {
    // A slot has the same id wherever it is; one whose room is missing is asked for where it is there.
    let mut whole = config.clone();
    whole.rooms.push(RoomConfig {
        room: room_id(NOWHERE),
        ..whole.rooms[0].clone()
    });
    let hub = Hub::new(whole, 1, [9; 32]).expect("a good configuration");
    model.setup = hub.agenda().to_vec();
    assert_eq!(model.setup.len(), config.agenda.len(), "PR4: the setup's programme");
    let capacity = |room: &RoomConfig| (room.room.clone(), room.capacity as usize);
    model.capacity = config.rooms.iter().map(capacity).collect();
    model.stands_open_to = config.stands.open_to;
    model.keeps_captions = config.keeps_captions;
}

impl World {
    /// Somebody edits the setup while the server is down.
    pub(crate) fn setup_changes(&mut self) {
        let (random, config) = (&mut self.random, &mut self.config);
        let agenda = &mut config.agenda;
        for _ in 0..random.below(4) {
            self.words += 1;
            let title = format!("zk{}k", self.words);
            let known = random.index(agenda.len() + 1);
            match agenda.get_mut(known) {
                None => {
                    let free = SLOTS.iter().filter(|name| agenda.iter().all(|one| one.name != **name));
                    let free: Vec<&&str> = free.collect();
                    agenda.extend(random.pick(&free).map(|name| slot(name, title)));
                }
                Some(one) => match random.below(8) {
                    0..3 => one.title.en = Some(title),
                    3..5 => one.ends_unix_ms += HOUR_MS,
                    5..7 => {
                        let rooms = ["hall-a", "hall-b", "lobby", NOWHERE];
                        one.room = room_id(random.pick(&rooms).expect("four"));
                    }
                    _ => drop(agenda.remove(known)),
                },
            }
        }
        if random.permille(300) {
            config.keeps_captions = !config.keeps_captions;
            config.stands.open_to = open_to(random);
            config.rooms[1].capacity = *random.pick(&[2, 6, 8]).expect("three");
        }
        tell(&mut self.model, config);
        let agenda = self.config.agenda.iter();
        let agenda: Vec<String> = agenda.map(|one| format!("{} in {}", one.name, one.room)).collect();
        self.note(|| format!("the setup is another one: {agenda:?}"));
    }
}

fn open_to(random: &mut Random) -> StandsOpenTo {
    *random.weighted(&[
        (6, StandsOpenTo::Anyone),
        (1, StandsOpenTo::Invited),
        (1, StandsOpenTo::Nobody),
    ])
}

pub(super) fn config(random: &mut Random) -> EventConfig {
    let settings = RoomSettings {
        moderated: false,
        chat_open: true,
        slow_mode_s: 0,
        questions_closed: false,
        links_off: false,
    };
    let room = |id: &str, kind, capacity| RoomConfig {
        room: room_id(id),
        kind,
        title: id.to_owned(),
        titles: Localised::default(),
        settings,
        polls: Vec::new(),
        capacity,
        whip_on_air_at_once: true,
    };
    let phase = *random.weighted(&[(8, EventPhase::Live), (1, EventPhase::Open), (1, EventPhase::Draft)]);
    EventConfig {
        event: "fair".parse().expect("an id"),
        title: "Fair".to_owned(),
        titles: Localised::default(),
        organiser: None,
        time_zone: None,
        agenda: vec![slot("opening", "zk8000001k".to_owned())],
        keeps_captions: random.coin(),
        ideas_closed: false,
        ideas: Vec::new(),
        phase,
        // The two halls are the same, so that nothing of one may show up in the other.
        rooms: vec![
            room("hall-a", RoomKind::Stage, 6),
            room("hall-b", RoomKind::Stage, 6),
            room("corner", RoomKind::Breakout, 1_000),
            room("lobby", RoomKind::Lobby, 1_000),
        ],
        stands: StandsConfig {
            open_to: open_to(random),
            max: 5,
            prepared: vec![PreparedStand {
                name: "desk".to_owned(),
                content: StandContent {
                    name: "zk8000002k".parse().expect("a name"),
                    line: "zk8000003k".parse().expect("a line"),
                    language: StandLanguage::It,
                    tags: Vec::new(),
                    links: Vec::new(),
                    hours: Vec::new(),
                    card: PracticeCard::default(),
                },
            }],
        },
    }
}
