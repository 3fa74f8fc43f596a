// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! What is told of stands: the list to everybody, a whole stand to who asks, messages to its keepers alone. Asking
//! changes nothing and is told to nobody.

use fiera_protocol::codec::encode;
use fiera_protocol::ids::{AuthorSecret, DisplayName, ParticipantId, StandId};
use fiera_protocol::server::ServerMessage;
use fiera_protocol::stands::{
    Adopter, StandContent, StandCount, StandMessage, StandState, StandSummary, StandView, YourStand,
};
use fiera_protocol::view::{Change, StreamState};
use serde::Serialize;

use super::Stand;
use crate::hub::Hub;
use crate::input::ConnectionId;
use crate::output::StreamKey;
use crate::refusal;
use crate::view;

/// A stand within a recap and in exports: no ids, names only where their owners chose to show them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StandRecap {
    /// What its keepers wrote.
    #[serde(flatten)]
    pub content: StandContent,
    /// Who opened it, by the name they had then; none: the event's setup.
    pub by: Option<DisplayName>,
    /// Participants who would reuse it.
    pub reuse: u32,
    /// Organisations that would.
    pub adopters: Vec<String>,
}

impl Hub {
    /// All stands that everybody may see, in the order in which they were opened.
    #[must_use]
    pub fn stand_rows(&self) -> Vec<StandRecap> {
        let mut shown: Vec<(&StandId, &Stand)> = self.stands.all.iter().collect();
        shown.sort_by_key(|(_, stand)| stand.order);
        let shown = shown.into_iter().filter(|(_, stand)| stand.state != StandState::Hidden);
        let row = |(id, stand): (&StandId, &Stand)| {
            let (_, by, _) = view::kept(id.as_u128(), &self.texts)?;
            Some(StandRecap {
                content: self.stand_content(*id)?,
                by,
                reuse: stand.reuse,
                adopters: self.adopters(stand).into_iter().map(|one| one.organisation).collect(),
            })
        };
        shown.filter_map(row).collect()
    }

    /// What a stand is called; none where its text was erased.
    pub(crate) fn stand_name(&self, stand: StandId) -> Option<String> {
        self.stand_content(stand).map(|content| content.name.into())
    }

    /// Whether a moderator took a stand out of the list.
    pub(crate) fn is_hidden_stand(&self, stand: StandId) -> bool {
        let stand = self.stands.all.get(&stand);
        stand.is_some_and(|stand| stand.state == StandState::Hidden)
    }

    fn adopters(&self, stand: &Stand) -> Vec<Adopter> {
        let adopter = |id: &fiera_protocol::ids::AdopterId| {
            let (organisation, _, _) = view::kept(id.as_u128(), &self.texts)?;
            Some(Adopter {
                adopter: *id,
                organisation,
            })
        };
        stand.adopters.iter().filter_map(adopter).collect()
    }

    fn stand_count(&self, id: StandId, stand: &Stand) -> StandCount {
        let room = self.rooms.get(&stand.room);
        let hidden = stand.state == StandState::Hidden;
        StandCount {
            stand: id,
            reuse: if hidden { 0 } else { stand.reuse },
            people: room.filter(|_| !hidden).map_or(0, crate::room::Room::people_count),
            live: room.is_some_and(|room| !hidden && !room.on_air().is_empty()),
        }
    }

    /// A stand in the list; none where its text was erased.
    fn stand_summary(&self, id: StandId) -> Option<StandSummary> {
        let stand = self.stands.all.get(&id)?;
        let content = self.stand_content(id)?;
        let (_, by, _) = view::kept(id.as_u128(), &self.texts)?;
        let StandCount {
            reuse, people, live, ..
        } = self.stand_count(id, stand);
        let whole = StandSummary {
            stand: id,
            room: stand.room.clone(),
            state: stand.state,
            name: content.name.into(),
            line: content.line.into(),
            language: content.language,
            tags: content.tags.into_iter().map(String::from).collect(),
            by,
            hours: content.hours,
            revision: stand.revision,
            reuse,
            people,
            live,
            order: stand.order,
        };
        if stand.state != StandState::Hidden {
            return Some(whole);
        }
        Some(StandSummary {
            name: String::new(),
            line: String::new(),
            tags: Vec::new(),
            by: None,
            hours: Vec::new(),
            ..whole
        })
    }

    fn known_stands(&self) -> &[StandSummary] {
        match self.stream.state() {
            StreamState::Event(event) => &event.stands,
            _ => &[],
        }
    }

    /// Tells everybody of a stand that is new, different or gone; what is counted waits for its interval.
    pub(crate) fn settle_stand(&mut self, id: StandId) {
        let known = self.known_stands().iter().find(|known| known.stand == id);
        let change = match (known, self.stand_summary(id)) {
            (Some(_), None) => Change::StandGone { stand: id },
            (known, Some(stand)) if !known.is_some_and(|known| same_but_counts(known, &stand)) => {
                Change::Stand { stand }
            }
            _ => return,
        };
        self.publish(StreamKey::Event, change);
    }

    /// What is counted of stands, where followers know other numbers.
    pub(crate) fn stand_counts_change(&self) -> Option<Change> {
        let differs = |known: &StandSummary| {
            let count = self.stand_count(known.stand, self.stands.all.get(&known.stand)?);
            let told = (known.reuse, known.people, known.live);
            (told != (count.reuse, count.people, count.live)).then_some(count)
        };
        let counts: Vec<StandCount> = self.known_stands().iter().filter_map(differs).collect();
        (!counts.is_empty()).then_some(Change::StandCounts { counts })
    }

    /// Whether followers know all stands as they are, apart from what is counted.
    pub(crate) fn stands_are_told(&self) -> bool {
        let known = self.known_stands();
        let there = self.stands.all.keys().filter_map(|id| self.stand_summary(*id));
        let mut there: Vec<StandSummary> = there.collect();
        there.sort_by_key(|stand| stand.order);
        let same = |(known, now): (&StandSummary, &StandSummary)| same_but_counts(known, now);
        known.len() == there.len() && known.iter().zip(&there).all(same)
    }

    /// The stands that somebody keeps.
    pub(crate) fn your_stands(&self, participant: ParticipantId) -> Vec<YourStand> {
        let kept = self.stands.kept.get(&participant).into_iter().flatten();
        let yours = |id: &StandId| {
            let messages = self.stands.all.get(id)?.messages.len();
            Some(YourStand {
                stand: *id,
                messages: u32::try_from(messages).unwrap_or(u32::MAX),
            })
        };
        kept.filter_map(yours).collect()
    }

    /// Tells one connection all of a stand.
    pub(crate) fn tell_stand(&mut self, conn: ConnectionId, id: StandId) {
        let Some(participant) = self.connections.get(&conn).map(|connection| connection.participant) else {
            return;
        };
        let text = match (self.seen_stand(participant, id), self.stand_content(id)) {
            (Err(refusal), _) => view::refused(None, refusal),
            (_, None) => view::refused(None, refusal::UNKNOWN_STAND),
            (Ok(stand), Some(content)) => encode(&ServerMessage::Stand {
                stand: StandView {
                    stand: id,
                    state: stand.state,
                    revision: stand.revision,
                    content,
                    adopters: self.adopters(stand),
                },
            }),
        };
        self.tell(conn, text);
    }

    /// Tells one connection the messages of a stand, if they are for them.
    pub(crate) fn tell_stand_messages(&mut self, conn: ConnectionId, id: StandId, secret: Option<AuthorSecret>) {
        let Some(participant) = self.connections.get(&conn).map(|connection| connection.participant) else {
            return;
        };
        let proves = secret.is_some_and(|secret| self.is_author(id.as_u128(), secret));
        let text = match self.stands.all.get(&id) {
            None => view::refused(None, refusal::UNKNOWN_STAND),
            Some(stand) if !proves && !stand.keepers.contains(&participant) => {
                view::refused(None, refusal::NOT_YOUR_STAND)
            }
            Some(stand) => {
                let message = |id: &fiera_protocol::ids::MessageId| {
                    let (text, by, at_unix_ms) = view::kept(id.as_u128(), &self.texts)?;
                    Some(StandMessage {
                        message: *id,
                        by,
                        text,
                        at_unix_ms,
                    })
                };
                let messages = stand.messages.iter().filter_map(message).collect();
                encode(&ServerMessage::StandMessages { stand: id, messages })
            }
        };
        self.tell(conn, text);
    }
}

fn same_but_counts(known: &StandSummary, now: &StandSummary) -> bool {
    let StandSummary {
        reuse, people, live, ..
    } = known.clone();
    *known
        == StandSummary {
            reuse,
            people,
            live,
            ..now.clone()
        }
}
